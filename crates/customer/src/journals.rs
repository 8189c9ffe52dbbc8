//! Keeps the journal of each session in two files: one to read, one to prove.

use std::path::Path;

use deskside_proto::journal::{Entry, Event};
use deskside_session::Journal;
use deskside_ui::program::files::JournalFiles;
use time::UtcOffset;

use crate::model::Kept;

/// Writes both files.
#[must_use]
pub(crate) fn keep(journal: &Journal, folder: &Path, offset: UtcOffset) -> Kept {
    // Every journal begins so; without it there was no session.
    let Some(Entry { at_ms, event: Event::Started { session, .. }, .. }) = journal.entries().next() else {
        return Kept::Nothing;
    };
    let (session, proof, text) = (session.to_string(), journal.encode(), journal.to_text(offset));
    let files = JournalFiles { began_ms: *at_ms, session: &session, proof: &proof, text: &text };
    match files.keep(folder, offset) {
        Ok(path) => Kept::At(path),
        Err(error) => {
            tracing::error!(%error, folder = %folder.display(), "the journal could not be saved");
            Kept::Failed(format!("{}: {error}", folder.display()))
        }
    }
}
