//! An organisation with a packet, a clock that tests turn, and callers of the API.

use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::http::{HeaderMap, Method, Request, StatusCode, header};
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use deskside_broker::{Broker, BrokerConfig, BrokerError, Clock, Connection, Database, RelayAddress, Secret};
use deskside_proto::offer::OfferBody;
use deskside_proto::{Code, SessionId};
use deskside_ticket::{TicketSigner, TicketVerifier};
use deskside_trust::issue::{Authority, OperatorKey, OperatorProfile, Validity};
use deskside_trust::{CertificateDer, Offer, Packet, Revocation, UnixTime, code_hash};
use http_body_util::BodyExt as _;
use serde_json::{Value, json};
use tempfile::TempDir;
use tower::ServiceExt as _;

/// 21 September 2026.
pub(crate) const START: i64 = 1_789_948_800_000;
pub(crate) const MINUTE: i64 = 60_000;
pub(crate) const HOUR: i64 = 60 * MINUTE;
pub(crate) const PASSWORD: &str = "correct horse battery";

/// A clock that stands still until a test turns it.
pub(crate) struct FakeClock(AtomicI64);

impl FakeClock {
    pub(crate) fn advance(&self, millis: i64) {
        self.0.fetch_add(millis, Ordering::SeqCst);
    }

    pub(crate) fn unix(&self) -> UnixTime {
        UnixTime::since_unix_epoch(Duration::from_millis(u64::try_from(self.now_ms()).unwrap()))
    }
}

impl Clock for FakeClock {
    fn now_ms(&self) -> i64 {
        self.0.load(Ordering::SeqCst)
    }
}

/// An organisation, its packet and a folder for its broker.
pub(crate) struct Lab {
    pub(crate) folder: TempDir,
    pub(crate) clock: Arc<FakeClock>,
    pub(crate) root: Authority,
    pub(crate) packet_ca: Authority,
    pub(crate) packet: Packet,
    ticket_key: Vec<u8>,
    ticket_public: [u8; 32],
    crl_number: AtomicU64,
}

impl Lab {
    pub(crate) fn new() -> Self {
        let clock = Arc::new(FakeClock(AtomicI64::new(START)));
        let long = Validity::days(clock.unix(), 3650);
        let root = Authority::new_root("Example Help", long).unwrap();
        let packet_ca = root.new_packet_ca("packet-1", long).unwrap();
        let packet = Packet::new(root.certificate(), packet_ca.certificate(), clock.unix()).unwrap();
        let tickets = TicketSigner::generate().unwrap();
        let lab = Self {
            folder: tempfile::tempdir().unwrap(),
            root,
            packet_ca,
            packet,
            ticket_key: tickets.to_pkcs8().unwrap().to_vec(),
            ticket_public: tickets.public_key(),
            crl_number: AtomicU64::new(1),
            clock,
        };
        lab.write_crl(&[]);
        lab
    }

    pub(crate) fn crl(&self) -> PathBuf {
        self.folder.path().join("crl.der")
    }

    pub(crate) fn database(&self) -> PathBuf {
        self.folder.path().join("deskside.db")
    }

    /// A new revocation list for three days from now.
    pub(crate) fn write_crl(&self, revoked: &[Revocation]) {
        let number = self.crl_number.fetch_add(1, Ordering::SeqCst);
        let list = self.packet_ca.issue_crl(number, revoked, self.clock.unix(), 72).unwrap();
        let fresh = self.folder.path().join("crl.new");
        std::fs::write(&fresh, list).unwrap();
        std::fs::rename(fresh, self.crl()).unwrap();
    }

    pub(crate) fn relays() -> Vec<RelayAddress> {
        let relay = |number: u16| RelayAddress {
            relay: format!("relay-{number}"),
            host: format!("relay-{number}.example.org"),
            port: 442 + number,
        };
        vec![relay(1), relay(2)]
    }

