//! The decoder: updates in, the picture out.

use crate::bitstream::{self, Content, Parsed, Piece};
use crate::cache::Cache;
use crate::expand::Expander;
use crate::grid::Grid;
use crate::history::History;
use crate::lossy::{self, Reference};
use crate::palette::Palette;
use crate::picture::Picture;
use crate::rough::RoughTiles;
use crate::{DecodeError, Rect, planar};

/// Turns the updates of one epoch into the picture, whoever sent them.
///
/// Beside the picture it never holds more than [`crate::MAX_PLANES`], a cache of 32 MiB, and about 32 MiB, of which
/// 8 MiB are [`crate::MAX_COEFFICIENTS`] and 16 MiB [`crate::MAX_LOSSY_PIXELS`].
pub struct Decoder {
    grid: Grid,
    picture: Picture,
    expander: Expander,
    history: History,
    palette: Palette,
    lossy: lossy::Reader,
    cache: Cache,
    rough: RoughTiles,
}

impl Decoder {
    /// A decoder with a black picture.
    ///
    /// # Errors
    /// [`DecodeError::Size`] if a side is 0 or above [`crate::MAX_SIDE`], or the area is above
    /// [`crate::MAX_AREA`]; nothing has been allocated then.
    pub fn new(width: u32, height: u32) -> Result<Self, DecodeError> {
        let grid = Grid::new(width, height).ok_or(DecodeError::Size { width, height })?;
        Ok(Self {
            grid,
            picture: Picture::black(&grid),
            expander: Expander::new(),
            history: History::default(),
            palette: Palette::default(),
            lossy: lossy::Reader::new(),
            cache: Cache::default(),
            rough: RoughTiles::none(&grid),
        })
    }

    /// Applies the next update and gives the rectangles that it wrote.
    ///
    /// # Errors
    /// [`DecodeError`] says what is wrong with the update; picture and state are then as they were.
    pub fn apply(&mut self, update: &[u8]) -> Result<Vec<Rect>, DecodeError> {
        let parsed = bitstream::parse(update, &self.grid, self.palette.count())?;
        let planes = expand(&parsed, &mut self.expander, &self.history)?;
        check(&self.grid, &parsed.pieces, planes, &self.cache)?;
        let found = if parsed.lossy.is_empty() {
            None
        } else {
            Some(self.lossy.read(lossy_pieces(&parsed.pieces), parsed.lossy)?)
        };
        for copy in &parsed.copies {
            self.picture.copy_within((copy.x, copy.y), copy.to);
            self.rough.copied(&self.grid, copy);
        }
        let mut rest = planes;
        let sources = sources(&self.picture, &parsed.pieces);
        let mut sources = sources.as_slice();
        let mut cursor = found.as_ref().map(|found| found.coefficients.cursor());
        for piece in &parsed.pieces {
            let (bytes, behind) = rest.split_at(piece.expanded());
            rest = behind;
            self.rough.applied(piece);
            if piece.keep {
                self.cache.keep(&self.picture, self.grid.tile(piece.tile));
            }
            match piece.content {
                Content::Solid(colour) => self.picture.fill(piece.rect, colour),
                Content::Cached(slot) => self.cache.restore(slot, &mut self.picture, piece.rect),
                Content::Planes => planar::join(bytes, &mut self.picture, piece.rect),
                Content::Palette { anew, first, added, .. } => {
                    self.palette.add(anew, &parsed.colours[first..first + added]);
                    self.palette.join(bytes, &mut self.picture, piece.rect);
                }
                Content::Lossy(reference, quality) => {
                    if let Some(cursor) = &mut cursor {
                        let length = match reference {
                            Reference::Moved(_) => piece.rect.width as usize * piece.rect.height as usize,
                            Reference::Grey | Reference::Picture => 0,
                        };
                        let (source, behind) = sources.split_at(length);
                        sources = behind;
                        let from = (reference, source);
                        self.lossy.apply(cursor, &mut self.picture, piece.rect, from, quality);
                    }
                }
            }
        }
        if let Some(found) = found {
            self.lossy.learn(found);
        }
        self.history.append(planes);
        let copied = parsed.copies.into_iter().map(|copy| copy.to);
        Ok(copied.chain(parsed.pieces.into_iter().map(|piece| piece.rect)).collect())
    }

