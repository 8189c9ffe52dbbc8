//! What only moved is copied, not coded anew.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on should fail where it stands")]

#[expect(dead_code, reason = "each file of tests needs a part of it")]
mod common;

use std::time::Duration;

use common::{Paint, Screen, next};
use deskside_codec::{Decoder, Encoder, Rect};

const WIDTH: u32 = 640;
const HEIGHT: u32 = 480;
const ALL: Rect = Rect::new(0, 0, WIDTH, HEIGHT);

/// Both coders and what they show.
struct Session {
    screen: Screen,
    encoder: Encoder,
    decoder: Decoder,
}

impl Session {
    /// With this on the whole screen, sent.
    fn showing(paint: Paint) -> Self {
        let mut screen = Screen::new(WIDTH, HEIGHT);
        screen.paint(ALL, paint);
        let (encoder, decoder) = (Encoder::new(WIDTH, HEIGHT).unwrap(), Decoder::new(WIDTH, HEIGHT).unwrap());
        let mut session = Self { screen, encoder, decoder };
        session.send(&[]);
        session
    }

    /// Sends what differs, all at once, and gives the number of copies and of all bytes.
    fn send(&mut self, marked: &[Rect]) -> (u8, usize) {
        self.encoder.mark(marked);
        let (mut copies, mut bytes) = (0, 0);
        let mut now = Duration::ZERO;
        while let Some(update) = next(&mut self.encoder, &self.screen, usize::MAX, None, &mut now) {
            self.decoder.apply(&update).unwrap();
            (copies, bytes) = (copies + update[1], bytes + update.len());
        }
        assert!(self.decoder.pixels() == self.screen.pixels());
        (copies, bytes)
    }

    /// What coding a rectangle without copies takes: on a viewer that has something else there.
    fn coded(&self, rect: Rect) -> usize {
        let mut encoder = Encoder::new(WIDTH, HEIGHT).unwrap();
        let mut other = Screen::new(WIDTH, HEIGHT);
        other.paint(ALL, Paint::Solid(0x0012_3456));
        let mut now = Duration::ZERO;
        while next(&mut encoder, &other, usize::MAX, None, &mut now).is_some() {}
        encoder.mark(&[rect]);
        let mut bytes = 0;
        while let Some(update) = next(&mut encoder, &self.screen, usize::MAX, None, &mut now) {
            bytes += update.len();
        }
        bytes
    }
}

#[test]
fn a_scrolled_page_costs_its_new_strip() {
    let page = Rect::new(97, 61, 500, 400);
    for distance in [1i32, 7, 16, 53, 120] {
        for (x, y) in [(0, -distance), (0, distance), (-distance, 0), (distance, 0)] {
            for paint in [Paint::Text(3), Paint::Photo(3)] {
                let mut session = Session::showing(paint);
                session.screen.paint(page, Paint::Text(8));
                session.send(&[page]);
                let whole = session.coded(page);
                session.screen.shift(page, x, y);
                let strip = match (x, y) {
                    (0, ..0) => {
                        Rect::new(page.x, page.bottom() - y.unsigned_abs(), page.width, y.unsigned_abs())
                    }
                    (0, _) => Rect::new(page.x, page.y, page.width, y.unsigned_abs()),
                    (..0, _) => {
                        Rect::new(page.right() - x.unsigned_abs(), page.y, x.unsigned_abs(), page.height)
                    }
                    _ => Rect::new(page.x, page.y, x.unsigned_abs(), page.height),
                };
                session.screen.paint(strip, Paint::Text(99));
                let strip = session.coded(strip);
                let (copies, bytes) = session.send(&[page]);
                let most = strip + strip / 2 + 200;
                assert!((1..=4).contains(&copies), "{copies} copies, {x}, {y}");
                assert!(
                    bytes < most && (distance > 60 || bytes < whole / 2),
                    "{bytes} for {strip} of {whole}, {x}, {y}"
                );
            }
        }
    }
}

#[test]
fn a_window_dragged_over_a_photograph_costs_what_it_uncovers() {
    for (x, y) in [(17i32, 11i32), (-33, 5), (3, -41), (-1, -1)] {
        let mut session = Session::showing(Paint::Photo(4));
        let window = Rect::new(155, 103, 301, 207);
        session.screen.paint(window, Paint::Text(1));
        session.send(&[window]);
        session.screen.paint(window, Paint::Photo(4));
        let to = |start: u32, offset: i32| start.checked_add_signed(offset).unwrap();
        let moved = Rect::new(to(window.x, x), to(window.y, y), window.width, window.height);
        // The window shows the same text, so it is drawn where it was and moved as a whole.
        session.screen.paint(window, Paint::Text(1));
        let around = Rect::new(
            window.x.min(moved.x),
            window.y.min(moved.y),
            301 + x.unsigned_abs(),
            207 + y.unsigned_abs(),
        );
        session.screen.shift(around, x, y);
        let (copies, bytes) = session.send(&[around]);
        assert_eq!(copies, 1, "{x}, {y}");
        assert!(bytes < 100, "{bytes} for {x}, {y}: nothing is new, not even at the edges");
    }
}

#[test]
fn a_caret_that_blinks_in_a_scrolled_terminal_costs_its_own_pixels() {
    let terminal = Rect::new(40, 40, 560, 400);
    let mut session = Session::showing(Paint::Solid(0x0010_2030));
    session.screen.paint(terminal, Paint::Text(5));
    session.send(&[ALL]);
    session.screen.shift(terminal, 0, -16);
    session.screen.paint(Rect::new(200, 300, 9, 16), Paint::Solid(0x00FF_0000));
    let (copies, bytes) = session.send(&[terminal]);
    assert_eq!(copies, 1);
    assert!(bytes < 300, "{bytes}");
}

#[test]
fn two_pages_that_move_differently_are_both_found() {
    let (left, right) = (Rect::new(10, 20, 290, 440), Rect::new(330, 20, 290, 440));
    let mut session = Session::showing(Paint::Solid(0x00FF_FFFF));
    session.screen.paint(left, Paint::Text(5));
    session.screen.paint(right, Paint::Text(6));
    session.send(&[ALL]);
    let coded = session.coded(ALL);
    session.screen.shift(left, 0, -31);
    session.screen.shift(right, 0, 90);
    let (copies, bytes) = session.send(&[ALL]);
    assert!(copies >= 2 && bytes < coded / 3, "{copies} copies, {bytes} of {coded}");
}

#[test]
fn what_moved_is_copied_however_small_the_budget() {
    let mut session = Session::showing(Paint::Text(2));
    session.screen.shift(ALL, 0, -53);
    session.encoder.mark(&[ALL]);
    let update = next(&mut session.encoder, &session.screen, 0, None, &mut Duration::default()).unwrap();
    assert!(update[1] > 0 && update.len() < 200, "{} copies, {} bytes", update[1], update.len());
    let written = session.decoder.apply(&update).unwrap();
    assert!(written.iter().any(|rect| rect.area() > ALL.area() / 2), "{written:?}");
}

#[test]
fn nothing_is_copied_where_nothing_moved() {
    let paints = [
        (Paint::Noise(1), Paint::Noise(2)),
        (Paint::Solid(0x00FF_FFFF), Paint::Solid(0)),
        (Paint::Solid(0x00FF_FFFF), Paint::Text(1)),
        (Paint::Photo(1), Paint::Text(1)),
        (Paint::Photo(1), Paint::Solid(7)),
    ];
    for (before, after) in paints {
        let mut session = Session::showing(before);
        session.screen.paint(ALL, after);
        assert_eq!(session.send(&[ALL]).0, 0, "{before:?} to {after:?}");
    }
}