    pub(crate) async fn try_open(&self) -> Result<Broker, BrokerError> {
        Broker::open(BrokerConfig {
            database: Database::Sqlite(self.database()),
            packet_ca: self.packet_ca.certificate().clone(),
            root: self.root.certificate().clone(),
            crl: self.crl(),
            relays: Self::relays(),
            tickets: TicketSigner::from_pkcs8(&self.ticket_key).unwrap(),
            clock: Arc::clone(&self.clock) as Arc<dyn Clock>,
        })
        .await
    }

    pub(crate) async fn open(&self) -> Api {
        let broker = self.try_open().await.unwrap();
        Api { router: broker.router(), broker }
    }

    /// A certificate for this account.
    pub(crate) fn operator(&self, account: &str) -> Operator {
        let mut profile = OperatorProfile::new(&self.packet, account, "Ann Example", self.clock.unix());
        profile.validity = Validity::days(self.clock.unix(), 3650);
        Operator::new(self.packet_ca.issue_operator(&profile).unwrap())
    }

    /// The same organisation over a copy of the folder as it is now, while a broker may have it open.
    pub(crate) fn folder_copy(&self) -> Self {
        let folder = tempfile::tempdir().unwrap();
        for file in std::fs::read_dir(self.folder.path()).unwrap() {
            let file = file.unwrap();
            if file.file_name().to_string_lossy().ends_with("-shm") {
                continue; // memory shared between processes, not data
            }
            std::fs::copy(file.path(), folder.path().join(file.file_name())).unwrap();
        }
        let other = Self::new();
        Self { folder, clock: Arc::clone(&self.clock), ticket_key: self.ticket_key.clone(), ..other }
    }

    /// Whether the ticket opens a leg at the relay.
    pub(crate) fn ticket(&self, relay: &str, ticket: &Value) -> deskside_ticket::TicketBody {
        let ticket = BASE64_STANDARD.decode(ticket.as_str().unwrap()).unwrap();
        let verifier = TicketVerifier::new(self.ticket_public, relay.to_owned());
        verifier.verify(&ticket, self.clock.now_ms()).unwrap()
    }
}

/// Somebody with a certificate.
pub(crate) struct Operator {
    pub(crate) key: OperatorKey,
}

impl Operator {
    pub(crate) fn new(key: OperatorKey) -> Self {
        Self { key }
    }

    pub(crate) fn chain(&self) -> Vec<CertificateDer<'static>> {
        vec![self.key.certificate().clone()]
    }

    /// A signed offer for a session that was just made, changed by `change`.
    pub(crate) fn offer_with(&self, made: &Value, change: impl FnOnce(&mut OfferBody)) -> Value {
        let session: SessionId = made["session"].as_str().unwrap().parse().unwrap();
        let code = Code::parse(made["code"].as_str().unwrap()).unwrap();
        let mut body = OfferBody {
            session,
            code_hash: code_hash(session, &code),
            relays: Lab::relays(),
            password_required: false,
            expires_ms: made["expires_ms"].as_i64().unwrap(),
        };
        change(&mut body);
        let offer = Offer::sign(&body, &self.key.signer().unwrap()).unwrap();
        json!({ "offer": BASE64_STANDARD.encode(offer) })
    }
}

/// A reply as it came.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Reply {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Vec<u8>,
}

impl Reply {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or(Value::Null)
    }

    /// The error code of a refusal; empty for a success.
    pub(crate) fn error(&self) -> String {
        self.json()["error"].as_str().unwrap_or_default().to_owned()
    }
}

/// A broker and its router.
#[derive(Clone)]
pub(crate) struct Api {
    pub(crate) broker: Broker,
    pub(crate) router: Router,
}

impl Api {
    pub(crate) async fn send(
        &self,
        mut request: Request<Body>,
        source: IpAddr,
        certificates: Vec<CertificateDer<'static>>,
    ) -> Reply {
        request.extensions_mut().insert(Connection { peer: SocketAddr::new(source, 50_000), certificates });
        let reply = self.router.clone().oneshot(request).await.unwrap();
        let (parts, body) = reply.into_parts();
        let body = body.collect().await.unwrap().to_bytes().to_vec();
        Reply { status: parts.status, headers: parts.headers, body }
    }

