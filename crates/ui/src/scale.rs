//! Resampling of pictures in integers: area averaging when shrinking, so that text stays readable; whole
//! pixels when enlarging by a whole number; linear interpolation when enlarging by any other.
//!
//! Rows are mixed first, over contiguous bytes, which compilers turn into vector instructions. Columns
//! follow, with the four channels of a pixel side by side in one word, so that one multiplication weighs all.

use std::ops::Range;

/// Added before a sum is divided by 256, so that it is rounded to the nearest.
const HALF: u16 = 128;
/// The same for each channel of a pixel in a word.
const HALVES: u64 = 0x0080_0080_0080_0080;

/// How one side of a picture maps to one side of its place: every target pixel is made of `taps` source
/// pixels in a row, with weights that add up to 256.
#[derive(Debug)]
struct Axis {
    source: usize,
    taps: usize,
    /// The first source pixel of each target pixel.
    starts: Vec<u32>,
    /// `taps` weights for each target pixel.
    weights: Vec<u16>,
}

impl Axis {
    fn new(source: usize, target: usize) -> Self {
        let shares = if source <= target { linear } else { area };
        let spans: Vec<(usize, Vec<u64>)> = (0..target).map(|index| shares(source, target, index)).collect();
        let taps = spans.iter().map(|(_, shares)| shares.len()).max().unwrap_or(0);
        let mut axis = Self { source, taps, starts: Vec::new(), weights: Vec::new() };
        for (start, shares) in spans {
            // What is not needed at the far end weighs nothing at the near one.
            let first = start.min(source - taps);
            axis.starts.push(first as u32);
            let before = start - first;
            let after = taps - before - shares.len();
            axis.weights.extend(std::iter::repeat_n(0, before));
            axis.weights.extend(to_256(&shares));
            axis.weights.extend(std::iter::repeat_n(0, after));
        }
        axis
    }

    /// The source pixels that these target pixels are made of.
    fn sources(&self, target: Range<usize>) -> Range<usize> {
        let starts = self.starts.get(target).unwrap_or_default();
        let start = starts.first().map_or(0, |start| *start as usize);
        start..starts.last().map_or(start, |last| *last as usize + self.taps)
    }

    /// The target pixels that these source pixels may have a part in.
    fn targets(&self, source: Range<usize>) -> Range<usize> {
        let start = self.starts.partition_point(|start| *start as usize + self.taps <= source.start);
        let end = self.starts.partition_point(|start| (*start as usize) < source.end);
        start..end.max(start)
    }

    fn weights(&self, target: Range<usize>) -> &[u16] {
        self.weights.get(target.start * self.taps..target.end * self.taps).unwrap_or_default()
    }
}

/// What part of each source pixel a target pixel covers, counted so that a whole source pixel is `target`.
fn area(source: usize, target: usize, index: usize) -> (usize, Vec<u64>) {
    let (from, to) = (index * source, (index + 1) * source);
    let (start, end) = (from / target, to.div_ceil(target));
    let covered = |pixel: usize| (to.min((pixel + 1) * target) - from.max(pixel * target)) as u64;
    (start, (start..end).map(covered).collect())
}

/// The two source pixels between whose centres that of a target pixel lies, the nearer the heavier.
fn linear(source: usize, target: usize, index: usize) -> (usize, Vec<u64>) {
    let whole = 2 * target;
    let centre = ((2 * index + 1) * source).saturating_sub(target).min((source - 1) * whole);
    let (start, part) = (centre / whole, (centre % whole) as u64);
    (start, if part == 0 { vec![1] } else { vec![whole as u64 - part, part] })
}

/// Rounds shares to whole 256ths that add up to one.
fn to_256(shares: &[u64]) -> impl Iterator<Item = u16> {
    let whole: u64 = shares.iter().sum::<u64>().max(1);
    let mut sum = 0;
    shares.iter().map(move |share| {
        let before = (sum * 512 / whole).div_ceil(2);
        sum += share;
        ((sum * 512 / whole).div_ceil(2) - before) as u16
    })
}

/// How pixels are made.
#[derive(Debug)]
enum Filter {
    /// Each is repeated this often in both directions.
    Repeat(usize),
    /// By weights.
    Weigh { x: Axis, y: Axis },
}

/// Brings a picture of one size to another, in parts.
#[derive(Debug)]
pub(crate) struct Scaler {
    source: (usize, usize),
    target: (usize, usize),
    filter: Filter,
    /// A mixed row: four channels of sixteen bits a pixel.
    row: Vec<u64>,
}

