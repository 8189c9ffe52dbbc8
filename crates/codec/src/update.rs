//! An update while it is being put together, piece by piece, within its budget.

use crate::bitstream::{self, COPY, Content, Copy, HEADER, LOSSY_HEADER, MAX_PIECE, Piece};
use crate::compress::{self, Compressor};
use crate::grid::Grid;
use crate::lossy::{Before, Quality, Reference, Writer};
use crate::palette::Index;
use crate::picture::Picture;
use crate::rough::RoughTiles;
use crate::{EncodeError, FrameView, MAX_PLANES, MAX_UPDATE, Rect, TILE_SIDE, planar};

/// Most bytes that one more piece can add to the planes.
const MAX_PIECE_PLANES: usize = 3 * TILE_SIDE as usize * TILE_SIDE as usize;
/// The share of what was estimated that compressed blocks are taken to have, in 1/256: at first all of it,
/// then as much as in the blocks before, but not less than a quarter, so that a photograph behind text does
/// not exceed the budget by more than a few tiles.
const WHOLE_SHARE: usize = 256;
const LEAST_SHARE: usize = 64;

/// Pieces and planes so far.
pub(crate) struct Update<'prefix> {
    budget: usize,
    copies: Vec<Copy>,
    pieces: Vec<u8>,
    count: u16,
    /// Of the viewer, with the pieces so far.
    rough: &'prefix mut RoughTiles,
    /// The new colours of all pieces.
    colours: Vec<u32>,
    lossy: &'prefix mut Writer,
    planes: Vec<u8>,
    /// What both sides remember.
    prefix: &'prefix [u8],
    /// There only if something had to be written out before all was known.
    compressor: Option<Compressor<'prefix>>,
    /// Bytes of planes that the compressor has written out.
    flushed: usize,
    /// Bytes that it wrote for them.
    written: usize,
    /// Estimate for the planes behind `flushed`.
    waiting: usize,
    share: usize,
}

/// What [`Update::finish`] gives.
pub(crate) struct Finished {
    /// The update, to which the compressed planes are still to be appended if it is said so.
    pub(crate) bytes: Vec<u8>,
    pub(crate) planes: Vec<u8>,
    pub(crate) lacks_planes: bool,
}

impl<'prefix> Update<'prefix> {
    /// An update of about `budget` bytes that begins with these copies, compressed against what both sides
    /// remember. `planes` is room to be used again.
    pub(crate) fn new(
        budget: usize,
        copies: Vec<Copy>,
        prefix: &'prefix [u8],
        (lossy, rough): (&'prefix mut Writer, &'prefix mut RoughTiles),
        mut planes: Vec<u8>,
    ) -> Self {
        planes.clear();
        Self {
            budget: budget.min(MAX_UPDATE),
            copies,
            pieces: Vec::new(),
            colours: Vec::new(),
            count: 0,
            rough,
            lossy,
            planes,
            prefix,
            compressor: None,
            flushed: 0,
            written: 0,
            waiting: 0,
            share: WHOLE_SHARE,
        }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.copies.is_empty() && self.count == 0
    }

    /// Adds the pixels that `picture` has in a rectangle of a tile.
    pub(crate) fn push(
        &mut self,
        grid: &Grid,
        (tile, keep): (u16, bool),
        rect: Rect,
        picture: &Picture,
        palette: &mut Index,
    ) {
        let start = self.planes.len();
        let content = if let Some(colour) = picture.solid(rect) {
            Content::Solid(colour)
        } else if let Some(added) = palette.split(picture, rect, &mut self.planes) {
            let (first, count) = (self.colours.len(), palette.count());
            self.colours.extend_from_slice(&added.colours);
            Content::Palette { anew: added.anew, first, added: added.colours.len(), count }
        } else {
            planar::split(picture, rect, &mut self.planes);
            Content::Planes
        };
        self.waiting += planar::estimate(&self.planes[start..]);
        self.put(grid, Piece { tile, rect, keep, content });
    }

    /// Adds a piece whose planes, if it has any, are there.
    pub(crate) fn put(&mut self, grid: &Grid, piece: Piece) {
        bitstream::put_piece(&mut self.pieces, grid, &piece, &self.colours);
        self.rough.applied(&piece);
        self.count += 1;
    }

