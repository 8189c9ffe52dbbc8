//! Which tiles of the viewer's picture are rough, as both sides know from the updates alone.

use crate::bitstream::{Content, Copy, Piece};
use crate::grid::Grid;

/// A flag for each tile: a lossy piece makes it rough, and so does a copy from a rough one; any other piece says that
/// all of the tile is exact.
pub(crate) struct RoughTiles {
    tiles: Vec<bool>,
    rough: usize,
}

impl RoughTiles {
    pub(crate) fn none(grid: &Grid) -> Self {
        Self { tiles: vec![false; grid.tiles()], rough: 0 }
    }

    /// True when no tile is rough.
    pub(crate) fn is_empty(&self) -> bool {
        self.rough == 0
    }

    /// The rough tiles.
    pub(crate) fn tiles(&self) -> impl Iterator<Item = u16> {
        (0..).zip(&self.tiles).filter(|(_, is_rough)| **is_rough).map(|(number, _)| number)
    }

    /// A copy is made.
    pub(crate) fn copied(&mut self, grid: &Grid, copy: &Copy) {
        if !self.is_empty() && grid.touched(&copy.from()).any(|tile| self.tiles[usize::from(tile)]) {
            grid.touched(&copy.to).for_each(|tile| self.set(tile, true));
        }
    }

    /// A piece is applied.
    pub(crate) fn applied(&mut self, piece: &Piece) {
        self.set(piece.tile, matches!(piece.content, Content::Lossy(..)));
    }

    fn set(&mut self, tile: u16, is_rough: bool) {
        let was_rough = std::mem::replace(&mut self.tiles[usize::from(tile)], is_rough);
        self.rough = self.rough + usize::from(is_rough) - usize::from(was_rough);
    }
}
