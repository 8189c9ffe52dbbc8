//! What a path can carry now, from acknowledgements alone: its rate, its shortest trip, and the queue that
//! stands in it. One model for packets (the congestion window) and for updates of the picture (the pacing).
//!
//! The rate is measured as in draft-cardwell-iccrg-bbr-congestion-control §4.1: what was delivered between
//! a sending and its acknowledgement, over the longer of the times that sending and delivering it took. Loss
//! alone says little on a radio link; a queue that grows says everything. The window doubles with every trip
//! until the first queue is seen; from then on it is what the path holds and a little more, and every few
//! seconds a little less, so that the path's own delay is seen again.

use std::collections::VecDeque;
use std::time::Duration;

/// May stand in the path's queue, so that the line never rests while acknowledgements travel.
const ALLOWED_QUEUE: Duration = Duration::from_millis(15);
/// Below this there is no queue: what is seen is the noise of schedulers.
const NO_QUEUE: Duration = Duration::from_millis(5);
/// Above this somebody's queue has to be drained.
const LONG_QUEUE: Duration = Duration::from_millis(30);
/// Until the first queue is seen.
const STARTING: f64 = 2.0;
/// While there is no queue, so much more is tried, or a faster path is never found: half of the trip, at most
/// this. Less would be eaten up by losses and by the sizes of packets.
const MOST_SEARCH: Duration = Duration::from_millis(60);
/// How often the queue is emptied, by a quarter of the trip, at most this.
const MOST_EMPTIED: Duration = Duration::from_millis(20);
const EMPTY_EVERY: Duration = Duration::from_secs(5);
/// What goes through a queue too short to be seen.
const LOSING: f64 = 0.8;
/// Delivery rates older than this, or than ten trips, are forgotten. Only time counts in which the path had to carry as much
/// as it may: what is seldom used is not forgotten for the little that goes over it meanwhile.
const RATE_MEMORY: Duration = Duration::from_secs(1);
/// The shortest trip is believed for so long.
const TRIP_MEMORY: Duration = Duration::from_secs(10);
/// A larger share of lost bytes than this, over about the last [`LOSS_MEMORY`], is a queue too short to be seen.
const MUCH_LOSS: f64 = 0.1;
/// Bytes over which the share of losses is averaged.
const LOSS_MEMORY: f64 = 120_000.0;
/// No trip and no time is taken to be shorter.
const SHORTEST: Duration = Duration::from_micros(100);

/// What to remember of a sending until it is acknowledged.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Sent {
    /// When.
    pub(crate) at: Duration,
    delivered: u64,
    delivered_at: Duration,
    /// When the newest of what was delivered by then had been sent.
    first_sent: Duration,
}

/// An acknowledgement.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Acknowledged {
    pub(crate) bytes: usize,
    /// There was nothing more to send: the rate is the sender's, not the path's.
    pub(crate) is_app_limited: bool,
}

#[derive(Debug, Clone, Copy)]
struct Trip {
    at: Duration,
    time: Duration,
    /// That had to be put on the line within that time.
    bytes: usize,
}

/// The model. Times are of one monotonic clock, rates are bytes a second.
#[derive(Debug, Clone)]
pub(crate) struct Capacity {
    /// Window while nothing is known, and at least while the path never had to carry as much as it may.
    initial: usize,
    /// It had, or something took long: the path is not to be trusted with more than was measured.
    is_tried: bool,
    /// The window never falls below this.
    least: usize,
    delivered: u64,
    delivered_at: Duration,
    newest_acknowledged: Duration,
    /// In the time of `busy`.
    rates: VecDeque<(Duration, f64)>,
    /// How long the sender had more than it might send.
    busy: Duration,
    trips: VecDeque<Trip>,
    /// The running round ends when something sent after so much was delivered is acknowledged.
    round_ends: u64,
    /// The shortest that was seen in it.
    round_queue: Option<Duration>,
    queue: Duration,
    is_starting: bool,
    /// Since the queue was emptied on purpose.
    emptied: Duration,
    is_emptying: bool,
    lost_share: f64,
}

