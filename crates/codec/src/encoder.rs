//! The encoder: what the viewer has, what may differ from it, and the next update.

use crate::bitstream::Copy;
use crate::dirty::DirtyTiles;
use crate::grid::Grid;
use crate::history::History;
use crate::palette::Index;
use crate::picture::Picture;
use crate::update::Update;
use crate::{EncodeError, FrameView, Rect, change, moves};

/// Turns frames of one size into updates, for one epoch.
pub struct Encoder {
    grid: Grid,
    /// INVARIANT: equal to the decoder's picture after all updates so far.
    sent: Picture,
    dirty: DirtyTiles,
    history: History,
    palette: Index,
    /// Room for the planes of the next update.
    planes: Vec<u8>,
}

impl Encoder {
    /// An encoder whose viewer has a black picture of this size. Every pixel counts as marked.
    ///
    /// # Errors
    /// [`EncodeError::Size`] if a side is 0 or above [`crate::MAX_SIDE`], or the area is above
    /// [`crate::MAX_AREA`].
    pub fn new(width: u32, height: u32) -> Result<Self, EncodeError> {
        let grid = Grid::new(width, height).ok_or(EncodeError::Size { width, height })?;
        Ok(Self {
            grid,
            sent: Picture::black(&grid),
            dirty: DirtyTiles::all(&grid),
            history: History::default(),
            palette: Index::default(),
            planes: Vec::new(),
        })
    }

    /// These places may have changed. What lies outside the picture does not matter.
    pub fn mark(&mut self, rects: &[Rect]) {
        for number in rects.iter().flat_map(|rect| self.grid.touched(rect)) {
            self.dirty.mark(number);
        }
    }

    /// True when the viewer has, or will have after the updates so far, everything that was marked.
    #[must_use]
    pub fn is_clean(&self) -> bool {
        self.dirty.is_empty()
    }

    /// Has what only moved copied, and codes what still differs in the marked places, the smallest and nearest to `focus` first, until the
    /// update has about `budget` bytes; `None` when nothing differs.
    ///
    /// An update holds one tile or copy at least, whatever the budget, and is never longer than
    /// [`crate::MAX_UPDATE`]. What did not fit stays marked. An update that was given out must be sent.
    ///
    /// # Errors
    /// [`EncodeError::OtherSize`] if the frame is not as large as the picture; nothing has changed then.
    /// After [`EncodeError::Compressor`] the encoder must not be used any more: start a new epoch.
    pub fn next_update(
        &mut self,
        frame: &FrameView<'_>,
        budget: usize,
        focus: Option<(u32, u32)>,
    ) -> Result<Option<Vec<u8>>, EncodeError> {
        let Grid { width, height, .. } = self.grid;
        if (frame.width(), frame.height()) != (width, height) {
            return Err(EncodeError::OtherSize {
                width: frame.width(),
                height: frame.height(),
                expected_width: width,
                expected_height: height,
            });
        }
        let copies = self.compare(frame);
        if self.dirty.is_empty() && copies.is_empty() {
            return Ok(None);
        }
        let mut update = Update::new(budget, copies, self.history.bytes(), std::mem::take(&mut self.planes))?;
        for (number, bounds) in self.dirty.order(focus) {
            // What was compared in an earlier round may have changed since.
            let compare = || change::bounds(frame, &self.sent, self.grid.tile(number));
            if let Some(bounds) = bounds.or_else(compare) {
                if !update.is_empty() && update.is_full()? {
                    break;
                }
                self.sent.copy_from(frame, bounds);
                update.push(&self.grid, number, bounds, &self.sent, &mut self.palette);
            }
            self.dirty.clean(number);
        }
        self.dirty.wait();
        if update.is_empty() {
            return Ok(None);
        }
        let finished = update.finish()?;
        self.history.append(&finished.planes);
        self.planes = finished.planes;
        Ok(Some(finished.bytes))
    }

    /// Compares what is marked, and again where copies were made.
    fn compare(&mut self, frame: &FrameView<'_>) -> Vec<Copy> {
        let Self { grid, sent, dirty, .. } = self;
        if dirty.compare(grid, frame, sent) < moves::LEAST_CHANGED {
            return Vec::new();
        }
        let copies = moves::make(grid, frame, sent, &dirty.differing());
        copies.iter().flat_map(|copy| grid.touched(&copy.to)).for_each(|tile| dirty.mark(tile));
        dirty.compare(grid, frame, sent);
        copies
    }
}

impl std::fmt::Debug for Encoder {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Encoder({}x{})", self.grid.width, self.grid.height)
    }
}
