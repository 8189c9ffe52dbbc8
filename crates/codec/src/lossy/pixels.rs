//! Pixels to light and colour, and back, one macroblock of 16 x 16 pixels at a time.
//!
//! Light is R + 2G + B, colour is R − B and 2G − R − B: sums of whole numbers, so a difference of pixels
//! has the light and colour of the differences. All are kept in halves of a level.

use super::symbols::BLOCKS;
use super::transform::Block;
use crate::picture::Picture;
use crate::wide::wide;
use crate::{FrameView, Rect};

const SIDE: usize = super::MACRO as usize;
/// Values beyond these are cut off before they become pixels; no encoder makes any.
pub(super) const MOST: i16 = 1_023;

/// A row of 16 pixels, `0x00RRGGBB`; what is in the highest byte does not count.
pub(super) type Row = [u32; SIDE];

/// Light in four blocks from the upper left, row by row, and the two colours at half the resolution.
pub(super) type Planes = [Block; BLOCKS];

/// Up to 16 rows of a piece, from one of its columns on; each pixel is made a number by `word`.
///
/// At the right and lower edge of a piece its last pixels are repeated.
#[inline(always)]
pub(super) fn cut_short<P: Copy>(rows: &[&[P]; SIDE], x: usize, word: impl Fn(P) -> u32) -> [Row; SIDE] {
    let mut out = [[0; SIDE]; SIDE];
    for (to, row) in out.iter_mut().zip(rows) {
        let row = &row[x..];
        for (to, pixel) in to.iter_mut().zip(row) {
            *to = word(*pixel);
        }
        let last = to[row.len().clamp(1, SIDE) - 1];
        to[row.len().min(SIDE)..].fill(last);
    }
    out
}

/// Red and blue, each in 16 bits.
const OUTER: u32 = 0x00FF_00FF;
const GREEN: u32 = 0x0000_FF00;
/// Added to red and blue, so that no difference of them is negative.
const BIAS: u32 = 0x0100_0100;

/// Light and colour of what `new` has and `old` has not, each row by row.
#[inline(always)]
pub(super) fn difference(new: impl Fn(usize) -> Row, old: impl Fn(usize) -> Row, planes: &mut Planes) {
    for y in (0..SIDE).step_by(2) {
        let (mut outer_sums, mut green_sums) = ([0u32; SIDE], [0i32; SIDE]);
        for y in [y, y + 1] {
            let (new, old) = (new(y), old(y));
            let mut lights = [0i16; SIDE];
            for i in 0..SIDE {
                // 256 more than the difference, of red and of blue; 256 times that of green.
                let outer = (new[i] & OUTER) + BIAS - (old[i] & OUTER);
                let green = (new[i] & GREEN) as i32 - (old[i] & GREEN) as i32;
                outer_sums[i] += outer;
                green_sums[i] += green;
                let light = ((outer & 0xFFFF) + (outer >> 16)) as i32 + (green >> 7);
                lights[i] = ((light - 511) >> 1) as i16;
            }
            for (half, values) in lights.as_chunks::<8>().0.iter().enumerate() {
                planes[y / 8 * 2 + half][y % 8 * 8..y % 8 * 8 + 8].copy_from_slice(values);
            }
        }
        for x in 0..8 {
            let outer = outer_sums[2 * x] + outer_sums[2 * x + 1];
            let (red, blue) = ((outer >> 16) as i32, (outer & 0xFFFF) as i32);
            let green = (green_sums[2 * x] + green_sums[2 * x + 1]) >> 7;
            planes[4][y * 4 + x] = ((red - blue + 2) >> 2) as i16;
            planes[5][y * 4 + x] = ((green - red - blue + 2048 + 4) >> 3) as i16;
        }
    }
}

/// What a row of the colours adds to red, green and blue of two rows of pixels, in halves and with the half that rounds.
#[inline(always)]
pub(super) fn tints(planes: &Planes, y: usize) -> [[i16; SIDE]; 3] {
    let (a, b) = (&planes[4].as_chunks::<8>().0[y / 2], &planes[5].as_chunks::<8>().0[y / 2]);
    let mut tints = [[0; SIDE]; 3];
    for x in 0..8 {
        tints[0][2 * x] = a[x] - b[x] + 1;
        tints[0][2 * x + 1] = a[x] - b[x] + 1;
        tints[1][2 * x] = b[x] + 1;
        tints[1][2 * x + 1] = b[x] + 1;
        tints[2][2 * x] = 1 - a[x] - b[x];
        tints[2][2 * x + 1] = 1 - a[x] - b[x];
    }
    tints
}

