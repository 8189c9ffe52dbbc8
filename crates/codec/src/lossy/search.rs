//! The encoder's search for motion: what a place of a film shows, and where it was before.

use super::motion::Vector;
use crate::grid::Grid;
use crate::picture::Picture;
use crate::wide::wide;
use crate::{FrameView, Rect, TILE_SIDE};

/// One row in so many is compared.
const STEP: u32 = 8;
const SIDE: usize = TILE_SIDE as usize;
const ROWS: usize = SIDE / STEP as usize;
/// Farthest that is searched.
const FARTHEST: i32 = 126;
/// Steps of the search, in halves of a pixel; but the last only where what was guessed is not like it.
const STEPS: [i32; 5] = [16, 8, 4, 2, 1];
const CLOSE: usize = 4;
/// Mean difference in green that is no more than grain.
const GRAIN: u32 = 3;

/// The green of what was sent before an update: it is compared many times, and is a quarter of the bytes.
pub(crate) struct Before {
    grid: Grid,
    greens: Vec<u8>,
    /// The tiles that have been sent anew since they were kept.
    stale: Vec<bool>,
    /// The tiles that the update has changed already, so that nothing can refer to what was there.
    written: Vec<bool>,
    is_any_written: bool,
    /// What is kept; what lies outside it is of no use.
    area: Rect,
}

impl Before {
    pub(crate) fn new(grid: &Grid) -> Self {
        Self {
            grid: *grid,
            greens: vec![0; grid.width as usize * grid.height as usize],
            stale: vec![true; grid.tiles()],
            written: vec![false; grid.tiles()],
            is_any_written: false,
            area: Rect::default(),
        }
    }

    /// A tile is sent anew, at once or by [`super::Writer::settle`].
    pub(crate) fn touch(&mut self, number: u16, is_at_once: bool) {
        self.stale[usize::from(number)] = true;
        self.written[usize::from(number)] |= is_at_once;
        self.is_any_written |= is_at_once;
    }

    /// Keeps what was sent where a film plays and around it, as far as is searched.
    pub(crate) fn keep(&mut self, sent: &Picture, film: Rect) {
        if std::mem::take(&mut self.is_any_written) {
            self.written.fill(false);
        }
        let (x, y) = (film.x.saturating_sub(TILE_SIDE), film.y.saturating_sub(TILE_SIDE));
        let around = Rect::new(x, y, film.right() + TILE_SIDE - x, film.bottom() + TILE_SIDE - y);
        self.area = around.clipped(sent.width(), sent.height());
        for number in self.grid.touched(&self.area) {
            if std::mem::take(&mut self.stale[usize::from(number)]) {
                self.keep_tile(sent, self.grid.tile(number));
            }
        }
    }

    fn keep_tile(&mut self, sent: &Picture, tile: Rect) {
        let side = self.grid.width as usize;
        let greens = self.greens[tile.y as usize * side + tile.x as usize..].chunks_mut(side);
        wide(
            #[inline(always)]
            || {
                for (greens, from) in greens.zip(sent.rows(tile)) {
                    let greens = &mut greens[..from.len()];
                    for i in 0..from.len() {
                        greens[i] = (from[i] >> 8) as u8;
                    }
                }
            },
        );
    }

    /// Whether a vector may refer to a place.
    #[inline(always)]
    fn has(&self, place: Rect) -> bool {
        self.area.contains(&place) && !(self.is_any_written && self.is_written(place))
    }

    #[cold]
    fn is_written(&self, place: Rect) -> bool {
        self.grid.touched(&place).any(|number| self.written[usize::from(number)])
    }

    /// So many greens of a row, from a pixel of the picture on that lies in the area.
    #[inline(always)]
    fn row(&self, x: u32, y: u32, width: usize) -> &[u8] {
        let start = y as usize * self.grid.width as usize + x as usize;
        &self.greens[start..start + width]
    }
}

/// Greens are compared so many at once; what is left at the end of a row is not.
const LANES: usize = 16;

/// The greens of some rows of a place of a frame, at most a tile.
struct Sought {
    rect: Rect,
    greens: [[u8; SIDE]; ROWS],
}

