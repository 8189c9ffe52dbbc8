//! Settings: the command line and an optional configuration file, put together and checked before anything
//! else happens. The command line wins.

use std::path::PathBuf;

use clap::Parser;
use deskside_net::PathChoice;
use deskside_ui::ThemeChoice;
use deskside_ui::program::log::LogForm;
use deskside_ui::program::settings::{CommonOptions, ConfigFile, Folder, SettingsError};
use serde::Deserialize;

use crate::packets;

const FILE_NAME: &str = "customer.toml";

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
    /// The way to the organisation's relay: auto (UDP where it gets through, otherwise TLS), tls or udp [default: auto]
    #[arg(long, value_name = "PATH")]
    pub(crate) path: Option<PathChoice>,
    /// What both programs have.
    #[command(flatten)]
    pub(crate) common: CommonOptions,
    /// Internal: lets go of keys should the main process be killed; reads what to let go of from standard input.
    // Its name stands in `deskside_party::sharing` as well, which starts that process.
    #[arg(long, hide = true)]
    pub(crate) let_go: bool,
}

/// The configuration file as it is written.
#[derive(Debug, Default, Deserialize)]
struct File {
    packet: Option<PathBuf>,
    path: Option<PathChoice>,
    #[serde(flatten)]
    common: CommonOptions,
}

impl ConfigFile for File {
    const KEYS: &'static [&'static str] = &["journal_dir", "log", "packet", "path", "theme"];

    fn paths(&mut self) -> [&mut Option<PathBuf>; 2] {
        [&mut self.packet, &mut self.common.journal_dir]
    }
}

/// The folders of the person who uses the program, and the program's own.
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
    /// [`SettingsError::NoHome`] if the environment names neither them nor a home folder.
    pub(crate) fn of(
        program: PathBuf,
        variable: impl Fn(&str) -> Option<PathBuf>,
    ) -> Result<Self, SettingsError> {
        Ok(Self {
            program,
            config: Folder::Config.find(&variable)?,
            data: Folder::Data.find(&variable)?,
            state: Folder::State.find(&variable)?,
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
    pub(crate) theme: ThemeChoice,
}

/// Puts command line and configuration file together.
///
/// # Errors
/// What is wrong and what to do, in words for the customer; the appearance is known even then.
pub(crate) fn gather(arguments: Arguments, folders: &Folders) -> (Appearance, anyhow::Result<Settings>) {
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
            packet: match arguments.packet.or(file.packet) {
                Some(packet) => packet,
                None => packets::only_one(&folders.program)?,
            },
            path: arguments.path.or(file.path).unwrap_or_default(),
            journal_dir: common.journal_dir.unwrap_or_else(|| folders.data.join("journals")),
            roots: folders.state.join("roots.toml"),
        })
    };
    (appearance, settings())
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

    fn settings(home: &Home, arguments: &[&str]) -> anyhow::Result<Settings> {
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

    /// The second process is this program with that option.
    #[test]
    fn the_watchdogs_option_is_known() {
        let all = ["deskside-customer", deskside_party::sharing::LET_GO];
        assert!(Arguments::try_parse_from(all).unwrap().let_go);
    }

    #[test]
    fn the_only_packet_beside_the_program_is_taken() {
        let home = home();
        assert!(settings(&home, &[]).unwrap_err().to_string().contains("is missing"));
        let packet = home.folders.program.join("help.deskside");
        std::fs::write(&packet, "").unwrap();
        assert_eq!(settings(&home, &[]).unwrap().packet, packet);
    }

    #[test]
    fn the_file_is_read_and_the_command_line_wins() {
        let home = home();
        let text = "packet = \"a.deskside\"\npath = \"tls\"\njournal_dir = \"/j\"\ntheme = \"dark\"\nlog = \"json\"\n";
        std::fs::write(home.folders.config.join(FILE_NAME), text).unwrap();
        let arguments = Arguments::try_parse_from(["deskside-customer", "--path", "udp"]).unwrap();
        let (appearance, settings) = gather(arguments, &home.folders);
        assert_eq!(appearance, Appearance { log: LogForm::Json, theme: ThemeChoice::Dark });
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
