//! The operator's marks on the screen: seen, but in nobody's way.

use std::time::Duration;

use deskside_platform::marks::{Board, LASTS};
use deskside_platform::x11::{X11, X11Overlay};
use deskside_platform::{Overlay as _, PlatformError};
use deskside_proto::marks::{Colour, Figure, MarkEvent, MarkId, Place};
use deskside_session::Scope;
use x11rb::protocol::xproto::{ConnectionExt as _, EventMask, ImageFormat};

use crate::consent::Consent;
use crate::display::{Client, Display};
use crate::program::{Program, Reached};

const RED: u32 = 0x00d5_5e00;
const GREY: u32 = 0x0080_8080;
const NOW: Duration = Duration::from_secs(100);

struct Desk {
    display: Display,
    desktop: X11,
    client: Client,
    overlay: X11Overlay,
    board: Board,
}

impl Desk {
    fn new() -> Self {
        let display = Display::virtual_screen(640, 480);
        let desktop = display.open();
        let (client, overlay) = (display.client(), desktop.overlay().unwrap());
        Self { display, desktop, client, overlay, board: Board::default() }
    }

    fn put(&mut self, id: u32, figure: Figure) {
        self.board.apply(&MarkEvent::Put { id: MarkId(id), colour: Colour::Red, figure }, NOW);
    }

    fn show(&mut self, consent: &Consent) {
        self.overlay.show(&consent.point, &self.board, NOW).unwrap();
    }

    /// The colours at these places, as somebody before the screen sees them.
    fn colours(&self, places: &[(u32, u32)]) -> Vec<u32> {
        let (window, format) = (self.client.root, ImageFormat::Z_PIXMAP);
        let image = self.client.connection.get_image(format, window, 0, 0, 640, 480, !0).unwrap();
        let pixels = image.reply().unwrap().data;
        let pixel = |(x, y): &(u32, u32)| {
            let at = (*y as usize * 640 + *x as usize) * 4;
            u32::from_le_bytes(pixels[at..at + 4].try_into().unwrap()) & 0x00ff_ffff
        };
        places.iter().map(pixel).collect()
    }
}

fn at(x: u16, y: u16) -> Place {
    Place { x, y }
}

fn frame() -> Figure {
    Figure::Rectangle { from: at(100, 100), to: at(300, 200) }
}

/// Rows W3, L13: a mark covers its lines and nothing else, and every click goes to what lies below.
#[test]
fn a_mark_is_seen_and_lets_every_click_through() {
    let (mut desk, consent) = (Desk::new(), Consent::given());
    let mut program = Program::start(&desk.display);
    let window = program.popup((0, 0, 640, 480));
    desk.put(1, frame());
    desk.put(2, Figure::Pointer(at(400, 300)));
    desk.put(3, Figure::Text { at: at(420, 100), text: "Click here".to_owned() });
    desk.show(&consent);
    assert_eq!(desk.colours(&[(100, 150), (200, 150), (400, 300), (424, 104)]), [RED, GREY, RED, RED]);
    program.take();
    let places = [(100, 150), (200, 100), (400, 300), (424, 104)];
    for (x, y) in places {
        desk.client.move_to(x, y);
        desk.client.button(1, true);
        desk.client.button(1, false);
    }
    let clicked: Vec<(i16, i16)> = (program.take().into_iter())
        .filter_map(|reached| match reached {
            Reached::Button { window: there, pressed: true, x, y, .. } if there == window => Some((x, y)),
            _ => None,
        })
        .collect();
    assert_eq!(clicked, places);
}

/// Marks lie above windows that come later, and are gone when their time is over, without a trace.
#[test]
fn marks_stay_above_and_fade_without_a_trace() {
    let (mut desk, consent) = (Desk::new(), Consent::given());
    let mut program = Program::start(&desk.display);
    program.popup((0, 0, 640, 480));
    desk.put(1, frame());
    desk.show(&consent);
    program.popup((50, 50, 400, 300));
    assert_eq!(desk.colours(&[(100, 150)]), [GREY], "covered");
    desk.show(&consent);
    assert_eq!(desk.colours(&[(100, 150)]), [RED]);
    let fading = NOW + LASTS - Duration::from_millis(100);
    desk.overlay.show(&consent.point, &desk.board, fading).unwrap();
    assert_eq!(desk.colours(&[(100, 150), (103, 150)]), [RED, GREY], "thinner");
    desk.overlay.show(&consent.point, &desk.board, NOW + LASTS).unwrap();
    assert_eq!(desk.colours(&[(100, 150), (101, 150)]), [GREY, GREY]);
}

/// Nothing is drawn beyond the scope: not on another application's window, and not where one covers the
/// allowed one. What moves is followed.
#[test]
fn marks_stay_within_the_scope() {
    let mut desk = Desk::new();
    let (mut allowed, mut other) = (Program::start(&desk.display), Program::start(&desk.display));
    other.popup((0, 0, 640, 480));
    let window = allowed.window((80, 80, 120, 200));
    let cover = other.popup((90, 90, 30, 30));
    let consent = Consent::within(&Scope::applications([allowed.application(&desk.desktop)]));
    desk.put(1, frame());
    desk.show(&consent);
    let places = [(100, 100), (100, 150), (250, 100), (150, 200)];
    assert_eq!(desk.colours(&places), [GREY, RED, GREY, RED], "within the window and not below the cover");
    allowed.order(&format!("move {window} 200 80"));
    other.order(&format!("hide {cover}"));
    desk.show(&consent);
    assert_eq!(desk.colours(&places), [GREY, GREY, RED, GREY]);
    desk.overlay.clear().unwrap();
    assert_eq!(desk.colours(&places), [GREY; 4]);
}

/// A mark on a monitor counts from the monitor's corner, and ends at its edge.
#[test]
fn marks_stay_on_their_monitor() {
    let mut desk = Desk::new();
    desk.display.run("xrandr", &["--setmonitor", "left", "320/100x480/100+0+0", "screen"]);
    desk.display.run("xrandr", &["--setmonitor", "right", "320/100x480/100+320+0", "none"]);
    let monitors = desk.desktop.monitors().unwrap();
    let right = monitors.iter().find(|monitor| monitor.name == "right").unwrap();
    desk.put(1, Figure::Rectangle { from: at(0, 100), to: at(100, 200) });
    desk.show(&Consent::within(&Scope::monitor(right.id)));
    let places = [(420, 150), (320, 150), (319, 150), (100, 150)];
    assert_eq!(desk.colours(&places), [RED, RED, 0, 0]);
}

/// T20: nothing is drawn over the program's own windows, where it could make a question say something else.
#[test]
fn t20_nothing_is_drawn_over_our_own_windows() {
    let (mut desk, consent) = (Desk::new(), Consent::given());
    desk.client.window((80, 80, 60, 200), 0x0000_00ff, EventMask::NO_EVENT);
    desk.put(1, frame());
    desk.show(&consent);
    assert_eq!(desk.colours(&[(100, 150), (120, 100), (200, 100)]), [0xff, 0xff, RED]);
}

/// Without a grant nothing is drawn, and what was drawn is taken away.
#[test]
fn marks_end_with_their_grant() {
    let (mut desk, mut consent) = (Desk::new(), Consent::given());
    desk.put(1, frame());
    desk.show(&consent);
    assert_eq!(desk.colours(&[(100, 150)]), [RED]);
    consent.revoke_see();
    let outcome = desk.overlay.show(&consent.point, &desk.board, NOW);
    assert!(matches!(outcome, Err(PlatformError::Denied(_))), "{outcome:?}");
    assert_eq!(desk.colours(&[(100, 150)]), [0]);
}
