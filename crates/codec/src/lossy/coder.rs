//! The lossy pieces of an update, on both sides.

use super::analyse::{Analyser, prefers};
use super::coefficients::{Coefficients, Cursor, Mark, Reference};
use super::macroblocks;
use super::motion::{self, Vector};
use super::quality::Quality;
use super::range::{RangeDecoder, RangeEncoder};
use super::reconstruct::Reconstructor;
use super::search::{Before, search};
use super::symbols::{self, Models};
use crate::picture::Picture;
use crate::wide::wide;
use crate::{DecodeError, FrameView, MAX_COEFFICIENTS, MAX_LOSSY_PIXELS, Rect, TILE_SIDE};

/// Pixels of a tile, and the most coefficients that it has: colour adds half of those of light.
const TILE_PIXELS: usize = TILE_SIDE as usize * TILE_SIDE as usize;
const TILE_COEFFICIENTS: usize = TILE_PIXELS * 3 / 2;

/// A piece that is yet to be applied.
struct Waiting {
    rect: Rect,
    reference: Reference,
    quality: Quality,
}

/// Writes the lossy pieces of one update after the other.
pub(crate) struct Writer {
    models: Models,
    analyser: Analyser,
    reconstructor: Reconstructor,
    /// Of the last piece that was applied at once.
    coefficients: Coefficients,
    /// The last that was found.
    vector: Vector,
    /// Pieces that are yet to be applied, their coefficients, and what those with vectors refer to.
    waiting: Vec<Waiting>,
    waiting_coefficients: Coefficients,
    /// As many as are in use, and room.
    sources: Vec<u32>,
    used: usize,
    /// Of the update that is being made.
    range: RangeEncoder,
    pixels: usize,
    count: usize,
}

impl Writer {
    /// Most bytes that one more piece can add: a coefficient has a run, a size, and all its bits, each of
    /// 14 bits at most.
    pub(crate) const MAX_PIECE: usize = TILE_COEFFICIENTS * (3 * 14 + 4) / 8 + 1024;

    pub(crate) fn new() -> Self {
        Self {
            models: Models::default(),
            analyser: Analyser::new(),
            reconstructor: Reconstructor::new(),
            coefficients: Coefficients::default(),
            vector: Vector::default(),
            waiting: Vec::new(),
            waiting_coefficients: Coefficients::default(),
            sources: Vec::new(),
            used: 0,
            range: RangeEncoder::new(),
            pixels: 0,
            count: 0,
        }
    }

    /// Writes a rectangle of a tile, and makes the picture what the viewer has then. `None` if what differs
    /// is too little to be said: then nothing has happened.
    pub(crate) fn piece(
        &mut self,
        frame: &FrameView<'_>,
        picture: &mut Picture,
        rect: Rect,
        quality: Quality,
    ) -> Option<Reference> {
        let is_of_use = prefers(frame, picture.rows(rect), rect);
        let reference = if is_of_use { Reference::Picture } else { Reference::Grey };
        let mut coefficients = std::mem::take(&mut self.coefficients);
        coefficients.clear();
        self.analyser.analyse(frame, picture, rect, (reference, &[]), quality, &mut coefficients);
        let is_said = reference == Reference::Grey || !coefficients.all.is_empty();
        if is_said {
            self.write(&coefficients, Mark::default(), reference, rect);
            self.reconstructor.apply(&mut coefficients.cursor(), picture, rect, (reference, &[]), quality);
        }
        self.coefficients = coefficients;
        is_said.then_some(reference)
    }

    /// As [`Writer::piece`] for a place that may have moved; but the picture stays as it is until
    /// [`Writer::settle`], because what moved comes from what was there before the update's pieces.
    pub(crate) fn film(
        &mut self,
        frame: &FrameView<'_>,
        (before, picture): (&Before, &Picture),
        rect: Rect,
        quality: Quality,
    ) -> Option<Reference> {
        let start = self.used;
        let reference = self.reference(frame, before, picture, rect);
        let mut coefficients = std::mem::take(&mut self.waiting_coefficients);
        let mark = coefficients.mark();
        let from = (reference, &self.sources[start..self.used]);
        self.analyser.analyse(frame, picture, rect, from, quality, &mut coefficients);
        let is_said = reference != Reference::Picture || mark.all < coefficients.all.len();
        if is_said {
            self.write(&coefficients, mark, reference, rect);
            self.waiting.push(Waiting { rect, reference, quality });
        } else {
            coefficients.forget_from(mark);
        }
        self.waiting_coefficients = coefficients;
        is_said.then_some(reference)
    }

