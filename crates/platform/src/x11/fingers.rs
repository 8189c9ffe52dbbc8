//! The injector's fingers: presses by XTEST, remembers what is down, and can always let go.

use std::collections::BTreeSet;

use deskside_session::{Control, Grant};
use x11rb::connection::Connection as _;
use x11rb::protocol::xkb::{AXOption, BoolCtrl, ConnectionExt as _, Control as XkbControl, VMod};
use x11rb::protocol::xproto::{
    BUTTON_PRESS_EVENT, BUTTON_RELEASE_EVENT, KEY_PRESS_EVENT, KEY_RELEASE_EVENT, Keycode,
    MOTION_NOTIFY_EVENT, ModMask, Window,
};
use x11rb::protocol::xtest::ConnectionExt as _;
use x11rb::rust_connection::RustConnection;
use x11rb::wrapper::ConnectionExt as _;

use super::devices;
use super::keymap::{Modifiers, State, core_keyboard};
use crate::watchdog::{Note, Undo, Watchdog};
use crate::{InjectError, PlatformError};

/// Keys and buttons that are down, and locks that are changed for a moment.
#[derive(Debug)]
pub(super) struct Fingers {
    pub(super) connection: RustConnection,
    root: Window,
    watchdog: Option<Watchdog>,
    keys: BTreeSet<Keycode>,
    buttons: BTreeSet<u8>,
    /// Keyboards of XTEST that are kept from repeating.
    quiet: BTreeSet<u8>,
}

impl Fingers {
    pub(super) fn new(
        connection: RustConnection,
        root: Window,
        watchdog: Option<Watchdog>,
    ) -> Result<Self, PlatformError> {
        let mut fingers = Self {
            connection,
            root,
            watchdog,
            keys: BTreeSet::new(),
            buttons: BTreeSet::new(),
            quiet: BTreeSet::new(),
        };
        fingers.keep_quiet()?;
        Ok(fingers)
    }

    /// Keys held through XTEST do not repeat by themselves from now on: the operator's own keyboard
    /// repeats, and an outage must not leave Delete repeating. No real keyboard is concerned.
    fn keep_quiet(&mut self) -> Result<(), PlatformError> {
        for keyboard in devices::xtest_keyboards(&self.connection)? {
            let controls = self.connection.xkb_get_controls(keyboard.into())?.reply()?;
            if u32::from(controls.enabled_controls) & u32::from(BoolCtrl::REPEAT_KEYS) != 0 {
                self.note(Note::Quiet { keyboard, quiet: true });
                self.quiet.insert(keyboard);
                set_repeating(&self.connection, keyboard, false)?;
            }
        }
        Ok(())
    }

    /// Lets XTEST's keyboards repeat again: other programs may count on it.
    pub(super) fn stop_keeping_quiet(&mut self) -> Result<(), PlatformError> {
        while let Some(keyboard) = self.quiet.pop_first() {
            set_repeating(&self.connection, keyboard, true)?;
            self.note(Note::Quiet { keyboard, quiet: false });
        }
        Ok(self.connection.sync()?)
    }

    /// Whether a button is down.
    pub(super) fn holds_button(&self) -> bool {
        !self.buttons.is_empty()
    }

    /// Lets go of every button that is down.
    pub(super) fn release_buttons(&mut self) -> Result<(), PlatformError> {
        while let Some(button) = self.buttons.first().copied() {
            self.release_button(button)?;
        }
        Ok(())
    }

    /// Keys that are down.
    pub(super) fn keys(&self) -> &BTreeSet<Keycode> {
        &self.keys
    }

    pub(super) fn move_to(&self, grant: &Grant<Control>, x: i16, y: i16) -> Result<(), InjectError> {
        grant.check()?;
        Ok(self.fake(MOTION_NOTIFY_EVENT, 0, x, y)?)
    }

    pub(super) fn press_button(&mut self, grant: &Grant<Control>, button: u8) -> Result<(), InjectError> {
        self.note(Note::Button { button, down: true });
        grant.check()?;
        self.buttons.insert(button);
        Ok(self.fake(BUTTON_PRESS_EVENT, button, 0, 0)?)
    }

    pub(super) fn release_button(&mut self, button: u8) -> Result<(), PlatformError> {
        if self.buttons.remove(&button) {
            self.fake(BUTTON_RELEASE_EVENT, button, 0, 0)?;
            self.note(Note::Button { button, down: false });
        }
        Ok(())
    }

