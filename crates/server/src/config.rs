//! `server.toml`: reading it, and saying everything that is wrong with it at once.

use std::fmt;
use std::fs::File;
use std::io::Read;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use deskside_broker::Database;
use rustls_pki_types::ServerName;
use thiserror::Error;

mod document;

use document::Document;

/// Longest configuration that is read, in bytes.
const MAX_CONFIG: u64 = 64 * 1024;
/// Every key that there is.
const KEYS: [&str; 12] = [
    "name",
    "host",
    "listen",
    "public_port",
    "database",
    "certificate",
    "key",
    "packet_ca",
    "root",
    "crl",
    "ticket_key",
    "log",
];

/// What the configuration says, all paths absolute or from the current folder.
#[derive(Debug)]
pub(crate) struct Config {
    /// The relay's name in tickets.
    pub(crate) name: String,
    /// The name in the certificate, under which programs reach this server.
    pub(crate) host: String,
    /// TCP and UDP.
    pub(crate) listen: SocketAddr,
    /// The port that programs are told; the listening port if it is not given.
    pub(crate) public_port: Option<u16>,
    pub(crate) database: Database,
    pub(crate) certificate: PathBuf,
    pub(crate) key: PathBuf,
    pub(crate) packet_ca: PathBuf,
    pub(crate) root: PathBuf,
    pub(crate) crl: PathBuf,
    pub(crate) ticket_key: PathBuf,
    pub(crate) log: LogForm,
}

/// How log lines look.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum LogForm {
    /// For people.
    Text,
    /// One JSON object a line.
    Json,
}

/// One thing that is wrong, and what to do.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Problem {
    /// Counted from 1; `None` for what is not there.
    pub(crate) line: Option<usize>,
    pub(crate) text: String,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.line {
            Some(line) => write!(f, "line {line}: {}", self.text),
            None => f.write_str(&self.text),
        }
    }
}

/// Why there is no configuration.
#[derive(Debug, Error)]
pub(crate) enum ConfigError {
    #[error(
        "the configuration {} cannot be read ({error}). Name it with --config, or let deskside-ca init make one.",
        path.display()
    )]
    Unreadable { path: PathBuf, error: std::io::Error },
    #[error("the configuration {} cannot be used.{}", path.display(), listed(problems))]
    Wrong { path: PathBuf, problems: Vec<Problem> },
}

fn listed(problems: &[Problem]) -> String {
    problems.iter().map(|problem| format!("\n  {problem}")).collect()
}

impl Config {
    /// Reads the file.
    pub(crate) fn read(path: &Path) -> Result<Self, ConfigError> {
        let mut text = String::new();
        File::open(path)
            .and_then(|file| file.take(MAX_CONFIG + 1).read_to_string(&mut text))
            .map_err(|error| ConfigError::Unreadable { path: path.to_owned(), error })?;
        Self::parse(&text, path.parent().unwrap_or(Path::new("")))
            .map_err(|problems| ConfigError::Wrong { path: path.to_owned(), problems })
    }

    /// Reads the text; relative paths in it start from `folder`.
    fn parse(text: &str, folder: &Path) -> Result<Self, Vec<Problem>> {
        if text.len() as u64 > MAX_CONFIG {
            let text = format!("The file is longer than {MAX_CONFIG} bytes; that is no configuration.");
            return Err(vec![Problem { line: None, text }]);
        }
        let mut document = Document::parse(text)?;
        document.refuse_unknown_keys(&KEYS);

        let name = document.text("name", Some("relay-1"), |value| {
            let fits = (1..=deskside_proto::MAX_NAME).contains(&value.len());
            let plain = value.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte));
            if fits && plain {
                Ok(value.to_owned())
            } else {
                Err("must be letters, digits, '-', '_' and '.', for example \"relay-1\"".to_owned())
            }
        });
        let host = document.text("host", None, |value| match ServerName::try_from(value) {
            Ok(_) if value.len() <= deskside_proto::MAX_NAME => Ok(value.to_owned()),
            _ => Err("must be the host name or address in the certificate, without port, for example \
                      \"help.example.org\""
                .to_owned()),
        });
        let listen = document.text("listen", Some("0.0.0.0:443"), |value| {
            value.parse().map_err(|_| {
                "must be an address and a port, for example \"0.0.0.0:443\" or \"[::]:443\"".to_owned()
            })
        });
        let public_port = document.integer("public_port", "must be a port, 1 to 65535", |value| {
            u16::try_from(value).ok().filter(|port| *port > 0)
        });
        let database = document.text("database", Some("sqlite:deskside.db"), |value| {
            Database::parse(value, folder).map_err(|_| {
                "must be \"sqlite:\" and the path of a file, for example \"sqlite:deskside.db\"".to_owned()
            })
        });
        let log = document.text("log", Some("text"), |value| match value {
            "text" => Ok(LogForm::Text),
            "json" => Ok(LogForm::Json),
            _ => Err("must be \"text\" or \"json\"".to_owned()),
        });
        let mut path = |key, default| {
            document.text(key, Some(default), |value| match value {
                "" => Err(format!("must be the path of a file, for example \"{default}\"")),
                path => Ok(folder.join(path)),
            })
        };
        let paths = (
            path("certificate", "server.pem"),
            path("key", "server.key.pem"),
            path("packet_ca", "packet-ca.pem"),
            path("root", "root.pem"),
            path("crl", "crl.der"),
            path("ticket_key", "ticket.key"),
        );
        match (name, host, listen, public_port, database, log, paths) {
            (
                Some(name),
                Some(host),
                Some(listen),
                Some(public_port),
                Some(database),
                Some(log),
                (Some(certificate), Some(key), Some(packet_ca), Some(root), Some(crl), Some(ticket_key)),
            ) if document.problems.is_empty() => Ok(Self {
                name,
                host,
                listen,
                public_port,
                database,
                certificate,
                key,
                packet_ca,
                root,
                crl,
                ticket_key,
                log,
            }),
            _ => Err(document.into_problems()),
        }
    }
}

#[cfg(test)]
mod tests;
