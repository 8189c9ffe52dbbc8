//! Typing into a real terminal, whatever the sharer's keyboard layout is.

use deskside_platform::x11::X11Injector;
use deskside_platform::{InjectError, Injector as _};
use deskside_proto::input::InputEvent;
use x11rb::protocol::xkb::ConnectionExt as _;
use xkeysym::key;

use crate::consent::Consent;
use crate::display::{Client, Display, eventually};
use crate::terminal::Terminal;

const SENTENCE: &str = "Hello, World! ÄÖß€ø✓ {}[]@\\~";
const LOCK: u8 = 2;
const CORE_KEYBOARD: u16 = 0x100;

fn down(keysym: u32, position: u16) -> InputEvent {
    InputEvent::Key { keysym, position, pressed: true }
}

fn up(keysym: u32, position: u16) -> InputEvent {
    InputEvent::Key { keysym, position, pressed: false }
}

fn type_text(injector: &mut X11Injector, consent: &Consent, text: &str) {
    for character in text.chars() {
        injector.inject(&consent.control, InputEvent::Text(character)).unwrap();
    }
}

fn play(injector: &mut X11Injector, consent: &Consent, events: &[InputEvent]) {
    for event in events {
        injector.inject(&consent.control, *event).unwrap();
    }
}

fn locks(client: &Client) -> (u8, u8) {
    let state = client.connection.xkb_get_state(CORE_KEYBOARD).unwrap().reply().unwrap();
    (u16::from(state.locked_mods) as u8, state.locked_group.into())
}

/// Types the sentence on a sharer's desktop with this layout, and checks that nothing else has changed.
fn check_layout(layout: &str, locked: (u8, u8)) {
    let display = Display::virtual_screen(640, 480);
    display.run("setxkbmap", &["-layout", layout]);
    let (client, consent) = (display.client(), Consent::given());
    client.move_to(100, 100);
    let mut terminal = Terminal::lines(&display);
    let before = client.keyboard_mapping();
    client.set_locks(locked.0, locked.1);

    let mut injector = display.open().injector(None).unwrap();
    type_text(&mut injector, &consent, SENTENCE);
    play(&mut injector, &consent, &[down(key::Return, 28), up(key::Return, 28)]);
    assert_eq!(terminal.line(), SENTENCE, "{layout}");
    assert_eq!(locks(&client), locked, "locks are as they were");
    drop(injector);
    assert!(client.held().0.is_empty(), "nothing is held");
    assert_eq!(client.keyboard_mapping(), before, "borrowed keycodes are given back");
}

/// Row B2: de → us.
#[test]
fn every_character_arrives_on_an_english_keyboard() {
    check_layout("us", (0, 0));
}

/// Row B2: any → de, with characters behind AltGr.
#[test]
fn every_character_arrives_on_a_german_keyboard() {
    check_layout("de", (0, 0));
}

/// Row B2: us → fr, where digits are shifted and letters lie elsewhere.
#[test]
fn every_character_arrives_on_a_french_keyboard() {
    check_layout("fr", (0, 0));
}

/// Row B2: us → ru, which has no Latin letter at all.
#[test]
fn every_character_arrives_on_a_russian_keyboard() {
    check_layout("ru", (0, 0));
}

/// Row B2: the sharer has two layouts and the other one is chosen; it stays chosen.
#[test]
fn every_character_arrives_whatever_group_is_chosen() {
    check_layout("ru,us,de", (0, 2));
    check_layout("us,ru", (0, 1));
}

/// Row B2: the sharer's Caps Lock is on, and stays on.
#[test]
fn every_character_arrives_with_caps_lock_on() {
    check_layout("de", (LOCK, 0));
    check_layout("ru", (LOCK, 0));
}

/// Row B2: XTEST's keyboard has another layout than the sharer's own.
#[test]
fn every_character_arrives_with_a_layout_of_its_own() {
    let outer = Display::virtual_screen(700, 500);
    let display = Display::inside(&outer, 640, 480);
    let (outside, client, consent) = (outer.client(), display.client(), Consent::given());
    display.run("setxkbmap", &["-layout", "us"]);
    display.run("setxkbmap", &["-device", &client.xtest_keyboard().to_string(), "-layout", "de"]);
    let mut terminal = Terminal::raw(&display);
    let mut injector = display.open().injector(None).unwrap();
    for _ in 0..2 {
        outside.tap(45);
        eventually("the letter", || (outside.nudge() && terminal.has_input()).then_some(()));
        assert_eq!(terminal.bytes(1), b"k");
        type_text(&mut injector, &consent, "zY#/");
        assert_eq!(terminal.bytes(4), b"zY#/");
    }
}

/// Many characters that no layout has: borrowed keycodes take turns, and no character is lost or changed.
#[test]
fn more_foreign_characters_than_spare_keycodes_arrive() {
    let display = Display::virtual_screen(640, 480);
    let (client, consent) = (display.client(), Consent::given());
    client.move_to(100, 100);
    let mut terminal = Terminal::lines(&display);
    let mut injector = display.open().injector(None).unwrap();
    let text: String = (0x391u32..=0x3a1).chain(0x400..0x440).filter_map(char::from_u32).collect();
    type_text(&mut injector, &consent, &text);
    play(&mut injector, &consent, &[down(key::Return, 28), up(key::Return, 28)]);
    assert_eq!(terminal.line(), text);
}

