//! The operator bundle's file: read at the start, opened under its passphrase, each failure in plain words.

use std::fs::File;
use std::io::{self, Read};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

use deskside_trust::{
    BundleError, ClosedBundle, IdentityError, KeyFileError, MAX_BUNDLE, OperatorBundle, Secret, UnixTime,
};

use crate::model::Identity;

/// What no bundle may let others than its owner do.
const TOO_OPEN: u32 = 0o077;

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
        // Whoever reads it does not know the folder that the program was started in.
        let path = &std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
        let unreadable = |e: io::Error| {
            format!(
                "The operator bundle {} cannot be read: {e}. Put the file there that your organisation gave you, or start the program with another: deskside-operator FILE.",
                path.display()
            )
        };
        let mut bytes = Vec::new();
        let file = File::open(path).map_err(unreadable)?;
        // Of the file that is open, so that it cannot be exchanged between the check and the reading.
        let mode = file.metadata().map_err(unreadable)?.permissions().mode() & 0o777;
        if mode & TOO_OPEN != 0 {
            let path = path.display();
            return Err(format!(
                "Others than you may read or change the operator bundle {path} (mode {mode:03o}). Run: chmod 600 {path}"
            ));
        }
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

#[cfg(test)]
mod tests {
    use std::fs::Permissions;
    use std::time::Duration;

    use deskside_trust::issue::{Authority, OperatorProfile, Validity};
    use deskside_trust::{BrokerAddress, Descriptor, DescriptorBody};

    use super::*;

    const PASSPHRASE: &str = "correct horse battery";

    /// A real bundle whose certificate is valid from `start` for `days` days.
    fn bundle(start: UnixTime, days: u32) -> Vec<u8> {
        let years = Validity::days(UnixTime::since_unix_epoch(Duration::ZERO), 40_000);
        let root = Authority::new_root("Nordlicht IT", years).unwrap();
        let packet_ca = root.new_packet_ca("support", years).unwrap();
        let server_ca = Authority::new_server_ca("Nordlicht IT", years).unwrap();
        let body = DescriptorBody {
            root: root.certificate().clone(),
            packet_ca: packet_ca.certificate().clone(),
            server_ca: server_ca.certificate().clone(),
            brokers: vec![BrokerAddress { host: "help.example.org".to_owned(), port: 443 }],
            acknowledgement: String::new(),
            policy: deskside_trust::PacketPolicy::default(),
        };
        let file = root.sign_descriptor(&body).unwrap();
        let descriptor = Descriptor::read(&file, now()).unwrap();
        let mut profile = OperatorProfile::new(&descriptor, "anna", "Anna Berg", start);
        profile.validity = Validity::days(start, days);
        let operator = packet_ca.issue_operator(&profile).unwrap();
        operator.bundle(&file, &Secret::new(PASSPHRASE.to_owned())).unwrap()
    }

    fn read(content: &[u8]) -> Result<BundleFile, String> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("anna.operator");
        write(&path, content, 0o600);
        BundleFile::read(&path)
    }

    fn write(path: &Path, content: &[u8], mode: u32) {
        std::fs::write(path, content).unwrap();
        std::fs::set_permissions(path, Permissions::from_mode(mode)).unwrap();
    }

    #[test]
    fn a_bundle_that_others_can_read_is_refused_with_the_way_out() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("anna.operator");
        let bundle = bundle(now(), 30);
        for mode in [0o604, 0o640, 0o620, 0o644] {
            write(&path, &bundle, mode);
            let refused = BundleFile::read(&path).unwrap_err();
            assert!(refused.ends_with(&format!("chmod 600 {}", path.display())), "{refused}");
        }
        write(&path, &bundle, 0o400);
        assert!(BundleFile::read(&path).is_ok());
    }

    #[test]
    fn the_operator_is_known_before_the_passphrase_and_only_the_right_one_opens() {
        let bundle = read(&bundle(now(), 30)).unwrap();
        let anna = bundle.identity();
        assert_eq!((anna.name.as_str(), anna.account.as_str()), ("Anna Berg", "anna"));
        assert_eq!(anna.organisation, "Nordlicht IT");
        let wrong = bundle.open(&Secret::new("guess".to_owned())).unwrap_err();
        assert!(wrong.contains("passphrase is not right"), "{wrong}");
        assert!(bundle.open(&Secret::new(PASSPHRASE.to_owned())).is_ok());
    }

    #[test]
    fn an_expired_certificate_or_a_changed_file_says_so_and_what_to_do() {
        let day = Duration::from_secs(24 * 3600);
        let month_ago = UnixTime::since_unix_epoch(Duration::from_secs(now().as_secs()) - 30 * day);
        let expired = read(&bundle(month_ago, 10)).unwrap_err();
        assert!(expired.contains("has expired") && expired.contains("Ask your organisation"), "{expired}");
        let next_week = UnixTime::since_unix_epoch(Duration::from_secs(now().as_secs()) + 7 * day);
        let early = read(&bundle(next_week, 10)).unwrap_err();
        assert!(early.contains("not valid yet"), "{early}");
        let mut changed = bundle(now(), 30);
        changed[100] ^= 1;
        assert!(read(&changed).unwrap_err().contains("cannot be used"));
        assert!(read(b"").unwrap_err().contains("cannot be used"));
        assert!(read(&vec![b'-'; 10 * MAX_BUNDLE]).unwrap_err().contains("cannot be used"));
        let missing = BundleFile::read(Path::new("/nowhere/anna.operator")).unwrap_err();
        assert!(missing.contains("cannot be read") && missing.contains("start the program"), "{missing}");
        let here = std::env::current_dir().unwrap().join("anna.operator").display().to_string();
        let missing = BundleFile::read(Path::new("anna.operator")).unwrap_err();
        assert!(missing.contains(&here), "{missing}");
    }
}
