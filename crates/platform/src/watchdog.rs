//! Letting go even after `kill -9`.
//!
//! A killed program leaves its keys pressed and its borrowed keycodes borrowed: the display does not know
//! that they were only for a moment. So the injecting program starts a second, tiny process and tells it
//! through a pipe what there is to undo. When the pipe ends, for whatever reason, that process undoes what
//! is left and ends as well.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::io::{self, BufRead, Write};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::str::FromStr;

/// One thing that is to be undone later, or no longer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Note {
    /// A key (X keycode) is about to be pressed, or has been released.
    Key { keycode: u8, down: bool },
    /// A button is about to be pressed, or has been released.
    Button { button: u8, down: bool },
    /// A keycode that made nothing is about to make this keysym, or (0) makes nothing again.
    Borrowed { keycode: u8, keysym: u32 },
    /// A keyboard of XTEST (its device id) is about not to repeat held keys, or does again.
    Quiet { keyboard: u8, quiet: bool },
    /// Locked modifiers and group are about to be changed for a moment; this is what they were.
    Locks { modifiers: u8, group: u8 },
    /// They are what they were.
    LocksRestored,
}

impl fmt::Display for Note {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Key { keycode, down } => write!(f, "key {keycode} {}", u8::from(*down)),
            Self::Button { button, down } => write!(f, "button {button} {}", u8::from(*down)),
            Self::Borrowed { keycode, keysym } => write!(f, "borrowed {keycode} {keysym}"),
            Self::Quiet { keyboard, quiet } => write!(f, "quiet {keyboard} {}", u8::from(*quiet)),
            Self::Locks { modifiers, group } => write!(f, "locks {modifiers} {group}"),
            Self::LocksRestored => write!(f, "restored 0 0"),
        }
    }
}

/// A line that is no note.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("no note of what to undo: {0:?}")]
pub struct NoteError(String);

impl FromStr for Note {
    type Err = NoteError;

    fn from_str(line: &str) -> Result<Self, NoteError> {
        let parse = || {
            let mut words = line.split(' ');
            let (word, first, second) = (words.next()?, words.next()?, words.next()?);
            if words.next().is_some() {
                return None;
            }
            let first: u8 = first.parse().ok()?;
            let second: u32 = second.parse().ok()?;
            match word {
                "key" => Some(Self::Key { keycode: first, down: second != 0 }),
                "button" => Some(Self::Button { button: first, down: second != 0 }),
                "borrowed" => Some(Self::Borrowed { keycode: first, keysym: second }),
                "quiet" => Some(Self::Quiet { keyboard: first, quiet: second != 0 }),
                "locks" => Some(Self::Locks { modifiers: first, group: u8::try_from(second).ok()? }),
                "restored" => Some(Self::LocksRestored),
                _ => None,
            }
        };
        parse().ok_or_else(|| NoteError(line.to_owned()))
    }
}

/// All that is left to undo.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub(crate) struct Undo {
    pub(crate) keys: BTreeSet<u8>,
    pub(crate) buttons: BTreeSet<u8>,
    pub(crate) borrowed: BTreeMap<u8, u32>,
    pub(crate) quiet: BTreeSet<u8>,
    pub(crate) locks: Option<(u8, u8)>,
}

impl Undo {
    pub(crate) fn take(&mut self, note: Note) {
        match note {
            Note::Key { keycode, down: true } => drop(self.keys.insert(keycode)),
            Note::Key { keycode, down: false } => drop(self.keys.remove(&keycode)),
            Note::Button { button, down: true } => drop(self.buttons.insert(button)),
            Note::Button { button, down: false } => drop(self.buttons.remove(&button)),
            Note::Borrowed { keycode, keysym: 0 } => drop(self.borrowed.remove(&keycode)),
            Note::Borrowed { keycode, keysym } => drop(self.borrowed.insert(keycode, keysym)),
            Note::Quiet { keyboard, quiet: true } => drop(self.quiet.insert(keyboard)),
            Note::Quiet { keyboard, quiet: false } => drop(self.quiet.remove(&keyboard)),
            Note::Locks { modifiers, group } => self.locks = Some((modifiers, group)),
            Note::LocksRestored => self.locks = None,
        }
    }

    pub(crate) fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

/// The second process, as the injecting one sees it. Dropping it lets that process end, and waits for it.
#[derive(Debug)]
pub struct Watchdog {
    child: Child,
    pipe: Option<ChildStdin>,
}

impl Watchdog {
    /// Starts the process, which has to call [`run`] with its standard input.
    ///
    /// # Errors
    /// What starting a process can fail with.
    pub fn start(mut command: Command) -> io::Result<Self> {
        own_group(&mut command);
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::null()).spawn()?;
        let pipe = child.stdin.take();
        Ok(Self { child, pipe })
    }

    /// Tells it something, before that is done.
    pub(crate) fn note(&mut self, note: Note) {
        let Some(pipe) = &mut self.pipe else { return };
        if let Err(error) = pipe.write_all(format!("{note}\n").as_bytes()) {
            tracing::warn!(%error, "the process that lets go of keys is gone");
            self.pipe = None;
        }
    }
}

impl Drop for Watchdog {
    fn drop(&mut self) {
        self.pipe = None;
        if let Err(error) = self.child.wait() {
            tracing::warn!(%error, "cannot wait for the process that lets go of keys");
        }
    }
}

/// A signal from the terminal to this process's group must not reach the process that cleans up after it.
fn own_group(command: &mut Command) {
    std::os::unix::process::CommandExt::process_group(command, 0);
}

/// The second process's whole work: reads notes until they end, then undoes on that display what is left.
///
/// # Errors
/// What reading can fail with; a line that is no note, or a display that is gone, as
/// [`io::ErrorKind::InvalidData`] and [`io::ErrorKind::Other`]. What was noted before is undone anyway.
pub fn run(display: Option<&str>, notes: impl BufRead) -> io::Result<()> {
    let mut undo = Undo::default();
    let outcome = notes.lines().try_for_each(|line| {
        undo.take(line?.parse().map_err(|error| io::Error::new(io::ErrorKind::InvalidData, error))?);
        Ok(())
    });
    if !undo.is_empty() {
        crate::x11::undo(display, &undo).map_err(io::Error::other)?;
    }
    outcome
}

#[cfg(test)]
mod tests {
    use super::{Note, Undo};

    const NOTES: [Note; 10] = [
        Note::Key { keycode: 38, down: true },
        Note::Key { keycode: 38, down: false },
        Note::Button { button: 1, down: true },
        Note::Button { button: 1, down: false },
        Note::Borrowed { keycode: 250, keysym: 0x0100_2713 },
        Note::Borrowed { keycode: 250, keysym: 0 },
        Note::Quiet { keyboard: 5, quiet: true },
        Note::Quiet { keyboard: 5, quiet: false },
        Note::Locks { modifiers: 2, group: 1 },
        Note::LocksRestored,
    ];

    #[test]
    fn notes_survive_the_pipe() {
        for note in NOTES {
            assert_eq!(note.to_string().parse(), Ok(note));
        }
        for line in ["", "key", "key 1", "key 1 2 3", "key 300 1", "door 1 1", "locks 1 256"] {
            assert!(line.parse::<Note>().is_err(), "{line}");
        }
    }

    #[test]
    fn what_is_undone_again_leaves_nothing_to_undo() {
        let mut undo = Undo::default();
        for pair in NOTES.chunks(2) {
            undo.take(pair[0]);
            assert!(!undo.is_empty(), "{pair:?}");
            undo.take(pair[1]);
            assert!(undo.is_empty(), "{pair:?}");
        }
    }
}