impl Scaler {
    /// From one width and height to another; neither may be 0.
    pub(crate) fn new(source: (usize, usize), target: (usize, usize)) -> Self {
        let times = target.0 / source.0.max(1);
        let filter = if target == (source.0 * times, source.1 * times) {
            Filter::Repeat(times)
        } else {
            Filter::Weigh { x: Axis::new(source.0, target.0), y: Axis::new(source.1, target.1) }
        };
        Self { source, target, filter, row: Vec::new() }
    }

    pub(crate) fn matches(&self, source: (usize, usize), target: (usize, usize)) -> bool {
        self.source == source && self.target == target
    }

    /// The target pixels, columns and rows, that change with these source pixels.
    pub(crate) fn targets(&self, columns: Range<usize>, rows: Range<usize>) -> (Range<usize>, Range<usize>) {
        match &self.filter {
            Filter::Repeat(times) => {
                let enlarge = |range: Range<usize>| range.start * times..range.end * times;
                (enlarge(columns), enlarge(rows))
            }
            Filter::Weigh { x, y } => (x.targets(columns), y.targets(rows)),
        }
    }

    /// Makes the target pixels `columns` × `rows`. The first of them becomes the first of `out`, whose rows
    /// are `stride` pixels apart.
    pub(crate) fn scale(
        &mut self,
        pixels: &[u32],
        columns: Range<usize>,
        rows: Range<usize>,
        out: &mut [u32],
        stride: usize,
    ) {
        match &self.filter {
            Filter::Repeat(times) => {
                repeat(pixels, self.source.0, *times, columns, rows, out, stride);
            }
            Filter::Weigh { x, y } => {
                let sources = x.sources(columns.clone());
                self.row.resize(sources.len(), 0);
                for (row, line) in rows.zip(out.chunks_mut(stride.max(1))) {
                    let first = y.starts.get(row).map_or(0, |start| *start as usize);
                    let weights = y.weights(row..row + 1);
                    let lines = (first..).zip(weights).filter(|(_, weight)| **weight > 0);
                    let lines = lines.map(|(source, weight)| {
                        let start = source * x.source;
                        let line = pixels.get(start + sources.start..start + sources.end);
                        (bytemuck::cast_slice(line.unwrap_or_default()), *weight)
                    });
                    mix(bytemuck::cast_slice_mut(&mut self.row), lines);
                    let line = line.get_mut(..columns.len()).unwrap_or_default();
                    gather(line, &self.row, sources.start, x, columns.clone());
                }
            }
        }
    }
}

fn repeat(
    pixels: &[u32],
    width: usize,
    times: usize,
    columns: Range<usize>,
    rows: Range<usize>,
    out: &mut [u32],
    stride: usize,
) {
    let mut made: Option<(usize, usize)> = None;
    for (index, row) in rows.enumerate() {
        let (source, at) = (row / times, index * stride);
        if let Some((_, before)) = made.filter(|(before, _)| *before == source) {
            out.copy_within(before..before + columns.len(), at);
            continue;
        }
        made = Some((source, at));
        let Some(mut line) = out.get_mut(at..at + columns.len()) else { return };
        let mut from = columns.start;
        for pixel in pixels.get(source * width + from / times..).unwrap_or_default() {
            let count = (times - from % times).min(line.len());
            let Some((same, rest)) = line.split_at_mut_checked(count).filter(|(same, _)| !same.is_empty())
            else {
                break;
            };
            same.fill(*pixel);
            (line, from) = (rest, from + count);
        }
    }
}

/// The weighted sum of lines, channel by channel, divided by 256. Few lines are the rule.
fn mix<'a>(out: &mut [u16], mut lines: impl Iterator<Item = (&'a [u8], u16)>) {
    match (lines.next(), lines.next(), lines.next()) {
        (Some((a, _)), None, _) => {
            for (out, a) in out.iter_mut().zip(a) {
                *out = u16::from(*a);
            }
        }
        (Some((a, p)), Some((b, q)), None) => {
            for ((out, a), b) in out.iter_mut().zip(a).zip(b) {
                *out = (u16::from(*a) * p + u16::from(*b) * q + HALF) >> 8;
            }
        }
        (Some((a, p)), Some((b, q)), Some((c, r))) => {
            let weigh = |a: &u8, b: &u8, c: &u8| u16::from(*a) * p + u16::from(*b) * q + u16::from(*c) * r;
            let Some(fourth) = lines.next() else {
                for (((out, a), b), c) in out.iter_mut().zip(a).zip(b).zip(c) {
                    *out = (weigh(a, b, c) + HALF) >> 8;
                }
                return;
            };
            for (((out, a), b), c) in out.iter_mut().zip(a).zip(b).zip(c) {
                *out = weigh(a, b, c);
            }
            for (line, weight) in std::iter::once(fourth).chain(lines) {
                for (out, channel) in out.iter_mut().zip(line) {
                    *out += u16::from(*channel) * weight;
                }
            }
            for out in out {
                *out = (*out + HALF) >> 8;
            }
        }
        (None, ..) => {}
    }
}

