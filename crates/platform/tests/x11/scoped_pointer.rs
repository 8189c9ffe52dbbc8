//! The pointer within a scope: where it may go, and what it may not hit.

use deskside_platform::{InjectError, Injector as _};
use deskside_proto::input::{Button, InputEvent};
use deskside_session::{Area, Scope};
use x11rb::protocol::xproto::{ConnectionExt as _, EventMask, Window};

use crate::consent::Consent;
use crate::display::eventually;
use crate::scoped::{Desk, buttons, is_out, keys, press};

/// T27: the pointer goes nowhere but to visible parts of the allowed window, nothing is clicked elsewhere,
/// and a click whose motion was refused is no click somewhere else.
#[test]
fn t27_the_pointer_stays_within_the_visible_parts() {
    let mut desk = Desk::new();
    let consent = desk.consent();
    let cover = desk.other.popup((100, 100, 60, 60));
    desk.inject(&consent, InputEvent::PointerMove { x: 50, y: 200 }).unwrap();
    desk.other.take();
    let mut been = 0;
    for (x, y) in (0..16u16).flat_map(|row| (0..21u16).map(move |column| (column * 32, row * 32))) {
        let moved = desk.inject(&consent, InputEvent::PointerMove { x, y });
        // Not on the title: the window manager's menu would open, which is not within.
        let is_title = moved.is_ok() && y < 80;
        for event in [press(Button::Left, true), InputEvent::Wheel { dx: 0, dy: 120 }] {
            let outcome = if is_title { Ok(()) } else { desk.inject(&consent, event) };
            assert_eq!(outcome.is_ok(), moved.is_ok(), "{x} {y} {event:?} {outcome:?}");
            desk.inject(&consent, press(Button::Left, false)).unwrap();
        }
        if moved.is_ok() {
            been += 1;
            assert_eq!(desk.client.pointer(), (x as i16, y as i16));
            // With the frame that the window manager gave to it.
            assert!((15..276).contains(&x) && (20..360).contains(&y), "{x} {y}");
            assert!(!((100..160).contains(&x) && (100..160).contains(&y)), "{x} {y}");
        } else {
            assert!(is_out(&moved), "{moved:?}");
        }
    }
    assert!(50 < been, "{been}");
    assert_eq!(desk.other.take(), [], "and not on {cover}");
    assert_eq!(desk.client.held(), (Vec::new(), 0));
}

/// T27: while other windows fly about, over and under, no motion and no click reaches one of them. (Without a
/// window manager: one that raises what is clicked decides itself what happens to a press that it holds back.)
#[test]
fn t27_the_pointer_hits_no_window_that_pushes_in_between() {
    let mut desk = Desk::unmanaged();
    let consent = desk.consent();
    let wanderers: Vec<Window> = (0..3).map(|at| desk.other.popup((30 + at * 50, 80, 90, 90))).collect();
    for window in &wanderers {
        desk.other.order(&format!("wander {window} 1500"));
    }
    let (mut carried_out, mut refused) = (0, 0);
    for turn in 0..300u16 {
        let there = InputEvent::PointerMove { x: 30 + turn * 7 % 230, y: 60 + turn * 13 % 270 };
        for event in [there, press(Button::Left, true), press(Button::Left, false)] {
            match desk.inject(&consent, event) {
                Ok(()) => carried_out += 1,
                Err(InjectError::OutOfScope) => refused += 1,
                Err(error) => panic!("{error}"),
            }
        }
    }
    desk.other.order("rest");
    let reached = desk.other.take();
    assert_eq!(reached, [], "{carried_out} carried out, {refused} refused");
    assert!(0 < refused && 0 < carried_out, "{carried_out} carried out, {refused} refused");
    assert_eq!(desk.client.held(), (Vec::new(), 0));
}

