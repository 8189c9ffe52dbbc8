//! Motion: a lossy piece may add to what the picture shows elsewhere, to half a pixel.

use crate::picture::Picture;
use crate::wide::wide;
use crate::{FrameView, Rect};

/// How far the reference lies from the piece, in halves of a pixel.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Vector {
    pub(crate) x: i8,
    pub(crate) y: i8,
}

/// One row in so many is compared.
const STEP: usize = 8;
/// Farthest that is searched.
const FARTHEST: i32 = 126;
/// Steps of the search, in halves of a pixel; the first ones only where nothing near is like it.
const STEPS: [i32; 5] = [16, 8, 4, 2, 1];
const NEAR: usize = 3;
/// Mean difference in green that is no more than grain.
const GRAIN: u32 = 3;

impl Vector {
    /// Where the pixels of a rectangle come from, with those that are mixed in; `None` if that is not inside
    /// a picture of this size.
    pub(crate) fn source(self, rect: Rect, (width, height): (u32, u32)) -> Option<Rect> {
        let x = rect.x.checked_add_signed(i32::from(self.x >> 1))?;
        let y = rect.y.checked_add_signed(i32::from(self.y >> 1))?;
        let half = |part: i8| u32::from(part & 1 != 0);
        let source = Rect::new(x, y, rect.width + half(self.x), rect.height + half(self.y));
        (source.right() <= width && source.bottom() <= height).then_some(source)
    }

    fn moved(self, x: i32, y: i32) -> Option<Self> {
        let part = |part: i8, step: i32| {
            let sum = i32::from(part) + step;
            (sum.abs() <= FARTHEST).then_some(sum as i8)
        };
        Some(Self { x: part(self.x, x)?, y: part(self.y, y)? })
    }
}

/// Four pixels mixed, each channel with its half rounded up.
#[inline(always)]
fn mixed(pixels: [u32; 4]) -> u32 {
    const OUTER: u32 = 0x00FF_00FF;
    let (mut outer, mut green) = (0x0002_0002, 2);
    for pixel in pixels {
        outer += pixel & OUTER;
        green += pixel >> 8 & 0xFF;
    }
    outer >> 2 & OUTER | (green >> 2) << 8
}

/// Appends the pixels that a rectangle refers to; the vector's source lies inside the picture.
pub(crate) fn fetch(picture: &Picture, rect: Rect, vector: Vector, pixels: &mut Vec<u32>) {
    let size = (picture.width(), picture.height());
    let Some(source) = vector.source(rect, size) else { return };
    let width = rect.width as usize;
    let (right, below) = ((source.width - rect.width) as usize, (source.height - rect.height) as usize);
    if right + below == 0 {
        return picture.rows(source).for_each(|row| pixels.extend_from_slice(row));
    }
    let upper = picture.rows(source).take(rect.height as usize);
    for (upper, lower) in upper.zip(picture.rows(source).skip(below)) {
        let (a, b, c, d) = (&upper[..width], &upper[right..], &lower[..width], &lower[right..]);
        let start = pixels.len();
        pixels.resize(start + width, 0);
        wide(
            #[inline(always)]
            || {
                for ((((to, a), b), c), d) in pixels[start..].iter_mut().zip(a).zip(b).zip(c).zip(d) {
                    *to = mixed([*a, *b, *c, *d]);
                }
            },
        );
    }
}

/// How much a rectangle of a frame differs from what a vector refers to, in green, by some of the rows.
fn cost(frame: &FrameView<'_>, picture: &Picture, rect: Rect, vector: Vector) -> Option<u32> {
    let source = vector.source(rect, (picture.width(), picture.height()))?;
    let width = rect.width as usize;
    let (right, below) = ((source.width - rect.width) as usize, source.height - rect.height);
    let sum = wide(
        #[inline(always)]
        || {
            let mut sum = 0;
            for y in (0..rect.height).step_by(STEP) {
                let new = frame.pixels(rect.x, rect.y + y, rect.width);
                let [upper, lower] = [
                    picture.row(source.x, source.y + y, source.width),
                    picture.row(source.x, source.y + y + below, source.width),
                ];
                // Without halves the four pixels are the same.
                sum += if right == 0 && below == 0 {
                    row_cost(new, upper)
                } else {
                    half_row_cost(new, [&upper[..width], &upper[right..], &lower[..width], &lower[right..]])
                };
            }
            sum
        },
    );
    Some(sum)
}

#[inline(always)]
fn green(pixel: u32) -> u32 {
    pixel >> 8 & 0xFF
}

/// How much a row differs in green from another.
#[inline(always)]
fn row_cost(new: &[[u8; 4]], old: &[u32]) -> u32 {
    let mut sum = 0;
    for (new, old) in new.iter().zip(old) {
        sum += green(u32::from_le_bytes(*new)).abs_diff(green(*old));
    }
    sum
}

