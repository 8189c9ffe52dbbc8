//! What film and photographs cost while they are shown roughly and when they are made exact:
//! `cargo bench -p deskside-codec --bench lossy`.
//!
//! Nanoseconds a pixel to encode and to decode, bits a pixel on the wire, and the fidelity of light in
//! decibels. Pixels are those that were marked. Times are the best of several passes, on one thread.
#![expect(clippy::disallowed_methods, reason = "a benchmark measures time")]
#![expect(clippy::print_stdout, reason = "the table is what a benchmark is for")]

use std::error::Error;
use std::time::{Duration, Instant};

use deskside_codec::{Decoder, Encoder, FrameView, Rect};

const WIDTH: u32 = 1920;
const HEIGHT: u32 = 1080;
const ALL: Rect = Rect::new(0, 0, WIDTH, HEIGHT);
/// The film's window; its edges lie within tiles.
const WINDOW: Rect = Rect::new(331, 177, 1280, 720);
/// Between two pictures of a film.
const PICTURE: Duration = Duration::from_millis(42);
const PASSES: u32 = 5;

/// Soft light that drifts, and the grain of a camera, as the test kit's film has it.
fn film(number: u32, grain: bool, pixels: &mut [u8]) {
    let time = number as f32 / 24.0;
    let mut state = number.wrapping_mul(2_654_435_761) | 1;
    for y in 0..WINDOW.height {
        let (fy, row) = (y as f32, (WINDOW.y + y) * WIDTH + WINDOW.x);
        let down = [(fy / 61.0 - time * 0.7).sin(), (fy / 29.0 + time * 2.1).cos()];
        for x in 0..WINDOW.width {
            let wave = [(x as f32 / 47.0 + time * 1.3).sin(), (x as f32 / 113.0 - time).cos()];
            state ^= state << 13;
            state ^= state >> 17;
            state ^= state << 5;
            let noise = if grain { (state % 9) as f32 } else { 4.0 };
            let level = |a: f32, b: f32| (118.0 + 58.0 * a + 52.0 * b + noise) as u8;
            let at = (row + x) as usize * 4;
            let colour =
                [level(wave[0], down[1]), level(wave[1], down[0]), level(wave[0] * down[0], wave[1])];
            pixels[at..at + 3].copy_from_slice(&colour);
        }
    }
}

/// Scrambles a number, so that neighbours have nothing in common.
fn hash(number: u32) -> u32 {
    let number = (number ^ number >> 16).wrapping_mul(0x7FEB_352D);
    let number = (number ^ number >> 15).wrapping_mul(0x846C_A68B);
    number ^ number >> 16
}

/// A photograph: slopes, edges, texture and the noise of a sensor.
fn photo(number: u32, pixels: &mut [u8]) {
    for (i, pixel) in (0..).zip(pixels.chunks_mut(4)) {
        let (x, y) = (i % WIDTH + number * 100, i / WIDTH);
        let (fx, fy) = (f64::from(x), f64::from(y));
        let cell = hash(x / 37 + y / 29 * 1000);
        let texture = 12.0 * ((fx / f64::from(cell % 7 + 2)).sin() * (fy / f64::from(cell % 5 + 2)).cos());
        let slope = 44.0 * ((fx / 97.0).sin() + (fy / 61.0 + fx / 291.0).cos());
        let light = 128.0 + slope + f64::from(cell % 60) - 30.0 + texture;
        let noise = f64::from(hash(i + number * 7_919) & 7);
        let level = |gain: f64, offset: f64| (light.mul_add(gain, offset) + noise).clamp(0.0, 255.0) as u8;
        pixel.copy_from_slice(&[
            level(0.6, 40.0),
            level(0.8, f64::from(cell >> 8 & 31)),
            level(0.9, 20.0),
            0,
        ]);
    }
}

/// What a camera sees that swings over a scene with edges and texture, with its grain.
fn camera(number: u32, pixels: &mut [u8]) {
    let time = number as f32 / 24.0;
    let (pan, tilt) = (70.0 * (1.0 + (time * 1.4).sin()), 40.0 * (1.0 + (time * 0.9).cos()));
    let mut state = number.wrapping_mul(2_654_435_761) | 1;
    for v in 0..WINDOW.height {
        for u in 0..WINDOW.width {
            let (x, y) = (u as f32 + pan, v as f32 + tilt);
            let wave = |across: f32, down: f32| (x / across).sin() * (y / down).cos();
            let texture = 9.0 * wave(2.3, 3.1) + 14.0 * wave(5.0, 7.0) + 16.0 * wave(17.0, 13.0);
            // Hills, one in front of another.
            let hill =
                (1..5).filter(|i| y > 130.0 * *i as f32 + 60.0 * (x / (90.0 + 40.0 * *i as f32)).sin());
            let light = 60.0 + 32.0 * hill.count() as f32 + texture * if y > 300.0 { 1.0 } else { 0.4 };
            state ^= state << 13;
            state ^= state >> 17;
            state ^= state << 5;
            let grain = ((state >> 8 & 0xFF) + (state >> 16 & 0xFF)) as f32 / 255.0 * 6.3;
            let level = |tint: f32| (light * tint + grain + 20.0) as u8;
            let at = ((WINDOW.y + v) * WIDTH + WINDOW.x + u) as usize * 4;
            pixels[at..at + 3].copy_from_slice(&[level(1.1), level(1.0), level(0.8)]);
        }
    }
}