impl Sought {
    #[inline(always)]
    fn of(frame: &FrameView<'_>, rect: Rect) -> Self {
        let mut greens = [[0; SIDE]; ROWS];
        for (greens, y) in greens.iter_mut().zip((rect.y..rect.bottom()).step_by(STEP as usize)) {
            for (green, pixel) in greens.iter_mut().zip(frame.pixels(rect.x, y, rect.width)) {
                *green = (u32::from_le_bytes(*pixel) >> 8) as u8;
            }
        }
        Self { rect, greens }
    }

    /// How much it differs from what a vector refers to; `None` if that is nowhere, or if it differs by more than the
    /// least so far.
    #[inline(always)]
    fn cost(&self, before: &Before, vector: Vector, least: u32) -> Option<u32> {
        let (rect, width) = (self.rect, self.rect.width as usize / LANES * LANES);
        let source = vector.source(rect, (before.grid.width, before.grid.height))?;
        if !before.has(source) {
            return None;
        }
        let (right, below) = ((source.width - rect.width) as usize, source.height - rect.height);
        let mut sum = 0;
        for (new, y) in self.greens.iter().zip((source.y..source.y + rect.height).step_by(STEP as usize)) {
            let new = &new[..width];
            let upper = before.row(source.x, y, width + right);
            let lower = before.row(source.x, y + below, width + right);
            let (a, b, c, d) = (&upper[..width], &upper[right..], &lower[..width], &lower[right..]);
            sum += match (right, below) {
                (0, 0) => difference(new, a),
                (_, 0) => difference_of_two(new, a, b),
                (0, _) => difference_of_two(new, a, c),
                _ => difference_of_four(new, [a, b, c, d]),
            };
            if least < sum {
                return None;
            }
        }
        Some(sum)
    }
}

#[inline(always)]
fn difference(new: &[u8], old: &[u8]) -> u32 {
    let mut sum = 0;
    for (new, old) in new.as_chunks::<LANES>().0.iter().zip(old.as_chunks::<LANES>().0) {
        sum += difference_of(new, old);
    }
    sum
}

/// Two of the four that are mixed are the same as the other two.
#[inline(always)]
fn difference_of_two(new: &[u8], a: &[u8], b: &[u8]) -> u32 {
    let mut sum = 0;
    let old = a.as_chunks::<LANES>().0.iter().zip(b.as_chunks::<LANES>().0);
    for (new, (a, b)) in new.as_chunks::<LANES>().0.iter().zip(old) {
        let mut old = [0; LANES];
        for ((old, a), b) in old.iter_mut().zip(a).zip(b) {
            *old = ((u16::from(*a) + u16::from(*b) + 1) >> 1) as u8;
        }
        sum += difference_of(new, &old);
    }
    sum
}

#[inline(always)]
fn difference_of_four(new: &[u8], [a, b, c, d]: [&[u8]; 4]) -> u32 {
    let mut sum = 0;
    let upper = a.as_chunks::<LANES>().0.iter().zip(b.as_chunks::<LANES>().0);
    let lower = c.as_chunks::<LANES>().0.iter().zip(d.as_chunks::<LANES>().0);
    for (new, ((a, b), (c, d))) in new.as_chunks::<LANES>().0.iter().zip(upper.zip(lower)) {
        let mut old = [0; LANES];
        for ((((old, a), b), c), d) in old.iter_mut().zip(a).zip(b).zip(c).zip(d) {
            *old = ((u16::from(*a) + u16::from(*b) + u16::from(*c) + u16::from(*d) + 2) >> 2) as u8;
        }
        sum += difference_of(new, &old);
    }
    sum
}

#[inline(always)]
fn difference_of(new: &[u8; LANES], old: &[u8; LANES]) -> u32 {
    let mut sum = 0;
    for (new, old) in new.iter().zip(old) {
        sum += u32::from(new.abs_diff(*old));
    }
    sum
}

/// What a search found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Motion {
    /// `None` if it is best looked for where it is.
    pub(crate) vector: Option<Vector>,
    /// Whether what it refers to is the same but for grain.
    pub(crate) is_like: bool,
}

/// Finds where a rectangle of a frame comes from, beginning with a guess.
pub(crate) fn search(frame: &FrameView<'_>, before: &Before, rect: Rect, guess: Vector) -> Motion {
    wide(
        #[inline(always)]
        || search_for(&Sought::of(frame, rect), before, guess),
    )
}