/// A release goes where its press went, even if something else lies there by then.
#[test]
fn t27_a_button_comes_up_where_it_went_down() {
    let mut desk = Desk::new();
    let consent = desk.consent();
    desk.inject(&consent, InputEvent::PointerMove { x: 100, y: 200 }).unwrap();
    desk.inject(&consent, press(Button::Left, true)).unwrap();
    // The window manager looks at it first.
    eventually("the press is there", || buttons(&desk.allowed.take()).contains(&true).then_some(()));
    let cover = desk.other.popup((50, 150, 200, 100));
    desk.inject(&consent, press(Button::Left, false)).unwrap();
    assert_eq!(desk.other.take(), []);
    assert_eq!(buttons(&desk.allowed.take()), [false]);
    // Covered while a button is held: it comes up without being told, and still where it went down.
    desk.other.order(&format!("hide {cover}"));
    desk.inject(&consent, press(Button::Left, true)).unwrap();
    eventually("the press is there", || buttons(&desk.allowed.take()).contains(&true).then_some(()));
    assert!(!desk.injector.let_go_outside().unwrap());
    desk.other.popup((50, 150, 200, 100));
    assert!(desk.injector.let_go_outside().unwrap());
    assert_eq!((desk.other.take(), buttons(&desk.allowed.take())), (Vec::new(), vec![false]));
    assert_eq!(desk.client.held(), (Vec::new(), 0));
}

/// Whole monitors: places count from the monitor's corner, and nothing beyond it is reached.
#[test]
fn t27_a_monitor_is_not_left() {
    let mut desk = Desk::new();
    desk.display.run("xrandr", &["--setmonitor", "left", "320/100x480/100+0+0", "screen"]);
    desk.display.run("xrandr", &["--setmonitor", "right", "320/100x480/100+320+0", "none"]);
    let monitors = desk.desktop.monitors().unwrap();
    let right = monitors.iter().find(|monitor| monitor.name == "right").unwrap();
    let consent = Consent::within(&Scope::monitor(right.id));
    desk.inject(&consent, InputEvent::PointerMove { x: 10, y: 20 }).unwrap();
    assert_eq!(desk.client.pointer(), (330, 20));
    for (x, y) in [(320, 20), (10, 480), (u16::MAX, 0), (u16::MAX, u16::MAX)] {
        let moved = desk.inject(&consent, InputEvent::PointerMove { x, y });
        assert!(is_out(&moved), "{x} {y} {moved:?}");
        assert!(is_out(&desk.inject(&consent, press(Button::Left, true))), "no click elsewhere");
    }
    assert_eq!(desk.client.pointer(), (330, 20));
    // The keyboard belongs to a window on the other monitor.
    assert!(is_out(&desk.inject(&consent, InputEvent::Text('x'))));
    let outside = desk.outside;
    desk.other.order(&format!("focus {outside}"));
    eventually("the focus is on the right", || (desk.focus() == outside).then_some(()));
    desk.inject(&consent, InputEvent::Text('x')).unwrap();
    assert_eq!(keys(&desk.other.take()).len(), 2);
    // The customer's own hand has moved the pointer to the other monitor.
    desk.client.move_to(100, 100);
    assert!(is_out(&desk.inject(&consent, press(Button::Left, true))));
}

/// T21: our own windows are nobody's target, whatever else is allowed; hidden applications are not either.
#[test]
fn t21_our_own_windows_are_never_a_target() {
    let mut desk = Desk::new();
    let hidden = desk.other.application(&desk.desktop);
    let scope = Scope { area: Area::Screen, hidden: [hidden].into(), ..Scope::screen() };
    let consent = Consent::within(&scope);
    let events = EventMask::BUTTON_PRESS | EventMask::KEY_PRESS | EventMask::POINTER_MOTION;
    let own = desk.client.window((50, 100, 100, 100), 0xff, events);
    assert!(is_out(&desk.inject(&consent, InputEvent::PointerMove { x: 100, y: 150 })));
    assert!(is_out(&desk.inject(&consent, InputEvent::PointerMove { x: 400, y: 150 })), "hidden");
    desk.inject(&consent, InputEvent::PointerMove { x: 200, y: 200 }).unwrap();
    desk.inject(&consent, InputEvent::PointerMove { x: 5, y: 5 }).unwrap();
    desk.inject(&consent, InputEvent::Text('x')).unwrap();
    let now = x11rb::CURRENT_TIME;
    desk.client
        .connection
        .set_input_focus(x11rb::protocol::xproto::InputFocus::PARENT, own, now)
        .unwrap()
        .check()
        .unwrap();
    assert!(is_out(&desk.inject(&consent, InputEvent::Text('x'))));
    desk.client.sync();
    use x11rb::connection::Connection as _;
    while let Some(event) = desk.client.connection.poll_for_event().unwrap() {
        let is_input = matches!(
            event,
            x11rb::protocol::Event::ButtonPress(_)
                | x11rb::protocol::Event::KeyPress(_)
                | x11rb::protocol::Event::MotionNotify(_)
        );
        assert!(!is_input, "{event:?}");
    }
}
