//! F11 in the middle of a flood of the operator's, whatever other programs have grabbed: what came before and
//! what came after, in the X server's own order.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::channel;
use std::time::{Duration, Instant};

use deskside_platform::{HandEvent, InjectError, Injector as _};
use deskside_proto::input::InputEvent;
use x11rb::connection::Connection as _;
use x11rb::protocol::Event;
use x11rb::protocol::xinput::{ConnectionExt as _, Device, EventMask as Devices, XIEventMask};
use x11rb::protocol::xproto::{
    Atom, AtomEnum, ConnectionExt as _, EventMask, GrabMode, GrabStatus, PropMode, Window,
};
use x11rb::wrapper::ConnectionExt as _;

use crate::consent::Consent;
use crate::display::{Client, Display, PATIENCE, eventually};

const F11: u8 = 95;
/// A key that means nothing here.
const A: u8 = 38;
/// How much is carried out before F11.
const BEFORE: usize = 200;
/// How much the operator tries after it.
const AFTER: usize = 10_000;

/// One thing that happened on the display.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Happened {
    /// The customer's own keyboard pressed F11.
    F11,
    /// A program moved the pointer, or pressed a key or button.
    Injected,
    /// Control had been taken away.
    Revoked,
}

/// Hears everything by one connection, so that there is one order.
struct Listener {
    client: Client,
    window: Window,
    note: Atom,
    xtest: Vec<u16>,
}

impl Listener {
    fn new(display: &Display) -> Self {
        let client = display.client();
        let connection = &client.connection;
        let window = client.window((630, 470, 2, 2), 0, EventMask::PROPERTY_CHANGE);
        let note = connection.intern_atom(false, b"DESKSIDE_TEST_NOTE").unwrap().reply().unwrap().atom;
        connection.xinput_xi_query_version(2, 2).unwrap().reply().unwrap();
        let devices = connection.xinput_xi_query_device(0u16).unwrap().reply().unwrap().infos;
        let xtest = devices.iter().filter(|device| device.name.windows(5).any(|part| part == b"XTEST"));
        let xtest = xtest.map(|device| device.deviceid).collect();
        let mask = XIEventMask::RAW_KEY_PRESS | XIEventMask::RAW_BUTTON_PRESS | XIEventMask::RAW_MOTION;
        let all = Devices { deviceid: Device::ALL.into(), mask: vec![mask] };
        connection.xinput_xi_select_events(client.root, &[all]).unwrap().check().unwrap();
        Self { client, window, note, xtest }
    }

    /// Writes into the same order, from another connection.
    fn note(&self, writer: &Client) {
        let kind = AtomEnum::STRING;
        let connection = &writer.connection;
        connection.change_property8(PropMode::REPLACE, self.window, self.note, kind, b"").unwrap();
        writer.sync();
    }

    fn happened(&self) -> Vec<Happened> {
        self.client.sync();
        let mut all = Vec::new();
        while let Some(event) = self.client.connection.poll_for_event().unwrap() {
            all.extend(match event {
                Event::XinputRawKeyPress(event) if self.xtest.contains(&event.deviceid) => {
                    Some(Happened::Injected)
                }
                Event::XinputRawButtonPress(event) | Event::XinputRawMotion(event)
                    if self.xtest.contains(&event.deviceid) =>
                {
                    Some(Happened::Injected)
                }
                // Once more comes from the master.
                Event::XinputRawKeyPress(event)
                    if event.detail == u32::from(F11) && event.deviceid == event.sourceid =>
                {
                    Some(Happened::F11)
                }
                Event::PropertyNotify(event) if event.atom == self.note => Some(Happened::Revoked),
                _ => None,
            });
        }
        all
    }
}

fn nth(number: usize) -> InputEvent {
    let place = 100 + u16::try_from(number % 50).unwrap();
    match number % 4 {
        0 => InputEvent::Text('x'),
        1 => InputEvent::Wheel { dx: 0, dy: 120 },
        _ => InputEvent::PointerMove { x: place, y: place },
    }
}

