//! The screen: pixels, damage, size, pointer, and what happens when it goes away.

use std::time::{Duration, Instant};

use deskside_codec::{Encoder, Rect};
use deskside_platform::{PlatformError, Screen, ScreenEvent};
use deskside_session::Scope;
use x11rb::connection::Connection as _;
use x11rb::protocol::xproto::{
    ChangeWindowAttributesAux, ConfigureWindowAux, ConnectionExt as _, EventMask, ImageFormat, Window,
};

use crate::consent::Consent;
use crate::display::{Client, Display, PATIENCE, eventually};

/// Everything that happens until nothing has for a moment.
pub(crate) fn settle(screen: &mut impl Screen) -> Vec<ScreenEvent> {
    let mut events = Vec::new();
    loop {
        let more = screen.next(Duration::from_millis(50)).unwrap();
        if more.is_empty() {
            return events;
        }
        events.extend(more);
    }
}

fn damage(events: &[ScreenEvent]) -> Vec<Rect> {
    let rects = events.iter().filter_map(|event| match event {
        ScreenEvent::Damage(rects) => Some(rects.clone()),
        _ => None,
    });
    rects.flatten().collect()
}

/// Compares all pixels of a frame with what the server itself says, through the codec, which is how frames
/// are read.
pub(crate) fn assert_shows(client: &Client, screen: &mut impl Screen, consent: &Consent, region: &[Rect]) {
    let (width, height) = screen.size();
    let frame = screen.grab(&consent.see, region).unwrap();
    let mut encoder = Encoder::new(width, height).unwrap();
    let mut decoder = deskside_codec::Decoder::new(width, height).unwrap();
    encoder.mark(&[Rect::new(0, 0, width, height)]);
    while let Some(update) = encoder.next_update(&frame, 1 << 20, None).unwrap() {
        decoder.apply(&update).unwrap();
    }
    let (root, format) = (client.root, ImageFormat::Z_PIXMAP);
    let (w, h) = (width as u16, height as u16);
    let image = client.connection.get_image(format, root, 0, 0, w, h, !0).unwrap().reply().unwrap();
    let pixels = image.data.chunks(4).map(|p| u32::from_le_bytes([p[0], p[1], p[2], p[3]]) & 0x00ff_ffff);
    let differing = pixels.zip(decoder.pixels()).filter(|(there, here)| there != *here).count();
    assert_eq!(differing, 0, "pixels that differ of {width} × {height}");
}

/// Row W6: what is drawn is what is captured, pixel for pixel, and damage stays near what was drawn.
#[test]
fn drawing_is_captured_exactly_and_only_where_it_is() {
    let display = Display::virtual_screen(1000, 700);
    let (client, consent) = (display.client(), Consent::given());
    let mut screen = display.open().screen(&Scope::screen()).unwrap();
    assert_eq!(screen.size(), (1000, 700));
    let whole = damage(&settle(&mut screen));
    assert_eq!(whole, [Rect::new(0, 0, 1000, 700)], "at first everything is new");
    assert_shows(&client, &mut screen, &consent, &whole);

    let window = client.window((100, 50, 300, 200), 0x20_30_40, EventMask::NO_EVENT);
    for step in 0..5u16 {
        client.fill(window, (10 + 40 * step as i16, 20, 30, 25), 0xff_88_00 + u32::from(step));
        let rects =
            eventually("damage", || Some(damage(&screen.next(PATIENCE).unwrap())).filter(|r| !r.is_empty()));
        let near = Rect::new(100, 50, 300, 200);
        assert!(rects.iter().all(|rect| near.contains(rect)), "{rects:?}");
        if step != 0 {
            let small = Rect::new(110 + 40 * u32::from(step), 70, 30, 25);
            assert_eq!(rects, [small], "only what was drawn");
        }
        assert_shows(&client, &mut screen, &consent, &rects);
    }
    client.fill(window, (250, 150, 100, 100), 0x00_ff_00);
    client.connection.configure_window(window, &ConfigureWindowAux::new().x(800).y(600)).unwrap();
    client.sync();
    let rects = damage(&settle(&mut screen));
    assert!(
        rects.iter().all(|rect| Rect::new(0, 0, 1000, 700).contains(rect)),
        "within the screen: {rects:?}"
    );
    assert_shows(&client, &mut screen, &consent, &rects);
}

/// Row B3: a grant is asked at the moment of use; what was revoked copies nothing any more.
#[test]
fn nothing_is_captured_after_seeing_was_revoked() {
    let display = Display::virtual_screen(200, 100);
    let mut consent = Consent::given();
    let mut screen = display.open().screen(&Scope::screen()).unwrap();
    let whole = damage(&settle(&mut screen));
    screen.grab(&consent.see, &whole).unwrap();
    consent.revoke_see();
    assert!(matches!(screen.grab(&consent.see, &whole), Err(PlatformError::Denied(_))));
}

/// Multi-megapixel screens work; places beyond the screen are left out.
#[test]
fn a_large_screen_is_captured() {
    let display = Display::virtual_screen(5120, 2880);
    let (client, consent) = (display.client(), Consent::given());
    let mut screen = display.open().screen(&Scope::screen()).unwrap();
    settle(&mut screen);
    client.window((5000, 2800, 300, 300), 0x12_34_56, EventMask::NO_EVENT);
    let rects = damage(&settle(&mut screen));
    assert!(rects.iter().all(|rect| rect.right() <= 5120 && rect.bottom() <= 2880), "{rects:?}");
    let beyond =
        [Rect::new(4000, 2000, u32::MAX, u32::MAX), Rect::new(9000, 0, 10, 10), Rect::new(0, 0, 5120, 2000)];
    screen.grab(&consent.see, &beyond).unwrap();
    assert_shows(&client, &mut screen, &consent, &[Rect::new(0, 2000, 4000, 880)]);
}

