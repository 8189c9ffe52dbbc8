//! How coarsely coefficients are kept, and the order in which they come.

use super::transform::NORMS_SQUARED;

/// Steps of quantisation in quarters of a level of light: 1 is as good as exact, 40 is what film has, 255
/// keeps little but the mean colours.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Quality(u8);

impl Quality {
    pub(crate) const FINEST: Self = Self(1);

    /// The quality of this byte; 0 is none.
    pub(crate) fn new(step: u8) -> Option<Self> {
        (step != 0).then_some(Self(step))
    }

    /// The nearest quality there is.
    pub(crate) fn clamped(step: u32) -> Self {
        Self(step.clamp(1, 255) as u8)
    }

    pub(crate) fn step(self) -> u8 {
        self.0
    }
}

/// What a block has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Plane {
    Light,
    Colour,
}

/// The weight of a coefficient's step in 1/32: of the mean, and more for each higher frequency.
const WEIGHTS: [(u32, u32); 2] = [(32, 2), (40, 3)];
/// 1088 by the square roots of [`NORMS_SQUARED`], in whole numbers.
const NORM_FACTORS: [u32; 8] = [68, 64, 86, 64, 68, 64, 86, 64];
/// 32 for the weights, 2 for steps of half levels in quarters, and 578 for the factors.
const DIVISOR: u32 = 32 * 2 * 578;

/// What a coefficient of 1 stands for, by its place in memory (horizontal frequency first).
pub(crate) fn steps(quality: Quality, plane: Plane) -> [i32; 64] {
    let (mean, rise) = WEIGHTS[plane as usize];
    std::array::from_fn(|i| {
        let (u, v) = (i / 8, i % 8);
        let weight = mean + rise * (u + v) as u32;
        let step = u32::from(quality.0) * weight * NORM_FACTORS[u] * NORM_FACTORS[v] + DIVISOR / 2;
        (step / DIVISOR).max(1) as i32
    })
}

/// How coefficients become levels: `(|coefficient| + bias) * factor >> 16`.
#[derive(Debug, Clone)]
pub(crate) struct Quantiser {
    biases: [u16; 64],
    factors: [u16; 64],
}

impl Quantiser {
    /// Rounds up what lacks `rounding` sixteenths of a step; for the mean, `mean_rounding`.
    pub(crate) fn new(quality: Quality, plane: Plane, mean_rounding: u32, rounding: u32) -> Self {
        let steps = steps(quality, plane);
        // The factor of the transform's own scale.
        let scaled = |i: usize| NORMS_SQUARED[i / 8] * NORMS_SQUARED[i % 8] * steps[i] as u32;
        let factors = std::array::from_fn(|i| (u32::MAX / scaled(i)).min(65_535) as u16);
        let biases = std::array::from_fn(|i| {
            let rounding = if i == 0 { mean_rounding } else { rounding };
            (scaled(i) / 65_536 * rounding / 16).min(32_767) as u16
        });
        Self { biases, factors }
    }

    /// The levels of a block, by their place in memory.
    #[inline(always)]
    pub(crate) fn levels(&self, coefficients: &[i16; 64]) -> [i16; 64] {
        let mut levels = [0; 64];
        for (((level, coefficient), bias), factor) in
            levels.iter_mut().zip(coefficients).zip(&self.biases).zip(&self.factors)
        {
            let size = coefficient.unsigned_abs() + bias;
            let size = ((u32::from(size) * u32::from(*factor)) >> 16) as i16;
            let sign = coefficient >> 15;
            *level = (size ^ sign) - sign;
        }
        levels
    }
}

/// The place in memory of each coefficient in the order of a zigzag, low frequencies first.
pub(crate) const ZIGZAG: [u8; 64] = {
    let mut order = [0; 64];
    let (mut n, mut diagonal) = (0, 0);
    while diagonal < 15 {
        let mut i = 0;
        while i <= diagonal {
            let (u, v) = if diagonal % 2 == 0 { (i, diagonal - i) } else { (diagonal - i, i) };
            if u < 8 && v < 8 {
                order[n] = (8 * u + v) as u8;
                n += 1;
            }
            i += 1;
        }
        diagonal += 1;
    }
    order
};

/// The number in the zigzag of each place, counted down the columns: 8 · vertical + horizontal frequency.
pub(crate) const NUMBERS: [u8; 64] = {
    let mut numbers = [0; 64];
    let mut n = 0;
    while n < 64 {
        let (u, v) = (ZIGZAG[n] as usize / 8, ZIGZAG[n] as usize % 8);
        numbers[8 * v + u] = n as u8;
        n += 1;
    }
    numbers
};

#[cfg(test)]
mod tests {
    use super::{NUMBERS, Plane, Quality, Quantiser, ZIGZAG, steps};
    use crate::lossy::transform::{MAX_COEFFICIENT, forward, inverse};
    use crate::wide::Vectors;

    #[test]
    fn the_zigzag_begins_with_the_low_frequencies_and_leaves_none_out() {
        // Horizontal frequencies are rows in memory.
        assert_eq!(ZIGZAG[..6], [0, 8, 1, 2, 9, 16]);
        assert_eq!(ZIGZAG[63], 63);
        assert!((0..64).all(|n: usize| ZIGZAG[usize::from(NUMBERS[n])] as usize == n % 8 * 8 + n / 8));
    }

    #[test]
    fn steps_grow_with_quality_and_frequency() {
        for plane in [Plane::Light, Plane::Colour] {
            for step in 1..255 {
                let [finer, coarser] = [step, step + 1].map(|step| steps(Quality(step), plane));
                assert!(finer.iter().zip(&coarser).all(|(a, b)| a <= b && *a > 0));
                assert!(coarser.iter().all(|step| *step < MAX_COEFFICIENT));
            }
        }
        assert_eq!(steps(Quality(40), Plane::Light)[..3], [160, 160, 228]);
    }

    #[test]
    fn a_block_comes_back_within_a_step() {
        let values = std::array::from_fn(|i| ((i * i * 37) % 1021) as i16 - 510);
        for step in [1, 4, 16, 40, 100, 255] {
            for plane in [Plane::Light, Plane::Colour] {
                let quality = Quality(step);
                let levels = Quantiser::new(quality, plane, 8, 8).levels(&forward(Vectors::Narrow, &values));
                let steps = steps(quality, plane);
                let back = inverse(&std::array::from_fn(|i| levels[i] * steps[i] as i16));
                let error: f64 = values.iter().zip(&back).map(|(a, b)| f64::from(a - b).powi(2)).sum();
                // Values are halves of a level.
                let error = (error / 64.0).sqrt() / 2.0;
                assert!(error <= f64::from(step) / 4.0 * 0.75 + 0.5, "{error} at {step}");
            }
        }
    }
}
