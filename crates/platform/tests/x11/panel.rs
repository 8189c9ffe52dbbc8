//! The customer's panel stays in sight, or it is said at once that it does not.

use std::sync::mpsc::{self, Receiver};
use std::time::{Duration, Instant};

use deskside_platform::GuardEvent;
use deskside_platform::x11::PanelGuard;
use x11rb::connection::Connection as _;
use x11rb::protocol::composite::ConnectionExt as _;
use x11rb::protocol::shape::{ConnectionExt as _, SK, SO};
use x11rb::protocol::xproto::{
    AtomEnum, ClientMessageEvent, ClipOrdering, ConnectionExt as _, CreateWindowAux, EventMask, ImageFormat,
    PropMode, Window, WindowClass,
};
use x11rb::wrapper::ConnectionExt as _;

use crate::display::{Client, Display, eventually};
use crate::program::Program;
use crate::scoped::WindowManager;

const COLOUR: u32 = 0x0012_ab34;
const SIZE: (u16, u16) = (240, 160);
/// Within this the panel is back, or its absence told.
const BAR: Duration = Duration::from_secs(1);

struct Office {
    panel: Window,
    heard: Receiver<GuardEvent>,
    /// What was last told.
    told: Option<bool>,
    other: Program,
    client: Client,
    guard: PanelGuard,
    _manager: Option<WindowManager>,
    display: Display,
}

impl Office {
    fn new(is_managed: bool) -> Self {
        let display = Display::virtual_screen(800, 600);
        let manager = is_managed.then(|| WindowManager::start(&display));
        let (client, other) = (display.client(), Program::start(&display));
        let panel = panel(&client, !is_managed);
        eventually("the panel is there", || {
            client.connection.map_window(panel).unwrap();
            (share(&client) >= 0.99).then_some(())
        });
        let (sender, heard) = mpsc::channel();
        // The test may have ended before the watch.
        let tell = move |event| sender.send(event).unwrap_or_default();
        let guard = display.open().guard_panel(panel, SIZE, Box::new(tell)).unwrap();
        let mut office = Self { panel, heard, told: None, other, client, guard, _manager: manager, display };
        office.is_back();
        office
    }

    /// Waits until the panel is in sight and that was told.
    fn is_back(&mut self) {
        eventually("the panel is in sight and that is told", || {
            self.hear();
            (self.told == Some(true) && share(&self.client) >= 0.9).then_some(())
        });
    }

    fn hear(&mut self) {
        for event in self.heard.try_iter() {
            assert_ne!(event, GuardEvent::Lost);
            self.told = Some(event == GuardEvent::Visible(true));
        }
    }

    /// Does something against the panel: a second later, and from then on, it is either in sight or its
    /// absence is told. Whether it is in sight.
    fn attack(&mut self, what: &str, act: impl FnOnce(&mut Self)) -> bool {
        act(self);
        self.client.sync();
        let begun = Instant::now();
        eventually("nobody is left in the dark", || {
            self.hear();
            let is_fair = self.told == Some(false) || share(&self.client) >= 0.9;
            assert!(is_fair || begun.elapsed() < BAR, "{what}: hidden for {:?}", begun.elapsed());
            (BAR < begun.elapsed()).then_some(())
        });
        share(&self.client) >= 0.9
    }

    fn xdotool(&self, arguments: &str) {
        let panel = self.panel.to_string();
        let arguments: Vec<&str> =
            arguments.split(' ').map(|word| if word == "PANEL" { &panel } else { word }).collect();
        self.display.run("xdotool", &arguments);
    }

    fn atom(&self, name: &str) -> u32 {
        self.client.connection.intern_atom(false, name.as_bytes()).unwrap().reply().unwrap().atom
    }

    /// Asks the window manager for another state of the panel, as a pager does.
    fn add_state(&self, state: &str) {
        let data = [1, self.atom(state), 0, 2, 0];
        let message = ClientMessageEvent::new(32, self.panel, self.atom("_NET_WM_STATE"), data);
        let mask = EventMask::SUBSTRUCTURE_REDIRECT | EventMask::SUBSTRUCTURE_NOTIFY;
        self.client.connection.send_event(false, self.client.root, mask, message).unwrap();
        self.client.sync();
    }
}

