//! Whether earlier searches for moves found something, so that what goes on moving is not compared before, and what never
//! moves, like a flood of text, is searched only now and then.

use std::time::Duration;

use crate::Rect;

/// So many searches in succession that find nothing are in vain; then only one in [`ONE_IN`] changes is searched.
const IN_VAIN: u32 = 3;
const ONE_IN: u32 = 4;
/// After so long without change all is new.
const REST: Duration = Duration::from_millis(350);

/// What earlier searches found.
#[derive(Default)]
pub(crate) struct Memory {
    /// The latest search found something.
    is_moving: bool,
    /// Where searches found nothing, and how many changes there were since they did.
    area: Rect,
    in_vain: u32,
    /// When something changed last.
    changed: Duration,
}

impl Memory {
    /// Something changed. True when it is likely to have moved, because what changed before had.
    pub(crate) fn is_moving(&mut self, now: Duration) -> bool {
        self.is_moving &= now.saturating_sub(self.changed) <= REST;
        if self.is_moving {
            self.changed = now;
        }
        self.is_moving
    }

    /// Something changed here. True when it is to be searched.
    pub(crate) fn is_worth_a_search(&mut self, area: Rect, now: Duration) -> bool {
        let is_new = area.intersection(&self.area) != area || now.saturating_sub(self.changed) > REST;
        self.changed = now;
        if is_new {
            (self.area, self.in_vain) = (area, 0);
        }
        self.is_moving = false;
        self.in_vain = self.in_vain.saturating_add(1);
        self.in_vain <= IN_VAIN || self.in_vain.is_multiple_of(ONE_IN)
    }

    /// Something was found to have moved.
    pub(crate) fn found(&mut self) {
        (self.in_vain, self.is_moving) = (0, true);
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::Memory;
    use crate::Rect;

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
    fn what_moves_is_always_searched_until_it_rests_or_a_search_is_in_vain() {
        let mut memory = Memory::default();
        let at = Duration::from_millis;
        assert!(!memory.is_moving(at(0)));
        for time in [0, 10, 20, 30] {
            assert!(memory.is_worth_a_search(AREA, at(time)));
            memory.found();
        }
        assert!(memory.is_moving(at(300)) && memory.is_moving(at(600)), "it goes on moving");
        assert!(!memory.is_moving(at(1_000)), "it has rested");
        memory.found();
        assert!(memory.is_worth_a_search(AREA, at(1_010)));
        assert!(!memory.is_moving(at(1_010)), "nothing was found");
    }
}
