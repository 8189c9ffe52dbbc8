//! The transform of 8 x 8 values: whole numbers, sums and shifts only, so that every machine gives the same.
//!
//! It is the integer transform of H.264 (ITU-T H.264 §8.5.13), which comes close to a cosine transform.
//! Coefficients lie in memory with the horizontal frequency as the row, which saves turning them about.

use std::ops::{Add, Shr, Sub};

use crate::wide::Vectors;

/// 8 x 8 values, row by row.
pub(crate) type Block = [i16; 64];

/// The largest coefficient either way that [`inverse`] is given: with all 64 so large, each value stays
/// below 54.4 × 32,767, and after the last shift within an `i16`.
pub(crate) const MAX_COEFFICIENT: i32 = 32_767;

/// Coefficients that together are no more than this need no more than 16 bits.
pub(crate) const SMALL_SUM: i32 = 8_191;

type Rows<T> = [[T; 8]; 8];

/// One dimension, forwards, for eight columns at once.
#[inline(always)]
fn forward_columns(s: &Rows<i16>) -> Rows<i16> {
    let mut out = [[0; 8]; 8];
    for i in 0..8 {
        let (s07, d07) = (s[0][i] + s[7][i], s[0][i] - s[7][i]);
        let (s16, d16) = (s[1][i] + s[6][i], s[1][i] - s[6][i]);
        let (s25, d25) = (s[2][i] + s[5][i], s[2][i] - s[5][i]);
        let (s34, d34) = (s[3][i] + s[4][i], s[3][i] - s[4][i]);
        let (a0, a1, a2, a3) = (s07 + s34, s16 + s25, s07 - s34, s16 - s25);
        let a4 = d16 + d25 + (d07 + (d07 >> 1));
        let a5 = d07 - d34 - (d25 + (d25 >> 1));
        let a6 = d07 + d34 - (d16 + (d16 >> 1));
        let a7 = d16 - d25 + (d34 + (d34 >> 1));
        out[0][i] = a0 + a1;
        out[1][i] = a4 + (a7 >> 2);
        out[2][i] = a2 + (a3 >> 1);
        out[3][i] = a5 + (a6 >> 2);
        out[4][i] = a0 - a1;
        out[5][i] = a6 - (a5 >> 2);
        out[6][i] = (a2 >> 1) - a3;
        out[7][i] = (a4 >> 2) - a7;
    }
    out
}

/// Numbers that the transform can be done with.
trait Number: Copy + Default + Add<Output = Self> + Sub<Output = Self> + Shr<u32, Output = Self> {}

impl Number for i16 {}
impl Number for i32 {}

/// One dimension, backwards, for eight columns at once.
#[inline(always)]
fn inverse_columns<T: Number>(s: &Rows<T>) -> Rows<T> {
    let mut out = [[T::default(); 8]; 8];
    for i in 0..8 {
        let x = [s[0][i], s[1][i], s[2][i], s[3][i], s[4][i], s[5][i], s[6][i], s[7][i]];
        let (a0, a2) = (x[0] + x[4], x[0] - x[4]);
        let (a4, a6) = ((x[2] >> 1) - x[6], (x[6] >> 1) + x[2]);
        let (b0, b2, b4, b6) = (a0 + a6, a2 + a4, a2 - a4, a0 - a6);
        let a1 = x[5] - x[3] - x[7] - (x[7] >> 1);
        let a3 = x[1] + x[7] - x[3] - (x[3] >> 1);
        let a5 = x[7] - x[1] + x[5] + (x[5] >> 1);
        let a7 = x[3] + x[5] + x[1] + (x[1] >> 1);
        let (b1, b3, b5, b7) = ((a7 >> 2) + a1, a3 + (a5 >> 2), (a3 >> 2) - a5, a7 - (a1 >> 2));
        out[0][i] = b0 + b7;
        out[1][i] = b2 + b5;
        out[2][i] = b4 + b3;
        out[3][i] = b6 + b1;
        out[4][i] = b6 - b1;
        out[5][i] = b4 - b3;
        out[6][i] = b2 - b5;
        out[7][i] = b0 - b7;
    }
    out
}

