//! A broker that signs tickets, and a program's end of a leg.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};

use aws_lc_rs::hmac;
use deskside_proto::tunnel::{Frame, Refusal};
use deskside_proto::udp::{self, MAC_LENGTH, Probe, ProbeKind};
use deskside_proto::{LegId, Role, SessionId};
use deskside_relay::{Limits, Relay, RelayConfig};
use deskside_ticket::{TicketBody, TicketSigner};
use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream};
use tokio::net::UdpSocket;

pub(crate) const RELAY: &str = "relay-1";
/// Room of the in-memory stream, in place of TCP's buffers.
const STREAM: usize = 64 * 1024;

pub(crate) struct Broker {
    signer: TicketSigner,
    serial: AtomicU64,
}

impl Broker {
    pub(crate) fn new() -> Self {
        Self { signer: TicketSigner::generate().unwrap(), serial: AtomicU64::new(1) }
    }

    pub(crate) fn relay(&self) -> Relay {
        self.relay_with(Limits::default())
    }

    pub(crate) fn relay_with(&self, limits: Limits) -> Relay {
        let name = RELAY.to_owned();
        Relay::new(RelayConfig { name, ticket_key: self.signer.public_key(), limits }).unwrap()
    }

    pub(crate) fn ticket(&self, session: u8, role: Role) -> Vec<u8> {
        self.ticket_for(RELAY, session, role, 60_000)
    }

    pub(crate) fn ticket_for(&self, relay: &str, session: u8, role: Role, lives_ms: i64) -> Vec<u8> {
        let mut serial = [0; 16];
        serial[..8].copy_from_slice(&self.serial.fetch_add(1, Ordering::Relaxed).to_be_bytes());
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_millis();
        let expires_ms = i64::try_from(now).unwrap() + lives_ms;
        let session = SessionId([session; 16]);
        self.signer.sign(&TicketBody { relay: relay.to_owned(), session, role, serial, expires_ms }).unwrap()
    }

    /// Both parties of a session, each knowing that the other is here.
    pub(crate) async fn pair(&self, relay: &Relay, session: u8) -> (Party, Party) {
        let mut operator = Party::open(relay, &self.ticket(session, Role::Operator)).await;
        assert_eq!(operator.next().await, Some(Said::Peer(false)));
        let mut customer = Party::open(relay, &self.ticket(session, Role::Customer)).await;
        assert_eq!(customer.next().await, Some(Said::Peer(true)));
        assert_eq!(operator.next().await, Some(Said::Peer(true)));
        (operator, customer)
    }
}

/// What a relay said, owning its bytes.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Said {
    Datagram(Vec<u8>),
    Welcome(LegId, [u8; 32]),
    Refused(Refusal),
    Peer(bool),
}

pub(crate) struct Party {
    pub(crate) stream: DuplexStream,
    buffer: Vec<u8>,
    pub(crate) leg: LegId,
    key: hmac::Key,
    counter: u64,
}

impl Party {
    /// A connection that has said nothing yet.
    pub(crate) fn connect(relay: &Relay, peer: SocketAddr) -> Self {
        let (stream, theirs) = tokio::io::duplex(STREAM);
        let relay = relay.clone();
        drop(tokio::spawn(async move { relay.serve_tunnel(theirs, peer).await }));
        let key = hmac::Key::new(hmac::HMAC_SHA256, &[0; 32]);
        Self { stream, buffer: Vec::new(), leg: LegId(0), key, counter: 0 }
    }

    /// A leg that was let in.
    pub(crate) async fn open(relay: &Relay, ticket: &[u8]) -> Self {
        let mut party = Self::connect(relay, SocketAddr::from(([192, 0, 2, 1], 4711)));
        party.say(&Frame::Ticket(ticket)).await;
        match party.next().await {
            Some(Said::Welcome(leg, key)) => {
                party.leg = leg;
                party.key = hmac::Key::new(hmac::HMAC_SHA256, &key);
                party
            }
            other => panic!("{other:?} instead of a welcome"),
        }
    }

    pub(crate) async fn say(&mut self, frame: &Frame<'_>) {
        let mut bytes = Vec::new();
        frame.encode(&mut bytes).unwrap();
        self.stream.write_all(&bytes).await.unwrap();
    }

    pub(crate) async fn send(&mut self, datagram: &[u8]) {
        self.say(&Frame::Datagram(datagram)).await;
    }

    /// The next frame, or `None` if the relay has closed the stream.
    pub(crate) async fn next(&mut self) -> Option<Said> {
        loop {
            if let Some((frame, used)) = Frame::decode(&self.buffer).unwrap() {
                let said = match frame {
                    Frame::Datagram(datagram) => Said::Datagram(datagram.to_vec()),
                    Frame::Welcome { leg, key } => Said::Welcome(leg, key),
                    Frame::Refused(refusal) => Said::Refused(refusal),
                    Frame::Peer(present) => Said::Peer(present),
                    Frame::Ticket(_) => panic!("a ticket from a relay"),
                };
                self.buffer.drain(..used);
                return Some(said);
            }
            if self.stream.read_buf(&mut self.buffer).await.unwrap() == 0 {
                assert!(self.buffer.is_empty(), "half a frame at the end");
                return None;
            }
        }
    }

    /// The next request of this leg.
    pub(crate) fn probe(&mut self, challenge: u64) -> Probe {
        self.counter += 1;
        self.probe_numbered(ProbeKind::Request, self.counter, challenge)
    }

    pub(crate) fn probe_numbered(&self, kind: ProbeKind, counter: u64, challenge: u64) -> Probe {
        let tag = hmac::sign(&self.key, &Probe::authenticated(self.leg, kind, counter, challenge));
        let mac = tag.as_ref()[..MAC_LENGTH].try_into().unwrap();
        Probe { leg: self.leg, kind, counter, challenge, mac }
    }

    /// Sends a request with this challenge from `socket`, which is connected to the relay, checks the reply,
    /// and gives the challenge in it.
    pub(crate) async fn ask(&mut self, socket: &UdpSocket, challenge: u64) -> u64 {
        let request = self.probe(challenge);
        socket.send(&request.encode()).await.unwrap();
        let mut reply = [0; 2048];
        let length = socket.recv(&mut reply).await.unwrap();
        let Ok(udp::Datagram::Probe(Probe { challenge, .. })) = udp::decode(&reply[..length]) else {
            panic!("{:?} is no probe", &reply[..length]);
        };
        let expected = self.probe_numbered(ProbeKind::Reply, request.counter, challenge);
        assert_eq!(&reply[..length], expected.encode());
        challenge
    }

    /// Proves the address of `socket`: asks for its challenge, and brings it back.
    pub(crate) async fn prove(&mut self, socket: &UdpSocket) {
        let challenge = self.ask(socket, 0).await;
        assert_ne!(challenge, 0);
        assert_eq!(self.ask(socket, challenge).await, challenge);
    }

    /// A datagram as it travels by UDP.
    pub(crate) fn by_udp(&self, datagram: &[u8]) -> Vec<u8> {
        [&self.leg.0.to_be_bytes(), datagram].concat()
    }
}
