//! Coefficients to symbols of the range coder, and back.
//!
//! Which blocks have coefficients is one symbol for the four blocks of light and one for the two of colour.
//! A coefficient is the number of zeros before it, its size, and a plain bit for its sign.

use super::coefficients::{Coefficient, Coefficients, Cursor, Reference};
use super::quality::Plane;
use super::range::{Model, RangeDecoder, RangeEncoder};
use crate::{DecodeError, MAX_COEFFICIENTS};

/// Blocks of a macroblock.
pub(super) const BLOCKS: usize = 6;
/// A run that only says that this many zeros follow.
const LONG_RUN: usize = 14;
const LONG_RUN_SYMBOL: usize = 15;
/// A size from here on is followed by how much more it is.
const LARGE: u32 = 16;
/// Most bits of how much more.
const MAX_BITS: u32 = 14;

/// What both sides have learned of an epoch's lossy pieces.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Models {
    light: [[Model; 3]; 2],
    colour: [[Model; 2]; 2],
    first_run: [[Model; 2]; 2],
    /// Two are never used.
    run: [[Model; 8]; 2],
    size: [[Model; 8]; 2],
}

/// By where in the zigzag a run begins, its model. (That after the last is never asked for.)
const BANDS: [u8; 64] = {
    let mut bands = [5; 64];
    let mut number = 0;
    while number <= 20 {
        bands[number] = match number {
            0..=1 => 0,
            2..=3 => 1,
            4..=6 => 2,
            7..=11 => 3,
            _ => 4,
        };
        number += 1;
    }
    bands
};

/// Which sizes are to be expected at a place in the zigzag: smaller ones at higher frequencies. In steps of 2, so that
/// one more says that the size before was large.
const SIZE_PLACES: [u8; 64] = {
    let mut places = [6; 64];
    let mut number = 0;
    while number <= 9 {
        places[number] = match number {
            0 => 0,
            1..=2 => 2,
            _ => 4,
        };
        number += 1;
    }
    places
};

#[inline(always)]
fn size_context(number: usize, before: u32) -> usize {
    usize::from(SIZE_PLACES[number % 64]) | usize::from(before > 1)
}

fn plane(block: usize) -> Plane {
    if block < 4 { Plane::Light } else { Plane::Colour }
}

/// How the pattern of a macroblock depends on the one before it in its piece.
#[inline(always)]
fn pattern_context(before: u8) -> usize {
    match before & 15 {
        0 => 0,
        15 => 2,
        _ => 1,
    }
}

/// Writes the macroblocks of one piece.
#[inline(always)]
pub(crate) fn write(
    mut cursor: Cursor<'_>,
    reference: Reference,
    models: &mut Models,
    range: &mut RangeEncoder,
) {
    // Of its own, so that it is kept in registers.
    let mut encoder = std::mem::replace(range, RangeEncoder::new());
    let mode = reference.mode();
    let mut before = 15;
    for _ in 0..cursor.left() {
        let pattern = cursor.pattern();
        let light = usize::from(pattern & 15);
        encoder.reserve(2);
        encoder.symbol(&mut models.light[mode][pattern_context(before)], light);
        encoder.symbol(&mut models.colour[mode][usize::from(light != 0)], usize::from(pattern >> 4));
        before = pattern;
        for block in (0..BLOCKS).filter(|block| pattern >> block & 1 == 1) {
            write_block(&mut cursor, mode, plane(block), models, &mut encoder);
        }
    }
    *range = encoder;
}

#[inline(always)]
fn write_block(
    cursor: &mut Cursor<'_>,
    mode: usize,
    plane: Plane,
    models: &mut Models,
    encoder: &mut RangeEncoder,
) {
    let plane = plane as usize;
    let (mut at, mut before) = (0, 0);
    let block = cursor.block();
    // Of each coefficient its run, its size, what that is more, and its sign; a block's long runs; its end.
    encoder.reserve(5 * block.len() + 64 / LONG_RUN + 1);
    for coefficient in block {
        let number = usize::from(coefficient.number);
        while number - at >= LONG_RUN {
            encoder.symbol(run_model(models, mode, plane, at), LONG_RUN_SYMBOL);
            at += LONG_RUN;
        }
        encoder.symbol(run_model(models, mode, plane, at), number - at + 1);
        let size = u32::from(coefficient.level.unsigned_abs());
        let model = &mut models.size[plane][size_context(number, before) % 8];
        encoder.symbol(model, size.min(LARGE) as usize - 1);
        if size >= LARGE {
            let more = size - LARGE + 1;
            let bits = u32::BITS - 1 - more.leading_zeros();
            encoder.bits(bits, 4);
            encoder.bits(more - (1 << bits), bits);
        }
        encoder.bits(u32::from(coefficient.level < 0), 1);
        (at, before) = (number + 1, size);
    }
    if at < 64 {
        encoder.symbol(run_model(models, mode, plane, at), 0);
    }
}

#[inline(always)]
fn run_model(models: &mut Models, mode: usize, plane: usize, at: usize) -> &mut Model {
    if at == 0 {
        &mut models.first_run[mode][plane]
    } else {
        &mut models.run[plane][usize::from(BANDS[at % 64]) % 8]
    }
}