/// Rows become columns, in three rounds of shuffles.
#[inline(always)]
fn turned(vectors: Vectors, rows: &Rows<i16>) -> Rows<i16> {
    let mut from = *rows;
    for _ in 0..3 {
        let mut to = [[0; 8]; 8];
        for pair in 0..4 {
            [to[2 * pair], to[2 * pair + 1]] = vectors.zip(from[pair], from[pair + 4]);
        }
        from = to;
    }
    from
}

/// Values of at most ±510 to coefficients. These are larger than those of an orthonormal transform by the
/// product of two of [`NORMS`].
#[inline(always)]
pub(crate) fn forward(vectors: Vectors, values: &Block) -> Block {
    let mut rows = [[0; 8]; 8];
    rows.as_flattened_mut().copy_from_slice(values);
    let turned = turned(vectors, &forward_columns(&rows));
    let mut out = [0; 64];
    out.copy_from_slice(forward_columns(&turned).as_flattened());
    out
}

/// Coefficients of at most [`MAX_COEFFICIENT`] to values. Coefficients are those of an orthonormal
/// transform, times 64, divided by the product of two of [`NORMS`].
///
/// Few are so large as to need it, so the code is there once.
#[inline(never)]
pub(crate) fn inverse(coefficients: &Block) -> Block {
    let mut rows = [[0i32; 8]; 8];
    for (to, from) in rows.as_flattened_mut().iter_mut().zip(coefficients) {
        *to = i32::from(*from);
    }
    let columns = inverse_columns(&rows);
    let turned = std::array::from_fn(|x| std::array::from_fn(|y| columns[y][x]));
    let sums = inverse_columns(&turned);
    let mut out = [0; 64];
    for (value, sum) in out.iter_mut().zip(sums.as_flattened()) {
        *value = ((sum + 32) >> 6) as i16;
    }
    out
}

/// As [`inverse`] where the sizes of all coefficients are [`SMALL_SUM`] together at most: no sum inside exceeds 2.25
/// times that, so half as many bits, which are twice as fast, do as well.
#[inline(always)]
pub(crate) fn inverse_of_small(vectors: Vectors, coefficients: &Block) -> Block {
    let mut rows = [[0i16; 8]; 8];
    rows.as_flattened_mut().copy_from_slice(coefficients);
    let sums = inverse_columns(&turned(vectors, &inverse_columns(&rows)));
    let mut out = [0; 64];
    for (value, sum) in out.iter_mut().zip(sums.as_flattened()) {
        *value = (sum + 32) >> 6;
    }
    out
}

/// As [`inverse`] when all coefficients but the first are 0.
#[inline(always)]
pub(crate) fn inverse_of_first(coefficient: i32) -> Block {
    [((coefficient + 32) >> 6) as i16; 64]
}

/// Lengths of the transform's eight basis vectors, squared, times 32.
pub(crate) const NORMS_SQUARED: [u32; 8] = [256, 289, 160, 289, 256, 289, 160, 289];

#[cfg(test)]
mod tests {
    use super::Rows;
    use super::{
        Block, MAX_COEFFICIENT, NORMS_SQUARED, SMALL_SUM, forward, inverse, inverse_of_first,
        inverse_of_small, turned,
    };
    use crate::wide::{Vectors, with_vectors};

    fn noise(seed: u32, limit: i32) -> Block {
        let mut state = seed;
        std::array::from_fn(|_| {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            ((state >> 8) as i32 % (2 * limit + 1) - limit) as i16
        })
    }

