//! The blind forwarder: it passes datagrams between the two parties of a session and can read none.
//!
//! A party opens its *leg* on a tunnel (frames over a TLS stream, [`deskside_proto::tunnel`]) by showing a
//! ticket, and may then prove a UDP address for the same leg ([`deskside_proto::udp`]). What one leg sends
//! goes to the other leg of the session: by UDP while that leg has proven an address within the last
//! seconds, through its tunnel otherwise.
//!
//! | module | what it holds |
//! |---|---|
//! | `table` | who is here and where: sessions, legs, used tickets, proven addresses; no I/O, time comes in |
//! | `queue` | what waits for one leg's tunnel, bounded |
//! | `tunnel` | the loop of one leg's tunnel |
//! | `udp` | the one socket of all legs, with segmentation offload where the system has it |
//! | `source` | how much one source address may ask for before it has shown who it is |
//! | `counters` | what is counted |
//!
//! Nothing that is forwarded is ever logged, kept or looked at, except for the first byte of a datagram,
//! which tells QUIC from a probe.
#![forbid(unsafe_code)]

mod counters;
mod queue;
mod source;
mod table;
mod tunnel;
mod udp;

use std::net::{IpAddr, SocketAddr};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::{Instant, SystemTime, UNIX_EPOCH};

use deskside_ticket::TicketVerifier;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::UdpSocket;

pub use counters::Stats;
pub use source::{SourceLimit, SourcePermit};
pub use table::{ADDRESS_LIFETIME, MAX_USED_TICKETS, NoRandomness};
pub use tunnel::TICKET_DEADLINE;

use counters::Counters;
use table::Table;
use udp::UdpPort;

/// How much a relay takes on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Legs at one time; whoever comes later is refused, whoever is here stays.
    pub legs: usize,
    /// Connections at one time that have shown no ticket yet, of all sources.
    pub waiting: usize,
    /// The same, of one source: one IPv4 address or one IPv6 /64.
    pub waiting_per_source: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self { legs: 20_000, waiting: 4_096, waiting_per_source: 32 }
    }
}

/// What a relay is told at its start.
#[derive(Debug, Clone)]
pub struct RelayConfig {
    /// Its name in tickets.
    pub name: String,
    /// The broker's Ed25519 public key, with which tickets are checked.
    pub ticket_key: [u8; deskside_ticket::PUBLIC_KEY_LENGTH],
    /// How much it takes on.
    pub limits: Limits,
}

/// A relay. Clones are handles to the same one.
#[derive(Clone)]
pub struct Relay {
    shared: Arc<Shared>,
}

struct Shared {
    verifier: TicketVerifier,
    table: Mutex<Table>,
    counters: Counters,
    waiting: SourceLimit,
    udp: OnceLock<UdpPort>,
}

impl Relay {
    /// A relay without legs, with a fresh secret of its own.
    ///
    /// # Errors
    /// [`NoRandomness`] if no secret can be drawn.
    pub fn new(config: RelayConfig) -> Result<Self, NoRandomness> {
        let RelayConfig { name, ticket_key, limits } = config;
        Ok(Self {
            shared: Arc::new(Shared {
                verifier: TicketVerifier::new(ticket_key, name),
                table: Mutex::new(Table::new(limits.legs)?),
                counters: Counters::default(),
                waiting: SourceLimit::new(limits.waiting, limits.waiting_per_source),
                udp: OnceLock::new(),
            }),
        })
    }

    /// Serves one connection from its first byte, which must begin a ticket, to its end. `stream` is what
    /// came out of the TLS handshake, `peer` who it is, for the log and for the cap on one source.
    ///
    /// Whatever goes wrong ends this connection only; it is counted and logged here.
    pub async fn serve_tunnel<S>(&self, stream: S, peer: SocketAddr)
    where
        S: AsyncRead + AsyncWrite + Send,
    {
        tunnel::serve(&self.shared, stream, peer).await;
    }

    /// Serves the UDP port of all legs; returns only when the socket fails. Dropping the future stops
    /// receiving.
    ///
    /// # Errors
    /// The socket's error. [`std::io::ErrorKind::AlreadyExists`] if this relay has a UDP port already.
    pub async fn serve_udp(&self, socket: UdpSocket) -> std::io::Result<()> {
        udp::serve(&self.shared, socket).await
    }

    /// What has been counted up to now.
    #[must_use]
    pub fn stats(&self) -> Stats {
        let (legs, sessions) = {
            let table = self.shared.table();
            (table.legs(), table.sessions())
        };
        self.shared.counters.snapshot(legs, sessions)
    }
}

impl Shared {
    /// The table. A thread that panicked while it held the table has left no half-made change behind: each
    /// of the table's methods changes its maps last.
    fn table(&self) -> MutexGuard<'_, Table> {
        self.table.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Where a leg may be reached by UDP: the address that it proved, and our own address that it talked to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct UdpPath {
    remote: SocketAddr,
    local: Option<IpAddr>,
}

/// Milliseconds since 1970, for tickets.
fn wall_clock_ms() -> i64 {
    let since_1970 = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since_1970.as_millis()).unwrap_or(i64::MAX)
}

/// The monotonic clock, which tests under a paused tokio runtime may wind forward.
fn monotonic() -> Instant {
    tokio::time::Instant::now().into_std()
}

/// Whether a datagram begins as QUIC's do (RFC 9000 §17.2, §17.3). Nothing else is forwarded, on any path, so
/// that no party can make the relay say something to the other that looks like the relay's own.
fn is_quic(datagram: &[u8]) -> bool {
    datagram.first().is_some_and(|first| *first >= 0x40)
}
