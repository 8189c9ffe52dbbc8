//! Pixels to coefficients: what a lossy piece is to say.

use super::MACRO;
use super::coefficients::{Coefficient, Coefficients, Reference};
use super::pixels::{self, Planes, light};
use super::quality::{NUMBERS, Plane, Quality, Quantiser, ZIGZAG};
use super::symbols::BLOCKS;
use super::transform::{Block, forward};
use crate::picture::Picture;
use crate::wide::{Vectors, wide, with_vectors};
use crate::{FrameView, Rect, TILE_SIDE};

const SIDE: usize = MACRO as usize;
/// A row of a piece on grey.
const GREY: [u32; TILE_SIDE as usize] = [0x0080_8080; TILE_SIDE as usize];

/// How much of a step is rounded up, in sixteenths, of the mean and of all else, by reference: less for a
/// difference, which is mostly noise.
const ROUNDING: [(u32, u32); 2] = [(8, 6), (5, 2)];
/// A lone coefficient of one step from this number on is the noise of a camera.
const LONE_NOISE: u8 = 3;

/// Finds coefficients; keeps the tables of the last quality.
#[derive(Debug)]
pub(crate) struct Analyser {
    quality: Quality,
    /// By reference and plane.
    quantisers: [[Quantiser; 2]; 2],
}

impl Analyser {
    pub(crate) fn new() -> Self {
        Self::of(Quality::FINEST)
    }

    fn of(quality: Quality) -> Self {
        let quantisers = [Reference::Grey, Reference::Picture].map(|reference| {
            let (mean, rest) = ROUNDING[reference.mode()];
            [Plane::Light, Plane::Colour].map(|plane| Quantiser::new(quality, plane, mean, rest))
        });
        Self { quality, quantisers }
    }

    /// Appends the macroblocks of a rectangle. `source` has the pixels that a piece with a vector refers to.
    pub(crate) fn analyse(
        &mut self,
        frame: &FrameView<'_>,
        picture: &Picture,
        rect: Rect,
        (reference, source): (Reference, &[u32]),
        quality: Quality,
        coefficients: &mut Coefficients,
    ) {
        if quality != self.quality {
            *self = Self::of(quality);
        }
        with_vectors(
            #[inline(always)]
            |vectors| self.append(vectors, (frame, picture), rect, (reference, source), coefficients),
        );
    }

