//! Legs that prove a UDP address, and others who would like one.

use std::net::SocketAddr;

use deskside_proto::LegId;
use deskside_proto::udp::{Probe, ProbeKind};
use deskside_relay::Relay;
use quinn_udp::{Transmit, UdpSocketState};
use tokio::io::Interest;
use tokio::net::UdpSocket;

use crate::party::{Broker, Party, Said};

/// The relay's UDP port, served.
async fn port(relay: &Relay) -> SocketAddr {
    port_on(relay, "127.0.0.1:0").await
}

async fn port_on(relay: &Relay, address: &str) -> SocketAddr {
    let socket = UdpSocket::bind(address).await.unwrap();
    let address = socket.local_addr().unwrap();
    let relay = relay.clone();
    drop(tokio::spawn(async move { relay.serve_udp(socket).await }));
    address
}

async fn client(relay: SocketAddr) -> UdpSocket {
    let socket = UdpSocket::bind("127.0.0.1:0").await.unwrap();
    socket.connect(relay).await.unwrap();
    socket
}

async fn receive(socket: &UdpSocket) -> Vec<u8> {
    let mut bytes = vec![0; 64 * 1024];
    let length = socket.recv(&mut bytes).await.unwrap();
    bytes.truncate(length);
    bytes
}

fn datagram(number: u8, length: usize) -> Vec<u8> {
    let mut bytes = vec![number; length];
    bytes[0] = 0x40;
    bytes
}

#[tokio::test]
async fn each_leg_is_reached_on_its_own_path() {
    let broker = Broker::new();
    let relay = broker.relay();
    let port = port(&relay).await;
    let (mut operator, mut customer) = broker.pair(&relay, 1).await;
    let (there, here) = (client(port).await, client(port).await);

    customer.prove(&there).await;
    operator.send(&datagram(1, 1200)).await;
    assert_eq!(receive(&there).await, customer.by_udp(&datagram(1, 1200)), "tunnel to UDP");
    there.send(&customer.by_udp(&datagram(2, 1200))).await.unwrap();
    assert_eq!(operator.next().await, Some(Said::Datagram(datagram(2, 1200))), "UDP to tunnel");

    operator.prove(&here).await;
    here.send(&operator.by_udp(&datagram(3, 1200))).await.unwrap();
    assert_eq!(receive(&there).await, customer.by_udp(&datagram(3, 1200)), "UDP to UDP");
    customer.send(&datagram(4, 1200)).await;
    assert_eq!(receive(&here).await, operator.by_udp(&datagram(4, 1200)), "each selects what it sends on");

    // The tunnel is the leg: when it goes, the UDP address goes with it.
    drop(customer);
    assert_eq!(operator.next().await, Some(Said::Peer(false)));
    here.send(&operator.by_udp(&datagram(5, 1200))).await.unwrap();
    operator.prove(&here).await;
    assert_eq!(relay.stats().dropped, 1);
    assert_eq!(there.try_recv(&mut [0; 1]).unwrap_err().kind(), std::io::ErrorKind::WouldBlock);
}

#[tokio::test(start_paused = true)]
async fn a_leg_that_stops_probing_is_reached_through_its_tunnel() {
    let broker = Broker::new();
    let relay = broker.relay();
    let port = port(&relay).await;
    let (mut operator, mut customer) = broker.pair(&relay, 1).await;
    let there = client(port).await;
    customer.prove(&there).await;
    operator.send(&datagram(1, 100)).await;
    assert_eq!(receive(&there).await, customer.by_udp(&datagram(1, 100)));
    tokio::time::advance(deskside_relay::ADDRESS_LIFETIME).await;
    operator.send(&datagram(2, 100)).await;
    assert_eq!(customer.next().await, Some(Said::Datagram(datagram(2, 100))));
    // Its own datagrams still come from the address that it proved.
    there.send(&customer.by_udp(&datagram(3, 100))).await.unwrap();
    assert_eq!(operator.next().await, Some(Said::Datagram(datagram(3, 100))));
}

