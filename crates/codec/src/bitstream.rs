//! An update's header: its copies and pieces. PROTOCOL.md (section 8) has the layout in words.

use crate::cache::MAX_TILES;
use crate::grid::Grid;
use crate::lossy::{Quality, Reference, Vector};
use crate::palette::{MAX_ADDED, MAX_COLOURS};
use crate::{DecodeError, MAX_COPIED, MAX_COPIES, MAX_LOSSY_PIXELS, MAX_PLANES, MAX_UPDATE, Rect, planar};

/// Version of the bitstream.
pub(crate) const VERSION: u8 = 2;
/// Bytes before the first copy: version, number of copies and number of pieces.
pub(crate) const HEADER: usize = 4;
/// Bytes of a copy.
pub(crate) const COPY: usize = 12;
/// Most bytes of one piece in the header.
pub(crate) const MAX_PIECE: usize = 1 + 2 + 4 + 1 + 3 * MAX_ADDED;

const KIND_SOLID: u8 = 0;
const KIND_PLANES: u8 = 1;
const KIND_PALETTE: u8 = 2;
/// Added to the number of new colours where the palette begins anew.
const ANEW: u8 = 0x80;
const KIND_GREY: u8 = 3;
const KIND_PICTURE: u8 = 4;
const KIND_CACHED: u8 = 5;
const KIND_MOVED: u8 = 6;
/// Bytes before the coefficients of the lossy pieces: their length.
pub(crate) const LOSSY_HEADER: usize = 3;
/// Added to the kind of a piece that covers its whole tile.
const WHOLE_TILE: u8 = 0x80;
/// Added to the kind of a piece whose tile goes into the cache as it is before the piece.
const KEEP: u8 = 0x40;

/// A rectangle that gets the pixels of another of the same size, as they were before.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Copy {
    /// First column and row of where the pixels are.
    pub(crate) x: u32,
    pub(crate) y: u32,
    /// Where they go.
    pub(crate) to: Rect,
}

impl Copy {
    /// Where the pixels are.
    pub(crate) fn from(&self) -> Rect {
        Rect::new(self.x, self.y, self.to.width, self.to.height)
    }
}

/// How the pixels of a piece are given.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Content {
    /// All have this colour, `0x00RRGGBB`.
    Solid(u32),
    /// By planes in the compressed blocks.
    Planes,
    /// By their numbers in the palette, in the compressed blocks.
    Palette {
        /// The palette begins anew.
        anew: bool,
        /// The first of the new colours, among those of the update.
        first: usize,
        /// How many colours are new.
        added: usize,
        /// How many the palette then has.
        count: usize,
    },
    /// By coefficients: what is to be added to the reference.
    Lossy(Reference, Quality),
    /// As this slot of the cache has them; the piece is the whole tile.
    Cached(u16),
}

/// A rectangle within one tile whose pixels are new.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Piece {
    pub(crate) tile: u16,
    /// In pixels of the picture.
    pub(crate) rect: Rect,
    /// Whether the tile goes into the cache as it is before the piece.
    pub(crate) keep: bool,
    pub(crate) content: Content,
}

impl Piece {
    /// Bytes that the piece has in what the blocks expand to.
    pub(crate) fn expanded(&self) -> usize {
        match self.content {
            Content::Solid(_) | Content::Lossy(..) | Content::Cached(_) => 0,
            Content::Planes => planar::length(self.rect),
            Content::Palette { .. } => self.rect.width as usize * self.rect.height as usize,
        }
    }
}

