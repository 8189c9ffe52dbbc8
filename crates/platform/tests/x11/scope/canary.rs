//! A pattern that is found again, whatever was done to a piece of it: moved, cut, seen through something.
//!
//! Green carries a product of two maximum-length sequences, whose pieces at any shift are found by correlation
//! also where they are weak. Red and blue carry noise that does not repeat, whose runs are found exactly.

use std::collections::HashSet;

/// Period of the sequences.
const PERIOD: usize = 15;
/// One period of a maximum-length sequence (x⁴ + x + 1).
const SEQUENCE: [i32; PERIOD] = [1, -1, -1, -1, 1, 1, 1, -1, 1, 1, -1, -1, 1, -1, 1];
/// Between blocks in which the sequence is looked for: a piece of 16 × 16 fills most of one of them.
const STEP: usize = 7;
/// A block of nothing but noise correlates at 0.07 on an average, one of the pattern at 1.
const LEAST_CORRELATION: f64 = 0.5;
/// In a block that is more even nothing is looked for; one quarter of the canary deviates by 20.
const LEAST_DEVIATION: i32 = 8;
/// Pixels of a run that are compared exactly.
const RUN: usize = 4;
/// Bytes of a run of coded values that are compared exactly.
const CODED_RUN: usize = 8;
/// The largest canary.
const SIDE: usize = 512;

/// The pattern, from a window's upper left corner; opaque if alpha counts.
pub(crate) fn pixel(x: usize, y: usize) -> u32 {
    let noise = (x as u32).wrapping_mul(0x9e37_79b1) ^ (y as u32).wrapping_mul(0x85eb_ca6b) ^ 0x1234_5678;
    let noise = (noise ^ (noise >> 15)).wrapping_mul(0x2c1b_3c6d);
    let noise = noise ^ (noise >> 13);
    let sign = SEQUENCE[x % PERIOD] * SEQUENCE[y % PERIOD];
    let green = if sign > 0 { 0xd0 } else { 0x30 };
    0xff00_0000 | (noise & 0x00ff_00ff) | (green << 8)
}

/// Finds the canary in frames.
pub(crate) struct Detector {
    runs: HashSet<u64>,
    /// The noise as it is coded: differences along a row of red less green, and of blue less green.
    coded: HashSet<u64>,
}

impl Detector {
    pub(crate) fn new() -> Self {
        let row = |y: usize| (0..SIDE).map(|x| pixel(x, y)).collect::<Vec<_>>();
        let runs = (0..SIDE).flat_map(|y| row(y).windows(RUN).map(digest).collect::<Vec<_>>());
        let coded = (0..SIDE).flat_map(|y| [differences(&row(y), 16), differences(&row(y), 0)]);
        let coded = coded.flat_map(|values| values.windows(CODED_RUN).map(number).collect::<Vec<_>>());
        Self { runs: runs.collect(), coded: coded.collect() }
    }

    /// Where a piece of it is in the bytes of a bitstream, if anywhere.
    pub(crate) fn find_coded(&self, bytes: &[u8]) -> Option<usize> {
        let runs = bytes.windows(CODED_RUN).enumerate();
        // Most of what is coded is even, and the canary never.
        let mut uneven = runs.filter(|(_, run)| run[0] != run[1] || run[2] != run[3]);
        uneven.find(|(_, run)| self.coded.contains(&number(run))).map(|(at, _)| at)
    }

    /// Where a piece of it is in a frame of this width, if anywhere.
    pub(crate) fn find(&self, frame: &[u32], width: usize) -> Option<(usize, usize)> {
        self.find_exactly(frame, width).or_else(|| find_weakly(frame, width))
    }

    fn find_exactly(&self, frame: &[u32], width: usize) -> Option<(usize, usize)> {
        frame.chunks_exact(width).enumerate().find_map(|(y, row)| {
            let runs = row.windows(RUN).enumerate();
            // Most of a picture is even, and the canary never.
            let mut uneven = runs.filter(|(_, run)| run[0] != run[1] || run[1] != run[2]);
            uneven.find(|(_, run)| self.runs.contains(&digest(run))).map(|(x, _)| (x, y))
        })
    }
}

