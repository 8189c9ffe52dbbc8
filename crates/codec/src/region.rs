//! The rectangles that a copy by one offset sets right.
//!
//! A pixel that a copy sets right gains one, one that was right and would be wrong loses one. The area is counted
//! in cells, the rectangle of cells that gains most is taken, its edges are moved to the pixel where they gain most,
//! and what is left is looked at again. A blinking caret in a scrolled page thus costs its own pixels, no more.

use crate::bitstream::Copy;
use crate::grid::Grid;
use crate::picture::{COLOUR, Picture};
use crate::wide::wide;
use crate::{FrameView, Rect};

/// Least size of a cell, in pixels; in large areas cells are larger, so that there are not more than
/// [`MOST_COLUMNS`] × [`MOST_ROWS`].
const CELL_WIDTH: u32 = 64;
const CELL_HEIGHT: u32 = 8;
const MOST_COLUMNS: u32 = 32;
const MOST_ROWS: u32 = 160;
/// One row in so many is counted, to find the cells.
const ROWS_A_COUNTED: u32 = 4;
/// Where there are so many rows, columns are judged by one in some.
const MANY_ROWS: u32 = 192;
const ROWS_A_COLUMN_ASKS: usize = 3;
/// Pixels that are counted side by side.
const LANES: usize = 16;
/// Most rectangles for one offset.
const MOST_RECTS: usize = 6;
/// Least gain of a rectangle: coding fewer pixels costs no more than a copy.
const LEAST_GAIN: i32 = 256;

/// How far something moved.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Offset {
    x: i32,
    y: i32,
}

impl Offset {
    pub(crate) const NONE: Self = Self { x: 0, y: 0 };

    /// From one place in a picture to another.
    pub(crate) fn between(from: (u32, u32), to: (u32, u32)) -> Self {
        // Sides are at most MAX_SIDE, so neither the conversion nor the difference can overflow.
        Self { x: to.0 as i32 - from.0 as i32, y: to.1 as i32 - from.1 as i32 }
    }

    /// Where a place came from, or `None` if that is left of or above the picture.
    fn origin(self, (x, y): (u32, u32)) -> Option<(u32, u32)> {
        Some((x.checked_add_signed(-self.x)?, y.checked_add_signed(-self.y)?))
    }

    /// The part of an area that came from inside the picture.
    fn clip(self, grid: &Grid, area: Rect) -> Rect {
        let start = |offset: i32| u32::try_from(offset).unwrap_or(0);
        let side = |side: u32, offset: i32| side.saturating_sub(offset.unsigned_abs());
        let (width, height) = (side(grid.width, self.x), side(grid.height, self.y));
        area.intersection(&Rect::new(start(self.x), start(self.y), width, height))
    }
}

/// Both pictures, and how they are laid on each other.
struct Overlay<'a> {
    frame: &'a FrameView<'a>,
    sent: &'a Picture,
    offset: Offset,
}

impl Overlay<'_> {
    /// Rows of the frame, of the picture in the same place, and of the picture where they came from.
    fn rows(&self, rect: Rect) -> impl Iterator<Item = (&[[u8; 4]], &[u32], &[u32])> {
        let origin = self.offset.origin((rect.x, rect.y)).unwrap_or_default();
        let from = Rect::new(origin.0, origin.1, rect.width, rect.height);
        (self.frame.rows(rect).zip(self.sent.rows(rect)).zip(self.sent.rows(from)))
            .map(|((new, old), from)| (new.as_chunks::<4>().0, old, from))
    }

    /// About how many pixels of a rectangle are wrong now, and how many would be, judged by one row in [`ROWS_A_COUNTED`].
    #[inline(always)]
    fn count(&self, rect: Rect) -> (i32, i32) {
        let origin = self.offset.origin((rect.x, rect.y)).unwrap_or_default();
        let mut lanes = [[0i32; LANES]; 2];
        let mut rest = (0, 0);
        let mut top = 0;
        while top < rect.height {
            // Not always the same one, so that no period of lines of text is taken for what moved.
            let rows = ROWS_A_COUNTED.min(rect.height - top);
            let y = top + ((rect.y + top).wrapping_mul(0x9E37_79B1) >> 16) % rows;
            let new = self.frame.pixels(rect.x, rect.y + y, rect.width).as_chunks::<LANES>();
            let old = self.sent.row(rect.x, rect.y + y, rect.width).as_chunks::<LANES>();
            let from = self.sent.row(origin.0, origin.1 + y, rect.width).as_chunks::<LANES>();
            for ((new, old), from) in new.0.iter().zip(old.0).zip(from.0) {
                for ((lane, new), old) in lanes[0].iter_mut().zip(new).zip(old) {
                    *lane += is_wrong(*new, *old);
                }
                for ((lane, new), from) in lanes[1].iter_mut().zip(new).zip(from) {
                    *lane += is_wrong(*new, *from);
                }
            }
            rest = (rest.0 + count_wrong(new.1, old.1), rest.1 + count_wrong(new.1, from.1));
            top += rows;
        }
        let all =
            |rest: i32, lanes: &[i32; LANES]| (rest + lanes.iter().sum::<i32>()) * ROWS_A_COUNTED as i32;
        (all(rest.0, &lanes[0]), all(rest.1, &lanes[1]))
    }

    /// What each column gains, from the left; of many rows only some are asked.
    fn columns(&self, rect: Rect) -> Vec<i32> {
        let mut columns = vec![0; rect.width as usize];
        wide(
            #[inline(always)]
            || {
                let step = if rect.height < MANY_ROWS { 1 } else { ROWS_A_COLUMN_ASKS };
                for (new, old, from) in self.rows(rect).step_by(step) {
                    for (((column, new), old), from) in columns.iter_mut().zip(new).zip(old).zip(from) {
                        *column += gain(*new, *old, *from);
                    }
                }
            },
        );
        columns
    }

    /// What each row gains, from the top.
    fn lines(&self, rect: Rect) -> impl Iterator<Item = i32> {
        self.rows(rect).map(|(new, old, from)| row_gain(new, old, from))
    }
}

