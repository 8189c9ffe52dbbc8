//! The customer's own hand, told from everything that programs do.

use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

use deskside_platform::x11::HandWatch;
use deskside_platform::{HandEvent, Injector as _};
use deskside_proto::input::{Button, InputEvent};
use x11rb::connection::{Connection as _, RequestConnection as _};
use x11rb::protocol::Event;
use x11rb::protocol::xinput::{
    ConnectionExt as _, HierarchyChange, HierarchyChangeData, HierarchyChangeDataAddMaster,
    HierarchyChangeDataDetachSlave, XIChangePropertyAux, XIDeviceInfo,
};
use x11rb::protocol::xproto::{
    AtomEnum, ConnectionExt as _, EventMask, GrabMode, GrabStatus, InputFocus, KEY_PRESS_EVENT, KeyButMask,
    KeyPressEvent, PropMode,
};
use x11rb::protocol::xtest::ConnectionExt as _;
use xkeysym::key;

use crate::consent::Consent;
use crate::display::{Client, Display, PATIENCE, eventually};

const F11: u8 = 95;
const LOCK: u8 = 2;
const NUM_LOCK: u8 = 16;

fn watch(display: &Display) -> (HandWatch, Receiver<HandEvent>) {
    let (tell, hear) = channel();
    // When the test is over, nobody listens any more.
    let callback = move |event| {
        let _nobody = tell.send(event);
    };
    (display.open().watch_hand(Box::new(callback)).unwrap(), hear)
}

fn is_key(event: &HandEvent, wanted: u32, down: bool) -> bool {
    matches!(event, HandEvent::Key { keysym, pressed, .. } if *keysym == wanted && *pressed == down)
}

/// A customer's desktop in Xephyr: the outer display's XTEST is the hand's devices inside.
struct Customer {
    outer: Client,
    inner: Client,
    display: Display,
    _outer_display: Display,
}

impl Customer {
    fn new() -> Self {
        let outer_display = Display::virtual_screen(700, 500);
        let display = Display::inside(&outer_display, 640, 480);
        let (outer, inner) = (outer_display.client(), display.client());
        Self { outer, inner, display, _outer_display: outer_display }
    }

    /// The next thing that the hand is heard to do. Xephyr leaves an event lying that comes while it paints,
    /// until another one comes: the hand taps "a" when nothing is heard.
    fn next(&self, hear: &Receiver<HandEvent>) -> HandEvent {
        eventually("the hand", || {
            let heard = hear.recv_timeout(Duration::from_millis(200)).ok();
            if heard.is_none() {
                self.outer.tap(38);
            }
            heard
        })
    }

    /// The next one that fits.
    fn until(&self, hear: &Receiver<HandEvent>, fits: impl Fn(&HandEvent) -> bool) -> HandEvent {
        eventually("the hand does it", || Some(self.next(hear)).filter(&fits))
    }
}

/// Row B8: what the customer's devices do is heard, with the place of a click.
#[test]
fn the_hand_is_heard() {
    let customer = Customer::new();
    let (_watch, hear) = watch(&customer.display);
    customer.outer.move_to(210, 120);
    customer.until(&hear, |event| *event == HandEvent::Moved);
    customer.outer.button(1, true);
    let heard = customer.until(&hear, |event| matches!(event, HandEvent::Button { pressed: true, .. }));
    let HandEvent::Button { button: 1, x, y, .. } = heard else { panic!("{heard:?}") };
    let (px, py) = customer.inner.pointer();
    assert_eq!((x, y), (i32::from(px), i32::from(py)));
    customer.outer.button(1, false);
    customer.until(&hear, |event| matches!(event, HandEvent::Button { pressed: false, button: 1, .. }));
    for (keycode, keysym) in [(36, key::Return), (65, key::space), (38, key::a)] {
        customer.outer.tap(keycode);
        customer.until(&hear, |event| is_key(event, keysym, true));
        customer.until(&hear, |event| is_key(event, keysym, false));
    }
}

