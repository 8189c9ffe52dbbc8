//! Passphrases: typed twice on the terminal, or read from a private file; never from the command line or the
//! environment, where other programs can see them.

use std::fs::File;
use std::io::Read;
use std::path::Path;

use anyhow::{Context, bail};
use deskside_trust::Secret;
use zeroize::Zeroizing;

use crate::host;

/// Fewest characters of a new passphrase.
const MINIMUM: usize = 10;
/// Longest passphrase file, in bytes.
const MAX_FILE: u64 = 1024;

/// A passphrase for keys that are made now.
pub(crate) fn choose(what: &str, file: Option<&Path>, flag: &str) -> anyhow::Result<Secret> {
    let passphrase = match file {
        Some(file) => from_file(file)?,
        None => {
            let first = ask(&format!("New passphrase for {what}: "), flag)?;
            let second = ask("The same again: ", flag)?;
            if first.expose() != second.expose() {
                bail!("the two passphrases differ; nothing was made, try again");
            }
            first
        }
    };
    if passphrase.expose().chars().count() < MINIMUM {
        bail!(
            "the passphrase for {what} is too short; use {MINIMUM} characters or more, for example four words"
        );
    }
    Ok(passphrase)
}

/// The passphrase of keys that exist.
pub(crate) fn existing(what: &str, file: Option<&Path>, flag: &str) -> anyhow::Result<Secret> {
    match file {
        Some(file) => from_file(file),
        None => ask(&format!("Passphrase for {what}: "), flag),
    }
}

fn ask(prompt: &str, flag: &str) -> anyhow::Result<Secret> {
    rpassword::prompt_password(prompt)
        .map(Secret::new)
        .with_context(|| format!("there is no terminal to ask for the passphrase on; give {flag}"))
}

/// The file's first line.
fn from_file(path: &Path) -> anyhow::Result<Secret> {
    let shown = path.display();
    let file = File::open(path).with_context(|| format!("the passphrase file {shown} cannot be read"))?;
    host::require_private(&file, path)?;
    let mut text = Zeroizing::new(String::new());
    file.take(MAX_FILE + 1)
        .read_to_string(&mut text)
        .with_context(|| format!("the passphrase file {shown} cannot be read"))?;
    if MAX_FILE < text.len() as u64 {
        bail!(
            "the passphrase file {shown} is longer than {MAX_FILE} bytes; put the passphrase alone into it"
        );
    }
    Ok(Secret::new(text.lines().next().unwrap_or_default().to_owned()))
}