/// A window of this process, as the customer's program has it.
fn panel(client: &Client, unmanaged: bool) -> Window {
    let connection = &client.connection;
    let window = connection.generate_id().unwrap();
    let look = CreateWindowAux::new().background_pixel(COLOUR).override_redirect(u32::from(unmanaged));
    let (class, (width, height)) = (WindowClass::INPUT_OUTPUT, SIZE);
    connection.create_window(24, window, client.root, 300, 200, width, height, 0, class, 0, &look).unwrap();
    let atom = |name: &str| connection.intern_atom(false, name.as_bytes()).unwrap().reply().unwrap().atom;
    let (state, above) = (atom("_NET_WM_STATE"), [atom("_NET_WM_STATE_ABOVE")]);
    connection.change_property32(PropMode::REPLACE, window, state, AtomEnum::ATOM, &above).unwrap();
    connection.map_window(window).unwrap();
    client.sync();
    window
}

/// How much of the panel is on the screen, of 1.
fn share(client: &Client) -> f64 {
    let format = ImageFormat::Z_PIXMAP;
    let image =
        client.connection.get_image(format, client.root, 0, 0, 800, 600, !0).unwrap().reply().unwrap();
    let colour = COLOUR.to_le_bytes();
    let pixels = image.data.chunks(4).filter(|pixel| pixel[..3] == colour[..3]).count();
    pixels as f64 / (f64::from(SIZE.0) * f64::from(SIZE.1))
}

/// T18: moving it off, iconifying, shrinking, another workspace, unmapping: it is back within a second.
#[test]
fn t18_the_panel_comes_back() {
    let mut office = Office::new(true);
    for attack in [
        "windowmove PANEL 5000 5000",
        "windowmove -- PANEL -2000 -400",
        "windowminimize PANEL",
        "windowsize PANEL 10 10",
        "set_desktop 1",
        "set_desktop_for_window PANEL 2",
        "windowunmap PANEL",
    ] {
        assert!(office.attack(attack, |office| office.xdotool(attack)), "{attack}");
        office.is_back();
    }
}

/// T18: shading, lowering and cutting it to nothing, by asking the window manager or the server.
#[test]
fn t18_the_panel_comes_back_from_other_states() {
    let mut office = Office::new(true);
    for state in ["_NET_WM_STATE_SHADED", "_NET_WM_STATE_BELOW", "_NET_WM_STATE_HIDDEN"] {
        let attack = |office: &mut Office| {
            office.other.window((250, 150, 400, 400));
            office.add_state(state);
        };
        assert!(office.attack(state, attack), "{state}");
        office.is_back();
    }
    let cut = |office: &mut Office| {
        let (set, whole, panel) = (SO::SET, SK::BOUNDING, office.panel);
        let order = ClipOrdering::UNSORTED;
        office.client.connection.shape_rectangles(set, whole, order, panel, 0, 0, &[]).unwrap();
    };
    assert!(office.attack("cut to nothing", cut));
    office.is_back();
}

/// T18: whatever covers it, with and without a window manager, the panel lies above within a second.
#[test]
fn t18_what_covers_the_panel_is_below_it_soon() {
    for is_managed in [true, false] {
        let mut office = Office::new(is_managed);
        let popup = |office: &mut Office| assert_ne!(office.other.popup((250, 150, 400, 400)), 0);
        assert!(office.attack("a popup", popup), "with a window manager: {is_managed}");
        office.is_back();
        // A tenth of it may be covered.
        let corner = office.other.popup((300, 200, 40, 40));
        office.other.order(&format!("raise {corner}"));
        assert!(office.attack("a corner", |_| ()));
        office.hear();
        assert_eq!(office.told, Some(true));
    }
}

/// T18: a panel that feels no clicks could not stop anything.
#[test]
fn t18_a_panel_made_numb_feels_again() {
    let mut office = Office::new(true);
    let (set, input, panel) = (SO::SET, SK::INPUT, office.panel);
    let connection = &office.client.connection;
    connection.shape_rectangles(set, input, ClipOrdering::UNSORTED, panel, 0, 0, &[]).unwrap();
    eventually("it feels again", || {
        let feels = connection.shape_get_rectangles(panel, input).unwrap().reply().unwrap();
        (!feels.rectangles.is_empty()).then_some(())
    });
    office.is_back();
}

