//! The tile cache: tiles as they were, so that a window that comes back costs a few bytes a tile.
//!
//! Both sides put the same tiles in, by the same rule, into a ring of slots; a piece names a slot. The encoder finds
//! slots by a hash, but believes only the pixels.

use std::collections::HashMap;

use crate::bitstream::{Content, Piece};
use crate::grid::Grid;
use crate::picture::{COLOUR, Picture};
use crate::{FrameView, Rect};

/// Most tiles: 32 MiB, four screens of 1920 × 1080.
pub(crate) const MAX_TILES: usize = 2048;

/// A tile as it was.
#[derive(Default)]
struct Tile {
    width: u32,
    height: u32,
    pixels: Vec<u32>,
}

/// The tiles that both sides keep; allocated as they come.
#[derive(Default)]
pub(crate) struct Cache {
    tiles: Vec<Tile>,
    /// The slot that the next tile goes into, once all are in use.
    oldest: usize,
}

impl Cache {
    /// True when a slot holds a tile as large as this one.
    pub(crate) fn fits(&self, slot: u16, tile: Rect) -> bool {
        self.tiles
            .get(usize::from(slot))
            .is_some_and(|kept| (kept.width, kept.height) == (tile.width, tile.height))
    }

    /// The rows of a slot that holds a tile.
    fn rows(&self, slot: u16) -> impl Iterator<Item = &[u32]> {
        let tile = &self.tiles[usize::from(slot)];
        tile.pixels.chunks_exact(tile.width as usize)
    }

    /// Gives a tile the pixels of a slot that [`Cache::fits`] it.
    pub(crate) fn restore(&self, slot: u16, picture: &mut Picture, tile: Rect) {
        picture.rows_mut(tile).zip(self.rows(slot)).for_each(|(to, from)| to.copy_from_slice(from));
    }

    /// After an update: puts in those tiles of which a piece gave more than half, but not by one colour or from here.
    pub(crate) fn keep(&mut self, grid: &Grid, pieces: impl Iterator<Item = Piece>, picture: &Picture) {
        for piece in pieces {
            let tile = grid.tile(piece.tile);
            if is_kept(&piece, tile) {
                self.insert(picture, tile);
            }
        }
    }

    /// Gives the slot.
    fn insert(&mut self, picture: &Picture, rect: Rect) -> u16 {
        let slot = if self.tiles.len() < MAX_TILES {
            self.tiles.push(Tile::default());
            self.tiles.len() - 1
        } else {
            let next = (self.oldest + 1) % MAX_TILES;
            std::mem::replace(&mut self.oldest, next)
        };
        let tile = &mut self.tiles[slot];
        (tile.width, tile.height) = (rect.width, rect.height);
        tile.pixels.clear();
        picture.rows(rect).for_each(|row| tile.pixels.extend_from_slice(row));
        // Less than MAX_TILES.
        u16::try_from(slot).unwrap_or_default()
    }
}

/// Whether the tile of a piece goes into the cache.
fn is_kept(piece: &Piece, tile: Rect) -> bool {
    matches!(piece.content, Content::Planes | Content::Palette { .. }) && is_most(piece.rect, tile)
}

/// True when a rectangle is more than half of its tile.
fn is_most(rect: Rect, tile: Rect) -> bool {
    2 * rect.area() > tile.area()
}

/// The encoder's cache: finds tiles.
#[derive(Default)]
pub(crate) struct Lookup {
    cache: Cache,
    slots: HashMap<u64, u16>,
    /// The hash of each slot.
    hashes: Vec<u64>,
}

impl Lookup {
    /// The slot that holds what a tile of the frame shows, if so much of it changed that it is worth looking.
    pub(crate) fn find(&self, frame: &FrameView<'_>, tile: Rect, changed: Rect) -> Option<u16> {
        if self.slots.is_empty() || !is_most(changed, tile) {
            return None;
        }
        let slot = *self.slots.get(&hash(frame.words(tile)))?;
        let same = |row: &[[u8; 4]], kept: &[u32]| {
            let differing =
                row.iter().zip(kept).map(|(new, kept)| (u32::from_le_bytes(*new) ^ kept) & COLOUR);
            differing.fold(0, |all, one| all | one) == 0
        };
        let is_same = self.cache.fits(slot, tile)
            && frame.words(tile).zip(self.cache.rows(slot)).all(|(row, kept)| same(row, kept));
        is_same.then_some(slot)
    }

    pub(crate) fn restore(&self, slot: u16, picture: &mut Picture, tile: Rect) {
        self.cache.restore(slot, picture, tile);
    }

