//! What a scope does reach is in the picture, exactly.

use std::time::Duration;

use deskside_codec::Rect;
use deskside_platform::marks::Board;
use deskside_platform::x11::Risk;
use deskside_platform::{Overlay as _, PlatformError, Screen as _};
use deskside_proto::marks::{Colour, Figure, MarkEvent, MarkId, Place};
use deskside_session::Scope;
use x11rb::protocol::shape::{ConnectionExt as _, SK, SO};
use x11rb::protocol::xproto::{
    AtomEnum, ClipOrdering, ConfigureWindowAux, ConnectionExt as _, EventMask, PropMode, Rectangle, StackMode,
};
use x11rb::wrapper::ConnectionExt as _;

use super::actor::{Make, Paint};
use super::{Desktop, pixels};
use crate::consent::Consent;

const RED: u32 = 0xc0_20_20;
const GREEN: u32 = 0x20_c0_20;
const BLUE: u32 = 0x20_20_c0;
/// A red mark.
const MARK: u32 = 0xd5_5e_00;

/// Row W3: the operator sees the own marks, where something is shown; all else of this program's stays out.
#[test]
fn marks_are_in_the_picture() {
    let desktop = Desktop::new();
    let mut editor = desktop.actor();
    let text = editor.show((50, 50, 200, 150), Paint::Colour(GREEN));
    let scope = Scope::applications([desktop.number(text, "text")]);
    let mut view = desktop.view(&scope);
    view.until("the chosen window", |view| view.is(Rect::new(50, 50, 200, 150), GREEN));

    let (from, to) = (Place { x: 100, y: 100 }, Place { x: 400, y: 140 });
    let figure = Figure::Rectangle { from, to };
    let (mut board, now) = (Board::default(), Duration::from_secs(1));
    board.apply(&MarkEvent::Put { id: MarkId(1), colour: Colour::Red, figure }, now);
    let mut overlay = desktop.x11.overlay().unwrap();
    overlay.show(&view.consent.point, &board, now).unwrap();
    view.until("the mark", |view| view.is(Rect::new(100, 105, 1, 30), MARK));
    assert!(view.is(Rect::new(60, 60, 30, 100), GREEN), "beside the mark");
    assert!(view.is_pattern(Rect::new(260, 50, 300, 200)), "where nothing is shown, nothing is marked");
    let question = desktop.client.window((150, 110, 50, 20), BLUE, EventMask::NO_EVENT);
    view.until("the question is kept out", |view| view.is_pattern(Rect::new(150, 110, 50, 20)));

    desktop.client.connection.destroy_window(question).unwrap();
    desktop.client.sync();
    overlay.clear().unwrap();
    view.until("the mark is gone", |view| view.is(Rect::new(50, 50, 200, 150), GREEN));
}

/// Row W3: a chosen application's windows are shown pixel for pixel where nothing hidden covers them, with
/// menus and dialogs, and everything else is the pattern.
#[test]
fn chosen_windows_are_shown_and_nothing_else() {
    let desktop = Desktop::new();
    let (mut editor, mut bank) = (desktop.actor(), desktop.actor());
    let text = editor.show((50, 50, 200, 150), Paint::Colour(RED));
    let secret = bank.show((150, 100, 200, 150), Paint::Colour(BLUE));
    let number = desktop.number(text, "text");
    assert_ne!(number, desktop.number(secret, "secret"));
    let mut view = desktop.view(&Scope::applications([number]));
    view.until("the chosen window", |view| view.is(Rect::new(50, 50, 100, 150), RED));
    view.settle();
    assert!(view.is(Rect::new(150, 50, 100, 50), RED));
    assert!(view.is_pattern(Rect::new(150, 100, 200, 150)), "where the other one is");
    assert!(view.is_pattern(Rect::new(0, 0, 640, 50)));

    // It comes to the top: it is seen as a whole.
    let raise = ConfigureWindowAux::new().stack_mode(StackMode::ABOVE);
    desktop.client.connection.configure_window(text, &raise).unwrap();
    desktop.client.sync();
    view.until("the whole window", |view| view.is(Rect::new(50, 50, 200, 150), RED));

    let menu = editor.pop_up((200, 150, 120, 100), Paint::Colour(GREEN));
    view.until("the menu", |view| view.is(Rect::new(200, 150, 120, 100), GREEN));
    bank.pop_up((10, 10, 100, 100), Paint::Colour(BLUE));
    view.until("what covers", |view| view.is_pattern(Rect::new(50, 50, 60, 60)));
    desktop.client.connection.unmap_window(menu).unwrap();
    desktop.client.sync();
    view.until("the menu goes", |view| view.is_pattern(Rect::new(250, 200, 70, 50)));
    assert!(view.is(Rect::new(110, 110, 140, 90), RED));
    let blue = pixels(Rect::new(0, 0, 640, 400)).filter(|(x, y)| view.at(*x, *y) == BLUE).count();
    assert_eq!(blue, 0);
}

