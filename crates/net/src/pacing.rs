//! When the next update of the picture may be coded, and how large it may be.
//!
//! Two things limit it. What the line carries, by what QUIC on the other side has: an update that lost a
//! packet then holds up nothing but itself. And what the viewer decodes, by its own acknowledgements, which
//! come in order; there is room for a loss to be mended in between. What waits, waits as dirty tiles, never
//! as bytes.

use std::collections::VecDeque;
use std::time::Duration;

use deskside_proto::picture::UpdateHeader;

use crate::capacity::{Acknowledged, Capacity, Sent};

/// Kept under way while nothing is known: a few small updates.
const INITIAL_WINDOW: usize = 32 * 1024;
/// Kept under way at least.
const LEAST_WINDOW: usize = 4 * 1024;
/// Kept under way at most; above it QUIC's own windows would fill.
pub(crate) const MAX_WINDOW: usize = 2 * 1024 * 1024;
/// Beside two trips, so much may wait for the viewer: a slow computer shall not show the past.
const UNDECODED: Duration = Duration::from_millis(50);
/// An update carries at most what is delivered in this time: so long may a letter that was just typed have
/// to wait for what is on the line already.
const UPDATE_TIME: Duration = Duration::from_millis(10);
/// What only makes exact what rests goes in updates of so many bytes at most, and it begins only while less than this is
/// not shown yet, or a quarter of what a trip carries, and at most a quarter of a trip's more than the line holds: something
/// that changes meanwhile is not to wait behind it.
const REFINING_UPDATE: usize = 64 * 1024;
const REFINING_WINDOW: usize = 128 * 1024;
/// From one picture of a film to the next.
const PICTURE_TIME: Duration = Duration::from_millis(40);
/// Bounds of one update, in bytes.
const MIN_UPDATE: usize = 2 * 1024;
const MAX_UPDATE: usize = 512 * 1024;
/// Of one update while nothing is known: the first answer then tells the round trip, not the size.
const FIRST_UPDATE: usize = 8 * 1024;

/// What an update is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// Something changed.
    Change,
    /// All that is to be done is to make exact what rests.
    Refinement,
}

#[derive(Debug)]
struct Update {
    header: UpdateHeader,
    sent: Sent,
    what: Acknowledged,
}

/// Updates on their way to one point, and what the way there carries.
#[derive(Debug)]
struct Way {
    capacity: Capacity,
    updates: VecDeque<Update>,
    bytes: usize,
}

impl Way {
    fn new() -> Self {
        let capacity = Capacity::new(INITIAL_WINDOW, LEAST_WINDOW);
        Self { capacity, updates: VecDeque::new(), bytes: 0 }
    }

    fn sent(&mut self, header: UpdateHeader, bytes: usize, window: usize, now: Duration) {
        let sent = self.capacity.sent(now, self.updates.is_empty());
        self.bytes += bytes;
        let is_app_limited = self.bytes * 2 < window;
        let what = Acknowledged { bytes, is_app_limited };
        self.updates.push_back(Update { header, sent, what });
    }

    fn arrived(&mut self, update: &Update, now: Duration) {
        self.bytes -= update.what.bytes;
        self.capacity.acknowledged(&update.sent, update.what, now);
    }

    fn forget(&mut self) {
        self.updates.clear();
        self.bytes = 0;
    }
}

/// The picture's windows.
#[derive(Debug)]
pub(crate) struct Pacer {
    /// To the viewer's computer.
    line: Way,
    /// Until it is shown.
    viewer: Way,
}

impl Default for Pacer {
    fn default() -> Self {
        Self { line: Way::new(), viewer: Way::new() }
    }
}

impl Pacer {
    /// How many bytes the next update may have if so many are on their way here already; `None` while
    /// enough is under way.
    pub(crate) fn budget(&self, purpose: Purpose, handed_over: usize) -> Option<usize> {
        let under_way = self.line.bytes + handed_over;
        let usual = self.line.capacity.carried_in(UPDATE_TIME).unwrap_or(FIRST_UPDATE);
        let usual = usual.clamp(MIN_UPDATE, MAX_UPDATE).min(self.window() / 2);
        // The last one may go beyond the window: crumbs cost more than they carry, and a window that ends before
        // it would never be found too small.
        let is_carried = under_way < self.window();
        let is_followed = self.viewer.bytes + handed_over <= self.undecoded();
        match purpose {
            Purpose::Change => (is_carried && is_followed).then_some(usual),
            Purpose::Refinement => {
                let trip = self.viewer.capacity.carried_in_a_trip().unwrap_or(0);
                let is_little = self.viewer.bytes + handed_over < REFINING_WINDOW.max(trip / 4);
                // On a narrow line even so much would stand in its queue.
                let trip = self.line.capacity.carried_in_a_trip();
                let is_carried = is_carried && trip.is_none_or(|trip| under_way < trip + trip / 4);
                (is_carried && is_followed && is_little).then_some(usual.min(REFINING_UPDATE))
            }
        }
    }

