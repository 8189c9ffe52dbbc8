//! The viewer's hand on the sharer's computer: turns pointer and keys of the window into input for the other
//! side, merges pointer moves, and sees to it that nothing stays held.

use std::collections::BTreeSet;
use std::time::Duration;

use deskside_proto::input::{Button, InputEvent};

/// Shortest time between two pointer moves on the wire: 120 a second are more than any screen shows.
const MOVE_INTERVAL: Duration = Duration::from_micros(8_333);
/// Wheel units in one notch.
const NOTCH: f32 = 120.0;
/// Most wheel units in one event.
const MOST_TURN: f32 = 100.0 * NOTCH;

/// What is known about the hand. Everything is in pixels of the sharer's picture.
#[derive(Debug, Default)]
pub struct Hand {
    /// Whether input reaches the sharer's computer: granted, not resting, window in front.
    live: bool,
    /// Whether the keyboard goes to the sharer's computer too.
    keyboard: bool,
    /// The latest position that has not been sent.
    waiting: Option<(u16, u16)>,
    /// When a move was last sent.
    moved_at: Option<Duration>,
    buttons: BTreeSet<Button>,
    /// Whether a key was sent since everything was last released.
    typed: bool,
    /// Parts of a notch that were too small to send, across and down.
    turned: (f32, f32),
}

impl Hand {
    /// Whether input reaches the sharer's computer.
    #[must_use]
    pub fn is_live(&self) -> bool {
        self.live
    }

    /// Whether keys reach the sharer's computer.
    #[must_use]
    pub fn has_keyboard(&self) -> bool {
        self.live && self.keyboard
    }

    /// Whether a button is held that was pressed on the picture, so that the pointer belongs to it.
    #[must_use]
    pub fn is_dragging(&self) -> bool {
        !self.buttons.is_empty()
    }

    /// Input may reach the sharer's computer from now on, or no longer; then everything held is let go.
    #[must_use]
    pub fn set_live(&mut self, live: bool) -> Vec<InputEvent> {
        let released = if self.live && !live { self.release() } else { Vec::new() };
        self.live = live;
        released
    }

    /// The keyboard goes to the sharer's computer, or stays here; then every key is let go.
    #[must_use]
    pub fn set_keyboard(&mut self, keyboard: bool) -> Vec<InputEvent> {
        let was = std::mem::replace(&mut self.keyboard, keyboard);
        if was && !keyboard && self.live { self.release() } else { Vec::new() }
    }

    /// The pointer is here now. The move is sent at once or, if one was sent just before, by [`Self::tick`].
    #[must_use]
    pub fn moved(&mut self, to: (u16, u16), now: Duration) -> Vec<InputEvent> {
        if !self.live {
            return Vec::new();
        }
        self.waiting = Some(to);
        self.tick(now)
    }

    /// A button went down or up at a place. A release without its press stays here.
    #[must_use]
    pub fn button(
        &mut self,
        button: Button,
        pressed: bool,
        at: (u16, u16),
        now: Duration,
    ) -> Vec<InputEvent> {
        let counts =
            if pressed { self.live && self.buttons.insert(button) } else { self.buttons.remove(&button) };
        if !counts || !self.live {
            return Vec::new();
        }
        self.waiting = Some(at);
        let mut events = self.flush(now);
        events.push(InputEvent::PointerButton { button, pressed });
        events
    }

    /// The wheel turned, in notches; right and down are positive.
    #[must_use]
    pub fn wheel(&mut self, dx: f32, dy: f32, now: Duration) -> Vec<InputEvent> {
        if !self.live {
            return Vec::new();
        }
        let take = |rest: f32, notches: f32| {
            let units = (rest + notches * NOTCH).clamp(-MOST_TURN, MOST_TURN);
            (units.trunc(), units.fract())
        };
        let ((across, rest_across), (down, rest_down)) = (take(self.turned.0, dx), take(self.turned.1, dy));
        self.turned = (rest_across, rest_down);
        if across == 0.0 && down == 0.0 {
            return Vec::new();
        }
        let mut events = self.flush(now);
        events.push(InputEvent::Wheel { dx: across as i16, dy: down as i16 });
        events
    }

    /// A key, as the platform's keyboard gives it, if the keyboard goes to the sharer. When the platform
    /// lets go of everything, buttons are let go too.
    #[must_use]
    pub fn key(&mut self, event: InputEvent, now: Duration) -> Vec<InputEvent> {
        if !self.has_keyboard() {
            return Vec::new();
        }
        if event == InputEvent::ReleaseAll {
            return self.release();
        }
        self.typed = true;
        let mut events = self.flush(now);
        events.push(event);
        events
    }

    /// When [`Self::tick`] is to be called next.
    #[must_use]
    pub fn wake_at(&self) -> Option<Duration> {
        self.waiting.map(|_| self.moved_at.map_or(Duration::ZERO, |at| at + MOVE_INTERVAL))
    }