#[inline(always)]
fn search_for(sought: &Sought, before: &Before, guess: Vector) -> Motion {
    let pixels = sought.rect.width / LANES as u32 * LANES as u32 * sought.rect.height.div_ceil(STEP);
    let still = if pixels == 0 { None } else { sought.cost(before, Vector::default(), u32::MAX) };
    let Some(still) = still else {
        return Motion { vector: None, is_like: false };
    };
    if still <= GRAIN * pixels {
        return Motion { vector: None, is_like: true };
    }
    let mut best = (still, Vector::default());
    // Of what is tried in one place after the other: the code of a comparison is large, and there once.
    let mut candidates = [Some(guess), None, None, None];
    let mut step = 0;
    let mut rounds = 0;
    let mut is_first = true;
    loop {
        let from = best.1;
        for candidate in candidates.into_iter().flatten() {
            if let Some(cost) = sought.cost(before, candidate, best.0)
                && cost < best.0
            {
                best = (cost, candidate);
            }
        }
        if is_first {
            is_first = false;
            step = if best.0 <= 2 * GRAIN * pixels { CLOSE } else { 0 };
        } else if from == best.1 || rounds == 3 {
            (step, rounds) = (step + 1, 0);
        }
        let Some(by) = STEPS.get(step) else { break };
        rounds += 1;
        candidates = NEIGHBOURS.map(|(x, y)| moved(best.1, x * by, y * by));
    }
    // A vector takes two bytes, and what is moved must be made anew.
    let is_better = best.0 + pixels / 4 < still;
    let is_like = is_better && best.0 <= 2 * GRAIN * pixels;
    Motion { vector: is_better.then_some(best.1), is_like }
}

const NEIGHBOURS: [(i32, i32); 4] = [(-1, 0), (1, 0), (0, -1), (0, 1)];

fn moved(vector: Vector, x: i32, y: i32) -> Option<Vector> {
    let part = |part: i8, step: i32| {
        let sum = i32::from(part) + step;
        (sum.abs() <= FARTHEST).then_some(sum as i8)
    };
    Some(Vector { x: part(vector.x, x)?, y: part(vector.y, y)? })
}

#[cfg(test)]
mod tests {
    use super::{Before, search};
    use crate::grid::Grid;
    use crate::lossy::motion::{Vector, fetch};
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
        let mut sent = Picture::black(&grid);
        let all = Rect::new(0, 0, SIZE.0, SIZE.1);
        for (row, y) in sent.rows_mut(all).zip(0..) {
            row.iter_mut().zip(0..).for_each(|(pixel, x)| *pixel = scene(x as f32, y as f32));
        }
        let mut before = Before::new(&grid);
        let rect = Rect::new(48, 32, 64, 56);
        before.keep(&sent, rect);
        for (x, y) in [(3, 0), (-7, 4), (13, -9), (1, 1), (-24, 22)] {
            let moved = |at: u32, by: i8| at as f32 + f32::from(by) / 2.0;
            let pixels = (0..SIZE.1).flat_map(|v| (0..SIZE.0).map(move |u| (u, v)));
            let data: Vec<u8> =
                pixels.flat_map(|(u, v)| scene(moved(u, x), moved(v, y)).to_le_bytes()).collect();
            let frame = FrameView::new(SIZE.0, SIZE.1, SIZE.0 as usize * 4, &data).unwrap();
            let found = search(&frame, &before, rect, Vector::default());
            assert!(found.is_like && found.vector == Some(Vector { x, y }), "{found:?}");
            let mut source = vec![u32::MAX; rect.width as usize * rect.height as usize];
            fetch(&sent, rect, Vector { x, y }, &mut source);
            assert!(source.iter().all(|pixel| *pixel <= 0x00FF_FFFF));
        }
    }

    #[test]
    fn what_stands_still_and_what_is_quite_another_are_told_apart() {
        let grid = Grid::new(SIZE.0, SIZE.1).unwrap();
        let all = Rect::new(0, 0, SIZE.0, SIZE.1);
        let mut before = Before::new(&grid);
        before.keep(&Picture::black(&grid), all);
        for (colour, is_like) in [(0x0000_0200_u32, true), (0x0000_FF00, false)] {
            let data = colour.to_le_bytes().repeat(SIZE.0 as usize * SIZE.1 as usize);
            let frame = FrameView::new(SIZE.0, SIZE.1, SIZE.0 as usize * 4, &data).unwrap();
            let found = search(&frame, &before, Rect::new(64, 64, 64, 56), Vector::default());
            assert!(found.is_like == is_like && found.vector.is_none(), "{found:?}");
        }
    }
}