/// Row B2: arrow keys, function keys, and Ctrl with letters, in a layout that has the letters and in one that
/// has not; Shift held while text is typed does not change the text.
#[test]
fn keys_and_chords_arrive() {
    for layout in ["us", "ru"] {
        let display = Display::virtual_screen(640, 480);
        display.run("setxkbmap", &["-layout", layout]);
        let (client, consent) = (display.client(), Consent::given());
        client.move_to(100, 100);
        let mut terminal = Terminal::raw(&display);
        let mut injector = display.open().injector(None).unwrap();
        let tap = |keysym, position| [down(keysym, position), up(keysym, position)];

        play(&mut injector, &consent, &tap(key::Left, 105));
        play(&mut injector, &consent, &tap(key::Up, 0));
        assert_eq!(terminal.bytes(6), b"\x1b[D\x1b[A");

        let control = down(key::Control_L, 29);
        let chord = [control, down(key::c, 46), up(key::c, 46), up(key::Control_L, 29)];
        play(&mut injector, &consent, &chord);
        assert_eq!(terminal.bytes(1), [3], "Ctrl+C in {layout}");
        // No position, Ctrl held over two letters, and the letter let go after Ctrl.
        let chord =
            [control, down(key::a, 0), up(key::a, 0), down(key::e, 0), up(key::Control_L, 29), up(key::e, 0)];
        play(&mut injector, &consent, &chord);
        assert_eq!(terminal.bytes(2), [1, 5], "Ctrl+A, Ctrl+E in {layout}");

        let shift = down(key::Shift_L, 42);
        play(&mut injector, &consent, &[shift, down(key::Right, 106), up(key::Right, 106)]);
        assert_eq!(terminal.bytes(6), b"\x1b[1;2C", "Shift and arrow in {layout}");
        let text = "aB1!é✓".chars().map(InputEvent::Text);
        play(&mut injector, &consent, &text.collect::<Vec<_>>());
        assert_eq!(terminal.bytes(9), "aB1!é✓".as_bytes(), "text while Shift is held in {layout}");
        play(&mut injector, &consent, &[down(key::Home, 0), up(key::Home, 0), up(key::Shift_L, 42)]);
        assert_eq!(terminal.bytes(6), b"\x1b[1;2H", "Shift is still held in {layout}");
        play(&mut injector, &consent, &[down(key::Home, 0), up(key::Home, 0)]);
        assert_eq!(terminal.bytes(3), b"\x1b[H", "and no more");
        assert!(client.held().0.is_empty());
    }
}

/// A key held by the operator is pressed until it is let go, and each repetition arrives once.
#[test]
fn a_held_key_repeats_as_often_as_told() {
    let display = Display::virtual_screen(640, 480);
    let (client, consent) = (display.client(), Consent::given());
    client.move_to(100, 100);
    let mut terminal = Terminal::raw(&display);
    let mut injector = display.open().injector(None).unwrap();
    play(&mut injector, &consent, &[down(key::Left, 105); 3]);
    assert_eq!(client.held().0.len(), 1);
    play(&mut injector, &consent, &[up(key::Left, 105), InputEvent::Text('.')]);
    assert_eq!(terminal.bytes(10), b"\x1b[D\x1b[D\x1b[D.");
}

/// A key that is held does not repeat by itself: the operator's own keyboard repeats, and in an outage
/// nothing does.
#[test]
fn a_held_key_does_not_repeat_by_itself() {
    let display = Display::virtual_screen(640, 480);
    let (client, consent) = (display.client(), Consent::given());
    client.move_to(100, 100);
    let mut terminal = Terminal::raw(&display);
    let mut injector = display.open().injector(None).unwrap();
    play(&mut injector, &consent, &[down(key::Left, 105)]);
    assert_eq!(terminal.bytes(3), b"\x1b[D");
    // Not for anything to happen, but for nothing to: keys repeat after 660 ms unless told otherwise.
    std::thread::park_timeout(std::time::Duration::from_millis(900));
    play(&mut injector, &consent, &[up(key::Left, 105), InputEvent::Text('.')]);
    assert_eq!(terminal.bytes(1), b".");
    assert_eq!(client.repeats().0, [false]);
    drop(injector);
    assert_eq!(client.repeats().0, [true], "as before");
}

/// The sharer's own keyboard goes on repeating, also in the middle of control.
#[test]
fn the_sharers_own_keyboard_goes_on_repeating() {
    let outer = Display::virtual_screen(700, 500);
    let display = Display::inside(&outer, 640, 480);
    let (outside, client, consent) = (outer.client(), display.client(), Consent::given());
    outside.move_to(100, 100);
    let mut injector = display.open().injector(None).unwrap();
    type_text(&mut injector, &consent, "a");
    outside.key(38, true);
    eventually("the hand holds a key", || (outside.nudge() && !client.held().0.is_empty()).then_some(()));
    assert!(client.repeats().1);
    outside.key(38, false);
}