#[inline(always)]
fn is_wrong(new: [u8; 4], old: u32) -> i32 {
    i32::from((u32::from_le_bytes(new) ^ old) & COLOUR != 0)
}

#[inline(always)]
fn gain(new: [u8; 4], old: u32, from: u32) -> i32 {
    is_wrong(new, old) - is_wrong(new, from)
}

#[inline(always)]
fn row_gain(new: &[[u8; 4]], old: &[u32], from: &[u32]) -> i32 {
    new.iter().zip(old).zip(from).map(|((new, old), from)| gain(*new, *old, *from)).sum()
}

#[inline(always)]
fn count_wrong(new: &[[u8; 4]], old: &[u32]) -> i32 {
    new.iter().zip(old).map(|(new, old)| is_wrong(*new, *old)).sum()
}

/// Finds what moved by `offset` into `area`. Every copy is made from the picture as it is now if they are made in
/// this order.
pub(crate) fn find(
    grid: &Grid,
    frame: &FrameView<'_>,
    sent: &Picture,
    area: Rect,
    offset: Offset,
) -> Vec<Copy> {
    let area = offset.clip(grid, area);
    let overlay = Overlay { frame, sent, offset };
    let mut cells = Cells::count(&overlay, area);
    let mut copies = Vec::new();
    for _ in 0..MOST_RECTS {
        let Some(rect) = cells.best() else { break };
        // Where text is laid on other text, some pixels are right by chance.
        let (gain, wrong) = cells.clear(&rect);
        if 2 * gain < wrong {
            continue;
        }
        let Some(to) = refine(&overlay, area, rect, &cells) else { continue };
        let Some((x, y)) = offset.origin((to.x, to.y)) else { continue };
        // Two rectangles may have grown into each other.
        if copies.iter().all(|copy: &Copy| copy.to.intersection(&to).is_empty()) {
            copies.push(Copy { x, y, to });
        }
    }
    in_order(copies)
}

/// Puts copies into an order in which none overwrites what a later one reads. For one offset there is one.
fn in_order(mut copies: Vec<Copy>) -> Vec<Copy> {
    let mut ordered = Vec::with_capacity(copies.len());
    while !copies.is_empty() {
        let free = (0..copies.len()).find(|first| {
            let to = copies[*first].to;
            (copies.iter().enumerate())
                .all(|(other, copy)| other == *first || copy.from().intersection(&to).is_empty())
        });
        ordered.push(copies.remove(free.unwrap_or(0)));
    }
    ordered
}

/// Moves the edges of a rectangle to where it gains most, a cell outwards or inwards.
fn refine(overlay: &Overlay<'_>, area: Rect, rect: Rect, cells: &Cells) -> Option<Rect> {
    let reach = |start: u32, length: u32, cell: u32, least: u32, most: u32| {
        let (end, middle) = (start + length, start + length / 2);
        let low = start.saturating_sub(cell).max(least)..(start + cell).min(middle);
        let high = end.saturating_sub(cell).max(middle)..(end + cell).min(most);
        (low, high)
    };
    let (left, right) = reach(rect.x, rect.width, cells.width, area.x, area.right());
    let columns =
        |x: std::ops::Range<u32>| overlay.columns(Rect::new(x.start, rect.y, x.end - x.start, rect.height));
    let (x, right_edge) = edges(&left, &right, columns(left.clone()), columns(right.clone()));

    let (top, bottom) = reach(rect.y, rect.height, cells.height, area.y, area.bottom());
    let width = right_edge.checked_sub(x).filter(|width| *width > 0)?;
    let lines =
        |y: std::ops::Range<u32>| overlay.lines(Rect::new(x, y.start, width, y.end - y.start)).collect();
    let (y, bottom_edge) = edges(&top, &bottom, lines(top.clone()), lines(bottom.clone()));
    let height = bottom_edge.checked_sub(y).filter(|height| *height > 0)?;
    Some(Rect::new(x, y, width, height))
}

