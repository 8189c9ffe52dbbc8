//! When the next update of the picture may be coded, and how large it may be.
//!
//! The viewer acknowledges every update. From these acknowledgements follow what the path delivers and
//! how long it takes at best; a quarter more than their product is kept under way. Less would leave
//! the line idle, more would only stand in queues. What waits, waits as dirty tiles, never as bytes.

use std::collections::VecDeque;
use std::time::Duration;

use deskside_proto::picture::UpdateHeader;

/// Kept under way even when nothing is known yet: two small updates.
const MIN_WINDOW: usize = 32 * 1024;
/// Kept under way at most; above it QUIC's own windows would fill.
const MAX_WINDOW: usize = 2 * 1024 * 1024;
/// More than what the path holds, so that a growing rate is found; the surplus stands in a queue.
const GAIN: f64 = 1.25;
/// An update carries at most what the path delivers in this time.
const UPDATE_TIME: Duration = Duration::from_millis(100);
/// Bounds of one update, in bytes.
const MIN_UPDATE: usize = 8 * 1024;
const MAX_UPDATE: usize = 512 * 1024;
/// Delivery rates older than this are forgotten.
const RATE_MEMORY: Duration = Duration::from_secs(2);
/// The best round trip is believed for so long.
const TRIP_MEMORY: Duration = Duration::from_secs(10);

#[derive(Debug)]
struct Sent {
    header: UpdateHeader,
    bytes: usize,
    at: Duration,
    delivered_before: u64,
    /// When the last acknowledgement before it came: from then on the path's work counts. Measured from the
    /// sending alone, the rate would contain bytes that were on the line already.
    last_delivery: Duration,
    /// The window was not full, so the rate measured with it is the picture's, not the path's.
    is_app_limited: bool,
}

/// The picture's window.
#[derive(Debug, Default)]
pub(crate) struct Pacer {
    under_way: VecDeque<Sent>,
    bytes_under_way: usize,
    delivered: u64,
    last_delivery: Duration,
    rates: VecDeque<(Duration, f64)>,
    trips: VecDeque<(Duration, Duration)>,
}

impl Pacer {
    /// How many bytes the next update may have; `None` while enough is under way.
    pub(crate) fn budget(&self) -> Option<usize> {
        let window = self.window();
        let free = window.checked_sub(self.bytes_under_way).filter(|free| *free > 0)?;
        // Before anything is known, a small one: the first answer then tells the round trip, not the size.
        let per_update = self.rate().map_or(MIN_UPDATE, |rate| {
            // Truncation is harmless: the result is clamped next.
            #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "clamped below")]
            let bytes = (rate * UPDATE_TIME.as_secs_f64()) as usize;
            // Several under way, or the line would rest while each is acknowledged.
            bytes.min(window / 4).clamp(MIN_UPDATE, MAX_UPDATE)
        });
        Some(free.min(per_update))
    }

    /// An update was handed to QUIC.
    pub(crate) fn sent(&mut self, header: UpdateHeader, bytes: usize, now: Duration) {
        if self.under_way.is_empty() {
            self.last_delivery = now;
        }
        self.bytes_under_way += bytes;
        let is_app_limited = self.bytes_under_way * 2 < self.window();
        let Self { delivered: delivered_before, last_delivery, .. } = *self;
        let sent = Sent { header, bytes, at: now, delivered_before, last_delivery, is_app_limited };
        self.under_way.push_back(sent);
    }

    /// The viewer has shown an update, and with it all before.
    pub(crate) fn shown(&mut self, header: UpdateHeader, now: Duration) {
        let order = |h: UpdateHeader| (h.epoch, h.number);
        let mut newest = None;
        while let Some(sent) = self.under_way.pop_front_if(|sent| order(sent.header) <= order(header)) {
            self.bytes_under_way -= sent.bytes;
            self.delivered += sent.bytes as u64;
            newest = Some(sent);
        }
        let Some(sent) = newest else { return };
        self.last_delivery = now;
        let shortest = Duration::from_micros(100);
        let worked = now.saturating_sub(sent.last_delivery).max(shortest);
        let rate = (self.delivered - sent.delivered_before) as f64 / worked.as_secs_f64();
        if !sent.is_app_limited || self.rate().is_none_or(|known| rate > known) {
            self.rates.push_back((now, rate));
        }
        let newest_rate = self.rates.back().copied();
        self.rates.retain(|(at, _)| *at + RATE_MEMORY > now);
        // A quiet picture says nothing about the path: keep the last word.
        if self.rates.is_empty() {
            self.rates.extend(newest_rate);
        }
        let trip = now.saturating_sub(sent.at).max(shortest);
        self.trips.push_back((now, trip));
        self.trips.retain(|(at, _)| *at + TRIP_MEMORY > now);
    }

    /// Everything under way is void: a new epoch began.
    pub(crate) fn forget_under_way(&mut self) {
        self.under_way.clear();
        self.bytes_under_way = 0;
    }

    fn rate(&self) -> Option<f64> {
        self.rates.iter().map(|(_, rate)| *rate).reduce(f64::max)
    }

    fn window(&self) -> usize {
        let trip = self.trips.iter().map(|(_, trip)| *trip).min();
        let (Some(rate), Some(trip)) = (self.rate(), trip) else { return MIN_WINDOW };
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "clamped below")]
        let window = (rate * trip.as_secs_f64() * GAIN) as usize;
        window.clamp(MIN_WINDOW, MAX_WINDOW)
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
            while let Some(bytes) = pacer.budget() {
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
        for (rate, trip_ms) in [(1e6, 40), (1e7, 20), (1e5, 200), (5e6, 100)] {
            let (used, queue) = run(rate, Duration::from_millis(trip_ms), Duration::from_secs(20));
            assert!(used > 0.75, "{rate} B/s, {trip_ms} ms: only {used:.2} of the line was used");
            let bound = Duration::from_secs_f64(MIN_WINDOW as f64 / rate) + Duration::from_millis(trip_ms);
            assert!(queue <= bound, "{rate} B/s, {trip_ms} ms: {queue:?} stood in the queue");
        }
    }

    #[test]
    fn nothing_may_be_sent_while_the_window_is_full_and_a_new_epoch_frees_it() {
        let mut pacer = Pacer::default();
        let header = UpdateHeader { epoch: 1, number: 0 };
        pacer.sent(header, MIN_WINDOW, Duration::ZERO);
        assert_eq!(pacer.budget(), None);
        pacer.forget_under_way();
        assert!(pacer.budget().is_some());
        pacer.shown(header, Duration::from_secs(1));
        assert_eq!(pacer.bytes_under_way, 0);
    }
}
