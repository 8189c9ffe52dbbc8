//! Coefficients to pixels: what the decoder shows, and what the encoder knows that it shows.

use super::coefficients::{Coefficient, Cursor, Reference};
use super::pixels::{self, MOST, Planes, Row};
use super::quality::{Plane, Quality, ZIGZAG, steps};
use super::symbols::BLOCKS;
use super::transform::{Block, MAX_COEFFICIENT, SMALL_SUM, inverse, inverse_of_first, inverse_of_small};
use super::{MACRO, macroblocks};
use crate::Rect;
use crate::picture::Picture;
use crate::wide::{Vectors, with_vectors};

const SIDE: usize = MACRO as usize;
const GREY: Row = [0x0080_8080; SIDE];

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
        with_vectors(
            #[inline(always)]
            |vectors| self.add(vectors, cursor, picture, rect, (reference, source)),
        );
    }

    #[inline(always)]
    fn add(
        &self,
        vectors: Vectors,
        cursor: &mut Cursor<'_>,
        picture: &mut Picture,
        rect: Rect,
        (reference, source): (Reference, &[u32]),
    ) {
        let mut means = [0; 3];
        let mut planes: Planes = [[0; 64]; BLOCKS];
        for place in macroblocks(rect) {
            let pattern = cursor.pattern();
            if pattern == 0 && reference == Reference::Picture {
                continue;
            }
            // Where the macroblock begins in what a vector refers to.
            let at = (place.y - rect.y) as usize * rect.width as usize + (place.x - rect.x) as usize;
            let sources = || source.get(at..).unwrap_or_default().chunks(rect.width as usize);
            if pattern == 0 && matches!(reference, Reference::Moved(_)) {
                for (to, from) in picture.rows_mut(place).zip(sources()) {
                    copy(to, from);
                }
                continue;
            }
            for (block, values) in planes.iter_mut().enumerate() {
                let coefficients = if pattern >> block & 1 == 1 { cursor.block() } else { &[] };
                let mut first = match coefficients {
                    [Coefficient { number: 0, level }, ..] => i32::from(*level),
                    _ => 0,
                };
                if reference == Reference::Grey {
                    let mean = &mut means[block.saturating_sub(3)];
                    *mean = (*mean + first).clamp(-MAX_COEFFICIENT, MAX_COEFFICIENT);
                    first = *mean;
                }
                block_of(vectors, coefficients, first, &self.steps[usize::from(block >= 4)], values);
            }
            let mut tints = [[[0; SIDE]; 3]; SIDE / 2];
            for (pair, tints) in tints.iter_mut().enumerate() {
                *tints = pixels::tints(&planes, 2 * pair);
            }
            if place.width < MACRO || place.height < MACRO {
                let mut sources = sources();
                for (y, to) in picture.rows_mut(place).enumerate() {
                    let mut old = GREY;
                    match reference {
                        Reference::Grey => {}
                        Reference::Moved(_) => copy(&mut old, sources.next().unwrap_or_default()),
                        Reference::Picture => copy(&mut old, to),
                    }
                    copy(to, &painted(&planes, &tints, y, &old));
                }
                continue;
            }
            let rows = picture.rows_from(place.x, place.y);
            match reference {
                Reference::Grey => {
                    for (y, row) in rows.enumerate().take(SIDE) {
                        if let Some(to) = row.first_chunk_mut() {
                            *to = painted(&planes, &tints, y, &GREY);
                        }
                    }
                }
                Reference::Picture => {
                    for (y, row) in rows.enumerate().take(SIDE) {
                        if let Some(to) = row.first_chunk_mut() {
                            *to = painted(&planes, &tints, y, to);
                        }
                    }
                }
                Reference::Moved(_) => {
                    for ((y, row), source) in rows.enumerate().take(SIDE).zip(sources()) {
                        if let (Some(to), Some(old)) = (row.first_chunk_mut(), source.first_chunk()) {
                            *to = painted(&planes, &tints, y, old);
                        }
                    }
                }
            }
        }
    }
}

#[inline(always)]
fn painted(planes: &Planes, tints: &[[[i16; SIDE]; 3]; SIDE / 2], y: usize, old: &Row) -> Row {
    pixels::added(old, &pixels::lights(planes, y), &tints[y / 2])
}

/// Writes the values of a block, given the level of its first coefficient, which is not taken from among the others.
#[inline(always)]
fn block_of(
    vectors: Vectors,
    coefficients: &[Coefficient],
    first: i32,
    steps: &[i32; 64],
    values: &mut Block,
) {
    let first = (first * steps[0]).clamp(-MAX_COEFFICIENT, MAX_COEFFICIENT);
    if let [] | [Coefficient { number: 0, .. }] = coefficients {
        *values = inverse_of_first(first);
        return;
    }
    // What the first coefficient adds to all values, and what it leaves to be rounded.
    let (everywhere, mut sum) = ((first >> 6) as i16, first & 63);
    let mut scaled: Block = [0; 64];
    scaled[0] = sum as i16;
    for coefficient in coefficients {
        let place = usize::from(ZIGZAG[usize::from(coefficient.number) % 64]) % 64;
        if place != 0 {
            // A level has 15 bits and a step 12.
            let value = i32::from(coefficient.level) * steps[place];
            let value = value.clamp(-MAX_COEFFICIENT, MAX_COEFFICIENT);
            sum += value.abs();
            scaled[place] = value as i16;
        }
    }
    if sum <= SMALL_SUM {
        *values = inverse_of_small(vectors, &scaled);
        for value in values {
            *value += everywhere;
        }
    } else {
        *values = inverse(&scaled);
        for value in values {
            *value = value.saturating_add(everywhere).clamp(-MOST, MOST);
        }
    }
}

/// Copies as many as both have.
#[inline(always)]
fn copy(to: &mut [u32], from: &[u32]) {
    to.iter_mut().zip(from).for_each(|(to, from)| *to = *from);
}
