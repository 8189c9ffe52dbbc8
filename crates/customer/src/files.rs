//! Files that are whole or not there: journals and what the program remembers.

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::Path;

use deskside_proto::journal::Event;
use deskside_session::Journal;
use time::macros::format_description;
use time::{OffsetDateTime, UtcOffset};

use crate::model::Kept;

/// Writes a file for its owner only; makes its folder. It has its name only once it is whole and on the disk.
///
/// # Errors
/// What the system said. Nothing partial is left.
pub(crate) fn write_whole(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
    // The process's number keeps two programs that write at the same time apart.
    let partial = path.with_added_extension(format!("{}.part", std::process::id()));
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
    written?;
    File::open(folder)?.sync_all()
}

/// Keeps the journal as a text to read and, beside it, as the file that proves it.
#[must_use]
pub(crate) fn keep(journal: &Journal, folder: &Path, offset: UtcOffset) -> Kept {
    if journal.entries().next().is_none() {
        return Kept::Nothing;
    }
    let text = folder.join(format!("{}.txt", name(journal, offset)));
    let written = write_whole(&text.with_extension("journal"), &journal.encode())
        .and_then(|()| write_whole(&text, journal.to_text(offset).as_bytes()));
    match written {
        Ok(()) => Kept::At(text),
        Err(error) => {
            tracing::error!(%error, folder = %folder.display(), "the journal could not be saved");
            Kept::Failed(format!("{}: {error}", folder.display()))
        }
    }
}

/// When the session began, and the first digits of its id.
fn name(journal: &Journal, offset: UtcOffset) -> String {
    let first = journal.entries().next();
    let began = first
        .and_then(|entry| OffsetDateTime::from_unix_timestamp(entry.at_ms.div_euclid(1000)).ok())
        .unwrap_or(OffsetDateTime::UNIX_EPOCH)
        .to_offset(offset);
    let form = format_description!("[year]-[month]-[day]_[hour]-[minute]-[second]");
    let began = began.format(form).unwrap_or_else(|_| began.unix_timestamp().to_string());
    match first.map(|entry| &entry.event) {
        Some(Event::Started { session, .. }) => {
            let session = session.to_string();
            format!("{began}_{}", session.get(..8).unwrap_or(&session))
        }
        _ => began,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_written_whole_and_for_its_owner_only() {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a/b/file");
        write_whole(&path, b"one").unwrap();
        write_whole(&path, b"two").unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"two");
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        assert_eq!(fs::read_dir(path.parent().unwrap()).unwrap().count(), 1);
    }

    #[test]
    fn a_failed_write_leaves_nothing_partial() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("taken");
        fs::create_dir(&path).unwrap();
        assert!(write_whole(&path, b"x").is_err());
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    }
}
