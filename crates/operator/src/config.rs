//! Settings: what the command line and the configuration file say, put together and checked before any
//! window opens. The command line wins.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use clap::{Parser, ValueEnum};
use deskside_net::PathChoice;
use serde::Deserialize;
use thiserror::Error;

/// The configuration file's name in the configuration folder.
const FILE_NAME: &str = "operator.toml";
/// How an operator bundle's name ends.
const BUNDLE_EXTENSION: &str = "operator";
/// Every key that the configuration file may have.
const KEYS: [&str; 5] = ["bundle", "journal_dir", "log", "path", "theme"];
/// How alike a mistyped key must be (Jaro-Winkler, 0 to 1) to be named as the one that was meant.
const ALIKE: f64 = 0.7;

/// The command line. Passphrase, password and code are typed into the window and never stand here.
#[derive(Debug, Default, Parser)]
#[command(
    name = "deskside-operator",
    version,
    about = "The operator's program of Deskside: helps a customer at his own screen, with his permission.",
    long_about = "The operator's program of Deskside: helps a customer at his own screen, with his permission.\n\n\
        It opens your operator bundle (a file NAME.operator that your organisation gave you, under a \
        passphrase), logs in at your organisation's server, and gives you a six-digit code for each session. \
        Read the code to the customer; nothing can be seen or done before the customer allows it.",
    after_long_help = "Keys:\n  \
        Ctrl+N      new session\n  \
        Enter       the next step, wherever you are\n  \
        Escape      back, or stop waiting\n  \
        right Ctrl  take the keyboard back from the customer's computer\n\n\
        Files:\n  \
        ~/.config/deskside/operator.toml     settings; each key is named like its option:\n                                       \
        bundle, path, journal_dir, theme, log\n  \
        ~/.config/deskside/*.operator        the operator bundle, if there is only one\n  \
        ~/.local/share/deskside/journals/    a journal of every session, to read (.txt) and to prove (.journal)\n\n\
        The passphrase, the password and the code are typed into the window, never given here."
)]
pub struct Arguments {
    /// The operator bundle [default: the only *.operator in the configuration folder]
    #[arg(long, value_name = "FILE")]
    pub bundle: Option<PathBuf>,
    /// The configuration file [default: operator.toml in the configuration folder, if there is one]
    #[arg(long, value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// A file that holds the bundle's passphrase and that only you can read (mode 0600)
    #[arg(long, value_name = "FILE")]
    pub passphrase_file: Option<PathBuf>,
    /// The way to the relay [default: auto]
    #[arg(long, value_enum, value_name = "PATH")]
    pub path: Option<PathOption>,
    /// Where journals are kept [default: deskside/journals in your data folder]
    #[arg(long, value_name = "FOLDER")]
    pub journal_dir: Option<PathBuf>,
    /// How log lines look; they go to standard error, and RUST_LOG chooses which [default: text]
    #[arg(long, value_enum, value_name = "FORM")]
    pub log: Option<LogForm>,
    /// Colours of the window [default: as the desktop asks]
    #[arg(long, value_enum, value_name = "THEME")]
    pub theme: Option<Theme>,
}

/// The way to the relay, as the command line spells it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum PathOption {
    /// UDP where it gets through, otherwise TLS
    Auto,
    /// TLS only
    Tls,
    /// UDP only
    Udp,
}

impl From<PathOption> for PathChoice {
    fn from(option: PathOption) -> Self {
        match option {
            PathOption::Auto => Self::Auto,
            PathOption::Tls => Self::Tls,
            PathOption::Udp => Self::Udp,
        }
    }
}

/// How log lines look.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum LogForm {
    /// For people.
    #[default]
    Text,
    /// One JSON object a line, for programs.
    Json,
}

/// Colours of the window.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Theme {
    /// As the desktop asks.
    #[default]
    System,
    /// Dark on light.
    Light,
    /// Light on dark.
    Dark,
}

/// The configuration file as it is written.
#[derive(Debug, Default, Deserialize)]
struct File {
    bundle: Option<PathBuf>,
    path: Option<PathChoice>,
    journal_dir: Option<PathBuf>,
    theme: Option<Theme>,
    log: Option<LogForm>,
}

/// The user's folders, as the desktop's environment names them (XDG Base Directory Specification 0.8).
#[derive(Debug, Clone)]
pub struct Folders {
    /// For settings and bundles.
    pub config: PathBuf,
    /// For journals.
    pub data: PathBuf,
}

impl Folders {
    /// The folders of this environment; `variable` looks one up.
    ///
    /// # Errors
    /// [`ConfigError::NoHome`] if the environment names neither them nor a home folder.
    pub fn of(variable: impl Fn(&str) -> Option<PathBuf>) -> Result<Self, ConfigError> {
        // The specification says that a relative path is to be ignored.
        let absolute = |name: &str| variable(name).filter(|path| path.is_absolute());
        let find = |name: &str, below_home: &str| {
            absolute(name)
                .or_else(|| absolute("HOME").map(|home| home.join(below_home)))
                .map(|folder| folder.join("deskside"))
                .ok_or(ConfigError::NoHome)
        };
        Ok(Self { config: find("XDG_CONFIG_HOME", ".config")?, data: find("XDG_DATA_HOME", ".local/share")? })
    }
}

