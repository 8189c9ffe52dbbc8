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
