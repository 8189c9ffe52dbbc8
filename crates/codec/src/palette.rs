//! Palettes: pieces of few colours as one number a pixel.
//!
//! There is one palette, which both sides keep from piece to piece and from update to update, so that a letter is the
//! same bytes wherever it is written, and the compressor finds it again. Pieces add to it what colours they need.

use crate::picture::Picture;
use crate::{Rect, planar};

/// Most colours of the palette.
pub(crate) const MAX_COLOURS: usize = 256;
/// Most colours that one piece adds.
pub(crate) const MAX_ADDED: usize = 127;

/// The palette, as the decoder keeps it.
pub(crate) struct Palette {
    colours: [u32; MAX_COLOURS],
    count: usize,
}

impl Default for Palette {
    fn default() -> Self {
        Self { colours: [0; MAX_COLOURS], count: 0 }
    }
}

impl Palette {
    pub(crate) fn count(&self) -> usize {
        self.count
    }

    /// Adds colours, of which there is room for [`MAX_COLOURS`] in all, behind those there are, or anew.
    pub(crate) fn add(&mut self, anew: bool, colours: &[u32]) {
        let start = if anew { 0 } else { self.count };
        for (place, colour) in self.colours.iter_mut().skip(start).zip(colours) {
            *place = *colour;
        }
        self.count = start + colours.len();
    }

    /// Writes the pixels whose numbers are given, row by row.
    pub(crate) fn join(&self, numbers: &[u8], picture: &mut Picture, rect: Rect) {
        for (row, numbers) in picture.rows_mut(rect).zip(numbers.chunks_exact(rect.width as usize)) {
            for (pixel, number) in row.iter_mut().zip(numbers) {
                *pixel = self.colours[usize::from(*number)];
            }
        }
    }
}

/// Slots of the encoder's table: four for each colour, so that most are found at once.
const SLOTS: usize = 4 * MAX_COLOURS;
/// What is in a slot without colour.
const EMPTY: u32 = u32::MAX;
/// A piece with fewer pixels than these for each colour that it adds is not worth it.
const PIXELS_A_COLOUR: usize = 8;
/// Most colours that a piece adds to a palette that stays: photographs should not fill it.
const MOST_ADDED: usize = 64;
/// Pieces with fewer pixels are taken to be letters.
const SMALL: usize = 1024;
/// Most pieces that go without being tried after one that had too many colours; neighbours are alike.
const MOST_SKIPPED: u32 = 4;

/// The palette, as the encoder keeps it: from colours to numbers.
pub(crate) struct Index {
    colours: Vec<u32>,
    slots: Box<[(u32, u8); SLOTS]>,
    /// Pieces still to be skipped, and how many to skip after the next failure.
    skip: u32,
    skip_next: u32,
}

/// What a piece adds to the palette.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Added {
    pub(crate) anew: bool,
    pub(crate) colours: Vec<u32>,
}

impl Default for Index {
    fn default() -> Self {
        let slots = Box::new([(EMPTY, 0); SLOTS]);
        Self { colours: Vec::with_capacity(MAX_COLOURS), slots, skip: 0, skip_next: 0 }
    }
}

impl Index {
    pub(crate) fn count(&self) -> usize {
        self.colours.len()
    }

    /// Appends the numbers of all pixels of a rectangle, row by row, and adds to the palette what it lacks; `None`, and
    /// nothing is appended or added, if the piece is likely to do better without.
    pub(crate) fn split(&mut self, picture: &Picture, rect: Rect, numbers: &mut Vec<u8>) -> Option<Added> {
        if self.skip > 0 {
            self.skip -= 1;
            return None;
        }
        let start = numbers.len();
        let added = self.try_split(picture, rect, numbers);
        if added.is_some() {
            self.skip_next = 0;
        } else {
            numbers.truncate(start);
            self.skip = self.skip_next;
            self.skip_next = (self.skip_next + 1).min(MOST_SKIPPED);
        }
        added
    }

    fn try_split(&mut self, picture: &Picture, rect: Rect, numbers: &mut Vec<u8>) -> Option<Added> {
        let start = numbers.len();
        let known = self.colours.len();
        let pixels = rect.width as usize * rect.height as usize;
        numbers.resize(start + pixels, 0);
        let numbers = &mut numbers[start..];
        let most = (pixels / PIXELS_A_COLOUR).min(MOST_ADDED);
        if self.number(picture, rect, numbers, (known + most).min(MAX_COLOURS)) && is_flat(numbers) {
            return Some(Added { anew: false, colours: self.colours[known..].to_vec() });
        }
        let before = self.colours[..known].to_vec();
        // Only a lack of room is a reason to begin anew.
        if self.colours.len() == MAX_COLOURS {
            self.reset(&[]);
            let most = (pixels / PIXELS_A_COLOUR).min(MAX_ADDED);
            if self.number(picture, rect, numbers, most) && is_flat(numbers) {
                return Some(Added { anew: true, colours: self.colours.clone() });
            }
        }
        self.reset(&before);
        None
    }

