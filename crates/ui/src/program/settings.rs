//! What the settings of both programs have in common: some options, a configuration file in which a mistyped
//! key is found, and the folders of the person who uses the program.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use clap::Args;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use thiserror::Error;

use super::log::LogForm;
use crate::ThemeChoice;

/// How alike a mistyped key must be (Jaro-Winkler, 0 to 1) to be named as the one that was meant.
const ALIKE: f64 = 0.7;

/// Options that both programs have, on the command line and in the configuration file.
#[derive(Debug, Clone, Default, PartialEq, Eq, Args, Deserialize)]
pub struct CommonOptions {
    /// Where the journals of sessions are kept [default: deskside/journals in your data folder]
    #[arg(long, value_name = "FOLDER")]
    pub journal_dir: Option<PathBuf>,
    /// How log lines look; they go to standard error, and RUST_LOG chooses which [default: text]
    #[arg(long, value_enum, value_name = "FORM")]
    pub log: Option<LogForm>,
    /// Colours of the windows [default: system]
    #[arg(long, value_enum, value_name = "THEME")]
    pub theme: Option<ThemeChoice>,
}

impl CommonOptions {
    /// These, and `others` where nothing was chosen.
    #[must_use]
    pub fn or(self, others: Self) -> Self {
        Self {
            journal_dir: self.journal_dir.or(others.journal_dir),
            log: self.log.or(others.log),
            theme: self.theme.or(others.theme),
        }
    }
}

/// Why settings cannot be used; each text says what to do.
#[derive(Debug, Error)]
pub enum SettingsError {
    /// No folder is known.
    #[error("Neither HOME nor {0} is set. Set one of them to a folder of yours.")]
    NoHome(&'static str),
    /// A file or folder cannot be read.
    #[error("{} cannot be read: {cause}.", path.display())]
    Unreadable {
        /// Which.
        path: PathBuf,
        /// What the system said.
        cause: io::Error,
    },
    /// A key that does not exist.
    #[error("{}: there is no setting “{key}”{}", path.display(), meant(nearest, known))]
    UnknownKey {
        /// The configuration file.
        path: PathBuf,
        /// The key.
        key: String,
        /// The known key most like it.
        nearest: Option<&'static str>,
        /// Every known key.
        known: &'static [&'static str],
    },
    /// A value or the file's form is wrong.
    #[error("{}: {}.", path.display(), cause.message())]
    Malformed {
        /// The configuration file.
        path: PathBuf,
        /// What the TOML reader said.
        cause: Box<toml::de::Error>,
    },
}

fn meant(nearest: &Option<&str>, known: &[&str]) -> String {
    match nearest {
        Some(key) => format!("; did you mean “{key}”?"),
        None => format!("; the settings are {}.", known.join(", ")),
    }
}

/// A folder of the person's, as the desktop's environment names it (XDG Base Directory Specification 0.8).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Folder {
    /// For settings.
    Config,
    /// For journals.
    Data,
    /// For what a program remembers.
    State,
}

impl Folder {
    /// This folder's path; `variable` looks one up in the environment.
    ///
    /// # Errors
    /// [`SettingsError::NoHome`] if the environment names neither it nor a home folder.
    pub fn find(self, variable: impl Fn(&str) -> Option<PathBuf>) -> Result<PathBuf, SettingsError> {
        let (name, below_home) = match self {
            Self::Config => ("XDG_CONFIG_HOME", ".config"),
            Self::Data => ("XDG_DATA_HOME", ".local/share"),
            Self::State => ("XDG_STATE_HOME", ".local/state"),
        };
        // The specification says that a relative path is to be ignored.
        let absolute = |name: &str| variable(name).filter(|path| path.is_absolute());
        absolute(name)
            .or_else(|| absolute("HOME").map(|home| home.join(below_home)))
            .map(|folder| folder.join("deskside"))
            .ok_or(SettingsError::NoHome(name))
    }
}

/// The files in `folder` whose names end in `extension`.
///
/// # Errors
/// What the system said.
pub fn files_ending_in(extension: &str, folder: &Path) -> io::Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.extension().is_some_and(|own| own == extension) {
            found.push(path);
        }
    }
    Ok(found)
}