/// Appends so many macroblocks of one piece.
///
/// # Errors
/// [`DecodeError::Blocks`] if they are not what [`write`] makes; what was appended is of no use then.
#[inline(always)]
pub(crate) fn read(
    macroblocks: usize,
    reference: Reference,
    models: &mut Models,
    decoder: &mut RangeDecoder<'_>,
    coefficients: &mut Coefficients,
) -> Result<(), DecodeError> {
    let mode = reference.mode();
    let mut before = 15;
    for _ in 0..macroblocks {
        let light = decoder.symbol(&mut models.light[mode][pattern_context(before)]);
        let colour = decoder.symbol(&mut models.colour[mode][usize::from(light != 0)]);
        let pattern = (light | (colour & 3) << 4) as u8;
        before = pattern;
        coefficients.patterns.push(pattern);
        for block in (0..BLOCKS).filter(|block| pattern >> block & 1 == 1) {
            let start = coefficients.all.len();
            read_block(mode, plane(block), models, decoder, &mut coefficients.all)
                .map_err(|problem| DecodeError::Blocks(problem.into()))?;
            // A block has 64 at most.
            coefficients.counts.push((coefficients.all.len() - start) as u8);
        }
    }
    Ok(())
}

#[inline(always)]
fn read_block(
    mode: usize,
    plane: Plane,
    models: &mut Models,
    decoder: &mut RangeDecoder<'_>,
    all: &mut Vec<Coefficient>,
) -> Result<(), &'static str> {
    let plane = plane as usize;
    let (mut at, mut before) = (0, 0);
    while at < 64 {
        let number = match decoder.symbol(run_model(models, mode, plane, at)) {
            0 => break,
            LONG_RUN_SYMBOL => {
                at += LONG_RUN;
                continue;
            }
            run => at + run - 1,
        };
        if number > 63 {
            return Err("a coefficient lies outside its block");
        }
        let mut size = decoder.symbol(&mut models.size[plane][size_context(number, before) % 8]) as u32 + 1;
        if size == LARGE {
            let bits = decoder.bits(4).min(MAX_BITS);
            size = LARGE - 1 + (1 << bits) + decoder.bits(bits);
        }
        let sign = decoder.bits(1) as i16;
        // Below 2^15 + 16 by the bits that there are.
        let level = (size.min(i16::MAX as u32) as i16 ^ -sign) + sign;
        all.push(Coefficient { number: number as u8, level });
        (at, before) = (number + 1, size);
    }
    if all.len() > MAX_COEFFICIENTS { Err("there are too many coefficients") } else { Ok(()) }
}

#[cfg(test)]
mod tests {
    use super::{Models, read, write};
    use crate::lossy::coefficients::{Coefficient, Coefficients, Reference};
    use crate::lossy::range::{RangeDecoder, RangeEncoder};

    fn random(seed: u64, sparse: u32) -> Coefficients {
        let mut state = seed | 1;
        let mut next = move |limit: u32| {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            (state >> 33) as u32 % limit
        };
        let mut made = Coefficients::default();
        for _ in 0..40 {
            let pattern = next(64) as u8;
            made.patterns.push(pattern);
            for _ in 0..pattern.count_ones() {
                let mut count = 0;
                for number in 0..64 {
                    if next(sparse) == 0 || number == 63 && count == 0 {
                        let size = [1, 1, 2, 15, 16, 17, 300, 8_000, 32_700][next(9) as usize];
                        let level = if next(2) == 0 { size } else { -size };
                        made.all.push(Coefficient { number, level });
                        count += 1;
                    }
                }
                made.counts.push(count);
            }
        }
        made
    }

    #[test]
    fn coefficients_come_back_and_both_sides_learn_the_same() {
        let (mut writing, mut reading) = (Models::default(), Models::default());
        for (seed, sparse) in [(1, 1), (2, 2), (3, 10), (4, 60), (5, 1_000)] {
            for reference in [Reference::Grey, Reference::Picture] {
                let coefficients = random(seed, sparse);
                let mut encoder = RangeEncoder::new();
                write(coefficients.cursor(), reference, &mut writing, &mut encoder);
                let bytes = encoder.finish();
                let mut decoder = RangeDecoder::new(&bytes);
                let mut back = Coefficients::default();
                read(40, reference, &mut reading, &mut decoder, &mut back).unwrap();
                assert_eq!(decoder.left(), Some(0));
                assert_eq!(back.patterns, coefficients.patterns);
                assert_eq!(back.counts, coefficients.counts);
                assert_eq!(back.all, coefficients.all);
                assert_eq!(writing, reading);
            }
        }
    }

    #[test]
    fn blocks_without_change_cost_next_to_nothing() {
        let still = Coefficients { patterns: vec![0; 3_600], ..Coefficients::default() };
        let mut encoder = RangeEncoder::new();
        write(still.cursor(), Reference::Picture, &mut Models::default(), &mut encoder);
        assert!(encoder.length() < 80, "{}", encoder.length());
    }
}
