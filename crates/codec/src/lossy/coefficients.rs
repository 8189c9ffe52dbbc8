//! The content of a lossy piece, between pixels and bits: which blocks have coefficients, and which.

use super::motion::Vector;

/// What a lossy piece adds to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Reference {
    /// Nothing that is there: all pixels are `0x808080`.
    Grey,
    /// The picture as it is at that place.
    Picture,
    /// The picture as it was before the update's pieces, so far away.
    Moved(Vector),
}

impl Reference {
    /// Which models and which rounding apply: 0 for a grey, 1 for a picture.
    pub(crate) fn mode(self) -> usize {
        usize::from(self != Self::Grey)
    }
}

/// A coefficient that is not 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Coefficient {
    /// Its number in the zigzag.
    pub(crate) number: u8,
    /// In steps.
    pub(crate) level: i16,
}

/// The blocks of several pieces, one macroblock after the other.
#[derive(Debug, Default)]
pub(crate) struct Coefficients {
    /// A bit for each block of a macroblock that has coefficients: four of light from the upper left, row
    /// by row, from bit 0; then the two of colour.
    pub(crate) patterns: Vec<u8>,
    /// How many coefficients each such block has, at least 1.
    pub(crate) counts: Vec<u8>,
    /// All coefficients, in the order of the zigzag within each block.
    pub(crate) all: Vec<Coefficient>,
}

impl Coefficients {
    pub(crate) fn clear(&mut self) {
        self.patterns.clear();
        self.counts.clear();
        self.all.clear();
    }

    pub(crate) fn cursor(&self) -> Cursor<'_> {
        self.cursor_from(Mark::default())
    }

    /// Where what is appended from now on begins.
    pub(crate) fn mark(&self) -> Mark {
        Mark { patterns: self.patterns.len(), counts: self.counts.len(), all: self.all.len() }
    }

    /// Reads what was appended since a mark was made.
    pub(crate) fn cursor_from(&self, mark: Mark) -> Cursor<'_> {
        let (patterns, counts) = (self.patterns[mark.patterns..].iter(), self.counts[mark.counts..].iter());
        Cursor { patterns, counts, all: &self.all[mark.all..] }
    }

    /// Forgets what was appended since a mark was made.
    pub(crate) fn forget_from(&mut self, mark: Mark) {
        self.patterns.truncate(mark.patterns);
        self.counts.truncate(mark.counts);
        self.all.truncate(mark.all);
    }
}

/// A place between two pieces.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Mark {
    patterns: usize,
    counts: usize,
    pub(crate) all: usize,
}

/// Reads blocks in their order.
pub(crate) struct Cursor<'a> {
    patterns: std::slice::Iter<'a, u8>,
    counts: std::slice::Iter<'a, u8>,
    all: &'a [Coefficient],
}

impl<'a> Cursor<'a> {
    /// How many macroblocks are left.
    pub(crate) fn left(&self) -> usize {
        self.patterns.len()
    }

    /// The pattern of the next macroblock.
    pub(crate) fn pattern(&mut self) -> u8 {
        self.patterns.next().copied().unwrap_or_default()
    }

    /// The coefficients of the next block that has some.
    pub(crate) fn block(&mut self) -> &'a [Coefficient] {
        let count = self.counts.next().copied().unwrap_or_default();
        let (block, behind) = self.all.split_at(usize::from(count).min(self.all.len()));
        self.all = behind;
        block
    }
}
