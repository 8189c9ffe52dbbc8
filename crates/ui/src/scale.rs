//! Resampling of pictures: exact area averaging when shrinking, linear interpolation when enlarging.

/// How one side of a picture maps to one side of its place: for every target pixel the source pixels that
/// it is made of, with weights that add up to 256.
#[derive(Debug)]
pub(crate) struct Axis {
    source: usize,
    spans: Vec<Span>,
    weights: Vec<u32>,
}

#[derive(Debug, Clone, Copy)]
struct Span {
    start: usize,
    weight: usize,
    len: usize,
}

impl Axis {
    pub(crate) fn new(source: usize, target: usize) -> Self {
        let mut axis = Self { source, spans: Vec::with_capacity(target), weights: Vec::new() };
        for index in 0..target {
            let (start, shares) =
                if source <= target { linear(source, target, index) } else { area(source, target, index) };
            axis.spans.push(Span { start, weight: axis.weights.len(), len: shares.len() });
            axis.weights.extend(to_256(&shares));
        }
        axis
    }

    pub(crate) fn matches(&self, source: usize, target: usize) -> bool {
        self.source == source && self.spans.len() == target
    }

    /// The source pixels that these target pixels are made of.
    fn sources(&self, target: std::ops::Range<usize>) -> std::ops::Range<usize> {
        let spans = self.spans.get(target).unwrap_or_default();
        let start = spans.first().map_or(0, |span| span.start);
        start..spans.last().map_or(start, |span| span.start + span.len)
    }

    /// The target pixels that these source pixels have a part in.
    pub(crate) fn targets(&self, source: std::ops::Range<usize>) -> std::ops::Range<usize> {
        let start = self.spans.partition_point(|span| span.start + span.len <= source.start);
        let end = self.spans.partition_point(|span| span.start < source.end);
        start..end.max(start)
    }

    fn taps(&self, target: usize) -> (usize, &[u32]) {
        let Some(span) = self.spans.get(target) else { return (0, &[]) };
        (span.start, self.weights.get(span.weight..span.weight + span.len).unwrap_or_default())
    }
}

fn area(source: usize, target: usize, index: usize) -> (usize, Vec<f64>) {
    let step = source as f64 / target as f64;
    let (from, to) = (index as f64 * step, (index + 1) as f64 * step);
    let start = (from.floor() as usize).min(source - 1);
    let end = (to.ceil() as usize).clamp(start + 1, source);
    let covered = |pixel: usize| (to.min((pixel + 1) as f64) - from.max(pixel as f64)).max(0.0);
    (start, (start..end).map(covered).collect())
}

fn linear(source: usize, target: usize, index: usize) -> (usize, Vec<f64>) {
    let centre = (index as f64 + 0.5) * source as f64 / target as f64 - 0.5;
    let centre = centre.clamp(0.0, (source - 1) as f64);
    let start = centre.floor() as usize;
    let part = centre - centre.floor();
    if start + 1 < source && part > 0.0 { (start, vec![1.0 - part, part]) } else { (start, vec![1.0]) }
}

/// Rounds shares to whole 256ths; what rounding leaves over goes to the largest.
fn to_256(shares: &[f64]) -> Vec<u32> {
    let sum: f64 = shares.iter().sum();
    let mut weights: Vec<u32> = shares.iter().map(|share| (share / sum * 256.0).round() as u32).collect();
    let rounded: u32 = weights.iter().sum();
    if let Some(largest) = weights.iter_mut().max() {
        *largest = (*largest + 256).saturating_sub(rounded);
    }
    weights
}

/// Sums of weighted pixels, red and blue in one word and green in another.
#[derive(Clone, Copy, Default)]
struct Sum {
    red_blue: u32,
    green: u32,
}

impl Sum {
    fn add(&mut self, pixel: u32, weight: u32) {
        self.red_blue += (pixel & 0x00ff_00ff) * weight;
        self.green += (pixel >> 8 & 0xff) * weight;
    }

    fn pixel(self) -> u32 {
        (self.red_blue >> 8 & 0x00ff_00ff) | (self.green & 0xff00)
    }
}

