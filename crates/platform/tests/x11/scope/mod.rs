//! What a scope does not reach is in no frame.

mod actor;
mod canary;
mod chaos;
mod hidden;
mod limits;
mod shown;
mod wire;

use std::process::{Child, Command, Stdio};
use std::time::Duration;

use deskside_codec::Rect;
use deskside_platform::x11::{X11, X11Screen};
use deskside_platform::{Screen as _, ScreenEvent};
use deskside_session::{ApplicationId, Scope};
use x11rb::protocol::xproto::{
    AtomEnum, ConnectionExt as _, EventMask, PropMode, UNMAP_NOTIFY_EVENT, UnmapNotifyEvent, Window,
};
use x11rb::wrapper::ConnectionExt as _;

use self::actor::{Actor, Paint};
use crate::consent::Consent;
use crate::display::{Client, Display, eventually};

const SIZE: (u32, u32) = (640, 400);
/// What is painted where nothing may be seen.
const PATTERN: [u32; 2] = [0x9a_9a_9a, 0xa6_a6_a6];

/// A desktop with other applications.
struct Desktop {
    // In this order: programs end before the display does.
    programs: Vec<Program>,
    client: Client,
    x11: X11,
    display: Display,
    /// Whether a second output can be plugged in.
    has_outputs: bool,
}

/// A program that ends with the test.
struct Program(Child);

impl Drop for Program {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _gone = self.0.kill();
        let _gone = self.0.wait();
    }
}

impl Desktop {
    fn new() -> Self {
        Self::of(Display::virtual_screen(SIZE.0, SIZE.1))
    }

    fn of(display: Display) -> Self {
        let (client, x11) = (display.client(), display.open());
        Self { programs: Vec::new(), client, x11, display, has_outputs: false }
    }

    fn with_window_manager() -> Self {
        Self::new().managed()
    }

    fn managed(self) -> Self {
        let mut desktop = self;
        desktop.start("openbox", &[]);
        // It says that it is there before it listens, so it is asked until it answers.
        let mut probe = desktop.actor();
        let window = probe.show((0, 0, 10, 10), Paint::Nothing);
        let connection = &desktop.client.connection;
        let is_framed = || {
            let tree = connection.query_tree(window).unwrap().reply().unwrap();
            tree.parent != desktop.client.root
        };
        for _ in 0..2 {
            eventually("the window manager is there", || {
                connection.map_window(window).unwrap();
                is_framed().then_some(())
            });
            connection.unmap_window(window).unwrap();
            eventually("the window manager lets go", || {
                // ICCCM 4.1.4; the other notice may have been taken for one of the window manager's own.
                let root = desktop.client.root;
                let notice = UnmapNotifyEvent {
                    response_type: UNMAP_NOTIFY_EVENT,
                    sequence: 0,
                    event: root,
                    window,
                    from_configure: false,
                };
                let mask = EventMask::SUBSTRUCTURE_NOTIFY | EventMask::SUBSTRUCTURE_REDIRECT;
                connection.send_event(false, root, mask, notice).unwrap();
                (!is_framed()).then_some(())
            });
        }
        drop(probe);
        desktop
    }

    fn start(&mut self, program: &str, arguments: &[&str]) {
        let mut command = Command::new(program);
        command.args(arguments).env("DISPLAY", &self.display.name);
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        let child = command.spawn().unwrap_or_else(|error| panic!("{program}: {error}"));
        self.programs.push(Program(child));
    }

    fn actor(&self) -> Actor {
        Actor::on(&self.display)
    }

    /// The number of the application that has a window with this title.
    fn number(&self, window: Window, title: &str) -> ApplicationId {
        let (name, kind) = (AtomEnum::WM_NAME, AtomEnum::STRING);
        self.client
            .connection
            .change_property8(PropMode::REPLACE, window, name, kind, title.as_bytes())
            .unwrap();
        self.client.sync();
        eventually("the application is listed", || {
            let applications = self.x11.applications().unwrap();
            let mut applications = applications.into_iter();
            applications.find(|known| known.titles.iter().any(|known| known == title)).map(|known| known.id)
        })
    }

    fn atom(&self, name: &str) -> u32 {
        self.client.connection.intern_atom(false, name.as_bytes()).unwrap().reply().unwrap().atom
    }

    fn set_kind(&self, window: Window, kind: &str) {
        let (name, kind) = (self.atom("_NET_WM_WINDOW_TYPE"), self.atom(kind));
        self.client
            .connection
            .change_property32(PropMode::REPLACE, window, name, AtomEnum::ATOM, &[kind])
            .unwrap();
        self.client.sync();
    }

    fn view(&self, scope: &Scope) -> View {
        let screen = self.x11.screen(scope).unwrap();
        View { screen, consent: Consent::within(scope), pixels: Vec::new(), cursor: None }
    }
}

/// What the encoder gets to see.
struct View {
    screen: X11Screen,
    consent: Consent,
    /// `0x00RRGGBB`, row by row.
    pixels: Vec<u32>,
    /// Where the pointer was last told to be.
    cursor: Option<(u32, u32)>,
}

impl View {
    /// Takes in what has happened, for at most this long, and captures it; whether anything has.
    fn step(&mut self, patience: Duration) -> bool {
        let mut damage = Vec::new();
        for event in self.screen.next(patience).unwrap() {
            match event {
                ScreenEvent::Damage(places) => damage.extend(places),
                ScreenEvent::Resized { .. } => self.pixels.clear(),
                ScreenEvent::CursorMoved { x, y } => self.cursor = Some((x, y)),
                ScreenEvent::CursorHidden => self.cursor = None,
                ScreenEvent::CursorShape(_) => {}
            }
        }
        self.grab(&damage);
        !damage.is_empty()
    }

    fn grab(&mut self, damage: &[Rect]) {
        let frame = self.screen.grab(&self.consent.see, damage).unwrap();
        self.pixels.clear();
        for y in 0..frame.height() {
            let row = frame.pixels(0, y, frame.width());
            self.pixels.extend(row.iter().map(|pixel| u32::from_le_bytes(*pixel) & 0x00ff_ffff));
        }
    }

    /// Until nothing happens any more.
    fn settle(&mut self) {
        while self.step(Duration::from_millis(120)) {}
    }

    fn at(&self, x: u32, y: u32) -> u32 {
        self.pixels[(y * self.screen.size().0 + x) as usize]
    }

    /// Whether a place is in this colour throughout.
    fn is(&self, place: Rect, colour: u32) -> bool {
        pixels(place).all(|(x, y)| self.at(x, y) == colour)
    }

    fn is_pattern(&self, place: Rect) -> bool {
        pixels(place).all(|(x, y)| PATTERN.contains(&self.at(x, y)))
    }

    /// Goes on until it is so.
    fn until(&mut self, what: &str, mut is_so: impl FnMut(&Self) -> bool) {
        eventually(what, || {
            self.step(Duration::from_millis(20));
            is_so(self).then_some(())
        });
    }
}

fn pixels(place: Rect) -> impl Iterator<Item = (u32, u32)> {
    (place.y..place.bottom()).flat_map(move |y| (place.x..place.right()).map(move |x| (x, y)))
}