#[tokio::test]
async fn a_new_address_takes_over_when_it_is_proven() {
    let broker = Broker::new();
    let relay = broker.relay();
    let port = port(&relay).await;
    let (mut operator, mut customer) = broker.pair(&relay, 1).await;
    let (old, new) = (client(port).await, client(port).await);
    customer.prove(&old).await;
    let challenge = customer.ask(&new, 0).await;
    operator.send(&datagram(0, 100)).await;
    assert_eq!(receive(&old).await, customer.by_udp(&datagram(0, 100)), "not yet");
    customer.ask(&new, challenge).await;
    operator.send(&datagram(1, 100)).await;
    assert_eq!(receive(&new).await, customer.by_udp(&datagram(1, 100)));
    old.send(&customer.by_udp(&datagram(2, 100))).await.unwrap();
    new.send(&customer.by_udp(&datagram(3, 100))).await.unwrap();
    assert_eq!(operator.next().await, Some(Said::Datagram(datagram(3, 100))), "the old address is void");
}

/// Everything that an outsider, or a party without the key, can send: nothing at all comes back, and the
/// traffic of the two parties does not move.
#[tokio::test]
async fn t37_an_unproven_address_is_never_sent_to() {
    let broker = Broker::new();
    let relay = broker.relay();
    let port = port(&relay).await;
    let (mut operator, mut customer) = broker.pair(&relay, 1).await;
    let (there, attacker) = (client(port).await, client(port).await);
    customer.prove(&there).await;

    let challenge = customer.ask(&there, 0).await;
    let good = customer.probe(challenge);
    let mut sent = 0;
    let mut forged: Vec<Vec<u8>> = Vec::new();
    for bit in 0..128 {
        let mut mac = good.mac;
        mac[bit / 8] ^= 1 << (bit % 8);
        forged.push(Probe { mac, ..good }.encode().to_vec());
    }
    forged.push(Probe { leg: operator.leg, ..good }.encode().to_vec());
    forged.push(Probe { leg: LegId(!good.leg.0), ..good }.encode().to_vec());
    forged.push(customer.probe_numbered(ProbeKind::Request, 1, challenge).encode().to_vec());
    forged.push(customer.probe_numbered(ProbeKind::Reply, 99, challenge).encode().to_vec());
    let probes = forged.len() as u64;
    let mut odd = vec![vec![], vec![1; 7], vec![1; 8], good.encode()[..40].to_vec(), vec![0; 1400]];
    odd.push([&good.encode()[..], &[0]].concat());
    odd.push(customer.by_udp(&datagram(9, 1400)));
    odd.push(operator.by_udp(&datagram(9, 1400)));
    // The empty one is nothing that could be dropped.
    let odd_ones = odd.len() as u64 - 1;
    for bytes in forged.iter().chain(&odd) {
        sent += attacker.send(bytes).await.unwrap();
    }
    // The relay takes datagrams in the order of arrival: after this reply all the others have been seen.
    there.send(&good.encode()).await.unwrap();
    assert_eq!(receive(&there).await.len(), good.encode().len());
    let back = attacker.try_recv(&mut [0; 2048]);
    assert_eq!(back.unwrap_err().kind(), std::io::ErrorKind::WouldBlock, "0 bytes out for {sent} in");

    operator.send(&datagram(1, 100)).await;
    assert_eq!(receive(&there).await, customer.by_udp(&datagram(1, 100)));
    let stats = relay.stats();
    assert_eq!((stats.probes, stats.probes_refused, stats.dropped), (4, probes, odd_ones));
}

/// A party with the leg's key writes somebody's address where its own should stand. That one gets as many bytes
/// as the party spends on it, and never a datagram of the session.
#[tokio::test]
async fn t37_an_address_that_never_saw_its_challenge_is_never_routed_to() {
    let broker = Broker::new();
    let relay = broker.relay();
    let port = port(&relay).await;
    let (mut operator, mut customer) = broker.pair(&relay, 1).await;
    let (own, other, victim) = (client(port).await, client(port).await, client(port).await);
    // All that the spoofing party can read: what comes to its own addresses, and what its accomplice reads.
    let mut known = vec![0, customer.ask(&own, 0).await, customer.ask(&other, 0).await];
    known.push(operator.ask(&own, 0).await);
    known.push(operator.ask(&victim, 0).await);

    for challenge in known {
        // The victim's socket stands for the forged source; what it receives is read by nobody.
        let request = customer.probe(challenge);
        let sent = victim.send(&request.encode()).await.unwrap();
        assert_eq!(receive(&victim).await.len(), sent, "one byte out for one in");
        operator.send(&datagram(1, 1200)).await;
        tokio::select! {
            said = customer.next() => assert_eq!(said, Some(Said::Datagram(datagram(1, 1200)))),
            stray = receive(&victim) => panic!("{} bytes of the session for the victim", stray.len()),
        }
        victim.send(&customer.by_udp(&datagram(2, 1200))).await.unwrap();
    }
    customer.ask(&victim, 0).await;
    let stats = relay.stats();
    assert_eq!((stats.udp_datagrams, stats.dropped, stats.probes_refused), (0, 5, 0));
    let more = victim.try_recv(&mut [0; 2048]);
    assert_eq!(more.unwrap_err().kind(), std::io::ErrorKind::WouldBlock);
}

