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

/// Two pixels mixed, each channel with its half rounded up.
#[inline(always)]
fn mixed_two(a: u32, b: u32) -> u32 {
    (a | b) - ((a ^ b) >> 1 & 0x007F_7F7F)
}

/// Four pixels mixed, each channel with its half rounded up.
#[inline(always)]
fn mixed(pixels: [u32; 4]) -> u32 {
    const OUTER: u32 = 0x00FF_00FF;
    let (mut outer, mut green) = (0x0002_0002, 2);
    for pixel in pixels {
        outer += pixel & OUTER;
        green += pixel >> 8 & 0xFF;
    }
    outer >> 2 & OUTER | (green >> 2) << 8
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
            (_, 0) => mix_two(to, a, b),
            (0, _) => mix_two(to, a, c),
            _ => {
                for ((((to, a), b), c), d) in to.iter_mut().zip(a).zip(b).zip(c).zip(d) {
                    *to = mixed([*a, *b, *c, *d]);
                }
            }
        }
    }
}

/// Two of the four that are mixed are the same as the other two.
#[inline(always)]
fn mix_two(to: &mut [u32], a: &[u32], b: &[u32]) {
    for ((to, a), b) in to.iter_mut().zip(a).zip(b) {
        *to = mixed_two(*a, *b);
    }
}

#[cfg(test)]
mod tests {
    use super::{Vector, mixed, mixed_two};
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
    fn channels_are_mixed_apart() {
        assert_eq!(mixed([0x00FF_00FF, 0x00FF_00FF, 0x00FF_FFFF, 0x00FF_FFFF]), 0x00FF_80FF);
        assert_eq!(mixed([1, 0, 0, 0x0003_0001]), 0x0001_0001);
        let mut state = 1u32;
        let mut next = || {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            state >> 8
        };
        for (a, b) in std::iter::repeat_with(|| (next(), next())).take(1_000) {
            assert_eq!(mixed_two(a, b), mixed([a, b, a, b]), "{a:06x} {b:06x}");
        }
    }
}
