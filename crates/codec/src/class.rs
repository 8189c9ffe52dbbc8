//! What a place shows, as far as it decides how it is coded: text and surfaces, or something like a photograph.

use crate::picture::COLOUR;
use crate::wide::wide;
use crate::{FrameView, Rect};

/// One row in so many is looked at, and where a film plays already.
const STEP: usize = 4;
const FILM_STEP: usize = 16;
/// A rectangle with fewer pixels is a photograph only if it leaves no doubt: it may be a letter.
const SMALL: u64 = 1024;
/// Least width: in a narrower one neither can be told from the other, and it costs little.
const LEAST_WIDTH: u32 = 4;
/// Neighbours that differ by more than this in green are an edge.
const EDGE: i32 = 40;

/// True when a rectangle looks like a photograph or a film: most neighbours differ, but few by much.
pub(crate) fn is_photo(frame: &FrameView<'_>, rect: Rect, is_film: bool) -> bool {
    if rect.width < LEAST_WIDTH {
        return false;
    }
    let Likeness { pairs, different, edges } =
        Likeness::of(frame, rect, if is_film { FILM_STEP } else { STEP });
    if rect.area() < SMALL {
        different * 8 >= pairs * 7 && edges == 0
    } else {
        different * 2 >= pairs && edges * 4 <= pairs
    }
}

/// True when a rectangle looks like letters on a flat ground.
pub(crate) fn is_text(frame: &FrameView<'_>, rect: Rect) -> bool {
    let Likeness { pairs, different, edges } = Likeness::of(frame, rect, STEP);
    edges * 64 >= pairs && different * 2 < pairs
}

/// How much neighbours in a row differ.
struct Likeness {
    pairs: u32,
    different: u32,
    edges: u32,
}

impl Likeness {
    fn of(frame: &FrameView<'_>, rect: Rect, step: usize) -> Self {
        wide(
            #[inline(always)]
            || Self::count(frame, rect, step),
        )
    }

    #[inline(always)]
    fn count(frame: &FrameView<'_>, rect: Rect, step: usize) -> Self {
        let mut found = Self { pairs: 0, different: 0, edges: 0 };
        for y in (rect.y..rect.bottom()).step_by(step) {
            let pixels = frame.pixels(rect.x, y, rect.width);
            let (mut differ, mut jump) = (0u32, 0u32);
            for (left, right) in pixels.iter().zip(&pixels[1..]) {
                let (left, right) = (u32::from_le_bytes(*left), u32::from_le_bytes(*right));
                differ += u32::from((left ^ right) & COLOUR != 0);
                let green = |pixel: u32| (pixel >> 8 & 0xFF) as i32;
                jump += u32::from((green(left) - green(right)).abs() > EDGE);
            }
            found.pairs += pixels.len() as u32 - 1;
            found.different += differ;
            found.edges += jump;
        }
        found
    }
}

#[cfg(test)]
mod tests {
    use super::is_photo;
    use crate::{FrameView, Rect};

    fn looks(rect: Rect, colour: fn(u32, u32) -> u32) -> bool {
        let data: Vec<u8> =
            (0..64).flat_map(|y| (0..64).flat_map(move |x| colour(x, y).to_le_bytes())).collect();
        is_photo(&FrameView::new(64, 64, 256, &data).unwrap(), rect, false)
    }

    #[test]
    fn slopes_and_noise_are_photographs_and_letters_are_not() {
        let (all, small) = (Rect::new(0, 0, 64, 64), Rect::new(7, 9, 12, 20));
        let slope = |x: u32, y: u32| (x * 3 + x * y % 5) << 8 | (x * 2 + y);
        let letters = |x: u32, y: u32| {
            let ink = (x / 2).wrapping_mul(y / 3 + 7).wrapping_mul(0x9E37_79B1) >> 29;
            if y % 20 < 5 || x % 9 > 6 {
                0x00FF_FFFF
            } else {
                [0x00FF_FFFF, 0x0080_8080, 0][ink as usize % 3]
            }
        };
        for rect in [all, small] {
            assert!(looks(rect, slope), "{rect:?}");
            assert!(!looks(rect, letters), "{rect:?}");
            assert!(!looks(rect, |_, _| 0x0012_3456), "{rect:?}");
        }
        assert!(!looks(Rect::new(0, 0, 3, 64), slope), "too narrow to tell");
    }
}
