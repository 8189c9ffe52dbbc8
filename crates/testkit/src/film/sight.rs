//! What of a film arrives on another display: how many of its pictures, and how well.

use std::collections::HashSet;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::Result;

use super::{Film, LOOP, code, part};
use crate::display::Looker;
use crate::picture::{Luma, Picture, Rect};

/// How often numbers are looked at: some ten times a picture.
const LOOK: Duration = Duration::from_millis(4);
/// How often a whole picture is kept.
const KEEP: Duration = Duration::from_millis(330);

/// What was seen.
#[derive(Debug, Default)]
pub struct Sight {
    numbers: [HashSet<u32>; 2],
    kept: Vec<(u32, Picture)>,
    time: Duration,
}

impl Sight {
    /// Watches the place where a film is shown while `goes_on`. `width` is how much of it nothing covers.
    ///
    /// # Errors
    /// When the display is gone.
    pub fn watch(
        eye: &Looker,
        corner: (u32, u32),
        width: u32,
        mut goes_on: impl FnMut() -> bool,
    ) -> Result<Self> {
        let lines = code::lines(corner);
        let height = u32::from(super::HEIGHT - 2 * code::SIDE);
        let body = Rect { x: corner.0, y: corner.1 + u32::from(code::SIDE), width, height };
        let mut sight = Self::default();
        let began = Instant::now();
        while goes_on() {
            let due = KEEP * u32::try_from(sight.kept.len()).unwrap_or(u32::MAX);
            // Under something else the lower right corner tells nothing: then the upper left one counts alone.
            let last = if width == u32::from(super::WIDTH) { lines[1] } else { lines[0] };
            let seen = [lines[0], last].map(|line| eye.part(line));
            for (numbers, line) in sight.numbers.iter_mut().zip(seen) {
                let Some(number) = code::read(&line?) else { continue };
                numbers.insert(number);
                if due <= began.elapsed() && 0 < number {
                    sight.kept.push((number, eye.part(body)?));
                    break;
                }
            }
            thread::sleep(LOOK);
        }
        sight.time = began.elapsed();
        Ok(sight)
    }

    /// Pictures a second of which both corners were shown.
    #[must_use]
    pub fn rate(&self) -> f64 {
        self.numbers[0].intersection(&self.numbers[1]).count() as f64 / self.time.as_secs_f64()
    }

    /// Luma PSNR of each kept picture against the most similar one of those around its number, in dB.
    #[must_use]
    pub fn fidelity(&self, film: &Film) -> Vec<f64> {
        let compare = |(number, picture): &(u32, Picture)| {
            let shown = picture.luma();
            (number.saturating_sub(2)..=number + 2)
                .filter_map(|near| film.psnr(near, &shown))
                .max_by(f64::total_cmp)
        };
        self.kept.iter().filter_map(compare).collect()
    }
}

impl Film {
    /// How like the picture of that number this is, which was shown below the number's squares.
    fn psnr(&self, number: u32, shown: &Luma) -> Option<f64> {
        let (x, y) = part(number);
        let picture = self.pictures.get((number % LOOP) as usize)?;
        shown.psnr(picture, (x, y + u32::from(code::SIDE)))
    }
}
