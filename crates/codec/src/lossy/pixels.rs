//! Pixels to light and colour, and back, one macroblock of 16 x 16 pixels at a time.
//!
//! Light is R + 2G + B, colour is R − B and 2G − R − B: sums of whole numbers, so a difference of pixels
//! has the light and colour of the differences. All are kept in halves of a level.

use super::transform::Block;
use crate::picture::{COLOUR, Picture};
use crate::wide::wide;
use crate::{FrameView, Rect};

const SIDE: usize = super::MACRO as usize;
/// Values beyond these are cut off before they become pixels; no encoder makes any.
const MOST: i16 = 1_023;

/// 16 x 16 pixels, `0x00RRGGBB`.
pub(super) type Pixels = [[u32; SIDE]; SIDE];

/// Light in four blocks from the upper left, row by row, and the two colours at half the resolution.
pub(super) type Planes = [Block; super::symbols::BLOCKS];

/// The pixels of a macroblock that is cut short repeat those at its edge.
#[inline(always)]
fn fill_up(pixels: &mut Pixels, rect: Rect) {
    let (width, height) = (rect.width as usize, rect.height as usize);
    if width < SIDE {
        for row in pixels.iter_mut().take(height) {
            let last = row[width - 1];
            row[width..].fill(last);
        }
    }
    for y in height..SIDE {
        pixels[y] = pixels[height - 1];
    }
}

/// Pixels of a macroblock of a frame.
#[inline(always)]
pub(super) fn of_frame(frame: &FrameView<'_>, rect: Rect, pixels: &mut Pixels) {
    for (to, from) in pixels.iter_mut().zip(frame.rows(rect)) {
        if let Some(from) = from.as_array::<{ 4 * SIDE }>() {
            for (to, from) in to.iter_mut().zip(from.as_chunks::<4>().0) {
                *to = u32::from_le_bytes(*from) & COLOUR;
            }
        } else {
            for (to, from) in to.iter_mut().zip(from.as_chunks::<4>().0) {
                *to = u32::from_le_bytes(*from) & COLOUR;
            }
        }
    }
    fill_up(pixels, rect);
}

/// Pixels of a macroblock of those that a piece refers to.
#[inline(always)]
pub(super) fn of_source(source: &[u32], piece: Rect, rect: Rect, pixels: &mut Pixels) {
    let (width, x) = (piece.width as usize, (rect.x - piece.x) as usize);
    let start = (rect.y - piece.y) as usize * width + x;
    for (row, to) in pixels.iter_mut().enumerate().take(rect.height as usize) {
        let from = &source[start + row * width..][..rect.width as usize];
        match from.as_array() {
            Some(from) => *to = *from,
            None => to.iter_mut().zip(from).for_each(|(to, from)| *to = *from),
        }
    }
    fill_up(pixels, rect);
}

/// Gives a macroblock of a picture the pixels of those that a piece refers to.
#[inline(always)]
pub(super) fn copy_source(source: &[u32], piece: Rect, rect: Rect, picture: &mut Picture) {
    let (width, x) = (piece.width as usize, (rect.x - piece.x) as usize);
    let rows = source[(rect.y - piece.y) as usize * width..].chunks_exact(width);
    for (to, from) in picture.rows_mut(rect).zip(rows) {
        to.copy_from_slice(&from[x..x + rect.width as usize]);
    }
}

/// Pixels of a macroblock of a picture.
#[inline(always)]
pub(super) fn of_picture(picture: &Picture, rect: Rect, pixels: &mut Pixels) {
    for (to, from) in pixels.iter_mut().zip(picture.rows(rect)) {
        match from.as_array() {
            Some(from) => *to = *from,
            None => to.iter_mut().zip(from).for_each(|(to, from)| *to = *from),
        }
    }
    fill_up(pixels, rect);
}

/// Writes what lies inside the macroblock to a picture.
#[inline(always)]
pub(super) fn to_picture(pixels: &Pixels, picture: &mut Picture, rect: Rect) {
    for (to, from) in picture.rows_mut(rect).zip(pixels) {
        match to.as_mut_array() {
            Some(to) => *to = *from,
            None => to.iter_mut().zip(from).for_each(|(to, from)| *to = *from),
        }
    }
}

/// Red, green and blue of a row.
#[inline(always)]
fn channels(row: &[u32; SIDE]) -> [[i16; SIDE]; 3] {
    let mut out = [[0; SIDE]; 3];
    for (i, pixel) in row.iter().enumerate() {
        out[0][i] = (pixel >> 16 & 0xFF) as i16;
        out[1][i] = (pixel >> 8 & 0xFF) as i16;
        out[2][i] = (pixel & 0xFF) as i16;
    }
    out
}

