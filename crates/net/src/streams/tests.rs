//! Streams of a real end-to-end connection, between a real identity and a session key.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Instant;

use deskside_proto::offer::{OfferBody, RelayAddress};
use deskside_proto::{Code, SessionId};
use deskside_trust::issue::{Authority, OperatorProfile, PACKET_DAYS, ROOT_DAYS, Validity};
use deskside_trust::{
    BrokerAddress, Crl, Descriptor, DescriptorBody, Offer, SessionKey, Signer, UnixTime, code_hash, tls,
};
use quinn::{Endpoint, VarInt};
use rustls::time_provider::DefaultTimeProvider;

use super::{LAST_BYTES, Writer};
use crate::end_to_end;

struct Lab {
    descriptor: Descriptor,
    crl: Arc<Crl>,
    operator: Signer,
    offer: Offer,
}

fn lab() -> Lab {
    let now = UnixTime::now();
    let root = Authority::new_root("Example Ltd", Validity::days(now, ROOT_DAYS)).unwrap();
    let packet_ca = root.new_packet_ca("support-1", Validity::days(now, PACKET_DAYS)).unwrap();
    let server_ca = Authority::new_server_ca("Example Ltd", Validity::days(now, ROOT_DAYS)).unwrap();
    let body = DescriptorBody {
        root: root.certificate().clone(),
        packet_ca: packet_ca.certificate().clone(),
        server_ca: server_ca.certificate().clone(),
        brokers: vec![BrokerAddress { host: "help.example.org".into(), port: 443 }],
        acknowledgement: String::new(),
        policy: deskside_trust::PacketPolicy::default(),
    };
    let descriptor = Descriptor::read(&root.sign_descriptor(&body).unwrap(), now).unwrap();
    let crl = Arc::new(Crl::parse(&packet_ca.issue_crl(1, &[], now, 24).unwrap()).unwrap());
    let profile = OperatorProfile::new(&descriptor, "anna", "Anna Berg", now);
    let operator = packet_ca.issue_operator(&profile).unwrap().signer().unwrap();
    let (session, code) = (SessionId([7; 16]), Code::from_number(123_456).unwrap());
    let body = OfferBody {
        session,
        code_hash: code_hash(session, &code),
        relays: vec![RelayAddress { relay: "r".into(), host: "localhost".into(), port: 1 }],
        password_required: false,
        expires_ms: i64::MAX,
    };
    let offer = Offer::sign(&body, &operator).unwrap();
    let offer = Offer::verify(&offer, &code, &descriptor, &crl, now).unwrap();
    Lab { descriptor, crl, operator, offer }
}

fn loopback() -> SocketAddr {
    (Ipv4Addr::LOCALHOST, 0).into()
}

fn customer(lab: &Lab) -> (Endpoint, quinn::ClientConfig) {
    let key = SessionKey::generate().unwrap();
    let time = Arc::new(DefaultTimeProvider);
    let tls = tls::customer_config(&lab.offer, &lab.descriptor, Arc::clone(&lab.crl), &key, time).unwrap();
    (Endpoint::client(loopback()).unwrap(), end_to_end::client(tls.config).unwrap())
}

/// T17: a hostile operator's program keeps the connection alive and reads nothing. The customer's program
/// gets away from it all the same.
#[tokio::test]
async fn t17_a_peer_that_reads_nothing_does_not_keep_the_program() {
    let lab = lab();
    let mut config = end_to_end::server(tls::operator_config(&lab.operator).unwrap()).unwrap();
    let mut transport = quinn::TransportConfig::default();
    transport.stream_receive_window(VarInt::from_u32(16)).keep_alive_interval(Some(LAST_BYTES / 8));
    config.transport_config(Arc::new(transport));
    let server = Endpoint::server(config, loopback()).unwrap();
    let address = server.local_addr().unwrap();
    let silent = tokio::spawn(async move {
        let connection = server.accept().await.unwrap().await.unwrap();
        let stream = connection.accept_bi().await.unwrap();
        connection.closed().await;
        drop(stream);
    });
    let (endpoint, config) = customer(&lab);
    let connection = endpoint.connect_with(config, address, "operator.invalid").unwrap().await.unwrap();
    let (send, _receive) = connection.open_bi().await.unwrap();
    let writer = Writer::spawn(send);
    writer.send(vec![0; 1000]).unwrap();
    let began = Instant::now();
    writer.finish().await;
    assert!(began.elapsed() < LAST_BYTES * 3, "{:?}", began.elapsed());
    assert!(connection.close_reason().is_none(), "the peer kept it alive all the time");
    connection.close(0u32.into(), b"");
    silent.await.unwrap();
}

/// What a peer, or a relay in its place, writes into the last frame is not put before a person.
#[tokio::test]
async fn a_peers_last_words_are_not_repeated() {
    let lab = lab();
    let config = end_to_end::server(tls::operator_config(&lab.operator).unwrap()).unwrap();
    let server = Endpoint::server(config, loopback()).unwrap();
    let address = server.local_addr().unwrap();
    let talker = tokio::spawn(async move {
        let connection = server.accept().await.unwrap().await.unwrap();
        connection.close(1u32.into(), b"Call 0900-123456 at once");
        server.wait_idle().await;
    });
    let (endpoint, config) = customer(&lab);
    let connection = endpoint.connect_with(config, address, "operator.invalid").unwrap().await.unwrap();
    let error = connection.closed().await;
    assert!(error.to_string().contains("0900"), "the peer's words arrived: {error}");
    assert_eq!(end_to_end::ending(&error), "the other side refused it");
    talker.await.unwrap();
}