impl Capacity {
    pub(crate) fn new(initial: usize, least: usize) -> Self {
        Self {
            initial,
            is_tried: false,
            least,
            delivered: 0,
            delivered_at: Duration::ZERO,
            newest_acknowledged: Duration::ZERO,
            rates: VecDeque::new(),
            busy: Duration::ZERO,
            trips: VecDeque::new(),
            round_ends: 0,
            round_queue: None,
            queue: Duration::ZERO,
            is_starting: true,
            emptied: Duration::ZERO,
            is_emptying: false,
            lost_share: 0.0,
        }
    }

    /// Knows nothing any more.
    pub(crate) fn forget(&mut self) {
        *self = Self::new(self.initial, self.least);
    }

    /// Something is sent. `is_first` if nothing else is under way: time before it was rest, not work.
    pub(crate) fn sent(&mut self, now: Duration, is_first: bool) -> Sent {
        if is_first {
            self.delivered_at = now;
            self.newest_acknowledged = now;
        }
        let Self { delivered, delivered_at, newest_acknowledged: first_sent, .. } = *self;
        Sent { at: now, delivered, delivered_at, first_sent }
    }

    /// It arrived.
    pub(crate) fn acknowledged(&mut self, sent: &Sent, what: Acknowledged, now: Duration) {
        // Of a path that has been forgotten since.
        let Some(before) = self.delivered.checked_sub(sent.delivered) else { return };
        let trip = Trip { at: now, time: now.saturating_sub(sent.at), bytes: what.bytes };
        // What takes long on its way was not held up by a sender that had nothing to say.
        let is_app_limited = what.is_app_limited && self.queue_of(&trip) <= LONG_QUEUE;
        if !is_app_limited {
            self.is_tried = true;
            self.busy += now.saturating_sub(self.delivered_at).min(trip.time);
        }
        self.delivered += what.bytes as u64;
        self.delivered_at = now;
        self.newest_acknowledged = self.newest_acknowledged.max(sent.at);
        self.lost_share *= (1.0 - what.bytes as f64 / LOSS_MEMORY).max(0.0);
        let time = now.saturating_sub(sent.delivered_at).max(sent.at.saturating_sub(sent.first_sent));
        let rate = (before + what.bytes as u64) as f64 / time.max(SHORTEST).as_secs_f64();
        self.measured_rate(rate, is_app_limited);
        self.measured_trip(trip);
        if sent.delivered >= self.round_ends {
            self.round_ended(now);
        }
    }

    fn round_ended(&mut self, now: Duration) {
        self.round_ends = self.delivered;
        self.queue = self.round_queue.take().unwrap_or_default();
        self.is_starting &= self.queue < NO_QUEUE;
        if now >= self.emptied + EMPTY_EVERY {
            self.emptied = now;
            self.is_emptying = true;
        } else {
            // One round is enough, and it may never be seen that the queue is empty.
            self.is_emptying = false;
        }
    }

    /// Bytes were lost.
    pub(crate) fn lost(&mut self, bytes: u64) {
        self.lost_share = (self.lost_share + bytes as f64 / LOSS_MEMORY).min(1.0);
    }

    /// The measured rate; `None` before the first acknowledgement.
    pub(crate) fn rate(&self) -> Option<f64> {
        self.rates.iter().map(|(_, rate)| *rate).reduce(f64::max)
    }

    /// How many bytes may be under way.
    pub(crate) fn window(&self) -> usize {
        let (Some(rate), Some(Trip { time: trip, .. })) = (self.rate(), self.best_trip()) else {
            return self.initial;
        };
        let held = if self.is_emptying {
            trip - (trip / 4).min(MOST_EMPTIED)
        } else if self.queue > LONG_QUEUE {
            trip
        } else if self.queue < NO_QUEUE {
            trip + ALLOWED_QUEUE + (trip / 2).min(MOST_SEARCH)
        } else {
            trip + ALLOWED_QUEUE
        };
        let gain = if self.lost_share > MUCH_LOSS {
            LOSING
        } else if self.is_starting {
            STARTING
        } else {
            1.0
        };
        let least = if self.is_tried { self.least } else { self.initial };
        whole(rate * held.as_secs_f64() * gain).max(least)
    }

