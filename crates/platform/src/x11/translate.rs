//! What the operator's keys mean: characters first, with dead keys, AltGr and Compose applied here; keys
//! by name where they make none, and everywhere while Ctrl, Alt or Super is held. Pure.

use std::collections::BTreeMap;

use deskside_proto::input::InputEvent;
use x11rb::protocol::xproto::{Keycode, Keysym};

use super::compose::{Compose, Composed};
use super::keymap::{Keymap, LOCK, Modifiers};
use super::keysym;

/// An X keycode and the evdev code of the same key differ by this.
const EVDEV_OFFSET: u8 = 8;
/// A tap is no longer than this, in milliseconds; whoever holds right Ctrl longer means Ctrl.
const TAP: u32 = 500;

/// What a key event meant.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub(super) struct Meaning {
    pub(super) events: Vec<InputEvent>,
    /// Right Ctrl was tapped.
    pub(super) escape: bool,
}

impl From<InputEvent> for Meaning {
    fn from(event: InputEvent) -> Self {
        Self { events: vec![event], escape: false }
    }
}

/// A key event as the display reports it.
#[derive(Debug, Clone, Copy)]
pub(super) struct KeyEvent {
    pub(super) keycode: Keycode,
    /// In effect before the event.
    pub(super) modifiers: Modifiers,
    /// In effect before the event.
    pub(super) group: u8,
    /// The display's clock, in milliseconds; it wraps around.
    pub(super) time: u32,
}

/// Translates one grab's key events.
#[derive(Debug)]
pub(super) struct Translator {
    compose: Option<Compose>,
    /// Keys that were sent as pressed keys, and what they were sent as: their release is the same one's,
    /// whatever the modifiers have become.
    sent: BTreeMap<Keycode, Keysym>,
    /// When right Ctrl went down, if nothing else has happened since.
    tap: Option<(Keycode, u32)>,
}

impl Translator {
    pub(super) fn new(compose: Option<Compose>) -> Self {
        Self { compose, sent: BTreeMap::new(), tap: None }
    }

    pub(super) fn press(&mut self, keymap: &Keymap, event: KeyEvent) -> Meaning {
        let KeyEvent { keycode, modifiers, group, time } = event;
        let alone = self.tap.take().filter(|(tapped, _)| *tapped == keycode);
        if let Some(keysym) = self.sent.get(&keycode) {
            self.tap = alone;
            return key(*keysym, keycode, true).into();
        }
        let command = modifiers & keymap.command_modifiers() != 0;
        // Caps Lock is the operator's own affair: Ctrl and c stay Ctrl and c.
        let counted = if command { modifiers & !LOCK } else { modifiers };
        let (mut keysym, consumed) = keymap.translate(keycode, group, counted);
        if counted & LOCK & !consumed != 0 {
            keysym = upper_case(keysym);
        }
        if keysym::holds_modifier(keysym) && !keysym::stays_here(keysym) {
            self.tap = (keysym == keysym::RIGHT_CONTROL && self.sent.is_empty()).then_some((keycode, time));
            return self.press_key(keysym, keycode);
        }
        if !command && let Some(compose) = &mut self.compose {
            match compose.feed(keysym) {
                Composed::Nothing => {}
                Composed::Pending => return Meaning::default(),
                Composed::Text(text) => {
                    let typed = text.chars().filter(|character| !character.is_control());
                    return Meaning { events: typed.map(InputEvent::Text).collect(), escape: false };
                }
            }
        }
        match keysym::character(keysym) {
            Some(character) if !command => InputEvent::Text(character).into(),
            _ if keysym == 0 || keysym::stays_here(keysym) => Meaning::default(),
            _ => self.press_key(keysym, keycode),
        }
    }

    pub(super) fn release(&mut self, event: KeyEvent) -> Meaning {
        let tap = self.tap.take().filter(|(tapped, _)| *tapped == event.keycode);
        // What was sent as a character is not held on the other side.
        let Some(keysym) = self.sent.remove(&event.keycode) else { return Meaning::default() };
        let escape = tap.is_some_and(|(_, pressed)| event.time.wrapping_sub(pressed) <= TAP);
        Meaning { events: vec![key(keysym, event.keycode, false)], escape }
    }

    /// Forgets what is held and what is being composed.
    pub(super) fn reset(&mut self) {
        self.sent.clear();
        self.tap = None;
        if let Some(compose) = &mut self.compose {
            compose.reset();
        }
    }

    fn press_key(&mut self, keysym: Keysym, keycode: Keycode) -> Meaning {
        self.sent.insert(keycode, keysym);
        key(keysym, keycode, true).into()
    }
}

fn key(keysym: Keysym, keycode: Keycode, pressed: bool) -> InputEvent {
    InputEvent::Key { keysym, position: u16::from(keycode.saturating_sub(EVDEV_OFFSET)), pressed }
}

/// What Caps Lock makes of a key whose type does not provide for it.
fn upper_case(symbol: Keysym) -> Keysym {
    let Some(character) = keysym::character(symbol) else { return symbol };
    let mut upper = character.to_uppercase();
    match (upper.next(), upper.next()) {
        (Some(single), None) if single != character => keysym::of(single),
        _ => symbol,
    }
}
