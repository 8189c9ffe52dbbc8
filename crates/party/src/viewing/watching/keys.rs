//! What the person's keys mean, from what the window system tells a window: characters first, as this
//! computer's keyboard makes them; keys by name where they make none, and everywhere while Ctrl, Alt or Super is
//! held.

use std::collections::BTreeMap;

use deskside_proto::input::InputEvent;
use deskside_ui::winit::event::{ElementState, KeyEvent};
use deskside_ui::winit::keyboard::{Key, KeyLocation, ModifiersState, NamedKey, PhysicalKey};
use deskside_ui::winit::platform::scancode::PhysicalKeyExtScancode as _;

/// The keysym of F1; the others follow.
const F1: u32 = 0xffbe;
/// What Tab makes with Shift.
const LEFT_TAB: u32 = 0xfe20;
/// Highest code of a key's position.
const MOST_POSITION: u32 = 0x2ff;
/// Keysyms of characters beyond Latin-1 are their number and this (X11 protocol, appendix A).
const UNICODE: u32 = 0x0100_0000;

/// A key that went down or up.
#[derive(Debug, Clone, Copy)]
pub(super) struct Stroke<'a> {
    pub(super) key: &'a Key,
    pub(super) text: Option<&'a str>,
    pub(super) place: PhysicalKey,
    pub(super) location: KeyLocation,
    pub(super) pressed: bool,
}

impl<'a> From<&'a KeyEvent> for Stroke<'a> {
    fn from(event: &'a KeyEvent) -> Self {
        Self {
            key: &event.logical_key,
            text: event.text.as_deref(),
            place: event.physical_key,
            location: event.location,
            pressed: event.state == ElementState::Pressed,
        }
    }
}

impl Stroke<'_> {
    /// Whether it is the key that gives mouse and keyboard back, as it takes them back on the other side.
    #[must_use]
    pub(super) fn is_f11(&self) -> bool {
        *self.key == Key::Named(NamedKey::F11)
    }
}

/// Translates keys.
#[derive(Debug, Default)]
pub(super) struct Keys {
    modifiers: ModifiersState,
    /// Keys that were sent as pressed keys, and what they were sent as: their release is the same one's,
    /// whatever the modifiers have become.
    sent: BTreeMap<PhysicalKey, u32>,
}

impl Keys {
    pub(super) fn set_modifiers(&mut self, modifiers: ModifiersState) {
        self.modifiers = modifiers;
    }

    /// What was sent is let go of by other means.
    pub(super) fn reset(&mut self) {
        self.sent.clear();
    }

    /// What to send for this; `None` for the release of a key that was not sent.
    #[must_use]
    pub(super) fn hear(&mut self, stroke: Stroke<'_>) -> Option<Vec<InputEvent>> {
        let key = |keysym, pressed| InputEvent::Key { keysym, position: position(stroke.place), pressed };
        if !stroke.pressed {
            return self.sent.remove(&stroke.place).map(|keysym| vec![key(keysym, false)]);
        }
        if let Some(keysym) = self.sent.get(&stroke.place) {
            return Some(vec![key(*keysym, true)]);
        }
        let command = self
            .modifiers
            .intersects(ModifiersState::CONTROL.union(ModifiersState::ALT).union(ModifiersState::SUPER));
        if !command && let Some(typed) = stroke.text.filter(|text| !text.contains(char::is_control)) {
            return Some(typed.chars().map(InputEvent::Text).collect());
        }
        let Some(keysym) = self.keysym(stroke) else { return Some(Vec::new()) };
        self.sent.insert(stroke.place, keysym);
        Some(vec![key(keysym, true)])
    }

