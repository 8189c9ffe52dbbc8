//! A program that keeps its own windows out of reach, where everything else on the screen may be used.

use deskside_platform::{InjectError, Injector as _};
use deskside_proto::input::{Button, InputEvent};
use x11rb::connection::Connection as _;
use x11rb::protocol::Event;
use x11rb::protocol::xproto::{ConnectionExt as _, CreateWindowAux, EventMask, WindowClass};

use crate::consent::Consent;
use crate::display::eventually;
use crate::scoped::{Desk, buttons, press};

/// Row L16: whoever is given control of an operator's screen does not get the operator's program with it.
#[test]
fn own_windows_are_out_of_reach_with_the_whole_screen_as_well() {
    let mut desk = Desk::new();
    let Desk { client, .. } = &desk;
    let own = client.connection.generate_id().unwrap();
    let wanted = EventMask::BUTTON_PRESS | EventMask::STRUCTURE_NOTIFY;
    let attributes = CreateWindowAux::new().override_redirect(1).event_mask(wanted);
    let place = (20, 380, 250, 90);
    client
        .connection
        .create_window(
            24,
            own,
            client.root,
            place.0,
            place.1,
            place.2,
            place.3,
            0,
            WindowClass::INPUT_OUTPUT,
            0,
            &attributes,
        )
        .unwrap();
    client.connection.map_window(own).unwrap();
    client.connection.flush().unwrap();
    eventually("the own window is there", || {
        matches!(client.connection.poll_for_event().unwrap(), Some(Event::MapNotify(_))).then_some(())
    });
    let consent = Consent::given();
    let mut injector = desk.desktop.injector(None).unwrap().sparing_own();
    let mut inject = |event| injector.inject(&consent.control, event);

    inject(InputEvent::PointerMove { x: 420, y: 120 }).unwrap();
    inject(press(Button::Left, true)).unwrap();
    inject(press(Button::Left, false)).unwrap();
    let other = &mut desk.other;
    let mut heard = Vec::new();
    eventually("another program is clicked", || {
        heard.extend(other.take());
        (buttons(&heard) == [true, false]).then_some(())
    });

    let over = inject(InputEvent::PointerMove { x: 100, y: 420 });
    assert!(matches!(over, Err(InjectError::OutOfScope)), "{over:?}");
    // Wherever the pointer has come to by then.
    desk.client
        .connection
        .warp_pointer(x11rb::NONE, desk.client.root, 0, 0, 0, 0, 100, 420)
        .unwrap()
        .check()
        .unwrap();
    let pressed = inject(press(Button::Left, true));
    assert!(matches!(pressed, Err(InjectError::OutOfScope)), "{pressed:?}");
    desk.client.sync();
    let clicked = std::iter::from_fn(|| desk.client.connection.poll_for_event().unwrap());
    assert!(
        !clicked.into_iter().any(|event| matches!(event, Event::ButtonPress(_))),
        "the own window was clicked"
    );
}
