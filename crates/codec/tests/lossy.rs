//! Film and photographs: rough while they move or while the line is short, and exact in the end.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on should fail where it stands")]

#[expect(dead_code, reason = "each file of tests needs a part of it")]
mod common;

use std::time::Duration;

use common::{Paint, Screen, next};
use deskside_codec::{Decoder, Encoder, Rect};

const WIDTH: u32 = 640;
const HEIGHT: u32 = 400;
const ALL: Rect = Rect::new(0, 0, WIDTH, HEIGHT);
/// Its edges lie within tiles, which it shares with what is beside it.
const WINDOW: Rect = Rect::new(37, 51, 400, 230);
const PICTURE: Duration = Duration::from_millis(42);
const PLENTY: usize = 1 << 20;

/// Both coders, what they show, and a clock.
struct Session {
    screen: Screen,
    encoder: Encoder,
    decoder: Decoder,
    now: Duration,
}

impl Session {
    /// With a page of text, sent.
    fn new() -> Self {
        let mut screen = Screen::new(WIDTH, HEIGHT);
        screen.paint(ALL, Paint::Text(5));
        let (encoder, decoder) = (Encoder::new(WIDTH, HEIGHT).unwrap(), Decoder::new(WIDTH, HEIGHT).unwrap());
        let mut session = Self { screen, encoder, decoder, now: Duration::from_secs(9) };
        session.send(PLENTY);
        assert!(session.encoder.is_clean() && session.is_exact(ALL));
        session
    }

    fn draw(&mut self, rect: Rect, paint: Paint) {
        self.screen.paint(rect, paint);
        self.encoder.mark(&[rect]);
    }

    /// Makes the screen what the viewer sees.
    fn show_what_is_seen(&mut self) {
        for (pixel, i) in self.decoder.pixels().iter().zip(0..) {
            self.screen.paint(Rect::new(i % WIDTH, i / WIDTH, 1, 1), Paint::Solid(*pixel));
        }
    }

    /// Sends one update, and gives its length.
    fn send(&mut self, budget: usize) -> usize {
        let update = self
            .encoder
            .at(self.now)
            .next_update(&self.screen.view(), budget, None)
            .unwrap()
            .unwrap_or_default();
        if !update.is_empty() {
            self.decoder.apply(&update).unwrap();
        }
        update.len()
    }

    /// Plays so many pictures, an update each, and gives the longest of the later half.
    fn play(&mut self, pictures: u32, budget: usize) -> usize {
        let mut longest = 0;
        for number in 0..pictures {
            self.now += PICTURE;
            self.draw(WINDOW, Paint::Film(number));
            let length = self.send(budget);
            if number > pictures / 2 {
                longest = longest.max(length);
            }
        }
        longest
    }

    fn is_exact(&self, rect: Rect) -> bool {
        self.error(rect) == 0.0
    }

    /// The mean squared error of light.
    fn error(&self, rect: Rect) -> f64 {
        let wanted = self.screen.pixels();
        let light = |pixel: u32| {
            let [blue, green, red, _] = pixel.to_le_bytes().map(f64::from);
            red * 0.299 + green * 0.587 + blue * 0.114
        };
        let mut sum = 0.0;
        for y in rect.y..rect.bottom() {
            for x in rect.x..rect.right() {
                let at = (y * WIDTH + x) as usize;
                let (wanted, shown) = (wanted[at], self.decoder.pixels()[at]);
                let differs = if wanted == shown { 0.0 } else { 1e-9 };
                sum += differs + (light(wanted) - light(shown)).powi(2);
            }
        }
        sum / rect.area() as f64
    }

    /// In decibels.
    fn fidelity(&self, rect: Rect) -> f64 {
        10.0 * (255.0 * 255.0 / self.error(rect)).log10()
    }
}

