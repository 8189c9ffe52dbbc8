//! Settings: what the command line and the configuration file say, put together and checked before any
//! window opens. The command line wins.

use std::io;
use std::path::{Path, PathBuf};

use clap::Parser;
use deskside_net::PathChoice;
use deskside_ui::ThemeChoice;
use deskside_ui::program::log::LogForm;
use deskside_ui::program::settings::{CommonOptions, ConfigFile, Folder, SettingsError, files_ending_in};
use serde::Deserialize;
use thiserror::Error;

/// The configuration file's name in the configuration folder.
const FILE_NAME: &str = "operator.toml";
/// How an operator bundle's name ends.
const BUNDLE_EXTENSION: &str = "operator";

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
    #[arg(value_name = "BUNDLE")]
    pub file: Option<PathBuf>,
    /// The same
    #[arg(long, value_name = "FILE", conflicts_with = "file")]
    pub bundle: Option<PathBuf>,
    /// The configuration file [default: operator.toml in the configuration folder, if there is one]
    #[arg(long, value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// A file that holds the bundle's passphrase and that only you can read (mode 0600)
    #[arg(long, value_name = "FILE")]
    pub passphrase_file: Option<PathBuf>,
    /// The way to the relay: auto (UDP where it gets through, otherwise TLS), tls or udp [default: auto]
    #[arg(long, value_name = "PATH")]
    pub path: Option<PathChoice>,
    /// What both programs have.
    #[command(flatten)]
    pub common: CommonOptions,
    /// Internal: lets go of keys should the main process be killed; reads what to let go of from standard input.
    // Its name stands in `deskside_party::sharing` as well, which starts that process.
    #[arg(long, hide = true)]
    pub let_go: bool,
}

/// The configuration file as it is written.
#[derive(Debug, Default, Deserialize)]
struct File {
    bundle: Option<PathBuf>,
    path: Option<PathChoice>,
    #[serde(flatten)]
    common: CommonOptions,
}

impl ConfigFile for File {
    const KEYS: &'static [&'static str] = &["bundle", "journal_dir", "log", "path", "theme"];

    fn paths(&mut self) -> [&mut Option<PathBuf>; 2] {
        [&mut self.bundle, &mut self.common.journal_dir]
    }
}

/// The folders of the person who uses the program.
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
    /// [`SettingsError::NoHome`] if the environment names neither them nor a home folder.
    pub fn of(variable: impl Fn(&str) -> Option<PathBuf>) -> Result<Self, SettingsError> {
        Ok(Self { config: Folder::Config.find(&variable)?, data: Folder::Data.find(&variable)? })
    }
}

/// What the program goes by.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Settings {
    /// The operator bundle.
    pub bundle: PathBuf,
    /// A file with its passphrase, if it is not to be asked for.
    pub passphrase_file: Option<PathBuf>,
    /// The way to the relay.
    pub path: PathChoice,
    /// Where journals are kept.
    pub journal_dir: PathBuf,
}

/// How the program looks and logs; known even when the rest of the settings cannot be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Appearance {
    /// How log lines look.
    pub log: LogForm,
    /// Colours.
    pub theme: ThemeChoice,
}

/// Why the settings cannot be used; each text says what to do.
#[derive(Debug, Error)]
pub enum ConfigError {
    /// Folder or configuration file.
    #[error(transparent)]
    Settings(#[from] SettingsError),
    /// There is no operator bundle.
    #[error(
        "There is no operator bundle in {}. Put the NAME.operator file that your organisation gave you there, or start the program with it: deskside-operator FILE.",
        folder.display()
    )]
    NoBundle {
        /// The configuration folder.
        folder: PathBuf,
    },
    /// There is more than one operator bundle.
    #[error(
        "There are {count} operator bundles in {}. Choose one: deskside-operator FILE.",
        folder.display()
    )]
    ManyBundles {
        /// The configuration folder.
        folder: PathBuf,
        /// How many.
        count: usize,
    },
}

