//! Keeping the sharer's panel in sight: what is done when it is hidden, and when it is given up. Pure: time
//! and what is seen come in.

use std::time::Duration;

/// What the watch over the panel says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum GuardEvent {
    /// The panel can be seen, nine tenths of it at least; or it cannot, whatever was tried, and control has to
    /// pause. The first one comes soon after the watch began; until then nothing is said.
    Visible(bool),
    /// The display is gone, and nothing more will be said. Control must end.
    Lost,
}

/// Hears what the watch says, on the watch's own thread: it must be quick and must not block.
pub type GuardCallback = Box<dyn FnMut(GuardEvent) + Send>;

/// How long the panel may be out of sight before that is said. Together with [`AT_LEAST_EVERY`] less than the
/// second that a hidden panel may last.
const GIVE_UP: Duration = Duration::from_millis(450);
/// How long it must be in sight without a break to count as back.
const STEADY: Duration = Duration::from_millis(400);
/// Between the first two attempts to bring it back; each time twice as long, up to [`SLOWEST`].
const FIRST_PAUSE: Duration = Duration::from_millis(100);
/// Between attempts when another window fights for its place.
const SLOWEST: Duration = Duration::from_secs(2);
/// It is looked at this often even if nothing seems to happen.
pub(crate) const AT_LEAST_EVERY: Duration = Duration::from_millis(400);
/// It is looked at no more often than this, however much happens.
pub(crate) const AT_MOST_EVERY: Duration = Duration::from_millis(40);

/// What is to be done after a look.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Measures {
    /// To be told, if it is news.
    pub(crate) tell: Option<bool>,
    /// Bring the panel back.
    pub(crate) recover: bool,
}

/// Decides after every look.
#[derive(Debug, Default)]
pub(crate) struct Vigil {
    told: Option<bool>,
    /// Out of sight since then, short appearances not counted.
    hidden: Option<Duration>,
    /// In sight since then.
    seen: Option<Duration>,
    attempts: u32,
    next_attempt: Duration,
}

impl Vigil {
    pub(crate) fn look(&mut self, is_visible: bool, now: Duration) -> Measures {
        let mut measures = Measures { tell: None, recover: false };
        if is_visible {
            let since = *self.seen.get_or_insert(now);
            if self.hidden.is_none() || STEADY <= now.saturating_sub(since) {
                (self.hidden, self.attempts) = (None, 0);
                measures.tell = Some(true);
            }
        } else {
            self.seen = None;
            let since = *self.hidden.get_or_insert(now);
            if GIVE_UP <= now.saturating_sub(since) {
                measures.tell = Some(false);
            }
            if self.attempts == 0 || self.next_attempt <= now {
                measures.recover = true;
                self.next_attempt = now + (FIRST_PAUSE * 2u32.pow(self.attempts.min(8))).min(SLOWEST);
                self.attempts += 1;
            }
        }
        measures.tell = measures.tell.filter(|visible| self.told != Some(*visible));
        self.told = measures.tell.or(self.told);
        measures
    }

    /// When to look again at the latest.
    pub(crate) fn next_look(&self, now: Duration) -> Duration {
        let settled = self.hidden.and(self.seen).map(|seen| seen + STEADY);
        let attempt = self.hidden.filter(|_| self.seen.is_none()).map(|_| self.next_attempt);
        let give_up = self.hidden.filter(|_| self.told != Some(false)).map(|hidden| hidden + GIVE_UP);
        let due = [settled, attempt, give_up].into_iter().flatten().filter(|at| now < *at).min();
        due.unwrap_or(now + AT_LEAST_EVERY).min(now + AT_LEAST_EVERY)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn ms(ms: u64) -> Duration {
        Duration::from_millis(ms)
    }

    fn nothing() -> Measures {
        Measures { tell: None, recover: false }
    }

    /// Looks as often as it says, with a panel that is in sight at these times; gives what was told, when,
    /// and how many attempts there were.
    fn play(vigil: &mut Vigil, end: u64, is_visible: impl Fn(u64) -> bool) -> (Vec<(u64, bool)>, usize) {
        let (mut now, mut told, mut attempts) = (ms(0), Vec::new(), 0);
        while now < ms(end) {
            let at = now.as_millis() as u64;
            let measures = vigil.look(is_visible(at), now);
            told.extend(measures.tell.map(|visible| (at, visible)));
            attempts += usize::from(measures.recover);
            now = vigil.next_look(now).max(now + ms(1)).min(now + AT_MOST_EVERY);
        }
        (told, attempts)
    }

    #[test]
    fn what_is_in_sight_is_left_alone() {
        let mut vigil = Vigil::default();
        assert_eq!(vigil.look(true, ms(0)), Measures { tell: Some(true), recover: false });
        assert_eq!(vigil.look(true, ms(10)), nothing());
        assert_eq!(vigil.next_look(ms(10)), ms(410));
    }

    #[test]
    fn t18_what_comes_back_in_time_is_not_told() {
        let mut vigil = Vigil::default();
        vigil.look(true, ms(0));
        assert_eq!(vigil.look(false, ms(100)), Measures { tell: None, recover: true });
        assert_eq!(vigil.look(true, ms(120)), nothing());
        assert_eq!(vigil.look(true, ms(520)), nothing());
        assert_eq!(vigil.look(false, ms(600)), Measures { tell: None, recover: true }, "a new occasion");
    }

    #[test]
    fn t18_what_stays_hidden_is_told_within_a_second_and_tried_ever_more_slowly() {
        let (told, attempts) = play(&mut Vigil::default(), 60_000, |at| at < 1000);
        assert_eq!(told[0], (0, true));
        let (at, visible) = told[1];
        assert!(!visible && (1000..1600).contains(&at), "{at}");
        assert_eq!(told.len(), 2);
        assert!((30..45).contains(&attempts), "{attempts}");
    }

    #[test]
    fn t18_a_fight_is_lost_and_costs_little() {
        // Another window comes back 60 ms after every attempt.
        let (told, attempts) = play(&mut Vigil::default(), 60_000, |at| at % 100 < 60);
        assert_eq!(told.first().map(|(_, visible)| *visible), Some(true));
        let (at, visible) = told[1];
        assert!(!visible && at < 1000, "{at}");
        assert_eq!(told.len(), 2, "and is not told to be back between two blows: {told:?}");
        assert!(attempts < 45, "{attempts}");
    }

    #[test]
    fn t18_what_is_back_for_good_is_told() {
        let (told, _) = play(&mut Vigil::default(), 10_000, |at| !(1000..3000).contains(&at));
        let [(0, true), (gone, false), (back, true)] = told[..] else { panic!("{told:?}") };
        assert!(gone < 2000 && (3400..3600).contains(&back), "{gone} {back}");
    }
}