/// A helper's window belongs to whom it says it is for; without a word of that it is hidden.
#[test]
fn a_dialog_of_a_helper_is_shown_with_the_window_that_it_is_for() {
    let desktop = Desktop::with_window_manager();
    let (mut editor, mut portal) = (desktop.actor(), desktop.actor());
    let text = editor.show((50, 50, 200, 150), Paint::Colour(RED));
    let number = desktop.number(text, "text");
    let mut view = desktop.view(&Scope::applications([number]));
    view.until("the chosen window", |view| view.pixels.contains(&RED));
    let make = |free| Make { place: (300, 50, 100, 100), paint: Paint::Colour(GREEN), free, glass: false };
    for free in [true, false] {
        let dialog = portal.make(make(free));
        let (name, kind) = (AtomEnum::WM_TRANSIENT_FOR, AtomEnum::WINDOW);
        desktop.client.connection.change_property32(PropMode::REPLACE, dialog, name, kind, &[text]).unwrap();
        desktop.client.connection.map_window(dialog).unwrap();
        desktop.client.sync();
        view.until("the dialog", |view| view.pixels.contains(&GREEN));
        desktop.client.connection.destroy_window(dialog).unwrap();
        desktop.client.sync();
        view.until("the dialog goes", |view| !view.pixels.contains(&GREEN));
    }
    portal.pop_up((300, 200, 100, 100), Paint::Colour(BLUE));
    view.settle();
    assert!(!view.pixels.contains(&BLUE));
}

/// A program that is hidden is so in its dialogs for another one's windows as well.
#[test]
fn a_dialog_of_a_hidden_program_is_hidden_whatever_it_is_for() {
    let desktop = Desktop::with_window_manager();
    let (mut editor, mut portal) = (desktop.actor(), desktop.actor());
    let text = editor.show((50, 50, 200, 150), Paint::Colour(RED));
    let make = Make { place: (300, 50, 100, 100), paint: Paint::Colour(GREEN), free: false, glass: false };
    let dialog = portal.make(make);
    let (name, kind) = (AtomEnum::WM_TRANSIENT_FOR, AtomEnum::WINDOW);
    desktop.client.connection.change_property32(PropMode::REPLACE, dialog, name, kind, &[text]).unwrap();
    desktop.client.connection.map_window(dialog).unwrap();
    let helper = desktop.number(dialog, "secret");
    let mut view = desktop.view(&Scope { hidden: [helper].into(), ..Scope::screen() });
    view.until("the other window", |view| view.pixels.contains(&RED));
    view.settle();
    assert!(!view.pixels.contains(&GREEN));
}

