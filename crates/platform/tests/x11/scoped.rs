//! Control within a scope: what reaches which program, with a window manager, while others push in between.

use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use deskside_platform::x11::{X11, X11Injector};
use deskside_platform::{InjectError, Injector as _};
use deskside_proto::input::{Button, InputEvent};
use deskside_session::Scope;
use x11rb::protocol::xproto::{AtomEnum, ConnectionExt as _, MapState, Window};
use xkeysym::key;

use crate::consent::Consent;
use crate::display::{Client, Display, eventually};
use crate::program::{Program, Reached};

/// Openbox with its usual keys, as long as the value is there.
pub(crate) struct WindowManager(Child);

impl WindowManager {
    pub(crate) fn start(display: &Display) -> Self {
        let mut openbox = Command::new("openbox");
        openbox.args(["--sm-disable"]).env("DISPLAY", &display.name);
        openbox.stdout(Stdio::null()).stderr(Stdio::null());
        let manager = Self(openbox.spawn().expect("a window manager (package openbox)"));
        let client = display.client();
        let name =
            client.connection.intern_atom(false, b"_NET_SUPPORTING_WM_CHECK").unwrap().reply().unwrap();
        eventually("the window manager is there", || {
            let kind = AtomEnum::WINDOW;
            let check = client.connection.get_property(false, client.root, name.atom, kind, 0, 1).unwrap();
            (check.reply().unwrap().value_len != 0).then_some(())
        });
        manager
    }
}

impl Drop for WindowManager {
    fn drop(&mut self) {
        // It may have ended with its display.
        let _gone = self.0.kill();
        let _gone = self.0.wait();
    }
}

/// An allowed window on the left, one that is not on the right, and a keyboard logger below.
pub(crate) struct Desk {
    pub(crate) injector: X11Injector,
    pub(crate) allowed: Program,
    pub(crate) other: Program,
    window: Window,
    pub(crate) outside: Window,
    pub(crate) client: Client,
    pub(crate) desktop: X11,
    _manager: Option<WindowManager>,
    pub(crate) display: Display,
}

impl Desk {
    pub(crate) fn new() -> Self {
        let display = Display::virtual_screen(640, 480);
        let manager = WindowManager::start(&display);
        Self::on(display, Some(manager))
    }

    pub(crate) fn unmanaged() -> Self {
        Self::on(Display::virtual_screen(640, 480), None)
    }

    fn on(display: Display, manager: Option<WindowManager>) -> Self {
        let (mut allowed, mut other) = (Program::start(&display), Program::start(&display));
        let outside = other.window((350, 50, 250, 300));
        let window = allowed.window((20, 50, 250, 300));
        let (client, desktop) = (display.client(), display.open());
        let injector = desktop.injector(None).unwrap();
        let mut desk =
            Self { injector, allowed, other, window, outside, client, desktop, _manager: manager, display };
        for (window, is_allowed) in [(desk.outside, false), (desk.window, true)] {
            eventually("the window is managed and there", || {
                // A window manager that is only just starting overlooks it now and then.
                let program = if is_allowed { &mut desk.allowed } else { &mut desk.other };
                program.order(&format!("show {window}"));
                let attributes =
                    desk.client.connection.get_window_attributes(window).unwrap().reply().unwrap();
                (attributes.map_state == MapState::VIEWABLE).then_some(())
            });
        }
        desk.focus_allowed();
        desk
    }

    pub(crate) fn consent(&self) -> Consent {
        Consent::within(&Scope::applications([self.allowed.application(&self.desktop)]))
    }

    pub(crate) fn focus(&self) -> Window {
        self.client.connection.get_input_focus().unwrap().reply().unwrap().focus
    }

    fn focus_allowed(&mut self) {
        let window = self.window;
        eventually("the allowed window has the keyboard", || {
            self.allowed.order(&format!("focus {window}"));
            (self.focus() == window).then_some(())
        });
        self.allowed.take();
        self.other.take();
    }

    pub(crate) fn inject(&mut self, consent: &Consent, event: InputEvent) -> Result<(), InjectError> {
        self.injector.inject(&consent.control, event)
    }
}

pub(crate) fn key(keysym: u32, pressed: bool) -> InputEvent {
    InputEvent::Key { keysym, position: 0, pressed }
}

pub(crate) fn press(button: Button, pressed: bool) -> InputEvent {
    InputEvent::PointerButton { button, pressed }
}

pub(crate) fn keys(reached: &[Reached]) -> Vec<(u8, bool)> {
    let key = |reached: &Reached| match reached {
        Reached::Key { keycode, pressed, .. } => Some((*keycode, *pressed)),
        Reached::Button { .. } | Reached::Motion { .. } => None,
    };
    reached.iter().filter_map(key).collect()
}

