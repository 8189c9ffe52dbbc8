//! When the operator's input rests although control is granted.

use std::time::Duration;

use deskside_proto::control::Suspension;

/// How long the customer's hand has the mouse alone after it last moved.
const HAND: Duration = Duration::from_secs(2);
/// How long input still rests after a question has closed, so that a click under way cannot answer the next.
const AFTER_QUESTION: Duration = Duration::from_millis(300);

/// Everything that can let input rest. The strongest reason is the one that is told.
#[derive(Debug, Default)]
pub(crate) struct Rest {
    paused: bool,
    panel_hidden: bool,
    question_open: bool,
    question_until: Duration,
    hand_until: Duration,
}

impl Rest {
    pub(crate) fn set_paused(&mut self, paused: bool) {
        self.paused = paused;
    }

    /// The panel is hidden or not; whether that is news.
    pub(crate) fn set_panel_hidden(&mut self, hidden: bool) -> bool {
        std::mem::replace(&mut self.panel_hidden, hidden) != hidden
    }

    pub(crate) fn open_question(&mut self) {
        self.question_open = true;
    }

    pub(crate) fn close_question(&mut self, now: Duration) {
        self.question_open = false;
        self.question_until = now + AFTER_QUESTION;
    }

    /// The hand moved; true if it did not have the mouse before.
    pub(crate) fn hand_moved(&mut self, now: Duration) -> bool {
        let took_over = self.hand_until <= now;
        self.hand_until = now + HAND;
        took_over
    }

    /// Why input rests at this instant.
    pub(crate) fn reason(&self, now: Duration) -> Option<Suspension> {
        if self.paused {
            Some(Suspension::Paused)
        } else if self.question_open || now < self.question_until {
            Some(Suspension::Question)
        } else if self.panel_hidden {
            Some(Suspension::Panel)
        } else if now < self.hand_until {
            Some(Suspension::Hand)
        } else {
            None
        }
    }

    pub(crate) fn hand_has_it(&self, now: Duration) -> bool {
        now < self.hand_until
    }

    /// When the answer of [`Rest::reason`] may change by time alone.
    pub(crate) fn next_change(&self, now: Duration) -> Option<Duration> {
        [self.question_until, self.hand_until].into_iter().filter(|at| *at > now).min()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn ms(ms: u64) -> Duration {
        Duration::from_millis(ms)
    }

    #[test]
    fn the_strongest_reason_is_told_and_each_ends_in_time() {
        let mut rest = Rest::default();
        assert_eq!(rest.reason(ms(0)), None);
        assert!(rest.hand_moved(ms(1000)));
        assert!(!rest.hand_moved(ms(1500)), "it had the mouse already");
        assert_eq!(rest.reason(ms(3499)), Some(Suspension::Hand));
        assert!(rest.set_panel_hidden(true) && !rest.set_panel_hidden(true));
        assert_eq!(rest.reason(ms(3499)), Some(Suspension::Panel));
        rest.open_question();
        assert_eq!(rest.reason(ms(99_000)), Some(Suspension::Question));
        assert!(rest.set_panel_hidden(false));
        rest.set_paused(true);
        assert_eq!(rest.reason(ms(99_000)), Some(Suspension::Paused));
        rest.set_paused(false);
        rest.close_question(ms(99_000));
        assert_eq!(rest.reason(ms(99_299)), Some(Suspension::Question));
        assert_eq!(rest.next_change(ms(99_000)), Some(ms(99_300)));
        assert_eq!(rest.reason(ms(99_300)), None);
        assert_eq!(rest.next_change(ms(99_300)), None);
    }
}
