//! The viewer's picture is the sharer's, pixel for pixel, whatever was drawn, marked and sent.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on should fail where it stands")]

mod common;

use std::time::Duration;

use common::{Paint, Screen, next};
use deskside_codec::{Decoder, Encoder, MAX_UPDATE, Rect, TILE_SIDE};
use proptest::prelude::{
    Just, Strategy, any, prop, prop_assert, prop_assert_eq, prop_assert_ne, prop_oneof, proptest,
};

/// Most bytes that one tile takes, however little it compresses.
const WORST_TILE: usize = 3 * (TILE_SIDE * TILE_SIDE) as usize + 256;

/// Sends updates until the encoder is clean, and gives their lengths.
fn settle(encoder: &mut Encoder, decoder: &mut Decoder, screen: &Screen, budget: usize) -> Vec<usize> {
    let (mut lengths, mut now) = (Vec::new(), Duration::ZERO);
    while let Some(update) = next(encoder, screen, budget, None, &mut now) {
        decoder.apply(&update).unwrap();
        lengths.push(update.len());
    }
    assert!(encoder.is_clean());
    lengths
}

fn paints() -> impl Strategy<Value = Paint> {
    prop_oneof![
        any::<u32>().prop_map(Paint::Solid),
        Just(Paint::Solid(0)),
        any::<u64>().prop_map(Paint::Noise),
        any::<u64>().prop_map(Paint::Text),
        // These come back, as windows do.
        (0..2u64).prop_map(Paint::Noise),
        (0..2u64).prop_map(|seed| Paint::Text(seed << 40)),
        any::<u64>().prop_map(Paint::Photo),
        any::<u16>().prop_map(|number| Paint::Film(number.into())),
        (0..9u32).prop_map(Paint::Camera),
    ]
}

/// Rectangles inside and beyond a picture of up to 300 pixels a side.
fn rects() -> impl Strategy<Value = Rect> {
    (0..320u32, 0..320u32, 0..300u32, 0..300u32)
        .prop_map(|(x, y, width, height)| Rect::new(x, y, width, height))
}

#[derive(Debug, Clone)]
enum Step {
    /// Something is drawn, and the rectangle is marked.
    Draw(Rect, Paint),
    /// What is in a rectangle is moved or scrolled, and the rectangle is marked.
    Shift(Rect, i32, i32),
    /// Something is marked though nothing was drawn.
    Mark(Rect),
    /// Time passes, and one update is sent.
    Send { pause: u64, budget: usize, focus: Option<(u32, u32)> },
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        3 => (rects(), paints()).prop_map(|(rect, paint)| Step::Draw(rect, paint)),
        2 => (rects(), -130..130i32, -130..130i32).prop_map(|(rect, x, y)| Step::Shift(rect, x, y)),
        2 => (rects(), -130..130i32).prop_map(|(rect, y)| Step::Shift(rect, 0, y)),
        1 => rects().prop_map(Step::Mark),
        3 => (prop_oneof![2 => 0..300u64, 1 => Just(2500)], 0..40_000usize, prop::option::of((0..400u32, 0..400u32)))
            .prop_map(|(pause, budget, focus)| Step::Send { pause, budget, focus }),
    ];
    prop::collection::vec(step, 1..24)
}

proptest! {
    #![proptest_config(proptest::prelude::ProptestConfig::with_cases(96))]

    #[test]
    fn the_picture_is_exact_once_the_encoder_is_clean(
        width in 1..300u32, height in 1..300u32, steps in steps(),
    ) {
        let mut screen = Screen::new(width, height);
        let mut encoder = Encoder::new(width, height).unwrap();
        let mut decoder = Decoder::new(width, height).unwrap();
        let mut now = Duration::ZERO;
        for step in steps {
            match step {
                Step::Draw(rect, paint) => {
                    screen.paint(rect, paint);
                    encoder.mark(&[rect]);
                }
                Step::Shift(rect, x, y) => {
                    screen.shift(rect, x, y);
                    encoder.mark(&[rect]);
                }
                Step::Mark(rect) => encoder.mark(&[rect]),
                Step::Send { pause, budget, focus } => {
                    now += Duration::from_millis(pause);
                    if let Some(update) = encoder.at(now).next_update(&screen.view(), budget, focus).unwrap() {
                        prop_assert!(update.len() <= 2 * budget + WORST_TILE, "{} for {budget}", update.len());
                        let written = decoder.apply(&update).unwrap();
                        prop_assert!(!written.is_empty());
                        let all = Rect::new(0, 0, width, height);
                        prop_assert!(written.iter().all(|rect| !rect.is_empty() && all.contains(rect)));
                    } else {
                        prop_assert_ne!(encoder.next_due(), Some(now));
                    }
                }
            }
            if encoder.is_clean() {
                prop_assert_eq!(decoder.pixels(), screen.pixels());
                prop_assert!(decoder.is_exact());
            }
        }
        settle(&mut encoder, &mut decoder, &screen, 10_000);
        prop_assert_eq!(decoder.pixels(), screen.pixels());
        prop_assert!(decoder.is_exact());
    }
}