    /// So many bytes are delivered in this time; `None` before the first acknowledgement.
    pub(crate) fn carried_in(&self, time: Duration) -> Option<usize> {
        self.rate().map(|rate| whole(rate * time.as_secs_f64()))
    }

    /// What is delivered in the shortest trip; `None` before the first acknowledgement.
    pub(crate) fn carried_in_a_trip(&self) -> Option<usize> {
        self.carried_in(self.best_trip()?.time)
    }

    /// What is delivered in two trips and this time; `None` before the first acknowledgement.
    pub(crate) fn held_by_two_trips_and(&self, time: Duration) -> Option<usize> {
        self.carried_in(2 * self.best_trip()?.time + time)
    }

    fn best_trip(&self) -> Option<Trip> {
        self.trips.front().copied()
    }

    fn measured_rate(&mut self, rate: f64, is_app_limited: bool) {
        if is_app_limited && self.rate().is_some_and(|known| rate <= known) {
            return;
        }
        let memory = RATE_MEMORY.max(10 * self.best_trip().map_or(Duration::ZERO, |best| best.time));
        // A rising queue of maxima: what is older and lower can never be the maximum again.
        while self.rates.pop_back_if(|(_, earlier)| *earlier <= rate).is_some() {}
        self.rates.push_back((self.busy, rate));
        let busy = self.busy;
        while self.rates.pop_front_if(|(at, _)| *at + memory < busy).is_some() {}
    }

    fn measured_trip(&mut self, trip: Trip) {
        while self.trips.pop_back_if(|earlier| earlier.time >= trip.time).is_some() {}
        self.trips.push_back(trip);
        while self.trips.pop_front_if(|earlier| earlier.at + TRIP_MEMORY < trip.at).is_some() {}
        let queue = self.queue_of(&trip);
        self.round_queue = Some(self.round_queue.map_or(queue, |shortest| shortest.min(queue)));
    }

    /// How long it waited on its way.
    fn queue_of(&self, trip: &Trip) -> Duration {
        let (Some(best), Some(rate)) = (self.best_trip(), self.rate()) else { return Duration::ZERO };
        // A larger thing takes longer to be put on the line; that is no queue.
        let larger = trip.bytes.saturating_sub(best.bytes);
        trip.time.saturating_sub(best.time).saturating_sub(duration(larger as f64 / rate))
    }
}

/// A number of bytes that is not negative, cut to whole ones.
fn whole(bytes: f64) -> usize {
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "saturates, never negative")]
    let whole = bytes as usize;
    whole
}

