//! The operator's keyboard, grabbed: letters as letters, everything else as keys.

use std::sync::mpsc::{Receiver, channel};

use deskside_platform::x11::KeyboardGrab;
use deskside_platform::{GrabEvent, GrabRefused};
use deskside_proto::input::InputEvent;
use x11rb::connection::Connection as _;
use x11rb::protocol::Event;
use x11rb::protocol::xproto::{ConnectionExt as _, EventMask, GrabMode, InputFocus, Window};
use xkeysym::key;

use crate::display::{Client, Display, PATIENCE};

const SHIFT: u8 = 50;
const CONTROL: u8 = 37;
const RIGHT_CONTROL: u8 = 105;
const ALT_GR: u8 = 108;
const CAPS_LOCK: u8 = 66;

struct Operator {
    client: Client,
    window: Window,
    grab: KeyboardGrab,
    hear: Receiver<GrabEvent>,
    display: Display,
}

impl Operator {
    fn with_layout(layout: &[&str]) -> Self {
        let display = Display::virtual_screen(640, 480);
        display.run("setxkbmap", layout);
        let (tell, hear) = channel();
        let callback = move |event| tell.send(event).unwrap();
        let grab = display.open().keyboard("en_US.UTF-8", Box::new(callback)).unwrap();
        let client = display.client();
        let window = client.window((0, 0, 300, 200), 0, EventMask::KEY_PRESS);
        client.connection.set_input_focus(InputFocus::POINTER_ROOT, window, 0u32).unwrap();
        client.sync();
        grab.grab(window).unwrap();
        Self { client, window, grab, hear, display }
    }

    fn hold(&self, keycode: u8, meanwhile: impl Fn()) {
        self.client.key(keycode, true);
        meanwhile();
        self.client.key(keycode, false);
    }

    fn tap(&self, keycode: u8) {
        self.client.tap(keycode);
    }

    fn next(&self) -> GrabEvent {
        self.hear.recv_timeout(PATIENCE).expect("something from the keyboard")
    }

    fn input(&self) -> InputEvent {
        match self.next() {
            GrabEvent::Input(event) => event,
            other => panic!("{other:?}"),
        }
    }

    fn expect(&self, events: &[InputEvent]) {
        for event in events {
            assert_eq!(self.input(), *event);
        }
    }
}

fn text(text: &str) -> Vec<InputEvent> {
    text.chars().map(InputEvent::Text).collect()
}

fn down(keysym: u32, keycode: u8) -> InputEvent {
    InputEvent::Key { keysym, position: u16::from(keycode) - 8, pressed: true }
}

fn up(keysym: u32, keycode: u8) -> InputEvent {
    InputEvent::Key { keysym, position: u16::from(keycode) - 8, pressed: false }
}

/// Row B2: Shift, Caps Lock, AltGr and dead keys are applied here; characters travel.
#[test]
fn letters_travel_as_letters() {
    let operator = Operator::with_layout(&["-layout", "de"]);
    operator.tap(38);
    operator.tap(48);
    operator.expect(&text("aä"));
    operator.hold(SHIFT, || operator.tap(48));
    operator.expect(&[down(key::Shift_L, SHIFT)]);
    operator.expect(&text("Ä"));
    operator.expect(&[up(key::Shift_L, SHIFT)]);
    operator.hold(ALT_GR, || {
        operator.tap(24);
        operator.tap(26);
        operator.tap(16);
    });
    operator.expect(&text("@€{"));
    operator.tap(CAPS_LOCK);
    operator.tap(38);
    operator.tap(48);
    operator.tap(20);
    operator.tap(CAPS_LOCK);
    operator.expect(&text("AÄ"));
    // The sharp s has its own way with Caps Lock.
    assert!(matches!(operator.input(), InputEvent::Text('ß' | 'ẞ')));
    // A dead acute accent, then e; a dead circumflex, then a space.
    operator.tap(21);
    operator.tap(26);
    operator.tap(49);
    operator.tap(65);
    operator.expect(&text("é^"));
    operator.tap(65);
    operator.expect(&text(" "));
}

/// Row B2: Compose sequences are applied here.
#[test]
fn compose_makes_letters() {
    let operator = Operator::with_layout(&["-layout", "us", "-option", "compose:menu"]);
    let menu = 135;
    for keycode in [menu, 61, 32] {
        operator.tap(keycode);
    }
    operator.expect(&text("ø"));
    operator.tap(menu);
    operator.tap(39);
    operator.tap(39);
    operator.expect(&text("ß"));
    operator.display.run("setxkbmap", &["-layout", "ru"]);
    operator.tap(38);
    operator.expect(&text("ф"));
}

