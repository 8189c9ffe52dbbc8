//! A film in a window: pictures like photographs that move, drawn by arithmetic, so that a measurement needs
//! no file that a machine might not have.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result};
use x11rb::connection::Connection as _;
use x11rb::protocol::xproto::{ConnectionExt as _, CreateGCAux, CreateWindowAux, ImageFormat, WindowClass};

use crate::display::Display;

/// Pixels from side to side.
pub const WIDTH: u16 = 640;
/// Pixels from top to bottom.
pub const HEIGHT: u16 = 360;
/// Pictures a second.
const RATE: u32 = 24;

/// A running film. Dropping it closes the window.
#[derive(Debug)]
pub struct Film {
    stop: Arc<AtomicBool>,
    paused: Arc<AtomicBool>,
    player: Option<JoinHandle<()>>,
}

impl Film {
    /// Plays it in a window with its upper left corner there.
    ///
    /// # Errors
    /// When the display is gone.
    pub fn play(display: &Display, x: i16, y: i16) -> Result<Self> {
        let (connection, screen) = x11rb::connect(Some(display.name())).context("cannot open the display")?;
        let screen = &connection.setup().roots[screen];
        let (root, depth) = (screen.root, screen.root_depth);
        let (window, brush) = (connection.generate_id()?, connection.generate_id()?);
        let looks = CreateWindowAux::new().override_redirect(1);
        connection.create_window(
            0,
            window,
            root,
            x,
            y,
            WIDTH,
            HEIGHT,
            0,
            WindowClass::INPUT_OUTPUT,
            0,
            &looks,
        )?;
        connection.create_gc(brush, window, &CreateGCAux::new())?;
        connection.map_window(window)?;
        connection.get_input_focus()?.reply()?;
        let (stop, paused) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicBool::new(false)));
        let (stopped, resting) = (Arc::clone(&stop), Arc::clone(&paused));
        let player = thread::spawn(move || {
            let began = Instant::now();
            for number in 0_u32.. {
                if stopped.load(Ordering::Relaxed) {
                    break;
                }
                if !resting.load(Ordering::Relaxed) {
                    let shown = connection
                        .put_image(
                            ImageFormat::Z_PIXMAP,
                            window,
                            brush,
                            WIDTH,
                            HEIGHT,
                            0,
                            0,
                            0,
                            depth,
                            &picture(number),
                        )
                        .is_ok()
                        && connection.flush().is_ok();
                    if !shown {
                        break;
                    }
                }
                let due = Duration::from_secs(1) * (number + 1) / RATE;
                thread::sleep(due.saturating_sub(began.elapsed()));
            }
        });
        Ok(Self { stop, paused, player: Some(player) })
    }

    /// Holds the picture that is shown.
    pub fn pause(&self) {
        self.paused.store(true, Ordering::Relaxed);
    }
}

impl Drop for Film {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        if let Some(player) = self.player.take() {
            // A player that panicked has stopped, which is what is wanted.
            player.join().ok();
        }
    }
}

/// One picture of the film: soft light that drifts, with the grain of a camera.
fn picture(number: u32) -> Vec<u8> {
    let time = number as f32 / RATE as f32;
    let mut grain = number.wrapping_mul(2_654_435_761) | 1;
    // Waves that depend on one axis alone are drawn once.
    let across: Vec<[f32; 2]> = (0..WIDTH)
        .map(|x| {
            let x = f32::from(x);
            [(x / 47.0 + time * 1.3).sin(), (x / 113.0 - time).cos()]
        })
        .collect();
    let mut pixels = Vec::with_capacity(usize::from(WIDTH) * usize::from(HEIGHT) * 4);
    for y in 0..HEIGHT {
        let y = f32::from(y);
        let down = [(y / 61.0 - time * 0.7).sin(), (y / 29.0 + time * 2.1).cos()];
        for wave in &across {
            grain ^= grain << 13;
            grain ^= grain >> 17;
            grain ^= grain << 5;
            let noise = (grain % 9) as f32;
            let level = |a: f32, b: f32| (118.0 + 58.0 * a + 52.0 * b + noise) as u8;
            pixels.extend([
                level(wave[0], down[1]),
                level(wave[1], down[0]),
                level(wave[0] * down[0], wave[1]),
                0,
            ]);
        }
    }
    pixels
}