fn duration(seconds: f64) -> Duration {
    Duration::try_from_secs_f64(seconds).unwrap_or(Duration::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A path of a fixed rate and delay and a sender that always has something.
    struct Path {
        rate: f64,
        trip: Duration,
        loss: u32,
        piece: usize,
    }

    struct Outcome {
        used: f64,
        mean_queue: Duration,
    }

    fn run(path: &Path, time: Duration) -> Outcome {
        let mut model = Capacity::new(16_000, 4_000);
        let (mut now, mut free_at, mut under_way) = (Duration::ZERO, Duration::ZERO, 0);
        let mut arrivals: VecDeque<(Sent, Duration, bool)> = VecDeque::new();
        let (mut carried, mut queued, mut rounds, mut count) = (0.0, Duration::ZERO, 0, 0u32);
        while now < time {
            while let Some((sent, at, is_lost)) = arrivals.pop_front_if(|(_, at, _)| *at <= now) {
                under_way -= path.piece;
                if is_lost {
                    model.lost(path.piece as u64);
                } else {
                    let what = Acknowledged { bytes: path.piece, is_app_limited: false };
                    model.acknowledged(&sent, what, at);
                    carried += if now > time / 2 { path.piece as f64 } else { 0.0 };
                }
            }
            while under_way + path.piece <= model.window() {
                let sent = model.sent(now, under_way == 0);
                under_way += path.piece;
                count += 1;
                free_at = free_at.max(now) + duration(path.piece as f64 / path.rate);
                arrivals.push_back((
                    sent,
                    free_at + path.trip,
                    count.wrapping_mul(2_654_435_769) % 100 < path.loss,
                ));
            }
            if now > time / 2 {
                queued += free_at.saturating_sub(now);
                rounds += 1;
            }
            now += Duration::from_micros(500);
        }
        Outcome { used: carried / (time / 2).as_secs_f64() / path.rate, mean_queue: queued / rounds }
    }

    /// Row B13: the line is used, and what stands in its queue stays below 50 ms.
    #[test]
    fn a_path_is_found_and_used_without_a_standing_queue() {
        for (rate, trip, piece) in [
            (1e6, 40, 1200),
            (1e7, 20, 1200),
            (1.25e5, 200, 1200),
            (32e3, 400, 1200),
            (5e7, 2, 1200),
            (1e6, 40, 8000),
        ] {
            let path = Path { rate, trip: Duration::from_millis(trip), loss: 0, piece };
            let Outcome { used, mean_queue } = run(&path, Duration::from_secs(16));
            assert!(used > 0.85, "{rate} B/s, {trip} ms: only {used:.2} of the line was used");
            let bound = Duration::from_millis(50) + duration(4_000.0 / rate);
            assert!(mean_queue < bound, "{rate} B/s, {trip} ms: {mean_queue:?} stood in the queue");
        }
    }

    #[test]
    fn single_losses_do_not_slow_a_path_down() {
        for (rate, trip, loss) in [(1e6, 40, 1), (1.25e5, 200, 2)] {
            let path = Path { rate, trip: Duration::from_millis(trip), loss, piece: 1200 };
            let Outcome { used, .. } = run(&path, Duration::from_secs(16));
            assert!(used > 0.85, "{rate} B/s, {trip} ms, {loss} %: only {used:.2} of the line was used");
        }
    }

    /// A small packet is a little sooner there than a large one; on a slow line that is no queue.
    #[test]
    fn a_slow_line_is_not_taken_for_a_queue_because_of_small_packets() {
        let mut model = Capacity::new(16_000, 4_000);
        let (rate, trip) = (1.25e5, Duration::from_millis(200));
        let (mut now, mut free_at) = (Duration::ZERO, Duration::ZERO);
        let mut window = 0;
        for round in 0..100 {
            let mut arrivals = Vec::new();
            let mut bytes = 0;
            let mut send = |model: &mut Capacity, size: usize, is_first| {
                free_at = free_at.max(now) + duration(size as f64 / rate);
                arrivals.push((model.sent(now, is_first), size, free_at + trip));
            };
            send(&mut model, 60, true);
            // As if it had sunk to the least once.
            window = if round == 0 { 4_000 } else { model.window() };
            while bytes < window {
                send(&mut model, 1_200, false);
                bytes += 1_200;
            }
            for (sent, size, at) in arrivals {
                model.acknowledged(&sent, Acknowledged { bytes: size, is_app_limited: false }, at);
                now = at;
            }
        }
        assert!(window > 20_000, "{window} bytes of 25,000 that the line holds");
    }

    #[test]
    fn much_loss_makes_it_send_less() {
        let mut model = Capacity::new(16_000, 4_000);
        let sent = model.sent(Duration::ZERO, true);
        let what = Acknowledged { bytes: 10_000, is_app_limited: false };
        model.acknowledged(&sent, what, Duration::from_millis(20));
        let before = model.window();
        model.lost(20_000);
        assert!(model.window() < before / 2);
    }

    #[test]
    fn a_sender_with_nothing_to_say_learns_nothing_bad_about_the_path() {
        let mut model = Capacity::new(16_000, 4_000);
        let mut now = Duration::ZERO;
        let mut send = |model: &mut Capacity, bytes, is_app_limited, later: u64| {
            now += Duration::from_millis(later);
            let sent = model.sent(now, true);
            now += Duration::from_millis(20);
            model.acknowledged(&sent, Acknowledged { bytes, is_app_limited }, now);
        };
        send(&mut model, 100_000, false, 0);
        let rate = model.rate();
        for _ in 0..100 {
            send(&mut model, 100, true, 300);
        }
        assert_eq!(model.rate(), rate);
        assert_eq!(model.queue, Duration::ZERO);
    }
    /// Row B13: after a rest, a path that was known to be fast is not taken for a slow one.
    #[test]
    fn what_is_seldom_used_is_not_forgotten() {
        let (mut model, ms) = (Capacity::new(16_000, 4_000), Duration::from_millis);
        let mut carry = |pieces: u32, at: u64, is_app_limited: bool| {
            let sent: Vec<Sent> = (0..pieces).map(|piece| model.sent(ms(at), piece == 0)).collect();
            for (sent, piece) in sent.iter().zip(0..) {
                let arrives = ms(at + 20) + Duration::from_micros(100) * piece;
                model.acknowledged(sent, Acknowledged { bytes: 1_200, is_app_limited }, arrives);
            }
            model.rate().unwrap()
        };
        let fast = carry(200, 0, false);
        for burst in 1..20 {
            assert!(carry(1, 1_000 * burst, true) >= fast);
            assert!(carry(20, 1_000 * burst + 500, false) >= fast);
        }
        let slow = (0..100).map(|burst| carry(20, 20_000 + 30 * burst, false)).last().unwrap();
        assert!(slow < fast / 3.0, "{slow} after {fast}: it is slow now");
    }
    #[test]
    fn a_path_that_carried_little_may_be_given_more_unless_that_took_long() {
        let (mut model, ms) = (Capacity::new(16_000, 4_000), Duration::from_millis);
        let mut carry = |bytes: usize, at: u64, time: u64| {
            let sent = model.sent(ms(at), true);
            model.acknowledged(&sent, Acknowledged { bytes, is_app_limited: true }, ms(at + time));
            model.window()
        };
        for (bytes, at) in [(50, 0), (300, 100), (2_000, 200), (50, 300)] {
            assert_eq!(carry(bytes, at, 20), 16_000);
        }
        assert!(carry(2_000, 400, 20 + 64) < 16_000, "2 kB in 64 ms: a slow line");
    }

    /// A path that has become slow is found out by what is late, though nothing fills the window that it once had.
    #[test]
    fn a_path_that_has_become_slow_is_found_out() {
        let (mut model, ms) = (Capacity::new(16_000, 4_000), Duration::from_millis);
        let piece = |model: &mut Capacity, bytes: usize, at: u64, time: u64, is_app_limited: bool| {
            let sent = model.sent(ms(at), true);
            model.acknowledged(&sent, Acknowledged { bytes, is_app_limited }, ms(at + time));
        };
        piece(&mut model, 1_000_000, 0, 20, false);
        let fast = model.window();
        for second in 1..60 {
            piece(&mut model, 1_000, 1_000 * second, 22, true);
        }
        assert!(model.window() >= fast, "little is no sign that a path is slow");
        for number in 0..10 {
            piece(&mut model, 10_000, 60_000 + 340 * number, 340, true);
        }
        assert!(model.window() < fast / 10, "{} after {fast}", model.window());
    }

    #[test]
    fn what_was_sent_over_a_forgotten_path_teaches_nothing() {
        let (mut model, ms) = (Capacity::new(16_000, 4_000), Duration::from_millis);
        let what = Acknowledged { bytes: 9_000, is_app_limited: false };
        let first = model.sent(ms(0), true);
        model.acknowledged(&first, what, ms(20));
        let late = model.sent(ms(20), false);
        model.forget();
        model.acknowledged(&late, what, ms(60));
        assert_eq!((model.rate(), model.window()), (None, 16_000));
    }
}
