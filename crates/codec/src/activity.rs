//! When tiles changed, which of them the viewer has only roughly, and when these are to be made exact.

use std::time::Duration;

use crate::Rect;

/// A rough tile is made exact when it has not changed for this long.
///
/// Longer than any film's pictures lie apart, and on a slow line longer than its updates.
pub(crate) const REST: Duration = Duration::from_millis(200);
/// Changes that follow each other within this time are motion.
const SOON: Duration = Duration::from_millis(350);
/// Changes closer together than this are one: the system tells of a picture in several parts.
const TOGETHER: Duration = Duration::from_millis(6);
/// So many changes soon after one another are a film.
const FILM: u8 = 2;

#[derive(Debug, Clone, Copy, Default)]
struct Tile {
    /// Marked since it was last compared.
    is_touched: bool,
    /// It has changed since the viewer got it.
    is_late: bool,
    /// Where the viewer has it, but not exactly.
    rough: Option<Rect>,
    /// Where it has been rough since it began to move.
    moving: Option<Rect>,
    /// When it was last found changed.
    changed: Option<Duration>,
    /// Changes in succession.
    motion: u8,
}

/// What is known of every tile beside what the viewer has.
pub(crate) struct Activity {
    tiles: Vec<Tile>,
    rough: usize,
}

impl Activity {
    pub(crate) fn new(tiles: usize) -> Self {
        Self { tiles: vec![Tile::default(); tiles], rough: 0 }
    }

    /// Something says that a tile may have changed.
    pub(crate) fn touch(&mut self, number: u16) {
        self.tiles[usize::from(number)].is_touched = true;
    }

    /// A tile was compared, and differs from what the viewer has.
    fn differs(&mut self, number: u16, now: Duration) {
        let tile = &mut self.tiles[usize::from(number)];
        if !std::mem::take(&mut tile.is_touched) {
            return;
        }
        tile.is_late = true;
        match tile.changed.map(|then| now.saturating_sub(then)) {
            Some(since) if since < TOGETHER => {}
            Some(since) if since < SOON => tile.motion = tile.motion.saturating_add(1),
            Some(_) | None => (tile.motion, tile.moving) = (0, tile.rough),
        }
        tile.changed = Some(now);
    }

    /// The viewer has a tile exactly.
    pub(crate) fn set_exact(&mut self, number: u16) {
        let tile = &mut self.tiles[usize::from(number)];
        (tile.is_touched, tile.is_late) = (false, false);
        self.rough -= usize::from(tile.rough.take().is_some());
    }

    /// The viewer has got this part of a tile roughly.
    pub(crate) fn set_rough(&mut self, number: u16, rect: Rect) {
        let tile = &mut self.tiles[usize::from(number)];
        self.rough += usize::from(tile.rough.is_none());
        tile.is_late = false;
        tile.rough = Some(tile.rough.map_or(rect, |rough| rough.around(&rect)));
        tile.moving = Some(tile.moving.map_or(rect, |moving| moving.around(&rect)));
    }

    /// The part of a tile that the viewer has roughly.
    pub(crate) fn rough(&self, number: u16) -> Option<Rect> {
        self.tiles[usize::from(number)].rough
    }

    /// The part of a tile that has been rough since it began to move.
    pub(crate) fn moving(&self, number: u16) -> Option<Rect> {
        self.tiles[usize::from(number)].moving
    }

    /// All tiles that were to be compared have been; these differ.
    pub(crate) fn compared(&mut self, differing: &[bool], now: Duration) {
        for (number, differs) in (0..).zip(differing) {
            if *differs {
                self.differs(number, now);
            } else if self.tiles[usize::from(number)].is_touched || self.is_due(number, now) {
                self.set_exact(number);
            }
        }
    }

    /// True when a tile keeps changing.
    pub(crate) fn is_film(&self, number: u16) -> bool {
        self.tiles[usize::from(number)].motion >= FILM
    }

    /// True when a tile that was sent roughly is to be made exact now.
    pub(crate) fn is_due(&self, number: u16, now: Duration) -> bool {
        self.tiles[usize::from(number)].due().is_some_and(|due| due <= now)
    }

    /// True when a tile is to be made exact now that has not changed since the viewer got it.
    pub(crate) fn is_refined(&self, number: u16, now: Duration) -> bool {
        let tile = &self.tiles[usize::from(number)];
        !tile.is_touched && !tile.is_late && self.is_due(number, now)
    }

    /// All tiles that are to be made exact now.
    pub(crate) fn due(&self, now: Duration) -> Vec<u16> {
        if self.rough == 0 {
            return Vec::new();
        }
        (0..)
            .zip(&self.tiles)
            .filter(|(_, tile)| tile.due().is_some_and(|due| due <= now))
            .map(|(n, _)| n)
            .collect()
    }

    /// When the next tile is to be made exact.
    pub(crate) fn next_due(&self) -> Option<Duration> {
        if self.rough == 0 {
            return None;
        }
        self.tiles.iter().filter_map(Tile::due).min()
    }
}

impl Tile {
    fn due(&self) -> Option<Duration> {
        self.rough.map(|_| self.changed.unwrap_or_default() + REST)
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::{Activity, REST};
    use crate::Rect;

    #[test]
    fn a_tile_that_keeps_changing_is_film_until_it_rests() {
        let mut activity = Activity::new(2);
        let at = |picture: u32| Duration::from_secs(5) + Duration::from_millis(42) * picture;
        for picture in 0..4 {
            assert_eq!(activity.is_film(1), picture >= 3);
            for part in 0..3 {
                activity.touch(1);
                activity.differs(1, at(picture) + Duration::from_millis(part));
            }
        }
        assert!(activity.is_film(1) && !activity.is_film(0));
        activity.differs(1, at(1_000));
        assert!(activity.is_film(1), "looking again is no change");
        activity.touch(1);
        activity.differs(1, at(1_000));
        assert!(!activity.is_film(1));
    }

    #[test]
    fn a_rough_tile_is_due_when_it_has_rested() {
        let mut activity = Activity::new(3);
        let now = Duration::from_secs(1);
        activity.touch(2);
        activity.differs(2, now);
        assert_eq!(activity.next_due(), None);
        activity.set_rough(2, Rect::new(130, 3, 5, 6));
        activity.set_rough(2, Rect::new(131, 3, 6, 6));
        assert_eq!(activity.rough(2), Some(Rect::new(130, 3, 7, 6)));
        assert_eq!(activity.next_due(), Some(now + REST));
        assert!(activity.due(now + REST / 2).is_empty());
        assert_eq!(activity.due(now + REST), [2]);
        assert!(activity.is_due(2, now + REST) && !activity.is_due(1, now + REST));
        activity.set_exact(2);
        assert_eq!(activity.next_due(), None);
    }
}
