//! Keycodes that make nothing in the sharer's layout, borrowed for characters that its layout lacks.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use x11rb::protocol::xproto::{ConnectionExt as _, Keycode, Keysym};
use x11rb::rust_connection::RustConnection;
use x11rb::wrapper::ConnectionExt as _;

use super::keymap::{Keymap, Place};
use crate::PlatformError;

/// Borrowed at one time, at most: the rest is left to the sharer's own tools.
const MAX_BORROWED: usize = 32;
/// How long a program may take to look up what a key makes after the key was pressed. A keycode keeps its
/// meaning at least this long after its last use, because X does not say when a program has looked.
const SETTLE: Duration = Duration::from_millis(250);
/// Levels and groups that are given the same meaning, so that no modifier changes it: two of each.
const COLUMNS: u8 = 4;

#[derive(Debug)]
struct Borrowed {
    keysym: Keysym,
    used: Instant,
}

/// The borrowed keycodes.
#[derive(Debug, Default)]
pub(super) struct Spares(BTreeMap<Keycode, Borrowed>);

impl Spares {
    /// The keycode that already makes this, to be pressed now.
    pub(super) fn find(&mut self, keysym: Keysym) -> Option<Keycode> {
        let (keycode, borrowed) = self.0.iter_mut().find(|(_, borrowed)| borrowed.keysym == keysym)?;
        borrowed.used = Instant::now();
        Some(*keycode)
    }

    pub(super) fn contains(&self, keycode: Keycode) -> bool {
        self.0.contains_key(&keycode)
    }

    pub(super) fn keycodes(&self) -> Vec<Keycode> {
        self.0.keys().copied().collect()
    }

    /// The keycode to take for another meaning: a free one, or the one used least recently, for which it
    /// waits until programs have seen its old meaning.
    pub(super) fn choose(&self, keymap: &Keymap, held: impl Fn(Keycode) -> bool) -> Option<Keycode> {
        if self.0.len() < MAX_BORROWED
            && let Some(free) = keymap.unused().filter(|keycode| !self.contains(*keycode)).last()
        {
            return Some(free);
        }
        let idle = self.0.iter().filter(|(keycode, _)| !held(**keycode));
        let (keycode, borrowed) = idle.min_by_key(|(_, borrowed)| borrowed.used)?;
        std::thread::sleep(SETTLE.saturating_sub(borrowed.used.elapsed()));
        Some(*keycode)
    }

    /// Gives a keycode this meaning.
    pub(super) fn borrow(
        &mut self,
        connection: &RustConnection,
        keycode: Keycode,
        keysym: Keysym,
    ) -> Result<(), PlatformError> {
        connection.change_keyboard_mapping(1, keycode, COLUMNS, &[keysym; COLUMNS as usize])?.check()?;
        self.0.insert(keycode, Borrowed { keysym, used: Instant::now() });
        Ok(())
    }

    /// Forgets the keycodes that another layout has since given another meaning, and says which.
    pub(super) fn forget_replaced(&mut self, keymap: &Keymap) -> Vec<Keycode> {
        let keeps =
            |keycode: Keycode, keysym: Keysym| keymap.symbol(Place { keycode, group: 0, level: 0 }) == keysym;
        let replaced = self.0.iter().filter(|(keycode, borrowed)| !keeps(**keycode, borrowed.keysym));
        let replaced: Vec<Keycode> = replaced.map(|(keycode, _)| *keycode).collect();
        for keycode in &replaced {
            self.0.remove(keycode);
        }
        replaced
    }

    /// Gives everything back, after programs have had the time to see what the keys meant.
    pub(super) fn give_back(&mut self, connection: &RustConnection) -> Result<(), PlatformError> {
        let borrowed = std::mem::take(&mut self.0);
        let Some(last) = borrowed.values().map(|borrowed| borrowed.used).max() else { return Ok(()) };
        std::thread::sleep(SETTLE.saturating_sub(last.elapsed()));
        give_back(connection, borrowed.iter().map(|(keycode, borrowed)| (*keycode, borrowed.keysym)))
    }
}

/// Makes keycodes mean nothing again, unless somebody has meanwhile given them yet another meaning.
pub(super) fn give_back(
    connection: &RustConnection,
    borrowed: impl Iterator<Item = (Keycode, Keysym)>,
) -> Result<(), PlatformError> {
    for (keycode, keysym) in borrowed {
        let now = connection.get_keyboard_mapping(keycode, 1)?.reply()?;
        if now.keysyms.first() == Some(&keysym) {
            connection.change_keyboard_mapping(1, keycode, 1, &[0])?;
        }
    }
    connection.sync()?;
    Ok(())
}

/// Waits until programs have had the time to see what borrowed keycodes meant, then gives them back.
pub(super) fn give_back_later(
    connection: &RustConnection,
    borrowed: &BTreeMap<Keycode, Keysym>,
) -> Result<(), PlatformError> {
    if borrowed.is_empty() {
        return Ok(());
    }
    std::thread::sleep(SETTLE);
    give_back(connection, borrowed.iter().map(|(keycode, keysym)| (*keycode, *keysym)))
}
