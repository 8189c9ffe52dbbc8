//! The journal as a file: every entry's exact bytes, both certificates, both seals.

use deskside_proto::DecodeError;
use prost::Message;

use crate::journal::{Journal, JournalError, Party};

/// Longest journal file, in bytes.
pub const MAX_JOURNAL_FILE: usize = 64 * 1024 * 1024;
/// First bytes of every journal file.
const MAGIC: &[u8] = b"deskside journal 1\n";

#[derive(Clone, PartialEq, Message)]
struct WireJournal {
    #[prost(bytes = "vec", repeated, tag = "1")]
    entries: Vec<Vec<u8>>,
    #[prost(message, optional, tag = "2")]
    sharer: Option<WireParty>,
    #[prost(message, optional, tag = "3")]
    viewer: Option<WireParty>,
}

#[derive(Clone, PartialEq, Message)]
struct WireParty {
    #[prost(bytes = "vec", tag = "1")]
    certificate: Vec<u8>,
    #[prost(bytes = "vec", tag = "2")]
    seal: Vec<u8>,
}

impl Journal {
    /// The whole file.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        let party = |party: &Party| WireParty {
            certificate: party.certificate.to_vec(),
            seal: party.seal.clone().unwrap_or_default(),
        };
        let mut file = MAGIC.to_vec();
        let wire = WireJournal {
            entries: self.entries.iter().map(|(_, bytes)| bytes.clone()).collect(),
            sharer: Some(party(&self.sharer)),
            viewer: Some(party(&self.viewer)),
        };
        file.extend(wire.encode_to_vec());
        file
    }

    /// Reads a file and checks everything in it, see [`Journal::verify`].
    ///
    /// # Errors
    /// [`JournalError`] says what does not hold.
    pub fn decode(file: &[u8]) -> Result<Self, JournalError> {
        if file.len() > MAX_JOURNAL_FILE {
            let (field, length, maximum) = ("journal file", file.len(), MAX_JOURNAL_FILE);
            return Err(JournalError::File(DecodeError::TooLong { field, length, maximum }));
        }
        let body = file
            .strip_prefix(MAGIC)
            .ok_or(JournalError::File(DecodeError::Missing { field: "the first line of a journal" }))?;
        let wire = WireJournal::decode(body).map_err(|e| {
            JournalError::File(DecodeError::Malformed { message: "journal", problem: e.to_string() })
        })?;
        let missing = |field| JournalError::File(DecodeError::Missing { field });
        let sharer = wire.sharer.ok_or(missing("the customer"))?;
        let viewer = wire.viewer.ok_or(missing("the operator"))?;
        let mut journal = Self::new(sharer.certificate.into(), viewer.certificate.into());
        for bytes in &wire.entries {
            journal.append(bytes)?;
        }
        let seal = |bytes: Vec<u8>| Some(bytes).filter(|bytes| !bytes.is_empty());
        journal.sharer.seal = seal(sharer.seal);
        journal.viewer.seal = seal(viewer.seal);
        journal.verify()?;
        Ok(journal)
    }
}
