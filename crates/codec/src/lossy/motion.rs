//! Motion: a lossy piece may add to what the picture shows elsewhere, to half a pixel.

use crate::Rect;
use crate::picture::Picture;
use crate::wide::wide;

/// How far the reference lies from the piece, in halves of a pixel.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Vector {
    pub(crate) x: i8,
    pub(crate) y: i8,
}

impl Vector {
    /// Where the pixels of a rectangle come from, with those that are mixed in; `None` if that is not inside
    /// a picture of this size.
    pub(crate) fn source(self, rect: Rect, (width, height): (u32, u32)) -> Option<Rect> {
        let x = rect.x.checked_add_signed(i32::from(self.x >> 1))?;
        let y = rect.y.checked_add_signed(i32::from(self.y >> 1))?;
        let half = |part: i8| u32::from(part & 1 != 0);
        let source = Rect::new(x, y, rect.width + half(self.x), rect.height + half(self.y));
        (source.right() <= width && source.bottom() <= height).then_some(source)
    }
}

/// Values that are mixed at once.
const LANES: usize = 32;
const PIXELS: usize = LANES / 4;

/// Two values mixed, a half rounded up.
#[inline(always)]
fn mixed_two(a: u8, b: u8) -> u8 {
    ((u16::from(a) + u16::from(b) + 1) >> 1) as u8
}

/// Two times as many values mixed, each with its half rounded up.
#[inline(always)]
pub(super) fn mix_two<const N: usize>(a: &[u8; N], b: &[u8; N]) -> [u8; N] {
    let mut mixed = [0; N];
    for i in 0..N {
        mixed[i] = mixed_two(a[i], b[i]);
    }
    mixed
}

/// Four times as many values mixed, each with its half rounded up.
#[inline(always)]
pub(super) fn mix_four<const N: usize>([a, b, c, d]: [&[u8; N]; 4]) -> [u8; N] {
    // Processors mix two bytes in one step. Of four, each of the three steps rounds up; where that was once too often,
    // one is taken off.
    let mut mixed = [0; N];
    for i in 0..N {
        let (upper, lower) = (mixed_two(a[i], b[i]), mixed_two(c[i], d[i]));
        let excess = ((a[i] ^ b[i]) | (c[i] ^ d[i])) & (upper ^ lower) & 1;
        mixed[i] = mixed_two(upper, lower) - excess;
    }
    mixed
}

/// The channels of some pixels.
#[inline(always)]
fn channels(pixels: &[u32; PIXELS]) -> [u8; LANES] {
    let mut channels = [0; LANES];
    for (to, pixel) in channels.as_chunks_mut::<4>().0.iter_mut().zip(pixels) {
        *to = pixel.to_le_bytes();
    }
    channels
}

/// Writes the pixels that a rectangle refers to, of which there are as many as `pixels`; the vector's source lies inside
/// the picture.
pub(crate) fn fetch(picture: &Picture, rect: Rect, vector: Vector, pixels: &mut [u32]) {
    let size = (picture.width(), picture.height());
    let Some(source) = vector.source(rect, size) else { return };
    wide(
        #[inline(always)]
        || mix(picture, rect, source, pixels),
    );
}

#[inline(always)]
fn mix(picture: &Picture, rect: Rect, source: Rect, pixels: &mut [u32]) {
    let width = rect.width as usize;
    let (right, below) = ((source.width - rect.width) as usize, source.height - rect.height);
    for (to, y) in pixels.chunks_exact_mut(width).zip(source.y..) {
        let upper = picture.row(source.x, y, source.width);
        let lower = picture.row(source.x, y + below, source.width);
        let (a, b, c, d) = (&upper[..width], &upper[right..], &lower[..width], &lower[right..]);
        match (right, below) {
            (0, 0) => to.copy_from_slice(a),
            (_, 0) => mix_rows(to, [a, b], |[a, b]| mix_two(a, b)),
            (0, _) => mix_rows(to, [a, c], |[a, c]| mix_two(a, c)),
            _ => mix_rows(to, [a, b, c, d], mix_four),
        }
    }
}

/// Mixes rows as long as `to`.
#[inline(always)]
fn mix_rows<const ROWS: usize>(
    to: &mut [u32],
    rows: [&[u32]; ROWS],
    mix: impl Fn([&[u8; LANES]; ROWS]) -> [u8; LANES],
) {
    let mixed = |pixels: [[u32; PIXELS]; ROWS]| -> [u32; PIXELS] {
        let channels = pixels.map(|pixels| channels(&pixels));
        let mixed = mix(channels.each_ref());
        let mut pixels = [0; PIXELS];
        for (pixel, mixed) in pixels.iter_mut().zip(mixed.as_chunks::<4>().0) {
            *pixel = u32::from_le_bytes(*mixed);
        }
        pixels
    };
    let (whole, rest) = to.as_chunks_mut::<PIXELS>();
    let parts = rows.map(|row| row.as_chunks::<PIXELS>().0);
    for (i, to) in whole.iter_mut().enumerate() {
        *to = mixed(parts.map(|part| part[i]));
    }
    let start = whole.len() * PIXELS;
    for (to, x) in rest.iter_mut().zip(start..) {
        *to = mixed(rows.map(|row| [row[x]; PIXELS]))[0];
    }
}

#[cfg(test)]
mod tests {
    use super::{Vector, mix_four, mix_rows, mix_two};
    use crate::Rect;

    const SIZE: (u32, u32) = (160, 120);

    #[test]
    fn a_source_outside_the_picture_is_none() {
        let rect = Rect::new(64, 64, 64, 56);
        let source = |x, y| Vector { x, y }.source(rect, SIZE);
        assert_eq!(source(-128, -128), Some(Rect::new(0, 0, 64, 56)));
        assert_eq!(source(64, 0), Some(Rect::new(96, 64, 64, 56)));
        assert_eq!(source(65, 0), None);
        assert_eq!(source(0, 1), None);
        assert_eq!(Vector { x: -127, y: -1 }.source(rect, SIZE), Some(Rect::new(0, 63, 65, 57)));
        assert_eq!(Vector { x: 0, y: -2 }.source(Rect::new(0, 0, 64, 64), SIZE), None);
    }

    #[test]
    fn four_are_mixed_as_their_sum_is_rounded() {
        for a in (0..=255).step_by(5) {
            for b in (0..=255).step_by(3) {
                for (c, d) in [(0, 0), (0, 1), (1, 0), (2, 255), (255, 255), (b, a), (254, 129), (a, 77)] {
                    let mixed = mix_four([&[a], &[b], &[c], &[d]]);
                    let sum = u16::from(a) + u16::from(b) + u16::from(c) + u16::from(d);
                    assert_eq!(mixed, [((sum + 2) >> 2) as u8], "{a} {b} {c} {d}");
                    assert_eq!(mix_two(&[a], &[b]), mix_four([&[a], &[b], &[a], &[b]]));
                }
            }
        }
    }

    #[test]
    fn rows_of_any_length_are_mixed() {
        for length in 1..40 {
            let row = |seed: u32| -> Vec<u32> { (0..length).map(|x| (x * seed) & 0x00FF_FFFF).collect() };
            let (a, b, mut to) = (row(0x0001_0307), row(0x000F_1234), vec![u32::MAX; length as usize]);
            mix_rows(&mut to, [&a, &b], |[a, b]| mix_two(a, b));
            for ((to, a), b) in to.iter().zip(&a).zip(&b) {
                assert_eq!(to.to_le_bytes(), mix_two(&a.to_le_bytes(), &b.to_le_bytes()));
            }
        }
    }
}