/// Times and bytes, and the error of light.
#[derive(Clone, Copy, Default)]
struct Cost {
    encode: Duration,
    decode: Duration,
    bytes: usize,
    pixels: u64,
    error: f64,
}

/// Both coders, and a clock of their own.
struct Session {
    encoder: Encoder,
    decoder: Decoder,
    screen: Vec<u8>,
    now: Duration,
}

impl Session {
    fn new() -> Result<Self, Box<dyn Error>> {
        let (encoder, decoder) = (Encoder::new(WIDTH, HEIGHT)?, Decoder::new(WIDTH, HEIGHT)?);
        let screen = vec![255; (WIDTH * HEIGHT * 4) as usize];
        let mut session = Self { encoder, decoder, screen, now: Duration::ZERO };
        session.send(ALL, usize::MAX, &mut Cost::default())?;
        Ok(session)
    }

    /// Sends what can be sent now.
    fn send(&mut self, marked: Rect, budget: usize, cost: &mut Cost) -> Result<(), Box<dyn Error>> {
        let view = FrameView::new(WIDTH, HEIGHT, WIDTH as usize * 4, &self.screen)?;
        loop {
            let start = Instant::now();
            let update = self.encoder.at(self.now).next_update(&view, budget, None)?;
            cost.encode += start.elapsed();
            let Some(update) = update else { break };
            let start = Instant::now();
            self.decoder.apply(&update)?;
            cost.decode += start.elapsed();
            cost.bytes += update.len();
        }
        cost.pixels += marked.area();
        cost.error += self.error(marked);
        Ok(())
    }

    /// The squared error of light.
    fn error(&self, rect: Rect) -> f64 {
        let light = |[blue, green, red, _]: [u8; 4]| {
            f64::from(red) * 0.299 + f64::from(green) * 0.587 + f64::from(blue) * 0.114
        };
        let rows = rect.y as usize..rect.bottom() as usize;
        let places = rows.flat_map(|y| {
            let row = y * WIDTH as usize;
            row + rect.x as usize..row + rect.right() as usize
        });
        let pixels = places.map(|at| {
            let wanted = [0, 1, 2, 3].map(|i| self.screen[4 * at + i]);
            (light(wanted) - light(self.decoder.pixels()[at].to_le_bytes())).powi(2)
        });
        pixels.sum()
    }
}

/// A film while it plays, and what making it exact costs.
fn run_film(draw: fn(u32, &mut [u8])) -> Result<[Cost; 2], Box<dyn Error>> {
    let (mut session, mut playing, mut resting) = (Session::new()?, Cost::default(), Cost::default());
    for number in 0..24 {
        session.now += PICTURE;
        draw(number, &mut session.screen);
        session.encoder.mark(&[WINDOW]);
        // The first pictures are not yet known to be a film.
        session.send(WINDOW, 1 << 20, if number < 8 { &mut resting } else { &mut playing })?;
    }
    resting = Cost::default();
    session.now += 10 * PICTURE;
    session.send(WINDOW, 1 << 20, &mut resting)?;
    Ok([playing, resting])
}

/// Photographs at 8 Mbit/s, first roughly and then exactly.
fn run_photos() -> Result<[Cost; 2], Box<dyn Error>> {
    let (mut session, mut rough, mut exact) = (Session::new()?, Cost::default(), Cost::default());
    for number in 0..3 {
        photo(number, &mut session.screen);
        session.encoder.mark(&[ALL]);
        session.now += PICTURE;
        session.send(ALL, 100_000, &mut rough)?;
        session.now += 10 * PICTURE;
        session.send(ALL, 100_000, &mut exact)?;
    }
    Ok([rough, exact])
}

/// Runs and names of its two rows.
type Row = (fn() -> Result<[Cost; 2], Box<dyn Error>>, [&'static str; 2]);

const ROWS: [Row; 4] = [
    (|| run_film(camera), ["film, a camera that swings", "  at rest"]),
    (|| run_film(|number, pixels| film(number, true, pixels)), ["film, soft light and grain", "  at rest"]),
    (|| run_film(|number, pixels| film(number, false, pixels)), ["film, soft light", "  at rest"]),
    (run_photos, ["photographs, first pass", "  at rest"]),
];

fn main() -> Result<(), Box<dyn Error>> {
    println!("best of {PASSES} passes");
    println!("{:<28} {:>14} {:>14} {:>12} {:>10}", "", "encode ns/px", "decode ns/px", "bits/px", "light dB");
    for (run, names) in ROWS {
        let mut best = run()?;
        for _ in 1..PASSES {
            for (best, cost) in best.iter_mut().zip(run()?) {
                best.encode = best.encode.min(cost.encode);
                best.decode = best.decode.min(cost.decode);
            }
        }
        for (name, cost) in names.iter().zip(best) {
            let pixels = cost.pixels as f64;
            let each = |total: Duration| total.as_nanos() as f64 / pixels;
            let fidelity = 10.0 * (255.0 * 255.0 * pixels / cost.error).log10();
            let (encode, decode) = (each(cost.encode), each(cost.decode));
            let bits = cost.bytes as f64 * 8.0 / pixels;
            println!("{name:<28} {encode:>14.2} {decode:>14.2} {bits:>12.3} {fidelity:>10.2}");
        }
    }
    Ok(())
}