    /// A call with a JSON body.
    pub(crate) async fn post(
        &self,
        path: &str,
        body: &Value,
        source: &str,
        chain: Vec<CertificateDer<'static>>,
    ) -> Reply {
        let request = json_request(Method::POST, path, body, None);
        self.send(request, source.parse().unwrap(), chain).await
    }

    /// A call of a logged-in operator.
    pub(crate) async fn call(
        &self,
        method: Method,
        path: &str,
        body: &Value,
        (who, token): (&Operator, &str),
    ) -> Reply {
        let request = json_request(method, path, body, Some(token));
        self.send(request, "203.0.113.10".parse().unwrap(), who.chain()).await
    }

    pub(crate) async fn join(&self, code: &str, source: &str) -> Reply {
        self.post("/api/v1/join", &json!({ "code": code }), source, Vec::new()).await
    }

    pub(crate) async fn login(&self, who: &Operator, user: &str, password: &str, source: &str) -> Reply {
        let body = json!({ "user": user, "password": password });
        self.post("/api/v1/login", &body, source, who.chain()).await
    }

    pub(crate) async fn add(&self, account: &str) {
        self.broker.accounts().add(account, &Secret::new(PASSWORD.into())).await.unwrap();
    }

    /// Logs in with the right password and gives the token.
    pub(crate) async fn token(&self, who: &Operator, account: &str) -> String {
        let reply = self.login(who, account, PASSWORD, "203.0.113.10").await;
        assert_eq!(reply.status, StatusCode::OK, "{:?}", reply.json());
        reply.json()["token"].as_str().unwrap().to_owned()
    }

    /// Makes a session without an offer.
    pub(crate) async fn session(&self, who: &Operator, token: &str) -> Value {
        let reply = self.call(Method::POST, "/api/v1/sessions", &Value::Null, (who, token)).await;
        assert_eq!(reply.status, StatusCode::OK, "{:?}", reply.json());
        reply.json()
    }

    /// Makes a session whose code works.
    pub(crate) async fn offered(&self, who: &Operator, token: &str) -> Value {
        let made = self.session(who, token).await;
        let reply = self.offer(&made, &who.offer_with(&made, |_| ()), (who, token)).await;
        assert_eq!(reply.status, StatusCode::NO_CONTENT, "{:?}", reply.json());
        made
    }

    pub(crate) async fn offer(&self, made: &Value, offer: &Value, caller: (&Operator, &str)) -> Reply {
        let path = format!("/api/v1/sessions/{}/offer", made["session"].as_str().unwrap());
        self.call(Method::PUT, &path, offer, caller).await
    }

    pub(crate) async fn cancel(&self, made: &Value, caller: (&Operator, &str)) -> Reply {
        let path = format!("/api/v1/sessions/{}", made["session"].as_str().unwrap());
        self.call(Method::DELETE, &path, &Value::Null, caller).await
    }
}

/// A request with a JSON body, unless that is null.
pub(crate) fn json_request(method: Method, path: &str, body: &Value, token: Option<&str>) -> Request<Body> {
    let mut request = Request::builder().method(method).uri(path);
    if let Some(token) = token {
        request = request.header(header::AUTHORIZATION, format!("Bearer {token}"));
    }
    if body.is_null() {
        return request.body(Body::empty()).unwrap();
    }
    let request = request.header(header::CONTENT_TYPE, "application/json");
    request.body(Body::from(body.to_string())).unwrap()
}

/// The digits of a session that was made.
pub(crate) fn code_of(made: &Value) -> String {
    made["code"].as_str().unwrap().to_owned()
}

/// A code that is certainly not that one.
pub(crate) fn other_code(code: &str, by: u32) -> String {
    format!("{:06}", (code.parse::<u32>().unwrap() + by) % 1_000_000)
}
