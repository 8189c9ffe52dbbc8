//! An organisation with its files in a folder, and the server program run on them.

use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::SocketAddr;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStderr, Command, ExitStatus, Output, Stdio};
use std::time::{Duration, Instant};

use deskside_trust::issue::{Authority, OperatorProfile, ServerKey, Validity};
use deskside_trust::{CertificateDer, Packet, Signer, UnixTime};
use serde_json::Value;
use tempfile::TempDir;

pub(crate) const PROGRAM: &str = env!("CARGO_BIN_EXE_deskside-server");

pub(crate) struct Lab {
    folder: TempDir,
    pub(crate) server_ca: Authority,
    packet_ca: Authority,
    packet: Packet,
}

impl Lab {
    pub(crate) fn new() -> Self {
        let now = UnixTime::now();
        let year = Validity::days(now, 365);
        let root = Authority::new_root("Example Help", year).unwrap();
        let packet_ca = root.new_packet_ca("packet-1", year).unwrap();
        let server_ca = Authority::new_server_ca("Example Help", year).unwrap();
        let packet = Packet::new(root.certificate(), packet_ca.certificate(), now).unwrap();
        let lab = Self { folder: tempfile::tempdir().unwrap(), server_ca, packet_ca, packet };
        lab.write("root.pem", root.certificate_pem());
        lab.write("packet-ca.pem", lab.packet_ca.certificate_pem());
        lab.write("crl.der", lab.packet_ca.issue_crl(1, &[], now, 24).unwrap());
        lab.install(&lab.certificate(year));
        lab.configure("127.0.0.1:0", "");
        lab
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub(crate) fn write(&self, name: &str, bytes: impl AsRef<[u8]>) {
        fs::write(self.path(name), bytes).unwrap();
        self.set_mode(name, 0o600);
    }

    pub(crate) fn set_mode(&self, name: &str, mode: u32) {
        fs::set_permissions(self.path(name), fs::Permissions::from_mode(mode)).unwrap();
    }

    pub(crate) fn configure(&self, listen: &str, more: &str) {
        let text = format!("host = \"localhost\"\nlisten = \"{listen}\"\nlog = \"json\"\n{more}");
        self.write("server.toml", text);
    }

    pub(crate) fn certificate(&self, validity: Validity) -> ServerKey {
        self.server_ca.issue_server(&["localhost".to_owned(), "127.0.0.1".to_owned()], validity).unwrap()
    }

    pub(crate) fn install(&self, key: &ServerKey) {
        self.write("server.pem", key.chain_pem());
        self.write("server.key.pem", key.key_pem().expose());
    }

    /// An operator's certificate with its key.
    pub(crate) fn operator(&self, account: &str) -> Signer {
        let profile = OperatorProfile::new(&self.packet, account, "Anna Example", UnixTime::now());
        self.packet_ca.issue_operator(&profile).unwrap().signer().unwrap()
    }

    pub(crate) fn anchor(&self) -> &CertificateDer<'static> {
        self.server_ca.certificate()
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(PROGRAM);
        command.args(arguments).args(["--config".as_ref(), self.path("server.toml").as_os_str()]);
        command.env_remove("RUST_LOG").stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        command
    }

    /// Runs a command to its end, with `input` on its standard input.
    pub(crate) fn finish(&self, arguments: &[&str], input: &str) -> Output {
        let mut child = self.command(arguments).spawn().unwrap();
        child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
        child.wait_with_output().unwrap()
    }

    /// What the program says when it does not start.
    pub(crate) fn refusal(&self, arguments: &[&str]) -> String {
        let output = self.finish(arguments, "");
        assert!(!output.status.success(), "{arguments:?} succeeded");
        String::from_utf8(output.stderr).unwrap()
    }

    /// Starts a server and waits until it listens.
    pub(crate) fn start(&self) -> Running {
        let mut running = Running::new(self.command(&["run"]).spawn().unwrap());
        let mut seen = String::new();
        loop {
            let mut line = String::new();
            assert_ne!(running.log.read_line(&mut line).unwrap(), 0, "the server ended: {seen}");
            seen.push_str(&line);
            let Ok(entry) = serde_json::from_str::<Value>(&line) else { continue };
            if entry["fields"]["message"] == "listening" {
                running.address = entry["fields"]["address"].as_str().unwrap().parse().unwrap();
                return running;
            }
        }
    }
}

/// A server that listens; it ends with the test.
pub(crate) struct Running {
    child: Child,
    log: BufReader<ChildStderr>,
    pub(crate) address: SocketAddr,
}

impl Running {
    fn new(mut child: Child) -> Self {
        let log = BufReader::new(child.stderr.take().unwrap());
        Self { child, log, address: SocketAddr::from(([0; 4], 0)) }
    }

    /// Sends a signal and gives how the program ended, and the rest of its log.
    pub(crate) fn end_by(mut self, signal: &str) -> (ExitStatus, String, Duration) {
        let started = Instant::now();
        let sent = Command::new("kill").args([signal, &self.child.id().to_string()]).status().unwrap();
        assert!(sent.success());
        let mut rest = String::new();
        self.log.read_to_string(&mut rest).unwrap();
        (self.child.wait().unwrap(), rest, started.elapsed())
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // Both fail only if the program has ended already, which is what is wanted.
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

/// The names of all files in the folder.
pub(crate) fn files(folder: &Path) -> Vec<String> {
    let mut names: Vec<_> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}
