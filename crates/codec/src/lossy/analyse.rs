//! Pixels to coefficients: what a lossy piece is to say.

use super::coefficients::{Coefficient, Coefficients, Reference};
use super::pixels::{self, Pixels, Planes, light};
use super::quality::{NUMBERS, Plane, Quality, Quantiser, ZIGZAG};
use super::symbols::BLOCKS;
use super::transform::forward;
use super::{MACRO, macroblocks};
use crate::picture::Picture;
use crate::wide::wide;
use crate::{FrameView, Rect};

/// How much of a step is rounded up, in sixteenths, of the mean and of all else, by reference: less for a
/// difference, which is mostly noise.
const ROUNDING: [(u32, u32); 2] = [(8, 6), (6, 5)];
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
        wide(
            #[inline(always)]
            || self.append((frame, picture), rect, (reference, source), coefficients),
        );
    }

    #[inline(always)]
    fn append(
        &self,
        (frame, picture): (&FrameView<'_>, &Picture),
        rect: Rect,
        (reference, source): (Reference, &[u32]),
        coefficients: &mut Coefficients,
    ) {
        let mut new: Pixels = [[0; MACRO as usize]; MACRO as usize];
        let mut old: Pixels = [[0x0080_8080; MACRO as usize]; MACRO as usize];
        let mut planes: Planes = [[0; 64]; BLOCKS];
        let mut means = [0i16; 3];
        for macroblock in macroblocks(rect) {
            pixels::of_frame(frame, macroblock, &mut new);
            match reference {
                Reference::Grey => {}
                Reference::Picture => pixels::of_picture(picture, macroblock, &mut old),
                Reference::Moved(_) => pixels::of_source(source, rect, macroblock, &mut old),
            }
            pixels::difference(&new, &old, &mut planes);
            let mut pattern = 0;
            for (block, values) in planes.iter().enumerate() {
                let quantiser = &self.quantisers[reference.mode()][usize::from(block >= 4)];
                let mut levels = quantiser.levels(&forward(values));
                if reference == Reference::Grey {
                    let mean = &mut means[block.saturating_sub(3)];
                    let difference = levels[0] - *mean;
                    *mean = std::mem::replace(&mut levels[0], difference);
                }
                let count = keep(&levels, &mut coefficients.all);
                if count != 0 {
                    pattern |= 1 << block;
                    coefficients.counts.push(count);
                }
            }
            coefficients.patterns.push(pattern);
        }
    }
}

/// Appends the levels other than 0 in the order of the zigzag; gives how many.
#[inline(always)]
fn keep(levels: &[i16; 64], all: &mut Vec<Coefficient>) -> u8 {
    let mut flags = [0u8; 64];
    for (flag, level) in flags.iter_mut().zip(levels) {
        *flag = u8::from(*level != 0);
    }
    let mut present = 0u64;
    for (row, flags) in flags.as_chunks::<8>().0.iter().enumerate() {
        let mut row_of = u64::from_le_bytes(*flags);
        while row_of != 0 {
            let place = 8 * row + row_of.trailing_zeros() as usize / 8;
            present |= 1 << NUMBERS[place];
            row_of &= row_of - 1;
        }
    }
    if present.count_ones() == 1 {
        let number = present.trailing_zeros() as u8;
        if number >= LONE_NOISE && levels[usize::from(ZIGZAG[usize::from(number)])].abs() == 1 {
            return 0;
        }
    }
    let count = present.count_ones() as u8;
    while present != 0 {
        let number = present.trailing_zeros() as u8;
        let level = levels[usize::from(ZIGZAG[usize::from(number)])];
        all.push(Coefficient { number, level });
        present &= present - 1;
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