#[test]
fn film_costs_little_while_it_moves_and_is_exact_soon_after_it_stops() {
    let mut session = Session::new();
    for number in 0..60 {
        session.now += PICTURE;
        session.draw(WINDOW, Paint::Film(number));
        let length = session.send(PLENTY);
        assert_ne!(session.encoder.next_due(), Some(session.now));
        assert!(session.fidelity(WINDOW) > 38.0, "{} dB in picture {number}", session.fidelity(WINDOW));
        // Less than half a bit a pixel once it is known for a film.
        assert!(number < 4 || length < 92_000 / 16, "{length} bytes in picture {number}");
    }
    assert!(!session.encoder.is_clean(), "the last picture is rough");
    let stopped = session.now;
    let due = session.encoder.next_due().unwrap() - stopped;
    assert!(due > Duration::from_millis(50) && due < Duration::from_millis(500), "{due:?}");
    assert_eq!(session.send(PLENTY), 0, "nothing is sent before");
    while let Some(due) = session.encoder.next_due() {
        session.now = due;
        session.send(PLENTY);
    }
    assert!(session.is_exact(ALL) && session.encoder.is_clean());
    assert!(session.now - stopped < Duration::from_millis(500));
    session.encoder.mark(&[ALL]);
    session.now += Duration::from_secs(1);
    assert_eq!(session.send(PLENTY), 0);
    assert_eq!(session.encoder.next_due(), None);
}

#[test]
fn text_beside_a_film_and_in_the_same_tiles_stays_exact() {
    let mut session = Session::new();
    session.play(10, PLENTY);
    let beside = |session: &Session| {
        let right = Rect::new(WINDOW.right(), 0, WIDTH - WINDOW.right(), HEIGHT);
        let below = Rect::new(0, WINDOW.bottom(), WIDTH, HEIGHT - WINDOW.bottom());
        let left = Rect::new(0, 0, WINDOW.x, HEIGHT);
        [right, below, left].iter().all(|rect| session.is_exact(*rect))
    };
    assert!(beside(&session));
    for key in 0..20 {
        session.now += PICTURE;
        session.draw(WINDOW, Paint::Film(10 + key));
        session.draw(Rect::new(WINDOW.right() + 2, 100 + key, 9, 14), Paint::Text(key.into()));
        session.draw(Rect::new(60 + 9 * key, WINDOW.bottom() + 3, 9, 14), Paint::Text(key.into()));
        session.send(PLENTY);
        assert!(beside(&session), "after key {key}");
    }
}

#[test]
fn on_a_slow_line_film_becomes_coarser_but_goes_on_and_text_does_not_wait() {
    let mut session = Session::new();
    // A third of what it costs otherwise.
    let budget = 800;
    session.play(60, 100_000);
    let usual = session.fidelity(WINDOW);
    let longest = session.play(120, budget);
    assert!(longest < 3 * budget, "{longest}");
    let coarse = session.fidelity(WINDOW);
    assert!(coarse < usual && coarse > 18.0, "{coarse} dB after {usual}");
    for key in 0..10 {
        session.now += PICTURE;
        session.draw(WINDOW, Paint::Film(200 + key));
        let letter = Rect::new(500, 300 + 14 * (key % 7), 9, 14);
        session.draw(letter, Paint::Text(key.into()));
        let update = session
            .encoder
            .at(session.now)
            .next_update(&session.screen.view(), budget, Some((500, 300)))
            .unwrap()
            .unwrap();
        session.decoder.apply(&update).unwrap();
        assert!(session.is_exact(letter), "key {key}");
    }
    while let Some(update) = next(&mut session.encoder, &session.screen, budget, None, &mut session.now) {
        session.decoder.apply(&update).unwrap();
    }
    assert!(session.is_exact(ALL));
}

#[test]
fn a_photograph_is_recognised_long_before_it_is_exact() {
    let mut session = Session::new();
    session.now += Duration::from_secs(5);
    session.draw(ALL, Paint::Film(0));
    let budget = 20_000;
    let mut rough = 0;
    while session.encoder.next_due().is_some_and(|due| due <= session.now) {
        rough += session.send(budget);
    }
    assert!(session.fidelity(ALL) > 36.0, "{}", session.fidelity(ALL));
    let mut all = rough;
    while let Some(update) = next(&mut session.encoder, &session.screen, budget, None, &mut session.now) {
        session.decoder.apply(&update).unwrap();
        all += update.len();
    }
    assert!(session.is_exact(ALL));
    assert!(rough * 4 < all, "{rough} of {all}");
    let mut fresh = Session::new();
    fresh.now += Duration::from_secs(5);
    fresh.draw(ALL, Paint::Film(0));
    let mut exact = 0;
    while let Some(update) = next(&mut fresh.encoder, &fresh.screen, PLENTY, None, &mut fresh.now) {
        exact += update.len();
    }
    assert!(all * 10 < exact * 13, "{all} bytes instead of {exact}");
}

