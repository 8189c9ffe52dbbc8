//! Screens for the tests: a frame that is drawn on, and random numbers that are the same every time.

use std::time::Duration;

use deskside_codec::{Encoder, FrameView, Rect};

/// xorshift64*; its low bits are weak, so numbers are taken from the high ones.
pub(crate) struct Random(pub(crate) u64);

impl Random {
    pub(crate) fn next(&mut self) -> u32 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        (self.0.wrapping_mul(0x2545_F491_4F6C_DD1D) >> 32) as u32
    }

    pub(crate) fn below(&mut self, limit: u32) -> u32 {
        ((u64::from(self.next()) * u64::from(limit)) >> 32) as u32
    }
}

/// The next update. When nothing can be done before what was sent roughly has rested, that time passes.
pub(crate) fn next(
    encoder: &mut Encoder,
    screen: &Screen,
    budget: usize,
    focus: Option<(u32, u32)>,
    now: &mut Duration,
) -> Option<Vec<u8>> {
    loop {
        let update = encoder.at(*now).next_update(&screen.view(), budget, focus).unwrap();
        if update.is_some() || encoder.is_clean() {
            return update;
        }
        *now = encoder.next_due().unwrap();
    }
}

/// What is drawn into a rectangle.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Paint {
    Solid(u32),
    Noise(u64),
    /// Dark strokes on light ground, like letters.
    Text(u64),
    /// A smooth slope with a little noise, like a photograph.
    Photo(u64),
    /// Picture number of a film: soft light that drifts, with grain.
    Film(u32),
    /// Picture number of a film: a camera that swings over hills and grass, by parts of pixels.
    Camera(u32),
}

/// A screen with a stride that is no multiple of a row, and rubbish in the unused bytes.
pub(crate) struct Screen {
    pub(crate) width: u32,
    pub(crate) height: u32,
    stride: usize,
    data: Vec<u8>,
}

impl Screen {
    pub(crate) fn new(width: u32, height: u32) -> Self {
        let stride = width as usize * 4 + 12;
        Self { width, height, stride, data: vec![0xA5; stride * height as usize] }.with_black()
    }

    fn with_black(mut self) -> Self {
        self.paint(Rect::new(0, 0, self.width, self.height), Paint::Solid(0));
        self
    }

    pub(crate) fn paint(&mut self, rect: Rect, paint: Paint) {
        let rect = rect.clipped(self.width, self.height);
        let seed = match paint {
            Paint::Noise(seed) | Paint::Text(seed) | Paint::Photo(seed) => seed,
            Paint::Film(number) | Paint::Camera(number) => u64::from(number),
            Paint::Solid(_) => 0,
        };
        let mut random = Random(seed | 1);
        for y in rect.y..rect.bottom() {
            for x in rect.x..rect.right() {
                let colour = match paint {
                    Paint::Solid(colour) => colour,
                    Paint::Noise(_) => random.next(),
                    Paint::Text(_) => {
                        let letter = Random(
                            seed.wrapping_mul(31) ^ u64::from(x / 8) << 20 ^ u64::from(y / 16) << 1 | 1,
                        )
                        .next();
                        let stroke = (letter >> ((x % 8 / 2) + 4 * (y % 16 / 2))) & 1 == 1 && y % 16 > 3;
                        if stroke { 0x0020_2020 } else { 0x00F8_F8F8 }
                    }
                    Paint::Film(number) => {
                        let (x, y, time) = (x as f32, y as f32, number as f32 / 24.0);
                        let grain = random.below(9) as f32;
                        let (a, b) = ((x / 47.0 + time * 1.3).sin(), (y / 29.0 + time * 2.1).cos());
                        let (c, d) = ((x / 113.0 - time).cos(), (y / 61.0 - time * 0.7).sin());
                        let level = |a: f32, b: f32| (118.0 + 58.0 * a + 52.0 * b + grain) as u32;
                        level(a * d, c) << 16 | level(c, d) << 8 | level(a, b)
                    }
                    Paint::Camera(number) => {
                        let (x, y) = (x as f32 + 2.5 * number as f32, y as f32 + 1.2 * number as f32);
                        let wave = |across: f32, down: f32| (x / across).sin() * (y / down).cos();
                        let grass = 12.0 * wave(2.3, 3.1) + 14.0 * wave(5.0, 7.0) + 16.0 * wave(17.0, 13.0);
                        let light = 110.0 + grass + if y > 120.0 + x / 3.0 { 40.0 } else { 0.0 };
                        let level = |tint: f32, grain: f32| (light * tint + grain) as u32;
                        let grain = random.below(8) as f32;
                        level(1.1, grain) << 16 | level(1.0, grain) << 8 | level(0.8, grain)
                    }
                    Paint::Photo(_) => {
                        let noise = random.below(8);
                        let (r, g, b) = ((x + y) / 9 + noise, x / 7 + noise, y / 5 + 2 * noise);
                        (r & 255) << 16 | (g & 255) << 8 | (b & 255)
                    }
                };
                let at = y as usize * self.stride + x as usize * 4;
                self.data[at..at + 4].copy_from_slice(&(colour & 0x00FF_FFFF | 0x7700_0000).to_le_bytes());
            }
        }
    }

    /// Moves what is in a rectangle, as far as it stays inside; what comes in from outside it is what was there.
    pub(crate) fn shift(&mut self, rect: Rect, x: i32, y: i32) {
        let before = self.data.clone();
        let rect = rect.clipped(self.width, self.height);
        for (row, column) in (rect.y..rect.bottom()).flat_map(|y| (rect.x..rect.right()).map(move |x| (y, x)))
        {
            let from = (column.checked_add_signed(-x)).zip(row.checked_add_signed(-y));
            let from = from.filter(|(x, y)| rect.contains(&Rect::new(*x, *y, 1, 1)));
            if let Some((x, y)) = from {
                let at = |x: u32, y: u32| y as usize * self.stride + x as usize * 4;
                let (from, to) = (at(x, y), at(column, row));
                self.data[to..to + 4].copy_from_slice(&before[from..from + 4]);
            }
        }
    }

    pub(crate) fn view(&self) -> FrameView<'_> {
        FrameView::new(self.width, self.height, self.stride, &self.data).unwrap()
    }

    /// The pixels as the decoder should have them.
    pub(crate) fn pixels(&self) -> Vec<u32> {
        let rows = self.data.chunks(self.stride).flat_map(|row| row[..self.width as usize * 4].chunks(4));
        rows.map(|pixel| u32::from_le_bytes([pixel[0], pixel[1], pixel[2], 0])).collect()
    }
}
