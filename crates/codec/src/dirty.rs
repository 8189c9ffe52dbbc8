//! Which tiles may differ from what was sent, and in what order they go.

use std::cmp::Reverse;

use crate::change;
use crate::grid::Grid;
use crate::picture::Picture;
use crate::{FrameView, Rect};

/// Changed pixels that are a point.
const PIXELS_A_POINT: u64 = 128;
/// So far from the focus a change has twice as many points: where something small changes matters less than that it is
/// small.
const DISTANCE_OF_TWICE: u64 = 1024;
/// What a change gains with every update that goes without it.
const POINTS_A_ROUND: u64 = 8;
/// Waiting lifts nothing above a change of fewer points than these, so a letter or a button never waits for a backlog,
/// however old, and yet everything is sent in the end.
const LEAST_POINTS_BY_WAITING: u64 = 16;

#[derive(Clone, Copy)]
enum Tile {
    /// As the viewer has it.
    Clean,
    /// To be compared.
    Marked { rounds: u32 },
    /// Compared: differs in this rectangle, or did in an earlier frame and was not marked since.
    Differs { bounds: Rect, rounds: u32 },
}

/// The state of every tile.
pub(crate) struct DirtyTiles {
    tiles: Vec<Tile>,
    dirty: usize,
}

impl DirtyTiles {
    /// All tiles are marked: nothing has been sent.
    pub(crate) fn all(grid: &Grid) -> Self {
        Self { tiles: vec![Tile::Marked { rounds: 0 }; grid.tiles()], dirty: grid.tiles() }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.dirty == 0
    }

    /// True when a tile may differ from what was sent.
    pub(crate) fn is_dirty(&self, number: u16) -> bool {
        !matches!(self.tiles[usize::from(number)], Tile::Clean)
    }

    /// The tiles that may differ from what was sent.
    pub(crate) fn numbers(&self) -> impl Iterator<Item = u16> {
        (0..).zip(&self.tiles).filter(|(_, tile)| !matches!(tile, Tile::Clean)).map(|(number, _)| number)
    }

    pub(crate) fn mark(&mut self, number: u16) {
        let tile = &mut self.tiles[usize::from(number)];
        let rounds = match *tile {
            Tile::Clean => {
                self.dirty += 1;
                0
            }
            Tile::Marked { rounds } | Tile::Differs { rounds, .. } => rounds,
        };
        *tile = Tile::Marked { rounds };
    }

    pub(crate) fn clean(&mut self, number: u16) {
        let tile = &mut self.tiles[usize::from(number)];
        if !matches!(tile, Tile::Clean) {
            self.dirty -= 1;
        }
        *tile = Tile::Clean;
    }

    /// Compares the marked tiles; those that do not differ are clean. Gives how many pixels the bounds of those
    /// that do differ have.
    pub(crate) fn compare(&mut self, grid: &Grid, frame: &FrameView<'_>, sent: &Picture) -> u64 {
        let mut pixels = 0;
        for (tile, number) in self.tiles.iter_mut().zip(0..) {
            if let Tile::Marked { rounds } = *tile {
                *tile = match change::bounds(frame, sent, grid.tile(number)) {
                    Some(bounds) => {
                        pixels += bounds.area();
                        Tile::Differs { bounds, rounds }
                    }
                    None => {
                        self.dirty -= 1;
                        Tile::Clean
                    }
                };
            }
        }
        pixels
    }

    /// For each tile whether it may differ.
    pub(crate) fn all_dirty(&self) -> Vec<bool> {
        self.tiles.iter().map(|tile| !matches!(tile, Tile::Clean)).collect()
    }

    /// For each tile whether it differs; marked ones are taken not to.
    pub(crate) fn differing(&self) -> Vec<bool> {
        self.tiles.iter().map(|tile| matches!(tile, Tile::Differs { .. })).collect()
    }

    /// The tiles that differ: small changes and those near the focus first, what has waited before its
    /// equals; each with its bounds.
    pub(crate) fn order(&self, focus: Option<(u32, u32)>) -> Vec<(u16, Rect)> {
        let mut order: Vec<_> = (self.tiles.iter().zip(0u16..))
            .filter_map(|(tile, number)| match tile {
                Tile::Differs { bounds, rounds } => {
                    Some((points(bounds, *rounds, focus), Reverse(*rounds), number, *bounds))
                }
                Tile::Clean | Tile::Marked { .. } => None,
            })
            .collect();
        order.sort_unstable_by_key(|(points, rounds, number, _)| (*points, *rounds, *number));
        order.into_iter().map(|(_, _, number, bounds)| (number, bounds)).collect()
    }

    /// An update goes without the tiles that still differ.
    pub(crate) fn wait(&mut self) {
        for tile in &mut self.tiles {
            if let Tile::Differs { rounds, .. } = tile {
                *rounds = rounds.saturating_add(1);
            }
        }
    }
}

/// The fewer, the sooner.
fn points(bounds: &Rect, rounds: u32, focus: Option<(u32, u32)>) -> u64 {
    let distance = focus.map_or(0, |focus| u64::from(bounds.distance(focus)));
    let points = bounds.area() * (DISTANCE_OF_TWICE + distance) / (DISTANCE_OF_TWICE * PIXELS_A_POINT);
    let waited = points.saturating_sub(u64::from(rounds) * POINTS_A_ROUND);
    waited.max(points.min(LEAST_POINTS_BY_WAITING))
}

#[cfg(test)]
mod tests {
    use super::points;
    use crate::Rect;

    const LETTER: Rect = Rect::new(1000, 500, 10, 20);

    #[test]
    fn near_and_small_go_first() {
        let at = Some((1005, 505));
        let tile = Rect::new(960, 448, 64, 64);
        assert!(points(&LETTER, 0, at) < points(&tile, 0, at));
        assert!(points(&tile, 0, at) < points(&Rect::new(0, 0, 64, 64), 0, at));
    }

    #[test]
    fn waiting_helps_against_equals_but_never_against_a_letter() {
        let at = Some((1005, 505));
        let far = Rect::new(0, 0, 64, 64);
        assert!(points(&far, 20, at) < points(&Rect::new(960, 448, 64, 64), 0, at));
        assert!(points(&far, u32::MAX, at) > points(&LETTER, 0, at));
        let icon = Rect::new(20, 700, 40, 24);
        assert!(points(&far, u32::MAX, at) > points(&icon, 0, at), "wherever it is");
    }
}
