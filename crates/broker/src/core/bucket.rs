//! A token bucket that is one number: the instant at which it is full again.
//!
//! This is the virtual scheduling form of the leaky bucket (ITU-T I.371, "generic cell rate algorithm").
//! One number means that a bucket can be stored in one column and that nothing has to be refilled.

/// How many tokens a bucket holds and how fast they come back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Rate {
    /// Tokens in a full bucket.
    pub(crate) burst: i64,
    /// Milliseconds until one spent token is back.
    pub(crate) every_ms: i64,
}

impl Rate {
    /// `tokens` at once, and all of them back after `period_ms`.
    pub(crate) const fn per(tokens: i64, period_ms: i64) -> Self {
        Self { burst: tokens, every_ms: period_ms / tokens }
    }

    const fn window_ms(self) -> i64 {
        self.burst.saturating_mul(self.every_ms)
    }
}

/// What is remembered about one source, one account or everybody together. One row of the store.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Entry {
    /// When the bucket is full again or the delay is over, in milliseconds since 1970.
    pub(crate) full_ms: i64,
    /// The latest wrong attempt, in milliseconds since 1970; 0 for none.
    pub(crate) wrong_ms: i64,
    /// Wrong attempts in a row, for delays that double.
    pub(crate) failures: i64,
}

/// A row to be written: the key, and what is remembered under it from now on.
pub(crate) type Row = (String, Entry);

impl Entry {
    /// When the bucket is full again. A clock that was set back must not lock anybody out for longer than
    /// an empty bucket would, so the past can claim no more than `debt_ms` beyond an empty bucket.
    fn full_at(self, now: i64, rate: Rate, debt_ms: i64) -> i64 {
        self.full_ms.clamp(now, now + rate.window_ms() + debt_ms)
    }

    /// Milliseconds until a token may be taken; 0 if it may be now. `debt_ms` is how far an empty bucket may
    /// be overdrawn, as time.
    pub(crate) fn wait(self, now: i64, rate: Rate, debt_ms: i64) -> i64 {
        let after = self.full_at(now, rate, debt_ms) + rate.every_ms;
        (after - now - rate.window_ms() - debt_ms).max(0)
    }

    /// Milliseconds until at least half of the tokens are there; 0 if they are now.
    pub(crate) fn wait_for_half(self, now: i64, rate: Rate, debt_ms: i64) -> i64 {
        (self.full_at(now, rate, debt_ms) - now - rate.window_ms() / 2).max(0)
    }

    /// The entry after one wrong attempt that took a token.
    pub(crate) fn charged(self, now: i64, rate: Rate, debt_ms: i64) -> Self {
        let full_ms = self.full_at(now, rate, debt_ms) + rate.every_ms;
        Self { full_ms, wrong_ms: now, failures: self.failures + 1 }
    }

    /// The entry after an attempt turned out not to be wrong: its token goes back.
    pub(crate) fn refunded(self, rate: Rate) -> Self {
        Self { full_ms: self.full_ms - rate.every_ms, failures: self.failures - 1, ..self }
    }

    /// Whether there was no wrong attempt during the last `period_ms`.
    pub(crate) fn quiet_for(self, now: i64, period_ms: i64) -> bool {
        self.wrong_ms == 0 || now - self.wrong_ms >= period_ms
    }

    /// Whether forgetting the entry changes nothing.
    pub(crate) fn is_spent(self, now: i64) -> bool {
        self.quiet_for(now, super::DAY) && now - self.full_ms >= super::DAY
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const RATE: Rate = Rate::per(5, 600_000);

    #[test]
    fn a_full_bucket_gives_its_burst_and_then_one_token_a_period() {
        let mut entry = Entry::default();
        for _ in 0..5 {
            assert_eq!(entry.wait(1_000, RATE, 0), 0);
            entry = entry.charged(1_000, RATE, 0);
        }
        assert_eq!(entry.wait(1_000, RATE, 0), 120_000);
        assert_eq!(entry.wait(120_999, RATE, 0), 1);
        assert_eq!(entry.wait(121_000, RATE, 0), 0);
    }

    proptest! {
        /// Whatever the rhythm of the attempts: never more than the burst plus what came back meanwhile.
        #[test]
        fn never_more_than_burst_plus_refill(pauses in prop::collection::vec(0i64..200_000, 1..200)) {
            let (start, mut now, mut taken) = (1_000_000, 1_000_000, 0);
            let mut entry = Entry::default();
            for pause in pauses {
                now += pause;
                if entry.wait(now, RATE, 0) == 0 {
                    entry = entry.charged(now, RATE, 0);
                    taken += 1;
                }
                prop_assert!(taken <= RATE.burst + (now - start) / RATE.every_ms);
            }
        }

        /// A clock that jumps back locks nobody out for longer than an empty bucket does.
        #[test]
        fn a_clock_set_back_costs_one_window_at_most(jump in 0i64..100_000_000_000) {
            let now = 200_000_000_000;
            let entry = (0..5).fold(Entry::default(), |entry, _| entry.charged(now, RATE, 0));
            prop_assert!(entry.wait(now - jump, RATE, 0) <= RATE.every_ms);
        }
    }
}