#[test]
fn all_sizes_of_screens_work() {
    let sizes = [(1, 1), (3, 5), (1, 16_384), (16_384, 1), (63, 65), (1366, 768), (1920, 1080), (3840, 2160)];
    for (width, height) in sizes {
        let mut screen = Screen::new(width, height);
        screen.paint(Rect::new(0, 0, width, height), Paint::Text(3));
        screen.paint(Rect::new(width / 3, height / 3, width / 2, height / 2), Paint::Photo(5));
        let mut encoder = Encoder::new(width, height).unwrap();
        let mut decoder = Decoder::new(width, height).unwrap();
        let lengths = settle(&mut encoder, &mut decoder, &screen, usize::MAX);
        assert!(lengths.iter().all(|length| *length <= MAX_UPDATE));
        assert!(decoder.pixels() == screen.pixels(), "{width}x{height}");
        assert_eq!((decoder.width(), decoder.height()), (width, height));
    }
}

#[test]
fn noise_of_a_whole_screen_stays_below_the_longest_update() {
    let mut screen = Screen::new(1920, 1080);
    screen.paint(Rect::new(0, 0, 1920, 1080), Paint::Noise(1));
    let (mut encoder, mut decoder) = (Encoder::new(1920, 1080).unwrap(), Decoder::new(1920, 1080).unwrap());
    let lengths = settle(&mut encoder, &mut decoder, &screen, usize::MAX);
    assert!(lengths.iter().all(|length| *length <= MAX_UPDATE), "{lengths:?}");
    assert!(lengths.len() < 8, "updates are nearly full: {lengths:?}");
    assert!(decoder.pixels() == screen.pixels());
}

#[test]
fn budgets_are_kept_when_text_turns_into_a_photograph() {
    for budget in [1_000, 3_000, 10_000, 30_000, 100_000] {
        let mut screen = Screen::new(1280, 720);
        screen.paint(Rect::new(0, 0, 1280, 320), Paint::Text(9));
        screen.paint(Rect::new(0, 320, 1280, 400), Paint::Photo(9));
        let (mut encoder, mut decoder) = (Encoder::new(1280, 720).unwrap(), Decoder::new(1280, 720).unwrap());
        let lengths = settle(&mut encoder, &mut decoder, &screen, budget);
        let longest = *lengths.iter().max().unwrap();
        assert!(longest <= 2 * budget.max(WORST_TILE), "{longest} for {budget}");
        // All use most of what they may, but the last, and photographs before they are made exact, which go in parts.
        let short = lengths.iter().rev().skip(1).filter(|length| **length < budget / 3).count();
        assert!(short <= 2, "{lengths:?} for {budget}");
    }
}

#[test]
fn a_typed_letter_costs_little_and_goes_before_a_backlog() {
    let mut screen = Screen::new(1920, 1080);
    let (mut encoder, mut decoder) = (Encoder::new(1920, 1080).unwrap(), Decoder::new(1920, 1080).unwrap());
    screen.paint(Rect::new(0, 0, 1920, 1080), Paint::Solid(0x00FF_FFFF));
    settle(&mut encoder, &mut decoder, &screen, usize::MAX);

    let letter = Rect::new(1003, 901, 9, 14);
    screen.paint(letter, Paint::Text(4));
    encoder.mark(&[Rect::new(990, 890, 40, 40)]);
    let update = next(&mut encoder, &screen, 100_000, None, &mut Duration::default()).unwrap();
    assert!(update.len() < 120, "{}", update.len());
    let written = decoder.apply(&update).unwrap();
    assert!(written.iter().all(|rect| letter.contains(rect)), "{written:?}");

    screen.paint(Rect::new(0, 0, 1920, 800), Paint::Photo(4));
    encoder.mark(&[Rect::new(0, 0, 1920, 1080)]);
    for key in 0..20 {
        let letter = Rect::new(1012 + 9 * key, 901, 9, 14);
        screen.paint(letter, Paint::Text(u64::from(key)));
        encoder.mark(&[letter]);
        let focus = Some((letter.right(), letter.y));
        let update = next(&mut encoder, &screen, 20_000, focus, &mut Duration::default()).unwrap();
        let written = decoder.apply(&update).unwrap();
        assert!(letter.contains(&written[0]), "key {key} waits behind {:?}", written[0]);
    }
    assert!(!encoder.is_clean());
    settle(&mut encoder, &mut decoder, &screen, 200_000);
    assert!(decoder.pixels() == screen.pixels());
}

