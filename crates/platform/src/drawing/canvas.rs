//! A bitmap of a few colours and nothing, as large as one mark.

use deskside_codec::Rect;

/// A place between pixels.
pub(super) type Spot = (f32, f32);

/// Nothing: what lies below is seen.
pub(super) const NOTHING: u8 = 0;
/// The rim.
pub(super) const RIM: u8 = 1;
/// The body, or the plate below letters.
pub(super) const BODY: u8 = 2;
/// As many shades lead from the body to the ink; the last one is the ink.
pub(super) const SHADES: u8 = 8;

/// The colours, `0x00RRGGBB`.
#[derive(Debug, Clone, Copy)]
pub(super) struct Palette {
    pub(super) rim: u32,
    pub(super) body: u32,
    pub(super) ink: u32,
}

/// Pixels of one value in a row, in pixels of the screen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Run {
    pub(crate) x: u32,
    pub(crate) y: u32,
    pub(crate) width: u32,
    /// For [`Canvas::colour`].
    pub(crate) value: u8,
}

/// The bitmap: its place on the screen and its pixels.
#[derive(Debug)]
pub(crate) struct Canvas {
    pub(crate) x: u32,
    pub(crate) y: u32,
    pub(crate) width: u32,
    pub(crate) height: u32,
    palette: Palette,
    pixels: Vec<u8>,
}

impl Canvas {
    /// Empty, of a place that is not.
    pub(super) fn new(place: Rect, palette: Palette) -> Self {
        let Rect { x, y, width, height } = place;
        let pixels = vec![NOTHING; width as usize * height as usize];
        Self { x, y, width, height, palette, pixels }
    }

    /// Empty, large enough for these spots with a margin, cut to the limits; `None` if nothing is left.
    pub(super) fn around(
        spots: impl Iterator<Item = Spot>,
        margin: f32,
        limits: Rect,
        palette: Palette,
    ) -> Option<Self> {
        let start = (f32::MAX, f32::MAX, f32::MIN, f32::MIN);
        let (left, top, right, bottom) = spots.fold(start, |(left, top, right, bottom), (x, y)| {
            (left.min(x), top.min(y), right.max(x), bottom.max(y))
        });
        let cut = |low: f32, high: f32, start: u32, length: u32| {
            let low = ((low - margin).floor().max(0.0) as u32).max(start);
            let high = ((high + margin).ceil().max(0.0) as u32).min(start + length);
            (low, high.saturating_sub(low))
        };
        let (x, width) = cut(left, right, limits.x, limits.width);
        let (y, height) = cut(top, bottom, limits.y, limits.height);
        (width != 0 && height != 0).then(|| Self::new(Rect { x, y, width, height }, palette))
    }

    /// The colour of a run's value, `0x00RRGGBB`.
    pub(crate) fn colour(&self, value: u8) -> u32 {
        let Palette { rim, body, ink } = self.palette;
        match value {
            NOTHING | RIM => rim,
            BODY => body,
            shade => {
                let share = u32::from(shade - BODY).min(SHADES.into());
                let mix = |shift: u32| {
                    let (from, to) = (body >> shift & 0xff, ink >> shift & 0xff);
                    ((from * (u32::from(SHADES) - share) + to * share) / u32::from(SHADES)) << shift
                };
                mix(16) | mix(8) | mix(0)
            }
        }
    }

    /// Every run of pixels that are drawn, row by row.
    pub(crate) fn runs(&self) -> impl Iterator<Item = Run> + '_ {
        let rows = self.pixels.chunks_exact(self.width as usize).zip(self.y..);
        rows.flat_map(move |(row, y)| {
            let mut x = self.x;
            row.chunk_by(|one, next| one == next).filter_map(move |same| {
                let run = Run { x, y, width: same.len() as u32, value: same[0] };
                x += run.width;
                (run.value != NOTHING).then_some(run)
            })
        })
    }

    /// Takes everything within a rectangle of the screen away.
    pub(crate) fn erase(&mut self, place: Rect) {
        for y in place.y..place.y.saturating_add(place.height) {
            self.fill_row(y.into(), place.x.into(), place.x.saturating_add(place.width).into(), |_| NOTHING);
        }
    }

    /// Draws a line through all spots; a single one is a dot.
    pub(super) fn stroke(&mut self, path: &[Spot], radius: f32, value: u8) {
        if let [only] = path {
            self.disc(*only, radius, value);
        }
        for ends in path.windows(2) {
            let ((x0, y0), (x1, y1)) = (ends[0], ends[1]);
            // A disc for every pixel of the longer side leaves no gaps.
            let steps = (x1 - x0).abs().max((y1 - y0).abs()).ceil().max(1.0);
            for step in 0..=steps as u32 {
                let share = step as f32 / steps;
                self.disc((x0 + (x1 - x0) * share, y0 + (y1 - y0) * share), radius, value);
            }
        }
    }

    /// Fills a disc.
    fn disc(&mut self, (x, y): Spot, radius: f32, value: u8) {
        for row in (y - radius).ceil() as i64..=(y + radius).floor() as i64 {
            let half = (radius.powi(2) - (row as f32 - y).powi(2)).max(0.0).sqrt();
            self.fill_row(row, (x - half).round() as i64, (x + half).round() as i64 + 1, |_| value);
        }
    }

    /// Changes the pixels of a row from one column up to another, as far as they are here.
    pub(super) fn fill_row(&mut self, row: i64, from: i64, to: i64, change: impl Fn(u8) -> u8) {
        let within =
            |at: i64, start: u32, length: u32| (at - i64::from(start)).clamp(0, length.into()) as usize;
        let (from, to) = (within(from, self.x, self.width), within(to, self.x, self.width));
        if row < self.y.into() || i64::from(self.y + self.height) <= row || to <= from {
            return;
        }
        let start = within(row, self.y, self.height) * self.width as usize;
        for pixel in &mut self.pixels[start + from..start + to] {
            *pixel = change(*pixel);
        }
    }
}