/// Both axes and the memory of the pass between them.
#[derive(Debug)]
pub(crate) struct Scaler {
    pub(crate) x: Axis,
    pub(crate) y: Axis,
    between: Vec<u32>,
}

impl Scaler {
    pub(crate) fn new(source: (usize, usize), target: (usize, usize)) -> Self {
        let (x, y) = (Axis::new(source.0, target.0), Axis::new(source.1, target.1));
        Self { x, y, between: Vec::new() }
    }

    pub(crate) fn matches(&self, source: (usize, usize), target: (usize, usize)) -> bool {
        self.x.matches(source.0, target.0) && self.y.matches(source.1, target.1)
    }

    /// Makes the target pixels `columns` × `rows`, row by row, and hands each row to `put`.
    pub(crate) fn scale(
        &mut self,
        pixels: &[u32],
        columns: std::ops::Range<usize>,
        rows: std::ops::Range<usize>,
        mut put: impl FnMut(usize, &[u32]),
    ) {
        let width = columns.len();
        let sources = self.y.sources(rows.clone());
        self.between.clear();
        for source in sources.clone() {
            let row = pixels.get(source * self.x.source..).unwrap_or_default();
            self.between.extend(columns.clone().map(|column| {
                let (start, weights) = self.x.taps(column);
                let mut sum = Sum::default();
                for (pixel, weight) in row.get(start..).unwrap_or_default().iter().zip(weights) {
                    sum.add(*pixel, *weight);
                }
                sum.pixel()
            }));
        }
        let mut sums = vec![Sum::default(); width];
        let mut line = vec![0; width];
        for row in rows {
            let (start, weights) = self.y.taps(row);
            sums.fill(Sum::default());
            for (source, weight) in (start - sources.start..).zip(weights) {
                let between = self.between.get(source * width..).unwrap_or_default();
                for (sum, pixel) in sums.iter_mut().zip(between) {
                    sum.add(*pixel, *weight);
                }
            }
            for (pixel, sum) in line.iter_mut().zip(&sums) {
                *pixel = sum.pixel();
            }
            put(row, &line);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scaled(pixels: &[u32], source: (usize, usize), target: (usize, usize)) -> Vec<u32> {
        let mut out = Vec::new();
        Scaler::new(source, target)
            .scale(pixels, 0..target.0, 0..target.1, |_, row| out.extend_from_slice(row));
        out
    }

    #[test]
    fn shrinking_averages_what_a_pixel_covers() {
        let pixels = [0x00ff_ffff, 0, 0, 0x00ff_ffff];
        assert_eq!(scaled(&pixels, (2, 2), (1, 1)), [0x007f_7f7f]);
        assert_eq!(scaled(&[0x0030_0000, 0x0060_0000, 0x0090_0000], (3, 1), (1, 1)), [0x0060_0000]);
    }

    #[test]
    fn flat_colour_stays_exact_at_every_size() {
        for (source, target) in
            [((7, 5), (3, 2)), ((7, 5), (7, 5)), ((3, 2), (11, 9)), ((1920, 4), (1279, 3))]
        {
            let pixels = vec![0x0012_34fe; source.0 * source.1];
            assert!(scaled(&pixels, source, target).iter().all(|pixel| *pixel == 0x0012_34fe), "{source:?}");
        }
    }

    #[test]
    fn a_part_is_the_same_as_that_part_of_the_whole() {
        let source = (40, 30);
        let pixels: Vec<u32> = (0..1200u32).map(|n| n.wrapping_mul(2_654_435_761) & 0x00ff_ffff).collect();
        let whole = scaled(&pixels, source, (23, 17));
        let mut scaler = Scaler::new(source, (23, 17));
        scaler.scale(&pixels, 5..9, 3..7, |row, line| assert_eq!(line, &whole[row * 23 + 5..row * 23 + 9]));
    }

    #[test]
    fn targets_cover_every_pixel_that_a_source_pixel_touches() {
        let axis = Axis::new(40, 23);
        for source in 0..40 {
            let targets = axis.targets(source..source + 1);
            for target in 0..23 {
                let (start, weights) = axis.taps(target);
                let touched = (start..start + weights.len()).contains(&source);
                assert_eq!(targets.contains(&target), touched, "{source} {target}");
            }
        }
    }
}
