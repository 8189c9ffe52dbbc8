//! A whole picture in memory: the encoder's copy of what was sent, and the decoder's picture.

use crate::{FrameView, Rect, grid::Grid};

/// The bits of a pixel that count.
pub(crate) const COLOUR: u32 = 0x00FF_FFFF;

/// Pixels as `0x00RRGGBB`, row by row without gaps; black to begin with.
pub(crate) struct Picture {
    width: usize,
    pixels: Vec<u32>,
}

impl Picture {
    pub(crate) fn black(grid: &Grid) -> Self {
        let width = grid.width as usize;
        Self { width, pixels: vec![0; width * grid.height as usize] }
    }

    pub(crate) fn pixels(&self) -> &[u32] {
        &self.pixels
    }

    /// The rows of a rectangle that lies inside the picture.
    pub(crate) fn rows(&self, rect: Rect) -> impl Iterator<Item = &[u32]> {
        let length = rect.width as usize;
        let rows = self.pixels[rect.y as usize * self.width..].chunks(self.width);
        rows.take(rect.height as usize).map(move |row| &row[rect.x as usize..rect.x as usize + length])
    }

    /// The rows of a rectangle that lies inside the picture, to be written.
    pub(crate) fn rows_mut(&mut self, rect: Rect) -> impl Iterator<Item = &mut [u32]> {
        let length = rect.width as usize;
        let rows = self.pixels[rect.y as usize * self.width..].chunks_mut(self.width);
        rows.take(rect.height as usize).map(move |row| &mut row[rect.x as usize..rect.x as usize + length])
    }

    /// Copies a rectangle of a frame of the same size.
    pub(crate) fn copy_from(&mut self, frame: &FrameView<'_>, rect: Rect) {
        for (to, from) in self.rows_mut(rect).zip(frame.rows(rect)) {
            for (to, from) in to.iter_mut().zip(from.as_chunks::<4>().0) {
                *to = u32::from_le_bytes(*from) & COLOUR;
            }
        }
    }

    /// Gives a rectangle one colour.
    pub(crate) fn fill(&mut self, rect: Rect, colour: u32) {
        self.rows_mut(rect).for_each(|row| row.fill(colour));
    }

    /// The colour of a rectangle, if all its pixels have the same.
    pub(crate) fn solid(&self, rect: Rect) -> Option<u32> {
        let colour = *self.rows(rect).next()?.first()?;
        self.rows(rect)
            .all(|row| row.iter().fold(0, |differs, pixel| differs | (pixel ^ colour)) == 0)
            .then_some(colour)
    }
}