/// Makes a target line from a mixed row, which begins with the source pixel `origin`.
fn gather(line: &mut [u32], row: &[u64], origin: usize, x: &Axis, columns: Range<usize>) {
    let (starts, weights) = (x.starts.get(columns.clone()).unwrap_or_default(), x.weights(columns));
    match x.taps {
        1 => gather_exactly::<1>(line, row, origin, starts, weights),
        2 => gather_exactly::<2>(line, row, origin, starts, weights),
        3 => gather_exactly::<3>(line, row, origin, starts, weights),
        4 => gather_exactly::<4>(line, row, origin, starts, weights),
        taps => {
            for ((out, start), weights) in line.iter_mut().zip(starts).zip(weights.chunks_exact(taps)) {
                let pixels = row.get(*start as usize - origin..).unwrap_or_default();
                *out =
                    pixel(pixels.iter().zip(weights).map(|(pixel, weight)| pixel * u64::from(*weight)).sum());
            }
        }
    }
}

fn gather_exactly<const TAPS: usize>(
    line: &mut [u32],
    row: &[u64],
    origin: usize,
    starts: &[u32],
    weights: &[u16],
) {
    for ((out, start), weights) in line.iter_mut().zip(starts).zip(weights.as_chunks::<TAPS>().0) {
        if let Some(pixels) = row.get(*start as usize - origin..).and_then(|rest| rest.first_chunk::<TAPS>())
        {
            let mut sum = 0;
            for (pixel, weight) in pixels.iter().zip(weights) {
                sum += pixel * u64::from(*weight);
            }
            *out = pixel(sum);
        }
    }
}