    #[inline(always)]
    fn append(
        &self,
        vectors: Vectors,
        (frame, picture): (&FrameView<'_>, &Picture),
        rect: Rect,
        (reference, source): (Reference, &[u32]),
        coefficients: &mut Coefficients,
    ) {
        let mut planes: Planes = [[0; 64]; BLOCKS];
        let mut means = [0i16; 3];
        let width = rect.width as usize;
        for y in (rect.y..rect.bottom()).step_by(SIDE) {
            // Below the last row it is repeated.
            let down = |row: usize| (y + row as u32).min(rect.bottom() - 1);
            let new: [&[[u8; 4]]; SIDE] =
                std::array::from_fn(|row| frame.pixels(rect.x, down(row), rect.width));
            let old: [&[u32]; SIDE] = std::array::from_fn(|row| match reference {
                Reference::Grey => &GREY[..width],
                Reference::Picture => picture.row(rect.x, down(row), rect.width),
                Reference::Moved(_) => &source[(down(row) - rect.y) as usize * width..][..width],
            });
            for x in (0..width).step_by(SIDE) {
                if x + SIDE <= width {
                    let new = |row: usize| {
                        let mut words = [0; SIDE];
                        for (word, pixel) in words.iter_mut().zip(&new[row][x..x + SIDE]) {
                            *word = u32::from_le_bytes(*pixel);
                        }
                        words
                    };
                    let old = |row: usize| *old[row][x..].first_chunk().unwrap_or(&[0; SIDE]);
                    pixels::difference(new, old, &mut planes);
                } else {
                    let new = pixels::cut_short(&new, x, u32::from_le_bytes);
                    let old = pixels::cut_short(&old, x, |pixel| pixel);
                    pixels::difference(|row| new[row], |row| old[row], &mut planes);
                }
                self.keep(vectors, &planes, reference, &mut means, coefficients);
            }
        }
    }

    /// Appends a macroblock.
    #[inline(always)]
    fn keep(
        &self,
        vectors: Vectors,
        planes: &Planes,
        reference: Reference,
        means: &mut [i16; 3],
        coefficients: &mut Coefficients,
    ) {
        let mut pattern = 0;
        for (block, values) in planes.iter().enumerate() {
            let quantiser = &self.quantisers[reference.mode()][usize::from(block >= 4)];
            let mut levels = quantiser.levels(&forward(vectors, values));
            if reference == Reference::Grey {
                let mean = &mut means[block.saturating_sub(3)];
                let difference = levels[0] - *mean;
                *mean = std::mem::replace(&mut levels[0], difference);
            }
            let mut flags = [0u8; 64];
            for (flag, level) in flags.iter_mut().zip(&levels) {
                *flag = u8::from(*level != 0);
            }
            // A byte for each column, and in it a bit for each row.
            let mut places = 0;
            for (row, flags) in flags.as_chunks::<8>().0.iter().enumerate() {
                places |= u64::from_le_bytes(*flags) << row;
            }
            let count = if places == 0 { 0 } else { append(places, &levels, &mut coefficients.all) };
            if count != 0 {
                pattern |= 1 << block;
                coefficients.counts.push(count);
            }
        }
        coefficients.patterns.push(pattern);
    }
}

/// Appends the levels of a block, of which those that are not 0 are said, in the order of the zigzag; gives how many.
#[inline(always)]
fn append(mut places: u64, levels: &Block, all: &mut Vec<Coefficient>) -> u8 {
    let level = |number: u8| levels[usize::from(ZIGZAG[usize::from(number) % 64]) % 64];
    let mut present = 0u64;
    while places != 0 {
        present |= 1 << NUMBERS[places.trailing_zeros() as usize % 64];
        places &= places - 1;
    }
    if present & (present - 1) == 0 {
        let number = present.trailing_zeros() as u8;
        if number >= LONE_NOISE && level(number).abs() == 1 {
            return 0;
        }
    }
    let mut count = 0;
    while present != 0 {
        let number = present.trailing_zeros() as u8;
        all.push(Coefficient { number, level: level(number) });
        present &= present - 1;
        count += 1;
    }
    count
}

/// True when these rows of a picture are more like the frame than a grey is, judged by a few of them.
pub(crate) fn prefers<'a>(frame: &FrameView<'_>, rows: impl Iterator<Item = &'a [u32]>, rect: Rect) -> bool {
    let (mut with_picture, mut alone) = (0, 0);
    for (new, old) in frame.words(rect).zip(rows).step_by(4) {
        let sums = wide(
            #[inline(always)]
            || likeness(new, old),
        );
        (with_picture, alone) = (with_picture + sums.0, alone + sums.1);
    }
    with_picture <= alone + alone / 4
}

/// How much light a row has with what is in `old`, and without it, in runs of eight pixels.
#[inline(always)]
fn likeness(new: &[[u8; 4]], old: &[u32]) -> (i32, i32) {
    let (mut with_picture, mut alone) = (0, 0);
    for (new, old) in new.as_chunks::<8>().0.iter().zip(old.as_chunks::<8>().0) {
        let mut lights = [0; 8];
        let (mut sum, mut differs) = (0, 0);
        for ((to, new), old) in lights.iter_mut().zip(new).zip(old) {
            *to = light(u32::from_le_bytes(*new));
            sum += *to;
            differs += (*to - light(*old)).abs();
        }
        let mean = sum / 8;
        for light in &lights {
            alone += (light - mean).abs();
        }
        with_picture += differs;
    }
    (with_picture, alone)
}
