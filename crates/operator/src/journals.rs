//! Keeps the journal of each session in two files: one to read, one to prove.

use std::fs::{self, DirBuilder, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use deskside_proto::journal::Event;
use deskside_session::Journal;
use time::macros::format_description;
use time::{OffsetDateTime, UtcOffset};

/// Writes both files and gives the readable one's path: `2026-01-31_14-05-12_0a1b2c3d.txt`, beside it the same
/// with `.journal`. A file has its name only once it is whole and on the disk.
///
/// # Errors
/// What the system said. Nothing partial is left.
pub(crate) fn keep(journal: &Journal, folder: &Path, offset: UtcOffset) -> io::Result<PathBuf> {
    DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
    let text = folder.join(name(journal, offset));
    write(&text.with_extension("journal"), &journal.encode())?;
    write(&text, journal.to_text(offset).as_bytes())?;
    // The names are on the disk too, not only the files.
    fs::File::open(folder)?.sync_all()?;
    Ok(text)
}

fn name(journal: &Journal, offset: UtcOffset) -> String {
    let first = journal.entries().next();
    let began = first
        .and_then(|entry| OffsetDateTime::from_unix_timestamp(entry.at_ms.div_euclid(1000)).ok())
        .unwrap_or(OffsetDateTime::UNIX_EPOCH)
        .to_offset(offset);
    let form = format_description!("[year]-[month]-[day]_[hour]-[minute]-[second]");
    let began = began.format(form).unwrap_or_else(|_| began.unix_timestamp().to_string());
    let session = match first.map(|entry| &entry.event) {
        Some(Event::Started { session, .. }) => session.to_string(),
        _ => String::from("unknown"),
    };
    format!("{began}_{}.txt", session.get(..8).unwrap_or(&session))
}

fn write(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let partial = path.with_added_extension("part");
    let written = (|| {
        let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&partial)?;
        file.write_all(bytes)?;
        file.sync_all()?;
        fs::rename(&partial, path)
    })();
    if written.is_err() {
        // The first error is the one to be told; that there may be nothing to remove is no news.
        fs::remove_file(&partial).unwrap_or_default();
    }
    written
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use deskside_proto::SessionId;
    use deskside_proto::journal::{Entry, SessionEnd};
    use deskside_trust::SessionKey;
    use deskside_trust::crypto::sha256;

    use super::*;

    /// One field of bytes as protobuf has it.
    fn field(number: u8, bytes: &[u8]) -> Vec<u8> {
        let mut out = vec![number << 3 | 2];
        let mut length = bytes.len();
        while length > 0x7f {
            out.push(length as u8 | 0x80);
            length >>= 7;
        }
        out.push(length as u8);
        out.extend_from_slice(bytes);
        out
    }

    /// A real journal of two entries that nobody has sealed.
    fn journal() -> Journal {
        let (customer, operator) = (SessionKey::generate().unwrap(), SessionKey::generate().unwrap());
        let started = Event::Started {
            session: SessionId([0xab; 16]),
            operator: "Anna Berg".into(),
            organisation: "Nordlicht IT".into(),
            certificate: sha256(&[operator.certificate()]),
            customer_certificate: sha256(&[customer.certificate()]),
        };
        let first = Entry { number: 0, at_ms: 1_769_868_312_345, previous: [0; 32], event: started }.encode();
        let previous = sha256(&[deskside_proto::journal::ENTRY_DOMAIN, &first]);
        let event = Event::Ended { reason: SessionEnd::Customer };
        let second = Entry { number: 1, at_ms: 1_769_868_400_000, previous, event }.encode();
        let party = |certificate: &[u8]| field(1, certificate);
        let mut file = b"deskside journal 1\n".to_vec();
        file.extend([field(1, &first), field(1, &second)].concat());
        file.extend(field(2, &party(customer.certificate())));
        file.extend(field(3, &party(operator.certificate())));
        Journal::decode(&file).unwrap()
    }

    #[test]
    fn both_files_are_whole_private_and_named_by_time_and_session() {
        let home = tempfile::tempdir().unwrap();
        let folder = home.path().join("deep/journals");
        let journal = journal();
        let text = keep(&journal, &folder, UtcOffset::from_hms(1, 0, 0).unwrap()).unwrap();
        assert_eq!(text.file_name().unwrap(), "2026-01-31_15-05-12_abababab.txt");
        assert!(fs::read_to_string(&text).unwrap().contains("Anna Berg"));
        let proof = text.with_extension("journal");
        assert_eq!(Journal::decode(&fs::read(&proof).unwrap()).unwrap(), journal);
        for file in [&text, &proof] {
            assert_eq!(fs::metadata(file).unwrap().permissions().mode() & 0o777, 0o600);
        }
        assert_eq!(fs::metadata(&folder).unwrap().permissions().mode() & 0o777, 0o700);
        assert_eq!(fs::read_dir(&folder).unwrap().count(), 2, "nothing partial is left");
    }

    #[test]
    fn what_cannot_be_written_is_told_and_leaves_nothing() {
        let home = tempfile::tempdir().unwrap();
        let folder = home.path().join("journals");
        fs::write(&folder, "in the way").unwrap();
        assert!(keep(&journal(), &folder, UtcOffset::UTC).is_err());
        let target = home.path().join("taken");
        fs::create_dir_all(target.join("inside")).unwrap();
        assert!(write(&target, b"x").is_err(), "a folder has the name");
        let left: Vec<_> =
            fs::read_dir(home.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
        assert_eq!(left.len(), 2, "{left:?}");
    }
}
