//! Golden bytes: what the encoder writes, and what the decoder must be able to read for ever.
//!
//! If a change of the bitstream is meant, it needs a new version in PROTOCOL.md (section 8); then replace the file with
//! the lines that the failed test prints. A new zstd may compress the same planes differently: then, too.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on should fail where it stands")]

mod common;

use std::time::Duration;

use common::{Paint, Screen, next};
use deskside_codec::{Decoder, Encoder, Rect, cursor};

const WIDTH: u32 = 128;
const HEIGHT: u32 = 120;
const PAGE: Rect = Rect::new(8, 16, 116, 100);

const FILM_AT: Rect = Rect::new(5, 3, 40, 30);

const UPDATES: &str = include_str!("golden/updates.hex");
const FILM: &str = include_str!("golden/film.hex");
const CURSOR: &str = include_str!("golden/cursor.hex");

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn unhex(text: &str) -> Vec<u8> {
    let digits = text.trim().as_bytes().chunks(2);
    digits.map(|pair| u8::from_str_radix(std::str::from_utf8(pair).unwrap(), 16).unwrap()).collect()
}

/// What happens on the golden screen, one update a step; then the text is scrolled.
const STEPS: [(Rect, Paint); 5] = [
    (Rect::new(0, 0, WIDTH, HEIGHT), Paint::Solid(0x00F0_E0D0)),
    (PAGE, Paint::Text(7)),
    (Rect::new(8, 16, 8, 16), Paint::Text(9)),
    (Rect::new(60, 60, 8, 5), Paint::Photo(2)),
    (Rect::new(33, 3, 5, 4), Paint::Noise(3)),
];

#[test]
fn updates_are_written_and_read_as_ever() {
    let mut screen = Screen::new(WIDTH, HEIGHT);
    let mut encoder = Encoder::new(WIDTH, HEIGHT).unwrap();
    let mut decoder = Decoder::new(WIDTH, HEIGHT).unwrap();
    let mut golden = UPDATES.lines();
    let mut written = String::new();
    let mut equal = true;
    for (rect, paint) in STEPS.map(|(rect, paint)| (rect, Some(paint))).into_iter().chain([(PAGE, None)]) {
        match paint {
            Some(paint) => screen.paint(rect, paint),
            None => screen.shift(rect, 0, -7),
        }
        encoder.mark(&[rect]);
        let update = next(&mut encoder, &screen, 100_000, None, &mut Duration::default()).unwrap();
        assert!(encoder.is_clean());
        written += &format!("{}\n", hex(&update));
        equal &= golden.next().is_some_and(|line| {
            let read = decoder.apply(&unhex(line)).is_ok() && decoder.pixels() == screen.pixels();
            read && unhex(line) == update
        });
    }
    assert!(equal && golden.next().is_none(), "tests/golden/updates.hex would now be\n{written}");
}

#[test]
fn film_is_written_and_read_as_ever() {
    let mut screen = Screen::new(70, 40);
    let (mut encoder, mut decoder) = (Encoder::new(70, 40).unwrap(), Decoder::new(70, 40).unwrap());
    let (mut written, mut read) = (String::new(), true);
    let mut golden = FILM.lines();
    let mut now = Duration::from_secs(1);
    let mut step = |update: &[u8]| {
        written += &format!("{}\n", hex(update));
        let line = golden.next().unwrap_or_default();
        read &= decoder.apply(&unhex(line)).is_ok() && unhex(line) == update;
    };
    for number in 0..10 {
        now += Duration::from_millis(40);
        screen.paint(FILM_AT, if number < 5 { Paint::Film(3 * number) } else { Paint::Camera(number) });
        encoder.mark(&[FILM_AT]);
        step(&encoder.at(now).next_update(&screen.view(), 100_000, None).unwrap().unwrap());
    }
    assert!(!encoder.is_clean());
    step(&next(&mut encoder, &screen, 100_000, None, &mut now).unwrap());
    assert!(encoder.is_clean());
    let is_exact = decoder.pixels() == screen.pixels();
    assert!(read && is_exact, "tests/golden/film.hex would now be\n{written}");
}

#[test]
fn cursors_are_written_and_read_as_ever() {
    let pixels: Vec<u8> =
        (0..12 * 8u8).flat_map(|n| [n, n / 2, 0, if n % 5 == 0 { 0 } else { 255 }]).collect();
    let compressed = cursor::compress(&pixels, 12, 8).unwrap();
    let read = cursor::decompress(&unhex(CURSOR), 12, 8);
    assert!(
        read.is_ok_and(|read| read == pixels) && unhex(CURSOR) == compressed,
        "tests/golden/cursor.hex would now be\n{}",
        hex(&compressed)
    );
}
