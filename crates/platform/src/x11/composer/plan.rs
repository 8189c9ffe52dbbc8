//! Which window is to be seen where. Pure.

use x11rb::protocol::xproto::Window;

use crate::x11::region::Region;

/// How a window looks in the picture.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Look {
    /// It is covered by the pattern.
    Hidden,
    Opaque,
    /// It lets through what is below.
    Blended,
}

/// A window that covers something of the root.
#[derive(Debug)]
pub(super) struct Layer {
    pub(super) window: Window,
    /// Tells it from one before it with the same number.
    pub(super) born: u64,
    pub(super) look: Look,
    /// Of its outer upper left corner.
    pub(super) origin: (i32, i32),
    pub(super) outline: Region,
}

/// What is seen of a window that is shown, in pixels of the root.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Part {
    pub(super) window: Window,
    pub(super) born: u64,
    pub(super) blends: bool,
    pub(super) origin: (i32, i32),
    pub(super) region: Region,
}

/// The picture in parts.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Plan {
    /// All windows that are shown, from the lowest, also those of which nothing is seen.
    pub(super) parts: Vec<Part>,
    /// Where the background of the desktop is seen.
    pub(super) background: Region,
    /// Where nothing may be seen.
    pub(super) pattern: Region,
}

impl Plan {
    /// Of windows from the highest, within this much of the root.
    pub(super) fn new(whole: &Region, layers: impl IntoIterator<Item = Layer>, desktop: bool) -> Self {
        let mut left = whole.clone();
        let mut plan = Self::default();
        for Layer { window, born, look, origin, outline } in layers {
            let region = outline.intersect(&left);
            if look != Look::Blended {
                left = left.subtract(&region);
            }
            match look {
                Look::Hidden => plan.pattern = plan.pattern.union(&region),
                Look::Opaque | Look::Blended => {
                    plan.parts.push(Part { window, born, blends: look == Look::Blended, origin, region });
                }
            }
        }
        plan.parts.reverse();
        if desktop {
            plan.background = left;
        } else {
            plan.pattern = plan.pattern.union(&left);
        }
        plan
    }

    /// Where the picture looks different by this plan, if no window has drawn anything.
    pub(super) fn changed(&self, before: &Self) -> Region {
        let mut changed = self.pattern.difference(&before.pattern);
        changed = changed.union(&self.background.difference(&before.background));
        for part in &self.parts {
            let old = before.parts.iter().find(|old| old.window == part.window);
            changed = changed.union(&match old {
                Some(old) if (old.born, old.origin, old.blends) == (part.born, part.origin, part.blends) => {
                    part.region.difference(&old.region)
                }
                Some(old) => part.region.union(&old.region),
                None => part.region.clone(),
            });
        }
        let is_gone = |old: &&Part| self.parts.iter().all(|part| part.window != old.window);
        for old in before.parts.iter().filter(is_gone) {
            changed = changed.union(&old.region);
        }
        // What is blended depends on the order although it covers the same pixels.
        let order = |plan: &Self| plan.parts.iter().map(|part| part.window).collect::<Vec<_>>();
        if self.parts.iter().any(|part| part.blends) && order(self) != order(before) {
            for part in self.parts.iter().filter(|part| part.blends) {
                changed = changed.union(&part.region);
            }
        }
        changed
    }

    /// Whether something is shown there, and so the pointer over it as well.
    pub(super) fn shows(&self, x: i32, y: i32) -> bool {
        !self.pattern.contains(x, y)
            && (self.background.contains(x, y) || self.parts.iter().any(|part| part.region.contains(x, y)))
    }
}

#[cfg(test)]
mod tests {
    use super::{Layer, Look, Plan, Region};
    use crate::x11::region::Place;

    fn place(x: i32, y: i32, width: u32, height: u32) -> Region {
        Region::of(Place { x, y, width, height })
    }

    fn layer(window: u32, look: Look, x: i32) -> Layer {
        Layer { window, born: 1, look, origin: (x, 0), outline: place(x, 0, 10, 10) }
    }

    fn plan(layers: impl IntoIterator<Item = Layer>) -> Plan {
        Plan::new(&place(0, 0, 40, 10), layers, true)
    }

    #[test]
    fn what_is_on_top_is_seen_and_what_is_hidden_covers() {
        let plan = plan([layer(3, Look::Opaque, 0), layer(2, Look::Hidden, 5), layer(1, Look::Opaque, 10)]);
        let seen: Vec<_> = plan.parts.iter().map(|part| (part.window, part.region.clone())).collect();
        assert_eq!(seen, [(1, place(15, 0, 5, 10)), (3, place(0, 0, 10, 10))]);
        assert_eq!(plan.pattern, place(10, 0, 5, 10));
        assert_eq!(plan.background, place(20, 0, 20, 10));
        assert!(plan.shows(9, 5) && plan.shows(16, 5) && plan.shows(30, 5));
        assert!(!plan.shows(12, 5) && !plan.shows(40, 5));
    }

    #[test]
    fn a_window_with_the_number_of_one_that_is_gone_looks_different() {
        let before = plan([layer(3, Look::Opaque, 0)]);
        let after = plan([Layer { born: 2, ..layer(3, Look::Opaque, 0) }]);
        assert_eq!(after.changed(&before), place(0, 0, 10, 10));
    }

    #[test]
    fn what_is_blended_leaves_what_is_below_but_nothing_hidden() {
        let plan = plan([layer(2, Look::Blended, 0), layer(1, Look::Opaque, 5), layer(9, Look::Hidden, 8)]);
        let seen: Vec<_> = plan.parts.iter().map(|part| (part.window, part.region.clone())).collect();
        assert_eq!(seen, [(1, place(5, 0, 10, 10)), (2, place(0, 0, 10, 10))]);
        assert_eq!(plan.pattern, place(15, 0, 3, 10));
        let hidden_below =
            Plan::new(&place(0, 0, 40, 10), [layer(2, Look::Blended, 0), layer(9, Look::Hidden, 0)], true);
        assert!(!hidden_below.shows(3, 3), "the pointer belongs to what is below as well");
    }

    #[test]
    fn only_what_looks_different_has_changed() {
        let before = plan([layer(2, Look::Opaque, 5), layer(1, Look::Opaque, 0)]);
        assert!(before.changed(&before).is_empty());
        let raised = plan([layer(1, Look::Opaque, 0), layer(2, Look::Opaque, 5)]);
        assert_eq!(raised.changed(&before), place(5, 0, 5, 10));
        let moved = plan([layer(2, Look::Opaque, 6), layer(1, Look::Opaque, 0)]);
        assert_eq!(moved.changed(&before), place(5, 0, 11, 10));
        let gone = plan([layer(1, Look::Opaque, 0)]);
        assert_eq!(gone.changed(&before), place(5, 0, 10, 10));
        // One hidden window instead of another looks the same.
        let hidden = plan([layer(3, Look::Hidden, 0)]);
        assert!(plan([layer(4, Look::Hidden, 0)]).changed(&hidden).is_empty());
        let over = plan([layer(6, Look::Blended, 0), layer(5, Look::Blended, 2)]);
        let under = plan([layer(5, Look::Blended, 2), layer(6, Look::Blended, 0)]);
        assert_eq!(over.changed(&under), place(0, 0, 12, 10));
    }
}