/// Light and colour of what `pixels` have and `reference` has not.
#[inline(always)]
pub(super) fn difference(pixels: &Pixels, reference: &Pixels, planes: &mut Planes) {
    for y in (0..SIDE).step_by(2) {
        let mut colours = [[0i16; SIDE]; 2];
        for y in [y, y + 1] {
            let (new, old) = (channels(&pixels[y]), channels(&reference[y]));
            let mut light = [0i16; SIDE];
            for i in 0..SIDE {
                let (red, green, blue) =
                    (new[0][i] - old[0][i], new[1][i] - old[1][i], new[2][i] - old[2][i]);
                let sum = red + blue;
                light[i] = (sum + 2 * green + 1) >> 1;
                colours[0][i] += red - blue;
                colours[1][i] += 2 * green - sum;
            }
            for (half, values) in light.as_chunks::<8>().0.iter().enumerate() {
                planes[y / 8 * 2 + half][y % 8 * 8..y % 8 * 8 + 8].copy_from_slice(values);
            }
        }
        for x in 0..8 {
            let sum = |plane: usize| colours[plane][2 * x] + colours[plane][2 * x + 1];
            planes[4][y * 4 + x] = (sum(0) + 2) >> 2;
            planes[5][y * 4 + x] = (sum(1) + 4) >> 3;
        }
    }
}

/// A row of a block within what can become pixels.
#[inline(always)]
fn limited(block: &Block, row: usize) -> [i16; 8] {
    let mut values = block.as_chunks::<8>().0[row];
    for value in &mut values {
        *value = (*value).clamp(-MOST, MOST);
    }
    values
}

/// Adds light and colour to pixels.
#[inline(always)]
pub(super) fn add(planes: &Planes, pixels: &mut Pixels) {
    for (y, row) in pixels.iter_mut().enumerate() {
        let (mut light, mut colours) = ([0i16; SIDE], [[0i16; SIDE]; 2]);
        for (half, values) in light.as_chunks_mut::<8>().0.iter_mut().enumerate() {
            *values = limited(&planes[y / 8 * 2 + half], y % 8);
        }
        for (colour, plane) in colours.iter_mut().zip(&planes[4..]) {
            let values = limited(plane, y / 2);
            for (pair, value) in colour.as_chunks_mut::<2>().0.iter_mut().zip(values) {
                *pair = [value; 2];
            }
        }
        let old = channels(row);
        let mut new = [[0i16; SIDE]; 3];
        for x in 0..SIDE {
            let rest = light[x] - colours[1][x] + 1;
            new[0][x] = (old[0][x] + ((rest + colours[0][x]) >> 1)).clamp(0, 255);
            new[1][x] = (old[1][x] + ((light[x] + colours[1][x] + 1) >> 1)).clamp(0, 255);
            new[2][x] = (old[2][x] + ((rest - colours[0][x]) >> 1)).clamp(0, 255);
        }
        for x in 0..SIDE {
            let colour = |channel: usize| u32::from(new[channel][x] as u16);
            row[x] = colour(0) << 16 | colour(1) << 8 | colour(2);
        }
    }
}

/// Four times R + 2G + B of what differs, squared and summed over every fourth row: how well a picture
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
    for y in (rect.y..rect.bottom()).step_by(4) {
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
    use super::{Pixels, add, difference};

    #[test]
    fn smooth_colours_come_back_within_a_level() {
        let pixels: Pixels = std::array::from_fn(|y| {
            std::array::from_fn(|x| {
                let (x, y) = (x as u32 / 2, y as u32 / 2);
                (20 + 9 * x) << 16 | (250 - 11 * y) << 8 | (7 * x + 13 * y)
            })
        });
        for grey in [0, 0x0080_8080, 0x00FF_00FF] {
            let reference = [[grey; 16]; 16];
            let (mut planes, mut back) = ([[0; 64]; 6], reference);
            difference(&pixels, &reference, &mut planes);
            add(&planes, &mut back);
            for (a, b) in pixels.as_flattened().iter().zip(back.as_flattened()) {
                let (a, b) = (a.to_le_bytes(), b.to_le_bytes());
                assert!((0..3).all(|i| a[i].abs_diff(b[i]) <= 1), "{a:?} {b:?}");
            }
        }
    }

    #[test]
    fn any_values_stay_pixels() {
        for value in [i16::MIN, -1024, -1, 0, 1, 1024, i16::MAX] {
            let mut pixels = [[0x0012_FFED; 16]; 16];
            add(&[[value; 64], [value; 64], [1; 64], [-9; 64], [value; 64], [-1; 64]], &mut pixels);
            assert!(pixels.as_flattened().iter().all(|pixel| pixel >> 24 == 0));
        }
    }
}
