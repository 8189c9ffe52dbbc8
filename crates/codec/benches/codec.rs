//! What the codec costs and saves, by class of content: `cargo bench -p deskside-codec`.
//!
//! For each class: nanoseconds a pixel to encode and to decode, and bits a pixel on the wire. Pixels are those
//! that were marked. Each figure is the best of several passes, on one thread.
#![expect(clippy::disallowed_methods, reason = "a benchmark measures time")]
#![expect(clippy::print_stdout, reason = "the table is what a benchmark is for")]

use std::error::Error;
use std::time::{Duration, Instant};

use deskside_codec::{Decoder, Encoder, FrameView, Rect};

const WIDTH: u32 = 1920;
const HEIGHT: u32 = 1080;
const ALL: Rect = Rect::new(0, 0, WIDTH, HEIGHT);
const PASSES: u32 = 5;
/// So far apart are frames that are not taken for a film.
const SECOND: Duration = Duration::from_secs(1);
/// So long stands what is worth being kept.
const REST: Duration = Duration::from_secs(5);

/// A screen of BGRX pixels.
struct Screen(Vec<u8>);

impl Screen {
    fn paint(&mut self, rect: Rect, colour: impl Fn(u32, u32) -> u32) {
        for y in rect.y..rect.bottom() {
            for x in rect.x..rect.right() {
                let at = (y * WIDTH + x) as usize * 4;
                self.0[at..at + 4].copy_from_slice(&colour(x, y).to_le_bytes());
            }
        }
    }
}

/// Scrambles a number, so that neighbours have nothing in common.
fn hash(number: u32) -> u32 {
    let number = (number ^ number >> 16).wrapping_mul(0x7FEB_352D);
    let number = (number ^ number >> 15).wrapping_mul(0x846C_A68B);
    number ^ number >> 16
}

/// A page of anti-aliased letters from an alphabet of 40, words apart, in lines of 20 pixels.
fn text(x: u32, y: u32, page: u32) -> u32 {
    let (column, line) = (x / 9, y / 20);
    let letter = hash(line * 4096 + column + page) % 48;
    let (inside_x, inside_y) = (x % 9, y % 20);
    if letter >= 40 || !(4..17).contains(&inside_y) || inside_x > 6 {
        return 0x00FF_FFFF;
    }
    let ink = hash(letter * 97 + inside_x / 2 + inside_y / 3 * 8) & 3;
    let grey = [255, 255, 160 - inside_x % 2 * 60, 30][ink as usize];
    grey << 16 | grey << 8 | grey
}

/// Slopes, waves and the noise of a sensor.
fn photo(x: u32, y: u32, moment: u32) -> u32 {
    let (fx, fy) = (f64::from(x + moment) / 97.0, f64::from(y) / 61.0);
    let light = 128.0 + 70.0 * (fx.sin() + (fy + fx / 3.0).cos()) / 1.6;
    let noise = f64::from(hash(x + y * WIDTH + moment * 7_919) & 7);
    let channel = |gain: f64, offset: f64| (light.mul_add(gain, offset) + noise).clamp(0.0, 255.0);
    let [red, green, blue] = [channel(0.9, 20.0), channel(0.8, 10.0), channel(0.6, 40.0)];
    // Whole numbers from 0 to 255 by the clamp.
    (red as u32) << 16 | (green as u32) << 8 | blue as u32
}

/// A class of content: how the screen looks before, and what each frame draws and marks.
struct Class {
    name: &'static str,
    frames: u32,
    /// Time from one frame to the next.
    apart: Duration,
    draw: fn(&mut Screen, u32) -> Rect,
}

/// A page under a header and beside a bar that stay, scrolled by a notch each frame, both ways.
fn scroll(screen: &mut Screen, frame: u32) -> Rect {
    const NOTCH: u32 = 53;
    let at = |frame: u32| if frame < 6 { frame * NOTCH } else { (12 - frame) * NOTCH };
    screen.paint(Rect::new(0, 0, WIDTH, 87), |x, y| text(x, y, 77_777));
    screen.paint(Rect::new(0, 87, 301, HEIGHT - 87), |x, y| text(x, y, 99_999));
    let page = Rect::new(301, 87, WIDTH - 301, HEIGHT - 87);
    screen.paint(page, |x, y| text(x, y + at(frame), 0));
    page
}

/// A window of text dragged over a photograph by odd steps.
fn drag(screen: &mut Screen, frame: u32) -> Rect {
    let at = |frame: u32| Rect::new(200 + frame * 17, 150 + frame * 11, 800, 600);
    screen.paint(ALL, |x, y| photo(x, y, 0));
    let window = at(frame);
    screen.paint(window, |x, y| match (x - window.x, y - window.y) {
        (_, 0..24) => 0x0020_60A0,
        (x, y) => text(x, y, 5),
    });
    let before = at(frame.saturating_sub(1));
    Rect::new(before.x, before.y, window.right() - before.x, window.bottom() - before.y)
}

/// One of three windows over a page, in turn.
fn switch(screen: &mut Screen, frame: u32) -> Rect {
    let window = Rect::new(300, 100, 1200, 900);
    if frame % 3 == 2 {
        screen.paint(window, |x, y| photo(x, y, 7));
    } else {
        screen.paint(window, |x, y| text(x, y, frame % 3 * 1_000_003));
    }
    window
}