/// Rows B8, N11: what programs do is not the hand: XTEST, our own injection, warping the pointer, sent
/// events. On Xvfb nothing else exists.
#[test]
fn programs_are_not_the_hand() {
    let customer = Customer::new();
    let consent = Consent::given();
    let (_watch, hear) = watch(&customer.display);
    let client = &customer.inner;
    let window = client.window((0, 0, 300, 300), 0, EventMask::KEY_PRESS);

    client.move_to(50, 60);
    client.button(1, true);
    client.button(1, false);
    client.tap(F11);
    client.tap(36);
    client.connection.warp_pointer(x11rb::NONE, client.root, 0, 0, 0, 0, 90, 90).unwrap();
    let sent = KeyPressEvent {
        response_type: KEY_PRESS_EVENT,
        detail: F11,
        sequence: 0,
        time: 0,
        root: client.root,
        event: window,
        child: 0,
        root_x: 0,
        root_y: 0,
        event_x: 0,
        event_y: 0,
        state: KeyButMask::default(),
        same_screen: true,
    };
    client.connection.send_event(true, window, EventMask::KEY_PRESS, sent).unwrap();
    client.sync();
    let mut injector = customer.display.open().injector(None).unwrap();
    let events = [
        InputEvent::PointerMove { x: 30, y: 30 },
        InputEvent::PointerButton { button: Button::Left, pressed: true },
        InputEvent::PointerButton { button: Button::Left, pressed: false },
        InputEvent::Key { keysym: key::F11, position: 87, pressed: true },
        InputEvent::Key { keysym: key::F11, position: 87, pressed: false },
        InputEvent::Text(' '),
        InputEvent::Text('✓'),
        InputEvent::Wheel { dx: 0, dy: 120 },
    ];
    for event in events {
        injector.inject(&consent.control, event).unwrap();
    }
    // The hand's next act is the first that is heard.
    customer.outer.tap(38);
    let first = customer.next(&hear);
    assert!(is_key(&first, key::a, true), "{first:?}");
}

/// Row N11: F11 is heard although another program has grabbed the whole keyboard, as menus and games do.
#[test]
fn f11_is_heard_during_another_programs_grab() {
    let customer = Customer::new();
    let (_watch, hear) = watch(&customer.display);
    let mode = GrabMode::ASYNC;
    let root = customer.inner.root;
    let grab = customer.inner.connection.grab_keyboard(false, root, 0u32, mode, mode).unwrap();
    assert_eq!(grab.reply().unwrap().status, GrabStatus::SUCCESS);
    let grab = customer.inner.connection.grab_pointer(
        false,
        root,
        EventMask::NO_EVENT,
        mode,
        mode,
        0u32,
        0u32,
        0u32,
    );
    assert_eq!(grab.unwrap().reply().unwrap().status, GrabStatus::SUCCESS);
    customer.outer.tap(F11);
    customer.until(&hear, |event| *event == HandEvent::F11);
}

/// The device ids of the desktop's real keyboard and of its master.
fn keyboards(client: &Client) -> (u16, u16) {
    let devices = client.connection.xinput_xi_query_device(0u16).unwrap().reply().unwrap().infos;
    let find = |name: &[u8]| devices.iter().find(|device| device.name == name).unwrap().deviceid;
    (find(b"Xephyr virtual keyboard"), find(b"Virtual core keyboard"))
}

/// Rows B8, N11: a program that detaches the customer's keyboard from the desktop does not silence F11.
#[test]
fn f11_is_heard_from_a_detached_keyboard() {
    let customer = Customer::new();
    let (_watch, hear) = watch(&customer.display);
    let client = &customer.inner;
    client.connection.xinput_xi_query_version(2, 2).unwrap().reply().unwrap();
    let deviceid = keyboards(client).0;
    let detach = HierarchyChange {
        len: 2,
        data: HierarchyChangeData::DetachSlave(HierarchyChangeDataDetachSlave { deviceid }),
    };
    client.connection.xinput_xi_change_hierarchy(&[detach]).unwrap().check().unwrap();
    customer.outer.tap(F11);
    customer.until(&hear, |event| *event == HandEvent::F11);
}

/// Switches a device off or on, as `xinput disable` does.
fn enable(client: &Client, device: u16, on: bool) {
    client.connection.xinput_xi_query_version(2, 2).unwrap().reply().unwrap();
    let property = client.connection.intern_atom(true, b"Device Enabled").unwrap().reply().unwrap().atom;
    let (mode, kind) = (PropMode::REPLACE, AtomEnum::INTEGER.into());
    let value = XIChangePropertyAux::Data8(vec![u8::from(on)]);
    let request = client.connection.xinput_xi_change_property(device, mode, property, kind, 1, &value);
    request.unwrap().check().unwrap();
}

/// Row N11: a program cannot silence F11 unheard by switching the customer's keyboard off, not even for a
/// moment; one that comes back is heard again.
#[test]
fn a_keyboard_that_is_switched_off_is_told() {
    let customer = Customer::new();
    let (_watch, hear) = watch(&customer.display);
    let device = keyboards(&customer.inner).0;
    enable(&customer.inner, device, false);
    // The hand does nothing meanwhile.
    assert_eq!(hear.recv_timeout(PATIENCE), Ok(HandEvent::DeviceGone));
    enable(&customer.inner, device, true);
    customer.outer.tap(F11);
    assert_eq!(customer.next(&hear), HandEvent::F11, "told once only, and heard again");

    customer.inner.connection.grab_server().unwrap();
    enable(&customer.inner, device, false);
    enable(&customer.inner, device, true);
    customer.inner.connection.ungrab_server().unwrap();
    customer.inner.sync();
    customer.until(&hear, |event| *event == HandEvent::DeviceGone);
}

