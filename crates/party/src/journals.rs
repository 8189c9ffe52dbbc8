//! Keeps each journal in two files: one to read, one to prove.

use std::io;
use std::path::{Path, PathBuf};

use deskside_proto::journal::{Entry, Event};
use deskside_session::Journal;
use deskside_ui::program::files::JournalFiles;
use time::UtcOffset;

/// Writes both files and gives the readable one's path; `None` if nothing began that could be kept.
///
/// # Errors
/// What the system said. Nothing partial is left.
pub fn keep(journal: &Journal, folder: &Path, offset: UtcOffset) -> io::Result<Option<PathBuf>> {
    let Some(Entry { at_ms, event: Event::Started { session, follows, .. }, .. }) = journal.entries().next()
    else {
        return Ok(None);
    };
    let (session, proof, text) = (session.to_string(), journal.encode(), journal.to_text(offset));
    let suffix = if follows.is_some() { "-demonstration" } else { "" };
    let files = JournalFiles { began_ms: *at_ms, session: &session, suffix, proof: &proof, text: &text };
    files.keep(folder, offset).map(Some)
}

#[cfg(test)]
mod tests {
    use std::fs;

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
    fn journal(follows: Option<[u8; 32]>) -> Journal {
        let (customer, operator) = (SessionKey::generate().unwrap(), SessionKey::generate().unwrap());
        let started = Event::Started {
            session: SessionId([0xab; 16]),
            operator: "Anna Berg".into(),
            organisation: "Nordlicht IT".into(),
            certificate: sha256(&[operator.certificate()]),
            customer_certificate: sha256(&[customer.certificate()]),
            follows,
        };
        let first = Entry { number: 0, at_ms: 1_769_868_312_345, previous: [0; 32], event: started }.encode();
        let previous = sha256(&[deskside_proto::journal::ENTRY_DOMAIN, &first]);
        let event = Event::Ended { reason: SessionEnd::Customer };
        let second = Entry { number: 1, at_ms: 1_769_868_400_000, previous, event }.encode();
        let party = |certificate: &[u8]| field(1, certificate);
        let mut file = b"deskside journal 1\n".to_vec();
        file.extend([field(1, &first), field(1, &second)].concat());
        let (sharer, viewer) =
            if follows.is_some() { (&operator, &customer) } else { (&customer, &operator) };
        file.extend(field(2, &party(sharer.certificate())));
        file.extend(field(3, &party(viewer.certificate())));
        Journal::decode(&file).unwrap()
    }

    /// The journal of a session that never began.
    fn empty_journal() -> Journal {
        Journal::decode(b"deskside journal 1\n\x12\x00\x1a\x00").unwrap()
    }

    #[test]
    fn nothing_is_written_of_what_never_began() {
        let folder = tempfile::tempdir().unwrap();
        assert_eq!(keep(&empty_journal(), folder.path(), UtcOffset::UTC).unwrap(), None);
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
    }

    #[test]
    fn both_files_hold_the_journal_and_are_named_by_time_and_session() {
        let folder = tempfile::tempdir().unwrap();
        let journal = journal(None);
        let offset = UtcOffset::from_hms(1, 0, 0).unwrap();
        let text = keep(&journal, folder.path(), offset).unwrap().unwrap();
        assert_eq!(text.file_name().unwrap(), "2026-01-31_15-05-12_abababab.txt");
        assert!(fs::read_to_string(&text).unwrap().contains("Anna Berg"));
        let proof = fs::read(text.with_extension("journal")).unwrap();
        assert_eq!(Journal::decode(&proof).unwrap(), journal);
    }

    /// Row L16: of a demonstration as well, beside that of its session.
    #[test]
    fn a_demonstrations_journal_says_so_in_its_name() {
        let folder = tempfile::tempdir().unwrap();
        let text = keep(&journal(Some([1; 32])), folder.path(), UtcOffset::UTC).unwrap().unwrap();
        assert_eq!(text.file_name().unwrap(), "2026-01-31_14-05-12_abababab-demonstration.txt");
    }
}