/// Appends a piece whose rectangle lies in its tile, given the new colours of the update.
pub(crate) fn put_piece(out: &mut Vec<u8>, grid: &Grid, piece: &Piece, colours: &[u32]) {
    let tile = grid.tile(piece.tile);
    let kind = match piece.content {
        Content::Solid(_) => KIND_SOLID,
        Content::Planes => KIND_PLANES,
        Content::Palette { .. } => KIND_PALETTE,
        Content::Lossy(Reference::Grey, _) => KIND_GREY,
        Content::Lossy(Reference::Picture, _) => KIND_PICTURE,
        Content::Cached(_) => KIND_CACHED,
        Content::Lossy(Reference::Moved(_), _) => KIND_MOVED,
    };
    let whole = if piece.rect == tile { WHOLE_TILE } else { 0 };
    out.push(kind | whole | if piece.keep { KEEP } else { 0 });
    out.extend_from_slice(&piece.tile.to_be_bytes());
    if piece.rect != tile {
        let Rect { x, y, width, height } = piece.rect;
        // A tile's side fits a byte, so the low byte is the whole number.
        out.extend([x - tile.x, y - tile.y, width - 1, height - 1].map(|number| number.to_le_bytes()[0]));
    }
    match piece.content {
        Content::Solid(colour) => out.extend_from_slice(&colour.to_be_bytes()[1..]),
        Content::Planes => {}
        Content::Cached(slot) => out.extend_from_slice(&slot.to_be_bytes()),
        Content::Palette { anew, first, added, .. } => {
            // At most MAX_ADDED.
            out.push(added.to_le_bytes()[0] | if anew { ANEW } else { 0 });
            let colours = &colours[first..first + added];
            colours.iter().for_each(|colour| out.extend_from_slice(&colour.to_be_bytes()[1..]));
        }
        Content::Lossy(reference, quality) => {
            out.push(quality.step());
            if let Reference::Moved(Vector { x, y }) = reference {
                out.extend([x, y].map(|part| part.to_be_bytes()[0]));
            }
        }
    }
}

/// Appends a copy inside a picture.
pub(crate) fn put_copy(out: &mut Vec<u8>, copy: &Copy) {
    let Copy { x, y, to } = copy;
    for number in [*x, *y, to.x, to.y, to.width, to.height] {
        // No side of a picture is longer than 16,384 pixels, so the low bytes are the whole number.
        out.extend_from_slice(&number.to_be_bytes()[2..]);
    }
}

/// Appends the coefficients of an update's lossy pieces, which come before the blocks.
pub(crate) fn put_lossy(out: &mut Vec<u8>, coefficients: &[u8]) {
    // Not longer than an update.
    out.extend_from_slice(&(coefficients.len() as u32).to_be_bytes()[1..]);
    out.extend_from_slice(coefficients);
}

/// The header of an update with so many copies and pieces.
pub(crate) fn header(copies: u8, pieces: u16) -> [u8; HEADER] {
    let [high, low] = pieces.to_be_bytes();
    [VERSION, copies, high, low]
}

/// An update taken apart; copies and pieces lie in the picture, the pieces in their tiles, no tile comes
/// twice, all copies together are not larger than the picture or [`MAX_COPIED`], and `planes` is at most [`MAX_PLANES`].
pub(crate) struct Parsed<'a> {
    pub(crate) copies: Vec<Copy>,
    pub(crate) pieces: Vec<Piece>,
    /// The new colours of all pieces.
    pub(crate) colours: Vec<u32>,
    /// The coefficients of the lossy pieces.
    pub(crate) lossy: &'a [u8],
    /// Bytes that the blocks must expand to.
    pub(crate) planes: usize,
    pub(crate) blocks: &'a [u8],
}

/// Takes an update for a picture of this grid apart; the palette has `count` colours before it.
pub(crate) fn parse<'a>(update: &'a [u8], grid: &Grid, mut count: usize) -> Result<Parsed<'a>, DecodeError> {
    if update.len() > MAX_UPDATE {
        return Err(DecodeError::TooLong { field: "update", length: update.len(), maximum: MAX_UPDATE });
    }
    let mut rest = update;
    let [version] = take(&mut rest, "version")?;
    if version != VERSION {
        return Err(DecodeError::Unknown { field: "version", value: version });
    }
    let [copies] = take(&mut rest, "number of copies")?;
    let length = usize::from(u16::from_be_bytes(take(&mut rest, "number of pieces")?));
    let copies = take_copies(&mut rest, grid, copies.into())?;
    // No tile comes twice, so a higher number cannot be true; nothing is set aside for it.
    if length > grid.tiles() {
        return Err(DecodeError::TooLong { field: "pieces", length, maximum: grid.tiles() });
    }
    let mut seen = vec![false; grid.tiles()];
    let mut pieces = Vec::with_capacity(length);
    let mut colours = Vec::new();
    let (mut planes, mut lossy_pixels, mut kept) = (0, 0, 0);
    for number in 0..length {
        let piece = take_piece(&mut rest, grid, number, &mut count, &mut colours)?;
        if std::mem::replace(&mut seen[usize::from(piece.tile)], true) {
            return Err(DecodeError::Piece { piece: number, tile: piece.tile, problem: "comes twice" });
        }
        planes += piece.expanded();
        kept += usize::from(piece.keep);
        if matches!(piece.content, Content::Lossy(..)) {
            lossy_pixels += piece.rect.width as usize * piece.rect.height as usize;
        }
        pieces.push(piece);
    }
    if kept > MAX_TILES {
        return Err(DecodeError::TooLong { field: "kept tiles", length: kept, maximum: MAX_TILES });
    }
    if planes > MAX_PLANES {
        return Err(DecodeError::TooLong { field: "planes", length: planes, maximum: MAX_PLANES });
    }
    if lossy_pixels > MAX_LOSSY_PIXELS {
        let (field, maximum) = ("pixels of lossy pieces", MAX_LOSSY_PIXELS);
        return Err(DecodeError::TooLong { field, length: lossy_pixels, maximum });
    }
    let lossy = if lossy_pixels == 0 { &[] } else { take_lossy(&mut rest)? };
    if planes == 0 && !rest.is_empty() {
        return Err(DecodeError::Trailing(rest.len()));
    }
    Ok(Parsed { copies, pieces, colours, lossy, planes, blocks: rest })
}