#[test]
fn a_photograph_that_fits_is_exact_at_once() {
    let mut session = Session::new();
    session.draw(WINDOW, Paint::Film(3));
    session.send(PLENTY);
    assert!(session.is_exact(ALL) && session.encoder.is_clean());
}

#[test]
fn a_photograph_of_the_whole_screen_is_shown_roughly_first_however_much_fits() {
    let (width, height) = (1280, 400);
    let mut screen = Screen::new(width, height);
    let (mut encoder, mut decoder) =
        (Encoder::new(width, height).unwrap(), Decoder::new(width, height).unwrap());
    let mut now = Duration::from_secs(5);
    screen.paint(Rect::new(0, 0, width, height), Paint::Film(0));
    encoder.mark(&[Rect::new(0, 0, width, height)]);
    let mut rough = 0;
    while encoder.next_due().is_some_and(|due| due <= now) {
        let update = encoder.at(now).room(PLENTY).next_update(&screen.view(), PLENTY, None).unwrap();
        let update = update.unwrap_or_default();
        rough += update.len();
        decoder.apply(&update).unwrap();
    }
    assert!(rough < (width * height / 8) as usize, "{rough}");
    while let Some(update) = next(&mut encoder, &screen, PLENTY, None, &mut now) {
        decoder.apply(&update).unwrap();
    }
    assert!(decoder.is_exact() && decoder.pixels() == screen.pixels());
}

/// Row B13: what changes does not wait for what is only made exact, and that not for ever for what changes.
#[test]
fn what_changes_is_not_sent_with_what_is_made_exact() {
    const LETTER: Rect = Rect::new(300, 200, 12, 16);
    let mut session = Session::new();
    session.now += Duration::from_secs(5);
    session.draw(ALL, Paint::Film(0));
    let budget = 20_000;
    while session.encoder.next_due().is_some_and(|due| due <= session.now) {
        assert!(!session.encoder.at(session.now).only_refines());
        session.send(budget);
    }
    session.now = session.encoder.next_due().unwrap();
    assert!(session.encoder.at(session.now).only_refines());
    assert!(session.send(budget) > budget / 2);
    session.draw(LETTER, Paint::Solid(0));
    assert!(!session.encoder.at(session.now).only_refines());
    let alone = session.send(budget);
    assert!(alone < budget / 2 && session.is_exact(LETTER), "{alone} bytes");
    session.draw(LETTER, Paint::Solid(0x00FF_FFFF));
    let both = session.send(budget);
    assert!(both > budget / 2 && session.is_exact(LETTER), "{both} bytes");
}

/// Row B13: a film that a narrow line cannot carry has waited for long; what changes beside it goes before it all the
/// same, and yet the film goes on while everything else changes, too.
#[test]
fn what_people_read_goes_before_a_film_and_does_not_stop_it() {
    const PAGE: Rect = Rect::new(448, 0, 192, HEIGHT);
    const DIALOG: Rect = Rect::new(512, 128, 64, 64);
    let budget = 1_400;
    let mut session = Session::new();
    session.play(60, budget);
    for number in 0..10 {
        session.now += PICTURE;
        session.draw(WINDOW, Paint::Film(60 + number));
        session.draw(DIALOG, Paint::Text(u64::from(number)));
        session.send(budget);
        assert!(session.is_exact(DIALOG), "dialog {number} waits");
    }
    let seen = |session: &Session| session.decoder.pixels().to_vec();
    let mut goes_on = 0;
    for number in 0..20 {
        session.now += PICTURE;
        session.draw(WINDOW, Paint::Film(70 + number));
        session.draw(PAGE, Paint::Text(u64::from(100 + number)));
        let before = seen(&session);
        session.send(budget);
        goes_on +=
            usize::from((0..WIDTH * HEIGHT).zip(before.iter().zip(seen(&session))).any(|(at, (was, is))| {
                *was != is && WINDOW.contains(&Rect::new(at % WIDTH, at / WIDTH, 1, 1))
            }));
    }
    assert!((8..=12).contains(&goes_on), "{goes_on} of 20 updates held film");
}

/// Where another film was, beside one that goes on and fills every update of a narrow line.
const OTHER: Rect = Rect::new(448, 128, 192, 256);