/// How much a row differs in green from four that are mixed.
#[inline(always)]
fn half_row_cost(new: &[[u8; 4]], [a, b, c, d]: [&[u32]; 4]) -> u32 {
    let mut sum = 0;
    for ((((new, a), b), c), d) in new.iter().zip(a).zip(b).zip(c).zip(d) {
        let old = (green(*a) + green(*b) + green(*c) + green(*d) + 2) >> 2;
        sum += green(u32::from_le_bytes(*new)).abs_diff(old);
    }
    sum
}

/// Finds where a rectangle of a frame comes from, beginning with a guess; `None` if it is best looked for
/// where it is.
pub(crate) fn search(frame: &FrameView<'_>, before: &Picture, rect: Rect, guess: Vector) -> Option<Vector> {
    let still = cost(frame, before, rect, Vector::default())?;
    let pixels = rect.width * rect.height.div_ceil(STEP as u32);
    if still <= GRAIN * pixels {
        return None;
    }
    let mut best = (still, Vector::default());
    let attempt = |vector: Option<Vector>, best: &mut (u32, Vector)| {
        let cost = vector.and_then(|vector| Some((cost(frame, before, rect, vector)?, vector)));
        cost.filter(|found| found.0 < best.0).map(|found| *best = found).is_some()
    };
    attempt(Some(guess), &mut best);
    let first = if best.0 <= 2 * GRAIN * pixels { NEAR } else { 0 };
    for step in &STEPS[first..] {
        for _ in 0..3 {
            let from = best.1;
            let mut is_better = false;
            for (x, y) in [(-1, 0), (1, 0), (0, -1), (0, 1), (-1, -1), (1, 1), (-1, 1), (1, -1)] {
                is_better |= attempt(from.moved(x * step, y * step), &mut best);
            }
            if !is_better {
                break;
            }
        }
    }
    // A vector takes two bytes, and what is moved must be made anew.
    (best.0 + pixels / 4 < still).then_some(best.1)
}

#[cfg(test)]
mod tests {
    use super::{Vector, fetch, mixed, search};
    use crate::grid::Grid;
    use crate::picture::Picture;
    use crate::{FrameView, Rect};

    const SIZE: (u32, u32) = (160, 120);

    fn scene(x: f32, y: f32) -> u32 {
        let level = |a: f32, b: f32| (128.0 + 60.0 * (x / a).sin() + 60.0 * (y / b).cos()) as u32;
        level(9.0, 13.0) << 16 | level(15.0, 7.0) << 8 | level(31.0, 21.0)
    }

    #[test]
    fn motion_is_found_to_half_a_pixel() {
        let grid = Grid::new(SIZE.0, SIZE.1).unwrap();
        let mut before = Picture::black(&grid);
        let all = Rect::new(0, 0, SIZE.0, SIZE.1);
        for (row, y) in before.rows_mut(all).zip(0..) {
            row.iter_mut().zip(0..).for_each(|(pixel, x)| *pixel = scene(x as f32, y as f32));
        }
        let rect = Rect::new(48, 32, 64, 56);
        for (x, y) in [(3, 0), (-7, 4), (13, -9), (1, 1), (-24, 22)] {
            let moved = |at: u32, by: i8| at as f32 + f32::from(by) / 2.0;
            let pixels = (0..SIZE.1).flat_map(|v| (0..SIZE.0).map(move |u| (u, v)));
            let data: Vec<u8> =
                pixels.flat_map(|(u, v)| scene(moved(u, x), moved(v, y)).to_le_bytes()).collect();
            let frame = FrameView::new(SIZE.0, SIZE.1, SIZE.0 as usize * 4, &data).unwrap();
            let found = search(&frame, &before, rect, Vector::default());
            assert_eq!(found, Some(Vector { x, y }));
            let mut source = Vec::new();
            fetch(&before, rect, Vector { x, y }, &mut source);
            assert_eq!(source.len() as u64, rect.area());
        }
    }

    #[test]
    fn a_source_outside_the_picture_is_none() {
        let rect = Rect::new(64, 64, 64, 56);
        let source = |x, y| Vector { x, y }.source(rect, SIZE);
        assert_eq!(source(-128, -128), Some(Rect::new(0, 0, 64, 56)));
        assert_eq!(source(64, 0), Some(Rect::new(96, 64, 64, 56)));
        assert_eq!(source(65, 0), None);
        assert_eq!(source(0, 1), None);
        assert_eq!(Vector { x: -127, y: -1 }.source(rect, SIZE), Some(Rect::new(0, 63, 65, 57)));
        assert_eq!(Vector { x: 0, y: -2 }.source(Rect::new(0, 0, 64, 64), SIZE), None);
    }

    #[test]
    fn channels_are_mixed_apart() {
        assert_eq!(mixed([0x00FF_00FF, 0x00FF_00FF, 0x00FF_FFFF, 0x00FF_FFFF]), 0x00FF_80FF);
        assert_eq!(mixed([1, 0, 0, 0x0003_0001]), 0x0001_0001);
    }
}
