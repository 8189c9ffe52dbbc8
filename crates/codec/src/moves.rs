//! Move detection: what the viewer has already, only elsewhere, because a page was scrolled or a window dragged.
//!
//! Features of the picture as sent are looked up in the new frame; each that is found votes for an offset. For the
//! offsets with most votes, [`crate::region`] finds the rectangles that a copy sets right. Nothing depends on a vote
//! being true: a rectangle is taken for what the copy of its pixels gains, counted pixel by pixel.

use std::collections::BTreeSet;
use std::time::Duration;

use crate::bitstream::Copy;
use crate::change;
use crate::features::{Places, Scanner};
use crate::grid::Grid;
use crate::memory::Memory;
use crate::picture::Picture;
use crate::region::{self, Offset};
use crate::wide::wide;
use crate::{FrameView, MAX_COPIED, MAX_COPIES, Rect, TILE_SIDE};

/// Fewer changed pixels than these are not looked at: coding them costs little.
pub(crate) const LEAST_CHANGED: u64 = 8192;
/// In this share of the rows features are looked for, of the picture as sent and of the frame, in 1/16. Which rows
/// is random, so that no period of lines of text makes them miss each other.
const ROWS: u32 = 3;
/// One pixel in so many begins a feature.
const PIXELS_A_FEATURE: u64 = 64;
/// Fewest votes for an offset that is tried.
const LEAST_VOTES: usize = 4;
/// Nor is an offset tried that has less than this share of the votes of the first.
const LEAST_SHARE: usize = 32;
/// Most offsets that are tried.
const MOST_OFFSETS: usize = 4;
/// All offsets together are tried on at most so many times as many pixels as changed.
const MOST_TRIALS: u64 = 3;

/// A feature of the frame that the picture has elsewhere.
struct Vote {
    offset: Offset,
    /// Where in the frame it is.
    run: Rect,
}

/// An offset and where it is tried.
struct Candidate {
    offset: Offset,
    area: Rect,
}

/// Copies that were made, and what is known of them.
#[derive(Default)]
pub(crate) struct Moves {
    /// They are to be made in this order.
    pub(crate) copies: Vec<Copy>,
    /// Tiles that are as in the frame now; all others that a copy touched are to be compared.
    pub(crate) right: BTreeSet<u16>,
}

/// Finds copies that set much of the picture right and makes them.
///
/// `changed` says which tiles of the grid differ.
pub(crate) fn make(
    grid: &Grid,
    frame: &FrameView<'_>,
    sent: &mut Picture,
    changed: &[bool],
    (memory, now): (&mut Memory, Duration),
) -> Moves {
    let runs = runs(grid, changed);
    let Some(around) = runs.iter().copied().reduce(|around, run| around.around(&run)) else {
        return Moves::default();
    };
    if !memory.is_worth_a_search(around, now) {
        return Moves::default();
    }
    search(&runs, (grid, frame), sent, memory)
}

/// As [`make`], for what goes on moving: then tiles that may have changed need not be compared before.
pub(crate) fn go_on(
    grid: &Grid,
    frame: &FrameView<'_>,
    sent: &mut Picture,
    dirty: &[bool],
    (memory, now): (&mut Memory, Duration),
) -> Moves {
    let runs = runs(grid, dirty);
    if runs.iter().map(Rect::area).sum::<u64>() < LEAST_CHANGED || !memory.is_moving(now) {
        return Moves::default();
    }
    search(&runs, (grid, frame), sent, memory)
}