/// What a program's configuration file (TOML) may say. Without a file it is the default.
pub trait ConfigFile: Default + DeserializeOwned {
    /// Every key.
    const KEYS: &'static [&'static str];

    /// The values that are paths.
    fn paths(&mut self) -> [&mut Option<PathBuf>; 2];

    /// Reads the file `named`, or otherwise the `usual` one if there is one. Relative paths in it start at
    /// its own folder.
    ///
    /// # Errors
    /// [`SettingsError`] says what is wrong with it.
    fn read(named: Option<&Path>, usual: &Path) -> Result<Self, SettingsError> {
        let path = named.unwrap_or(usual);
        let text = match fs::read_to_string(path) {
            Err(cause) if named.is_none() && cause.kind() == io::ErrorKind::NotFound => {
                return Ok(Self::default());
            }
            text => text.map_err(|cause| SettingsError::Unreadable { path: path.to_owned(), cause })?,
        };
        let malformed = |cause| SettingsError::Malformed { path: path.to_owned(), cause: Box::new(cause) };
        let table: toml::Table = toml::from_str(&text).map_err(malformed)?;
        if let Some(key) = table.keys().find(|key| !Self::KEYS.contains(&key.as_str())) {
            let (nearest, known) = (nearest(key, Self::KEYS), Self::KEYS);
            return Err(SettingsError::UnknownKey {
                path: path.to_owned(),
                key: key.clone(),
                nearest,
                known,
            });
        }
        let mut file: Self = table.try_into().map_err(malformed)?;
        let folder = path.parent().unwrap_or(Path::new(""));
        for path in file.paths().into_iter().flatten() {
            *path = folder.join(&*path);
        }
        Ok(file)
    }
}

fn nearest(key: &str, known: &[&'static str]) -> Option<&'static str> {
    let likeness = |known: &str| strsim::jaro_winkler(known, &key.to_lowercase().replace('-', "_"));
    known
        .iter()
        .map(|known| (*known, likeness(known)))
        .filter(|(_, likeness)| *likeness >= ALIKE)
        .max_by(|(_, one), (_, other)| one.total_cmp(other))
        .map(|(known, _)| known)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, Default, PartialEq, Deserialize)]
    struct Example {
        bundle: Option<PathBuf>,
        #[serde(flatten)]
        common: CommonOptions,
    }

    impl ConfigFile for Example {
        const KEYS: &'static [&'static str] = &["bundle", "journal_dir", "log", "theme"];

        fn paths(&mut self) -> [&mut Option<PathBuf>; 2] {
            [&mut self.bundle, &mut self.common.journal_dir]
        }
    }

    fn read(text: &str) -> Result<(Example, PathBuf), String> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("example.toml");
        fs::write(&path, text).unwrap();
        let file = Example::read(None, &path).map_err(|error| error.to_string())?;
        Ok((file, folder.path().to_owned()))
    }

    #[test]
    fn values_are_read_and_paths_start_at_the_files_folder() {
        let (file, folder) =
            read("bundle = \"b\"\njournal_dir = \"/j\"\nlog = \"json\"\ntheme = \"dark\"\n").unwrap();
        let common = CommonOptions {
            journal_dir: Some("/j".into()),
            log: Some(LogForm::Json),
            theme: Some(ThemeChoice::Dark),
        };
        assert_eq!(file, Example { bundle: Some(folder.join("b")), common });
    }

    #[test]
    fn only_the_file_that_was_named_must_be_there() {
        let nowhere = Path::new("/nowhere/at/all.toml");
        assert_eq!(Example::read(None, nowhere).unwrap(), Example::default());
        let missing = Example::read(Some(nowhere), nowhere).unwrap_err().to_string();
        assert!(missing.starts_with("/nowhere/at/all.toml cannot be read"), "{missing}");
    }

    #[test]
    fn an_unknown_key_is_refused_and_the_nearest_named() {
        for (key, meant) in [("journal-dir", "journal_dir"), ("Bundel", "bundle"), ("them", "theme")] {
            let text = read(&format!("{key} = \"x\"\n")).unwrap_err();
            assert!(text.ends_with(&format!("“{key}”; did you mean “{meant}”?")), "{text}");
        }
        let text = read("zoo = 1\n").unwrap_err();
        assert!(text.ends_with("; the settings are bundle, journal_dir, log, theme."), "{text}");
    }

    #[test]
    fn a_wrong_value_or_form_says_where() {
        for text in ["theme = \"pink\"\n", "theme =\n"] {
            let said = read(text).unwrap_err();
            assert!(said.contains("example.toml: "), "{said}");
        }
        assert!(read("theme = \"pink\"\n").unwrap_err().contains("pink"));
    }

    #[test]
    fn relative_folders_of_the_environment_are_ignored() {
        let variable = |name: &str| match name {
            "XDG_CONFIG_HOME" => Some(PathBuf::from("relative")),
            "XDG_STATE_HOME" => Some(PathBuf::from("/state")),
            "HOME" => Some(PathBuf::from("/home/anna")),
            _ => None,
        };
        let find = |folder: Folder| folder.find(variable).unwrap();
        assert_eq!(find(Folder::Config), PathBuf::from("/home/anna/.config/deskside"));
        assert_eq!(find(Folder::Data), PathBuf::from("/home/anna/.local/share/deskside"));
        assert_eq!(find(Folder::State), PathBuf::from("/state/deskside"));
        assert!(matches!(Folder::Data.find(|_| None), Err(SettingsError::NoHome("XDG_DATA_HOME"))));
    }
}
