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

    /// Pixels a row.
    pub(crate) fn width(&self) -> u32 {
        // No picture is wider than MAX_SIDE.
        self.width as u32
    }

    /// Rows.
    pub(crate) fn height(&self) -> u32 {
        // No picture is higher than MAX_SIDE.
        (self.pixels.len() / self.width) as u32
    }

    pub(crate) fn pixels(&self) -> &[u32] {
        &self.pixels
    }

    /// The pixels of a row, from a column on; they lie inside the picture.
    pub(crate) fn row(&self, x: u32, y: u32, width: u32) -> &[u32] {
        let start = y as usize * self.width + x as usize;
        &self.pixels[start..start + width as usize]
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

    /// What is left of each row from a place on, and of the next one up to there.
    #[inline(always)]
    pub(crate) fn rows_from(&mut self, x: u32, y: u32) -> std::slice::ChunksMut<'_, u32> {
        let start = y as usize * self.width + x as usize;
        self.pixels[start..].chunks_mut(self.width)
    }

    /// Copies a rectangle of a frame of the same size.
    pub(crate) fn copy_from(&mut self, frame: &FrameView<'_>, rect: Rect) {
        for (to, from) in self.rows_mut(rect).zip(frame.rows(rect)) {
            for (to, from) in to.iter_mut().zip(from.as_chunks::<4>().0) {
                *to = u32::from_le_bytes(*from) & COLOUR;
            }
        }
    }

    /// Copies the pixels of a rectangle as large as `to` whose upper left corner is given; both lie inside the
    /// picture and may overlap.
    pub(crate) fn copy_within(&mut self, from: (u32, u32), to: Rect) {
        self.copy_within_and(from, to, |_, _| ());
    }

    /// As [`Picture::copy_within`]; calls `made` with the number of each row in the picture and its copy.
    #[inline(always)]
    pub(crate) fn copy_within_and(
        &mut self,
        (x, y): (u32, u32),
        to: Rect,
        mut made: impl FnMut(u32, &[u32]),
    ) {
        let length = to.width as usize;
        let mut row = |number: u32| {
            let from = (y + number) as usize * self.width + x as usize;
            let start = (to.y + number) as usize * self.width + to.x as usize;
            self.pixels.copy_within(from..from + length, start);
            made(to.y + number, &self.pixels[start..start + length]);
        };
        // Never onto a row that is still to be read.
        if to.y > y { (0..to.height).rev().for_each(&mut row) } else { (0..to.height).for_each(&mut row) }
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

#[cfg(test)]
mod tests {
    use super::Picture;
    use crate::{Rect, grid::Grid};

    #[test]
    fn copies_may_overlap_in_any_direction() {
        let grid = Grid::new(9, 9).unwrap();
        let at = |picture: &Picture, x: u32, y: u32| picture.pixels()[(y * 9 + x) as usize];
        for (x, y, to_x, to_y) in
            [(1, 1, 3, 4), (3, 4, 1, 1), (1, 4, 3, 1), (3, 1, 1, 4), (1, 1, 2, 1), (2, 2, 1, 2)]
        {
            let mut picture = Picture::black(&grid);
            let mut number = 0..;
            let all = picture.rows_mut(Rect::new(0, 0, 9, 9)).flatten();
            all.zip(&mut number).for_each(|(pixel, number)| *pixel = number);
            picture.copy_within((x, y), Rect::new(to_x, to_y, 5, 5));
            for (row, column) in (0..5).flat_map(|row| (0..5).map(move |column| (row, column))) {
                assert_eq!(at(&picture, to_x + column, to_y + row), (y + row) * 9 + x + column);
            }
            let moved = picture.pixels().iter().zip(0..).filter(|(pixel, number)| *pixel != number).count();
            assert_eq!(moved, 25);
        }
    }
}