/// Makes the copies that set something right in these runs of tiles.
fn search(
    runs: &[Rect],
    (grid, frame): (&Grid, &FrameView<'_>),
    sent: &mut Picture,
    memory: &mut Memory,
) -> Moves {
    let mut pixels = MOST_TRIALS * runs.iter().map(Rect::area).sum::<u64>();
    let Moves { mut copies, mut right } = Moves::default();
    for candidate in candidates(votes(runs, frame, sent), runs) {
        let area = copies.iter().fold(candidate.area, |area, copy| besides(area, copy.to));
        let Some(rest) = pixels.checked_sub(area.area()) else { continue };
        pixels = rest;
        for copy in region::find(grid, frame, sent, area, candidate.offset) {
            if copies.len() < MAX_COPIES && fits(grid, &copies, &copy) {
                // What an earlier one set right may be wrong again.
                for tile in grid.touched(&copy.to) {
                    right.remove(&tile);
                }
                right.extend(copy_and_compare(grid, frame, sent, &copy));
                copies.push(copy);
                memory.found();
            }
        }
    }
    Moves { copies, right }
}

/// What is left of an area beside a copy that sets most of it right: the largest strip.
fn besides(area: Rect, copy: Rect) -> Rect {
    let inside = area.intersection(&copy);
    if 2 * inside.area() < area.area() {
        return area;
    }
    let strips = [
        Rect::new(area.x, area.y, area.width, inside.y - area.y),
        Rect::new(area.x, inside.bottom(), area.width, area.bottom() - inside.bottom()),
        Rect::new(area.x, area.y, inside.x - area.x, area.height),
        Rect::new(inside.right(), area.y, area.right() - inside.right(), area.height),
    ];
    strips.into_iter().max_by_key(Rect::area).unwrap_or_default()
}

/// Makes a copy, and compares each row of it while it is at hand. Gives the tiles inside it that are as in the frame.
fn copy_and_compare(grid: &Grid, frame: &FrameView<'_>, sent: &mut Picture, copy: &Copy) -> Vec<u16> {
    let to = copy.to;
    let start = |side: u32| side / TILE_SIDE * TILE_SIDE;
    let columns = (to.right() - start(to.x)).div_ceil(TILE_SIDE) as usize;
    let rows = (to.bottom() - start(to.y)).div_ceil(TILE_SIDE) as usize;
    let mut wrong = vec![false; columns * rows];
    wide(
        #[inline(always)]
        || {
            sent.copy_within_and((copy.x, copy.y), to, |y, row| {
                let new = frame.pixels(to.x, y, to.width);
                let tiles = &mut wrong[((y - start(to.y)) / TILE_SIDE) as usize * columns..][..columns];
                let mut at = to.x;
                for wrong in tiles {
                    let end = (start(at) + TILE_SIDE).min(to.right());
                    let part = (at - to.x) as usize..(end - to.x) as usize;
                    *wrong |= change::differ(&new[part.clone()], &row[part]);
                    at = end;
                }
            });
        },
    );
    let tiles = grid.touched(&to).zip(wrong);
    tiles.filter(|(tile, wrong)| !wrong && to.contains(&grid.tile(*tile))).map(|(tile, _)| tile).collect()
}

/// True when all copies together are not too large.
fn fits(grid: &Grid, copies: &[Copy], copy: &Copy) -> bool {
    copies.iter().chain([copy]).map(|copy| copy.to.area()).sum::<u64>() <= grid.area().min(MAX_COPIED)
}

/// Neighbouring changed tiles of a row of tiles, as one rectangle.
fn runs(grid: &Grid, changed: &[bool]) -> Vec<Rect> {
    let mut runs: Vec<Rect> = Vec::new();
    let tiles = changed.iter().zip(0..).filter(|(changed, _)| **changed);
    for tile in tiles.map(|(_, number)| grid.tile(number)) {
        match runs.last_mut() {
            Some(run) if run.y == tile.y && run.right() == tile.x => run.width += tile.width,
            _ => runs.push(tile),
        }
    }
    runs
}

fn votes(runs: &[Rect], frame: &FrameView<'_>, sent: &Picture) -> Vec<Vote> {
    let pixels: u64 = runs.iter().map(Rect::area).sum();
    let mut places = Places::with_room(usize::try_from(pixels / PIXELS_A_FEATURE).unwrap_or(usize::MAX));
    let mut scanner = Scanner::default();
    let narrow = |number: u32| u16::try_from(number).unwrap_or(u16::MAX);
    for run in runs {
        for y in rows(run, 1) {
            let [above, row] = [y - 1, y].map(|y| sent.row(run.x, y, run.width));
            scanner.scan(above, row, |hash, x| places.insert(hash, narrow(run.x + x), narrow(y)));
        }
    }
    let mut votes = Vec::new();
    for run in runs {
        for y in rows(run, 2) {
            let [above, row] = [y - 1, y].map(|y| frame.pixels(run.x, y, run.width));
            scanner.scan(above, row, |hash, x| {
                for (from_x, from_y) in places.of(hash) {
                    let from = (u32::from(*from_x), u32::from(*from_y));
                    let offset = Offset::between(from, (run.x + x, y));
                    if offset != Offset::NONE {
                        votes.push(Vote { offset, run: *run });
                    }
                }
            });
        }
    }
    votes
}

/// A random share of the rows of a run; not the picture's first, as it has none above it.
fn rows(run: &Rect, seed: u32) -> impl Iterator<Item = u32> + use<> {
    let random = move |y: u32| {
        let mixed = (y << 2 ^ seed).wrapping_mul(0x9E37_79B1);
        let mixed = (mixed ^ mixed >> 15).wrapping_mul(0x85EB_CA6B);
        (mixed ^ mixed >> 13).wrapping_mul(0xC2B2_AE35)
    };
    (run.y.max(1)..run.bottom()).filter(move |y| random(*y) >> 28 < ROWS)
}

/// The offsets to try, those with most votes first.
fn candidates(mut votes: Vec<Vote>, runs: &[Rect]) -> Vec<Candidate> {
    votes.sort_unstable_by_key(|vote| vote.offset);
    let mut elections: Vec<&[Vote]> = votes.chunk_by(|a, b| a.offset == b.offset).collect();
    elections.sort_by_key(|votes| std::cmp::Reverse(votes.len()));
    let least = elections.first().map_or(0, |votes| votes.len() / LEAST_SHARE).max(LEAST_VOTES);
    (elections.into_iter().take(MOST_OFFSETS).filter(|votes| votes.len() >= least))
        .map(|votes| {
            let area = votes.iter().fold(votes[0].run, |area, vote| area.around(&vote.run));
            Candidate { offset: votes[0].offset, area: connected(area, runs) }
        })
        .collect()
}

/// The smallest rectangle around an area and all runs that touch it, and those that touch that.
fn connected(mut area: Rect, runs: &[Rect]) -> Rect {
    loop {
        let (x, y) = (area.x.saturating_sub(1), area.y.saturating_sub(1));
        let near = Rect::new(x, y, area.right() + 1 - x, area.bottom() + 1 - y);
        let touching = runs.iter().filter(|run| !run.intersection(&near).is_empty());
        let larger = touching.fold(area, |area, run| area.around(run));
        if larger == area {
            return area;
        }
        area = larger;
    }
}
