//! Lossy pieces: photographs and film, by a transform of what differs from a reference.
//!
//! Because the encoder knows the viewer's picture bit for bit, a piece need only tell what it adds to that
//! picture (or to a flat grey, where nothing there is of use). Everything is arithmetic of whole numbers,
//! so that both sides get the same pixels; PROTOCOL.md (section 8) has it in words.

mod analyse;
mod coder;
mod coefficients;
mod motion;
mod pixels;
mod quality;
mod range;
mod reconstruct;
mod search;
mod symbols;
mod transform;

pub(crate) use coder::{Reader, Writer};
pub(crate) use coefficients::Reference;
pub(crate) use motion::{Vector, fetch};
pub(crate) use pixels::luma_error;
pub(crate) use quality::Quality;
pub(crate) use search::Before;

use crate::Rect;

/// Side of a macroblock: four blocks of light and one each of the two colours, which have half the
/// resolution.
const MACRO: u32 = 16;
/// The macroblocks of a piece, row by row; at the right and lower edge they are cut short.
fn macroblocks(rect: Rect) -> impl Iterator<Item = Rect> {
    let columns = rect.width.div_ceil(MACRO);
    (0..rect.height.div_ceil(MACRO)).flat_map(move |row| {
        (0..columns).map(move |column| {
            Rect::new(rect.x + column * MACRO, rect.y + row * MACRO, MACRO, MACRO).intersection(&rect)
        })
    })
}
