//! Remembers the first root that was seen under an organisation's name, because a packet that was replaced
//! as a whole proves nothing about itself.

use std::collections::BTreeMap;
use std::io;
use std::path::Path;

use deskside_ui::program::files;

/// How alike two names must be (Jaro-Winkler, 0 to 1) for one to be taken for the other by a reader.
const ALIKE: f64 = 0.93;

/// What earlier sessions on this account say about an organisation's root.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum RootNote {
    /// No root was seen under this name before.
    First,
    /// The same as ever.
    Same,
    /// Another root than the first one, which had this fingerprint.
    Changed {
        /// The first root's fingerprint.
        before: String,
    },
    /// A new name that looks like one that is known with another root.
    LooksLike {
        /// The known name.
        known: String,
    },
}

/// Looks the organisation up in `file` and remembers it when it is new. What was remembered first stays.
///
/// # Errors
/// What reading or writing the file fails with; a file that is none of ours is [`io::ErrorKind::InvalidData`].
pub(crate) fn note(file: &Path, organisation: &str, fingerprint: &str) -> io::Result<RootNote> {
    let mut known: BTreeMap<String, String> = match std::fs::read_to_string(file) {
        Ok(text) => toml::from_str(&text)
            .map_err(|error| io::Error::new(io::ErrorKind::InvalidData, error.message()))?,
        Err(error) if error.kind() == io::ErrorKind::NotFound => BTreeMap::new(),
        Err(error) => return Err(error),
    };
    if let Some(before) = known.get(organisation) {
        return Ok(if before == fingerprint {
            RootNote::Same
        } else {
            RootNote::Changed { before: before.clone() }
        });
    }
    // A root that is known under another name is an organisation that was renamed.
    let is_known = known.values().any(|root| root == fingerprint);
    let alike = known.keys().find(|name| !is_known && look_alike(name, organisation)).cloned();
    known.insert(organisation.to_owned(), fingerprint.to_owned());
    let text = toml::to_string(&known).map_err(io::Error::other)?;
    files::write_whole(file, text.as_bytes())?;
    Ok(alike.map_or(RootNote::First, |known| RootNote::LooksLike { known }))
}

fn look_alike(one: &str, other: &str) -> bool {
    let plain = |name: &str| -> String {
        let letters = name.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase);
        letters
            .map(|c| match c {
                '0' => 'o',
                '1' | 'i' => 'l',
                other => other,
            })
            .collect()
    };
    strsim::jaro_winkler(&plain(one), &plain(other)) >= ALIKE
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_root_under_a_name_is_remembered_and_a_changed_one_noticed() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("state/roots.toml");
        assert_eq!(note(&file, "Example Help", "AB12").unwrap(), RootNote::First);
        assert_eq!(note(&file, "Example Help", "AB12").unwrap(), RootNote::Same);
        let changed = RootNote::Changed { before: "AB12".into() };
        assert_eq!(note(&file, "Example Help", "CD34").unwrap(), changed);
        assert_eq!(note(&file, "Example Help", "CD34").unwrap(), changed, "the first one stays");
        assert_eq!(note(&file, "Quite Another", "EF56").unwrap(), RootNote::First);
    }

    #[test]
    fn a_look_alike_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("roots.toml");
        note(&file, "Example Help", "AB12").unwrap();
        let alike = RootNote::LooksLike { known: "Example Help".into() };
        assert_eq!(note(&file, "Examp1e-Help", "CD34").unwrap(), alike);
        assert_eq!(note(&file, "EXAMPLE HELP", "AB12").unwrap(), RootNote::First, "the same root");
    }

    #[test]
    fn a_damaged_file_is_an_error_and_stays_as_it_is() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("roots.toml");
        std::fs::write(&file, "= nonsense").unwrap();
        assert_eq!(note(&file, "Example Help", "AB12").unwrap_err().kind(), io::ErrorKind::InvalidData);
        assert_eq!(std::fs::read_to_string(&file).unwrap(), "= nonsense");
    }
}