    /// How many bytes a moving picture may have; 0 while nothing is known.
    pub(crate) fn room(&self) -> usize {
        self.line.capacity.carried_in(PICTURE_TIME).unwrap_or(0)
    }

    /// An update was handed to QUIC.
    pub(crate) fn sent(&mut self, header: UpdateHeader, bytes: usize, now: Duration) {
        let window = self.window();
        self.line.sent(header, bytes, window, now);
        self.viewer.sent(header, bytes, window, now);
    }

    /// The viewer's computer has an update, whatever became of those before.
    pub(crate) fn delivered(&mut self, header: UpdateHeader, now: Duration) {
        let place = self.line.updates.iter().position(|update| update.header == header);
        if let Some(update) = place.and_then(|place| self.line.updates.remove(place)) {
            self.line.arrived(&update, now);
        }
    }

    /// The viewer has shown an update, and with it all before.
    pub(crate) fn shown(&mut self, header: UpdateHeader, now: Duration) {
        let order = |h: UpdateHeader| (h.epoch, h.number);
        while let Some(update) =
            self.viewer.updates.pop_front_if(|update| order(update.header) <= order(header))
        {
            self.viewer.arrived(&update, now);
            // What is shown has arrived; QUIC's own word on it comes later.
            self.delivered(update.header, now);
        }
    }

    /// Everything under way is void: a new epoch began.
    pub(crate) fn forget_under_way(&mut self) {
        self.line.forget();
        self.viewer.forget();
    }

    fn window(&self) -> usize {
        self.line.capacity.window().min(MAX_WINDOW)
    }