/// A pixel from the sums of its channels.
fn pixel(sums: u64) -> u32 {
    let channels = (sums + HALVES) >> 8;
    (channels & 0xff | channels >> 8 & 0xff00 | channels >> 16 & 0x00ff_0000) as u32
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scaled(pixels: &[u32], source: (usize, usize), target: (usize, usize)) -> Vec<u32> {
        let mut out = vec![0; target.0 * target.1];
        Scaler::new(source, target).scale(pixels, 0..target.0, 0..target.1, &mut out, target.0);
        out
    }

    fn noise(len: usize) -> Vec<u32> {
        (0..len as u32).map(|n| n.wrapping_mul(2_654_435_761) & 0x00ff_ffff).collect()
    }

    /// The same by floating-point numbers, pixel by pixel, as far as its channels may be apart.
    fn reference(
        pixels: &[u32],
        source: (usize, usize),
        target: (usize, usize),
        at: (usize, usize),
    ) -> [f64; 3] {
        let shares = |source: usize, target: usize, index: usize| {
            let (from, to) = (
                index as f64 * source as f64 / target as f64,
                (index + 1) as f64 * source as f64 / target as f64,
            );
            (0..source)
                .map(|pixel| (to.min(pixel as f64 + 1.0) - from.max(pixel as f64)).max(0.0) / (to - from))
                .collect::<Vec<_>>()
        };
        let (x, y) = (shares(source.0, target.0, at.0), shares(source.1, target.1, at.1));
        [16, 8, 0].map(|shift| {
            let mut sum = 0.0;
            for (row, y) in y.iter().enumerate() {
                for (column, x) in x.iter().enumerate() {
                    sum += f64::from(pixels[row * source.0 + column] >> shift & 0xff) * x * y;
                }
            }
            sum
        })
    }

    #[test]
    fn shrinking_averages_what_a_pixel_covers() {
        let pixels = [0x00ff_ffff, 0, 0, 0x00ff_ffff];
        assert_eq!(scaled(&pixels, (2, 2), (1, 1)), [0x0080_8080]);
        assert_eq!(scaled(&[0x0030_0000, 0x0060_0000, 0x0090_0000], (3, 1), (1, 1)), [0x0060_0000]);
    }

    #[test]
    fn shrinking_by_any_part_is_as_near_to_the_average_as_rounding_lets_it_be() {
        for (source, target) in
            [((40, 30), (23, 17)), ((37, 11), (36, 10)), ((50, 40), (9, 7)), ((64, 8), (7, 1))]
        {
            let pixels = noise(source.0 * source.1);
            let made = scaled(&pixels, source, target);
            for (index, pixel) in made.iter().enumerate() {
                let exact = reference(&pixels, source, target, (index % target.0, index / target.0));
                for (shift, exact) in [16, 8, 0].into_iter().zip(exact) {
                    let channel = f64::from(pixel >> shift & 0xff);
                    assert!((channel - exact).abs() < 3.0, "{source:?} {target:?} {channel} {exact}");
                }
            }
        }
    }

    #[test]
    fn flat_colour_stays_exact_at_every_size() {
        for (source, target) in [
            ((7, 5), (3, 2)),
            ((7, 5), (7, 5)),
            ((3, 2), (11, 9)),
            ((3, 2), (12, 8)),
            ((1, 1), (5, 9)),
            ((90, 40), (1, 1)),
            ((1920, 4), (1279, 3)),
        ] {
            for colour in [0x0012_34fe, 0x00ff_ffff] {
                let pixels = vec![colour; source.0 * source.1];
                assert!(scaled(&pixels, source, target).iter().all(|pixel| *pixel == colour), "{source:?}");
            }
        }
    }

    #[test]
    fn whole_multiples_repeat_pixels_and_mix_nothing() {
        let pixels = noise(35);
        for times in 1..5 {
            let made = scaled(&pixels, (7, 5), (7 * times, 5 * times));
            for (index, pixel) in made.iter().enumerate() {
                let (column, row) = (index % (7 * times) / times, index / (7 * times) / times);
                assert_eq!(*pixel, pixels[row * 7 + column], "{times} {index}");
            }
        }
    }

    #[test]
    fn enlarging_lies_between_neighbours() {
        let made = scaled(&[0, 0x0000_00ff], (2, 1), (5, 1));
        assert_eq!((made[0], made[4]), (0, 0xff));
        assert!(made.is_sorted(), "{made:x?}");
        assert_eq!(made[2], 0x80);
    }

    #[test]
    fn a_part_is_the_same_as_that_part_of_the_whole() {
        let pixels = noise(1200);
        for target in [(23, 17), (60, 45), (80, 60), (40, 30), (120, 90), (9, 6)] {
            let whole = scaled(&pixels, (40, 30), target);
            let mut scaler = Scaler::new((40, 30), target);
            for (columns, rows) in [(5..9, 3..6), (0..1, 0..1), (2..target.0, 5..target.1)] {
                let mut out = vec![0xdead; 200 * rows.len()];
                scaler.scale(&pixels, columns.clone(), rows.clone(), &mut out, 200);
                for (row, line) in rows.zip(out.chunks(200)) {
                    let start = row * target.0;
                    assert_eq!(
                        line[..columns.len()],
                        whole[start + columns.start..start + columns.end],
                        "{target:?}"
                    );
                    assert!(line[columns.len()..].iter().all(|pixel| *pixel == 0xdead), "beside it");
                }
            }
        }
    }

    #[test]
    fn targets_cover_every_pixel_that_a_source_pixel_touches_and_hardly_more() {
        let (width, height) = (40, 3);
        for target in [(23, 2), (60, 4), (80, 6)] {
            let mut scaler = Scaler::new((width, height), target);
            let black = vec![0; width * height];
            for source in 0..width {
                let mut pixels = black.clone();
                pixels[width + source] = 0x00ff_ffff;
                let mut out = vec![0; target.0 * target.1];
                scaler.scale(&pixels, 0..target.0, 0..target.1, &mut out, target.0);
                let (columns, rows) = scaler.targets(source..source + 1, 1..2);
                for (index, pixel) in out.iter().enumerate() {
                    let inside = columns.contains(&(index % target.0)) && rows.contains(&(index / target.0));
                    assert!(inside || *pixel == 0, "{source} at {target:?}: {index}");
                }
                let needed =
                    out.chunks(target.0).map(|row| row.iter().filter(|pixel| **pixel > 0).count()).max();
                assert!(columns.len() <= needed.unwrap() + 2, "{source} at {target:?}: {columns:?}");
            }
        }
    }

    /// `cargo nextest run -p deskside-ui --release --run-ignored only --no-capture speed`
    #[test]
    #[ignore = "measures and prints; run alone, in the release profile"]
    fn speed() {
        let source = (1920, 1080);
        let pixels = noise(source.0 * source.1);
        for target in [(1120, 630), (1856, 1044), (960, 540), (2880, 1620), (3840, 2160)] {
            let (columns, rows) = (target.0.min(1920), target.1.min(1080));
            let mut out = vec![0; columns * rows];
            let mut scaler = Scaler::new(source, target);
            let mut once = || {
                let began = std::time::Instant::now();
                scaler.scale(&pixels, 0..columns, 0..rows, &mut out, columns);
                began.elapsed().as_secs_f64()
            };
            let best = (0..9).map(|_| once()).fold(f64::INFINITY, f64::min);
            let each = best * 1e9 / (columns * rows) as f64;
            println!("{source:?} to {target:?}: {:.2} ms, {each:.2} ns a pixel", best * 1e3);
        }
    }
}
