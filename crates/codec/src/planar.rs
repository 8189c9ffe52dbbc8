//! The planar transform: pixels to three planes of small residuals, and back.
//!
//! Green, red minus green, and blue minus green lie apart, and each value is the difference (modulo 256)
//! from the pixel to its left; the first of a row from the first of the row above, and the very first from
//! 0. Flat areas become zeros, grey text has two empty planes, and what repeats in colour repeats in bytes.

use crate::picture::Picture;
use crate::wide::wide;
use crate::{Rect, TILE_SIDE};

const SIDE: usize = TILE_SIDE as usize;

/// Bytes of the planes of a rectangle.
pub(crate) fn length(rect: Rect) -> usize {
    3 * rect.width as usize * rect.height as usize
}

/// Appends the planes of a rectangle, at most a tile wide, of a picture.
pub(crate) fn split(picture: &Picture, rect: Rect, planes: &mut Vec<u8>) {
    let start = planes.len();
    planes.resize(start + length(rect), 0);
    wide(
        #[inline(always)]
        || split_into(picture, rect, &mut planes[start..]),
    );
}

#[inline(always)]
fn split_into(picture: &Picture, rect: Rect, planes: &mut [u8]) {
    let width = rect.width as usize;
    let (green, rest) = planes.split_at_mut(length(rect) / 3);
    let (red, blue) = rest.split_at_mut(length(rect) / 3);
    let rows =
        green.chunks_exact_mut(width).zip(red.chunks_exact_mut(width)).zip(blue.chunks_exact_mut(width));
    let mut above = [0; 3];
    for (((green, red), blue), pixels) in rows.zip(picture.rows(rect)) {
        let mut values = [[0u8; SIDE]; 3];
        for (i, pixel) in pixels.iter().enumerate().take(SIDE) {
            let [b, g, r, _] = pixel.to_le_bytes();
            values[0][i] = g;
            values[1][i] = r.wrapping_sub(g);
            values[2][i] = b.wrapping_sub(g);
        }
        for ((residuals, values), above) in [green, red, blue].into_iter().zip(&values).zip(&mut above) {
            residuals[0] = values[0].wrapping_sub(*above);
            *above = values[0];
            for (residual, pair) in residuals[1..].iter_mut().zip(values.windows(2)) {
                *residual = pair[1].wrapping_sub(pair[0]);
            }
        }
    }
}

/// Writes the pixels whose planes are given; `planes` has exactly [`length`] bytes.
pub(crate) fn join(planes: &[u8], picture: &mut Picture, rect: Rect) {
    let width = rect.width as usize;
    let (green, rest) = planes.split_at(length(rect) / 3);
    let (red, blue) = rest.split_at(length(rect) / 3);
    let rows = green.chunks_exact(width).zip(red.chunks_exact(width)).zip(blue.chunks_exact(width));
    let mut above = [0u8; 3];
    for (((green, red), blue), pixels) in rows.zip(picture.rows_mut(rect)) {
        let mut left = above;
        for (i, pixel) in pixels.iter_mut().enumerate() {
            for (left, residual) in left.iter_mut().zip([green[i], red[i], blue[i]]) {
                *left = left.wrapping_add(residual);
            }
            let [g, r, b] = left;
            *pixel = u32::from_le_bytes([b.wrapping_add(g), g, r.wrapping_add(g), 0]);
            if i == 0 {
                above = left;
            }
        }
    }
}

/// A guess at how many bytes planes compress to: bytes that are unlike the one before them. It is too high
/// for text by a factor of about four and close for noise.
pub(crate) fn estimate(planes: &[u8]) -> usize {
    // Counted in bytes over short runs, so that the compiler can keep the counts in vector registers.
    let count = |run: &[u8]| {
        let mut count = 0u8;
        for (left, right) in run.iter().zip(&run[1..]) {
            count += u8::from(left != right);
        }
        count
    };
    wide(
        #[inline(always)]
        || {
            let mut sum = 0;
            for run in planes.chunks(255) {
                sum += usize::from(count(run));
            }
            sum
        },
    )
}

#[cfg(test)]
mod tests {
    use super::{estimate, join, length, split};
    use crate::Rect;
    use crate::grid::Grid;
    use crate::picture::Picture;

    #[test]
    fn splitting_and_joining_gives_the_same_pixels() {
        let grid = Grid::new(70, 66).unwrap();
        let mut picture = Picture::black(&grid);
        let all = Rect::new(0, 0, 70, 66);
        let mut state = 1u32;
        for pixel in picture.rows_mut(all).flatten() {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            *pixel = state >> 8;
        }
        for rect in
            [Rect::new(0, 0, 64, 64), Rect::new(64, 64, 6, 2), Rect::new(3, 7, 1, 1), Rect::new(5, 0, 9, 66)]
        {
            let mut planes = vec![9];
            split(&picture, rect, &mut planes);
            assert_eq!(planes.len(), 1 + length(rect));
            let mut copy = Picture::black(&grid);
            join(&planes[1..], &mut copy, rect);
            assert!(copy.rows(rect).eq(picture.rows(rect)), "{rect:?}");
            assert_eq!(copy.pixels().iter().filter(|pixel| **pixel != 0).count() as u64, rect.area());
        }
    }

    #[test]
    fn flat_areas_become_zeros() {
        let grid = Grid::new(8, 8).unwrap();
        let mut picture = Picture::black(&grid);
        picture.fill(Rect::new(0, 0, 8, 8), 0x0012_3456);
        let mut planes = Vec::new();
        split(&picture, Rect::new(0, 0, 8, 8), &mut planes);
        assert_eq!(planes.iter().filter(|byte| **byte != 0).count(), 3);
        assert!(estimate(&planes) <= 6);
    }
}
