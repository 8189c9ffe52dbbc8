//! The tile cache: tiles as they were, so that a window that comes back costs a few bytes a tile.
//!
//! A piece says whether its tile, as it is before it, goes into the next slot of a ring that both sides have, and a
//! cached piece names a slot. The encoder has those tiles kept that stood for a while and are now replaced: what
//! lasted for a moment, in a film or a flood of text, does not come back. It finds slots by a hash, but believes only
//! the pixels.

use std::collections::HashMap;
use std::time::Duration;

use crate::grid::Grid;
use crate::picture::{COLOUR, Picture};
use crate::{FrameView, Rect};

/// Most tiles: 32 MiB, four screens of 1920 × 1080. No update has more of them kept.
pub(crate) const MAX_TILES: usize = 2048;
/// What has not stood for so long is not kept.
const STOOD: Duration = Duration::from_secs(2);

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
    /// The slot of the next tile.
    next: usize,
}

impl Cache {
    /// Puts a tile into the next slot, and gives that.
    pub(crate) fn keep(&mut self, picture: &Picture, rect: Rect) -> usize {
        let slot = self.next;
        self.next = (slot + 1) % MAX_TILES;
        if slot == self.tiles.len() {
            self.tiles.push(Tile::default());
        }
        let tile = &mut self.tiles[slot];
        (tile.width, tile.height) = (rect.width, rect.height);
        tile.pixels.clear();
        picture.rows(rect).for_each(|row| tile.pixels.extend_from_slice(row));
        slot
    }

    /// True when a slot will hold a tile as large as this one after these are kept, of which there are at most
    /// [`MAX_TILES`].
    pub(crate) fn fits(&self, kept: &[Rect], slot: u16, tile: Rect) -> bool {
        let slot = usize::from(slot);
        let size = |width: u32, height: u32| (width, height) == (tile.width, tile.height);
        if slot >= MAX_TILES {
            return false;
        }
        match kept.get((slot + MAX_TILES - self.next) % MAX_TILES) {
            Some(kept) => size(kept.width, kept.height),
            None => self.tiles.get(slot).is_some_and(|tile| size(tile.width, tile.height)),
        }
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
}

/// True when a rectangle is more than half of its tile.
fn is_most(rect: Rect, tile: Rect) -> bool {
    2 * rect.area() > tile.area()
}

/// The encoder's cache: knows what to keep, and finds it.
pub(crate) struct Lookup {
    cache: Cache,
    slots: HashMap<u64, u16>,
    /// The hash of each slot.
    hashes: Vec<u64>,
    /// When each tile was changed last.
    changed: Vec<Duration>,
}

impl Lookup {
    pub(crate) fn new(grid: &Grid) -> Self {
        let changed = vec![Duration::ZERO; grid.tiles()];
        Self { cache: Cache::default(), slots: HashMap::new(), hashes: Vec::new(), changed }
    }

    /// When a tile was changed last, by a copy or by a piece.
    pub(crate) fn changed(&self, number: u16) -> Duration {
        self.changed[usize::from(number)]
    }

    /// A tile was changed by a copy.
    pub(crate) fn touch(&mut self, number: u16, now: Duration) {
        self.changed[usize::from(number)] = now;
    }

    /// A tile changes, and this much of it. Keeps it, and gives true, if it may come back as the viewer has it now.
    pub(crate) fn replace(
        &mut self,
        number: u16,
        sent: &Picture,
        tile: Rect,
        part: Rect,
        now: Duration,
    ) -> bool {
        let before = std::mem::replace(&mut self.changed[usize::from(number)], now);
        if now.saturating_sub(before) < STOOD || !is_most(part, tile) || sent.solid(tile).is_some() {
            return false;
        }
        let hash = hash(sent.rows(tile), |pixel| *pixel);
        let is_same = |slot: u16| self.is(slot, tile, sent.rows(tile), |pixel| *pixel);
        if self.slots.get(&hash).copied().is_some_and(is_same) {
            return false;
        }
        let slot = self.cache.keep(sent, tile);
        // Less than MAX_TILES.
        let number = u16::try_from(slot).unwrap_or_default();
        match self.hashes.get_mut(slot) {
            Some(old) => {
                if self.slots.get(old) == Some(&number) {
                    self.slots.remove(old);
                }
                *old = hash;
            }
            None => self.hashes.push(hash),
        }
        self.slots.insert(hash, number);
        true
    }

    /// The slot that holds what a tile of the frame shows, if so much of it changed that it is worth looking.
    pub(crate) fn find(&self, frame: &FrameView<'_>, tile: Rect, changed: Rect) -> Option<u16> {
        if self.slots.is_empty() || !is_most(changed, tile) {
            return None;
        }
        let pixel = |pixel: &[u8; 4]| u32::from_le_bytes(*pixel) & COLOUR;
        let slot = *self.slots.get(&hash(frame.words(tile), pixel))?;
        self.is(slot, tile, frame.words(tile), pixel).then_some(slot)
    }

