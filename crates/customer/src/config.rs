//! Settings: the command line and an optional configuration file, put together and checked before anything
//! else happens. The command line wins.

use std::io;
use std::path::{Path, PathBuf};

use clap::{Parser, ValueEnum};
use deskside_net::PathChoice;
use deskside_ui::ThemeChoice;
use serde::Deserialize;
use thiserror::Error;

const FILE_NAME: &str = "customer.toml";
const PACKET_EXTENSION: &str = "deskside";
/// Every key that the configuration file may have.
const KEYS: [&str; 5] = ["journal_dir", "log", "packet", "path", "theme"];
/// How alike a mistyped key must be (Jaro-Winkler, 0 to 1) to be named as the one that was meant.
const ALIKE: f64 = 0.7;

/// The command line. The code is typed into the window and never stands here.
#[derive(Debug, Default, Parser)]
#[command(
    name = "deskside-customer",
    version,
    about = "The customer's program of Deskside: lets somebody help you at your own screen, with your permission.",
    long_about = "The customer's program of Deskside: lets somebody help you at your own screen, with your \
        permission.\n\n\
        Start it, type the six-digit code that your helper tells you, look who is asking, and decide about \
        each thing that the helper wants to do. F11 takes mouse and keyboard back at once; closing the panel \
        ends the session, and nothing of this program stays running.",
    after_long_help = "Configuration file (optional, TOML), $XDG_CONFIG_HOME/deskside/customer.toml:\n  \
        packet = \"help.deskside\"     the organisation's packet file\n  \
        path = \"auto\"                auto, tls or udp\n  \
        journal_dir = \"/home/me/j\"   where the records of sessions are kept\n  \
        theme = \"system\"             system, light or dark\n  \
        log = \"text\"                 text or json\n\n\
        There is no setting to be helped without being asked: every action is asked for on this screen."
)]
pub(crate) struct Arguments {
    /// The organisation's packet file [default: the only *.deskside beside this program]
    #[arg(long, value_name = "FILE")]
    pub(crate) packet: Option<PathBuf>,
    /// The configuration file [default: deskside/customer.toml in your configuration folder, if there is one]
    #[arg(long, value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,
    /// The way to the organisation's relay [default: auto]
    #[arg(long, value_enum, value_name = "PATH")]
    pub(crate) path: Option<PathOption>,
    /// Where the records of sessions are kept [default: deskside/journals in your data folder]
    #[arg(long, value_name = "FOLDER")]
    pub(crate) journal_dir: Option<PathBuf>,
    /// How log lines look; they go to standard error, and RUST_LOG chooses which [default: text]
    #[arg(long, value_enum, value_name = "FORM")]
    pub(crate) log: Option<LogForm>,
    /// Colours of the windows [default: system]
    #[arg(long, value_enum, value_name = "THEME")]
    pub(crate) theme: Option<Theme>,
    /// Internal: lets go of keys should the main process be killed; reads what to let go of from standard input.
    #[arg(long, hide = true)]
    pub(crate) let_go: bool,
}

/// The way to the relay, as the command line spells it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum PathOption {
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
pub(crate) enum LogForm {
    /// For people
    #[default]
    Text,
    /// One JSON object a line, for programs
    Json,
}

/// Colours of the windows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Theme {
    /// As the system prefers
    #[default]
    System,
    /// Dark on light
    Light,
    /// Light on dark
    Dark,
}

impl From<Theme> for ThemeChoice {
    fn from(theme: Theme) -> Self {
        match theme {
            Theme::System => Self::System,
            Theme::Light => Self::Light,
            Theme::Dark => Self::Dark,
        }
    }
}

/// The configuration file as it is written.
#[derive(Debug, Default, Deserialize)]
struct ConfigFile {
    packet: Option<PathBuf>,
    path: Option<PathChoice>,
    journal_dir: Option<PathBuf>,
    log: Option<LogForm>,
    theme: Option<Theme>,
}

/// Folders that the environment names (XDG Base Directory Specification 0.8), and the program's own.
#[derive(Debug, Clone)]
pub(crate) struct Folders {
    /// Where the program lies.
    pub(crate) program: PathBuf,
    /// For settings.
    pub(crate) config: PathBuf,
    /// For journals.
    pub(crate) data: PathBuf,
    /// For what the program remembers.
    pub(crate) state: PathBuf,
}

impl Folders {
    /// The folders of this environment; `variable` looks one up.
    ///
    /// # Errors
    /// [`ConfigError::NoHome`] if the environment names neither them nor a home folder.
    pub(crate) fn of(
        program: PathBuf,
        variable: impl Fn(&str) -> Option<PathBuf>,
    ) -> Result<Self, ConfigError> {
        // The specification says that a relative path is to be ignored.
        let absolute = |name: &str| variable(name).filter(|path| path.is_absolute());
        let find = |name: &'static str, below_home: &str| {
            absolute(name)
                .or_else(|| absolute("HOME").map(|home| home.join(below_home)))
                .map(|folder| folder.join("deskside"))
                .ok_or(ConfigError::NoHome(name))
        };
        Ok(Self {
            program,
            config: find("XDG_CONFIG_HOME", ".config")?,
            data: find("XDG_DATA_HOME", ".local/share")?,
            state: find("XDG_STATE_HOME", ".local/state")?,
        })
    }
}

