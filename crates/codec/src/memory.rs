//! What earlier searches for moves found, so that a page that goes on scrolling is not searched anew, and what never
//! moves, like a flood of text, only now and then.

use std::time::Duration;

use crate::Rect;
use crate::region::Offset;

/// Offsets that are remembered: a wheel turns both ways, at more than one speed.
const OFFSETS: usize = 4;
/// So many searches in succession that find nothing are in vain; then only one in [`ONE_IN`] changes is searched.
const IN_VAIN: u32 = 3;
const ONE_IN: u32 = 4;
/// After so long without change all is new.
const REST: Duration = Duration::from_millis(350);

/// What earlier searches found.
#[derive(Default)]
pub(crate) struct Memory {
    /// The latest first.
    offsets: Vec<Offset>,
    /// Where searches found nothing, and how many changes there were since they did.
    area: Rect,
    in_vain: u32,
    /// When something changed last.
    changed: Duration,
}

impl Memory {
    /// Offsets worth a try.
    pub(crate) fn offsets(&self) -> &[Offset] {
        &self.offsets
    }

    /// True when the latest search found something: it may go on moving like that.
    pub(crate) fn is_moving(&self) -> bool {
        self.in_vain == 0 && !self.offsets.is_empty()
    }

    /// Something changed here. True when it is to be searched.
    pub(crate) fn is_worth_a_search(&mut self, area: Rect, now: Duration) -> bool {
        let is_new = area.intersection(&self.area) != area || now.saturating_sub(self.changed) > REST;
        self.changed = now;
        if is_new {
            (self.area, self.in_vain) = (area, 0);
        }
        self.in_vain = self.in_vain.saturating_add(1);
        self.in_vain <= IN_VAIN || self.in_vain.is_multiple_of(ONE_IN)
    }

    /// Something was found to have moved.
    pub(crate) fn found(&mut self, offset: Offset) {
        self.in_vain = 0;
        self.offsets.retain(|other| *other != offset);
        self.offsets.insert(0, offset);
        self.offsets.truncate(OFFSETS);
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::Memory;
    use crate::Rect;
    use crate::region::Offset;

    const AREA: Rect = Rect::new(64, 64, 640, 320);

    #[test]
    fn what_does_not_move_is_searched_now_and_then() {
        let mut memory = Memory::default();
        let mut searches = |area, milliseconds| {
            let mut is_searched = || memory.is_worth_a_search(area, Duration::from_millis(milliseconds));
            (0..40).filter(|_| is_searched()).count()
        };
        assert_eq!(searches(AREA, 0), 3 + 10);
        assert_eq!(searches(AREA, 300), 10);
        assert_eq!(searches(AREA, 700), 3 + 10, "a rest makes it new");
        assert_eq!(searches(Rect::new(0, 64, 640, 320), 700), 3 + 10, "another place is new");
    }

    #[test]
    fn what_moves_is_always_searched_and_its_offsets_remembered() {
        let mut memory = Memory::default();
        for y in [7, 8, 7, 9, 10, 11, 7].map(|y| Offset::between((0, 0), (0, y))) {
            assert!(memory.is_worth_a_search(AREA, Duration::ZERO));
            memory.found(y);
        }
        assert_eq!(memory.offsets(), [7, 11, 10, 9].map(|y| Offset::between((0, 0), (0, y))));
    }
}
