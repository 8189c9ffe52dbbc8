//! Change detection: where a frame differs from what was sent.

use crate::picture::{COLOUR, Picture};
use crate::{FrameView, Rect, TILE_SIDE};

/// The smallest rectangle around all pixels of `tile` in which the frame differs from the picture.
///
/// `tile` is at most [`TILE_SIDE`] wide. Every pixel is compared without branches, which the compiler turns
/// into vector code, and costs less than leaving early.
pub(crate) fn bounds(frame: &FrameView<'_>, picture: &Picture, tile: Rect) -> Option<Rect> {
    let mut columns = [0u32; TILE_SIDE as usize];
    let mut first_and_last_row = None;
    for ((new, old), y) in frame.rows(tile).zip(picture.rows(tile)).zip(tile.y..) {
        let mut row = 0;
        for ((column, new), old) in columns.iter_mut().zip(new.as_chunks::<4>().0).zip(old) {
            let difference = (u32::from_le_bytes(*new) ^ old) & COLOUR;
            *column |= difference;
            row |= difference;
        }
        if row != 0 {
            first_and_last_row = Some((first_and_last_row.map_or(y, |(first, _)| first), y));
        }
    }
    let (top, bottom) = first_and_last_row?;
    let differing = || (tile.x..).zip(&columns).filter(|(_, column)| **column != 0).map(|(x, _)| x);
    let (left, right) = (differing().next()?, differing().last()?);
    Some(Rect::new(left, top, right - left + 1, bottom - top + 1))
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