pub(crate) fn buttons(reached: &[Reached]) -> Vec<bool> {
    let button = |reached: &Reached| match reached {
        Reached::Button { pressed, .. } => Some(*pressed),
        Reached::Key { .. } | Reached::Motion { .. } => None,
    };
    reached.iter().filter_map(button).collect()
}

/// Every press has its release, and nothing is released that was not pressed.
fn assert_balanced(keys: &[(u8, bool)]) {
    let mut down = std::collections::BTreeSet::new();
    for (keycode, pressed) in keys {
        let is_new = if *pressed { down.insert(keycode) } else { down.remove(keycode) };
        assert!(is_new, "{keycode} {pressed} in {keys:?}");
    }
    assert!(down.is_empty(), "{down:?} in {keys:?}");
}

pub(crate) fn is_out(outcome: &Result<(), InjectError>) -> bool {
    matches!(outcome, Err(InjectError::OutOfScope))
}

/// What is typed arrives in the allowed window, chords of its own among it.
#[test]
fn t27_the_allowed_window_receives_what_is_typed() {
    let mut desk = Desk::new();
    let consent = desk.consent();
    for character in "Hello, Wörld ✓".chars() {
        desk.inject(&consent, InputEvent::Text(character)).unwrap();
    }
    for chord in [[key::Control_L, key::c], [key::Alt_L, key::f], [key::Shift_L, key::Tab]] {
        for (keysym, pressed) in [(chord[0], true), (chord[1], true), (chord[1], false), (chord[0], false)] {
            desk.inject(&consent, key(keysym, pressed)).unwrap();
        }
    }
    let heard = keys(&desk.allowed.take());
    assert_balanced(&heard);
    // Five capitals and signs need Shift in this layout, and every chord its modifier.
    assert!(14 + 6 <= heard.iter().filter(|(_, pressed)| *pressed).count(), "{heard:?}");
    assert_eq!(desk.other.take(), []);
    assert_eq!(desk.client.held(), (Vec::new(), 0));
}

const ESCAPES: [&[u32]; 42] = [
    &[key::Alt_L, key::Tab],
    &[key::Alt_L, key::Shift_L, key::Tab],
    &[key::Alt_R, key::Tab],
    &[key::Alt_L, key::Escape],
    &[key::Alt_L, key::space],
    &[key::Alt_L, key::F1],
    &[key::Alt_L, key::F2],
    &[key::Alt_L, key::F3],
    &[key::Alt_L, key::F10],
    &[key::Super_L],
    &[key::Super_R],
    &[key::Super_L, key::d],
    &[key::Super_L, key::e],
    &[key::Super_L, key::r],
    &[key::Super_L, key::l],
    &[key::Super_L, key::Tab],
    &[key::Super_L, key::F1],
    &[key::Super_L, key::Left],
    &[key::Hyper_L],
    &[key::Control_L, key::Alt_L, key::Delete],
    &[key::Alt_L, key::Control_L, key::Delete],
    &[key::Control_L, key::Alt_L, key::BackSpace],
    &[key::Control_L, key::Alt_L, key::t],
    &[key::Control_L, key::Alt_L, key::Left],
    &[key::Control_L, key::Alt_L, key::Right],
    &[key::Control_L, key::Alt_L, key::F1],
    &[key::Control_L, key::Alt_R, key::F7],
    &[key::Control_L, key::Alt_L, key::Shift_L, key::Up],
    &[key::Control_L, key::Escape],
    &[key::Control_L, key::Shift_L, key::Escape],
    &[key::Shift_L, key::Control_L, key::Escape],
    &[key::Print],
    &[key::Alt_L, key::Print],
    &[key::Control_L, key::Print],
    &[key::Shift_L, key::Print],
    &[key::XF86_AudioMute],
    &[key::XF86_AudioRaiseVolume],
    &[key::XF86_AudioPlay],
    &[key::XF86_PowerOff],
    &[key::XF86_Sleep],
    &[key::XF86_WWW],
    // Not one of the rules, but somebody has taken it for himself.
    &[key::Control_L, key::F9],
];

