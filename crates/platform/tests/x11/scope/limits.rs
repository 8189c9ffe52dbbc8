//! Where a picture ends: at its monitor, at the pointer over hidden windows, and at this program's own windows.

use std::time::Duration;

use deskside_codec::Rect;
use deskside_platform::{PlatformError, Screen as _, ScreenEvent};
use deskside_session::{MonitorId, Scope};
use x11rb::connection::Connection as _;
use x11rb::protocol::randr::{ConnectionExt as _, MonitorInfo};
use x11rb::protocol::xproto::{
    AtomEnum, ChangeWindowAttributesAux, ConfigureWindowAux, ConnectionExt as _, EventMask, PropMode,
    UNMAP_NOTIFY_EVENT, UnmapNotifyEvent, Window,
};
use x11rb::wrapper::ConnectionExt as _;

use super::Desktop;
use super::actor::{Make, Paint};

const RED: u32 = 0xc0_20_20;
const GREEN: u32 = 0x20_c0_20;
const BLUE: u32 = 0x20_20_c0;

fn set_monitor(desktop: &Desktop, name: &str, (x, y, width, height): (i16, i16, u16, u16)) {
    let name = desktop.atom(name);
    let (width_in_millimeters, height_in_millimeters) = (100, 100);
    let (primary, automatic, outputs) = (false, false, Vec::new());
    let monitor = MonitorInfo {
        name,
        primary,
        automatic,
        x,
        y,
        width,
        height,
        width_in_millimeters,
        height_in_millimeters,
        outputs,
    };
    let connection = &desktop.client.connection;
    connection.randr_query_version(1, 5).unwrap().reply().unwrap();
    // One of that name has to go first; nobody is to see that it was gone.
    connection.grab_server().unwrap();
    let root = desktop.client.root;
    // At first there is none.
    let _none = connection.randr_delete_monitor(root, name).unwrap().check();
    connection.randr_set_monitor(root, monitor).unwrap().check().unwrap();
    connection.ungrab_server().unwrap();
    desktop.client.sync();
}

fn monitor(desktop: &Desktop, name: &str) -> MonitorId {
    let monitors = desktop.x11.monitors().unwrap();
    monitors.iter().find(|monitor| monitor.name == name).unwrap_or_else(|| panic!("{monitors:?}")).id
}

/// Row W3: one monitor is that monitor's pixels, whether from the screen or composed; it is followed when it
/// changes, and its end is the end.
#[test]
fn one_monitor_is_that_monitor() {
    let desktop = Desktop::new();
    let (mut editor, mut bank) = (desktop.actor(), desktop.actor());
    set_monitor(&desktop, "left", (0, 0, 320, 400));
    set_monitor(&desktop, "right", (320, 0, 320, 400));
    editor.show((300, 50, 100, 50), Paint::Colour(RED));
    let secret = bank.show((500, 300, 100, 50), Paint::Colour(BLUE));
    let bank = desktop.number(secret, "secret");
    let plain = Scope::monitor(monitor(&desktop, "right"));
    for scope in [plain.clone(), Scope { hidden: [bank].into(), ..plain }] {
        set_monitor(&desktop, "right", (320, 0, 320, 400));
        desktop.client.move_to(100, 100);
        let mut view = desktop.view(&scope);
        view.until("the monitor", |view| view.is(Rect::new(0, 50, 80, 50), RED));
        assert_eq!((view.screen.size(), view.screen.origin()), ((320, 400), (320, 0)));
        assert_eq!(view.is(Rect::new(180, 300, 100, 50), BLUE), scope.is_unmasked());
        assert!(view.at(80, 60) != RED);
        assert_eq!(view.cursor, None);
        desktop.client.move_to(420, 60);
        if scope.is_unmasked() {
            view.until("the pointer", |view| view.cursor == Some((100, 60)));
        }
        desktop.client.move_to(330, 60);
        view.until("the pointer", |view| view.cursor == Some((10, 60)));
        desktop.client.move_to(100, 100);
        view.until("no pointer", |view| view.cursor.is_none());

        set_monitor(&desktop, "right", (310, 40, 300, 200));
        view.until("the new place", |view| {
            view.screen.size() == (300, 200) && view.is(Rect::new(0, 10, 90, 50), RED)
        });
        assert_eq!(view.screen.origin(), (310, 40));
        let (root, name) = (desktop.client.root, desktop.atom("right"));
        desktop.client.connection.randr_delete_monitor(root, name).unwrap().check().unwrap();
        let end = crate::display::eventually("the end", || view.screen.next(Duration::from_secs(1)).err());
        assert!(matches!(end, PlatformError::MonitorGone), "{end}");
        assert!(matches!(view.screen.next(Duration::ZERO), Err(PlatformError::MonitorGone)), "for good");
        assert!(matches!(desktop.x11.screen(&scope), Err(PlatformError::MonitorGone)));
    }
}