#[test]
fn what_waits_is_sent_in_the_end_though_a_film_plays_at_the_focus() {
    let mut screen = Screen::new(1920, 1080);
    let (mut encoder, mut decoder) = (Encoder::new(1920, 1080).unwrap(), Decoder::new(1920, 1080).unwrap());
    settle(&mut encoder, &mut decoder, &screen, usize::MAX);
    let far = Rect::new(1800, 1000, 64, 64);
    screen.paint(far, Paint::Noise(1));
    encoder.mark(&[far]);
    let film = Rect::new(0, 0, 640, 384);
    let sent = (0..200u64).any(|frame| {
        screen.paint(film, Paint::Noise(frame));
        encoder.mark(&[film]);
        let update = next(&mut encoder, &screen, 50_000, Some((100, 100)), &mut Duration::default()).unwrap();
        decoder.apply(&update).unwrap().iter().any(|rect| !far.intersection(rect).is_empty())
    });
    assert!(sent);
}

#[test]
fn marking_what_did_not_change_costs_nothing() {
    let mut screen = Screen::new(500, 400);
    screen.paint(Rect::new(0, 0, 500, 400), Paint::Photo(1));
    let (mut encoder, mut decoder) = (Encoder::new(500, 400).unwrap(), Decoder::new(500, 400).unwrap());
    assert!(!encoder.is_clean());
    settle(&mut encoder, &mut decoder, &screen, usize::MAX);
    encoder.mark(&[Rect::new(0, 0, u32::MAX, u32::MAX)]);
    assert!(!encoder.is_clean());
    assert_eq!(next(&mut encoder, &screen, usize::MAX, None, &mut Duration::default()), None);
    assert!(encoder.is_clean());
}

#[test]
fn a_frame_of_another_size_is_refused_and_changes_nothing() {
    let screen = Screen::new(20, 20);
    let mut encoder = Encoder::new(20, 21).unwrap();
    assert!(encoder.next_update(&screen.view(), 1000, None).is_err());
    assert!(!encoder.is_clean());
    for (width, height) in [(0, 0), (0, 1), (65_535, 65_535), (16_385, 1), (16_384, 4_097)] {
        assert!(Encoder::new(width, height).is_err());
        assert!(Decoder::new(width, height).is_err());
    }
}

/// Sends all of the screen at a moment, and gives the number of bytes.
fn send_at(seconds: u64, coders: (&mut Encoder, &mut Decoder), screen: &Screen) -> usize {
    let (encoder, decoder) = coders;
    encoder.mark(&[Rect::new(0, 0, screen.width, screen.height)]);
    let mut bytes = 0;
    while let Some(update) =
        encoder.at(Duration::from_secs(seconds)).next_update(&screen.view(), usize::MAX, None).unwrap()
    {
        decoder.apply(&update).unwrap();
        bytes += update.len();
    }
    assert!(decoder.pixels() == screen.pixels());
    bytes
}

#[test]
fn a_window_that_comes_back_costs_a_few_bytes_a_tile() {
    let mut screen = Screen::new(1280, 800);
    let (mut encoder, mut decoder) = (Encoder::new(1280, 800).unwrap(), Decoder::new(1280, 800).unwrap());
    let window = Rect::new(128, 128, 640, 512);
    for round in 0..6 {
        screen.paint(window, if round % 2 == 0 { Paint::Noise(1) } else { Paint::Text(2) });
        let bytes = send_at(3 * round, (&mut encoder, &mut decoder), &screen);
        assert!(round < 2 || bytes < 80 * 6, "{bytes} bytes in round {round}");
    }
}

#[test]
fn what_both_sides_keep_stays_the_same_when_it_is_full() {
    // 1,024 tiles a screen, 2,048 in the cache: the first screen is forgotten, the others come back.
    let (width, height) = (2048, 2048);
    let mut screen = Screen::new(width, height);
    let (mut encoder, mut decoder) =
        (Encoder::new(width, height).unwrap(), Decoder::new(width, height).unwrap());
    let mut lengths = Vec::new();
    for (round, seed) in (0..).zip([1u64, 2, 3, 2, 3, 1]) {
        screen.paint(Rect::new(0, 0, width, height), Paint::Text(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15)));
        lengths.push(send_at(3 * round, (&mut encoder, &mut decoder), &screen));
    }
    assert!(lengths[3] < 8000 && lengths[4] < 8000 && lengths[5] > 50_000, "{lengths:?}");
}
