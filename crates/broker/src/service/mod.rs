//! What the broker does, apart from HTTP: each call of the API is a method of [`Service`].

mod caller;
mod join;
mod login;
mod sessions;

use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use aws_lc_rs::{hmac, rand};
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use deskside_proto::api::RelayTicket;
use deskside_proto::offer::RelayAddress;
use deskside_proto::ticket::TicketBody;
use deskside_proto::{Code, Role, SessionId};
use deskside_ticket::TicketSigner;
use deskside_trust::{Packet, UnixTime};
use zeroize::Zeroizing;

pub(crate) use caller::Token;

use crate::clock::Clock;
use crate::core::join_throttle::JoinThrottle;
use crate::core::login_throttle::LoginThrottle;
use crate::crl::CrlFile;
use crate::error::{Failure, Refusal};
use crate::password::Passwords;
use crate::store::Store;

/// Everything that the calls work with.
pub(crate) struct Service {
    pub(crate) store: Store,
    pub(crate) passwords: Passwords,
    /// Codes are stored as HMAC under this key only.
    pub(crate) server_key: hmac::Key,
    pub(crate) packet: Packet,
    pub(crate) crl: CrlFile,
    pub(crate) relays: Vec<RelayAddress>,
    pub(crate) tickets: TicketSigner,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) joins: Mutex<JoinThrottle>,
    pub(crate) logins: Mutex<LoginThrottle>,
}

impl Service {
    /// What is wrong, if anything is.
    pub(crate) async fn problem(&self) -> Option<&'static str> {
        if self.store.check().await.is_err() {
            return Some("the database does not answer");
        }
        self.crl.problem(self.now())
    }

    fn now(&self) -> i64 {
        self.clock.now_ms()
    }

    /// `now` as certificates know it.
    fn unix_now(&self) -> UnixTime {
        let millis = u64::try_from(self.now()).unwrap_or(0);
        UnixTime::since_unix_epoch(Duration::from_millis(millis))
    }

    /// How a code is stored.
    fn code_mac(&self, code: &Code) -> Vec<u8> {
        let digits = Zeroizing::new(code.expose());
        hmac::sign(&self.server_key, digits.as_bytes()).as_ref().to_vec()
    }

    /// A ticket for each of these relays.
    fn tickets(
        &self,
        relays: &[RelayAddress],
        session: SessionId,
        role: Role,
        expires_ms: i64,
    ) -> Result<Vec<RelayTicket>, Refusal> {
        let ticket = |address: &RelayAddress| {
            let relay = address.relay.clone();
            let body = TicketBody { relay, session, role, serial: random()?, expires_ms };
            let ticket = self.tickets.sign(&body).map_err(Failure::Ticket)?;
            Ok(RelayTicket {
                relay: address.relay.clone(),
                host: address.host.clone(),
                port: address.port,
                ticket: BASE64_STANDARD.encode(ticket),
            })
        };
        relays.iter().map(ticket).collect()
    }
}

/// Random bytes from the machine's generator.
pub(crate) fn random<const N: usize>() -> Result<[u8; N], Failure> {
    let mut bytes = [0; N];
    rand::fill(&mut bytes).map_err(|_| Failure::Random)?;
    Ok(bytes)
}

/// The value behind the lock. A panic in another request leaves counters that are at worst too strict.
fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// An address for logs: without port, and IPv4 as IPv4.
fn shown(source: IpAddr) -> IpAddr {
    source.to_canonical()
}