/// Frames of the window manager belong to the windows in them.
#[test]
fn a_window_is_shown_with_its_frame() {
    let desktop = Desktop::with_window_manager();
    let (mut editor, mut bank) = (desktop.actor(), desktop.actor());
    let text = editor.show((50, 50, 200, 150), Paint::Colour(RED));
    let secret = bank.show((350, 100, 200, 150), Paint::Colour(BLUE));
    let number = desktop.number(text, "text");
    let mut view = desktop.view(&Scope::applications([number]));
    view.until("the chosen window", |view| view.pixels.contains(&RED));
    view.settle();
    let shown = view.pixels.iter().filter(|pixel| **pixel == RED).count();
    assert_eq!(shown, 200 * 150);
    let frame = view.pixels.iter().filter(|pixel| !super::PATTERN.contains(pixel) && **pixel != RED).count();
    assert!(frame > 2000, "{frame} pixels of the frame");
    assert!(!view.pixels.contains(&BLUE));
    drop(view);
    let mut view =
        desktop.view(&Scope { hidden: [desktop.number(secret, "secret")].into(), ..Scope::screen() });
    view.until("the one that is not hidden", |view| view.pixels.contains(&RED));
    view.settle();
    assert!(!view.pixels.contains(&BLUE));
}

/// What lets through what is below lets through what is shown, and the pattern.
#[test]
fn glass_shows_what_is_below_if_that_is_shown() {
    let desktop = Desktop::new();
    let (mut editor, mut bank) = (desktop.actor(), desktop.actor());
    let text = editor.show((0, 0, 100, 100), Paint::Background(RED));
    let _secret = bank.show((100, 0, 100, 100), Paint::Colour(BLUE));
    let make =
        Make { place: (0, 0, 200, 50), paint: Paint::Background(0x8000_4000), free: true, glass: true };
    let glass = editor.make(make);
    desktop.client.connection.map_window(glass).unwrap();
    desktop.client.sync();
    let mut view = desktop.view(&Scope::applications([desktop.number(text, "text")]));
    view.until("the chosen window", |view| view.is(Rect::new(0, 50, 100, 50), RED));
    view.settle();
    assert!(view.is(Rect::new(0, 0, 100, 50), 0x60_50_10), "{:x}", view.at(5, 5));
    for (x, y) in pixels(Rect::new(100, 0, 100, 50)) {
        assert!([0x4d_8d_4d, 0x53_93_53].contains(&view.at(x, y)), "{:x}", view.at(x, y));
    }
}

/// A window's own form is kept: beside it is what is below.
#[test]
fn a_shaped_window_covers_only_its_shape() {
    let desktop = Desktop::new();
    let mut editor = desktop.actor();
    let text = editor.show((100, 100, 100, 100), Paint::Colour(RED));
    let mut view = desktop.view(&Scope::applications([desktop.number(text, "text")]));
    view.until("the window", |view| view.is(Rect::new(100, 100, 100, 100), RED));
    let part = Rectangle { x: 20, y: 30, width: 50, height: 40 };
    let (order, connection) = (ClipOrdering::UNSORTED, &desktop.client.connection);
    connection.shape_rectangles(SO::SET, SK::BOUNDING, order, text, 0, 0, &[part]).unwrap();
    desktop.client.sync();
    view.until("its shape", |view| {
        view.is(Rect::new(120, 130, 50, 40), RED) && view.is_pattern(Rect::new(100, 100, 100, 30))
    });
    connection.shape_mask(SO::SET, SK::BOUNDING, text, 0, 0, x11rb::NONE).unwrap();
    desktop.client.sync();
    view.until("the window as a whole", |view| view.is(Rect::new(100, 100, 100, 100), RED));
}