    fn keysym(&self, stroke: Stroke<'_>) -> Option<u32> {
        match stroke.key {
            Key::Named(NamedKey::Tab) if self.modifiers.shift_key() => Some(LEFT_TAB),
            Key::Named(named) => keysym(*named, stroke.location),
            Key::Character(text) => {
                let mut characters = text.chars();
                let (Some(character), None) = (characters.next(), characters.next()) else { return None };
                // Caps Lock is the person's own affair: Ctrl and c stay Ctrl and c.
                let mut lower = character.to_lowercase();
                let character = match (lower.next(), lower.next()) {
                    (Some(lower), None) if !self.modifiers.shift_key() => lower,
                    _ => character,
                };
                (!character.is_control()).then(|| match u32::from(character) {
                    latin @ 0..=0xff => latin,
                    other => UNICODE + other,
                })
            }
            Key::Dead(_) | Key::Unidentified(_) => None,
        }
    }
}

/// The evdev code of a key, 0 if it is not known.
fn position(place: PhysicalKey) -> u16 {
    let code = place.to_scancode().filter(|code| *code <= MOST_POSITION);
    code.and_then(|code| u16::try_from(code).ok()).unwrap_or_default()
}

/// The X11 keysym of a key that makes no character (keysymdef.h). Keys that choose what other keys make stay
/// here: that is settled when a character travels.
fn keysym(key: NamedKey, location: KeyLocation) -> Option<u32> {
    let sided = |left: u32| if location == KeyLocation::Right { left + 1 } else { left };
    Some(match key {
        NamedKey::Space => 0x20,
        NamedKey::Backspace => 0xff08,
        NamedKey::Tab => 0xff09,
        NamedKey::Enter if location == KeyLocation::Numpad => 0xff8d,
        NamedKey::Enter => 0xff0d,
        NamedKey::Pause => 0xff13,
        NamedKey::Escape => 0xff1b,
        NamedKey::Home => 0xff50,
        NamedKey::ArrowLeft => 0xff51,
        NamedKey::ArrowUp => 0xff52,
        NamedKey::ArrowRight => 0xff53,
        NamedKey::ArrowDown => 0xff54,
        NamedKey::PageUp => 0xff55,
        NamedKey::PageDown => 0xff56,
        NamedKey::End => 0xff57,
        NamedKey::PrintScreen => 0xff61,
        NamedKey::Insert => 0xff63,
        NamedKey::ContextMenu => 0xff67,
        NamedKey::Delete => 0xffff,
        NamedKey::Shift => sided(0xffe1),
        NamedKey::Control => sided(0xffe3),
        NamedKey::Meta => sided(0xffe7),
        NamedKey::Alt => sided(0xffe9),
        NamedKey::Super => sided(0xffeb),
        NamedKey::F1 => F1,
        NamedKey::F2 => F1 + 1,
        NamedKey::F3 => F1 + 2,
        NamedKey::F4 => F1 + 3,
        NamedKey::F5 => F1 + 4,
        NamedKey::F6 => F1 + 5,
        NamedKey::F7 => F1 + 6,
        NamedKey::F8 => F1 + 7,
        NamedKey::F9 => F1 + 8,
        NamedKey::F10 => F1 + 9,
        NamedKey::F12 => F1 + 11,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use deskside_ui::winit::keyboard::{KeyCode, NativeKey, SmolStr};

    use super::*;

    fn stroke<'a>(key: &'a Key, text: Option<&'a str>, code: KeyCode, pressed: bool) -> Stroke<'a> {
        let (place, location) = (PhysicalKey::Code(code), KeyLocation::Standard);
        Stroke { key, text, place, location, pressed }
    }

    fn character(text: &str) -> Key {
        Key::Character(SmolStr::new(text))
    }

    fn key(keysym: u32, position: u16, pressed: bool) -> Option<Vec<InputEvent>> {
        Some(vec![InputEvent::Key { keysym, position, pressed }])
    }

    #[test]
    fn what_makes_a_character_travels_as_one_and_is_not_held() {
        let mut keys = Keys::default();
        let typed = |text: &str| Some(text.chars().map(InputEvent::Text).collect());
        for text in ["a", "Ä", "€", " ", "´x"] {
            let key = character(text);
            assert_eq!(keys.hear(stroke(&key, Some(text), KeyCode::KeyA, true)), typed(text));
            assert_eq!(keys.hear(stroke(&key, Some(text), KeyCode::KeyA, true)), typed(text), "it repeats");
            assert_eq!(keys.hear(stroke(&key, None, KeyCode::KeyA, false)), None);
        }
    }

    #[test]
    fn keys_without_a_character_travel_by_name_and_place() {
        let mut keys = Keys::default();
        let enter = Key::Named(NamedKey::Enter);
        assert_eq!(keys.hear(stroke(&enter, Some("\r"), KeyCode::Enter, true)), key(0xff0d, 28, true));
        assert_eq!(keys.hear(stroke(&enter, Some("\r"), KeyCode::Enter, true)), key(0xff0d, 28, true));
        assert_eq!(keys.hear(stroke(&enter, None, KeyCode::Enter, false)), key(0xff0d, 28, false));
        assert_eq!(keys.hear(stroke(&enter, None, KeyCode::Enter, false)), None);
        let pad =
            Stroke { location: KeyLocation::Numpad, ..stroke(&enter, None, KeyCode::NumpadEnter, true) };
        assert_eq!(keys.hear(pad), key(0xff8d, 96, true));
        let control = Key::Named(NamedKey::Control);
        let right =
            Stroke { location: KeyLocation::Right, ..stroke(&control, None, KeyCode::ControlRight, true) };
        assert_eq!(keys.hear(right), key(0xffe4, 97, true));
        let tab = Key::Named(NamedKey::Tab);
        keys.set_modifiers(ModifiersState::SHIFT);
        assert_eq!(keys.hear(stroke(&tab, Some("\t"), KeyCode::Tab, true)), key(LEFT_TAB, 15, true));
    }

    #[test]
    fn with_a_command_key_letters_travel_as_keys_and_caps_lock_does_not_count() {
        let mut keys = Keys::default();
        keys.set_modifiers(ModifiersState::CONTROL);
        for (text, keysym) in [("c", 0x63), ("C", 0x63), ("ö", 0xf6), ("ж", 0x0100_0436)] {
            let typed = character(text);
            assert_eq!(keys.hear(stroke(&typed, Some("\u{3}"), KeyCode::KeyC, true)), key(keysym, 46, true));
            // Ctrl is let go of first.
            keys.set_modifiers(ModifiersState::empty());
            assert_eq!(keys.hear(stroke(&typed, None, KeyCode::KeyC, false)), key(keysym, 46, false));
            keys.set_modifiers(ModifiersState::CONTROL);
        }
        keys.set_modifiers(ModifiersState::CONTROL | ModifiersState::SHIFT);
        assert_eq!(keys.hear(stroke(&character("C"), None, KeyCode::KeyC, true)), key(0x43, 46, true));
    }

    #[test]
    fn what_chooses_other_characters_and_what_is_unknown_stays_here() {
        let mut keys = Keys::default();
        for named in [NamedKey::AltGraph, NamedKey::CapsLock, NamedKey::NumLock, NamedKey::F11] {
            let named = Key::Named(named);
            assert_eq!(keys.hear(stroke(&named, None, KeyCode::F20, true)), Some(vec![]));
            assert_eq!(keys.hear(stroke(&named, None, KeyCode::F20, false)), None);
        }
        let dead = Key::Dead(Some('´'));
        assert_eq!(keys.hear(stroke(&dead, None, KeyCode::Equal, true)), Some(vec![]));
        let unknown = Key::Unidentified(NativeKey::Unidentified);
        assert_eq!(keys.hear(stroke(&unknown, None, KeyCode::F20, true)), Some(vec![]));
    }

    #[test]
    fn what_was_let_go_of_by_other_means_is_not_let_go_of_again() {
        let mut keys = Keys::default();
        let escape = Key::Named(NamedKey::Escape);
        assert_eq!(keys.hear(stroke(&escape, None, KeyCode::Escape, true)), key(0xff1b, 1, true));
        keys.reset();
        assert_eq!(keys.hear(stroke(&escape, None, KeyCode::Escape, false)), None);
    }
}