/// Gives the display inside another size.
pub(crate) fn resize(outer: &Client, width: u32, height: u32) {
    let windows = outer.connection.query_tree(outer.root).unwrap().reply().unwrap().children;
    let is_shown = |window: &Window| {
        let geometry = outer.connection.get_geometry(*window).unwrap().reply().unwrap();
        geometry.width > 100
    };
    let window = windows.into_iter().find(is_shown).unwrap();
    let size = ConfigureWindowAux::new().width(width).height(height);
    outer.connection.configure_window(window, &size).unwrap();
    outer.sync();
}

/// The screen grows and shrinks in mid-session: size, frame and damage follow.
#[test]
fn a_changed_size_is_followed() {
    let outer = Display::virtual_screen(1200, 900);
    let display = Display::inside(&outer, 640, 480);
    let (client, consent) = (display.client(), Consent::given());
    let mut screen = display.open().screen(&Scope::screen()).unwrap();
    settle(&mut screen);
    for (width, height) in [(900, 700), (500, 300), (1000, 800)] {
        resize(&outer.client(), width, height);
        // What the caller still knows of the old size must do no harm.
        screen.grab(&consent.see, &[Rect::new(0, 0, 2000, 2000)]).unwrap();
        let events = eventually("the new size", || {
            let events = screen.next(PATIENCE).unwrap();
            events.contains(&ScreenEvent::Resized { width, height }).then_some(events)
        });
        assert_eq!(screen.size(), (width, height));
        assert!(damage(&events).contains(&Rect::new(0, 0, width, height)), "{events:?}");
        let place = (width as i16 - 60, height as i16 - 60, 50, 50);
        client.window(place, 0x77_00_77, EventMask::NO_EVENT);
        let rects = damage(&settle(&mut screen));
        assert!(!rects.is_empty(), "damage is heard at the new size");
        assert_shows(&client, &mut screen, &consent, &[Rect::new(0, 0, width, height)]);
    }
}

/// Row W6: the pointer's picture, hot spot and place arrive apart from the pixels.
#[test]
fn the_pointer_is_reported_apart() {
    let display = Display::virtual_screen(400, 300);
    let client = display.client();
    client.move_to(20, 20);
    let mut screen = display.open().screen(&Scope::screen()).unwrap();
    let first = settle(&mut screen);
    assert!(first.contains(&ScreenEvent::CursorMoved { x: 20, y: 20 }), "{first:?}");
    let is_shape = |event: &&ScreenEvent| matches!(event, ScreenEvent::CursorShape(_));
    assert_eq!(first.iter().filter(is_shape).count(), 1, "{first:?}");

    client.move_to(120, 80);
    let moved = screen.next(PATIENCE).unwrap();
    assert!(moved.contains(&ScreenEvent::CursorMoved { x: 120, y: 80 }), "{moved:?}");

    // XC_crosshair of the core protocol's cursor font.
    let connection = &client.connection;
    let (font, cursor) = (connection.generate_id().unwrap(), connection.generate_id().unwrap());
    connection.open_font(font, b"cursor").unwrap();
    connection.create_glyph_cursor(cursor, font, font, 34, 35, 0xffff, 0, 0, 0, 0, 0).unwrap();
    let look = ChangeWindowAttributesAux::new().cursor(cursor);
    connection.change_window_attributes(client.root, &look).unwrap();
    client.sync();
    let events = settle(&mut screen);
    let shape = events.iter().find_map(|event| match event {
        ScreenEvent::CursorShape(shape) => Some(shape),
        _ => None,
    });
    let shape = shape.expect("a new shape");
    assert_eq!(shape.pixels.len(), usize::from(shape.width) * usize::from(shape.height) * 4);
    assert!(0 < shape.hot_x && shape.hot_x < shape.width, "a cross points with its middle");
    let red = shape.pixels.chunks(4).filter(|pixel| *pixel == [0, 0, 0xff, 0xff]).count();
    assert!(red > 10, "{red} red pixels");
}

/// Nothing happens: waiting ends at its time, and with a waker at once, from another thread too.
#[test]
fn waiting_ends_in_time_or_when_woken() {
    let display = Display::virtual_screen(200, 100);
    let mut screen = display.open().screen(&Scope::screen()).unwrap();
    settle(&mut screen);
    let begin = Instant::now();
    assert_eq!(screen.next(Duration::from_millis(80)).unwrap(), []);
    assert!(begin.elapsed() >= Duration::from_millis(80));

    let waker = screen.waker();
    waker.wake();
    assert_eq!(screen.next(Duration::from_secs(60)).unwrap(), [], "woken before the wait");
    let other = std::thread::spawn(move || waker.wake());
    assert_eq!(screen.next(Duration::from_secs(60)).unwrap(), [], "woken");
    other.join().unwrap();
    assert!(begin.elapsed() < PATIENCE);
}

/// The display dies in mid-session: waiting and capturing say so.
#[test]
fn a_lost_display_is_told() {
    let mut display = Display::virtual_screen(200, 100);
    let consent = Consent::given();
    let mut screen = display.open().screen(&Scope::screen()).unwrap();
    settle(&mut screen);
    display.kill();
    assert!(matches!(screen.next(PATIENCE), Err(PlatformError::DisplayLost)));
    let place = [Rect::new(0, 0, 10, 10)];
    assert!(matches!(screen.grab(&consent.see, &place), Err(PlatformError::DisplayLost)));
}
