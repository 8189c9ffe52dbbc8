//! The applications that have windows, for the person who chooses among them.

use std::collections::{BTreeMap, BTreeSet};

use deskside_session::ApplicationId;
use x11rb::protocol::xproto::{AtomEnum, ConnectionExt as _, Window};
use x11rb::rust_connection::RustConnection;

use super::owner::{Kind, Owner};
use super::process::{self, Processes};
use super::{Atoms, TopLevel, Windows};
use crate::PlatformError;

/// Most characters of a name or title.
const MAX_TEXT: usize = 120;
/// Most titles of one application.
const MAX_TITLES: usize = 16;
/// Most units of four bytes that are asked of a property.
const MAX_PROPERTY: u32 = 256;

/// What control of an application brings within reach.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Risk {
    /// Any command of the customer's account.
    Terminal,
    /// All files of the customer's account, and through them other programs.
    FileManager,
    /// Accounts on the web, and files that are loaded up or down.
    Browser,
}

/// An application with windows on the display.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Application {
    /// Its number for a scope.
    pub id: ApplicationId,
    /// What its windows call it, or its process. From foreign programs, but without control characters and
    /// not long.
    pub name: String,
    /// The titles of its windows, as the name; not all if there are many.
    pub titles: Vec<String>,
    /// What control of it brings within reach, as far as known by its name.
    pub risk: Option<Risk>,
}

/// Programs by window class and process name, in small letters.
const RISKS: [(Risk, &[&str]); 3] = [
    (
        Risk::Terminal,
        &[
            "alacritty",
            "console",
            "foot",
            "ghostty",
            "gnome-terminal",
            "guake",
            "kgx",
            "kitty",
            "konsole",
            "lxterminal",
            "mate-terminal",
            "ptyxis",
            "qterminal",
            "rxvt",
            "sakura",
            "st",
            "terminal",
            "terminator",
            "terminology",
            "tilix",
            "urxvt",
            "wezterm",
            "xfce4-terminal",
            "xterm",
            "yakuake",
        ],
    ),
    (
        Risk::FileManager,
        &[
            "caja",
            "dolphin",
            "doublecmd",
            "krusader",
            "nautilus",
            "nemo",
            "org.gnome.nautilus",
            "pcmanfm",
            "pcmanfm-qt",
            "spacefm",
            "thunar",
            "xfe",
        ],
    ),
    (
        Risk::Browser,
        &[
            "brave",
            "brave-browser",
            "chrome",
            "chromium",
            "chromium-browser",
            "epiphany",
            "falkon",
            "firefox",
            "firefox-esr",
            "google-chrome",
            "konqueror",
            "librewolf",
            "microsoft-edge",
            "opera",
            "vivaldi",
        ],
    ),
];

/// What is known of programs by these names.
fn risk(names: &[&str]) -> Option<Risk> {
    let names: Vec<String> = names.iter().map(|name| name.to_lowercase()).collect();
    let is_known = |known: &&str| {
        names.iter().any(|name| {
            // `gnome-terminal-server` runs the windows of `gnome-terminal`.
            name.strip_prefix(*known).is_some_and(|rest| rest.is_empty() || rest.starts_with(['-', '.']))
                || name.rsplit('.').next() == Some(*known)
        })
    };
    RISKS.into_iter().find_map(|(risk, known)| known.iter().any(&is_known).then_some(risk))
}

/// A foreign text for a person: one line, nothing that turns or hides letters, not long.
pub(in crate::x11) fn clean(text: &str) -> String {
    let is_harmless = |letter: &char| {
        !letter.is_control()
            && !matches!(letter, '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}')
            && !matches!(letter, '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}')
    };
    let spaced = text.split_whitespace().collect::<Vec<_>>().join(" ");
    spaced.chars().filter(is_harmless).take(MAX_TEXT).collect()
}

/// All applications with windows, but for this process itself, in the order of their names.
pub(in crate::x11) fn list(
    connection: &RustConnection,
    root: Window,
    processes: &Processes,
) -> Result<Vec<Application>, PlatformError> {
    let mut windows = Windows::new(connection, root, processes.clone())?;
    windows.refresh(connection)?;
    let mut clients: BTreeMap<ApplicationId, Vec<Window>> = BTreeMap::new();
    for top in windows.tops.values().filter(|top| top.is_known && top.kind == Kind::Ordinary) {
        let Owner::Applications(_) = top.owner else { continue };
        for (application, window) in clients_of(top) {
            clients.entry(application).or_default().push(window);
        }
    }
    let mut applications = Vec::with_capacity(clients.len());
    for (id, windows_of_it) in clients {
        applications.push(describe(connection, &windows.atoms, processes, id, &windows_of_it)?);
    }
    applications.sort_by(|this, other| (&this.name, this.id).cmp(&(&other.name, other.id)));
    Ok(applications)
}