/// T18: another program's window that holds the panel, or another window of this program, is no window of ours.
#[test]
fn t18_a_strangers_window_that_holds_one_of_ours_covers() {
    for is_managed in [true, false] {
        let mut office = Office::new(is_managed);
        let own = office.client.window((0, 0, 20, 20), 0xff, EventMask::NO_EVENT);
        let cover = |office: &mut Office| {
            let stranger = office.other.popup((250, 150, 400, 400));
            office.client.connection.reparent_window(own, stranger, 0, 0).unwrap();
            office.other.order(&format!("raise {stranger}"));
        };
        assert!(office.attack("a stranger with one of our windows", cover));
        office.is_back();
        let seize = |office: &mut Office| {
            let stranger = office.other.popup((250, 150, 400, 400));
            office.client.connection.reparent_window(office.panel, stranger, 5, 5).unwrap();
        };
        assert!(office.attack("seized", seize), "with a window manager: {is_managed}");
        office.is_back();
    }
}

/// T18: a window of this program that fills the screen hides the panel like any other; its questions do not count, as
/// input rests while they are open.
#[test]
fn t18_an_own_window_as_large_as_the_screen_covers() {
    let mut office = Office::new(true);
    let question = office.client.window((250, 150, 400, 400), 0xff, EventMask::NO_EVENT);
    std::thread::park_timeout(BAR);
    office.hear();
    assert_eq!(office.told, Some(true), "a question");
    office.client.connection.destroy_window(question).unwrap();
    let mut film = 0;
    let cover = |office: &mut Office| {
        film = office.client.window((0, 0, 800, 600), 0xff, EventMask::NO_EVENT);
    };
    assert!(!office.attack("an own window", cover));
    office.hear();
    assert_eq!(office.told, Some(false));
    office.client.connection.destroy_window(film).unwrap();
    office.client.sync();
    office.is_back();
}

/// T18: a window that covers it again and again wins, and that is told; the guard does not wear itself out.
#[test]
fn t18_a_window_that_fights_for_the_place_is_told() {
    let mut office = Office::new(true);
    let popup = office.other.popup((250, 150, 400, 400));
    let fight = |office: &mut Office| drop(office.other.order(&format!("lift {popup} 2500")));
    let before = cpu_time();
    office.attack("a fight", fight);
    office.hear();
    assert_eq!(office.told, Some(false));
    assert!(cpu_time() - before < Duration::from_millis(900), "{:?}", cpu_time() - before);
    office.other.order("rest");
    office.is_back();
}

/// What this thread's process has used of a processor so far.
fn cpu_time() -> Duration {
    let times = std::fs::read_to_string("/proc/self/stat").unwrap();
    let fields: Vec<u64> =
        times.rsplit(')').next().unwrap().split_whitespace().filter_map(|f| f.parse().ok()).collect();
    // After the state, which is no number: the 14th and 15th field, in hundredths of a second.
    Duration::from_millis((fields[10] + fields[11]) * 10)
}

/// T18: a panel that is made see-through for a compositor is not in sight until it is as it was.
#[test]
fn t18_a_panel_made_transparent_is_made_opaque() {
    let mut office = Office::new(true);
    let name = office.atom("_NET_WM_WINDOW_OPACITY");
    let kind = AtomEnum::CARDINAL;
    office
        .client
        .connection
        .change_property32(PropMode::REPLACE, office.panel, name, kind, &[0x1000_0000])
        .unwrap();
    office.client.sync();
    eventually("it is opaque again", || {
        let property = office.client.connection.get_property(false, office.panel, name, kind, 0, 1).unwrap();
        (property.reply().unwrap().value_len == 0).then_some(())
    });
    office.is_back();
}

/// A compositor's own window lies above everything and hides nothing; a panel that is destroyed is not in sight.
#[test]
fn t18_only_what_hides_the_panel_counts() {
    let mut office = Office::new(true);
    let connection = &office.client.connection;
    connection.composite_query_version(0, 4).unwrap().reply().unwrap();
    let overlay = connection.composite_get_overlay_window(office.client.root).unwrap().reply().unwrap();
    connection
        .shape_rectangles(SO::SET, SK::BOUNDING, ClipOrdering::UNSORTED, overlay.overlay_win, 0, 0, &[])
        .unwrap();
    office.client.sync();
    std::thread::park_timeout(BAR);
    office.hear();
    assert_eq!(office.told, Some(true));
    office.client.connection.destroy_window(office.panel).unwrap();
    office.client.sync();
    eventually("its end is told", || {
        office.hear();
        (office.told == Some(false)).then_some(())
    });
    drop(office.guard);
}