/// Without any monitors set up, the screen is one.
#[test]
fn monitors_are_listed() {
    let desktop = Desktop::new();
    let monitors = desktop.x11.monitors().unwrap();
    assert_eq!(monitors.len(), 1);
    assert_eq!(monitors[0].place, Rect::new(0, 0, 640, 400));
    set_monitor(&desktop, "left", (0, 0, 320, 400));
    let places: Vec<Rect> = desktop.x11.monitors().unwrap().iter().map(|monitor| monitor.place).collect();
    assert!(places.contains(&Rect::new(0, 0, 320, 400)), "{places:?}");
}

/// Over hidden windows the pointer has neither place nor shape.
#[test]
fn the_pointer_is_not_told_of_over_hidden_windows() {
    let desktop = Desktop::new();
    let (mut editor, mut bank) = (desktop.actor(), desktop.actor());
    let text = editor.show((0, 0, 200, 200), Paint::Colour(RED));
    let secret = bank.show((200, 0, 200, 200), Paint::Colour(BLUE));
    desktop.client.move_to(50, 60);
    let mut view = desktop.view(&Scope::applications([desktop.number(text, "text")]));
    view.until("the pointer", |view| view.cursor == Some((50, 60)));
    desktop.client.move_to(300, 60);
    view.until("no pointer", |view| view.cursor.is_none());
    view.settle();
    let connection = &desktop.client.connection;
    let (font, cursor) = (connection.generate_id().unwrap(), connection.generate_id().unwrap());
    connection.open_font(font, b"cursor").unwrap();
    connection.create_glyph_cursor(cursor, font, font, 34, 35, 0xffff, 0, 0, 0, 0, 0).unwrap();
    let look = ChangeWindowAttributesAux::new().cursor(cursor);
    connection.change_window_attributes(secret, &look).unwrap();
    desktop.client.move_to(310, 70);
    assert_eq!(view.screen.next(Duration::from_millis(300)).unwrap(), []);
    desktop.client.move_to(50, 70);
    let events = view.screen.next(Duration::from_secs(5)).unwrap();
    assert!(matches!(events[..], [ScreenEvent::CursorShape(_), ScreenEvent::CursorMoved { x: 50, y: 70 }]));
    // A hidden window comes below the pointer that has not moved.
    bank.pop_up((0, 0, 100, 100), Paint::Colour(BLUE));
    view.until("no pointer", |view| view.cursor.is_none() || view.cursor == Some((50, 70)));
    view.settle();
    assert_eq!(view.cursor, None);
}

/// While the shield is up this program's own windows are in no frame, not even in the first one.
#[test]
fn own_windows_are_not_shown_behind_the_shield() {
    let desktop = Desktop::new();
    let mut editor = desktop.actor();
    editor.show((300, 0, 200, 200), Paint::Colour(RED));
    let own: Window = desktop.client.window((100, 100, 250, 100), GREEN, EventMask::NO_EVENT);
    let mut view = desktop.view(&Scope::screen());
    let whole = [Rect::new(0, 0, 640, 400)];
    for _ in 0..3 {
        view.until("its own window", |view| view.is(Rect::new(100, 100, 250, 100), GREEN));
        view.screen.shield(true).unwrap();
        view.grab(&[]);
        assert!(!view.pixels.contains(&GREEN), "what was captured before is gone");
        view.grab(&whole);
        assert!(!view.pixels.contains(&GREEN));
        view.until("the other window", |view| {
            assert!(!view.pixels.contains(&GREEN));
            view.is(Rect::new(350, 0, 150, 200), RED)
        });
        assert!(view.is_pattern(Rect::new(100, 100, 250, 100)));
        desktop.client.fill(own, (0, 0, 50, 50), GREEN);
        desktop.client.window((10, 300, 50, 50), GREEN, EventMask::NO_EVENT);
        view.settle();
        assert!(!view.pixels.contains(&GREEN));
        view.screen.shield(false).unwrap();
    }
}

/// What this program draws on glass over the screen does not hide the rest.
#[test]
fn other_windows_on_glass_are_looked_through_only_if_they_are_shown() {
    let desktop = Desktop::new();
    let (mut editor, mut bank) = (desktop.actor(), desktop.actor());
    let text = editor.show((0, 0, 200, 200), Paint::Colour(RED));
    let make = Make { place: (0, 0, 100, 100), paint: Paint::Background(0), free: true, glass: true };
    let glass = bank.make(make);
    desktop.client.connection.map_window(glass).unwrap();
    desktop.client.sync();
    let mut view = desktop.view(&Scope::applications([desktop.number(text, "text")]));
    view.until("the chosen window", |view| view.is(Rect::new(100, 0, 100, 200), RED));
    assert!(view.is_pattern(Rect::new(0, 0, 100, 100)));
}