/// Whole batches through segmentation offload, where this system has it, with a short one at the end, and a
/// probe in the middle of datagrams.
#[tokio::test]
async fn batches_arrive_whole_and_in_order() {
    let broker = Broker::new();
    let relay = broker.relay();
    let port = port(&relay).await;
    let (mut operator, mut customer) = broker.pair(&relay, 1).await;
    let (here, there) = (client(port).await, client(port).await);
    operator.prove(&here).await;
    customer.prove(&there).await;

    let state = UdpSocketState::new((&here).into()).unwrap();
    let segments = u8::try_from(state.max_gso_segments().min(30)).unwrap();
    for round in 0..10 {
        let batch: Vec<Vec<u8>> =
            (0..segments).map(|n| datagram(n, if n + 1 == segments { 300 + round } else { 1200 })).collect();
        let contents: Vec<u8> = batch.iter().flat_map(|datagram| operator.by_udp(datagram)).collect();
        let transmit = Transmit {
            destination: port,
            ecn: None,
            contents: &contents,
            segment_size: (segments > 1).then_some(1208),
            src_ip: None,
        };
        here.async_io(Interest::WRITABLE, || state.try_send((&here).into(), &transmit)).await.unwrap();
        for sent in &batch {
            assert_eq!(receive(&there).await, customer.by_udp(sent));
        }
    }

    // The same out of a tunnel, where the relay makes the batches.
    let mixed = [1200, 1200, 1200, 700, 1200, 1452, 1452, 5, 9000, 1200];
    for length in mixed {
        operator.send(&datagram(7, length)).await;
    }
    for length in mixed {
        assert_eq!(receive(&there).await, customer.by_udp(&datagram(7, length)));
    }
    assert_eq!(relay.stats().dropped, 0);
}

/// A relay that listens on all addresses answers from the one that it was asked at: NATs and connected
/// sockets let nothing else through.
#[tokio::test]
async fn replies_come_from_the_address_that_was_asked() {
    for wildcard in ["0.0.0.0:0", "[::]:0"] {
        let broker = Broker::new();
        let relay = broker.relay();
        let port = port_on(&relay, wildcard).await.port();
        let (mut operator, mut customer) = broker.pair(&relay, 1).await;
        let here = client(SocketAddr::from(([127, 0, 0, 1], port))).await;
        let there = client(SocketAddr::from(([127, 0, 0, 5], port))).await;
        operator.prove(&here).await;
        customer.prove(&there).await;
        here.send(&operator.by_udp(&datagram(1, 1200))).await.unwrap();
        assert_eq!(receive(&there).await, customer.by_udp(&datagram(1, 1200)), "{wildcard}");
        there.send(&customer.by_udp(&datagram(2, 1200))).await.unwrap();
        assert_eq!(receive(&here).await, operator.by_udp(&datagram(2, 1200)), "{wildcard}");
    }
}

#[tokio::test]
async fn a_relay_has_one_udp_port() {
    let broker = Broker::new();
    let relay = broker.relay();
    let first = port(&relay).await;
    let probing = client(first).await;
    Party::open(&relay, &broker.ticket(1, deskside_proto::Role::Operator)).await.prove(&probing).await;
    let second = UdpSocket::bind("127.0.0.1:0").await.unwrap();
    let refused = relay.serve_udp(second).await.unwrap_err();
    assert_eq!(refused.kind(), std::io::ErrorKind::AlreadyExists);
}