/// Nothing stays pressed: on ReleaseAll, on `release_all`, and when the injector is dropped.
#[test]
fn nothing_stays_pressed() {
    let display = Display::virtual_screen(640, 480);
    let (client, consent) = (display.client(), Consent::given());
    let button = deskside_proto::input::Button::Left;
    let press = [
        down(key::Control_L, 29),
        down(key::Shift_L, 42),
        down(key::Left, 105),
        InputEvent::PointerButton { button, pressed: true },
    ];
    let mut injector = display.open().injector(None).unwrap();
    type Release = fn(X11Injector, &Consent) -> Option<X11Injector>;
    let releases: [Release; 3] = [
        |mut injector, consent| {
            injector.inject(&consent.control, InputEvent::ReleaseAll).unwrap();
            Some(injector)
        },
        |mut injector, _| {
            injector.release_all().unwrap();
            Some(injector)
        },
        |_, _| None,
    ];
    for release in releases {
        play(&mut injector, &consent, &press);
        assert_eq!(client.held().0.len(), 3);
        assert_eq!(client.held().1 & 0x105, 0x105, "Shift, Ctrl, button");
        let kept = release(injector, &consent);
        assert_eq!(client.held(), (vec![], 0));
        injector = kept.unwrap_or_else(|| display.open().injector(None).unwrap());
    }
}

/// T16: after `revoke` nothing is injected any more, not even the rest of an event, and what was held is let
/// go of without a grant.
#[test]
fn t16_nothing_is_injected_after_revoking() {
    let display = Display::virtual_screen(640, 480);
    let (client, consent) = (display.client(), Consent::given());
    client.move_to(100, 100);
    let mut terminal = Terminal::raw(&display);
    let mut injector = display.open().injector(None).unwrap();
    play(&mut injector, &consent, &[InputEvent::Text('a'), down(key::Control_L, 29)]);
    consent.revoker.revoke();
    let refused = [
        InputEvent::Text('b'),
        InputEvent::Text('✓'),
        down(key::c, 46),
        InputEvent::PointerMove { x: 5, y: 5 },
        InputEvent::PointerButton { button: deskside_proto::input::Button::Left, pressed: true },
        InputEvent::Wheel { dx: 0, dy: 120 },
    ];
    for event in refused {
        let outcome = injector.inject(&consent.control, event);
        assert!(matches!(outcome, Err(InjectError::Denied(_))), "{event:?}: {outcome:?}");
    }
    assert_eq!(client.pointer(), (100, 100));
    assert_eq!(client.held().0.len(), 1, "Ctrl is still held");
    injector.inject(&consent.control, up(key::Control_L, 29)).unwrap();
    assert_eq!(client.held(), (vec![], 0));
    client.tap(24);
    assert_eq!(terminal.bytes(2), b"aq", "nothing in between");
}

/// Revoking from another thread in the middle of a flood stops the flood, with nothing held.
#[test]
fn t16_revoking_stops_a_flood() {
    let display = Display::virtual_screen(640, 480);
    let (client, consent) = (display.client(), Consent::given());
    let mut injector = display.open().injector(None).unwrap();
    let Consent { control, revoker, .. } = consent;
    let (begun, wait) = std::sync::mpsc::channel();
    let other = std::thread::spawn(move || {
        wait.recv().unwrap();
        revoker.revoke();
    });
    let mut typed = 0;
    let refused = loop {
        match injector.inject(&control, InputEvent::Text('Ä')) {
            Ok(()) => typed += 1,
            Err(error) => break error,
        }
        if typed == 5 {
            begun.send(()).unwrap();
        }
    };
    assert!(matches!(refused, InjectError::Denied(_)), "{refused:?}");
    other.join().unwrap();
    assert_eq!(client.held(), (vec![], 0));
}

/// A letter while the sharer's own hand holds Ctrl would be a command: it is refused.
#[test]
fn a_letter_is_no_command_while_the_hand_holds_ctrl() {
    let outer = Display::virtual_screen(700, 500);
    let display = Display::inside(&outer, 640, 480);
    let (outside, client, consent) = (outer.client(), display.client(), Consent::given());
    outside.move_to(100, 100);
    let mut terminal = Terminal::raw(&display);
    let mut injector = display.open().injector(None).unwrap();
    outside.key(37, true);
    eventually("Ctrl is held", || (outside.nudge() && client.held().1 & 4 != 0).then_some(()));
    let outcome = injector.inject(&consent.control, InputEvent::Text('w'));
    assert!(matches!(outcome, Err(InjectError::HandHoldsModifier)), "{outcome:?}");
    outside.key(37, false);
    eventually("Ctrl is let go", || (outside.nudge() && client.held().1 & 4 == 0).then_some(()));
    // With Shift held by the hand there is still a way to a small letter.
    outside.key(50, true);
    eventually("Shift is held", || (outside.nudge() && client.held().1 & 1 != 0).then_some(()));
    type_text(&mut injector, &consent, "wW");
    assert_eq!(terminal.bytes(2), b"wW");
    outside.key(50, false);
}