/// The start within `low` and the end within `high` that gain most, given what each place there gains.
fn edges(
    low: &std::ops::Range<u32>,
    high: &std::ops::Range<u32>,
    low_gains: Vec<i32>,
    high_gains: Vec<i32>,
) -> (u32, u32) {
    let mut best = (0, low.end);
    let mut sum = 0;
    for (gain, place) in low_gains.into_iter().zip(low.clone()).rev() {
        sum += gain;
        if sum > best.0 {
            best = (sum, place);
        }
    }
    let start = best.1;
    let mut best = (0, high.start);
    let mut sum = 0;
    for (gain, place) in high_gains.into_iter().zip(high.clone()) {
        sum += gain;
        if sum > best.0 {
            best = (sum, place + 1);
        }
    }
    (start, best.1)
}

/// An area counted in cells.
struct Cells {
    area: Rect,
    width: u32,
    height: u32,
    columns: usize,
    /// Row by row.
    gains: Vec<i32>,
    /// About how many pixels are wrong now.
    wrong: Vec<i32>,
}

impl Cells {
    fn count(overlay: &Overlay<'_>, area: Rect) -> Self {
        wide(
            #[inline(always)]
            || Self::count_all(overlay, area),
        )
    }

    #[inline(always)]
    fn count_all(overlay: &Overlay<'_>, area: Rect) -> Self {
        let width = CELL_WIDTH.max(area.width.div_ceil(MOST_COLUMNS));
        let height = CELL_HEIGHT.max(area.height.div_ceil(MOST_ROWS));
        let columns = area.width.div_ceil(width) as usize;
        let mut gains = Vec::with_capacity(columns * area.height.div_ceil(height) as usize);
        let mut wrong = Vec::with_capacity(gains.capacity());
        for y in (area.y..area.bottom()).step_by(height as usize) {
            for x in (area.x..area.right()).step_by(width as usize) {
                let (before, after) = overlay.count(Rect::new(x, y, width, height).intersection(&area));
                gains.push(before - after);
                wrong.push(before);
            }
        }
        Self { area, width, height, columns, gains, wrong }
    }

    /// The rectangle whose cells gain most, if that is worth a copy.
    fn best(&self) -> Option<Rect> {
        let mut best = (LEAST_GAIN - 1, 0..0, 0..0);
        let mut sums = vec![0; self.gains.len() / self.columns.max(1)];
        for left in 0..self.columns {
            sums.fill(0);
            for right in left..self.columns {
                let column = self.gains.iter().skip(right).step_by(self.columns);
                let (mut sum, mut top) = (0, 0);
                for ((total, gain), row) in sums.iter_mut().zip(column).zip(0..) {
                    *total += gain;
                    sum += *total;
                    if sum > best.0 {
                        best = (sum, left..right + 1, top..row + 1);
                    }
                    if sum <= 0 {
                        (sum, top) = (0, row + 1);
                    }
                }
            }
        }
        let (_, columns, rows) = best;
        let (x, y) =
            (self.area.x + columns.start as u32 * self.width, self.area.y + rows.start * self.height);
        let rect = Rect::new(x, y, columns.len() as u32 * self.width, rows.len() as u32 * self.height);
        Some(rect.intersection(&self.area)).filter(|rect| !rect.is_empty())
    }

    /// The cells of a rectangle that [`Cells::best`] gave gain nothing any more. Gives what they gained, and how many
    /// of their pixels are wrong.
    fn clear(&mut self, rect: &Rect) -> (i32, i32) {
        let within = |cell: u32, size: u32, start: u32, end: u32| (start..end).contains(&(cell * size));
        let (x, y) = (rect.x - self.area.x, rect.y - self.area.y);
        let mut sums = (0, 0);
        let columns = self.columns.max(1);
        for ((gains, wrong), row) in self.gains.chunks_mut(columns).zip(self.wrong.chunks(columns)).zip(0..) {
            for ((gain, wrong), column) in gains.iter_mut().zip(wrong).zip(0..) {
                if within(row, self.height, y, y + rect.height)
                    && within(column, self.width, x, x + rect.width)
                {
                    sums = (sums.0 + std::mem::take(gain), sums.1 + wrong);
                }
            }
        }
        sums
    }
}
