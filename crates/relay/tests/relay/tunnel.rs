//! Legs that use their tunnels only.

use std::net::SocketAddr;
use std::time::Duration;

use deskside_proto::Role;
use deskside_proto::tunnel::{Frame, MAX_DATAGRAM, Refusal};
use deskside_relay::{Limits, TICKET_DEADLINE};
use tokio::io::AsyncWriteExt;
use tokio::time::{Instant, timeout};

use crate::party::{Broker, Party, Said};

fn peer(last: u8) -> SocketAddr {
    SocketAddr::from(([192, 0, 2, last], 4711))
}

/// A datagram that looks like QUIC's and says which one it is.
fn datagram(number: u32, length: usize) -> Vec<u8> {
    let mut bytes = vec![0x40; length];
    bytes[1..5].copy_from_slice(&number.to_be_bytes());
    bytes
}

#[tokio::test]
async fn datagrams_of_every_length_pass_both_ways_in_order() {
    let broker = Broker::new();
    let relay = broker.relay();
    let (mut operator, mut customer) = broker.pair(&relay, 1).await;
    for (number, length) in [5, 6, 1199, 1200, 1452, MAX_DATAGRAM - 1, MAX_DATAGRAM].into_iter().enumerate() {
        let there = datagram(u32::try_from(number).unwrap(), length);
        operator.send(&there).await;
        assert_eq!(customer.next().await, Some(Said::Datagram(there.clone())));
        customer.send(&there).await;
        assert_eq!(operator.next().await, Some(Said::Datagram(there)));
    }
    let stats = relay.stats();
    assert_eq!((stats.legs, stats.sessions, stats.admitted, stats.tunnel_datagrams), (2, 1, 2, 14));
    assert_eq!((stats.refused, stats.dropped, stats.udp_datagrams), (0, 0, 0));
}

#[tokio::test]
async fn the_other_party_is_told_who_comes_and_goes() {
    let broker = Broker::new();
    let relay = broker.relay();
    let (mut operator, customer) = broker.pair(&relay, 1).await;
    drop(customer);
    assert_eq!(operator.next().await, Some(Said::Peer(false)));
    operator.send(&datagram(1, 100)).await;
    let mut again = Party::open(&relay, &broker.ticket(1, Role::Customer)).await;
    assert_eq!(again.next().await, Some(Said::Peer(true)));
    assert_eq!(operator.next().await, Some(Said::Peer(true)));
    operator.send(&datagram(2, 100)).await;
    assert_eq!(again.next().await, Some(Said::Datagram(datagram(2, 100))), "what was sent to nobody is lost");
    assert_eq!(relay.stats().dropped, 1);
}

#[tokio::test]
async fn what_is_not_quic_is_not_forwarded() {
    let broker = Broker::new();
    let relay = broker.relay();
    let (mut operator, mut customer) = broker.pair(&relay, 1).await;
    for first in 0..0x40 {
        operator.send(&[first; 33]).await;
    }
    operator.send(&[]).await;
    operator.send(&datagram(1, 33)).await;
    assert_eq!(customer.next().await, Some(Said::Datagram(datagram(1, 33))));
    assert_eq!(relay.stats().dropped, 0x41);
}

#[tokio::test]
async fn an_open_leg_may_send_datagrams_only() {
    let broker = Broker::new();
    let relay = broker.relay();
    let wrong: [&[u8]; 5] = [&[0, 0], &[0xff, 0xff, 0], &[0, 1, 9], &[0, 2, 4, 1], &[0, 3, 1, b't', b't']];
    for (session, wrong) in (1..).zip(wrong) {
        let (mut operator, mut customer) = broker.pair(&relay, session).await;
        operator.stream.write_all(wrong).await.unwrap();
        assert_eq!(operator.next().await, Some(Said::Refused(Refusal::Protocol)), "after {wrong:?}");
        assert_eq!(operator.next().await, None);
        assert_eq!(customer.next().await, Some(Said::Peer(false)));
    }
}