/// As the codec has them (PROTOCOL §8, Planes), modulo 256: of the colour that begins at this bit.
fn differences(row: &[u32], shift: u32) -> Vec<u8> {
    let above_green = |pixel: u32| ((pixel >> shift) as u8).wrapping_sub((pixel >> 8) as u8);
    row.windows(2).map(|pair| above_green(pair[1]).wrapping_sub(above_green(pair[0]))).collect()
}

fn number(run: &[u8]) -> u64 {
    run.iter().fold(0, |number, byte| number << 8 | u64::from(*byte))
}

fn digest(run: &[u32]) -> u64 {
    run.iter().fold(0, |digest: u64, pixel| {
        (digest.rotate_left(23) ^ u64::from(pixel & 0x00ff_ffff)).wrapping_mul(0x9e37_79b9_7f4a_7c15)
    })
}

fn find_weakly(frame: &[u32], width: usize) -> Option<(usize, usize)> {
    let height = frame.len() / width;
    let starts = |side: usize| (0..=side.saturating_sub(PERIOD)).step_by(STEP);
    let mut places = starts(height).flat_map(|y| starts(width).map(move |x| (x, y)));
    places.find(|(x, y)| correlates(frame, width, *x, *y))
}

/// Whether a block holds the sequence at any shift.
fn correlates(frame: &[u32], width: usize, x: usize, y: usize) -> bool {
    let mut block = [[0i32; PERIOD]; PERIOD];
    for (dy, row) in block.iter_mut().enumerate() {
        let start = (y + dy) * width + x;
        for (value, pixel) in row.iter_mut().zip(&frame[start..start + PERIOD]) {
            *value = ((pixel >> 8) & 0xff) as i32;
        }
    }
    let count = (PERIOD * PERIOD) as i32;
    let mean = block.iter().flatten().sum::<i32>() / count;
    block.iter_mut().flatten().for_each(|value| *value -= mean);
    let power: i64 = block.iter().flatten().map(|value| i64::from(value * value)).sum();
    if power < i64::from(count) * i64::from(LEAST_DEVIATION * LEAST_DEVIATION) {
        return false;
    }
    let most = (power as f64 * f64::from(count)).sqrt() * LEAST_CORRELATION;
    // The pattern is a product, so columns and rows are summed one after the other.
    let shifted = |values: &[i32; PERIOD], shift: usize| -> i32 {
        (0..PERIOD).map(|at| values[at] * SEQUENCE[(at + shift) % PERIOD]).sum()
    };
    (0..PERIOD).any(|across| {
        let sums: [i32; PERIOD] = std::array::from_fn(|row| shifted(&block[row], across));
        (0..PERIOD).any(|down| most < f64::from(shifted(&sums, down).abs()))
    })
}

/// The detector finds what it is meant to find, and nothing else.
#[test]
fn pieces_of_the_canary_are_found() {
    let detector = Detector::new();
    let (width, height) = (160, 120);
    let stripes: Vec<u32> = (0..width * height)
        .map(|at| if (at % width + at / width) / 16 % 2 == 0 { 0x9a9a9a } else { 0xa6a6a6 })
        .collect();
    assert_eq!(detector.find(&stripes, width), None);
    let noise: Vec<u32> = (0..width * height)
        .map(|at| (pixel(at * 7919 + 600, at + 700) & 0xff00ff) | (((at as u32 * 7) & 0xff) << 8))
        .collect();
    assert_eq!(detector.find(&noise, width), None);
    for (left, top, from_x, from_y) in [(0, 0, 0, 0), (37, 51, 200, 133), (143, 103, 9, 400), (101, 7, 77, 3)]
    {
        let mut frame = stripes.clone();
        for (x, y) in (0..16).flat_map(|y| (0..16).map(move |x| (x, y))) {
            frame[(top + y) * width + left + x] = pixel(from_x + x, from_y + y);
        }
        assert!(detector.find_exactly(&frame, width).is_some(), "{left} {top}");
        assert!(find_weakly(&frame, width).is_some(), "{left} {top}");
        // Seen through something white that lets through a quarter.
        let through = |pixel: u32| {
            let mix = |shift: u32| ((255 * 3 + ((pixel >> shift) & 0xff)) / 4) << shift;
            mix(0) | mix(8) | mix(16)
        };
        let mut veiled = frame.clone();
        veiled.iter_mut().for_each(|pixel| *pixel = through(*pixel));
        assert!(detector.find(&veiled, width).is_some(), "{left} {top}");
    }
}
