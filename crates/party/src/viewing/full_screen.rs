//! The picture over the whole of the viewer's screen: when its bar is there, and the keys that begin and end
//! it while all keys go to the sharer.

use std::time::Duration;

use deskside_proto::input::InputEvent;

/// How long the bar stays when nothing holds it.
const BAR_STAYS: Duration = Duration::from_secs(2);

/// The bar above a picture that covers the screen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Bar {
    /// The pointer is on it.
    Held,
    /// It goes then.
    Until(Duration),
    /// It comes back when the pointer touches the top edge.
    Hidden,
}

impl Bar {
    /// There from now on, for a while.
    #[must_use]
    pub fn shown(now: Duration) -> Self {
        Self::Until(now + BAR_STAYS)
    }

    /// When it goes, unless something happens.
    #[must_use]
    pub fn wake_at(self) -> Option<Duration> {
        if let Self::Until(at) = self { Some(at) } else { None }
    }
}

const CONTROL: [u32; 2] = [0xffe3, 0xffe4];
/// Alt and Meta, which share a key.
const ALT: [u32; 4] = [0xffe9, 0xffea, 0xffe7, 0xffe8];
const ENTER: [u32; 2] = [0xff0d, 0xff8d];

/// Finds Ctrl+Alt+Enter among the keys on their way to the sharer.
#[derive(Debug, Default)]
pub struct Chord {
    control: bool,
    alt: bool,
    /// The press of Enter that belongs to this program, until its release.
    taken: Option<u32>,
}

/// Whose a key is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Whose {
    /// The sharer's.
    Sharers,
    /// Ours: Ctrl+Alt+Enter was pressed.
    Pressed,
    /// Ours too, but nothing new.
    Ours,
}

impl Chord {
    /// A key comes by.
    pub fn hear(&mut self, event: &InputEvent) -> Whose {
        match *event {
            InputEvent::ReleaseAll => *self = Self::default(),
            InputEvent::Key { keysym, pressed, .. } if CONTROL.contains(&keysym) => self.control = pressed,
            InputEvent::Key { keysym, pressed, .. } if ALT.contains(&keysym) => self.alt = pressed,
            InputEvent::Key { keysym, pressed: true, .. } if self.taken == Some(keysym) => {
                return Whose::Ours;
            }
            InputEvent::Key { keysym, pressed: true, .. }
                if ENTER.contains(&keysym) && self.control && self.alt =>
            {
                self.taken = Some(keysym);
                return Whose::Pressed;
            }
            InputEvent::Key { keysym, pressed: false, .. } if self.taken == Some(keysym) => {
                self.taken = None;
                return Whose::Ours;
            }
            _ => {}
        }
        Whose::Sharers
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(keysym: u32, pressed: bool) -> InputEvent {
        InputEvent::Key { keysym, position: 0, pressed }
    }

    #[test]
    fn only_enter_with_both_keys_is_ours_and_counts_once() {
        let mut chord = Chord::default();
        let mut hear = |keysym, pressed| chord.hear(&key(keysym, pressed));
        assert_eq!(hear(0xff0d, true), Whose::Sharers);
        assert_eq!(hear(0xff0d, false), Whose::Sharers);
        assert_eq!(hear(0xffe3, true), Whose::Sharers);
        assert_eq!(hear(0xff0d, true), Whose::Sharers, "Ctrl+Enter is the sharer's");
        assert_eq!(hear(0xff0d, false), Whose::Sharers);
        assert_eq!(hear(0xffe9, true), Whose::Sharers);
        assert_eq!(hear(0xff0d, true), Whose::Pressed);
        assert_eq!(hear(0xff0d, true), Whose::Ours, "the key repeats");
        assert_eq!(hear(0xffe3, false), Whose::Sharers);
        assert_eq!(hear(0xff0d, false), Whose::Ours, "its release belongs to it in any order");
        assert_eq!(hear(0xff0d, true), Whose::Sharers);
        assert_eq!(hear(0xffc8, true), Whose::Sharers, "F11");
    }

    #[test]
    fn what_was_let_go_elsewhere_is_not_held() {
        let mut chord = Chord::default();
        let _ = chord.hear(&key(0xffe3, true));
        let _ = chord.hear(&key(0xffe9, true));
        let _ = chord.hear(&InputEvent::ReleaseAll);
        assert_eq!(chord.hear(&key(0xff0d, true)), Whose::Sharers);
    }
}