/// T27: 42 chords that leave an application are refused, pressed one by one; no other program hears a key,
/// and the window manager does nothing.
#[test]
fn t27_no_chord_leaves_the_application() {
    let mut desk = Desk::new();
    let consent = desk.consent();
    // A program that listens for keys everywhere, as hotkey daemons do: Ctrl and F9.
    desk.other.order("grabkey 75 4");
    for chord in ESCAPES {
        let (last, held) = chord.split_last().unwrap();
        for keysym in held {
            let outcome = desk.inject(&consent, key(*keysym, true));
            let refused_before = matches!(outcome, Err(InjectError::EscapeChord));
            assert!(
                outcome.is_ok() || (refused_before && key::Super_L <= *keysym),
                "{keysym:#x} {outcome:?}"
            );
        }
        let outcome = desk.inject(&consent, key(*last, true));
        let is_alone = held.iter().any(|keysym| (key::Super_L..=key::Hyper_R).contains(keysym));
        // What a refused Super would have begun is a key like any other.
        assert!(matches!(outcome, Err(InjectError::EscapeChord)) || is_alone, "{chord:x?}: {outcome:?}");
        for keysym in chord.iter().rev() {
            desk.inject(&consent, key(*keysym, false)).unwrap();
        }
        assert_eq!(desk.client.held(), (Vec::new(), 0), "{chord:x?}");
        assert_eq!(desk.other.take(), [], "{chord:x?}");
        assert_eq!(desk.focus(), desk.window, "{chord:x?}");
    }
    assert_balanced(&keys(&desk.allowed.take()));
    // By position: the key that is Super, under a name that is nothing.
    let by_position = InputEvent::Key { keysym: 0x1fff_fffe, position: 125, pressed: true };
    assert!(matches!(desk.inject(&consent, by_position), Err(InjectError::EscapeChord)));
}

/// T27: a window that takes the keyboard again and again never hears a key, whatever the moment; what was
/// carried out arrived where it was meant to.
#[test]
fn t27_a_focus_stealer_hears_nothing() {
    let mut desk = Desk::new();
    let consent = desk.consent();
    let popup = desk.other.popup((300, 380, 60, 60));
    let window = desk.window;
    desk.other.order(&format!("steal {popup} 1500"));
    desk.allowed.order(&format!("steal {window} 1500"));
    let (mut carried_out, mut refused, mut turn) = (0, 0, 0);
    let begun = Instant::now();
    while begun.elapsed() < Duration::from_millis(1400) {
        turn += 1;
        let event = if turn % 4 == 0 { key(key::Left, turn % 8 == 0) } else { InputEvent::Text('a') };
        match desk.inject(&consent, event) {
            Ok(()) => carried_out += usize::from(matches!(event, InputEvent::Text(_))),
            Err(InjectError::OutOfScope) => refused += 1,
            Err(error) => panic!("{error}"),
        }
    }
    desk.injector.release_all().unwrap();
    desk.allowed.order("rest");
    desk.other.order("rest");
    assert_eq!(desk.other.take(), []);
    let heard = keys(&desk.allowed.take());
    let letter = 38;
    let letters = |pressed| heard.iter().filter(|key| **key == (letter, pressed)).count();
    assert_eq!((letters(true), letters(false)), (carried_out, carried_out), "{refused} were refused");
    assert!(0 < refused && 0 < carried_out, "{refused} refused, {carried_out} carried out");
    assert_eq!(desk.client.held().0, Vec::<u8>::new());
}

/// T27: a held key comes up when the keyboard goes elsewhere, and whoever has it then hears nothing of it.
#[test]
fn t27_held_keys_come_up_when_the_focus_leaves() {
    let mut desk = Desk::new();
    let consent = desk.consent();
    let outside = desk.outside;
    for way in 0..3 {
        desk.focus_allowed();
        desk.inject(&consent, key(key::Control_L, true)).unwrap();
        desk.inject(&consent, key(key::Left, true)).unwrap();
        assert_eq!(desk.client.held().0.len(), 2);
        assert!(!desk.injector.let_go_outside().unwrap(), "nothing has changed");
        desk.other.order(&format!("focus {outside}"));
        eventually("the focus is elsewhere", || (desk.focus() == outside).then_some(()));
        match way {
            0 => assert!(desk.injector.let_go_outside().unwrap()),
            1 => assert!(is_out(&desk.inject(&consent, InputEvent::Text('x')))),
            _ => {
                desk.inject(&consent, key(key::Left, false)).unwrap();
                desk.inject(&consent, key(key::Control_L, false)).unwrap();
            }
        }
        assert_eq!(desk.client.held().0, Vec::<u8>::new(), "{way}");
        assert_eq!(keys(&desk.other.take()), Vec::new(), "{way}");
    }
}

/// T27: who takes all keys for himself gets none, unless it is a menu of the allowed application.
#[test]
fn t27_a_grabbed_keyboard_is_refused_unless_by_a_menu_within() {
    let mut desk = Desk::new();
    let consent = desk.consent();
    let outside = desk.outside;
    assert_eq!(desk.other.order(&format!("grab {outside}")), ["0"]);
    assert!(is_out(&desk.inject(&consent, InputEvent::Text('x'))));
    desk.other.order("ungrab");
    let menu = desk.allowed.popup((60, 100, 80, 120));
    assert_eq!(desk.allowed.order(&format!("grab {menu}")), ["0"]);
    desk.inject(&consent, InputEvent::Text('x')).unwrap();
    assert_eq!(keys(&desk.allowed.take()).len(), 2);
    assert_eq!(desk.other.take(), []);
}
