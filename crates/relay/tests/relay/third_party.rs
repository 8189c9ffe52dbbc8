//! Everybody who is not one of the two parties.

use std::io::Write;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use deskside_proto::Role;
use deskside_proto::ticket::MAX_TICKET;
use deskside_proto::tunnel::{Frame, Refusal};
use tokio::io::AsyncWriteExt;
use tracing_subscriber::fmt::MakeWriter;

use crate::party::{Broker, Party, Said};

const CANARY: &[u8] = b"Qcanary: what two people say to each other is nobody else's business";
const ROUNDS: u32 = 2_000;

/// A log that the test can read.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }
    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for Log {
    type Writer = Self;
    fn make_writer(&'a self) -> Self {
        self.clone()
    }
}

/// A try of a third party: what it shows, and how it is refused.
async fn intrude(relay: &deskside_relay::Relay, number: u32, shown: &[u8]) -> (Option<Said>, Duration) {
    let [_, b, c, d] = number.to_be_bytes();
    let mut intruder = Party::connect(relay, SocketAddr::from(([10, b, c, d], 666)));
    let started = Instant::now();
    intruder.stream.write_all(shown).await.unwrap();
    let answer = intruder.next().await;
    assert_eq!(intruder.next().await, None, "nothing comes after a refusal");
    (answer, started.elapsed())
}

fn framed(ticket: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::new();
    Frame::Ticket(ticket).encode(&mut bytes).unwrap();
    bytes
}

/// 10,000 tries with used, expired, foreign, forged and missing tickets, and for places that are taken, while
/// two parties talk.
#[tokio::test]
async fn t06_a_third_party_is_refused_and_gets_not_one_byte() {
    let log = Log::default();
    let subscriber = tracing_subscriber::fmt()
        .with_writer(log.clone())
        .with_ansi(false)
        .with_max_level(tracing::Level::TRACE)
        .finish();
    let _guard = tracing::subscriber::set_default(subscriber);

    let broker = Broker::new();
    let other_broker = Broker::new();
    let relay = broker.relay();
    let used = framed(&broker.ticket(1, Role::Operator));
    let mut operator = Party::open(&relay, &used[3..]).await;
    assert_eq!(operator.next().await, Some(Said::Peer(false)));
    let mut customer = Party::open(&relay, &broker.ticket(1, Role::Customer)).await;
    assert_eq!(customer.next().await, Some(Said::Peer(true)));
    assert_eq!(operator.next().await, Some(Said::Peer(true)));

    let (mut tries, mut honest, mut time) = (0, 0, Duration::ZERO);
    for round in 0..ROUNDS {
        let role = if round % 2 == 0 { Role::Operator } else { Role::Customer };
        let mut forged = broker.ticket(1, role);
        let place = round as usize % forged.len();
        forged[place] ^= 0x55;
        let shown = [
            (used.clone(), Refusal::Used),
            (framed(&broker.ticket(1, role)), Refusal::Used),
            (framed(&broker.ticket_for("relay-1", 1, role, -1)), Refusal::Ticket),
            (
                match round % 4 {
                    0 => framed(&other_broker.ticket(1, role)),
                    1 => framed(&broker.ticket_for("relay-2", 1, role, 60_000)),
                    2 => framed(&[]),
                    _ => framed(&vec![0x0a; MAX_TICKET]),
                },
                Refusal::Ticket,
            ),
            (framed(&forged), Refusal::Ticket),
            (
                match round % 4 {
                    0 => b"GET / HTTP/1.1\r\n\r\n".to_vec(),
                    1 => framed(&vec![0x0a; MAX_TICKET + 1]),
                    2 => [&[0, 69, 0][..], CANARY].concat(),
                    _ => vec![0; 100],
                },
                Refusal::Protocol,
            ),
        ];
        for (shown, refusal) in shown {
            let (answer, took) = intrude(&relay, tries, &shown).await;
            assert_eq!(answer, Some(Said::Refused(refusal)), "round {round}, shown {shown:?}");
            tries += 1;
            time += took;
        }
        if round % 100 == 0 {
            operator.send(CANARY).await;
            assert_eq!(customer.next().await, Some(Said::Datagram(CANARY.to_vec())));
            honest += CANARY.len() as u64;
        }
    }

    assert!(tries >= 10_000);
    let mean = time / tries;
    assert!(mean <= Duration::from_millis(50), "{mean:?} to close a connection");
    let stats = relay.stats();
    assert_eq!((stats.refused, stats.admitted, stats.legs), (u64::from(tries), 2, 2));
    assert_eq!((stats.tunnel_bytes, stats.udp_bytes, stats.dropped), (honest, 0, 0));

    let log = log.0.lock().unwrap();
    let text = String::from_utf8_lossy(&log);
    let refusals = text.lines().filter(|line| line.contains("WARN") && line.contains("leg refused"));
    assert_eq!(refusals.clone().count(), tries as usize);
    assert!(refusals.clone().all(|line| line.contains("peer=10.") && line.contains("reason=")));
    assert!(!text.contains("canary"), "a payload was logged");
}