fn take_copies(rest: &mut &[u8], grid: &Grid, count: usize) -> Result<Vec<Copy>, DecodeError> {
    if count > MAX_COPIES {
        return Err(DecodeError::TooLong { field: "copies", length: count, maximum: MAX_COPIES });
    }
    let picture = Rect::new(0, 0, grid.width, grid.height);
    let mut copies = Vec::with_capacity(count);
    let mut area = 0;
    for number in 0..count {
        let mut next = || take(rest, "copy").map(|bytes| u32::from(u16::from_be_bytes(bytes)));
        let (x, y) = (next()?, next()?);
        let copy = Copy { x, y, to: Rect::new(next()?, next()?, next()?, next()?) };
        let refused = |problem| Err(DecodeError::Copy { copy: number, problem });
        if copy.to.is_empty() {
            return refused("has no pixels");
        }
        if !picture.contains(&copy.from()) || !picture.contains(&copy.to) {
            return refused("leaves the picture");
        }
        area += copy.to.area();
        if area > picture.area().min(MAX_COPIED) {
            return refused("makes them too large together");
        }
        copies.push(copy);
    }
    Ok(copies)
}

fn take_lossy<'a>(rest: &mut &'a [u8]) -> Result<&'a [u8], DecodeError> {
    let [high, middle, low] = take(rest, "length of coefficients")?;
    let length = u32::from_be_bytes([0, high, middle, low]) as usize;
    let (lossy, behind) =
        rest.split_at_checked(length).ok_or(DecodeError::Truncated { field: "coefficients" })?;
    *rest = behind;
    Ok(lossy)
}

fn take_piece(
    rest: &mut &[u8],
    grid: &Grid,
    number: usize,
    count: &mut usize,
    colours: &mut Vec<u32>,
) -> Result<Piece, DecodeError> {
    let [kind] = take(rest, "kind of piece")?;
    let tile = u16::from_be_bytes(take(rest, "tile")?);
    let refused = |problem| DecodeError::Piece { piece: number, tile, problem };
    if usize::from(tile) >= grid.tiles() {
        return Err(refused("is outside the picture"));
    }
    let whole = grid.tile(tile);
    let rect = if kind & WHOLE_TILE == 0 {
        let [x, y, width, height] = take::<4>(rest, "rectangle")?.map(u32::from);
        Rect::new(whole.x + x, whole.y + y, width + 1, height + 1)
    } else {
        whole
    };
    if !whole.contains(&rect) {
        return Err(refused("leaves its tile"));
    }
    let content = match kind & !(WHOLE_TILE | KEEP) {
        KIND_SOLID => Content::Solid(take_colour(rest)?),
        KIND_PLANES => Content::Planes,
        KIND_CACHED if rect == whole => Content::Cached(u16::from_be_bytes(take(rest, "slot")?)),
        KIND_CACHED => return Err(refused("is from the cache, but not the whole tile")),
        KIND_PALETTE => {
            let [added] = take(rest, "number of new colours")?;
            let (anew, added) = (added & ANEW != 0, usize::from(added & !ANEW));
            *count = if anew { added } else { *count + added };
            if *count == 0 || *count > MAX_COLOURS {
                return Err(refused("has an empty palette, or one with too many colours"));
            }
            let first = colours.len();
            for _ in 0..added {
                colours.push(take_colour(rest)?);
            }
            Content::Palette { anew, first, added, count: *count }
        }
        KIND_GREY => Content::Lossy(Reference::Grey, take_quality(rest)?),
        KIND_PICTURE => Content::Lossy(Reference::Picture, take_quality(rest)?),
        KIND_MOVED => {
            let quality = take_quality(rest)?;
            let [x, y] = take::<2>(rest, "vector")?.map(|part| i8::from_be_bytes([part]));
            let vector = Vector { x, y };
            if vector.source(rect, (grid.width, grid.height)).is_none() {
                return Err(refused("refers to what is outside the picture"));
            }
            Content::Lossy(Reference::Moved(vector), quality)
        }
        _ => return Err(DecodeError::Unknown { field: "kind of piece", value: kind }),
    };
    Ok(Piece { tile, rect, keep: kind & KEEP != 0, content })
}