    /// Adds a rectangle of a tile roughly, and makes the picture what the viewer has then. Without effect if
    /// what differs is too little to be said; false then.
    pub(crate) fn push_photo(
        &mut self,
        grid: &Grid,
        (tile, keep): (u16, bool),
        rect: Rect,
        (frame, picture): (&FrameView<'_>, &mut Picture),
        quality: Quality,
    ) -> bool {
        let reference = self.lossy.piece(frame, picture, rect, quality);
        self.put_lossy(grid, (tile, keep), rect, reference, quality)
    }

    /// As [`Update::push_photo`] for a place that may have moved; the picture stays as it is until [`Update::settle`].
    pub(crate) fn push_film(
        &mut self,
        grid: &Grid,
        tile: u16,
        rect: Rect,
        (frame, before, picture): (&FrameView<'_>, &Before, &Picture),
        quality: Quality,
    ) -> bool {
        let reference = self.lossy.film(frame, (before, picture), rect, quality);
        self.put_lossy(grid, (tile, false), rect, reference, quality)
    }

    fn put_lossy(
        &mut self,
        grid: &Grid,
        (tile, keep): (u16, bool),
        rect: Rect,
        reference: Option<Reference>,
        quality: Quality,
    ) -> bool {
        if let Some(reference) = reference {
            self.put(grid, Piece { tile, rect, keep, content: Content::Lossy(reference, quality) });
        }
        reference.is_some()
    }

    /// Makes the picture what the viewer has after the film's pieces.
    pub(crate) fn settle(&mut self, picture: &mut Picture) {
        self.lossy.settle(picture);
    }

    /// Says by a pixel each that those tiles are exact which the viewer takes for rough, and of which `is_exact` is
    /// true. What does not fit waits.
    pub(crate) fn tell_exact(
        &mut self,
        grid: &Grid,
        picture: &Picture,
        is_exact: impl Fn(u16) -> bool,
    ) -> Result<(), EncodeError> {
        let exact: Vec<u16> = self.rough.tiles().filter(|tile| is_exact(*tile)).collect();
        for tile in exact {
            if !self.is_empty() && self.is_full()? {
                break;
            }
            let Rect { x, y, .. } = grid.tile(tile);
            let content = Content::Solid(picture.row(x, y, 1)[0]);
            self.put(grid, Piece { tile, rect: Rect::new(x, y, 1, 1), keep: false, content });
        }
        Ok(())
    }

    /// Bytes of coefficients so far.
    pub(crate) fn lossy_length(&self) -> usize {
        self.lossy.length()
    }

    /// True when another piece might exceed the budget or a limit of the bitstream. To know, it may have to
    /// write blocks out.
    pub(crate) fn is_full(&mut self) -> Result<bool, EncodeError> {
        let lossy = LOSSY_HEADER + self.lossy.length();
        let certain = HEADER + self.copies.len() * COPY + self.pieces.len() + MAX_PIECE + lossy;
        let most_waiting = self.planes.len() - self.flushed + MAX_PIECE_PLANES;
        let over_budget = certain + self.written + self.waiting * self.share / WHOLE_SHARE >= self.budget;
        let over_limit = certain + self.written + compress::bound(most_waiting) > MAX_UPDATE;
        if self.flushed < self.planes.len() && (over_budget || over_limit) {
            self.flush()?;
        }
        // The last eighth of the budget is not worth a flush a tile.
        Ok(certain + self.written >= self.budget - self.budget / 8
            || certain + self.written + compress::bound(MAX_PIECE_PLANES).max(Writer::MAX_PIECE) > MAX_UPDATE
            || self.lossy.is_full()
            || self.planes.len() + MAX_PIECE_PLANES > MAX_PLANES)
    }

    fn flush(&mut self) -> Result<(), EncodeError> {
        let before = self.written;
        let compressor = match &mut self.compressor {
            Some(compressor) => compressor,
            none => none.insert(Compressor::new(self.prefix)?),
        };
        self.written = compressor.flush(&self.planes[self.flushed..])?;
        self.flushed = self.planes.len();
        let share = (self.written - before) * WHOLE_SHARE / self.waiting.max(1);
        self.share = share.clamp(LEAST_SHARE, WHOLE_SHARE);
        self.waiting = 0;
        Ok(())
    }

    /// The update's bytes, and its planes to be remembered.
    pub(crate) fn finish(self) -> Result<Finished, EncodeError> {
        // No more than MAX_COPIES.
        let copies = self.copies.len().to_le_bytes()[0];
        let mut bytes = bitstream::header(copies, self.count).to_vec();
        self.copies.iter().for_each(|copy| bitstream::put_copy(&mut bytes, copy));
        bytes.extend_from_slice(&self.pieces);
        if self.lossy.length() != 0 {
            bitstream::put_lossy(&mut bytes, &self.lossy.finish());
        }
        let lacks_planes = !self.planes.is_empty() && self.compressor.is_none();
        if let Some(compressor) = self.compressor {
            bytes.extend_from_slice(&compressor.finish(&self.planes[self.flushed..])?);
        }
        Ok(Finished { bytes, planes: self.planes, lacks_planes })
    }
}
