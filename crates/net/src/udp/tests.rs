//! A leg's UDP side before a relay that the tests play, datagram by datagram.

use super::*;

const LEG: LegId = LegId(0x0102_0304_0506_0708);
const KEY: [u8; KEY_LENGTH] = [7; KEY_LENGTH];

/// The relay's socket, and the program's side connected to it.
async fn pair() -> (UdpSocket, UdpLeg) {
    let relay = UdpSocket::bind("127.0.0.1:0").await.unwrap();
    let leg = UdpLeg::open(relay.local_addr().unwrap(), LEG, &KEY).await.unwrap();
    relay.connect(("127.0.0.1", leg.io.local_addr().unwrap().port())).await.unwrap();
    (relay, leg)
}

/// The next request: its counter, and the challenge that it brings.
async fn request(relay: &UdpSocket, leg: &UdpLeg) -> (u64, u64) {
    let mut bytes = [0; 2048];
    let length = relay.recv(&mut bytes).await.unwrap();
    let Ok(Datagram::Probe(probe)) = decode(&bytes[..length]) else { panic!("no probe") };
    assert_eq!((probe.leg, probe.kind), (LEG, ProbeKind::Request));
    assert_eq!(probe.mac, leg.mac(probe.kind, probe.counter, probe.challenge));
    (probe.counter, probe.challenge)
}

fn reply(leg: &UdpLeg, counter: u64, challenge: u64) -> Probe {
    let kind = ProbeKind::Reply;
    Probe { leg: LEG, kind, counter, challenge, mac: leg.mac(kind, counter, challenge) }
}

/// Sends this to the program, which reads it.
async fn answer(relay: &UdpSocket, leg: &UdpLeg, probe: Probe) {
    relay.send(&probe.encode()).await.unwrap();
    let mut buffer = [0; 2048];
    let mut meta = [RecvMeta::default()];
    let mut buffers = [IoSliceMut::new(&mut buffer)];
    let count = std::future::poll_fn(|cx| leg.poll_recv(cx, &mut buffers, &mut meta)).await.unwrap();
    assert_eq!((count, meta[0].len), (1, 0), "a probe is nothing for QUIC");
}

fn nothing_sent(relay: &UdpSocket) -> bool {
    relay.try_recv(&mut [0; 1]).is_err_and(|error| error.kind() == io::ErrorKind::WouldBlock)
}

#[tokio::test]
async fn one_probe_proves_udp_in_two_round_trips() {
    let (relay, leg) = pair().await;
    leg.probe();
    assert_eq!(request(&relay, &leg).await, (1, 0));
    answer(&relay, &leg, reply(&leg, 1, 55)).await;
    assert!(!leg.is_proven(), "the relay has not seen its challenge again");
    assert_eq!(request(&relay, &leg).await, (2, 55), "no waiting for the next second");
    answer(&relay, &leg, reply(&leg, 2, 55)).await;
    assert!(leg.is_proven());
    leg.proved().await;
    leg.probe();
    assert_eq!(request(&relay, &leg).await, (3, 55), "one a second from here on");
    answer(&relay, &leg, reply(&leg, 3, 55)).await;
    assert!(nothing_sent(&relay));
}

#[tokio::test]
async fn a_forged_reply_gives_no_challenge_and_proves_nothing() {
    let (relay, leg) = pair().await;
    leg.probe();
    assert_eq!(request(&relay, &leg).await, (1, 0));
    let good = reply(&leg, 1, 55);
    let mut forged = vec![
        Probe { challenge: 56, ..good },
        Probe { challenge: 0, ..good },
        Probe { leg: LegId(1), ..good },
        Probe { kind: ProbeKind::Request, mac: leg.mac(ProbeKind::Request, 1, 55), ..good },
        reply(&leg, 2, 55),
        reply(&leg, 0, 55),
    ];
    for byte in 0..MAC_LENGTH {
        let mut mac = good.mac;
        mac[byte] ^= 1;
        forged.push(Probe { mac, ..good });
    }
    for probe in forged {
        answer(&relay, &leg, probe).await;
        assert!(nothing_sent(&relay) && !leg.is_proven(), "{probe:?} was heard");
    }
    answer(&relay, &leg, good).await;
    assert_eq!(request(&relay, &leg).await, (2, 55));
    answer(&relay, &leg, good).await;
    assert!(nothing_sent(&relay) && !leg.is_proven(), "a reply counts once");
}

/// The program's address changed, as a NAT's does: what the relay says from then on proves nothing until the
/// new challenge was brought.
#[test]
fn another_challenge_is_brought_before_it_counts() {
    let mut probing = Probing { may_hurry: true, ..Probing::default() };
    let now = Instant::now();
    assert_eq!(probing.next(), (1, 0));
    assert_eq!(probing.heard(1, 55, now), Verdict::AskAgain);
    assert_eq!(probing.next(), (2, 55));
    assert_eq!(probing.heard(2, 55, now), Verdict::Proven);
    probing.may_hurry = true;
    assert_eq!(probing.next(), (3, 55));
    let later = now + PROBE_EVERY;
    assert_eq!(probing.heard(3, 66, later), Verdict::AskAgain);
    assert_eq!(probing.proven, Some(now));
    assert_eq!(probing.next(), (4, 66));
    assert_eq!(probing.heard(4, 66, later), Verdict::Proven);
    assert_eq!(probing.proven, Some(later));
}

/// An address that changes with every datagram gives one more request a second, not an endless exchange.
#[test]
fn the_relay_cannot_make_a_program_send_without_end() {
    let mut probing = Probing { may_hurry: true, ..Probing::default() };
    let now = Instant::now();
    for counter in 1..=10 {
        assert_eq!(probing.next().0, counter);
        let verdict = if counter == 1 { Verdict::AskAgain } else { Verdict::Nothing };
        assert_eq!(probing.heard(counter, 100 + counter, now), verdict);
    }
    assert_eq!(probing.proven, None);
}

/// A relay that is further away than the time between two probes: replies to requests that were under way
/// before the challenge came prove nothing, the first one that brought it does.
#[test]
fn a_far_relay_is_proven_by_the_first_request_that_brings_its_challenge() {
    let mut probing = Probing { may_hurry: true, ..Probing::default() };
    let now = Instant::now();
    assert_eq!([probing.next(), probing.next(), probing.next()], [(1, 0), (2, 0), (3, 0)]);
    assert_eq!(probing.heard(1, 55, now), Verdict::AskAgain);
    assert_eq!([probing.next(), probing.next()], [(4, 55), (5, 55)]);
    for counter in [2, 3] {
        assert_eq!(probing.heard(counter, 55, now), Verdict::Nothing);
    }
    assert_eq!(probing.proven, None);
    assert_eq!(probing.heard(4, 55, now), Verdict::Proven);
    assert_eq!(probing.heard(5, 55, now), Verdict::Proven);
}
