//! The congestion window of QUIC by the model of [`crate::capacity`]: loss on a radio link does not halve it,
//! and it leaves no standing queue.

use std::any::Any;
use std::collections::VecDeque;
use std::sync::Arc;
use std::time::{Duration, Instant};

use quinn::congestion::{Controller, ControllerFactory};
use quinn_proto::RttEstimator;

use crate::capacity::{Acknowledged, Capacity, Sent};

/// Before anything is known; as much as two small updates of the picture.
const INITIAL_WINDOW: u16 = 64;
/// In packets: a path that carries less than this is no path.
const LEAST_WINDOW: u16 = 4;
/// Sendings that are remembered; more are under way on no path.
const MOST_SENDINGS: usize = 16 * 1024;

/// Makes a controller for each path.
#[derive(Debug, Default)]
pub(crate) struct Congestion;

impl ControllerFactory for Congestion {
    fn build(self: Arc<Self>, now: Instant, current_mtu: u16) -> Box<dyn Controller> {
        let packet = usize::from(current_mtu);
        let initial = usize::from(INITIAL_WINDOW) * packet;
        let capacity = Capacity::new(initial, usize::from(LEAST_WINDOW) * packet);
        Box::new(Path { start: now, initial, packet, capacity, sent: VecDeque::new() })
    }
}

#[derive(Debug, Clone)]
struct Path {
    start: Instant,
    initial: usize,
    packet: usize,
    capacity: Capacity,
    /// By the time of their sending.
    sent: VecDeque<Sent>,
}

impl Path {
    fn at(&self, instant: Instant) -> Duration {
        instant.saturating_duration_since(self.start)
    }
}

impl Controller for Path {
    fn on_sent(&mut self, now: Instant, _bytes: u64, _last_packet_number: u64) {
        let now = self.at(now);
        let newest = self.sent.back().map(|sent| sent.at);
        if newest == Some(now) {
            return;
        }
        let sent = self.capacity.sent(now, newest.is_none());
        self.sent.push_back(sent);
        if self.sent.len() > MOST_SENDINGS {
            self.sent.pop_front();
        }
    }

    fn on_ack(&mut self, now: Instant, sent: Instant, bytes: u64, app_limited: bool, _rtt: &RttEstimator) {
        let (now, at) = (self.at(now), self.at(sent));
        let place = self.sent.partition_point(|sent| sent.at < at);
        let Some(sent) = self.sent.get(place).filter(|sent| sent.at == at).copied() else { return };
        let bytes = usize::try_from(bytes).unwrap_or(usize::MAX);
        let what = Acknowledged { bytes, is_app_limited: app_limited };
        self.capacity.acknowledged(&sent, what, now);
    }

    fn on_end_acks(&mut self, _now: Instant, in_flight: u64, _app_limited: bool, _largest: Option<u64>) {
        if in_flight == 0 {
            self.sent.clear();
        }
    }

    fn on_congestion_event(&mut self, _now: Instant, _sent: Instant, is_persistent: bool, lost_bytes: u64) {
        self.capacity.lost(lost_bytes);
        if is_persistent {
            // The path as it was known is gone, and what is still acknowledged was sent over it.
            self.capacity.forget();
            self.sent.clear();
        }
    }

    fn on_mtu_update(&mut self, _new_mtu: u16) {}

    fn window(&self) -> u64 {
        // QUIC stops before the window is full, and may have less than a packet left of it.
        self.capacity.window().saturating_add(2 * self.packet) as u64
    }

    fn clone_box(&self) -> Box<dyn Controller> {
        Box::new(self.clone())
    }

    fn initial_window(&self) -> u64 {
        self.initial as u64
    }

    fn into_any(self: Box<Self>) -> Box<dyn Any> {
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_learned_of_a_path_that_is_gone() {
        let start = Instant::now();
        let capacity = Capacity::new(76_800, 4_800);
        let mut path = Path { start, initial: 76_800, packet: 1_200, capacity, sent: VecDeque::new() };
        let at = |ms| start + Duration::from_millis(ms);
        (0..9).for_each(|ms| path.on_sent(at(ms), 1_200, ms));
        path.on_congestion_event(at(900), at(1), true, 6_000);
        assert!(path.sent.is_empty());
        assert_eq!(path.window(), 76_800 + 2_400);
    }
}