    /// The planes of the next update, as they are before they become pixels; nothing changes. For those who search what
    /// is sent, or measure it.
    ///
    /// # Errors
    /// [`DecodeError`] if the update cannot be read as far as that.
    pub fn planes(&mut self, update: &[u8]) -> Result<&[u8], DecodeError> {
        let parsed = bitstream::parse(update, &self.grid, self.palette.count())?;
        expand(&parsed, &mut self.expander, &self.history)
    }

    /// True when no part of the picture is shown roughly: film that rests and photographs that came roughly at first
    /// have been made exact. What has changed since the last update is not known here.
    #[must_use]
    pub fn is_exact(&self) -> bool {
        self.rough.is_empty()
    }

    /// The picture, row by row without gaps, a pixel as `0x00RRGGBB`.
    #[must_use]
    pub fn pixels(&self) -> &[u32] {
        self.picture.pixels()
    }

    /// Pixels a row.
    #[must_use]
    pub fn width(&self) -> u32 {
        self.grid.width
    }

    /// Rows.
    #[must_use]
    pub fn height(&self) -> u32 {
        self.grid.height
    }
}

fn expand<'e>(
    parsed: &Parsed<'_>,
    expander: &'e mut Expander,
    history: &History,
) -> Result<&'e [u8], DecodeError> {
    if parsed.planes == 0 {
        return Ok(&[]);
    }
    expander.expand(parsed.blocks, history.bytes(), parsed.planes, parsed.pieces.len())
}

/// That no pixel has a number beyond its palette, and that the cache has what is named.
fn check(grid: &Grid, pieces: &[Piece], mut planes: &[u8], cache: &Cache) -> Result<(), DecodeError> {
    let mut kept = Vec::new();
    for (piece, number) in pieces.iter().zip(0..) {
        let (bytes, behind) = planes.split_at(piece.expanded());
        planes = behind;
        if piece.keep {
            kept.push(grid.tile(piece.tile));
        }
        let problem = match piece.content {
            Content::Palette { count, .. } => {
                let highest = bytes.iter().fold(0, |highest, byte| highest.max(*byte));
                (usize::from(highest) >= count).then_some("has a number beyond its palette")
            }
            Content::Cached(slot) => {
                (!cache.fits(&kept, slot, piece.rect)).then_some("is not in the cache in this size")
            }
            Content::Solid(_) | Content::Planes | Content::Lossy(..) => None,
        };
        if let Some(problem) = problem {
            return Err(DecodeError::Piece { piece: number, tile: piece.tile, problem });
        }
    }
    Ok(())
}

/// The pixels that pieces with vectors refer to, as they are before any piece; not more than
/// [`crate::MAX_LOSSY_PIXELS`].
fn sources(picture: &Picture, pieces: &[Piece]) -> Vec<u32> {
    let mut sources = Vec::new();
    for piece in pieces {
        if let Content::Lossy(Reference::Moved(vector), _) = piece.content {
            let start = sources.len();
            sources.resize(start + piece.rect.width as usize * piece.rect.height as usize, 0);
            lossy::fetch(picture, piece.rect, vector, &mut sources[start..]);
        }
    }
    sources
}

fn lossy_pieces(pieces: &[Piece]) -> impl Iterator<Item = (Rect, Reference)> {
    pieces.iter().filter_map(|piece| match piece.content {
        Content::Lossy(reference, _) => Some((piece.rect, reference)),
        Content::Solid(_) | Content::Planes | Content::Palette { .. } | Content::Cached(_) => None,
    })
}

impl std::fmt::Debug for Decoder {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Decoder({}x{})", self.grid.width, self.grid.height)
    }
}