/// The light of a row.
#[inline(always)]
pub(super) fn lights(planes: &Planes, y: usize) -> [i16; SIDE] {
    let mut lights = [0; SIDE];
    for (half, values) in lights.as_chunks_mut::<8>().0.iter_mut().enumerate() {
        *values = planes[y / 8 * 2 + half].as_chunks::<8>().0[y % 8];
    }
    lights
}

/// A row of pixels with light and colour added to it.
#[inline(always)]
pub(super) fn added(old: &Row, light: &[i16; SIDE], tints: &[[i16; SIDE]; 3]) -> Row {
    let mut channels = [[0i16; SIDE]; 3];
    for (x, pixel) in old.iter().enumerate() {
        channels[0][x] = (pixel >> 16 & 0xFF) as i16;
        channels[1][x] = (pixel >> 8 & 0xFF) as i16;
        channels[2][x] = (pixel & 0xFF) as i16;
    }
    for x in 0..SIDE {
        channels[0][x] = (channels[0][x] + ((light[x] + tints[0][x]) >> 1)).clamp(0, 255);
        channels[1][x] = (channels[1][x] + ((light[x] + tints[1][x]) >> 1)).clamp(0, 255);
        channels[2][x] = (channels[2][x] + ((light[x] + tints[2][x]) >> 1)).clamp(0, 255);
    }
    let mut new = [0; SIDE];
    for x in 0..SIDE {
        let colour = |channel: usize| u32::from(channels[channel][x] as u16);
        new[x] = colour(0) << 16 | colour(1) << 8 | colour(2);
    }
    new
}

/// Of so many rows one is judged.
const ROWS_A_JUDGED: usize = 16;

/// Four times R + 2G + B of what differs, squared and summed over some rows: how well a picture
/// shows a frame there. Gives the sum in squared quarters of a level, and the number of pixels.
pub(crate) fn luma_error(frame: &FrameView<'_>, picture: &Picture, rect: Rect) -> (u64, u64) {
    wide(
        #[inline(always)]
        || luma_error_of(frame, picture, rect),
    )
}

#[inline(always)]
fn luma_error_of(frame: &FrameView<'_>, picture: &Picture, rect: Rect) -> (u64, u64) {
    let (mut sum, mut count) = (0, 0);
    for y in (rect.y..rect.bottom()).step_by(ROWS_A_JUDGED) {
        let (new, old) = (frame.pixels(rect.x, y, rect.width), picture.row(rect.x, y, rect.width));
        let mut row = 0u32;
        for (new, old) in new.iter().zip(old) {
            let difference = light(u32::from_le_bytes(*new)) - light(*old);
            // At most 1020 squared, over at most a tile's side.
            row += (difference * difference) as u32;
        }
        sum += u64::from(row);
        count += u64::from(rect.width);
    }
    (sum, count)
}

/// R + 2G + B.
#[inline(always)]
pub(super) fn light(pixel: u32) -> i32 {
    ((pixel >> 16 & 0xFF) + (pixel >> 7 & 0x1FE) + (pixel & 0xFF)) as i32
}

#[cfg(test)]
mod tests {
    use super::{MOST, Row, added, difference, lights, tints};

    #[test]
    fn smooth_colours_come_back_within_a_level() {
        let pixels: [Row; 16] = std::array::from_fn(|y| {
            std::array::from_fn(|x| {
                let (x, y) = (x as u32 / 2, y as u32 / 2);
                (20 + 9 * x) << 16 | (250 - 11 * y) << 8 | (7 * x + 13 * y)
            })
        });
        for grey in [0, 0x0080_8080, 0x00FF_00FF] {
            let mut planes = [[0; 64]; 6];
            difference(|y| pixels[y].map(|pixel| pixel | 0x5500_0000), |_| [grey; 16], &mut planes);
            let back: [Row; 16] =
                std::array::from_fn(|y| added(&[grey; 16], &lights(&planes, y), &tints(&planes, y)));
            for (a, b) in pixels.as_flattened().iter().zip(back.as_flattened()) {
                let (a, b) = (a.to_le_bytes(), b.to_le_bytes());
                assert!((0..3).all(|i| a[i].abs_diff(b[i]) <= 1), "{a:?} {b:?}");
            }
        }
    }

    #[test]
    fn any_values_stay_pixels() {
        for light in [-MOST, -1, 0, 1, MOST] {
            for colour in [-MOST, -1, 0, MOST] {
                let planes = [[light; 64], [light; 64], [1; 64], [-9; 64], [colour; 64], [-light; 64]];
                let new = added(&[0x0012_FFED; 16], &lights(&planes, 3), &tints(&planes, 3));
                assert!(new.iter().all(|pixel| pixel >> 24 == 0));
            }
        }
    }
}