/// Row B2: keys that make no letter, and every key with Ctrl, travel as keys and are let go of as what they
/// were pressed as.
#[test]
fn keys_and_chords_travel_as_keys() {
    let operator = Operator::with_layout(&["-layout", "us"]);
    operator.tap(113);
    operator.expect(&[down(key::Left, 113), up(key::Left, 113)]);
    operator.tap(36);
    operator.expect(&[down(key::Return, 36), up(key::Return, 36)]);
    operator.hold(CONTROL, || operator.tap(54));
    let control = key::Control_L;
    let c = [down(key::c, 54), up(key::c, 54)];
    operator.expect(&[down(control, CONTROL), c[0], c[1], up(control, CONTROL)]);
    operator.tap(CAPS_LOCK);
    operator.hold(CONTROL, || operator.tap(54));
    operator.tap(CAPS_LOCK);
    operator.expect(&[down(control, CONTROL), c[0], c[1], up(control, CONTROL)]);
    operator.client.key(SHIFT, true);
    operator.client.key(23, true);
    operator.client.key(SHIFT, false);
    operator.client.key(23, false);
    let (shift, tab) = (key::Shift_L, key::ISO_Left_Tab);
    operator.expect(&[down(shift, SHIFT), down(tab, 23), up(shift, SHIFT), up(tab, 23)]);
}

/// Row W8: right Ctrl alone leaves the grab; with another key it is Ctrl.
#[test]
fn right_ctrl_is_the_way_out() {
    let operator = Operator::with_layout(&["-layout", "us"]);
    let control = key::Control_R;
    operator.hold(RIGHT_CONTROL, || operator.tap(54));
    operator.expect(&[
        down(control, RIGHT_CONTROL),
        down(key::c, 54),
        up(key::c, 54),
        up(control, RIGHT_CONTROL),
    ]);
    operator.tap(RIGHT_CONTROL);
    operator.expect(&[down(control, RIGHT_CONTROL), up(control, RIGHT_CONTROL), InputEvent::ReleaseAll]);
    assert_eq!(operator.next(), GrabEvent::Escape);
    operator.client.sync();
    operator.tap(38);
    let heard = loop {
        if let Event::KeyPress(event) = operator.client.connection.wait_for_event().unwrap() {
            break event.detail;
        }
    };
    assert_eq!(heard, 38, "the keyboard is the window's own again");
    operator.grab.grab(operator.window).unwrap();
    operator.tap(38);
    operator.expect(&text("a"));
}

/// The focus goes elsewhere, or the window goes away: everything is let go of, and the grab is over.
#[test]
fn losing_the_focus_or_the_window_ends_the_grab() {
    let operator = Operator::with_layout(&["-layout", "us"]);
    operator.client.key(CONTROL, true);
    operator.expect(&[down(key::Control_L, CONTROL)]);
    let other = operator.client.window((300, 0, 100, 100), 0, EventMask::NO_EVENT);
    operator.client.connection.set_input_focus(InputFocus::POINTER_ROOT, other, 0u32).unwrap();
    operator.client.sync();
    operator.expect(&[InputEvent::ReleaseAll]);
    assert_eq!(operator.next(), GrabEvent::Lost);
    operator.client.key(CONTROL, false);

    operator.grab.grab(other).unwrap();
    operator.client.connection.destroy_window(other).unwrap();
    operator.client.sync();
    operator.expect(&[InputEvent::ReleaseAll]);
    assert_eq!(operator.next(), GrabEvent::Lost);
    operator.grab.ungrab();
    operator.grab.grab(operator.window).unwrap();
    operator.grab.ungrab();
    operator.expect(&[InputEvent::ReleaseAll]);
}

/// A keyboard that another program holds, or a window that is not there, is refused with its reason.
#[test]
fn a_grab_that_cannot_be_is_refused() {
    let operator = Operator::with_layout(&["-layout", "us"]);
    operator.grab.ungrab();
    operator.expect(&[InputEvent::ReleaseAll]);
    let mode = GrabMode::ASYNC;
    let connection = &operator.client.connection;
    connection.grab_keyboard(false, operator.client.root, 0u32, mode, mode).unwrap().reply().unwrap();
    assert_eq!(operator.grab.grab(operator.window), Err(GrabRefused::Taken));
    connection.ungrab_keyboard(0u32).unwrap();
    connection.unmap_window(operator.window).unwrap();
    operator.client.sync();
    assert_eq!(operator.grab.grab(operator.window), Err(GrabRefused::NotShown));
    assert_eq!(operator.grab.grab(0x7fff_fff0), Err(GrabRefused::NotShown));
}
