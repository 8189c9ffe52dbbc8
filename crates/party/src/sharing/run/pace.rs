//! How often the screen is captured: after a while without, at once; otherwise no more often than it is seen, and less
//! often where a picture takes long, so that capturing leaves the computer to its person.

use std::time::{Duration, Instant};

/// Between two pictures at least, in the long run.
const BETWEEN: Duration = Duration::from_millis(17);
/// And at most, however long one takes.
const LONGEST: Duration = Duration::from_millis(24);
/// A picture is followed by so many times what it took: a fifth of a core is enough.
const REST: u32 = 5;

/// Says when the next picture may be captured.
#[derive(Debug)]
pub(super) struct Pace {
    /// Where an even pace would have the next picture; one may be ahead of it.
    even: Instant,
    between: Duration,
    /// What the picture that is not finished yet has taken.
    spent: Duration,
}

impl Pace {
    pub(super) fn new(now: Instant) -> Self {
        Self { even: now, between: BETWEEN, spent: Duration::ZERO }
    }

    /// When the next picture may be captured.
    pub(super) fn next(&self) -> Instant {
        self.even.checked_sub(self.between).unwrap_or(self.even)
    }

    /// A part of a picture took this.
    pub(super) fn spent(&mut self, time: Duration) {
        self.spent += time;
    }

    /// The picture that was captured then is finished.
    pub(super) fn finished(&mut self, captured: Instant) {
        self.between = (REST * std::mem::take(&mut self.spent)).clamp(BETWEEN, LONGEST);
        self.even = self.even.max(captured) + self.between;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ms(ms: u64) -> Duration {
        Duration::from_millis(ms)
    }

    #[test]
    fn what_changes_after_a_rest_is_captured_twice_at_once() {
        let start = Instant::now();
        let mut pace = Pace::new(start);
        let now = start + ms(500);
        assert!(pace.next() <= now);
        pace.finished(now);
        assert!(pace.next() <= now, "the letter, and what it changed elsewhere");
        pace.finished(now + ms(3));
        assert_eq!(pace.next(), now + BETWEEN);
    }

    #[test]
    fn what_changes_all_the_time_is_captured_evenly() {
        let start = Instant::now();
        for (cost, expected) in [(ms(1), BETWEEN), (ms(4), ms(20)), (ms(9), LONGEST)] {
            let (mut pace, mut now) = (Pace::new(start), start);
            for _ in 0..100 {
                now = now.max(pace.next());
                pace.spent(cost);
                pace.finished(now);
            }
            let each = (now - start) / 98;
            assert!(each.abs_diff(expected) < ms(1), "{cost:?}: {each:?}");
        }
    }
}
