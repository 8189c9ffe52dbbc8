//! Coefficients to pixels: what the decoder shows, and what the encoder knows that it shows.

use super::coefficients::{Cursor, Reference};
use super::pixels::{self, Planes};
use super::quality::{Plane, Quality, ZIGZAG, steps};
use super::symbols::BLOCKS;
use super::transform::{Block, MAX_COEFFICIENT, inverse, inverse_of_first};
use super::{MACRO, macroblocks};
use crate::Rect;
use crate::picture::Picture;
use crate::wide::wide;

const GREY: u32 = 0x0080_8080;

/// Makes pixels; keeps the steps of the last quality.
#[derive(Debug)]
pub(crate) struct Reconstructor {
    quality: Quality,
    steps: [[i32; 64]; 2],
}

impl Reconstructor {
    pub(crate) fn new() -> Self {
        Self::of(Quality::FINEST)
    }

    fn of(quality: Quality) -> Self {
        Self { quality, steps: [Plane::Light, Plane::Colour].map(|plane| steps(quality, plane)) }
    }

    /// Applies the next macroblocks to a rectangle of the picture. `source` has the pixels that a piece with a
    /// vector refers to.
    pub(crate) fn apply(
        &mut self,
        cursor: &mut Cursor<'_>,
        picture: &mut Picture,
        rect: Rect,
        (reference, source): (Reference, &[u32]),
        quality: Quality,
    ) {
        if quality != self.quality {
            *self = Self::of(quality);
        }
        wide(
            #[inline(always)]
            || self.add(cursor, picture, rect, (reference, source)),
        );
    }

    #[inline(always)]
    fn add(
        &self,
        cursor: &mut Cursor<'_>,
        picture: &mut Picture,
        rect: Rect,
        (reference, source): (Reference, &[u32]),
    ) {
        let mut means = [0; 3];
        let mut planes: Planes = [[0; 64]; BLOCKS];
        for macroblock in macroblocks(rect) {
            let pattern = cursor.pattern();
            if pattern == 0 && reference == Reference::Picture {
                continue;
            }
            let mut pixels = [[GREY; MACRO as usize]; MACRO as usize];
            if pattern == 0 && matches!(reference, Reference::Moved(_)) {
                pixels::copy_source(source, rect, macroblock, picture);
                continue;
            }
            for (block, values) in planes.iter_mut().enumerate() {
                let coefficients = if pattern >> block & 1 == 1 { cursor.block() } else { &[] };
                let mean = match reference {
                    Reference::Grey => Some(&mut means[block.saturating_sub(3)]),
                    Reference::Picture | Reference::Moved(_) => None,
                };
                let steps = &self.steps[usize::from(block >= 4)];
                *values = block_of(coefficients, mean, steps);
            }
            match reference {
                Reference::Grey => {}
                Reference::Picture => pixels::of_picture(picture, macroblock, &mut pixels),
                Reference::Moved(_) => pixels::of_source(source, rect, macroblock, &mut pixels),
            }
            pixels::add(&planes, &mut pixels);
            pixels::to_picture(&pixels, picture, macroblock);
        }
    }
}

/// The values of a block. With a mean, the first coefficient is what it differs from the mean before.
#[inline(always)]
fn block_of(
    coefficients: &[super::coefficients::Coefficient],
    mean: Option<&mut i32>,
    steps: &[i32; 64],
) -> Block {
    let mut scaled = [0; 64];
    let mut is_flat = true;
    for coefficient in coefficients {
        let place = usize::from(ZIGZAG[usize::from(coefficient.number) % 64]);
        is_flat &= place == 0;
        // A level has 15 bits and a step 12.
        let value = i32::from(coefficient.level) * steps[place];
        scaled[place] = value.clamp(-MAX_COEFFICIENT, MAX_COEFFICIENT);
    }
    if let Some(mean) = mean {
        let first = coefficients.first().filter(|first| first.number == 0).map_or(0, |first| first.level);
        *mean = (*mean + i32::from(first)).clamp(-MAX_COEFFICIENT, MAX_COEFFICIENT);
        scaled[0] = (*mean * steps[0]).clamp(-MAX_COEFFICIENT, MAX_COEFFICIENT);
    }
    if is_flat { inverse_of_first(scaled[0]) } else { inverse(&scaled) }
}