    /// Numbers all pixels; false as soon as the palette would have more than `most` colours.
    fn number(&mut self, picture: &Picture, rect: Rect, numbers: &mut [u8], most: usize) -> bool {
        let Self { colours, slots, .. } = self;
        for (row, numbers) in picture.rows(rect).zip(numbers.chunks_exact_mut(rect.width as usize)) {
            for (colour, place) in row.iter().zip(numbers) {
                let mut slot = slot(*colour);
                *place = loop {
                    match slots[slot] {
                        (other, number) if other == *colour => break number,
                        (EMPTY, _) => {
                            let number = colours.len();
                            if number >= most {
                                return false;
                            }
                            colours.push(*colour);
                            // Less than MAX_COLOURS.
                            slots[slot] = (*colour, number.to_le_bytes()[0]);
                            break number.to_le_bytes()[0];
                        }
                        _ => slot = (slot + 1) % SLOTS,
                    }
                };
            }
        }
        true
    }

    fn reset(&mut self, colours: &[u32]) {
        self.colours.clear();
        self.slots.fill((EMPTY, 0));
        for (colour, number) in colours.iter().zip(0..=u8::MAX) {
            let mut slot = slot(*colour);
            while self.slots[slot].0 != EMPTY {
                slot = (slot + 1) % SLOTS;
            }
            self.slots[slot] = (*colour, number);
            self.colours.push(*colour);
        }
    }
}

/// True when most pixels are like their left neighbours. Slopes and noise, of however few colours, go better as planes,
/// whose residuals are alike where numbers are not.
fn is_flat(numbers: &[u8]) -> bool {
    numbers.len() < SMALL || 2 * planar::estimate(numbers) <= numbers.len()
}

fn slot(colour: u32) -> usize {
    (colour.wrapping_mul(0x9E37_79B1) >> (u32::BITS - SLOTS.ilog2())) as usize % SLOTS
}

#[cfg(test)]
mod tests {
    use super::{Index, MAX_ADDED, Palette};
    use crate::Rect;
    use crate::grid::Grid;
    use crate::picture::Picture;

    #[test]
    fn a_full_palette_can_be_kept() {
        let mut index = Index::default();
        let colours: Vec<u32> = (0..256).map(|n| n * 0x0001_0203).collect();
        index.reset(&colours);
        assert_eq!(index.colours, colours);
    }

    #[test]
    fn numbers_give_the_same_pixels_and_the_palette_stays() {
        let grid = Grid::new(64, 64).unwrap();
        let (mut index, mut palette) = (Index::default(), Palette::default());
        let mut copy = Picture::black(&grid);
        let all = Rect::new(0, 0, 64, 64);
        let mut anew = 0;
        for round in 0..40u32 {
            let mut picture = Picture::black(&grid);
            for (pixel, n) in picture.rows_mut(all).flatten().zip(0..) {
                *pixel = (round / 2 * 1000 + n / 16 % 50).wrapping_mul(0x9E37_79B1) >> 8;
            }
            let mut numbers = vec![7];
            let added = index.split(&picture, all, &mut numbers).unwrap();
            assert_eq!(added.colours.len(), if round % 2 == 0 { 50 } else { 0 });
            anew += u32::from(added.anew);
            palette.add(added.anew, &added.colours);
            palette.join(&numbers[1..], &mut copy, all);
            assert!(copy.pixels() == picture.pixels());
        }
        assert_eq!(anew, 3, "five times fifty colours fit");
    }

    #[test]
    fn what_has_too_many_colours_changes_nothing() {
        let grid = Grid::new(64, 64).unwrap();
        let all = Rect::new(0, 0, 64, 64);
        let mut index = Index::default();
        let mut numbers = Vec::new();
        for count in [60u32, 65, MAX_ADDED as u32 + 1, 512, 60, 61, 60, 130] {
            let mut picture = Picture::black(&grid);
            picture.rows_mut(all).flatten().zip(0u32..).for_each(|(pixel, n)| *pixel = n / 8 % count * count);
            let known = index.colours.clone();
            let length = numbers.len();
            index.skip = 0;
            if index.split(&picture, all, &mut numbers).is_none() {
                assert_eq!((&index.colours, numbers.len()), (&known, length));
                assert!(count > 61);
            }
            for (colour, number) in index.colours.clone().iter().zip(0..) {
                let mut picture = Picture::black(&grid);
                picture.fill(all, *colour);
                let mut numbers = Vec::new();
                index.skip = 0;
                assert_eq!(index.split(&picture, all, &mut numbers).unwrap().colours, []);
                assert!(numbers.iter().all(|other| *other == number));
            }
        }
    }
}
