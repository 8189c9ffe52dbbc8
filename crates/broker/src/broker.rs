//! The broker as the server program sees it.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use aws_lc_rs::hmac;
use deskside_proto::offer::RelayAddress;
use deskside_ticket::TicketSigner;
use deskside_trust::{CertificateDer, Packet, UnixTime};
use zeroize::Zeroizing;

use crate::accounts::Accounts;
use crate::api;
use crate::clock::Clock;
use crate::core::join_throttle::JoinThrottle;
use crate::core::login_throttle::LoginThrottle;
use crate::crl::CrlFile;
use crate::error::BrokerError;
use crate::password::Passwords;
use crate::service::{Service, random};
use crate::store::{Database, Store};

/// What a broker needs.
pub struct BrokerConfig {
    /// Where accounts and sessions are.
    pub database: Database,
    /// The packet's issuing CA.
    pub packet_ca: CertificateDer<'static>,
    /// The organisation's root, which signed the packet CA.
    pub root: CertificateDer<'static>,
    /// The packet CA's revocation list, DER. May be missing for now and may be replaced at any time.
    pub crl: PathBuf,
    /// The relays that sessions may use, in order of preference; at least one.
    pub relays: Vec<RelayAddress>,
    /// Signs the relays' tickets.
    pub tickets: TicketSigner,
    /// Tells the time.
    pub clock: Arc<dyn Clock>,
}

/// Accounts, codes and tickets behind an HTTP API. Two brokers can live in one process; two broker processes
/// on one database cannot, because each counts wrong guesses in its own memory.
#[derive(Clone)]
pub struct Broker {
    service: Arc<Service>,
}

impl Broker {
    /// Opens the database and checks the certificates.
    ///
    /// # Errors
    /// [`BrokerError`] says what the administrator has to put right.
    pub async fn open(config: BrokerConfig) -> Result<Self, BrokerError> {
        let BrokerConfig { database, packet_ca, root, crl, relays, tickets, clock } = config;
        if relays.is_empty() {
            return Err(BrokerError::NoRelay);
        }
        let now = clock.now_ms();
        let unix = UnixTime::since_unix_epoch(Duration::from_millis(u64::try_from(now).unwrap_or(0)));
        let packet = Packet::new(&root, &packet_ca, unix)?;
        let store = Store::open(&database).await?;
        let fresh = Zeroizing::new(random::<32>().map_err(|_| BrokerError::Crypto)?);
        let server_key = store.secret("server_key", fresh.as_slice()).await?;
        let mut joins = JoinThrottle::load(store.throttle(JoinThrottle::PREFIX).await?);
        joins.set_alive(store.alive(now).await?);
        let logins = LoginThrottle::load(store.throttle(LoginThrottle::PREFIX).await?);
        let service = Service {
            passwords: Passwords::new().await.map_err(|_| BrokerError::Crypto)?,
            server_key: hmac::Key::new(hmac::HMAC_SHA256, &server_key),
            crl: CrlFile::new(crl),
            joins: joins.into(),
            logins: logins.into(),
            store,
            packet,
            relays,
            tickets,
            clock,
        };
        // Says in the log at once what is wrong with the list, and not only when the first customer comes.
        service.crl.current(now);
        Ok(Self { service: Arc::new(service) })
    }

    /// The HTTP API. Every request must carry a [`crate::Connection`] among its extensions.
    pub fn router(&self) -> axum::Router {
        api::router(Arc::clone(&self.service))
    }

    /// The accounts.
    #[must_use]
    pub fn accounts(&self) -> Accounts {
        let service = &self.service;
        Accounts::new(service.store.clone(), service.passwords.clone(), Arc::clone(&service.clock))
    }

    /// Closes the database. Requests that come later are refused as unavailable.
    pub async fn close(&self) {
        self.service.store.close().await;
    }
}