    /// True when a slot holds these pixels.
    fn is<'a, P: 'a>(
        &self,
        slot: u16,
        tile: Rect,
        rows: impl Iterator<Item = &'a [P]>,
        pixel: impl Fn(&P) -> u32,
    ) -> bool {
        let same = |(row, kept): (&[P], &[u32])| {
            row.iter().zip(kept).fold(0, |all, (place, kept)| all | (pixel(place) ^ kept)) == 0
        };
        self.cache.fits(&[], slot, tile) && rows.zip(self.cache.rows(slot)).all(same)
    }

    pub(crate) fn restore(&self, slot: u16, picture: &mut Picture, tile: Rect) {
        self.cache.restore(slot, picture, tile);
    }
}

/// Pixels that are hashed side by side.
const LANES: usize = 16;

/// Of every so many rows one is hashed.
const ROWS_A_HASHED: usize = 4;

/// A hash of some rows; whether tiles are the same is for all their pixels to say.
fn hash<'a, P: 'a>(rows: impl Iterator<Item = &'a [P]>, pixel: impl Fn(&P) -> u32) -> u64 {
    let mut lanes = [0x9E37_79B1u32; LANES];
    let add = |lane: &mut u32, place: &P| {
        *lane = (lane.rotate_left(5) ^ pixel(place)).wrapping_add(lane.rotate_left(14));
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
    use std::time::Duration;

    use super::{Cache, Lookup, MAX_TILES};
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
    fn what_stood_is_found_again_until_it_is_the_oldest_and_the_other_side_has_it_in_the_same_slot() {
        let grid = Grid::new(SIDE, SIDE).unwrap();
        let (mut lookup, mut cache) = (Lookup::new(&grid), Cache::default());
        let mut now = Duration::ZERO;
        let mut replace = |lookup: &mut Lookup, tile: u16, picture: &Picture, part, after: u64| {
            now += Duration::from_secs(after);
            lookup.replace(tile, picture, grid.tile(tile), part, now)
        };
        let count = MAX_TILES as u32 / 2 + 10;
        for number in 0..count {
            let (picture, _) = picture(&grid, number);
            for tile in [0, 1] {
                let rect = grid.tile(tile);
                assert!(replace(&mut lookup, tile, &picture, rect, 2));
                assert!(!replace(&mut lookup, tile, &picture, rect, 2), "it is kept already");
                cache.keep(&picture, rect);
            }
        }
        let (other, _) = picture(&grid, count + 1);
        let mut grey = Picture::black(&grid);
        grey.fill(grid.tile(0), 0x0077_7777);
        assert!(!replace(&mut lookup, 1, &other, grid.tile(1), 1), "it did not stand");
        assert!(!replace(&mut lookup, 0, &other, Rect::new(0, 0, 64, 32), 9), "it is but half");
        assert!(!replace(&mut lookup, 0, &grey, grid.tile(0), 9), "it has one colour");
        for number in 0..count {
            let (picture, data) = picture(&grid, number);
            for tile in [0, 1].map(|tile| grid.tile(tile)) {
                let found = lookup.find(&view(&data), tile, tile);
                assert_eq!(found.is_some(), number >= 10, "{number}");
                let Some(slot) = found else { continue };
                let mut copy = Picture::black(&grid);
                assert!(cache.fits(&[], slot, tile));
                cache.restore(slot, &mut copy, tile);
                assert!(copy.rows(tile).eq(picture.rows(tile)));
            }
            assert_eq!(lookup.find(&view(&data), grid.tile(0), Rect::new(0, 0, 64, 32)), None);
        }
        assert_eq!(lookup.slots.len(), MAX_TILES);
    }

    #[test]
    fn what_a_slot_will_hold_is_known_before_it_is_kept() {
        let grid = Grid::new(SIDE, SIDE).unwrap();
        let mut cache = Cache::default();
        let (whole, narrow) = (grid.tile(0), grid.tile(1));
        assert!(!cache.fits(&[], 0, whole) && cache.fits(&[whole, narrow], 0, whole));
        assert!(cache.fits(&[whole, narrow], 1, narrow) && !cache.fits(&[whole, narrow], 2, whole));
        (0..=MAX_TILES).for_each(|_| assert!(cache.keep(&Picture::black(&grid), whole) < MAX_TILES));
        assert!(cache.fits(&[narrow], 0, whole) && cache.fits(&[narrow], 1, narrow));
        assert!(cache.fits(&[narrow], 2047, whole) && !cache.fits(&[narrow], 2048, whole));
    }
}