/// A terminal through which a listing rushes, twelve lines at once, each another.
fn flood(screen: &mut Screen, frame: u32) -> Rect {
    let terminal = Rect::new(40, 90, 1440, 880);
    screen.paint(terminal, |x, y| match text(x, y + 12 * 20 * frame, 31) {
        0x00FF_FFFF => 0,
        ink => !ink & 0x00FF_FFFF,
    });
    terminal
}

const CLASSES: [Class; 10] = [
    Class {
        name: "solid, whole screen",
        frames: 6,
        apart: SECOND,
        draw: |screen, frame| {
            screen.paint(ALL, |_, _| 0x0030_6090 + frame);
            ALL
        },
    },
    Class {
        name: "text, whole screen",
        frames: 6,
        apart: SECOND,
        draw: |screen, frame| {
            screen.paint(ALL, |x, y| text(x, y, frame * 1_000_003));
            ALL
        },
    },
    Class {
        name: "photograph, whole screen",
        frames: 4,
        apart: SECOND,
        draw: |screen, frame| {
            screen.paint(ALL, |x, y| photo(x, y, frame * 100));
            ALL
        },
    },
    Class {
        name: "scrolled text, 1200 x 900",
        frames: 10,
        apart: SECOND,
        draw: |screen, frame| {
            let page = Rect::new(300, 100, 1200, 900);
            screen.paint(page, |x, y| text(x, y + 40 * frame, 0));
            page
        },
    },
    Class {
        name: "typing, a letter an update",
        frames: 100,
        apart: SECOND,
        draw: |screen, frame| {
            let letter = Rect::new(400 + frame % 100 * 9, 500, 9, 20);
            screen.paint(letter, |x, y| text(x, y, frame));
            letter
        },
    },
    Class { name: "page scrolled by 53", frames: 11, apart: SECOND, draw: scroll },
    Class { name: "terminal flooded", frames: 20, apart: Duration::from_millis(40), draw: flood },
    Class { name: "window dragged over photo", frames: 12, apart: SECOND, draw: drag },
    Class { name: "window switched", frames: 12, apart: REST, draw: switch },
    Class { name: "marked, but unchanged", frames: 20, apart: SECOND, draw: |_, _| ALL },
];

/// Times and bytes of all frames of a class.
#[derive(Default, Clone, Copy)]
struct Cost {
    encode: Duration,
    decode: Duration,
    bytes: usize,
    pixels: u64,
    updates: u32,
}

fn run(class: &Class) -> Result<Cost, Box<dyn Error>> {
    let mut screen = Screen(vec![255; (WIDTH * HEIGHT * 4) as usize]);
    let (mut encoder, mut decoder) = (Encoder::new(WIDTH, HEIGHT)?, Decoder::new(WIDTH, HEIGHT)?);
    let mut cost = Cost::default();
    for frame in 0..=class.frames {
        // The first frame shows the screen as it was before, and does not count.
        let drawn = (class.draw)(&mut screen, frame);
        let marked = if frame == 0 { ALL } else { drawn };
        let view = FrameView::new(WIDTH, HEIGHT, WIDTH as usize * 4, &screen.0)?;
        let before = cost;
        encoder.mark(&[marked]);
        loop {
            let now = class.apart * frame;
            let start = Instant::now();
            let update = encoder.at(now).next_update(&view, usize::MAX, None)?;
            cost.encode += start.elapsed();
            let Some(update) = update else { break };
            let start = Instant::now();
            decoder.apply(&update)?;
            cost.decode += start.elapsed();
            cost.bytes += update.len();
            cost.updates += 1;
        }
        cost.pixels += marked.area();
        if frame == 0 {
            cost = before;
        }
    }
    Ok(cost)
}

fn main() -> Result<(), Box<dyn Error>> {
    println!("{WIDTH} x {HEIGHT}, best of {PASSES} passes");
    println!(
        "{:<28} {:>14} {:>14} {:>12} {:>16}",
        "class", "encode ns/px", "decode ns/px", "bits/px", "bytes/update"
    );
    // Arguments choose classes by parts of their names.
    let chosen: Vec<String> =
        std::env::args().skip(1).filter(|argument| !argument.starts_with('-')).collect();
    let is_chosen = |class: &&Class| chosen.is_empty() || chosen.iter().any(|part| class.name.contains(part));
    for class in CLASSES.iter().filter(is_chosen) {
        let mut best = run(class)?;
        for _ in 1..PASSES {
            let cost = run(class)?;
            best.encode = best.encode.min(cost.encode);
            best.decode = best.decode.min(cost.decode);
        }
        let pixels = best.pixels as f64;
        let each = |total: Duration| total.as_nanos() as f64 / pixels;
        println!(
            "{:<28} {:>14.3} {:>14.3} {:>12.3} {:>16}",
            class.name,
            each(best.encode),
            each(best.decode),
            best.bytes as f64 * 8.0 / pixels,
            best.bytes / best.updates.max(1) as usize,
        );
    }
    Ok(())
}
