//! A folder to work in, and the program as a person runs it.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::process::{Command, Output, Stdio};
use std::time::SystemTime;

use deskside_trust::{Secret, UnixTime};
use tempfile::TempDir;

pub(crate) const CA_PASSPHRASE: &str = "correct horse battery staple";
pub(crate) const OPERATOR_PASSPHRASE: &str = "another four plain words";

pub(crate) struct Lab {
    folder: TempDir,
}

pub(crate) struct Run {
    pub(crate) ok: bool,
    pub(crate) out: String,
    pub(crate) error: String,
}

impl Lab {
    pub(crate) fn new() -> Self {
        let lab = Self { folder: tempfile::tempdir().unwrap() };
        lab.secret_file("ca.pass", CA_PASSPHRASE);
        lab.secret_file("operator.pass", OPERATOR_PASSPHRASE);
        lab
    }

    /// An organisation with the operator anna, in `org`.
    pub(crate) fn with_organisation() -> Self {
        let lab = Self::new();
        let run = lab.init(&["--operator", "anna:Anna Ødegård"]);
        assert!(run.ok, "{}", run.error);
        lab
    }

    pub(crate) fn init(&self, more: &[&str]) -> Run {
        let arguments = ["init", "--host", "127.0.0.1", "--port", "8443", "--organisation", "Example Ltd"];
        let files =
            ["--out", "org", "--passphrase-file", "ca.pass", "--operator-passphrase-file", "operator.pass"];
        self.run(&[&arguments, files.as_slice(), more].concat())
    }

    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_deskside-ca"));
        command.args(arguments).current_dir(self.folder.path()).stdin(Stdio::null());
        command
    }

    pub(crate) fn run(&self, arguments: &[&str]) -> Run {
        let Output { status, stdout, stderr } = self.command(arguments).output().unwrap();
        Run {
            ok: status.success(),
            out: String::from_utf8(stdout).unwrap(),
            error: String::from_utf8(stderr).unwrap(),
        }
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub(crate) fn read(&self, name: &str) -> Vec<u8> {
        fs::read(self.path(name)).unwrap()
    }

    pub(crate) fn secret_file(&self, name: &str, content: &str) {
        fs::write(self.path(name), format!("{content}\n")).unwrap();
        fs::set_permissions(self.path(name), fs::Permissions::from_mode(0o600)).unwrap();
    }

    /// Everything in a folder, with modes, in order.
    pub(crate) fn tree(&self, name: &str) -> Vec<(String, u32)> {
        let mut found = Vec::new();
        let mut open = vec![self.path(name)];
        while let Some(folder) = open.pop() {
            for entry in fs::read_dir(folder).unwrap() {
                let path = entry.unwrap().path();
                let mode = fs::symlink_metadata(&path).unwrap().permissions().mode();
                let name = path.strip_prefix(self.folder.path()).unwrap().display().to_string();
                found.push((name, mode & 0o777));
                if path.is_dir() {
                    open.push(path);
                }
            }
        }
        found.sort();
        found
    }
}

pub(crate) fn operator_passphrase() -> Secret {
    Secret::new(OPERATOR_PASSPHRASE.to_owned())
}

pub(crate) fn now() -> UnixTime {
    UnixTime::since_unix_epoch(SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap())
}
