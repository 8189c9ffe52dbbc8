//! Pixels into the frame: the pattern, copies, and what lets through what is below. Pure.

use deskside_codec::Rect;

use crate::x11::segment::BYTES_PER_PIXEL;

/// Where nothing may be seen: two greys in slanting stripes, so that nobody takes it for something there.
const STRIPES: [u32; 2] = [0x00_9a_9a_9a, 0x00_a6_a6_a6];
/// How wide a stripe is, as a power of two.
const STRIPE_BITS: u32 = 4;

/// The frame's rows of a place, which must lie within.
fn rows(frame: &mut [u8], width: u32, place: Rect) -> impl Iterator<Item = &mut [u8]> {
    let (stride, left) = (width as usize * BYTES_PER_PIXEL, place.x as usize * BYTES_PER_PIXEL);
    let length = place.width as usize * BYTES_PER_PIXEL;
    let rows = frame.chunks_exact_mut(stride).skip(place.y as usize).take(place.height as usize);
    rows.map(move |row| &mut row[left..left + length])
}

/// The pattern depends on nothing but the place in the picture.
pub(in crate::x11) fn pattern(frame: &mut [u8], width: u32, place: Rect) {
    for (row, y) in rows(frame, width, place).zip(place.y..) {
        for (pixel, x) in row.chunks_exact_mut(BYTES_PER_PIXEL).zip(place.x..) {
            let stripe = (x.wrapping_add(y) >> STRIPE_BITS) & 1;
            pixel.copy_from_slice(&STRIPES[stripe as usize].to_le_bytes());
        }
    }
}

/// Rows without gaps, as large as the place.
pub(super) fn copy(frame: &mut [u8], width: u32, place: Rect, source: &[u8]) {
    let length = place.width as usize * BYTES_PER_PIXEL;
    for (row, source) in rows(frame, width, place).zip(source.chunks_exact(length)) {
        row.copy_from_slice(source);
    }
}

/// The same, with colours premultiplied by alpha over what is there.
pub(super) fn blend(frame: &mut [u8], width: u32, place: Rect, source: &[u8]) {
    let length = place.width as usize * BYTES_PER_PIXEL;
    for (row, source) in rows(frame, width, place).zip(source.chunks_exact(length)) {
        let pixels = row.as_chunks_mut::<BYTES_PER_PIXEL>().0.iter_mut();
        for (below, above) in pixels.zip(source.as_chunks::<BYTES_PER_PIXEL>().0) {
            let through = 255 - u32::from(above[3]);
            if through == 0 {
                *below = *above;
                continue;
            }
            for (below, above) in below.iter_mut().zip(above) {
                // Both are bytes: the sum is less than 2 * 255.
                let mixed = u32::from(*above) + (u32::from(*below) * through + 127) / 255;
                *below = mixed.min(255) as u8;
            }
        }
    }
}

/// A picture that is laid side by side from the root's upper left corner.
#[derive(Debug)]
pub(super) struct Tile {
    pub(super) width: u32,
    pub(super) height: u32,
    /// As in the frame, rows without gaps.
    pub(super) pixels: Vec<u8>,
}

impl Tile {
    /// Fills a place with it; `origin` is where the frame lies on the root.
    pub(super) fn lay(&self, frame: &mut [u8], width: u32, place: Rect, origin: (u32, u32)) {
        let stride = self.width as usize * BYTES_PER_PIXEL;
        for (row, y) in rows(frame, width, place).zip(place.y + origin.1..) {
            let start = (y % self.height) as usize * stride;
            let tile = &self.pixels[start..start + stride];
            let first = ((place.x + origin.0) % self.width) as usize * BYTES_PER_PIXEL;
            let (head, tail) = row.split_at_mut(row.len().min(stride - first));
            head.copy_from_slice(&tile[first..first + head.len()]);
            for piece in tail.chunks_mut(stride) {
                piece.copy_from_slice(&tile[..piece.len()]);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Rect, Tile, blend, copy, pattern};

    #[test]
    fn the_pattern_is_the_same_however_it_is_painted() {
        let mut whole = vec![1; 64 * 48 * 4];
        pattern(&mut whole, 64, Rect::new(0, 0, 64, 48));
        let mut pieces = vec![2; 64 * 48 * 4];
        for y in [0, 16, 32] {
            for x in [0, 32] {
                pattern(&mut pieces, 64, Rect::new(x, y, 32, 16));
            }
        }
        assert_eq!(whole, pieces);
    }

    #[test]
    fn pixels_land_where_they_belong_and_nowhere_else() {
        let mut frame = vec![0; 4 * 3 * 4];
        copy(&mut frame, 4, Rect::new(1, 1, 2, 2), &[9; 16]);
        let touched: Vec<usize> = (0..12).filter(|at| frame[at * 4] != 0).collect();
        assert_eq!(touched, [5, 6, 9, 10]);
    }

    #[test]
    fn alpha_lets_through_what_is_below() {
        let mut frame = [100, 200, 0, 0].repeat(3);
        let half = [64, 0, 128, 128];
        let above = [[0, 0, 0, 0], half, [7, 8, 9, 255]].concat();
        blend(&mut frame, 3, Rect::new(0, 0, 3, 1), &above);
        assert_eq!(frame[..3], [100, 200, 0]);
        assert_eq!(frame[4..7], [64 + 50, 100, 128]);
        assert_eq!(frame[8..11], [7, 8, 9]);
    }

    #[test]
    fn a_tile_is_laid_from_the_roots_corner() {
        let pixels: Vec<u8> = (0..6u8).flat_map(|pixel| [pixel; 4]).collect();
        let tile = Tile { width: 3, height: 2, pixels };
        let mut frame = vec![99; 8 * 3 * 4];
        tile.lay(&mut frame, 8, Rect::new(1, 0, 7, 3), (4, 1));
        for (at, pixel) in frame.chunks(4).enumerate().filter(|(at, _)| at % 8 != 0) {
            let (x, y) = (at % 8 + 4, at / 8 + 1);
            assert_eq!(usize::from(pixel[0]), y % 2 * 3 + x % 3, "{x} {y}");
        }
    }
}