/// Presses F11 while the operator floods the display on which `other` has done its worst.
fn press_in_a_flood(other: impl FnOnce(&Client)) {
    let outside = Display::virtual_screen(700, 500);
    let display = Display::inside(&outside, 640, 480);
    let (hand, foreign, writer) = (outside.client(), display.client(), display.client());
    let listener = Arc::new(Listener::new(&display));
    let Consent { control, revoker, .. } = Consent::given();
    other(&foreign);

    let (tell, hear) = channel();
    let order = Arc::clone(&listener);
    let callback = move |event| {
        if event == HandEvent::F11 {
            revoker.revoke();
            order.note(&writer);
            tell.send(()).unwrap();
        }
    };
    let watch = display.open().watch_hand(Box::new(callback)).unwrap();
    let mut injector = display.open().injector(None).unwrap();
    let carried_out = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&carried_out);
    let operator = std::thread::spawn(move || {
        let (mut number, began) = (0, Instant::now());
        while injector.inject(&control, nth(number)).inspect_err(is_denied).is_ok() {
            assert!(began.elapsed() < PATIENCE, "the flood goes on");
            number += 1;
            count.store(number, Ordering::SeqCst);
        }
        (number..number + AFTER).all(|number| injector.inject(&control, nth(number)).is_err())
    });
    eventually("the flood", || (BEFORE <= carried_out.load(Ordering::SeqCst)).then_some(()));
    hand.tap(F11);
    // Xephyr leaves an event lying that comes while it paints, until another one comes.
    eventually("F11", || {
        let heard = hear.recv_timeout(Duration::from_millis(200)).ok();
        if heard.is_none() {
            hand.tap(A);
        }
        heard
    });
    assert!(operator.join().unwrap(), "something was carried out after F11");
    drop(watch);

    let all = listener.happened();
    let place = |what| all.iter().position(|happened| *happened == what).unwrap();
    let (f11, revoked) = (place(Happened::F11), place(Happened::Revoked));
    assert!(f11 < revoked);
    assert!(BEFORE <= f11, "the flood was under way");
    // What had asked the grant just before may arrive just after; one, because each waits for the server.
    let later = &all[revoked + 1..];
    assert!(later.len() <= 1, "{later:?}");
}

fn is_denied(error: &InjectError) {
    assert!(matches!(error, InjectError::Denied(_)), "{error:?}");
}

fn grab_keyboard(client: &Client, window: Window, mode: GrabMode) {
    let grab = client.connection.grab_keyboard(true, window, 0u32, GrabMode::ASYNC, mode).unwrap();
    assert_eq!(grab.reply().unwrap().status, GrabStatus::SUCCESS);
}

/// T16, row N11: nothing of a flood is carried out once F11 has been heard.
#[test]
fn t16_nothing_of_a_flood_comes_after_f11() {
    press_in_a_flood(|_| ());
}

/// T16, row N11: the same while a menu is open: a window that no manager knows, with keyboard and pointer
/// grabbed.
#[test]
fn t16_nothing_of_a_flood_comes_after_f11_with_an_open_menu() {
    press_in_a_flood(|client| {
        let menu = client.window((80, 80, 160, 200), 0x00ee_eeee, EventMask::KEY_PRESS);
        grab_keyboard(client, menu, GrabMode::ASYNC);
        let (mask, mode) = (EventMask::BUTTON_PRESS | EventMask::POINTER_MOTION, GrabMode::ASYNC);
        let grab = client.connection.grab_pointer(true, menu, mask, mode, mode, 0u32, 0u32, 0u32).unwrap();
        assert_eq!(grab.reply().unwrap().status, GrabStatus::SUCCESS);
    });
}

/// T16, row N11: the same while another program has grabbed the whole keyboard.
#[test]
fn t16_nothing_of_a_flood_comes_after_f11_with_the_keyboard_grabbed() {
    press_in_a_flood(|client| grab_keyboard(client, client.root, GrabMode::ASYNC));
}

/// T16, row N11: the same while another program has grabbed the keyboard and keeps its events waiting.
#[test]
fn t16_nothing_of_a_flood_comes_after_f11_with_the_keyboard_frozen() {
    press_in_a_flood(|client| grab_keyboard(client, client.root, GrabMode::SYNC));
}

/// T16, row N11: the same while another program has taken F11 for itself.
#[test]
fn t16_nothing_of_a_flood_comes_after_f11_when_another_program_has_that_key() {
    press_in_a_flood(|client| {
        let mode = GrabMode::ASYNC;
        let taken = client.connection.grab_key(false, client.root, 0u16.into(), F11, mode, mode).unwrap();
        taken.check().unwrap();
    });
}
