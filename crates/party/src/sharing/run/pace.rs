//! How often the screen is captured: after a while without, at once; otherwise no more often than it is seen.

use std::time::{Duration, Instant};

/// Between two pictures, in the long run.
const BETWEEN: Duration = Duration::from_millis(16);

/// Says when the next picture may be captured.
#[derive(Debug)]
pub(super) struct Pace {
    /// Where an even pace would have the next picture; one may be ahead of it.
    even: Instant,
}

impl Pace {
    pub(super) fn new(now: Instant) -> Self {
        Self { even: now }
    }

    /// A picture that was captured then is finished; gives when the next one may be captured.
    pub(super) fn finished(&mut self, captured: Instant) -> Instant {
        let next = self.even.max(captured);
        self.even = next + BETWEEN;
        next
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
        assert!(pace.finished(now) <= now, "the letter, and what it changed elsewhere");
        assert_eq!(pace.finished(now + ms(3)), now + BETWEEN);
    }

    #[test]
    fn what_changes_all_the_time_is_captured_evenly() {
        let start = Instant::now();
        let (mut pace, mut now) = (Pace::new(start), start);
        for _ in 0..100 {
            now = now.max(pace.finished(now));
        }
        assert_eq!(now - start, 99 * BETWEEN);
    }
}