fn take_colour(rest: &mut &[u8]) -> Result<u32, DecodeError> {
    let [red, green, blue] = take(rest, "colour")?;
    Ok(u32::from_be_bytes([0, red, green, blue]))
}

fn take_quality(rest: &mut &[u8]) -> Result<Quality, DecodeError> {
    let [step] = take(rest, "quality")?;
    Quality::new(step).ok_or(DecodeError::Unknown { field: "quality", value: step })
}

fn take<const N: usize>(rest: &mut &[u8], field: &'static str) -> Result<[u8; N], DecodeError> {
    let (bytes, behind) = rest.split_first_chunk().ok_or(DecodeError::Truncated { field })?;
    *rest = behind;
    Ok(*bytes)
}

#[cfg(test)]
mod tests {
    use super::{Content, Copy, Piece, header, parse, put_copy, put_piece};
    use crate::grid::Grid;
    use crate::{DecodeError, Rect};

    #[test]
    fn copies_and_pieces_come_back_as_they_were_put() {
        let grid = Grid::new(100, 200).unwrap();
        let palette = |anew, first, added, count| Content::Palette { anew, first, added, count };
        let colours = [1, 0x00AB_CDEF, 3];
        let pieces = [
            Piece { tile: 7, rect: Rect::new(64, 192, 36, 8), keep: false, content: Content::Planes },
            Piece {
                tile: 0,
                rect: Rect::new(0, 0, 64, 64),
                keep: false,
                content: Content::Solid(0x0001_0203),
            },
            Piece {
                tile: 2,
                rect: Rect::new(63, 127, 1, 1),
                keep: true,
                content: Content::Solid(0x00FF_FFFF),
            },
            Piece { tile: 1, rect: Rect::new(65, 2, 30, 40), keep: false, content: Content::Planes },
            Piece { tile: 3, rect: Rect::new(65, 64, 3, 3), keep: false, content: palette(false, 0, 2, 256) },
            Piece { tile: 4, rect: Rect::new(0, 128, 3, 3), keep: true, content: palette(true, 2, 1, 1) },
            Piece { tile: 5, rect: Rect::new(65, 128, 2, 1), keep: false, content: palette(false, 3, 0, 1) },
            Piece { tile: 6, rect: Rect::new(0, 192, 64, 8), keep: true, content: Content::Cached(0x0102) },
        ];
        let copies = [
            Copy { x: 0, y: 0, to: Rect::new(99, 199, 1, 1) },
            Copy { x: 1, y: 2, to: Rect::new(3, 4, 97, 196) },
        ];
        let mut update = header(2, 8).to_vec();
        copies.iter().for_each(|copy| put_copy(&mut update, copy));
        pieces.iter().for_each(|piece| put_piece(&mut update, &grid, piece, &colours));
        update.push(42);
        let parsed = parse(&update, &grid, 254).unwrap();
        assert_eq!(parsed.copies, copies);
        assert_eq!(parsed.pieces, pieces);
        assert_eq!(parsed.colours, colours);
        assert_eq!(parsed.planes, 3 * (36 * 8 + 30 * 40) + 9 + 9 + 2);
        assert_eq!(parsed.blocks, [42]);
    }

    #[test]
    fn an_empty_update_is_legal_and_changes_nothing() {
        let grid = Grid::new(1, 1).unwrap();
        assert!(parse(&header(0, 0), &grid, 0).unwrap().pieces.is_empty());
        assert_eq!(parse(&[2, 0, 0, 0, 9], &grid, 0).err(), Some(DecodeError::Trailing(1)));
    }
}