/// Desktop, task bars and notifications have switches of their own.
#[test]
fn desktop_panels_and_notifications_are_switched_apart() {
    let desktop = Desktop::new();
    let (mut shell, mut bank) = (desktop.actor(), desktop.actor());
    let secret = bank.show((500, 300, 50, 50), Paint::Colour(BLUE));
    let kinds = ["DESKTOP", "DOCK", "NOTIFICATION"];
    for (x, kind) in [0, 100, 200].into_iter().zip(kinds) {
        let make = Make { place: (x, 0, 100, 100), paint: Paint::Colour(GREEN), free: false, glass: false };
        let window = shell.make(make);
        desktop.set_kind(window, &format!("_NET_WM_WINDOW_TYPE_{kind}"));
        desktop.client.connection.map_window(window).unwrap();
        desktop.client.sync();
    }
    let hidden = desktop.number(secret, "secret");
    let base = Scope { hidden: [hidden].into(), ..Scope::screen() };
    for switches in [[true, true, true], [false, true, true], [true, false, true], [true, true, false]] {
        let [on_desktop, panels, notifications] = switches;
        let mut view = desktop.view(&Scope { desktop: on_desktop, panels, notifications, ..base.clone() });
        view.until("all that is on", |view| {
            (0..3).all(|at| !switches[at] || view.is(Rect::new(at as u32 * 100, 0, 100, 100), GREEN))
        });
        view.settle();
        for (at, is_on) in switches.into_iter().enumerate() {
            let place = Rect::new(at as u32 * 100, 0, 100, 100);
            assert_eq!(view.is(place, GREEN), is_on, "{switches:?} {at}");
            assert_eq!(view.is_pattern(place), !is_on, "{switches:?} {at}");
        }
        assert!(view.is_pattern(Rect::new(500, 300, 50, 50)));
    }
}

/// The list to choose from: by process, without this one, with what is risky.
#[test]
fn applications_are_listed_by_process() {
    let mut desktop = Desktop::with_window_manager();
    let (mut editor, mut bank) = (desktop.actor(), desktop.actor());
    let first = editor.show((0, 0, 50, 50), Paint::Colour(RED));
    let second = editor.show((60, 0, 50, 50), Paint::Colour(RED));
    let secret = bank.show((0, 60, 50, 50), Paint::Colour(BLUE));
    // What a window says of its process counts for nothing.
    let name = desktop.atom("_NET_WM_PID");
    let connection = &desktop.client.connection;
    let pid = [editor.pid()];
    connection.change_property32(PropMode::REPLACE, secret, name, AtomEnum::CARDINAL, &pid).unwrap();
    let number = desktop.number(first, "first");
    assert_eq!(number, desktop.number(second, "second"));
    let (name, kind) = (AtomEnum::WM_NAME, AtomEnum::STRING);
    connection.change_property8(PropMode::REPLACE, second, name, kind, b"sec\x07ond").unwrap();
    assert_ne!(number, desktop.number(secret, "secret"));
    desktop.client.window((0, 300, 10, 10), 0, EventMask::NO_EVENT);
    desktop.start("xterm", &[]);
    let applications = crate::display::eventually("a terminal", || {
        let applications = desktop.x11.applications().unwrap();
        applications.iter().any(|known| known.risk == Some(Risk::Terminal)).then_some(applications)
    });
    assert_eq!(applications.len(), 3, "{applications:?}");
    let known = applications.iter().find(|known| known.id == number).unwrap();
    assert_eq!((known.name.as_str(), known.risk), ("Actor", None));
    assert_eq!(known.titles, ["first", "second"]);
}

/// A grant of another scope captures nothing.
#[test]
fn a_grant_of_another_scope_is_refused() {
    let desktop = Desktop::new();
    let mut editor = desktop.actor();
    let text = editor.show((0, 0, 50, 50), Paint::Colour(RED));
    let scope = Scope::applications([desktop.number(text, "text")]);
    let mut screen = desktop.x11.screen(&scope).unwrap();
    let all = Consent::given();
    let place = [Rect::new(0, 0, 50, 50)];
    assert!(matches!(screen.grab(&all.see, &place), Err(PlatformError::OtherScope)));
    assert!(screen.grab(&Consent::within(&scope).see, &place).is_ok());
}

