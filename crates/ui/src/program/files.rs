//! Files that are whole or not there: journals and what a program remembers.

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use time::macros::format_description;
use time::{OffsetDateTime, UtcOffset};

/// How many digits of the session's id stand in a file's name.
const ID_DIGITS: usize = 8;

/// A session's journal as it goes to the disk.
#[derive(Debug, Clone, Copy)]
pub struct JournalFiles<'a> {
    /// When the session began, in milliseconds since 1970.
    pub began_ms: i64,
    /// The session's id.
    pub session: &'a str,
    /// What the name says besides: nothing, or which of a session's journals it is.
    pub suffix: &'a str,
    /// To prove with.
    pub proof: &'a [u8],
    /// To read.
    pub text: &'a str,
}

impl JournalFiles<'_> {
    /// Writes both files and gives the readable one's path: `2026-01-31_14-05-12_0a1b2c3d.txt`, in the time
    /// of `offset`; beside it the same with `.journal`. Each is written by [`write_whole`].
    ///
    /// # Errors
    /// What the system said. Nothing partial is left.
    pub fn keep(&self, folder: &Path, offset: UtcOffset) -> io::Result<PathBuf> {
        let text = folder.join(format!("{}.txt", self.name(offset)));
        write_whole(&text.with_extension("journal"), self.proof)?;
        write_whole(&text, self.text.as_bytes())?;
        Ok(text)
    }

    fn name(&self, offset: UtcOffset) -> String {
        let began = OffsetDateTime::from_unix_timestamp(self.began_ms.div_euclid(1000))
            .unwrap_or(OffsetDateTime::UNIX_EPOCH)
            .to_offset(offset);
        let form = format_description!("[year]-[month]-[day]_[hour]-[minute]-[second]");
        let began = began.format(form).unwrap_or_else(|_| began.unix_timestamp().to_string());
        format!("{began}_{}{}", self.session.get(..ID_DIGITS).unwrap_or(self.session), self.suffix)
    }
}

/// Writes a file for its owner only; makes its folder. It has its name only once it is whole and on the disk.
///
/// # Errors
/// What the system said. Nothing partial is left.
pub fn write_whole(path: &Path, bytes: &[u8]) -> io::Result<()> {
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
    // The name is on the disk too, not only the file.
    File::open(folder)?.sync_all()
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    const JOURNAL: JournalFiles<'_> = JournalFiles {
        began_ms: 1_769_868_312_345,
        session: "abababababababababababababababab",
        suffix: "",
        proof: b"proof\0",
        text: "Anna Berg",
    };

    fn mode(path: &Path) -> u32 {
        fs::metadata(path).unwrap().permissions().mode() & 0o777
    }

    #[test]
    fn a_file_is_written_whole_and_for_its_owner_only() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a/b/file");
        write_whole(&path, b"one").unwrap();
        write_whole(&path, b"two").unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"two");
        assert_eq!(mode(&path), 0o600);
        assert_eq!(fs::read_dir(path.parent().unwrap()).unwrap().count(), 1);
    }

    #[test]
    fn a_failed_write_leaves_nothing_partial() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("taken");
        fs::create_dir_all(path.join("inside")).unwrap();
        assert!(write_whole(&path, b"x").is_err(), "a folder has the name");
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    }

    #[test]
    fn both_files_of_a_journal_are_whole_private_and_named_by_time_and_session() {
        let home = tempfile::tempdir().unwrap();
        let folder = home.path().join("deep/journals");
        let text = JOURNAL.keep(&folder, UtcOffset::from_hms(1, 0, 0).unwrap()).unwrap();
        assert_eq!(text.file_name().unwrap(), "2026-01-31_15-05-12_abababab.txt");
        let proof = text.with_extension("journal");
        assert_eq!(fs::read_to_string(&text).unwrap(), JOURNAL.text);
        assert_eq!(fs::read(&proof).unwrap(), JOURNAL.proof);
        assert_eq!((mode(&text), mode(&proof), mode(&folder)), (0o600, 0o600, 0o700));
        assert_eq!(fs::read_dir(&folder).unwrap().count(), 2, "nothing partial is left");
    }

    #[test]
    fn a_journal_that_cannot_be_written_is_told() {
        let home = tempfile::tempdir().unwrap();
        let folder = home.path().join("journals");
        fs::write(&folder, "in the way").unwrap();
        assert!(JOURNAL.keep(&folder, UtcOffset::UTC).is_err());
    }
}