/// A top-level window's windows that people know as an application's own.
fn clients_of(top: &TopLevel) -> Vec<(ApplicationId, Window)> {
    let mut clients = top.inner.iter().filter(|inner| inner.part.is_client).peekable();
    let itself = top.inner.first().filter(|itself| top.is_seen() && !itself.is_override_redirect);
    let itself = if clients.peek().is_none() { itself } else { None };
    clients.chain(itself).filter_map(|inner| Some((inner.part.application?, inner.window))).collect()
}

fn describe(
    connection: &RustConnection,
    atoms: &Atoms,
    processes: &Processes,
    id: ApplicationId,
    windows: &[Window],
) -> Result<Application, PlatformError> {
    let text = |window: Window, name: u32| -> Result<Option<Vec<u8>>, PlatformError> {
        let property = connection.get_property(false, window, name, AtomEnum::ANY, 0, MAX_PROPERTY)?;
        // Of a window that went away meanwhile there is none.
        let property = property.reply().ok().filter(|property| property.format == 8);
        Ok(property.map(|property| property.value).filter(|value| !value.is_empty()))
    };
    let mut class = None;
    let mut titles = BTreeSet::new();
    for window in windows {
        if class.is_none() {
            // Two texts, each with a NUL behind it: the instance's name and the class.
            let property = text(*window, AtomEnum::WM_CLASS.into())?.unwrap_or_default();
            let mut names = property.split(|byte| *byte == 0).filter(|name| !name.is_empty());
            class = names.next_back().map(latin1);
        }
        let title = match text(*window, atoms._NET_WM_NAME)? {
            Some(title) => Some(String::from_utf8_lossy(&title).into_owned()),
            None => text(*window, AtomEnum::WM_NAME.into())?.map(|title| latin1(&title)),
        };
        titles.extend(title.map(|title| clean(&title)).filter(|title| !title.is_empty()));
    }
    let process = processes.pid(id).and_then(process::name);
    let risk = risk(&[class.as_deref(), process.as_deref()].into_iter().flatten().collect::<Vec<_>>());
    let names = [class, process].into_iter().flatten().map(|name| clean(&name));
    let name = names.into_iter().find(|name| !name.is_empty());
    let name = name.unwrap_or_else(|| format!("Application {}", id.0));
    Ok(Application { id, name, titles: titles.into_iter().take(MAX_TITLES).collect(), risk })
}

/// Older properties are in Latin-1; newer programs write UTF-8 into them all the same.
fn latin1(bytes: &[u8]) -> String {
    std::str::from_utf8(bytes)
        .map_or_else(|_| bytes.iter().map(|byte| char::from(*byte)).collect(), str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::{MAX_TEXT, Risk, clean, latin1, risk};

    #[test]
    fn foreign_texts_are_harmless() {
        assert_eq!(clean("Bank\u{202e}gnp.\u{2066}exe\n\x1b[31m\u{200b}  now"), "Bankgnp.exe [31m now");
        assert_eq!(clean(&"x".repeat(5000)).len(), MAX_TEXT);
        assert_eq!(clean("\u{200f}\u{feff}"), "");
        assert_eq!(latin1(b"K\xfcche"), "Küche");
        assert_eq!(latin1("Küche".as_bytes()), "Küche");
    }

    #[test]
    fn dangerous_programs_are_known_by_name() {
        for (names, expected) in [
            (["XTerm", "xterm"], Some(Risk::Terminal)),
            (["Gnome-terminal", "gnome-terminal-"], Some(Risk::Terminal)),
            (["org.kde.konsole", "konsole"], Some(Risk::Terminal)),
            (["Org.gnome.Nautilus", "nautilus"], Some(Risk::FileManager)),
            (["Letters", "pcmanfm"], Some(Risk::FileManager)),
            (["Navigator", "firefox-esr"], Some(Risk::Browser)),
            (["Stellarium", "stellarium"], None),
            (["Editor", "gedit"], None),
        ] {
            assert_eq!(risk(&names), expected, "{names:?}");
        }
    }
}
