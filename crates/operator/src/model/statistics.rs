//! What is measured about the picture, once a second.

use std::time::Duration;

use deskside_net::Quality;

/// Figures of the last second or so.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rates {
    /// Updates of the picture that were shown in a second.
    pub updates: u32,
    /// Thousand bits a second that arrived, headers included.
    pub kilobits: u64,
}

/// Counts, and makes rates of them whenever the connection is measured.
#[derive(Debug, Default)]
pub struct Statistics {
    /// Of the last full measurement.
    pub rates: Option<Rates>,
    /// Whether the picture is the customer's to the last bit, as far as that is known.
    pub exact: Option<bool>,
    updates: u64,
    before: Option<Sample>,
}

#[derive(Debug, Clone, Copy)]
struct Sample {
    at: Duration,
    updates: u64,
    received: u64,
}

impl Statistics {
    /// So many further updates are on the screen.
    pub(super) fn shown(&mut self, updates: u64, exact: Option<bool>) {
        self.updates += updates;
        self.exact = exact;
    }

    /// The connection was measured.
    pub(super) fn measure(&mut self, quality: Quality, now: Duration) {
        /// A shorter time says little about a rate.
        const LEAST: Duration = Duration::from_millis(200);
        let sample = Sample { at: now, updates: self.updates, received: quality.received };
        let Some(before) = self.before else {
            self.before = Some(sample);
            return;
        };
        let time = now.saturating_sub(before.at);
        if time < LEAST {
            return;
        }
        let rate = |count: u64| count as f64 / time.as_secs_f64();
        let bits = rate(sample.received.saturating_sub(before.received)) * 8.0;
        self.rates = Some(Rates {
            updates: rate(sample.updates - before.updates).round() as u32,
            kilobits: (bits / 1000.0).round() as u64,
        });
        self.before = Some(sample);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn quality(received: u64) -> Quality {
        Quality { rtt_ms: 20, udp: true, received, sent: 0 }
    }

    #[test]
    fn rates_are_of_the_time_between_two_measurements() {
        let mut statistics = Statistics::default();
        let at = Duration::from_millis;
        statistics.shown(500, None);
        statistics.measure(quality(1_000_000), at(5000));
        assert_eq!(statistics.rates, None, "one measurement has no duration");
        statistics.shown(30, Some(false));
        statistics.measure(quality(1_010_000), at(5100));
        assert_eq!(statistics.rates, None, "too soon");
        statistics.shown(18, Some(true));
        statistics.measure(quality(1_300_000), at(7000));
        assert_eq!(statistics.rates, Some(Rates { updates: 24, kilobits: 1200 }));
        assert_eq!(statistics.exact, Some(true));
        statistics.measure(quality(1_300_000), at(8000));
        assert_eq!(statistics.rates, Some(Rates { updates: 0, kilobits: 0 }), "nothing moves");
    }
}