/// Rows B8, N11: a program that makes itself another pair of devices for XTEST is no hand either.
#[test]
fn another_pair_of_xtest_devices_is_not_the_hand() {
    let customer = Customer::new();
    let (_watch, hear) = watch(&customer.display);
    let client = &customer.inner;
    client.connection.xinput_xi_query_version(2, 2).unwrap().reply().unwrap();
    let master = HierarchyChangeDataAddMaster { send_core: true, enable: true, name: b"other".to_vec() };
    let add = HierarchyChange { len: 4, data: HierarchyChangeData::AddMaster(master) };
    client.connection.xinput_xi_change_hierarchy(&[add]).unwrap().check().unwrap();
    let devices = client.connection.xinput_xi_query_device(0u16).unwrap().reply().unwrap().infos;
    let is_new = |device: &&XIDeviceInfo| device.name == b"other XTEST keyboard";
    let device = devices.iter().find(is_new).expect("a second keyboard of XTEST").deviceid as u8;
    // XTEST's extended form: events of one device are numbered from the extension's first event on.
    let first = client.connection.extension_information("XInputExtension").unwrap().unwrap().first_event;
    for kind in [first + 1, first + 2] {
        client.connection.xtest_fake_input(kind, F11, 0, x11rb::NONE, 0, 0, device).unwrap().check().unwrap();
    }
    customer.outer.tap(38);
    let first = customer.next(&hear);
    assert!(is_key(&first, key::a, true), "{first:?}");
}

/// Row N11: F11 is found in the layout, and stays F11 even if somebody takes it out of the layout.
#[test]
fn f11_stays_f11_when_the_layout_is_changed() {
    let customer = Customer::new();
    let (_watch, hear) = watch(&customer.display);
    customer.inner.connection.change_keyboard_mapping(2, F11, 1, &[key::a, key::F11]).unwrap();
    customer.inner.sync();
    customer.outer.tap(F11);
    customer.until(&hear, |event| *event == HandEvent::F11);
    // The other key is F11 from now on.
    customer.outer.tap(F11 + 1);
    customer.until(&hear, |event| *event == HandEvent::F11);
}

fn heard_f11(client: &Client) -> bool {
    let mut heard = false;
    while let Some(event) = client.connection.poll_for_event().unwrap() {
        heard |= matches!(event, Event::KeyPress(event) if event.detail == F11);
    }
    heard
}

/// Row N11: while it is reserved, F11 does not reach applications, with Caps Lock and Num Lock too; it does
/// before and afterwards. When another program has it, that fails without harm.
#[test]
fn a_reserved_f11_is_kept_from_applications() {
    let customer = Customer::new();
    let (_watch, hear) = watch(&customer.display);
    let window = customer.inner.window((0, 0, 640, 480), 0, EventMask::KEY_PRESS);
    customer.inner.connection.set_input_focus(InputFocus::POINTER_ROOT, window, 0u32).unwrap();
    customer.inner.sync();
    let press = || {
        customer.outer.tap(F11);
        customer.until(&hear, |event| is_key(event, key::F11, false));
        customer.inner.sync();
        heard_f11(&customer.inner)
    };
    assert!(press(), "not reserved");
    let reservation = customer.display.open().reserve_f11().unwrap();
    assert!(!press(), "reserved");
    customer.inner.set_locks(LOCK | NUM_LOCK, 0);
    assert!(!press(), "reserved, with locks");
    drop(reservation);
    assert!(press(), "no longer reserved");

    let (root, mode) = (customer.inner.root, GrabMode::ASYNC);
    let taken = customer.inner.connection.grab_key(false, root, 0u16.into(), F11, mode, mode).unwrap();
    taken.check().unwrap();
    let _reservation = customer.display.open().reserve_f11().unwrap();
    customer.outer.tap(F11);
    customer.until(&hear, |event| *event == HandEvent::F11);
}

/// A dropped watch is over at once and says nothing more; a display that goes away is told.
#[test]
fn the_watch_ends_when_dropped_and_when_the_display_goes() {
    let mut display = Display::virtual_screen(200, 100);
    let (first, hear) = watch(&display);
    drop(first);
    assert!(hear.recv_timeout(PATIENCE).is_err(), "the thread is gone, and said nothing");
    let (_second, hear) = watch(&display);
    display.kill();
    assert_eq!(hear.recv_timeout(PATIENCE), Ok(HandEvent::Lost));
}