#[tokio::test(start_paused = true)]
async fn t65_a_connection_that_shows_no_ticket_is_closed_after_ten_seconds() {
    let broker = Broker::new();
    let relay = broker.relay();
    let ticket = broker.ticket(1, Role::Operator);
    let mut bytes = Vec::new();
    Frame::Ticket(&ticket).encode(&mut bytes).unwrap();
    for sent in [0, 1, 2, 3, bytes.len() - 1] {
        let started = Instant::now();
        let mut slow = Party::connect(&relay, peer(1));
        slow.stream.write_all(&bytes[..sent]).await.unwrap();
        assert_eq!(slow.next().await, Some(Said::Refused(Refusal::Protocol)));
        assert_eq!(slow.next().await, None);
        let took = started.elapsed();
        assert!((TICKET_DEADLINE..TICKET_DEADLINE + Duration::from_millis(100)).contains(&took), "{took:?}");
    }
    let in_time = Party::open(&relay, &ticket).await;
    tokio::time::sleep(10 * TICKET_DEADLINE).await;
    assert_eq!(relay.stats().legs, 1, "the deadline is for the ticket only");
    drop(in_time);
}

#[tokio::test]
async fn t65_one_source_cannot_take_all_places() {
    let broker = Broker::new();
    let relay = broker.relay_with(Limits { legs: 10, waiting: 10, waiting_per_source: 3 });
    let mut waiting: Vec<_> = (0..3).map(|_| Party::connect(&relay, peer(1))).collect();
    for party in &mut waiting {
        // Half a ticket frame; that it was taken up shows that the place is held.
        party.stream.write_all(&[0, 100]).await.unwrap();
        tokio::task::yield_now().await;
    }
    let mut fourth = Party::connect(&relay, peer(1));
    assert_eq!(fourth.next().await, Some(Said::Refused(Refusal::Full)));
    let mut other = Party::connect(&relay, peer(2));
    other.say(&Frame::Ticket(&broker.ticket(1, Role::Operator))).await;
    assert!(matches!(other.next().await, Some(Said::Welcome(..))), "another source is let in");
}

#[tokio::test]
async fn a_full_relay_says_so_and_keeps_its_legs() {
    let broker = Broker::new();
    let relay = broker.relay_with(Limits { legs: 2, ..Limits::default() });
    let (mut operator, mut customer) = broker.pair(&relay, 1).await;
    let mut late = Party::connect(&relay, peer(9));
    late.say(&Frame::Ticket(&broker.ticket(2, Role::Operator))).await;
    assert_eq!(late.next().await, Some(Said::Refused(Refusal::Full)));
    operator.send(&datagram(1, 99)).await;
    assert_eq!(customer.next().await, Some(Said::Datagram(datagram(1, 99))));
}

#[tokio::test]
async fn t65_one_slow_reader_slows_nobody_else() {
    let broker = Broker::new();
    let relay = broker.relay();
    let (mut flooding, mut slow) = broker.pair(&relay, 1).await;
    let (mut operator, mut customer) = broker.pair(&relay, 2).await;
    // 12 MB to somebody who reads nothing: the sender is never held up.
    const FLOOD: u32 = 10_000;
    let flood = async {
        for number in 0..FLOOD {
            flooding.send(&datagram(number, 1200)).await;
        }
    };
    let others = async {
        for number in 0..1_000 {
            operator.send(&datagram(number, 500)).await;
            assert_eq!(customer.next().await, Some(Said::Datagram(datagram(number, 500))));
        }
    };
    let both = async { tokio::join!(flood, others) };
    timeout(Duration::from_secs(10), both).await.expect("nobody waits for the slow one");

    // What the slow one finds in the end is the newest, in order, and no more than its queue holds.
    let mut got = Vec::new();
    while got.last() != Some(&(FLOOD - 1)) {
        match slow.next().await {
            Some(Said::Datagram(bytes)) => {
                got.push(u32::from_be_bytes(bytes[1..5].try_into().unwrap()));
            }
            other => panic!("{other:?} instead of a datagram"),
        }
    }
    assert!(got.is_sorted());
    assert!(got.len() * 1203 <= 64 * 1024 + 256 * 1024, "{} datagrams were kept", got.len());
    assert_eq!(relay.stats().dropped, u64::from(FLOOD) - got.len() as u64);
}
