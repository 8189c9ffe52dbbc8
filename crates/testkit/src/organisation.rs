//! An organisation with its server, made and run by the real programs on loopback.

use std::fs::{self, OpenOptions};
use std::io::Write as _;
use std::net::{TcpListener, UdpSocket};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use anyhow::{Context as _, Result, bail};

use crate::process::{Process, command};
use crate::programs::Program;
use crate::wait::wait_until;

/// An organisation with one packet and one operator.
#[derive(Debug)]
pub struct Organisation {
    folder: PathBuf,
    address: String,
    port: u16,
}

impl Organisation {
    /// Its name in every certificate.
    pub const NAME: &str = "Nordlys Support";
    /// The operator's name in the certificate.
    pub const OPERATOR: &str = "Anna Berg";
    /// The operator's account.
    pub const USER: &str = "anna";
    /// The account's password.
    pub const PASSWORD: &str = "winter-harbour-41";
    /// The passphrase of all its keys.
    pub const PASSPHRASE: &str = "a lamp in the north window";

    /// Makes one whose server will listen on a free port of 127.0.0.1.
    ///
    /// # Errors
    /// When `deskside-ca init` fails.
    pub fn new(folder: &Path) -> Result<Self> {
        Self::at(folder, "127.0.0.1", free_port("127.0.0.1")?)
    }

    /// Makes one for a server at another address.
    ///
    /// # Errors
    /// When `deskside-ca init` fails.
    pub fn at(folder: &Path, address: &str, port: u16) -> Result<Self> {
        let passphrase = folder.with_extension("passphrase");
        let file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&passphrase);
        file.and_then(|mut file| file.write_all(Self::PASSPHRASE.as_bytes()))
            .with_context(|| format!("cannot write {}", passphrase.display()))?;
        let mut init = Command::new(Program::Ca.path()?);
        init.arg("init").args(["--organisation", Self::NAME]).args(["--host", address]);
        init.arg("--port").arg(port.to_string()).arg("--out").arg(folder);
        init.args(["--operator", &format!("{}:{}", Self::USER, Self::OPERATOR)]);
        init.arg("--passphrase-file").arg(&passphrase).arg("--operator-passphrase-file").arg(&passphrase);
        answer(&mut init, "")?;
        Ok(Self { folder: folder.to_path_buf(), address: address.to_owned(), port })
    }

    /// The operator's bundle.
    #[must_use]
    pub fn bundle(&self) -> PathBuf {
        self.folder.join("operators").join(format!("{}.operator", Self::USER))
    }

    /// A file with the passphrase of all its keys, which only its owner can read.
    #[must_use]
    pub fn passphrase_file(&self) -> PathBuf {
        self.folder.with_extension("passphrase")
    }

    /// The signed descriptor for the customer's program.
    ///
    /// # Errors
    /// When there is not exactly one.
    pub fn packet(&self) -> Result<PathBuf> {
        let folder = self.folder.join("customer");
        let entries = fs::read_dir(&folder).with_context(|| format!("cannot list {}", folder.display()))?;
        let mut packets = entries
            .flatten()
            .map(|entry| entry.path())
            .filter(|path| path.extension().is_some_and(|extension| extension == "deskside"));
        match (packets.next(), packets.next()) {
            (Some(packet), None) => Ok(packet),
            _ => bail!("{} should hold one packet", folder.display()),
        }
    }

    /// The server's folder.
    #[must_use]
    pub fn server_folder(&self) -> PathBuf {
        self.folder.join("server")
    }

    /// Adds the operator's account and starts the server; `log` is the folder of its log.
    ///
    /// # Errors
    /// When it does not listen.
    pub fn start_server(&self, log: &Path) -> Result<Server> {
        self.start_server_by(log, |command| command)
    }

    /// The same, with the command changed on the way, for example into a network namespace.
    ///
    /// # Errors
    /// When it does not listen.
    pub fn start_server_by(&self, log: &Path, change: impl FnOnce(Command) -> Command) -> Result<Server> {
        let config = self.server_folder().join("server.toml");
        self.listen_at(&config)?;
        let mut add = Command::new(Program::Server.path()?);
        add.args(["user", "add", Self::USER, "--config"]).arg(&config);
        answer(&mut add, &format!("{}\n", Self::PASSWORD))?;
        let mut run = command(Program::Server.path()?);
        run.args(["run", "--config"]).arg(&config);
        let mut process = Process::start("server", log, change(run))?;
        wait_until("the server's line “listening”", Duration::from_secs(30), || {
            process.log().contains("listening") || process.ended().is_ok_and(|ended| ended.is_some())
        })?;
        process.expect_running()?;
        Ok(Server { process })
    }

    /// The configuration as it was made, but for the one address that tests may use.
    fn listen_at(&self, config: &Path) -> Result<()> {
        let text = fs::read_to_string(config).with_context(|| format!("cannot read {}", config.display()))?;
        let lines = text.lines().filter(|line| !line.starts_with("listen ") && !line.starts_with("listen="));
        let mut changed: Vec<String> = vec![format!("listen = \"{}:{}\"", self.address, self.port)];
        changed.extend(lines.map(str::to_owned));
        fs::write(config, changed.join("\n") + "\n")
            .with_context(|| format!("cannot write {}", config.display()))
    }
}

/// A running server.
#[derive(Debug)]
pub struct Server {
    process: Process,
}

impl Server {
    /// Its process.
    #[must_use]
    pub fn process(&self) -> &Process {
        &self.process
    }
}

/// A port of this address that is free for both TCP and UDP just now.
///
/// # Errors
/// When there is none.
pub fn free_port(address: &str) -> Result<u16> {
    for _ in 0..50 {
        let port = TcpListener::bind((address, 0)).context("no free port")?.local_addr()?.port();
        if UdpSocket::bind((address, port)).is_ok() {
            return Ok(port);
        }
    }
    bail!("no port of {address} is free for both TCP and UDP");
}

/// Runs a program to its end, with these lines as its standard input.
fn answer(command: &mut Command, lines: &str) -> Result<()> {
    let name = command.get_program().to_string_lossy().into_owned();
    let mut child = command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .with_context(|| format!("cannot start {name}"))?;
    child.stdin.take().context("no standard input")?.write_all(lines.as_bytes())?;
    let done = child.wait_with_output()?;
    if !done.status.success() {
        bail!("{name} failed ({}):\n{}", done.status, String::from_utf8_lossy(&done.stderr).trim());
    }
    Ok(())
}
