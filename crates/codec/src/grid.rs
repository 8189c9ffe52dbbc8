//! How a picture is cut into tiles.

use crate::{MAX_AREA, MAX_SIDE, Rect, TILE_SIDE};

/// The tiles of a picture of one size, numbered row by row from the upper left.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Grid {
    pub(crate) width: u32,
    pub(crate) height: u32,
    columns: u32,
    rows: u32,
}

// The largest picture has fewer tiles than a tile's number can count:
// (w/64 + 1)(h/64 + 1) <= MAX_AREA/4096 + 2 * MAX_SIDE/64 + 1.
const _: () = assert!(MAX_AREA / 4096 + 2 * (MAX_SIDE as u64) / 64 < u16::MAX as u64);

impl Grid {
    /// The grid of a picture, or `None` if the picture is empty or too large.
    pub(crate) fn new(width: u32, height: u32) -> Option<Self> {
        let area = u64::from(width) * u64::from(height);
        if area == 0 || area > MAX_AREA || width > MAX_SIDE || height > MAX_SIDE {
            return None;
        }
        Some(Self { width, height, columns: width.div_ceil(TILE_SIDE), rows: height.div_ceil(TILE_SIDE) })
    }

    /// How many pixels there are.
    pub(crate) fn area(&self) -> u64 {
        u64::from(self.width) * u64::from(self.height)
    }

    /// How many tiles there are.
    pub(crate) fn tiles(&self) -> usize {
        self.columns as usize * self.rows as usize
    }

    /// The pixels of a tile; at the right and lower edge it is cut short.
    pub(crate) fn tile(&self, number: u16) -> Rect {
        let (row, column) = (u32::from(number) / self.columns, u32::from(number) % self.columns);
        Rect::new(column * TILE_SIDE, row * TILE_SIDE, TILE_SIDE, TILE_SIDE).clipped(self.width, self.height)
    }

    /// The numbers of all tiles that a rectangle touches.
    pub(crate) fn touched(&self, rect: &Rect) -> impl Iterator<Item = u16> + use<> {
        let rect = rect.clipped(self.width, self.height);
        let columns = self.columns;
        let rows = if rect.is_empty() { 0..0 } else { rect.y / TILE_SIDE..rect.bottom().div_ceil(TILE_SIDE) };
        rows.flat_map(move |row| {
            (rect.x / TILE_SIDE..rect.right().div_ceil(TILE_SIDE)).map(move |column| row * columns + column)
        })
        .filter_map(|number| u16::try_from(number).ok())
    }
}

#[cfg(test)]
mod tests {
    use super::Grid;
    use crate::Rect;

    #[test]
    fn tiles_cover_every_pixel_once() {
        for (width, height) in [(1, 1), (3, 5), (64, 64), (65, 129), (1920, 1080)] {
            let grid = Grid::new(width, height).unwrap();
            let tiles: Vec<Rect> = (0..grid.tiles()).map(|n| grid.tile(u16::try_from(n).unwrap())).collect();
            assert_eq!(tiles.iter().map(Rect::area).sum::<u64>(), u64::from(width) * u64::from(height));
            for (i, a) in tiles.iter().enumerate() {
                assert!(tiles[i + 1..].iter().all(|b| a.intersection(b).is_empty()));
            }
        }
    }

    #[test]
    fn touched_tiles_are_those_that_share_a_pixel() {
        let grid = Grid::new(200, 200).unwrap();
        let touched = |rect| grid.touched(&rect).collect::<Vec<_>>();
        assert_eq!(touched(Rect::new(63, 0, 1, 1)), [0]);
        assert_eq!(touched(Rect::new(63, 63, 2, 2)), [0, 1, 4, 5]);
        assert_eq!(touched(Rect::new(5, 5, 0, 9)), []);
        assert_eq!(touched(Rect::new(0, 0, u32::MAX, u32::MAX)).len(), 16);
        assert_eq!(touched(Rect::new(200, 0, 5, 5)), []);
    }

    #[test]
    fn sizes_are_bounded() {
        for (width, height) in
            [(0, 0), (0, 5), (16_385, 1), (65_535, 65_535), (16_384, 4_097), (u32::MAX, u32::MAX)]
        {
            assert!(Grid::new(width, height).is_none(), "{width}x{height}");
        }
        assert!(Grid::new(16_384, 4_096).is_some());
    }
}
