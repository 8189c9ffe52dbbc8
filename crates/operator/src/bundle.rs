//! The operator bundle's file: read at the start, opened under its passphrase, each failure in plain words.

use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

use deskside_trust::{
    BundleError, ClosedBundle, IdentityError, KeyFileError, MAX_BUNDLE, OperatorBundle, Secret, UnixTime,
};

use crate::model::Identity;

/// A bundle that was read and holds as far as can be seen without its passphrase.
#[derive(Debug, Clone)]
pub(crate) struct BundleFile {
    path: PathBuf,
    bytes: Vec<u8>,
    identity: Identity,
}

impl BundleFile {
    /// Reads the file.
    ///
    /// # Errors
    /// Whole sentences: why it cannot be used and what to do.
    pub(crate) fn read(path: &Path) -> Result<Self, String> {
        let unreadable = |e: io::Error| {
            format!(
                "The operator bundle {} cannot be read: {e}. Put the file there that your organisation gave you, or give another with --bundle.",
                path.display()
            )
        };
        let mut bytes = Vec::new();
        let file = File::open(path).map_err(unreadable)?;
        file.take(MAX_BUNDLE as u64 + 1).read_to_end(&mut bytes).map_err(unreadable)?;
        let closed = ClosedBundle::read(&bytes, now()).map_err(|e| unusable(path, &e))?;
        let operator = closed.identity();
        let identity = Identity {
            name: operator.name.clone(),
            account: operator.account.clone(),
            organisation: operator.organisation.clone(),
        };
        Ok(Self { path: path.to_owned(), bytes, identity })
    }

    /// Who the operator is.
    #[must_use]
    pub(crate) fn identity(&self) -> &Identity {
        &self.identity
    }

    /// Opens the key. Takes about half a second, on purpose: not for the window's thread.
    ///
    /// # Errors
    /// Whole sentences: why it did not open and what to do.
    pub(crate) fn open(&self, passphrase: &Secret) -> Result<OperatorBundle, String> {
        OperatorBundle::open(&self.bytes, passphrase, now()).map_err(|e| match e {
            BundleError::Key(KeyFileError::WrongPassphrase) => {
                "The passphrase is not right. Type it again; capital letters count.".to_owned()
            }
            other => unusable(&self.path, &other),
        })
    }
}

fn unusable(path: &Path, error: &BundleError) -> String {
    let why = match error {
        BundleError::Identity(IdentityError::Expired) => "your certificate in it has expired".to_owned(),
        BundleError::Identity(IdentityError::NotYetValid) => {
            "your certificate in it is not valid yet; is this computer's clock right?".to_owned()
        }
        other => other.to_string(),
    };
    format!(
        "The operator bundle {} cannot be used: {why}. Ask your organisation for a new one.",
        path.display()
    )
}

fn now() -> UnixTime {
    // A clock before 1970 makes every certificate invalid, and that is then what is said.
    UnixTime::since_unix_epoch(SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default())
}
