//! The key that signs relay tickets. It belongs to this server alone, so the server makes it at its first
//! start; losing it costs nothing but the tickets that are out, which live for minutes.

use std::fs::{self, File, OpenOptions};
use std::io::{self, ErrorKind, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use anyhow::Context;
use deskside_broker::TicketSigner;

use crate::material;

/// The key in the file, which is made if it is missing.
pub(crate) fn load_or_make(path: &Path) -> anyhow::Result<TicketSigner> {
    if !path.exists() {
        let signer = TicketSigner::generate().context("The machine cannot make a ticket key")?;
        let der = signer.to_pkcs8().context("The machine cannot make a ticket key")?;
        match write_new(path, &der) {
            Ok(()) => return Ok(signer),
            // Another server was quicker; its key is as good.
            Err(error) if error.kind() == ErrorKind::AlreadyExists => {}
            Err(error) => {
                return Err(error).with_context(|| {
                    format!(
                        "\"ticket_key\": the file {} cannot be made. Let this program's user write to its \
                         folder",
                        path.display()
                    )
                });
            }
        }
    }
    load(path)
}

/// The key in the file.
pub(crate) fn load(path: &Path) -> anyhow::Result<TicketSigner> {
    material::refuse_open_file("ticket_key", path)?;
    let der = material::read("ticket_key", path)?;
    TicketSigner::from_pkcs8(&der).with_context(|| {
        format!(
            "\"ticket_key\": the file {} is damaged. Remove it; the next start makes a new one",
            path.display()
        )
    })
}

/// Writes a file that only its owner can read and that is there whole or not at all.
fn write_new(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)?;
    let written = file.write_all(bytes).and_then(|()| file.sync_all()).and_then(|()| {
        let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
        File::open(folder.unwrap_or(Path::new(".")))?.sync_all()
    });
    written.or_else(|error| {
        fs::remove_file(path)?;
        Err(error)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt;

    #[test]
    fn a_key_is_made_once_and_kept_private() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("ticket.key");
        let made = load_or_make(&path).expect("a new key");
        assert_eq!(fs::metadata(&path).expect("the file").permissions().mode() & 0o777, 0o600);
        assert_eq!(load_or_make(&path).expect("the same key").public_key(), made.public_key());
    }

    #[test]
    fn an_open_or_damaged_key_is_refused_with_what_to_do() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("ticket.key");
        load_or_make(&path).expect("a new key");
        fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).expect("a mode");
        let error = format!("{:#}", load_or_make(&path).err().expect("refused"));
        assert!(error.contains("mode 644") && error.contains("chmod 600"), "{error}");

        fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).expect("a mode");
        fs::write(&path, b"").expect("an empty file");
        let error = format!("{:#}", load_or_make(&path).err().expect("refused"));
        assert!(error.contains("damaged") && error.contains("Remove it"), "{error}");
    }

    #[test]
    fn a_folder_that_cannot_be_written_is_named() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("missing").join("ticket.key");
        let error = format!("{:#}", load_or_make(&path).err().expect("refused"));
        assert!(error.contains("ticket.key cannot be made"), "{error}");
    }
}
