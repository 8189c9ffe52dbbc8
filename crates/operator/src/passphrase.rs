//! The passphrase from a file, for desktops where something else keeps it.

use std::fs::File;
use std::io::{self, Read};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use deskside_trust::Secret;
use thiserror::Error;
use zeroize::Zeroizing;

/// Longest passphrase, in bytes.
const MAX_PASSPHRASE: usize = 4096;

/// Why the file was not used.
#[derive(Debug, Error)]
pub(crate) enum PassphraseError {
    /// It cannot be read.
    #[error("the passphrase file cannot be read: {0}")]
    Unreadable(#[from] io::Error),
    /// Others than its owner may read or change it.
    #[error("others may read the passphrase file (mode {0:03o}); allow it to yourself only: chmod 600 FILE")]
    TooOpen(u32),
    /// It is empty, too long or no text.
    #[error("the passphrase file must hold one line of text, at most {MAX_PASSPHRASE} bytes")]
    NoLine,
}

/// Reads the one line of a file that nobody but its owner may read.
///
/// # Errors
/// [`PassphraseError`] says why the file was not used.
pub(crate) fn read(path: &Path) -> Result<Secret, PassphraseError> {
    let file = File::open(path)?;
    // Of the file that is open, so that it cannot be exchanged between the check and the reading.
    let mode = file.metadata()?.permissions().mode() & 0o777;
    if mode & 0o077 != 0 {
        return Err(PassphraseError::TooOpen(mode));
    }
    let mut text = Zeroizing::new(String::with_capacity(MAX_PASSPHRASE + 1));
    let limited = &mut file.take(MAX_PASSPHRASE as u64 + 1);
    limited.read_to_string(&mut text).map_err(|e| match e.kind() {
        io::ErrorKind::InvalidData => PassphraseError::NoLine,
        _ => PassphraseError::Unreadable(e),
    })?;
    let line = text.strip_suffix('\n').unwrap_or(&text);
    let line = line.strip_suffix('\r').unwrap_or(line);
    if line.is_empty() || line.contains('\n') || text.len() > MAX_PASSPHRASE {
        return Err(PassphraseError::NoLine);
    }
    Ok(Secret::new(line.to_owned()))
}

#[cfg(test)]
mod tests {
    use std::fs::{self, Permissions};

    use super::*;

    fn outcome(content: &[u8], mode: u32) -> Result<Secret, PassphraseError> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("passphrase");
        fs::write(&path, content).unwrap();
        fs::set_permissions(&path, Permissions::from_mode(mode)).unwrap();
        read(&path)
    }

    #[test]
    fn the_line_is_read_without_its_end() {
        for content in ["correct horse", "correct horse\n", "correct horse\r\n"] {
            assert_eq!(outcome(content.as_bytes(), 0o600).unwrap().expose(), "correct horse");
        }
    }

    #[test]
    fn a_file_that_others_can_read_is_refused() {
        for mode in [0o604, 0o640, 0o620, 0o666] {
            assert!(matches!(outcome(b"x", mode), Err(PassphraseError::TooOpen(m)) if m == mode));
        }
    }

    #[test]
    fn what_is_no_line_is_refused() {
        for content in [&b""[..], b"\n", b"a\nb\n", b"\xff\xfe", &[b'x'; MAX_PASSPHRASE + 1]] {
            assert!(matches!(outcome(content, 0o600), Err(PassphraseError::NoLine)));
        }
        assert!(matches!(read(Path::new("/nowhere")), Err(PassphraseError::Unreadable(_))));
    }
}
