//! How coarse lossy pieces are: as coarse as a film may be without being seen to be, and coarser still when the
//! path does not carry that.

use crate::lossy::Quality;

/// What a film begins with.
const FILM: u32 = 40;
/// Neither coarser nor finer than these for the sake of fidelity alone.
const FINEST_FILM: u32 = 6;
const COARSEST_FILM: u32 = 64;
/// A photograph's first pass: to be recognised at once, and made exact when the line has room.
const PHOTO: u32 = 60;
/// The coarsest for the sake of bytes.
const COARSEST: u32 = 240;
/// The mean squared error of light that film is kept at, in 1/16 squared levels: 39.5 and 38.9 dB. The grain
/// of a film, which costs ten times its picture, is just below it; and half a decibel is lost on the way, where a picture
/// is looked at whose parts are of two.
const LEAST_ERROR: u64 = 118;
const MOST_ERROR: u64 = 134;

/// What one update had of lossy pieces.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Lossy {
    /// Pixels in them.
    pub(crate) pixels: u64,
    /// Bytes of them.
    pub(crate) bytes: u64,
    /// Squared error of the film's light, in 1/16 squared levels, and over how many pixels.
    pub(crate) error: u64,
    pub(crate) judged: u64,
}

impl Lossy {
    /// Counts a place's error of light in, as [`crate::lossy::luma_error`] gives it.
    pub(crate) fn judge(&mut self, (error, pixels): (u64, u64)) {
        self.error += error;
        self.judged += pixels;
    }
}

/// Learns from each update how coarse the next is to be. In 1/16 of a quality's step.
#[derive(Debug)]
pub(crate) struct Rate {
    film: u32,
    /// No finer than this, for the sake of bytes.
    least: u32,
}

impl Default for Rate {
    fn default() -> Self {
        Self { film: FILM * 16, least: 0 }
    }
}

impl Rate {
    pub(crate) fn film(&self) -> Quality {
        Quality::clamped(self.film.max(self.least) / 16)
    }

    pub(crate) fn photo(&self) -> Quality {
        Quality::clamped((PHOTO * 16).max(self.least) / 16)
    }

    /// An update of this budget had these lossy pieces, and `wanted` pixels were to be in it.
    pub(crate) fn learn(&mut self, lossy: Lossy, wanted: u64, budget: usize) {
        if lossy.pixels == 0 {
            return;
        }
        if lossy.judged != 0 && self.film >= self.least {
            match lossy.error / lossy.judged {
                0..LEAST_ERROR => self.film += self.film / 16,
                LEAST_ERROR..=MOST_ERROR => {}
                _ => self.film -= self.film / 8,
            }
            self.film = self.film.clamp(FINEST_FILM * 16, COARSEST_FILM * 16);
        }
        // One picture an update, and room for what else there is.
        let needed = lossy.bytes * wanted.max(lossy.pixels) / lossy.pixels;
        let room = (budget as u64).min(u32::MAX.into()) * 3 / 4;
        if needed > room {
            let coarser = if needed > 2 * room { 8 } else { 2 };
            self.least = self.least.max(self.film);
            self.least = (self.least + self.least * coarser / 16).min(COARSEST * 16);
        } else if needed < room * 3 / 4 {
            self.least -= self.least / 16;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Lossy, Rate};

    #[test]
    fn film_is_as_coarse_as_fidelity_allows() {
        let mut rate = Rate::default();
        let seen = |error: u64| Lossy { pixels: 1_000, bytes: 10, error: error * 1_000, judged: 1_000 };
        let before = rate.film();
        (0..50).for_each(|_| rate.learn(seen(300), 1_000, 1_000_000));
        assert!(rate.film() < before);
        (0..100).for_each(|_| rate.learn(seen(10), 1_000, 1_000_000));
        assert!(rate.film() > before);
        let settled = rate.film();
        rate.learn(seen(125), 1_000, 1_000_000);
        assert_eq!(rate.film(), settled);
    }

    #[test]
    fn what_does_not_fit_becomes_coarser_and_recovers() {
        let mut rate = Rate::default();
        let before = rate.film();
        let lossy = Lossy { pixels: 1_000, bytes: 1_000, error: 125_000, judged: 1_000 };
        (0..3).for_each(|_| rate.learn(lossy, 5_000, 3_000));
        assert!(rate.film() > before && rate.photo() >= rate.film());
        (0..100).for_each(|_| rate.learn(Lossy { bytes: 10, ..lossy }, 1_000, 3_000));
        assert_eq!(rate.film(), before);
        rate.learn(Lossy::default(), 0, 0);
    }
}
