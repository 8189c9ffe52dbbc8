//! The operator's mouse: motion, buttons, drag, double click and wheel, as a program receives them.

use deskside_platform::Injector as _;
use deskside_platform::x11::X11Injector;
use deskside_proto::input::{Button, InputEvent};
use x11rb::connection::Connection as _;
use x11rb::protocol::Event;
use x11rb::protocol::xproto::{ConnectionExt as _, EventMask};

use crate::consent::Consent;
use crate::display::{Client, Display};

fn buttons(client: &Client) -> Vec<(u8, bool, i16, i16)> {
    let mut heard = Vec::new();
    while let Some(event) = client.connection.poll_for_event().unwrap() {
        match event {
            Event::ButtonPress(event) => heard.push((event.detail, true, event.event_x, event.event_y)),
            Event::ButtonRelease(event) => heard.push((event.detail, false, event.event_x, event.event_y)),
            _ => {}
        }
    }
    heard
}

struct Desk {
    display: Display,
    client: Client,
    consent: Consent,
    injector: X11Injector,
}

impl Desk {
    fn new() -> Self {
        let display = Display::virtual_screen(640, 480);
        let (client, injector) = (display.client(), display.open().injector(None).unwrap());
        let events = EventMask::BUTTON_PRESS | EventMask::BUTTON_RELEASE;
        client.window((0, 0, 640, 480), 0, events);
        Self { display, client, consent: Consent::given(), injector }
    }

    fn play(&mut self, events: &[InputEvent]) -> Vec<(u8, bool, i16, i16)> {
        for event in events {
            self.injector.inject(&self.consent.control, *event).unwrap();
        }
        self.client.sync();
        buttons(&self.client)
    }
}

fn press(button: Button, pressed: bool) -> InputEvent {
    InputEvent::PointerButton { button, pressed }
}

/// Row W8: a drag and a double click arrive as such; motion ends at the screen's edge.
#[test]
fn clicks_and_drags_arrive_where_they_were_made() {
    let mut desk = Desk::new();
    let at = |x, y| InputEvent::PointerMove { x, y };
    let (down, up) = (press(Button::Left, true), press(Button::Left, false));
    let drag = desk.play(&[at(10, 20), down, at(200, 150), at(300, 250), up]);
    assert_eq!(drag, [(1, true, 10, 20), (1, false, 300, 250)]);
    let double = desk.play(&[down, up, down, up]);
    let there = |pressed| (1, pressed, 300, 250);
    assert_eq!(double, [there(true), there(false), there(true), there(false)]);
    desk.play(&[at(5000, u16::MAX)]);
    assert_eq!(desk.client.pointer(), (639, 479));
    let all = [Button::Middle, Button::Right, Button::Back, Button::Forward];
    let pressed = all.map(|button| [press(button, true), press(button, false)]);
    let heard = desk.play(pressed.as_flattened());
    let numbers: Vec<u8> = heard.iter().filter(|(_, down, ..)| *down).map(|(number, ..)| *number).collect();
    assert_eq!(numbers, [2, 3, 8, 9]);
}

/// Row W8: the wheel turns by notches; parts of notches add up, in each direction.
#[test]
fn the_wheel_turns_by_whole_notches() {
    let mut desk = Desk::new();
    let wheel = |dx, dy| InputEvent::Wheel { dx, dy };
    let mut turned = |events: &[InputEvent]| -> Vec<u8> {
        let heard = desk.play(events);
        heard.iter().filter(|(_, down, ..)| *down).map(|(number, ..)| *number).collect()
    };
    assert_eq!(turned(&[wheel(0, 120)]), [5], "down");
    assert_eq!(turned(&[wheel(0, -240)]), [4, 4], "up");
    assert_eq!(turned(&[wheel(120, 0), wheel(-120, 0)]), [7, 6], "right, left");
    assert!(turned(&[wheel(0, 50)]).is_empty());
    assert_eq!(turned(&[wheel(0, 50), wheel(0, 50)]), [5], "three parts make one, and 30 stay");
    assert!(turned(&[wheel(0, -30)]).is_empty());
    assert_eq!(turned(&[wheel(0, -120)]), [4]);
}

/// A left-handed sharer has exchanged the buttons: the operator's primary button is still the primary one.
#[test]
fn the_primary_button_is_the_primary_one() {
    let mut desk = Desk::new();
    let mut mapping = desk.client.connection.get_pointer_mapping().unwrap().reply().unwrap().map;
    mapping.swap(0, 2);
    desk.client.connection.set_pointer_mapping(&mapping).unwrap().reply().unwrap();
    let heard = desk.play(&[press(Button::Left, true), press(Button::Left, false)]);
    let numbers: Vec<u8> = heard.iter().map(|(number, ..)| *number).collect();
    assert_eq!(numbers, [1, 1]);
    assert_eq!(desk.client.held().1 & 0x1f00, 0, "no button is held on {}", desk.display.name);
}