    /// Sends the latest position if its time has come.
    #[must_use]
    pub fn tick(&mut self, now: Duration) -> Vec<InputEvent> {
        if self.wake_at().is_some_and(|at| at <= now) { self.flush(now) } else { Vec::new() }
    }

    /// The waiting move goes before whatever is done at its place.
    fn flush(&mut self, now: Duration) -> Vec<InputEvent> {
        let Some((x, y)) = self.waiting.take() else { return Vec::new() };
        self.moved_at = Some(now);
        vec![InputEvent::PointerMove { x, y }]
    }

    /// Lets go of everything.
    pub fn release(&mut self) -> Vec<InputEvent> {
        self.waiting = None;
        self.turned = (0.0, 0.0);
        let held = !std::mem::take(&mut self.buttons).is_empty();
        let typed = std::mem::take(&mut self.typed);
        if held || typed { vec![InputEvent::ReleaseAll] } else { Vec::new() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const START: Duration = Duration::from_secs(5);
    const KEY: InputEvent = InputEvent::Key { keysym: 0xffe3, position: 29, pressed: true };

    fn live() -> Hand {
        let mut hand = Hand::default();
        assert_eq!(hand.set_live(true), []);
        hand
    }

    #[test]
    fn moves_are_merged_and_the_latest_wins() {
        let mut hand = live();
        assert_eq!(hand.moved((1, 1), START), [InputEvent::PointerMove { x: 1, y: 1 }]);
        for x in 2..100 {
            assert_eq!(hand.moved((x, 7), START + Duration::from_millis(1)), []);
        }
        assert_eq!(hand.wake_at(), Some(START + MOVE_INTERVAL));
        assert_eq!(hand.tick(START + MOVE_INTERVAL), [InputEvent::PointerMove { x: 99, y: 7 }]);
        assert_eq!(hand.wake_at(), None);
    }

    #[test]
    fn at_most_120_moves_a_second() {
        let mut hand = live();
        let sent: usize =
            (0..1000u16).map(|ms| hand.moved((ms, 0), Duration::from_millis(ms.into())).len()).sum();
        assert!((100..=121).contains(&sent), "{sent}");
    }

    #[test]
    fn a_button_comes_after_the_move_to_its_place() {
        let mut hand = live();
        assert_eq!(hand.moved((1, 1), START).len(), 1);
        assert_eq!(hand.moved((2, 2), START), []);
        let press = InputEvent::PointerButton { button: Button::Left, pressed: true };
        assert_eq!(
            hand.button(Button::Left, true, (3, 3), START),
            [InputEvent::PointerMove { x: 3, y: 3 }, press]
        );
        assert!(hand.is_dragging());
        assert_eq!(hand.button(Button::Right, false, (3, 3), START), [], "it was never pressed here");
        assert_eq!(hand.button(Button::Left, false, (3, 3), START).len(), 2);
        assert!(!hand.is_dragging());
    }

    #[test]
    fn small_turns_add_up_to_units() {
        let mut hand = live();
        assert_eq!(hand.wheel(0.0, 1.0, START), [InputEvent::Wheel { dx: 0, dy: 120 }]);
        assert_eq!(hand.wheel(0.005, 0.0, START), []);
        assert_eq!(hand.wheel(0.005, -2.0, START), [InputEvent::Wheel { dx: 1, dy: -240 }]);
        assert_eq!(hand.wheel(0.0, 1e9, START), [InputEvent::Wheel { dx: 0, dy: 12_000 }]);
    }

    #[test]
    fn keys_go_only_while_the_keyboard_is_there() {
        let mut hand = live();
        assert_eq!(hand.key(KEY, START), []);
        assert_eq!(hand.set_keyboard(true), []);
        assert_eq!(hand.key(KEY, START), [KEY]);
        assert_eq!(hand.set_keyboard(false), [InputEvent::ReleaseAll], "right Ctrl or a click on the bar");
        assert_eq!(hand.key(KEY, START), []);
        assert_eq!(hand.set_keyboard(true), []);
        assert_eq!(hand.key(KEY, START), [KEY]);
        assert_eq!(hand.key(InputEvent::ReleaseAll, START), [InputEvent::ReleaseAll]);
        assert_eq!(hand.set_keyboard(false), [], "nothing is held any more");
    }

    #[test]
    fn everything_is_let_go_when_input_ends() {
        let mut hand = live();
        assert_eq!(hand.set_live(false), [], "nothing was held");
        assert_eq!(hand.set_live(true), []);
        assert_eq!(hand.button(Button::Left, true, (0, 0), START).len(), 2);
        assert_eq!(hand.moved((5, 5), START), []);
        assert_eq!(hand.set_live(false), [InputEvent::ReleaseAll]);
        assert_eq!(hand.tick(START + MOVE_INTERVAL), [], "the move is void");
        assert_eq!(hand.button(Button::Left, false, (0, 0), START), []);
        assert_eq!(hand.moved((5, 5), START), []);
        assert_eq!(hand.wheel(0.0, 1.0, START), []);
        assert_eq!(hand.set_live(true), []);
        assert!(!hand.is_dragging(), "the press of before is forgotten");
    }
}