/// What the program goes by.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Settings {
    /// The packet file.
    pub(crate) packet: PathBuf,
    /// The way to the relay.
    pub(crate) path: PathChoice,
    /// Where journals are kept.
    pub(crate) journal_dir: PathBuf,
    /// Where the first roots are remembered.
    pub(crate) roots: PathBuf,
}

/// How the program looks and logs; known even when the rest of the settings cannot be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Appearance {
    /// How log lines look.
    pub(crate) log: LogForm,
    /// Colours.
    pub(crate) theme: Theme,
}

/// Why the settings cannot be used; each text says what to do.
#[derive(Debug, Error)]
pub(crate) enum ConfigError {
    /// No folder is known.
    #[error("Neither HOME nor {0} is set. Set one of them to a folder of yours.")]
    NoHome(&'static str),
    /// A file cannot be read.
    #[error("{} cannot be read: {cause}.", path.display())]
    Unreadable {
        /// Which.
        path: PathBuf,
        /// What the system said.
        cause: io::Error,
    },
    /// A key that does not exist.
    #[error("{}: there is no setting “{key}”{}.", path.display(), meant(nearest))]
    UnknownKey {
        /// The configuration file.
        path: PathBuf,
        /// The key.
        key: String,
        /// The known key most like it.
        nearest: Option<&'static str>,
    },
    /// A value or the file's form is wrong.
    #[error("{}: {}.", path.display(), cause.message())]
    Malformed {
        /// The configuration file.
        path: PathBuf,
        /// What the TOML reader said.
        cause: Box<toml::de::Error>,
    },
    /// There is no packet.
    #[error(
        "The file that says whose program this is (*.deskside) is missing in {}. Download the program again from the organisation that helps you and keep its files together, or name the file with --packet FILE.",
        folder.display()
    )]
    NoPacket {
        /// Where it was looked for.
        folder: PathBuf,
    },
    /// There is more than one packet.
    #[error(
        "There are {count} files *.deskside in {}. Keep the one of the organisation that helps you, or name it with --packet FILE.",
        folder.display()
    )]
    ManyPackets {
        /// Where they were found.
        folder: PathBuf,
        /// How many.
        count: usize,
    },
}

fn meant(nearest: &Option<&'static str>) -> String {
    match nearest {
        Some(key) => format!("; did you mean “{key}”?"),
        None => format!("; the settings are {}", KEYS.join(", ")),
    }
}

/// Puts command line and configuration file together.
///
/// # Errors
/// [`ConfigError`] says which file or setting is wrong and what to do; the appearance is known even then.
pub(crate) fn gather(arguments: Arguments, folders: &Folders) -> (Appearance, Result<Settings, ConfigError>) {
    let file = match &arguments.config {
        Some(path) => ConfigFile::read(path),
        None => match ConfigFile::read(&folders.config.join(FILE_NAME)) {
            Err(ConfigError::Unreadable { cause, .. }) if cause.kind() == io::ErrorKind::NotFound => {
                Ok(ConfigFile::default())
            }
            file => file,
        },
    };
    let (file, refusal) = match file {
        Ok(file) => (file, None),
        Err(refusal) => (ConfigFile::default(), Some(refusal)),
    };
    let appearance = Appearance {
        log: arguments.log.or(file.log).unwrap_or_default(),
        theme: arguments.theme.or(file.theme).unwrap_or_default(),
    };
    let settings = || {
        if let Some(refusal) = refusal {
            return Err(refusal);
        }
        Ok(Settings {
            packet: match arguments.packet.or(file.packet) {
                Some(packet) => packet,
                None => only_packet(&folders.program)?,
            },
            path: arguments.path.map(PathChoice::from).or(file.path).unwrap_or_default(),
            journal_dir: arguments
                .journal_dir
                .or(file.journal_dir)
                .unwrap_or_else(|| folders.data.join("journals")),
            roots: folders.state.join("roots.toml"),
        })
    };
    (appearance, settings())
}

impl ConfigFile {
    /// Reads a configuration file; its relative paths start at its own folder.
    fn read(path: &Path) -> Result<Self, ConfigError> {
        let text = std::fs::read_to_string(path)
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
        Ok(Self { packet: beside(file.packet), journal_dir: beside(file.journal_dir), ..file })
    }
}

fn nearest(key: &str) -> Option<&'static str> {
    let likeness = |known: &str| strsim::jaro_winkler(known, &key.to_lowercase().replace('-', "_"));
    KEYS.into_iter()
        .map(|known| (known, likeness(known)))
        .filter(|(_, likeness)| *likeness >= ALIKE)
        .max_by(|(_, one), (_, other)| one.total_cmp(other))
        .map(|(known, _)| known)
}

