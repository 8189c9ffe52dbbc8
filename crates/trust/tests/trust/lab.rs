//! An organisation made for a test, and in-memory TLS between two configurations.

use std::sync::Arc;
use std::time::Duration;

use deskside_proto::offer::{OfferBody, RelayAddress};
use deskside_proto::{Code, SessionId};
use deskside_trust::issue::{Authority, OperatorKey, OperatorProfile, PACKET_DAYS, ROOT_DAYS, Validity};
use deskside_trust::{
    BrokerAddress, Crl, Descriptor, DescriptorBody, Offer, Revocation, UnixTime, code_hash,
};
use rustls::time_provider::TimeProvider;
use rustls::{ClientConfig, ClientConnection, ServerConfig, ServerConnection};

pub(crate) const DAY: u64 = 24 * 3600;
const START: u64 = 1_800_000_000;

/// So many seconds after the organisation was founded.
pub(crate) fn at(seconds: u64) -> UnixTime {
    UnixTime::since_unix_epoch(Duration::from_secs(START + seconds))
}

#[derive(Debug)]
pub(crate) struct Clock(pub(crate) UnixTime);

impl TimeProvider for Clock {
    fn current_time(&self) -> Option<UnixTime> {
        Some(self.0)
    }
}

pub(crate) struct Lab {
    pub(crate) root: Authority,
    pub(crate) packet_ca: Authority,
    pub(crate) server_ca: Authority,
    pub(crate) descriptor: Descriptor,
    pub(crate) descriptor_file: Vec<u8>,
    pub(crate) crl: Arc<Crl>,
}

impl Lab {
    pub(crate) fn new() -> Self {
        let root = Authority::new_root("Example Ltd", Validity::days(at(0), ROOT_DAYS)).unwrap();
        let packet_ca = root.new_packet_ca("support-1", Validity::days(at(0), PACKET_DAYS)).unwrap();
        let server_ca = Authority::new_server_ca("Example Ltd", Validity::days(at(0), ROOT_DAYS)).unwrap();
        let body = DescriptorBody {
            root: root.certificate().clone(),
            packet_ca: packet_ca.certificate().clone(),
            server_ca: server_ca.certificate().clone(),
            brokers: vec![BrokerAddress { host: "help.example.org".to_owned(), port: 443 }],
            acknowledgement: "Only go on if you know who called you.\nThank you.".to_owned(),
            policy: deskside_trust::PacketPolicy::default(),
        };
        let descriptor_file = root.sign_descriptor(&body).unwrap();
        let descriptor = Descriptor::read(&descriptor_file, at(0)).unwrap();
        let crl = Arc::new(Crl::parse(&packet_ca.issue_crl(1, &[], at(0), 24).unwrap()).unwrap());
        Self { root, packet_ca, server_ca, descriptor, descriptor_file, crl }
    }

    pub(crate) fn profile(&self) -> OperatorProfile {
        OperatorProfile::new(&self.descriptor, "anna", "Anna Ødegård", at(0))
    }

    pub(crate) fn operator(&self) -> OperatorKey {
        self.packet_ca.issue_operator(&self.profile()).unwrap()
    }

    /// A list that revokes this operator, made at `now`.
    pub(crate) fn revoking(&self, operator: &OperatorKey, now: UnixTime) -> Arc<Crl> {
        let identity = deskside_trust::identify(
            std::slice::from_ref(operator.certificate()),
            &self.crl,
            &self.descriptor,
            at(0),
        )
        .unwrap();
        let revoked = [Revocation { serial: identity.serial, at: now }];
        Arc::new(Crl::parse(&self.packet_ca.issue_crl(2, &revoked, now, 24).unwrap()).unwrap())
    }

    pub(crate) fn offer(&self, operator: &OperatorKey) -> Offer {
        let signed = Offer::sign(&offer_body(), &operator.signer().unwrap()).unwrap();
        Offer::verify(&signed, &code(), &self.descriptor, &self.crl, at(0)).unwrap()
    }
}

pub(crate) fn code() -> Code {
    Code::parse("012 345").unwrap()
}

pub(crate) fn offer_body() -> OfferBody {
    let session = SessionId([7; 16]);
    OfferBody {
        session,
        code_hash: code_hash(session, &code()),
        relays: vec![RelayAddress {
            relay: "relay-1".to_owned(),
            host: "help.example.org".to_owned(),
            port: 443,
        }],
        password_required: false,
        expires_ms: i64::try_from(at(600).as_secs() * 1000).unwrap(),
    }
}

/// Both ends after a handshake.
pub(crate) struct Pair {
    pub(crate) client: ClientConnection,
    pub(crate) server: ServerConnection,
}

/// The client's error and the server's.
pub(crate) type Errors = (Option<rustls::Error>, Option<rustls::Error>);

/// Pumps bytes between the two until both are ready or one refuses; then gives both ends' errors.
pub(crate) fn handshake(client: Arc<ClientConfig>, server: Arc<ServerConfig>) -> Result<Pair, Box<Errors>> {
    let mut client = ClientConnection::new(client, "operator.invalid".try_into().unwrap()).unwrap();
    let mut server = ServerConnection::new(server).unwrap();
    let mut errors = (None, None);
    for _ in 0..10 {
        let mut wire = Vec::new();
        while client.wants_write() {
            client.write_tls(&mut wire).unwrap();
        }
        let mut bytes = wire.as_slice();
        while !bytes.is_empty() && errors.1.is_none() {
            server.read_tls(&mut bytes).unwrap();
            errors.1 = server.process_new_packets().err();
        }
        let mut wire = Vec::new();
        while server.wants_write() {
            server.write_tls(&mut wire).unwrap();
        }
        let mut bytes = wire.as_slice();
        while !bytes.is_empty() && errors.0.is_none() {
            client.read_tls(&mut bytes).unwrap();
            errors.0 = client.process_new_packets().err();
        }
    }
    if errors == (None, None) && !client.is_handshaking() && !server.is_handshaking() {
        Ok(Pair { client, server })
    } else {
        Err(Box::new(errors))
    }
}