    /// Presses a key. If it is down, it comes up first: the server ignores a press of a pressed key, and a
    /// program sees a held key's repetitions as releases and presses anyway.
    pub(super) fn press_key(&mut self, grant: &Grant<Control>, keycode: Keycode) -> Result<(), InjectError> {
        self.release_key(keycode)?;
        self.note(Note::Key { keycode, down: true });
        grant.check()?;
        self.keys.insert(keycode);
        Ok(self.fake(KEY_PRESS_EVENT, keycode, 0, 0)?)
    }

    pub(super) fn release_key(&mut self, keycode: Keycode) -> Result<(), PlatformError> {
        if self.keys.remove(&keycode) {
            self.fake(KEY_RELEASE_EVENT, keycode, 0, 0)?;
            self.note(Note::Key { keycode, down: false });
        }
        Ok(())
    }

    /// Changes locked modifiers and group for a moment; [`Fingers::restore_locks`] must follow.
    pub(super) fn change_locks(
        &mut self,
        grant: &Grant<Control>,
        before: State,
        modifiers: Modifiers,
        group: u8,
    ) -> Result<(), InjectError> {
        self.note(Note::Locks { modifiers: before.locked, group: before.locked_group });
        grant.check()?;
        Ok(set_locks(&self.connection, modifiers, group)?)
    }

    pub(super) fn restore_locks(&mut self, before: State) -> Result<(), PlatformError> {
        set_locks(&self.connection, before.locked, before.locked_group)?;
        self.note(Note::LocksRestored);
        Ok(())
    }

    pub(super) fn note(&mut self, note: Note) {
        if let Some(watchdog) = &mut self.watchdog {
            watchdog.note(note);
        }
    }

    /// Lets go of every key that is down.
    pub(super) fn release_keys(&mut self) -> Result<(), PlatformError> {
        while let Some(keycode) = self.keys.last().copied() {
            self.release_key(keycode)?;
        }
        Ok(())
    }

    fn fake(&self, kind: u8, detail: u8, x: i16, y: i16) -> Result<(), PlatformError> {
        self.connection.xtest_fake_input(kind, detail, x11rb::CURRENT_TIME, self.root, x, y, 0)?;
        // At once: what waited in a buffer would come after a revocation that the check has not seen.
        Ok(self.connection.flush()?)
    }
}

fn set_repeating(connection: &RustConnection, keyboard: u8, repeating: bool) -> Result<(), PlatformError> {
    let (none, no_virtual) = (ModMask::from(0u16), VMod::from(0u16));
    let (repeat, no_option, no_control) = (BoolCtrl::REPEAT_KEYS, AXOption::from(0u16), BoolCtrl::from(0u32));
    let enabled = if repeating { repeat } else { no_control };
    connection.xkb_set_controls(
        keyboard.into(),
        none,
        none,
        none,
        none,
        no_virtual,
        no_virtual,
        no_virtual,
        no_virtual,
        0,
        0,
        no_option,
        repeat,
        enabled,
        XkbControl::from(0u32),
        0,
        0,
        0,
        0,
        0,
        0,
        0,
        0,
        0,
        0,
        no_control,
        no_control,
        no_option,
        no_option,
        &[0; 32],
    )?;
    Ok(())
}

fn set_locks(connection: &RustConnection, modifiers: Modifiers, group: u8) -> Result<(), PlatformError> {
    let (all, locked) = (ModMask::from(0xffu16), ModMask::from(u16::from(modifiers)));
    let no_latch = ModMask::from(0u16);
    connection.xkb_latch_lock_state(core_keyboard(), all, locked, true, group.into(), no_latch, false, 0)?;
    Ok(())
}

/// Undoes on a fresh connection what a killed process had done.
pub(super) fn undo(connection: &RustConnection, root: Window, undo: &Undo) -> Result<(), PlatformError> {
    let fake = |kind, detail| -> Result<(), PlatformError> {
        connection.xtest_fake_input(kind, detail, x11rb::CURRENT_TIME, root, 0, 0, 0)?;
        Ok(())
    };
    for button in &undo.buttons {
        fake(BUTTON_RELEASE_EVENT, *button)?;
    }
    for keycode in &undo.keys {
        fake(KEY_RELEASE_EVENT, *keycode)?;
    }
    for keyboard in &undo.quiet {
        set_repeating(connection, *keyboard, true)?;
    }
    if let Some((modifiers, group)) = undo.locks {
        set_locks(connection, modifiers, group)?;
    }
    connection.sync()?;
    super::spare::give_back_later(connection, &undo.borrowed)
}