    /// As [`Cache::keep`].
    pub(crate) fn keep(&mut self, grid: &Grid, frame: &FrameView<'_>, pieces: &[Piece], picture: &Picture) {
        for piece in pieces {
            let tile = grid.tile(piece.tile);
            if !is_kept(piece, tile) {
                continue;
            }
            let slot = self.cache.insert(picture, tile);
            let hash = hash(frame.words(tile));
            match self.hashes.get_mut(usize::from(slot)) {
                Some(old) => {
                    if self.slots.get(old) == Some(&slot) {
                        self.slots.remove(old);
                    }
                    *old = hash;
                }
                None => self.hashes.push(hash),
            }
            self.slots.insert(hash, slot);
        }
    }
}

/// Pixels that are hashed side by side.
const LANES: usize = 16;

/// Of every so many rows one is hashed.
const ROWS_A_HASHED: usize = 4;

/// A hash of some rows; whether tiles are the same is for all their pixels to say.
fn hash<'a>(rows: impl Iterator<Item = &'a [[u8; 4]]>) -> u64 {
    let mut lanes = [0x9E37_79B1u32; LANES];
    let add = |lane: &mut u32, pixel: &[u8; 4]| {
        let pixel = u32::from_le_bytes(*pixel) & COLOUR;
        *lane = (lane.rotate_left(5) ^ pixel).wrapping_add(lane.rotate_left(14));
    };
    for row in rows.skip(1).step_by(ROWS_A_HASHED) {
        let (whole, rest) = row.as_chunks::<LANES>();
        for pixels in whole {
            lanes.iter_mut().zip(pixels).for_each(|(lane, pixel)| add(lane, pixel));
        }
        lanes.iter_mut().zip(rest).for_each(|(lane, pixel)| add(lane, pixel));
    }
    lanes.iter().fold(0, |sum, lane| {
        let sum = (sum ^ u64::from(*lane)).wrapping_mul(0x9E37_79B9_7F4A_7C15);
        sum ^ sum >> 29
    })
}

#[cfg(test)]
mod tests {
    use super::{Cache, Lookup, MAX_TILES};
    use crate::bitstream::{Content, Piece};
    use crate::grid::Grid;
    use crate::picture::Picture;
    use crate::{FrameView, Rect};

    const SIDE: u32 = 65;

    fn picture(grid: &Grid, number: u32) -> (Picture, Vec<u8>) {
        let mut picture = Picture::black(grid);
        let all = picture.rows_mut(Rect::new(0, 0, SIDE, SIDE)).flatten();
        all.zip(0..).for_each(|(pixel, n)| *pixel = (n * 77 + number) & 0x00FF_FFFF);
        let data = picture.pixels().iter().flat_map(|pixel| (pixel | 0x1200_0000).to_le_bytes()).collect();
        (picture, data)
    }

    fn view(data: &[u8]) -> FrameView<'_> {
        FrameView::new(SIDE, SIDE, SIDE as usize * 4, data).unwrap()
    }

    #[test]
    fn the_last_tiles_are_found_and_both_sides_keep_them_in_the_same_slots() {
        let grid = Grid::new(SIDE, SIDE).unwrap();
        let (mut lookup, mut cache) = (Lookup::default(), Cache::default());
        let first_two = |content| (0..2).map(move |tile| Piece { tile, rect: grid.tile(tile), content });
        let count = MAX_TILES as u32 / 2 + 10;
        for number in 0..count {
            let (picture, data) = picture(&grid, number);
            let pieces: Vec<Piece> = first_two(Content::Planes).collect();
            lookup.keep(&grid, &view(&data), &pieces, &picture);
            cache.keep(&grid, pieces.into_iter(), &picture);
            // Neither of these is kept.
            cache.keep(&grid, first_two(Content::Solid(1)), &picture);
            let small = Piece { tile: 0, rect: Rect::new(0, 0, 64, 32), content: Content::Planes };
            cache.keep(&grid, std::iter::once(small), &picture);
        }
        for number in 0..count {
            let (picture, data) = picture(&grid, number);
            for tile in [0, 1].map(|tile| grid.tile(tile)) {
                let found = lookup.find(&view(&data), tile, tile);
                assert_eq!(found.is_some(), number >= 10, "{number}");
                let Some(slot) = found else { continue };
                let mut copy = Picture::black(&grid);
                assert!(cache.fits(slot, tile) && !cache.fits(slot, Rect::new(0, 0, 9, 9)));
                cache.restore(slot, &mut copy, tile);
                assert!(copy.rows(tile).eq(picture.rows(tile)));
            }
            assert_eq!(lookup.find(&view(&data), grid.tile(0), Rect::new(0, 0, 64, 32)), None);
        }
        assert_eq!(lookup.slots.len(), MAX_TILES);
        assert!(!cache.fits(2048, grid.tile(0)));
    }
}