    /// Makes the picture what the viewer has after the pieces of the film.
    pub(crate) fn settle(&mut self, picture: &mut Picture) {
        let mut cursor = self.waiting_coefficients.cursor();
        let mut sources = self.sources.as_slice();
        for Waiting { rect, reference, quality } in self.waiting.drain(..) {
            let length = match reference {
                Reference::Moved(_) => rect.width as usize * rect.height as usize,
                Reference::Grey | Reference::Picture => 0,
            };
            let (source, behind) = sources.split_at(length);
            sources = behind;
            self.reconstructor.apply(&mut cursor, picture, rect, (reference, source), quality);
        }
        self.waiting_coefficients.clear();
        self.used = 0;
    }

    fn write(&mut self, coefficients: &Coefficients, mark: Mark, reference: Reference, rect: Rect) {
        let Self { models, range, .. } = self;
        wide(
            #[inline(always)]
            || symbols::write(coefficients.cursor_from(mark), reference, models, range),
        );
        self.pixels += rect.width as usize * rect.height as usize;
        self.count += coefficients.all.len() - mark.all;
    }

    /// Chooses the reference; what a vector refers to is then the last in `sources`.
    fn reference(
        &mut self,
        frame: &FrameView<'_>,
        before: &Before,
        picture: &Picture,
        rect: Rect,
    ) -> Reference {
        let found = search(frame, before, rect, self.vector);
        let Some(vector) = found.vector else {
            let is_of_use = found.is_like || prefers(frame, picture.rows(rect), rect);
            return if is_of_use { Reference::Picture } else { Reference::Grey };
        };
        let end = self.used + rect.width as usize * rect.height as usize;
        if self.sources.len() < end {
            self.sources.resize(end, 0);
        }
        let source = &mut self.sources[self.used..end];
        motion::fetch(picture, rect, vector, source);
        if found.is_like || prefers(frame, source.chunks_exact(rect.width as usize), rect) {
            (self.vector, self.used) = (vector, end);
            return Reference::Moved(vector);
        }
        Reference::Grey
    }

    /// Bytes of the update so far.
    pub(crate) fn length(&self) -> usize {
        if self.pixels == 0 { 0 } else { self.range.length() }
    }

    /// True when another piece might exceed a limit of the bitstream.
    pub(crate) fn is_full(&self) -> bool {
        self.pixels + TILE_PIXELS > MAX_LOSSY_PIXELS || self.count + TILE_COEFFICIENTS > MAX_COEFFICIENTS
    }

    /// The bytes of the update's lossy pieces; the next update begins.
    pub(crate) fn finish(&mut self) -> Vec<u8> {
        (self.pixels, self.count) = (0, 0);
        std::mem::replace(&mut self.range, RangeEncoder::new()).finish()
    }
}

/// Reads the lossy pieces of one update after the other.
pub(crate) struct Reader {
    models: Models,
    reconstructor: Reconstructor,
}

/// The lossy pieces of an update, found in order but not yet applied.
pub(crate) struct Found {
    pub(crate) coefficients: Coefficients,
    models: Models,
}

impl Reader {
    pub(crate) fn new() -> Self {
        Self { models: Models::default(), reconstructor: Reconstructor::new() }
    }

    /// Reads all lossy pieces of an update, which have [`MAX_LOSSY_PIXELS`] at most; nothing changes yet.
    ///
    /// Reads at most [`MAX_COEFFICIENTS`] coefficients and a tile's.
    pub(crate) fn read(
        &self,
        pieces: impl Iterator<Item = (Rect, Reference)>,
        bytes: &[u8],
    ) -> Result<Found, DecodeError> {
        let mut found = Found { coefficients: Coefficients::default(), models: self.models.clone() };
        let mut decoder = RangeDecoder::new(bytes);
        for (rect, reference) in pieces {
            let count = macroblocks(rect).count();
            let Found { models, coefficients } = &mut found;
            wide(
                #[inline(always)]
                || symbols::read(count, reference, models, &mut decoder, coefficients),
            )?;
            // Nothing good comes any more.
            if decoder.left().is_none() {
                break;
            }
        }
        match decoder.left() {
            Some(0) => Ok(found),
            Some(left) => Err(DecodeError::Trailing(left)),
            None => Err(DecodeError::Truncated { field: "coefficients" }),
        }
    }

    /// Applies the next piece of those that were read, with the pixels that it refers to if it has a vector.
    pub(crate) fn apply(
        &mut self,
        cursor: &mut Cursor<'_>,
        picture: &mut Picture,
        rect: Rect,
        from: (Reference, &[u32]),
        quality: Quality,
    ) {
        self.reconstructor.apply(cursor, picture, rect, from, quality);
    }

    /// All pieces have been applied: what was learned from them counts from now on.
    pub(crate) fn learn(&mut self, found: Found) {
        self.models = found.models;
    }
}

#[cfg(test)]
mod tests {
    use super::{Reader, Writer};
    use crate::grid::Grid;
    use crate::lossy::{Quality, luma_error};
    use crate::picture::Picture;
    use crate::{DecodeError, FrameView, Rect};

    const WIDTH: u32 = 150;
    const HEIGHT: u32 = 70;