    /// Bytes that may be sent and not shown.
    fn undecoded(&self) -> usize {
        self.viewer
            .capacity
            .held_by_two_trips_and(UNDECODED)
            .unwrap_or(INITIAL_WINDOW)
            .clamp(2 * LEAST_WINDOW, MAX_WINDOW)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A path of a fixed rate and delay, in virtual time: how much stands in its queue, how much it carried.
    /// For the first seconds there is next to nothing to send, as on a desktop that rests; updates are never
    /// quite as large as they may be.
    fn run(purpose: Purpose, bytes_per_second: f64, round_trip: Duration, time: Duration) -> (f64, Duration) {
        let (mut pacer, mut number, mut now) = (Pacer::default(), 0, Duration::ZERO);
        let (mut free_at, mut carried) = (Duration::ZERO, 0usize);
        let mut arrivals = VecDeque::new();
        let (mut queued, mut rounds) = (Duration::ZERO, 0);
        let (quiet, half) = (time / 5, time / 2);
        while now < time {
            while let Some((header, _)) = arrivals.pop_front_if(|(_, at)| *at <= now) {
                pacer.shown(header, now);
            }
            let mut is_quiet = now < quiet && number > 20;
            while let Some(budget) =
                pacer.budget(purpose, 0).filter(|_| !is_quiet || now.as_millis() % 100 == 0)
            {
                let header = UpdateHeader { epoch: 1, number };
                number += 1;
                let bytes = if now < quiet {
                    100
                } else {
                    budget * [30, 60, 100, 110, 180][number as usize % 5] / 100
                };
                pacer.sent(header, bytes, now);
                carried += if now > half { bytes } else { 0 };
                free_at = free_at.max(now) + Duration::from_secs_f64(bytes as f64 / bytes_per_second);
                arrivals.push_back((header, free_at + round_trip));
                if std::mem::replace(&mut is_quiet, now < quiet) {
                    break;
                }
            }
            if now > half {
                queued += free_at.saturating_sub(now);
                rounds += 1;
            }
            now += Duration::from_millis(1);
        }
        (carried as f64 / half.as_secs_f64() / bytes_per_second, queued / rounds)
    }

    #[test]
    fn a_path_is_used_well_without_seconds_of_queue() {
        for (rate, trip_ms) in
            [(1e6, 40), (1e7, 20), (1e5, 200), (1.25e5, 200), (1.25e5, 20), (5e6, 100), (32e3, 400)]
        {
            let (used, queue) =
                run(Purpose::Change, rate, Duration::from_millis(trip_ms), Duration::from_secs(20));
            assert!(used > 0.75, "{rate} B/s, {trip_ms} ms: only {used:.2} of the line was used");
            let bound = Duration::from_millis(50) + Duration::from_secs_f64(MIN_UPDATE as f64 / rate);
            assert!(queue <= bound, "{rate} B/s, {trip_ms} ms: {queue:?} stood in the queue");
        }
    }

    #[test]
    fn what_is_made_exact_fills_a_narrow_line_with_less_in_its_queue() {
        for (rate, trip_ms) in [(1e6, 40), (5e5, 60)] {
            let run = |purpose| run(purpose, rate, Duration::from_millis(trip_ms), Duration::from_secs(20));
            let ((all, most), (used, queue)) = (run(Purpose::Change), run(Purpose::Refinement));
            assert!(used > 0.9, "{rate} B/s, {trip_ms} ms: {used:.2} of the line, {all:.2} by changes");
            assert!(queue < most * 9 / 10, "{rate} B/s, {trip_ms} ms: {queue:?}, {most:?} by changes");
        }
    }

    /// What is lost holds up itself alone, until the viewer waits for it too long.
    #[test]
    fn an_update_that_is_late_does_not_stop_the_others() {
        let mut pacer = Pacer::default();
        let header = |number| UpdateHeader { epoch: 1, number };
        let ms = Duration::from_millis;
        for number in 0..20 {
            pacer.sent(header(number), 10_000, ms(number.into()));
            pacer.shown(header(number), ms(u64::from(number) + 100));
        }
        let mut sent = 0;
        for number in 20..1000 {
            let now = ms(200 + 10 * u64::from(number));
            let Some(bytes) = pacer.budget(Purpose::Change, 0) else { break };
            pacer.sent(header(number), bytes, now);
            sent += 1;
            if number != 20 {
                pacer.delivered(header(number), now + ms(5));
            }
        }
        assert!((5..900).contains(&sent), "{sent}");
    }

    #[test]
    fn nothing_may_be_sent_while_the_window_is_full_and_a_new_epoch_frees_it() {
        let mut pacer = Pacer::default();
        let header = UpdateHeader { epoch: 1, number: 0 };
        assert_eq!(pacer.budget(Purpose::Change, INITIAL_WINDOW), None);
        pacer.sent(header, INITIAL_WINDOW, Duration::ZERO);
        assert_eq!(pacer.budget(Purpose::Change, 0), None);
        pacer.forget_under_way();
        assert!(pacer.budget(Purpose::Change, 0).is_some());
        pacer.shown(header, Duration::from_secs(1));
        assert_eq!((pacer.line.bytes, pacer.viewer.bytes), (0, 0));
    }
    #[test]
    fn what_is_made_exact_leaves_room_for_what_changes() {
        let (mut pacer, ms) = (Pacer::default(), Duration::from_millis);
        let header = |number| UpdateHeader { epoch: 1, number };
        let bytes = 300_000;
        for number in 0..50 {
            let now = ms(10 * u64::from(number));
            pacer.sent(header(number), bytes, now);
            pacer.delivered(header(number), now + ms(5));
            pacer.shown(header(number), now + ms(6));
        }
        assert!(pacer.budget(Purpose::Change, 0).is_some_and(|budget| REFINING_UPDATE < budget));
        for number in 50..52 {
            assert_eq!(pacer.budget(Purpose::Refinement, 0), Some(REFINING_UPDATE));
            pacer.sent(header(number), REFINING_UPDATE, ms(500));
        }
        pacer.delivered(header(50), ms(505));
        assert!(pacer.budget(Purpose::Change, 0).is_some());
        assert_eq!(pacer.budget(Purpose::Refinement, 0), None, "it is still to be shown");
        pacer.shown(header(50), ms(508));
        assert!(pacer.budget(Purpose::Refinement, 0).is_some());
    }
}
