//! Change detection: where a frame differs from what was sent.

use crate::picture::{COLOUR, Picture};
use crate::wide::wide;
use crate::{FrameView, Rect, TILE_SIDE};

/// Rows whose columns are looked at together.
const ROWS: u32 = 4;

/// The smallest rectangle around all pixels of `tile` in which the frame differs from the picture.
///
/// `tile` is at most [`TILE_SIDE`] wide. A tile that is quite another is known by a few of its rows.
pub(crate) fn bounds(frame: &FrameView<'_>, picture: &Picture, tile: Rect) -> Option<Rect> {
    wide(
        #[inline(always)]
        || bounds_of(frame, picture, tile),
    )
}

#[inline(always)]
fn bounds_of(frame: &FrameView<'_>, picture: &Picture, tile: Rect) -> Option<Rect> {
    // Plain loops: what searches iterators is not inlined, and so not made wide.
    let (mut top, mut bottom) = (tile.y, tile.bottom());
    while top < bottom && !is_other(frame, picture, tile, top) {
        top += 1;
    }
    while top < bottom && !is_other(frame, picture, tile, bottom - 1) {
        bottom -= 1;
    }
    if top == bottom {
        return None;
    }
    let mut columns = [0u32; TILE_SIDE as usize];
    let columns = &mut columns[..tile.width as usize];
    let mut y = top;
    while y < bottom
        && (y == top || (y - top) % ROWS != 0 || columns[0] == 0 || columns[columns.len() - 1] == 0)
    {
        let (new, old) = (frame.pixels(tile.x, y, tile.width), picture.row(tile.x, y, tile.width));
        for ((column, new), old) in columns.iter_mut().zip(new).zip(old) {
            *column |= difference(*new, *old);
        }
        y += 1;
    }
    let differing = || (tile.x..).zip(&*columns).filter(|(_, column)| **column != 0).map(|(x, _)| x);
    let (left, right) = (differing().next()?, differing().last()?);
    Some(Rect::new(left, top, right - left + 1, bottom - top))
}

/// True when a row of a tile differs; found without branches, which the compiler turns into vector code.
#[inline(always)]
fn is_other(frame: &FrameView<'_>, picture: &Picture, tile: Rect, y: u32) -> bool {
    differ(frame.pixels(tile.x, y, tile.width), picture.row(tile.x, y, tile.width))
}

/// True when two rows are not the same.
#[inline(always)]
pub(crate) fn differ(new: &[[u8; 4]], old: &[u32]) -> bool {
    let mut all = 0;
    for (new, old) in new.iter().zip(old) {
        all |= difference(*new, *old);
    }
    all != 0
}

#[inline(always)]
fn difference(new: [u8; 4], old: u32) -> u32 {
    (u32::from_le_bytes(new) ^ old) & COLOUR
}

#[cfg(test)]
mod tests {
    use super::bounds;
    use crate::grid::Grid;
    use crate::picture::Picture;
    use crate::{FrameView, Rect};

    #[test]
    fn bounds_are_exact_and_ignore_the_unused_byte() {
        let grid = Grid::new(100, 70).unwrap();
        let picture = Picture::black(&grid);
        let tile = grid.tile(1);
        let mut data = vec![0u8; 100 * 70 * 4];
        data.iter_mut().skip(3).step_by(4).for_each(|x| *x = 0xAA);
        let at = |x: usize, y: usize| (y * 100 + x) * 4;
        let find = |data: &[u8]| bounds(&FrameView::new(100, 70, 400, data).unwrap(), &picture, tile);
        assert_eq!(find(&data), None);
        data[at(99, 63)] = 1;
        assert_eq!(find(&data), Some(Rect::new(99, 63, 1, 1)));
        data[at(64, 5) + 2] = 1;
        assert_eq!(find(&data), Some(Rect::new(64, 5, 36, 59)));
        data[at(63, 0)] = 1;
        data[at(64, 64)] = 1;
        assert_eq!(find(&data), Some(Rect::new(64, 5, 36, 59)), "pixels of other tiles do not count");
    }
}
