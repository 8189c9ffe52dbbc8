//! When the next update of the picture may be coded, and how large it may be.
//!
//! The viewer acknowledges every update once it is decoded, so that what is measured is the path with its
//! slowest part, be it the line or the viewer's computer. What waits, waits as dirty tiles, never as bytes.

use std::collections::VecDeque;
use std::time::Duration;

use deskside_proto::picture::UpdateHeader;

use crate::capacity::{Acknowledged, Capacity, Sent};

/// Kept under way while nothing is known: a few small updates.
const INITIAL_WINDOW: usize = 32 * 1024;
/// Kept under way at least.
const LEAST_WINDOW: usize = 4 * 1024;
/// Kept under way at most; above it QUIC's own windows would fill.
const MAX_WINDOW: usize = 2 * 1024 * 1024;
/// An update carries at most what is delivered in this time: so long may a letter that was just typed have
/// to wait for what is on the line already.
const UPDATE_TIME: Duration = Duration::from_millis(10);
/// Bounds of one update, in bytes.
const MIN_UPDATE: usize = 2 * 1024;
const MAX_UPDATE: usize = 512 * 1024;
/// Of one update while nothing is known: the first answer then tells the round trip, not the size.
const FIRST_UPDATE: usize = 8 * 1024;

#[derive(Debug)]
struct Update {
    header: UpdateHeader,
    sent: Sent,
    what: Acknowledged,
}

/// The picture's window.
#[derive(Debug)]
pub(crate) struct Pacer {
    capacity: Capacity,
    under_way: VecDeque<Update>,
    bytes_under_way: usize,
}

impl Default for Pacer {
    fn default() -> Self {
        let capacity = Capacity::new(INITIAL_WINDOW, LEAST_WINDOW);
        Self { capacity, under_way: VecDeque::new(), bytes_under_way: 0 }
    }
}

impl Pacer {
    /// How many bytes the next update may have if so many are on their way here already; `None` while
    /// enough is under way.
    pub(crate) fn budget(&self, handed_over: usize) -> Option<usize> {
        let under_way = self.bytes_under_way + handed_over;
        let free = self.window().checked_sub(under_way)?;
        let usual = self.capacity.carried_in(UPDATE_TIME).unwrap_or(FIRST_UPDATE);
        let usual = usual.clamp(MIN_UPDATE, MAX_UPDATE).min(self.window() / 2);
        // Crumbs cost more than they carry.
        (under_way == 0 || usual / 2 <= free).then(|| free.min(usual))
    }

    /// An update was handed to QUIC.
    pub(crate) fn sent(&mut self, header: UpdateHeader, bytes: usize, now: Duration) {
        let sent = self.capacity.sent(now, self.under_way.is_empty());
        self.bytes_under_way += bytes;
        let is_app_limited = self.bytes_under_way * 2 < self.window();
        let what = Acknowledged { bytes, is_whole: true, is_app_limited };
        self.under_way.push_back(Update { header, sent, what });
    }

    /// The viewer has shown an update, and with it all before.
    pub(crate) fn shown(&mut self, header: UpdateHeader, now: Duration) {
        let order = |h: UpdateHeader| (h.epoch, h.number);
        while let Some(update) = self.under_way.pop_front_if(|update| order(update.header) <= order(header)) {
            self.bytes_under_way -= update.what.bytes;
            self.capacity.acknowledged(&update.sent, update.what, now);
        }
    }

    /// Everything under way is void: a new epoch began.
    pub(crate) fn forget_under_way(&mut self) {
        self.under_way.clear();
        self.bytes_under_way = 0;
    }

    fn window(&self) -> usize {
        self.capacity.window().min(MAX_WINDOW)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A path of a fixed rate and delay, in virtual time: how much stands in its queue, how much it carried.
    fn run(bytes_per_second: f64, round_trip: Duration, time: Duration) -> (f64, Duration) {
        let (mut pacer, mut number, mut now) = (Pacer::default(), 0, Duration::ZERO);
        let (mut free_at, mut carried) = (Duration::ZERO, 0usize);
        let mut arrivals = VecDeque::new();
        let mut worst_queue = Duration::ZERO;
        while now < time {
            while let Some((header, _)) = arrivals.pop_front_if(|(_, at)| *at <= now) {
                pacer.shown(header, now);
            }
            while let Some(bytes) = pacer.budget(0) {
                let header = UpdateHeader { epoch: 1, number };
                number += 1;
                pacer.sent(header, bytes, now);
                carried += bytes;
                free_at = free_at.max(now) + Duration::from_secs_f64(bytes as f64 / bytes_per_second);
                arrivals.push_back((header, free_at + round_trip));
                if now > time / 2 {
                    worst_queue = worst_queue.max(free_at - now);
                }
            }
            now += Duration::from_millis(1);
        }
        (carried as f64 / time.as_secs_f64() / bytes_per_second, worst_queue)
    }

    #[test]
    fn a_path_is_used_well_without_seconds_of_queue() {
        for (rate, trip_ms) in [(1e6, 40), (1e7, 20), (1e5, 200), (5e6, 100), (32e3, 400)] {
            let (used, queue) = run(rate, Duration::from_millis(trip_ms), Duration::from_secs(20));
            assert!(used > 0.75, "{rate} B/s, {trip_ms} ms: only {used:.2} of the line was used");
            let bound = Duration::from_millis(70) + Duration::from_secs_f64(2.0 * MIN_UPDATE as f64 / rate);
            assert!(queue <= bound, "{rate} B/s, {trip_ms} ms: {queue:?} stood in the queue");
        }
    }

    #[test]
    fn nothing_may_be_sent_while_the_window_is_full_and_a_new_epoch_frees_it() {
        let mut pacer = Pacer::default();
        let header = UpdateHeader { epoch: 1, number: 0 };
        assert_eq!(pacer.budget(INITIAL_WINDOW), None);
        pacer.sent(header, INITIAL_WINDOW, Duration::ZERO);
        assert_eq!(pacer.budget(0), None);
        pacer.forget_under_way();
        assert!(pacer.budget(0).is_some());
        pacer.shown(header, Duration::from_secs(1));
        assert_eq!(pacer.bytes_under_way, 0);
    }
}
