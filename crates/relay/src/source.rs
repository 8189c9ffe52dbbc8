//! How many connections one source address may hold before it has shown who it is.

use std::collections::HashMap;
use std::net::{IpAddr, Ipv6Addr};
use std::sync::{Arc, Mutex, PoisonError};

/// A cap on connections that are not yet authenticated: of all sources together, and of each one. A source
/// is one IPv4 address or one IPv6 /64, which is what a single customer of a provider gets (RFC 6177).
/// Clones share one count.
#[derive(Clone)]
pub struct SourceLimit {
    counts: Arc<Mutex<Counts>>,
    total: usize,
    per_source: usize,
}

#[derive(Default)]
struct Counts {
    total: usize,
    by_source: HashMap<IpAddr, usize>,
}

/// One place under a [`SourceLimit`]; dropping it frees the place.
pub struct SourcePermit {
    counts: Arc<Mutex<Counts>>,
    source: IpAddr,
}

impl SourceLimit {
    /// A limit of `total` places, of which one source may hold `per_source`.
    #[must_use]
    pub fn new(total: usize, per_source: usize) -> Self {
        Self { counts: Arc::default(), total, per_source }
    }

    /// A place for a connection from `address`, or `None` if there is none left for it.
    #[must_use]
    pub fn enter(&self, address: IpAddr) -> Option<SourcePermit> {
        let source = source_of(address);
        let mut counts = self.counts.lock().unwrap_or_else(PoisonError::into_inner);
        let held = counts.by_source.get(&source).copied().unwrap_or(0);
        if counts.total >= self.total || held >= self.per_source {
            return None;
        }
        counts.total += 1;
        counts.by_source.insert(source, held + 1);
        Some(SourcePermit { counts: Arc::clone(&self.counts), source })
    }
}

impl Drop for SourcePermit {
    fn drop(&mut self) {
        let mut counts = self.counts.lock().unwrap_or_else(PoisonError::into_inner);
        counts.total = counts.total.saturating_sub(1);
        match counts.by_source.get_mut(&self.source) {
            Some(held) if *held > 1 => *held -= 1,
            _ => drop(counts.by_source.remove(&self.source)),
        }
    }
}

fn source_of(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        v4 @ IpAddr::V4(_) => v4,
        IpAddr::V6(v6) => {
            let [a, b, c, d, ..] = v6.segments();
            IpAddr::V6(Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address(text: &str) -> IpAddr {
        text.parse().expect("an address")
    }

    #[test]
    fn a_source_gets_its_share_and_gets_it_back() {
        let limit = SourceLimit::new(10, 2);
        let first = limit.enter(address("192.0.2.1"));
        let second = limit.enter(address("::ffff:192.0.2.1"));
        assert!(first.is_some() && second.is_some());
        assert!(limit.enter(address("192.0.2.1")).is_none());
        assert!(limit.enter(address("192.0.2.2")).is_some());
        drop(first);
        assert!(limit.enter(address("192.0.2.1")).is_some());
    }

    #[test]
    fn a_whole_ipv6_network_is_one_source() {
        let limit = SourceLimit::new(10, 1);
        let held = limit.enter(address("2001:db8:1:2::1"));
        assert!(held.is_some());
        assert!(limit.enter(address("2001:db8:1:2:ffff::9")).is_none());
        assert!(limit.enter(address("2001:db8:1:3::1")).is_some());
    }

    #[test]
    fn all_sources_together_have_a_limit_and_leave_nothing_behind() {
        let limit = SourceLimit::new(2, 2);
        let held: Vec<_> = (1..=3).map(|last| limit.enter(IpAddr::from([192, 0, 2, last]))).collect();
        assert_eq!(held.iter().filter(|permit| permit.is_some()).count(), 2);
        drop(held);
        let counts = limit.counts.lock().expect("the counts");
        assert!(counts.total == 0 && counts.by_source.is_empty());
    }
}