fn beside_a_film(number: u32, session: &mut Session) {
    session.now += PICTURE;
    session.draw(WINDOW, Paint::Film(1_000 + 37 * number));
    session.send(1_400);
}

fn after_another_film() -> Session {
    let mut session = Session::new();
    for number in 0..30 {
        session.draw(OTHER, Paint::Film(number));
        session.play(1, 100_000);
    }
    session
}

#[test]
fn what_rests_is_made_exact_in_the_end_beside_a_film_that_fills_all() {
    let mut session = after_another_film();
    (0..20).for_each(|number| beside_a_film(number, &mut session));
    assert!(!session.is_exact(OTHER), "it waits");
    let exact = (20..2_000).find(|number| {
        beside_a_film(*number, &mut session);
        session.is_exact(OTHER)
    });
    assert!(exact.is_some_and(|number| number < 1_000), "{exact:?}");
}

#[test]
fn text_is_text_also_where_a_film_was_and_however_long_it_waits() {
    let mut session = after_another_film();
    session.draw(OTHER, Paint::Text(77));
    (0..30).for_each(|number| beside_a_film(number, &mut session));
    assert!(session.is_exact(OTHER));
}

#[test]
fn a_camera_that_swings_costs_what_is_new() {
    let mut session = Session::new();
    let mut lengths = Vec::new();
    for number in 0..24 {
        session.now += PICTURE;
        session.draw(WINDOW, Paint::Camera(number));
        lengths.push(session.send(PLENTY));
        assert!(number < 4 || session.fidelity(WINDOW) > 38.0, "{} dB", session.fidelity(WINDOW));
    }
    // The scene has twenty times as many bytes, exactly, and five times, roughly but without motion.
    let longest = *lengths[8..].iter().max().unwrap();
    assert!(longest * 20 < lengths[0], "{lengths:?}");
    while let Some(update) = next(&mut session.encoder, &session.screen, PLENTY, None, &mut session.now) {
        session.decoder.apply(&update).unwrap();
    }
    assert!(session.is_exact(ALL));
}

#[test]
fn the_viewer_knows_what_is_shown_roughly() {
    let mut session = Session::new();
    assert!(session.decoder.is_exact());
    session.play(6, PLENTY);
    assert!(!session.decoder.is_exact());
    // Text beside it is exact, and says nothing of the film.
    session.draw(Rect::new(500, 300, 9, 14), Paint::Text(1));
    session.send(PLENTY);
    assert!(!session.decoder.is_exact());
    while let Some(due) = session.encoder.next_due() {
        assert!(!session.decoder.is_exact());
        session.now = due;
        session.send(PLENTY);
    }
    assert!(session.decoder.is_exact() && session.is_exact(ALL));
}

#[test]
fn the_viewer_is_told_of_what_becomes_exact_without_being_sent() {
    let mut session = Session::new();
    session.play(6, PLENTY);
    session.show_what_is_seen();
    session.encoder.mark(&[ALL]);
    assert!(!session.encoder.is_clean() && !session.decoder.is_exact());
    assert_eq!(session.send(PLENTY), 0, "it may go on at once");
    let mut length = 0;
    while let Some(due) = session.encoder.next_due() {
        assert!(due > session.now && !session.decoder.is_exact());
        session.now = due;
        length += session.send(PLENTY);
    }
    // Its tiles, with a pixel each.
    assert!(length <= 4 + 10 * (8 * 5), "{length} bytes");
    assert!(session.encoder.is_clean() && session.decoder.is_exact() && session.is_exact(ALL));
}

#[test]
fn what_is_copied_from_a_rough_place_is_rough() {
    let mut session = Session::new();
    let film = Rect::new(0, 0, 640, 256);
    for number in 0..6 {
        session.now += PICTURE;
        session.draw(film, Paint::Camera(number));
        session.send(PLENTY);
    }
    // What is seen turns up below, where all is exact.
    session.show_what_is_seen();
    session.screen.shift(ALL, 0, 128);
    session.encoder.mark(&[ALL]);
    while let Some(update) = next(&mut session.encoder, &session.screen, 3_000, None, &mut session.now) {
        session.decoder.apply(&update).unwrap();
        assert_eq!(session.encoder.is_clean(), session.decoder.is_exact());
    }
    assert!(session.decoder.is_exact() && session.is_exact(ALL));
}