/// The desktop's background picture is shown by its switch.
#[test]
fn the_background_is_shown_by_its_switch() {
    let desktop = Desktop::new();
    let mut bank = desktop.actor();
    let secret = bank.show((0, 0, 50, 50), Paint::Colour(BLUE));
    let hidden = desktop.number(secret, "secret");
    let connection = &desktop.client.connection;
    let picture = connection.generate_id().unwrap();
    connection.create_pixmap(24, picture, desktop.client.root, 64, 64).unwrap();
    desktop.client.fill(picture, (0, 0, 64, 64), GREEN);
    desktop.client.fill(picture, (0, 0, 8, 8), RED);
    let (name, kind) = (desktop.atom("_XROOTPMAP_ID"), AtomEnum::PIXMAP);
    connection.change_property32(PropMode::REPLACE, desktop.client.root, name, kind, &[picture]).unwrap();
    desktop.client.sync();
    let scope = Scope { hidden: [hidden].into(), ..Scope::screen() };
    let mut view = desktop.view(&scope);
    view.until("the background", |view| view.is(Rect::new(72, 64, 56, 64), GREEN));
    assert!(view.is(Rect::new(64, 64, 8, 8), RED), "it is repeated");
    assert!(view.is_pattern(Rect::new(0, 0, 50, 50)), "a hidden window is not the background");
    let mut view = desktop.view(&Scope { desktop: false, ..scope });
    view.settle();
    assert!(view.is_pattern(Rect::new(0, 0, 640, 400)));
}

/// What is said of a window by another program than the display is not believed.
#[test]
fn a_forged_word_uncovers_nothing() {
    let desktop = Desktop::new();
    let (mut editor, mut bank) = (desktop.actor(), desktop.actor());
    let text = editor.show((0, 0, 200, 200), Paint::Colour(RED));
    let secret = bank.show((100, 0, 200, 200), Paint::Colour(BLUE));
    let mut view = desktop.view(&Scope::applications([desktop.number(text, "text")]));
    view.until("the chosen window", |view| view.is(Rect::new(0, 0, 100, 200), RED));
    let root = desktop.client.root;
    let forged = UnmapNotifyEvent {
        response_type: UNMAP_NOTIFY_EVENT,
        sequence: 0,
        event: root,
        window: secret,
        from_configure: false,
    };
    desktop.client.connection.send_event(false, root, EventMask::SUBSTRUCTURE_NOTIFY, forged).unwrap();
    desktop.client.move_to(50, 70);
    view.until("the pointer", |view| view.cursor == Some((50, 70)));
    desktop.client.move_to(150, 70);
    view.settle();
    assert_eq!(view.cursor, None, "the pointer is told of over a hidden window");
    assert!(view.is_pattern(Rect::new(100, 0, 100, 200)), "as if the hidden window were not there");
}

/// A background that is no picture, but a window, or the screen itself, is not read.
#[test]
fn the_screen_is_no_background() {
    let desktop = Desktop::new();
    let (mut bank, mut maker) = (desktop.actor(), desktop.actor());
    let secret = bank.show((0, 0, 200, 200), Paint::Colour(BLUE));
    let other = maker.show((300, 0, 100, 100), Paint::Colour(RED));
    let hidden = desktop.number(secret, "secret");
    for drawable in [desktop.client.root, other] {
        let (name, kind) = (desktop.atom("_XROOTPMAP_ID"), AtomEnum::PIXMAP);
        let connection = &desktop.client.connection;
        connection
            .change_property32(PropMode::REPLACE, desktop.client.root, name, kind, &[drawable])
            .unwrap();
        desktop.client.sync();
        let mut view = desktop.view(&Scope { hidden: [hidden].into(), ..Scope::screen() });
        view.until("the other window", |view| view.is(Rect::new(300, 0, 100, 100), RED));
        let move_to = |x| {
            connection.configure_window(secret, &ConfigureWindowAux::new().x(x)).unwrap();
            desktop.client.sync();
        };
        move_to(420);
        view.until("it has moved", |view| view.is_pattern(Rect::new(420, 0, 200, 200)));
        view.settle();
        assert!(!view.pixels.contains(&BLUE), "what was on the screen is taken for its background");
        assert!(!view.is(Rect::new(0, 300, 50, 50), RED), "a window is taken for the background");
        move_to(0);
    }
}