/// What the program goes by.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    /// The operator bundle.
    pub bundle: PathBuf,
    /// A file with its passphrase, if it is not to be asked for.
    pub passphrase_file: Option<PathBuf>,
    /// The way to the relay.
    pub path: PathChoice,
    /// Where journals are kept.
    pub journal_dir: PathBuf,
    /// How log lines look.
    pub log: LogForm,
    /// Colours.
    pub theme: Theme,
}

/// Why the settings cannot be used; each text says what to do.
#[derive(Debug, Error)]
pub enum ConfigError {
    /// No folder for settings is known.
    #[error("neither HOME nor XDG_CONFIG_HOME is set; give --config, --bundle and --journal-dir")]
    NoHome,
    /// A file cannot be read.
    #[error("{} cannot be read: {cause}", path.display())]
    Unreadable {
        /// Which.
        path: PathBuf,
        /// What the system said.
        cause: io::Error,
    },
    /// A key that does not exist.
    #[error("{}: there is no setting '{key}'{}", path.display(), meant(nearest))]
    UnknownKey {
        /// The configuration file.
        path: PathBuf,
        /// The key.
        key: String,
        /// The known key most like it.
        nearest: Option<&'static str>,
    },
    /// A value or the file's form is wrong.
    #[error("{}: {}", path.display(), cause.message())]
    Malformed {
        /// The configuration file.
        path: PathBuf,
        /// What the TOML reader said.
        cause: Box<toml::de::Error>,
    },
    /// There is no operator bundle.
    #[error(
        "there is no operator bundle in {}; put the NAME.operator file that your organisation gave you there, or give --bundle FILE",
        folder.display()
    )]
    NoBundle {
        /// The configuration folder.
        folder: PathBuf,
    },
    /// There is more than one operator bundle.
    #[error("there are {count} operator bundles in {}; choose one with --bundle FILE", folder.display())]
    ManyBundles {
        /// The configuration folder.
        folder: PathBuf,
        /// How many.
        count: usize,
    },
}

fn meant(nearest: &Option<&'static str>) -> String {
    match nearest {
        Some(key) => format!("; did you mean '{key}'?"),
        None => format!("; the settings are {}", KEYS.join(", ")),
    }
}

impl Settings {
    /// Puts command line and configuration file together.
    ///
    /// # Errors
    /// [`ConfigError`] says which file or setting is wrong and what to do.
    pub fn gather(arguments: Arguments, folders: &Folders) -> Result<Self, ConfigError> {
        let file = match &arguments.config {
            Some(path) => File::read(path)?,
            None => match File::read(&folders.config.join(FILE_NAME)) {
                Err(ConfigError::Unreadable { cause, .. }) if cause.kind() == io::ErrorKind::NotFound => {
                    File::default()
                }
                file => file?,
            },
        };
        Ok(Self {
            bundle: match arguments.bundle.or(file.bundle) {
                Some(bundle) => bundle,
                None => only_bundle(&folders.config)?,
            },
            passphrase_file: arguments.passphrase_file,
            path: arguments.path.map(PathChoice::from).or(file.path).unwrap_or_default(),
            journal_dir: arguments
                .journal_dir
                .or(file.journal_dir)
                .unwrap_or_else(|| folders.data.join("journals")),
            log: arguments.log.or(file.log).unwrap_or_default(),
            theme: arguments.theme.or(file.theme).unwrap_or_default(),
        })
    }
}

impl File {
    /// Reads a configuration file; its relative paths start at its own folder.
    fn read(path: &Path) -> Result<Self, ConfigError> {
        let text = fs::read_to_string(path)
            .map_err(|cause| ConfigError::Unreadable { path: path.to_owned(), cause })?;
        let malformed = |cause| ConfigError::Malformed { path: path.to_owned(), cause: Box::new(cause) };
        let table: toml::Table = toml::from_str(&text).map_err(malformed)?;
        if let Some(key) = table.keys().find(|key| !KEYS.contains(&key.as_str())) {
            let nearest = nearest(key);
            return Err(ConfigError::UnknownKey { path: path.to_owned(), key: key.clone(), nearest });
        }
        let file: Self = table.try_into().map_err(malformed)?;
        let folder = path.parent().unwrap_or(Path::new(""));
        let beside = |path: Option<PathBuf>| path.map(|path| folder.join(path));
        Ok(Self { bundle: beside(file.bundle), journal_dir: beside(file.journal_dir), ..file })
    }
}

fn nearest(key: &str) -> Option<&'static str> {
    let likeness = |known: &str| strsim::jaro_winkler(known, &key.to_lowercase().replace('-', "_"));
    KEYS.into_iter()
        .map(|known| (known, likeness(known)))
        .filter(|(_, likeness)| *likeness >= ALIKE)
        .max_by(|(_, a), (_, b)| a.total_cmp(b))
        .map(|(known, _)| known)
}