    /// What [`inverse`] wants for what [`forward`] gave.
    fn scaled(coefficients: &Block) -> Block {
        std::array::from_fn(|i| {
            let norm = f64::from(NORMS_SQUARED[i / 8] * NORMS_SQUARED[i % 8]) / 1024.0;
            (f64::from(coefficients[i]) * 64.0 / norm).round() as i16
        })
    }

    #[test]
    fn there_and_back_is_the_same() {
        for seed in 0..200 {
            let values = noise(seed, 510);
            let back = inverse(&scaled(&forward(Vectors::Narrow, &values)));
            let worst = values.iter().zip(&back).map(|(a, b)| (a - b).abs()).max();
            assert!(worst <= Some(1), "{worst:?}");
        }
        for value in [-510, -1, 0, 1, 510] {
            assert_eq!(inverse(&scaled(&forward(Vectors::Narrow, &[value; 64]))), [value; 64]);
        }
    }

    #[test]
    fn nothing_overflows_at_the_limits() {
        for u in 0..8usize {
            for v in 0..8usize {
                // The signs of a cosine make each coefficient as large as it can be.
                let sign = |k: usize, n: usize| {
                    (std::f64::consts::PI * k as f64 * (2 * n + 1) as f64 / 16.0).cos() >= 0.0
                };
                let signs: [bool; 64] = std::array::from_fn(|i| sign(u, i % 8) == sign(v, i / 8));
                let worst = forward(Vectors::Narrow, &signs.map(|sign| if sign { 510 } else { -510 }));
                assert!(worst[8 * u + v] > 15_000);
                inverse(
                    &signs.map(|sign| if sign { MAX_COEFFICIENT as i16 } else { -MAX_COEFFICIENT as i16 }),
                );
            }
        }
        for seed in 0..100 {
            inverse(&noise(seed, 1).map(|sign| sign * MAX_COEFFICIENT as i16));
        }
    }

    #[test]
    fn few_bits_do_as_well_for_small_sums() {
        for seed in 0..300u32 {
            let mut coefficients = [0; 64];
            let mut left = SMALL_SUM;
            for (i, size) in noise(seed, 8_000).iter().enumerate().take(seed as usize % 64 + 1) {
                let size = i32::from(*size).clamp(-left, left);
                left -= size.abs();
                coefficients[(i * 29 + seed as usize) % 64] = size as i16;
            }
            assert_eq!(inverse_of_small(Vectors::Narrow, &coefficients), inverse(&coefficients));
        }
    }

    #[test]
    fn the_first_alone_gives_a_flat_block() {
        for first in [-MAX_COEFFICIENT as i16, -33, -32, -31, 0, 31, 32, 33, 4_711] {
            let mut coefficients = [0; 64];
            coefficients[0] = first;
            assert_eq!(inverse(&coefficients), inverse_of_first(first.into()));
        }
    }

    #[test]
    fn it_gives_these_numbers_on_every_machine() {
        let ramp: Block =
            std::array::from_fn(|i| (i % 8) as i16 * 9 - (i / 8) as i16 * 20 + (i * i % 7) as i16);
        let coefficients = forward(Vectors::Narrow, &ramp);
        let first = [-2338, 3096, -10, 259, -6, 23, 2, 178, -1395, 18, 0, -16, 0, -12, 0, 1];
        assert_eq!(coefficients[..16], first);
        let bent: Block = std::array::from_fn(|i| 5_000 / (1 + i as i16) - 90);
        assert_eq!(inverse(&bent)[..8], [311, 257, 211, 210, 186, 183, 172, 162]);
    }

    #[test]
    fn turning_exchanges_rows_and_columns() {
        let rows: Rows<i16> = std::array::from_fn(|y| std::array::from_fn(|x| (8 * y + x) as i16));
        let columns = std::array::from_fn(|y| std::array::from_fn(|x| (8 * x + y) as i16));
        assert_eq!(turned(Vectors::Narrow, &rows), columns);
        assert_eq!(with_vectors(|vectors| turned(vectors, &rows)), columns);
    }
}
