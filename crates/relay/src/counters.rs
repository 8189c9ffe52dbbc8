//! What the relay counts: numbers only, nothing about any one session.

use std::sync::atomic::{AtomicU64, Ordering};

/// A moment's reading of a relay's counters. All but the first two grow from the relay's start on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Stats {
    /// Legs that are open now.
    pub legs: usize,
    /// Sessions with one or two open legs now.
    pub sessions: usize,
    /// Legs that were opened.
    pub admitted: u64,
    /// Connections that were refused, for whatever reason.
    pub refused: u64,
    /// Datagrams handed to the other leg's UDP address.
    pub udp_datagrams: u64,
    /// Their bytes, without the leg id.
    pub udp_bytes: u64,
    /// Datagrams handed to the other leg's tunnel.
    pub tunnel_datagrams: u64,
    /// Their bytes, without the frame.
    pub tunnel_bytes: u64,
    /// Datagrams that were dropped: no other leg, no room in its queue, not from the leg's proven address.
    pub dropped: u64,
    /// Probes that were answered.
    pub probes: u64,
    /// Probes with a wrong MAC, an old counter or an unknown leg; none was answered.
    pub probes_refused: u64,
}

#[derive(Default)]
pub(crate) struct Counters {
    pub(crate) admitted: Counter,
    pub(crate) refused: Counter,
    pub(crate) udp_datagrams: Counter,
    pub(crate) udp_bytes: Counter,
    pub(crate) tunnel_datagrams: Counter,
    pub(crate) tunnel_bytes: Counter,
    pub(crate) dropped: Counter,
    pub(crate) probes: Counter,
    pub(crate) probes_refused: Counter,
}

/// A number that only grows.
#[derive(Default)]
pub(crate) struct Counter(AtomicU64);

impl Counter {
    pub(crate) fn add(&self, amount: usize) {
        self.0.fetch_add(amount as u64, Ordering::Relaxed);
    }

    fn get(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

impl Counters {
    /// Datagrams of these lengths go to a tunnel.
    pub(crate) fn to_tunnel(&self, lengths: impl Iterator<Item = usize>) {
        add_all(&self.tunnel_datagrams, &self.tunnel_bytes, lengths);
    }

    /// Datagrams of these lengths go out by UDP.
    pub(crate) fn to_udp(&self, lengths: impl Iterator<Item = usize>) {
        add_all(&self.udp_datagrams, &self.udp_bytes, lengths);
    }

    pub(crate) fn snapshot(&self, legs: usize, sessions: usize) -> Stats {
        Stats {
            legs,
            sessions,
            admitted: self.admitted.get(),
            refused: self.refused.get(),
            udp_datagrams: self.udp_datagrams.get(),
            udp_bytes: self.udp_bytes.get(),
            tunnel_datagrams: self.tunnel_datagrams.get(),
            tunnel_bytes: self.tunnel_bytes.get(),
            dropped: self.dropped.get(),
            probes: self.probes.get(),
            probes_refused: self.probes_refused.get(),
        }
    }
}

fn add_all(datagrams: &Counter, bytes: &Counter, lengths: impl Iterator<Item = usize>) {
    let (count, sum) = lengths.fold((0, 0), |(count, sum), length| (count + 1, sum + length));
    datagrams.add(count);
    bytes.add(sum);
}