fn only_packet(folder: &Path) -> Result<PathBuf, ConfigError> {
    let unreadable = |cause| ConfigError::Unreadable { path: folder.to_owned(), cause };
    let mut packets = Vec::new();
    for entry in std::fs::read_dir(folder).map_err(unreadable)? {
        let path = entry.map_err(unreadable)?.path();
        if path.extension().is_some_and(|extension| extension == PACKET_EXTENSION) {
            packets.push(path);
        }
    }
    match (packets.pop(), packets.len()) {
        (None, _) => Err(ConfigError::NoPacket { folder: folder.to_owned() }),
        (Some(packet), 0) => Ok(packet),
        (Some(_), others) => Err(ConfigError::ManyPackets { folder: folder.to_owned(), count: others + 1 }),
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    struct Home {
        _folder: tempfile::TempDir,
        folders: Folders,
    }

    fn home() -> Home {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().to_owned();
        let program = path.join("program");
        let folders = Folders::of(program, |name| (name == "HOME").then(|| path.clone())).unwrap();
        std::fs::create_dir_all(&folders.config).unwrap();
        std::fs::create_dir_all(&folders.program).unwrap();
        Home { _folder: folder, folders }
    }

    fn settings(home: &Home, arguments: &[&str]) -> Result<Settings, ConfigError> {
        let all = ["deskside-customer"].iter().chain(arguments);
        gather(Arguments::try_parse_from(all).unwrap(), &home.folders).1
    }

    fn refusal(config: &str) -> String {
        let home = home();
        std::fs::write(home.folders.config.join(FILE_NAME), config).unwrap();
        settings(&home, &["--packet", "x"]).unwrap_err().to_string()
    }

    #[test]
    fn the_command_line_is_well_formed() {
        Arguments::command().debug_assert();
    }

    #[test]
    fn the_only_packet_beside_the_program_is_taken() {
        let home = home();
        let none = settings(&home, &[]).unwrap_err().to_string();
        assert!(none.contains("is missing") && none.contains("--packet"), "{none}");
        let packet = home.folders.program.join("help.deskside");
        std::fs::write(&packet, "").unwrap();
        assert_eq!(settings(&home, &[]).unwrap().packet, packet);
        std::fs::write(home.folders.program.join("more.deskside"), "").unwrap();
        assert!(settings(&home, &[]).unwrap_err().to_string().contains("There are 2 files"));
    }

    #[test]
    fn the_file_is_read_and_the_command_line_wins() {
        let home = home();
        let text = "packet = \"a.deskside\"\npath = \"tls\"\njournal_dir = \"/j\"\ntheme = \"dark\"\nlog = \"json\"\n";
        std::fs::write(home.folders.config.join(FILE_NAME), text).unwrap();
        let arguments = Arguments::try_parse_from(["deskside-customer", "--path", "udp"]).unwrap();
        let (appearance, settings) = gather(arguments, &home.folders);
        assert_eq!(appearance, Appearance { log: LogForm::Json, theme: Theme::Dark });
        let expected = Settings {
            packet: home.folders.config.join("a.deskside"),
            path: PathChoice::Udp,
            journal_dir: "/j".into(),
            roots: home.folders.state.join("roots.toml"),
        };
        assert_eq!(settings.unwrap(), expected);
    }

    #[test]
    fn an_unknown_key_is_refused_and_the_nearest_named() {
        for (key, meant) in [("journal-dir", "journal_dir"), ("Packt", "packet"), ("pth", "path")] {
            let text = refusal(&format!("{key} = \"x\"\n"));
            assert!(text.contains(&format!("did you mean “{meant}”?")), "{text}");
        }
        assert!(refusal("zoo = 1\n").contains("the settings are journal_dir, log, packet, path, theme"));
    }

    /// T19: no setting makes the program answer for the person, hide, or start by itself.
    #[test]
    fn t19_no_setting_takes_the_persons_place() {
        for key in ["unattended", "auto_accept", "hidden", "autostart", "no_panel", "allow_all", "consent"] {
            assert!(refusal(&format!("{key} = true\n")).contains("there is no setting"), "{key}");
        }
        let command = Arguments::command();
        let flags: Vec<_> = command.get_arguments().map(|flag| flag.get_id().to_string()).collect();
        let known = ["packet", "config", "path", "journal_dir", "log", "theme", "let_go"];
        assert!(flags.iter().all(|flag| known.contains(&flag.as_str())), "{flags:?}");
    }

    #[test]
    fn a_wrong_value_or_file_says_where() {
        assert!(refusal("path = \"pigeon\"\n").contains("pigeon"));
        assert!(refusal("path =\n").contains("customer.toml"));
        let missing = settings(&home(), &["--config", "/nowhere/x.toml"]).unwrap_err().to_string();
        assert!(missing.starts_with("/nowhere/x.toml cannot be read"), "{missing}");
    }
}
