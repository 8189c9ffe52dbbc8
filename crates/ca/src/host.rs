//! The operating system's view of files: modes, owners, atomic creation and replacement.
//!
//! Private files have mode 0600 and folders 0700 from their first moment; nothing is ever overwritten except
//! by [`replace`], which leaves either the old file or the whole new one.

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{Read, Write};
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt};
use std::path::Path;

use anyhow::{Context, bail};

/// Who may read a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Reader {
    /// Its owner alone.
    Owner,
    /// Everybody who can get at its folder.
    Anyone,
}

impl Reader {
    fn mode(self) -> u32 {
        match self {
            Self::Owner => 0o600,
            Self::Anyone => 0o644,
        }
    }
}

/// Makes a folder that only its owner can enter.
pub(crate) fn create_folder(path: &Path) -> anyhow::Result<()> {
    DirBuilder::new()
        .mode(0o700)
        .create(path)
        .with_context(|| format!("the folder {} cannot be made", path.display()))
}

/// Makes a file that does not exist yet, and sees it onto the disk.
pub(crate) fn create(path: &Path, content: &[u8], reader: Reader) -> anyhow::Result<()> {
    let written = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(reader.mode())
        .open(path)
        .with_context(|| format!("the file {} cannot be made", path.display()))
        .and_then(|mut file| {
            file.write_all(content)
                .and_then(|()| file.sync_all())
                .with_context(|| format!("the file {} cannot be written", path.display()))
                .inspect_err(|_| discard(path))
        });
    written.and_then(|()| sync_folder_of(path))
}

/// Puts a new file in the place of one that may exist, in one step.
pub(crate) fn replace(path: &Path, content: &[u8], reader: Reader) -> anyhow::Result<()> {
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(".new");
    let new = path.with_file_name(name);
    // Left by a run that was killed: the folder's lock says that no other run is at work.
    if new.exists() {
        fs::remove_file(&new).with_context(|| format!("the file {} cannot be removed", new.display()))?;
    }
    create(&new, content, reader)?;
    fs::rename(&new, path)
        .with_context(|| format!("the file {} cannot be replaced", path.display()))
        .inspect_err(|_| discard(&new))?;
    sync_folder_of(path)
}

fn discard(path: &Path) {
    // The error that brought us here is the one to report.
    let _removed = fs::remove_file(path);
}

/// Sees a folder's list of files onto the disk, so that a new name survives a power cut.
fn sync_folder_of(path: &Path) -> anyhow::Result<()> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    File::open(folder)
        .and_then(|folder| folder.sync_all())
        .with_context(|| format!("the folder {} cannot be written", folder.display()))
}

/// Reads a file of at most `maximum` bytes.
pub(crate) fn read(path: &Path, maximum: usize) -> anyhow::Result<Vec<u8>> {
    let file = File::open(path).with_context(|| format!("the file {} cannot be read", path.display()))?;
    let mut content = Vec::new();
    file.take(maximum as u64 + 1)
        .read_to_end(&mut content)
        .with_context(|| format!("the file {} cannot be read", path.display()))?;
    if maximum < content.len() {
        bail!("the file {} is longer than {maximum} bytes and cannot be one of ours", path.display());
    }
    Ok(content)
}

/// Refuses a secret's file unless it is an ordinary file of the user that nobody else can read.
pub(crate) fn require_private(file: &File, path: &Path) -> anyhow::Result<()> {
    let path = path.display();
    let metadata = file.metadata().with_context(|| format!("the file {path} cannot be examined"))?;
    let user = fs::metadata("/proc/self").context("/proc is needed to find out who runs this program")?.uid();
    if !metadata.is_file() {
        bail!("{path} is not an ordinary file; put the passphrase into one");
    }
    if metadata.uid() != user {
        bail!("the passphrase file {path} belongs to another user; use one of your own");
    }
    if metadata.mode() & 0o077 != 0 {
        bail!(
            "others can read the passphrase file {path}; run 'chmod 600 {path}', and change the passphrase if somebody may have read it"
        );
    }
    Ok(())
}