    /// A moving slope with grain.
    fn film(number: u32) -> Vec<u8> {
        let mut state = number.wrapping_mul(2_654_435_761) | 1;
        (0..WIDTH * HEIGHT)
            .flat_map(|i| {
                state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                let (x, y, grain) = (i % WIDTH + 3 * number, i / WIDTH, (state >> 29) as f32);
                let wave = |a: f32, b: f32| {
                    (118.0 + 50.0 * (x as f32 / a).sin() + 40.0 * (y as f32 / b).cos() + grain) as u8
                };
                [wave(47.0, 31.0), wave(30.0, 50.0), wave(60.0, 20.0), 0xEE]
            })
            .collect()
    }

    /// Decibels of light.
    fn fidelity(frame: &FrameView<'_>, picture: &Picture) -> f64 {
        let (error, pixels) = luma_error(frame, picture, Rect::new(0, 0, WIDTH, HEIGHT));
        10.0 * (255.0 * 255.0 * 16.0 * pixels as f64 / error.max(1) as f64).log10()
    }

    #[test]
    fn both_sides_have_the_same_picture_and_it_is_as_good_as_promised() {
        let grid = Grid::new(WIDTH, HEIGHT).unwrap();
        for (step, least, most_bytes) in
            [(1, 50.0, 20_000), (12, 43.0, 5_000), (40, 38.5, 700), (255, 24.0, 300)]
        {
            let quality = Quality::new(step).unwrap();
            let (mut sent, mut shown) = (Picture::black(&grid), Picture::black(&grid));
            let (mut writer, mut reader) = (Writer::new(), Reader::new());
            for number in 0..6 {
                let data = film(number);
                let frame = FrameView::new(WIDTH, HEIGHT, WIDTH as usize * 4, &data).unwrap();
                let tiles = (0..6).map(|tile| grid.tile(tile));
                let pieces: Vec<_> = tiles
                    .filter_map(|rect| Some((rect, writer.piece(&frame, &mut sent, rect, quality)?)))
                    .collect();
                let foretold = writer.length();
                let bytes = writer.finish();
                assert_eq!(bytes.len(), foretold);
                if number > 0 {
                    assert!(bytes.len() < most_bytes, "{} bytes at {step}", bytes.len());
                }
                let found = reader.read(pieces.iter().copied(), &bytes).unwrap();
                let mut cursor = found.coefficients.cursor();
                for (rect, reference) in pieces {
                    reader.apply(&mut cursor, &mut shown, rect, (reference, &[]), quality);
                }
                reader.learn(found);
                assert!(sent.pixels() == shown.pixels());
                let fidelity = fidelity(&frame, &sent);
                assert!(fidelity > least, "{fidelity} dB at {step}");
            }
            assert_eq!(writer.models, reader.models);
        }
    }

    #[test]
    fn what_does_not_change_is_not_said() {
        let grid = Grid::new(WIDTH, HEIGHT).unwrap();
        let (mut sent, mut writer) = (Picture::black(&grid), Writer::new());
        let data = film(1);
        let frame = FrameView::new(WIDTH, HEIGHT, WIDTH as usize * 4, &data).unwrap();
        let quality = Quality::new(40).unwrap();
        assert!(writer.piece(&frame, &mut sent, grid.tile(0), quality).is_some());
        let again = (0..3).find(|_| writer.piece(&frame, &mut sent, grid.tile(0), quality).is_none());
        assert!(again.is_some());
    }

    #[test]
    fn bytes_that_no_encoder_made_are_refused_or_harmless() {
        let grid = Grid::new(WIDTH, HEIGHT).unwrap();
        let (mut sent, mut writer, reader) = (Picture::black(&grid), Writer::new(), Reader::new());
        let data = film(1);
        let frame = FrameView::new(WIDTH, HEIGHT, WIDTH as usize * 4, &data).unwrap();
        let piece = (grid.tile(0), writer.piece(&frame, &mut sent, grid.tile(0), Quality::FINEST).unwrap());
        let bytes = writer.finish();
        let read = |bytes: &[u8]| reader.read([piece].into_iter(), bytes).err();
        assert_eq!(read(&bytes), None);
        assert_eq!(read(&[&bytes[..], &[0]].concat()), Some(DecodeError::Trailing(1)));
        for length in [0, 1, 5, bytes.len() / 2, bytes.len() - 1] {
            assert!(read(&bytes[..length]).is_some(), "{length}");
        }
        for place in (0..bytes.len()).step_by(7) {
            let mut broken = bytes.clone();
            broken[place] ^= 0x55;
            let mut reader = Reader::new();
            if let Ok(found) = reader.read([piece].into_iter(), &broken) {
                let mut cursor = found.coefficients.cursor();
                reader.apply(&mut cursor, &mut sent, piece.0, (piece.1, &[]), Quality::clamped(255));
                assert!(sent.pixels().iter().all(|pixel| pixel >> 24 == 0));
            }
        }
    }
}
