//! Whether the person's own hand pressed a button on the screen.
//!
//! A click that reaches a window says nothing about who made it: programs can inject input, and whoever has
//! control can drive such programs. The hand's watch hears real devices only. So a yes needs both: the
//! click in the window, and the real press that it came from.

use std::time::{Duration, Instant};

use deskside_ui::ScreenRect;

/// A click counts as the hand's if the hand did it within this time, before or after the click was heard.
pub(super) const OWN_HAND_WITHIN: Duration = Duration::from_millis(250);

/// What the hand did, as far as a question needs to know.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HandSign {
    /// The first mouse button went down or up here, in pixels of the screen.
    Button {
        /// Down or up.
        pressed: bool,
        /// From the left.
        x: i32,
        /// From the top.
        y: i32,
        /// When.
        at: Instant,
    },
    /// A key that moves from button to button (Tab, an arrow) went down.
    Navigate {
        /// When.
        at: Instant,
    },
    /// Another key went down, whichever: the person is busy typing something.
    Typed {
        /// When.
        at: Instant,
    },
    /// Return or Space went down.
    Confirm {
        /// When.
        at: Instant,
    },
}

/// How a yes was pressed in the window.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Press {
    /// With the mouse.
    Pointer,
    /// With Return or Space, while the button had the keyboard.
    Keyboard,
}

/// A yes as the window saw it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pressed {
    /// How.
    pub by: Press,
    /// Where the button lies on the screen; `None` if that cannot be told, and then nothing is proven.
    pub button: Option<ScreenRect>,
}

/// What the hand did since the question was opened.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Evidence {
    press: Option<(Instant, i32, i32)>,
    release: Option<(Instant, i32, i32)>,
    navigated: Option<Instant>,
    confirm: Option<Instant>,
    /// Since when the yes has the keyboard.
    focused: Option<Instant>,
}

impl Evidence {
    pub(super) fn hear(&mut self, sign: HandSign) {
        match sign {
            HandSign::Button { pressed: true, x, y, at } => {
                (self.press, self.release) = (Some((at, x, y)), None);
            }
            HandSign::Button { pressed: false, x, y, at } => self.release = Some((at, x, y)),
            HandSign::Navigate { at } => self.navigated = Some(at),
            // Who types did not mean the question with the step before.
            HandSign::Typed { .. } => (self.navigated, self.confirm) = (None, None),
            HandSign::Confirm { at } => self.confirm = Some(at),
        }
    }

    /// The yes got the keyboard, or lost it.
    pub(super) fn focus(&mut self, focused: Option<Instant>) {
        self.focused = focused;
    }

    /// What the hand did until now was for something else.
    pub(super) fn forget(&mut self) {
        *self = Self { focused: self.focused, ..Self::default() };
    }

    /// Whether the hand said yes at about `clicked`, and not before `alive`. By keyboard only if the hand itself had
    /// brought the keyboard to the yes.
    pub(super) fn proves_yes(&self, pressed: Pressed, clicked: Instant, alive: Instant) -> bool {
        let is_meant = match pressed.by {
            Press::Pointer => true,
            Press::Keyboard => {
                self.focused.is_some_and(|focused| self.navigated.is_some_and(|at| about(at, focused)))
            }
        };
        is_meant && self.proves(pressed, clicked, alive)
    }

    /// Whether the hand did this at about `clicked`, and not before `alive`.
    pub(super) fn proves(&self, pressed: Pressed, clicked: Instant, alive: Instant) -> bool {
        match pressed.by {
            Press::Pointer => {
                let (Some(button), Some((down, x, y))) = (pressed.button, self.press) else { return false };
                let (last, left_at) = self.release.map_or((down, (x, y)), |(up, x, y)| (up, (x, y)));
                alive <= down
                    && about(last, clicked)
                    && button.contains(x, y)
                    && button.contains(left_at.0, left_at.1)
            }
            // The keyboard starts on the no; without a real step to the yes somebody else moved it there.
            Press::Keyboard => {
                self.navigated.is_some_and(|at| alive <= at)
                    && self.confirm.is_some_and(|at| alive <= at && about(at, clicked))
            }
        }
    }
}

fn about(one: Instant, other: Instant) -> bool {
    one.max(other).duration_since(one.min(other)) <= OWN_HAND_WITHIN
}

#[cfg(test)]
mod tests {
    use super::*;

    const BUTTON: ScreenRect = ScreenRect { x: 100, y: 100, width: 80, height: 40 };
    const CLICK: Pressed = Pressed { by: Press::Pointer, button: Some(BUTTON) };

    fn button(pressed: bool, x: i32, at: Instant) -> HandSign {
        HandSign::Button { pressed, x, y: 110, at }
    }

    fn proves(signs: &[HandSign], pressed: Pressed, clicked: Instant, alive: Instant) -> bool {
        let mut evidence = Evidence::default();
        signs.iter().for_each(|sign| evidence.hear(*sign));
        evidence.proves(pressed, clicked, alive)
    }

    #[test]
    fn a_real_click_on_the_button_counts_however_long_it_was_held() {
        let start = Instant::now();
        let up = start + Duration::from_secs(3);
        assert!(proves(&[button(true, 110, start), button(false, 120, up)], CLICK, up, start));
        assert!(proves(&[button(true, 110, start)], CLICK, start, start), "the release may be heard later");
    }

    #[test]
    fn a_real_click_elsewhere_or_at_another_time_does_not_count() {
        let start = Instant::now();
        let ms = |ms| start + Duration::from_millis(ms);
        let beside = [button(true, 99, start), button(false, 110, ms(20))];
        assert!(!proves(&beside, CLICK, ms(20), start), "pressed beside it");
        let dragged_off = [button(true, 110, start), button(false, 200, ms(20))];
        assert!(!proves(&dragged_off, CLICK, ms(20), start), "let go beside it");
        let click = [button(true, 110, start), button(false, 110, ms(20))];
        assert!(!proves(&click, CLICK, ms(271), start), "too long ago");
        assert!(proves(&click, CLICK, ms(270), start));
        assert!(!proves(&click, CLICK, ms(20), ms(1)), "pressed before the buttons were alive");
        assert!(!proves(&click, Pressed { button: None, ..CLICK }, ms(20), start), "place unknown");
        assert!(!proves(&[], CLICK, ms(20), start), "no hand at all");
    }

    #[test]
    fn a_key_counts_only_after_the_hand_has_moved_there() {
        let start = Instant::now();
        let (by_key, confirm) =
            (Pressed { by: Press::Keyboard, button: None }, HandSign::Confirm { at: start });
        assert!(!proves(&[confirm], by_key, start, start));
        assert!(proves(&[HandSign::Navigate { at: start }, confirm], by_key, start, start));
        assert!(!proves(&[HandSign::Navigate { at: start }], by_key, start, start));
    }
}
