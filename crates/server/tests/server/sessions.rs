//! Two programs meet through the server.

use aws_lc_rs::hmac;
use deskside_proto::tunnel::{Frame, Refusal};
use deskside_proto::udp::{self, Datagram, Probe, ProbeKind};
use deskside_proto::{ALPN_API, LegId, Role};
use tokio::net::UdpSocket;

use crate::client::{Said, Tunnel, call, connect, ticket};
use crate::lab::Lab;

fn probe(leg: LegId, key: &[u8], kind: ProbeKind, counter: u64, challenge: u64) -> Probe {
    let key = hmac::Key::new(hmac::HMAC_SHA256, key);
    let tag = hmac::sign(&key, &Probe::authenticated(leg, kind, counter, challenge));
    Probe { leg, kind, counter, challenge, mac: tag.as_ref()[..16].try_into().unwrap() }
}

#[tokio::test]
async fn two_programs_exchange_datagrams_over_tls_and_udp() {
    let lab = Lab::new();
    let server = lab.start();
    let mut operator = Tunnel::open(&lab, &server, &ticket(&lab, Role::Operator, 1)).await;
    operator.welcome().await;
    assert_eq!(operator.next().await, Some(Said::Peer(false)));
    let mut customer = Tunnel::open(&lab, &server, &ticket(&lab, Role::Customer, 2)).await;
    let (leg, key) = customer.welcome().await;
    assert_eq!(customer.next().await, Some(Said::Peer(true)));
    assert_eq!(operator.next().await, Some(Said::Peer(true)));

    let datagram = vec![0x55; 1200];
    operator.say(&Frame::Datagram(&datagram)).await;
    assert_eq!(customer.next().await, Some(Said::Datagram(datagram.clone())));
    customer.say(&Frame::Datagram(&datagram)).await;
    assert_eq!(operator.next().await, Some(Said::Datagram(datagram.clone())));

    // The same port number by UDP: a forged probe is not answered, a good one is given a challenge, and the one
    // that brings it back moves the traffic.
    let udp = UdpSocket::bind("127.0.0.1:0").await.unwrap();
    udp.connect(server.address).await.unwrap();
    udp.send(&probe(leg, &[0; 32], ProbeKind::Request, 9, 0).encode()).await.unwrap();
    let mut received = [0; 2048];
    let mut challenge = 0;
    for counter in [1, 2] {
        udp.send(&probe(leg, &key, ProbeKind::Request, counter, challenge).encode()).await.unwrap();
        let length = udp.recv(&mut received).await.unwrap();
        challenge = match udp::decode(&received[..length]) {
            Ok(Datagram::Probe(reply)) => reply.challenge,
            other => panic!("{other:?} instead of a reply"),
        };
        let reply = probe(leg, &key, ProbeKind::Reply, counter, challenge);
        assert_eq!(&received[..length], reply.encode());
    }
    operator.say(&Frame::Datagram(&datagram)).await;
    let length = udp.recv(&mut received).await.unwrap();
    assert_eq!(&received[..length], [&leg.0.to_be_bytes()[..], &datagram].concat());
    udp.send(&received[..length]).await.unwrap();
    assert_eq!(operator.next().await, Some(Said::Datagram(datagram)));

    // A third one is refused and changes nothing.
    let mut third = Tunnel::open(&lab, &server, &ticket(&lab, Role::Customer, 3)).await;
    assert_eq!(third.next().await, Some(Said::Refused(Refusal::Used)));
    assert_eq!(third.next().await, None);
    drop(customer);
    assert_eq!(operator.next().await, Some(Said::Peer(false)));
}

/// From the password to the relay: the ticket that the broker gives is the one that the relay honours.
#[tokio::test]
async fn an_operator_logs_in_and_opens_a_leg() {
    let lab = Lab::new();
    assert!(lab.finish(&["user", "add", "anna"], "correct horse battery\n").status.success());
    let server = lab.start();
    let operator = lab.operator("anna");
    let login = r#"{"user": "anna", "password": "correct horse battery"}"#;
    let stream = connect(&lab, &server, Some(ALPN_API), Some(&operator)).await.unwrap();
    let (status, body) = call(stream, "POST", "/api/v1/login", "", login).await.unwrap();
    assert_eq!(status, 200, "{body}");
    let token = body["token"].as_str().unwrap().to_owned();

    let stream = connect(&lab, &server, Some(ALPN_API), Some(&operator)).await.unwrap();
    let (status, body) = call(stream, "POST", "/api/v1/sessions", &token, "").await.unwrap();
    assert!(status == 200 || status == 201, "{status} {body}");
    let relay = &body["relays"][0];
    assert_eq!((relay["relay"].as_str(), relay["host"].as_str()), (Some("relay-1"), Some("localhost")));
    assert_eq!(relay["port"].as_u64(), Some(u64::from(server.address.port())));
    let ticket = base64(relay["ticket"].as_str().unwrap());
    let mut tunnel = Tunnel::open(&lab, &server, &ticket).await;
    tunnel.welcome().await;
    assert_eq!(tunnel.next().await, Some(Said::Peer(false)));
}

/// RFC 4648 §4.
fn base64(text: &str) -> Vec<u8> {
    let alphabet = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let (mut bits, mut count, mut bytes) = (0u32, 0, Vec::new());
    for symbol in text.bytes().filter(|symbol| *symbol != b'=') {
        let value = alphabet.iter().position(|known| *known == symbol).unwrap();
        bits = (bits << 6) | u32::try_from(value).unwrap();
        count += 6;
        if count >= 8 {
            count -= 8;
            bytes.push(u8::try_from((bits >> count) & 0xff).unwrap());
        }
    }
    bytes
}
