//! A film in a window: pictures like photographs that move, so that a measurement needs no file that a machine
//! might not have. A loop of pictures is drawn once and kept by the X server; showing one costs a copy.
//!
//! No picture is ever shown twice as it was: each pass through the loop shows another part of its pictures,
//! which are a little larger than the window, so that nobody who remembers pictures has it easier than with a
//! real film. Each carries its number in two corners, by which it is known again on another display.

mod code;
mod sight;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use anyhow::Result;
use x11rb::protocol::xproto::Pixmap;

use crate::canvas::Canvas;
use crate::display::Display;
use crate::photo::{Grain, Scene};
use crate::picture::{Luma, Rect};

pub use sight::Sight;

/// Pixels from side to side.
pub const WIDTH: u16 = 1280;
/// Pixels from top to bottom.
pub const HEIGHT: u16 = 720;
/// Pictures a second.
pub const RATE: u32 = 24;

/// Pictures in the loop.
const LOOP: u32 = 48;
/// How much larger they are than the window.
const MARGIN: u16 = 32;
/// Width and height of a picture of the loop.
const SIZE: (u16, u16) = (WIDTH + MARGIN, HEIGHT + MARGIN);
/// How far the camera swings, in pixels of the scene.
const SWING: f32 = 70.0;
/// Strongest grain: 2.6 in the mean square's root, so that a coder that drops it all comes to 39.8 dB.
const GRAIN: f32 = 6.3;

/// A film that plays or pauses. Dropping it closes the window.
#[derive(Debug)]
pub struct Film {
    stop: Arc<AtomicBool>,
    plays: Arc<AtomicBool>,
    player: Option<JoinHandle<Result<()>>>,
    pictures: Vec<Luma>,
    place: Rect,
}

impl Film {
    /// Shows its first picture in a window with its upper left corner there.
    ///
    /// # Errors
    /// When the display is gone.
    pub fn open(display: &Display, (x, y): (u32, u32)) -> Result<Self> {
        let place = Rect { x, y, width: u32::from(WIDTH), height: u32::from(HEIGHT) };
        let canvas = Canvas::open(display, place)?;
        let mut pictures = Vec::new();
        let mut kept = Vec::new();
        let scene = Scene::new(usize::from(SIZE.0) + 2 * SWING as usize, usize::from(SIZE.1) + 80, 11);
        for number in 0..LOOP {
            let drawn = picture(&scene, number);
            pictures.push(Luma::of(u32::from(SIZE.0), &drawn));
            kept.push(canvas.keep(SIZE, &drawn)?);
        }
        let stage = canvas.blank((WIDTH, HEIGHT))?;
        show(&canvas, &kept, stage, 0)?;
        let (stop, plays) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicBool::new(false)));
        let (stopped, playing) = (Arc::clone(&stop), Arc::clone(&plays));
        let player = thread::spawn(move || {
            let mut next = Instant::now();
            let mut number = 0;
            while !stopped.load(Ordering::Relaxed) {
                if playing.load(Ordering::Relaxed) {
                    number += 1;
                    show(&canvas, &kept, stage, number)?;
                }
                next = (next + Duration::from_secs(1) / RATE).max(Instant::now());
                thread::sleep(next.saturating_duration_since(Instant::now()));
            }
            Ok(())
        });
        Ok(Self { stop, plays, player: Some(player), pictures, place })
    }

    /// Where it is on its display.
    #[must_use]
    pub fn place(&self) -> Rect {
        self.place
    }

    /// Goes on.
    pub fn play(&self) {
        self.plays.store(true, Ordering::Relaxed);
    }

    /// Holds the picture that is shown.
    pub fn pause(&self) {
        self.plays.store(false, Ordering::Relaxed);
    }
}

impl Drop for Film {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        if let Some(player) = self.player.take() {
            // A player that has failed has stopped, which is what is wanted.
            drop(player.join());
        }
    }
}

/// Puts a picture and its number together unseen, and shows them at once.
fn show(canvas: &Canvas, kept: &[Pixmap], stage: Pixmap, number: u32) -> Result<()> {
    let (x, y) = part(number);
    if let Some(picture) = kept.get((number % LOOP) as usize) {
        canvas.draw(*picture, (i16::try_from(x)?, i16::try_from(y)?), stage)?;
    }
    let (white, black) = code::places(number);
    canvas.fill(stage, 0xff_ff_ff, &white)?;
    canvas.fill(stage, 0, &black)?;
    canvas.show(stage)
}

/// Which part of a picture of the loop is shown: the corner of it.
fn part(number: u32) -> (u32, u32) {
    let pass = number / LOOP;
    (pass * 7 % u32::from(MARGIN), pass * 11 % u32::from(MARGIN))
}

/// One picture of the loop: a camera that swings over a scene with things that move in it, and its grain.
fn picture(scene: &Scene, number: u32) -> Vec<u8> {
    let time = number as f32 / RATE as f32;
    let camera = (SWING * (1.0 + (time * 1.4).sin()), 40.0 * (1.0 + (time * 0.9).cos()));
    let (width, height) = (f32::from(SIZE.0), f32::from(SIZE.1));
    // Two balls: where each is, how large, and what part of the scene is painted on it.
    let balls = [
        (width * (0.2 + 0.3 * time), height * (0.62 + 0.12 * (time * 5.0).sin()), 85.0, 400.0),
        (width * (0.85 - 0.22 * time), height * (0.3 + 0.08 * (time * 3.0).cos()), 130.0, -300.0),
    ];
    let mut grain = Grain::new(number + 1);
    let mut pixels = Vec::with_capacity(usize::from(SIZE.0) * usize::from(SIZE.1) * 4);
    for y in (0..SIZE.1).map(f32::from) {
        for x in (0..SIZE.0).map(f32::from) {
            let mut colour = scene.at(x + camera.0, y + camera.1);
            for (across, down, radius, shift) in balls {
                let (dx, dy) = (x - across, y - down);
                let square = dx * dx + dy * dy;
                if square < radius * radius {
                    let painted = scene.at(x - across + 600.0 + shift, y - down + 380.0);
                    let light = 1.1 - 0.7 * square / (radius * radius);
                    colour = painted.map(|channel| (channel * light).min(255.0));
                }
            }
            pixels.extend(grain.over(colour, GRAIN));
        }
    }
    pixels
}