/// Puts command line and configuration file together.
///
/// # Errors
/// [`ConfigError`] says which file or setting is wrong and what to do; the appearance is known even then.
pub fn gather(arguments: Arguments, folders: &Folders) -> (Appearance, Result<Settings, ConfigError>) {
    let file = File::read(arguments.config.as_deref(), &folders.config.join(FILE_NAME));
    let (file, refusal) = match file {
        Ok(file) => (file, None),
        Err(refusal) => (File::default(), Some(refusal)),
    };
    let common = arguments.common.or(file.common);
    let appearance =
        Appearance { log: common.log.unwrap_or_default(), theme: common.theme.unwrap_or_default() };
    let settings = || {
        if let Some(refusal) = refusal {
            return Err(refusal.into());
        }
        Ok(Settings {
            bundle: match arguments.file.or(arguments.bundle).or(file.bundle) {
                Some(bundle) => bundle,
                None => only_bundle(&folders.config)?,
            },
            passphrase_file: arguments.passphrase_file,
            path: arguments.path.or(file.path).unwrap_or_default(),
            journal_dir: common.journal_dir.unwrap_or_else(|| folders.data.join("journals")),
        })
    };
    (appearance, settings())
}

fn only_bundle(folder: &Path) -> Result<PathBuf, ConfigError> {
    let none = || ConfigError::NoBundle { folder: folder.to_owned() };
    let mut bundles = files_ending_in(BUNDLE_EXTENSION, folder).map_err(|cause| match cause.kind() {
        io::ErrorKind::NotFound => none(),
        _ => SettingsError::Unreadable { path: folder.to_owned(), cause }.into(),
    })?;
    match (bundles.pop(), bundles.len()) {
        (None, _) => Err(none()),
        (Some(bundle), 0) => Ok(bundle),
        (Some(_), others) => Err(ConfigError::ManyBundles { folder: folder.to_owned(), count: others + 1 }),
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

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

    fn all(home: &Home, arguments: &[&str]) -> (Appearance, Result<Settings, ConfigError>) {
        let all = ["deskside-operator"].iter().chain(arguments);
        super::gather(Arguments::try_parse_from(all).unwrap(), &home.folders)
    }

    fn gather(home: &Home, arguments: &[&str]) -> Result<Settings, ConfigError> {
        all(home, arguments).1
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
        let none = gather(&home, &[]).unwrap_err().to_string();
        assert!(none.contains(&home.folders.config.display().to_string()), "{none}");
        assert!(home.folders.config.is_absolute());
        let anna = home.folders.config.join("anna.operator");
        fs::write(&anna, "").unwrap();
        let settings = gather(&home, &[]).unwrap();
        assert_eq!(settings.bundle, anna);
        assert_eq!(settings.journal_dir, home.folder.path().join(".local/share/deskside/journals"));
        assert_eq!(settings.path, PathChoice::Auto);
        fs::write(home.folders.config.join("bert.operator"), "").unwrap();
        assert!(gather(&home, &[]).unwrap_err().to_string().contains("2 operator bundles"));
    }

    #[test]
    fn the_file_is_read_and_the_command_line_wins() {
        let home = home();
        let text = "bundle = \"anna.operator\"\npath = \"tls\"\ntheme = \"dark\"\njournal_dir = \"/j\"\nlog = \"json\"\n";
        fs::write(home.folders.config.join("operator.toml"), text).unwrap();
        let (appearance, settings) = all(&home, &["--path", "udp", "--theme", "light"]);
        assert_eq!(appearance, Appearance { log: LogForm::Json, theme: ThemeChoice::Light });
        let expected = Settings {
            bundle: home.folders.config.join("anna.operator"),
            passphrase_file: None,
            path: PathChoice::Udp,
            journal_dir: PathBuf::from("/j"),
        };
        assert_eq!(settings.unwrap(), expected);
    }

    #[test]
    fn the_bundle_can_be_given_with_or_without_the_option_but_once() {
        let home = home();
        for arguments in [&["a.operator"][..], &["--bundle", "a.operator"]] {
            assert_eq!(gather(&home, arguments).unwrap().bundle, PathBuf::from("a.operator"));
        }
        let twice = ["deskside-operator", "a.operator", "--bundle", "b.operator"];
        assert!(Arguments::try_parse_from(twice).is_err());
    }

    #[test]
    fn an_unknown_key_is_refused_and_the_one_that_was_meant_is_named() {
        for (key, meant) in
            [("journal-dir", "journal_dir"), ("Bundel", "bundle"), ("them", "theme"), ("paths", "path")]
        {
            let text = refusal(&format!("{key} = \"x\"\n"));
            assert!(text.contains(&format!("did you mean “{meant}”?")), "{text}");
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
}