/// Nothing is reported while nothing changes, also in a composed picture, and hidden windows change nothing.
#[test]
fn a_still_screen_is_quiet() {
    let desktop = Desktop::new();
    let (mut editor, mut bank) = (desktop.actor(), desktop.actor());
    let text = editor.show((0, 0, 50, 50), Paint::Colour(RED));
    let secret = bank.show((100, 100, 50, 50), Paint::Colour(BLUE));
    let mut view = desktop.view(&Scope::applications([desktop.number(text, "text")]));
    view.until("the window", |view| view.is(Rect::new(0, 0, 50, 50), RED));
    view.settle();
    assert_eq!(view.screen.next(Duration::from_millis(200)).unwrap(), []);
    desktop.client.fill(secret, (0, 0, 20, 20), GREEN);
    let aside = ConfigureWindowAux::new().x(200);
    desktop.client.connection.configure_window(secret, &aside).unwrap();
    desktop.client.sync();
    assert_eq!(view.screen.next(Duration::from_millis(200)).unwrap(), []);
    desktop.client.fill(text, (10, 10, 5, 5), GREEN);
    let events = view.screen.next(Duration::from_secs(5)).unwrap();
    let only = deskside_platform::ScreenEvent::Damage(vec![Rect::new(10, 10, 5, 5)]);
    assert_eq!(events, [only]);
}

/// Whatever is painted in a window that is shown comes to be seen, also while windows come and go: nothing waits for
/// the next event that may never come.
#[test]
fn what_is_painted_comes_to_be_seen() {
    let desktop = Desktop::with_window_manager();
    let (mut editor, mut bank) = (desktop.actor(), desktop.actor());
    let text = editor.show((100, 100, 200, 200), Paint::Colour(RED));
    let scope = Scope::applications([desktop.number(text, "text")]);
    let mut view = desktop.view(&scope);
    for round in 0..30 {
        let (first, second) = ((0, 0, 32, 32), (608, 368, 32, 32));
        let secret = bank.pop_up((300, 20, 100, 100), Paint::Colour(BLUE));
        let windows = [first, second].map(|place| (editor.pop_up(place, Paint::Background(0)), place));
        for (window, (x, y, ..)) in windows {
            for colour in [0xff_00_ff, 0x00_ff_00] {
                editor.repaint(window, colour);
                let place = Rect::new(x as u32, y as u32, 32, 32);
                view.until(&format!("the colour of round {round}"), |view| view.is(place, colour));
            }
        }
        for window in [secret, windows[0].0, windows[1].0] {
            desktop.client.connection.destroy_window(window).unwrap();
        }
        desktop.client.sync();
    }
}

/// The display gives a window's number to another one when it is gone. What was known of the first says nothing of the
/// second.
#[test]
fn a_window_with_the_number_of_one_that_is_gone_is_another_one() {
    let desktop = Desktop::new();
    let mut bank = desktop.actor();
    let secret = bank.show((500, 0, 50, 50), Paint::Colour(BLUE));
    let scope = Scope { hidden: [desktop.number(secret, "secret")].into(), ..Scope::screen() };
    let mut view = desktop.view(&scope);
    // Elsewhere, and where the first one was.
    for (round, (x, y)) in [(200, 200), (100, 100), (150, 150)].into_iter().enumerate() {
        let mut first = desktop.actor();
        let gone = first.show((100, 100, 32, 32), Paint::Background(RED));
        view.until("the first window", |view| view.is(Rect::new(100, 100, 32, 32), RED));
        drop(first);
        desktop.client.sync();
        // Nobody has looked meanwhile.
        let mut second = desktop.actor();
        let window = second.show((x, y, 32, 32), Paint::Background(GREEN));
        assert_eq!(window, gone, "the display gives its numbers otherwise");
        let (place, other) = (Rect::new(x as u32, y as u32, 32, 32), RED + round as u32);
        view.until("the second window", |view| {
            view.is(place, GREEN) && view.is_pattern(Rect::new(500, 0, 50, 50))
        });
        second.repaint(window, other);
        view.until("what was painted in it", |view| view.is(place, other));
    }
}