fn only_bundle(folder: &Path) -> Result<PathBuf, ConfigError> {
    let none = || ConfigError::NoBundle { folder: folder.to_owned() };
    let unreadable = |cause: io::Error| match cause.kind() {
        io::ErrorKind::NotFound => none(),
        _ => ConfigError::Unreadable { path: folder.to_owned(), cause },
    };
    let mut bundles = Vec::new();
    for entry in fs::read_dir(folder).map_err(unreadable)? {
        let path = entry.map_err(unreadable)?.path();
        if path.extension().is_some_and(|extension| extension == BUNDLE_EXTENSION) {
            bundles.push(path);
        }
    }
    match (bundles.pop(), bundles.len()) {
        (None, _) => Err(none()),
        (Some(bundle), 0) => Ok(bundle),
        (Some(_), others) => Err(ConfigError::ManyBundles { folder: folder.to_owned(), count: others + 1 }),
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    struct Home {
        folder: tempfile::TempDir,
        folders: Folders,
    }

    fn home() -> Home {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().to_owned();
        let folders = Folders::of(|name| (name == "HOME").then(|| path.clone())).unwrap();
        fs::create_dir_all(&folders.config).unwrap();
        Home { folder, folders }
    }

    fn gather(home: &Home, arguments: &[&str]) -> Result<Settings, ConfigError> {
        let all = ["deskside-operator"].iter().chain(arguments);
        Settings::gather(Arguments::try_parse_from(all).unwrap(), &home.folders)
    }

    fn refusal(config: &str) -> String {
        let home = home();
        fs::write(home.folders.config.join("operator.toml"), config).unwrap();
        gather(&home, &["--bundle", "x"]).unwrap_err().to_string()
    }

    #[test]
    fn the_command_line_is_well_formed() {
        Arguments::command().debug_assert();
    }

    #[test]
    fn the_only_bundle_is_found_and_the_rest_has_defaults() {
        let home = home();
        assert!(gather(&home, &[]).unwrap_err().to_string().contains("--bundle"));
        let anna = home.folders.config.join("anna.operator");
        fs::write(&anna, "").unwrap();
        let settings = gather(&home, &[]).unwrap();
        assert_eq!(settings.bundle, anna);
        assert_eq!(settings.journal_dir, home.folder.path().join(".local/share/deskside/journals"));
        assert_eq!((settings.path, settings.theme), (PathChoice::Auto, Theme::System));
        fs::write(home.folders.config.join("bert.operator"), "").unwrap();
        assert!(gather(&home, &[]).unwrap_err().to_string().contains("2 operator bundles"));
    }

    #[test]
    fn the_file_is_read_and_the_command_line_wins() {
        let home = home();
        let text = "bundle = \"anna.operator\"\npath = \"tls\"\ntheme = \"dark\"\njournal_dir = \"/j\"\nlog = \"json\"\n";
        fs::write(home.folders.config.join("operator.toml"), text).unwrap();
        let settings = gather(&home, &["--path", "udp", "--theme", "light"]).unwrap();
        let expected = Settings {
            bundle: home.folders.config.join("anna.operator"),
            passphrase_file: None,
            path: PathChoice::Udp,
            journal_dir: PathBuf::from("/j"),
            log: LogForm::Json,
            theme: Theme::Light,
        };
        assert_eq!(settings, expected);
    }

    #[test]
    fn an_unknown_key_is_refused_and_the_one_that_was_meant_is_named() {
        for (key, meant) in
            [("journal-dir", "journal_dir"), ("Bundel", "bundle"), ("them", "theme"), ("paths", "path")]
        {
            let text = refusal(&format!("{key} = \"x\"\n"));
            assert!(text.contains(&format!("did you mean '{meant}'?")), "{text}");
        }
        assert!(refusal("zoo = 1\n").contains("the settings are bundle, journal_dir, log, path, theme"));
    }

    #[test]
    fn a_wrong_value_or_file_says_where() {
        assert!(refusal("path = \"carrier pigeon\"\n").contains("carrier pigeon"));
        assert!(refusal("path = \n").contains("operator.toml"));
        let missing = gather(&home(), &["--config", "/nowhere/at/all.toml"]).unwrap_err();
        assert!(missing.to_string().starts_with("/nowhere/at/all.toml cannot be read"), "{missing}");
    }

    #[test]
    fn relative_folders_of_the_environment_are_ignored() {
        let variable = |name: &str| match name {
            "XDG_CONFIG_HOME" => Some(PathBuf::from("relative")),
            "HOME" => Some(PathBuf::from("/home/anna")),
            _ => None,
        };
        assert_eq!(Folders::of(variable).unwrap().config, PathBuf::from("/home/anna/.config/deskside"));
        assert!(matches!(Folders::of(|_| None), Err(ConfigError::NoHome)));
    }
}
