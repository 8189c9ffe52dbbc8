//! The broker: accounts, codes, tickets and their HTTP API, `/api/v1` (its bodies are in
//! [`deskside_proto::api`]).
//!
//! ```text
//! api (HTTP) ──► service (the calls) ──► core (rules: pure)
//!                        └────────────► store (all SQL)
//! ```
//!
//! The broker knows who meets whom and when. It holds no key that opens a session or makes an operator, and
//! reaches no crate that could (`cargo xtask deps`).
//!
//! # What is kept
//! | thing | how |
//! |---|---|
//! | password | Argon2id, m = 19 MiB, t = 2, p = 1 |
//! | token | SHA-256; good for 12 hours, with the certificate it was given to, while the account is enabled |
//! | code | HMAC-SHA-256 under `server_key`; good once, for 10 minutes; not drawn again for 24 hours |
//! | wrong codes, wrong passwords | counters that a restart does not forgive; see `core::join_throttle` and `core::login_throttle` |
//!
//! `server_key` is made at the first start and lies in the table `secrets` of the same database. It keeps
//! codes out of copies of a table, of queries and of logs. Whoever copies the whole database while a code is
//! alive can find the code by trying all million; to use it he has to be quicker than the customer, and then
//! meets the session's own protection.

#![forbid(unsafe_code)]

mod accounts;
mod api;
mod broker;
mod clock;
mod connection;
mod core;
mod crl;
mod error;
mod password;
mod service;
mod store;

pub use accounts::{Account, Accounts};
pub use broker::{Broker, BrokerConfig};
pub use clock::{Clock, SystemClock};
pub use connection::Connection;
pub use error::{AccountError, BrokerError, NameError, StoreError};
pub use store::Database;

// What the server program needs of the crates that it does not use itself.
pub use deskside_proto::offer::RelayAddress;
pub use deskside_ticket::{KeyError, TicketSigner, TicketVerifier};
pub use deskside_trust::crypto::server_provider;
pub use deskside_trust::{CertificateDer, Crl, Packet, PacketError, Secret};
