//! Who is here and where: sessions, their legs, used tickets and proven UDP addresses. No I/O; time comes in.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use aws_lc_rs::{constant_time, hmac, rand};
use deskside_proto::tunnel::Refusal;
use deskside_proto::udp::{KEY_LENGTH, MAC_LENGTH, Probe, ProbeKind};
use deskside_proto::{LegId, Role, SessionId};
use deskside_ticket::{TicketBody, TicketError};
use thiserror::Error;
use zeroize::Zeroizing;

use crate::UdpPath;
use crate::queue::Queue;

/// How long after the last probe that proved its address a leg is sent to by UDP. Programs probe about every
/// second, so that two lost probes do not move the traffic to the tunnel.
pub const ADDRESS_LIFETIME: Duration = Duration::from_secs(3);
/// How many unexpired used tickets are remembered. Beyond it new legs are refused rather than old serials
/// forgotten.
pub const MAX_USED_TICKETS: usize = 1 << 20;

/// Why no leg was opened.
#[derive(Debug, Error)]
pub(crate) enum Denied {
    #[error(transparent)]
    Ticket(#[from] TicketError),
    #[error("the ticket was used before")]
    Used,
    #[error("this side of the session has its leg already")]
    Taken,
    #[error("the relay has as many legs as it may")]
    Full,
    #[error(transparent)]
    Randomness(#[from] NoRandomness),
}

impl Denied {
    pub(crate) fn refusal(&self) -> Refusal {
        match self {
            Self::Ticket(_) => Refusal::Ticket,
            Self::Used | Self::Taken => Refusal::Used,
            Self::Full | Self::Randomness(_) => Refusal::Full,
        }
    }
}

/// The crypto provider gave no random bytes, so that no secret can be drawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("the crypto provider has no randomness")]
pub struct NoRandomness;

/// A leg that was just opened.
pub(crate) struct Admitted {
    pub(crate) leg: LegId,
    pub(crate) key: Zeroizing<[u8; KEY_LENGTH]>,
    pub(crate) queue: Arc<Queue>,
}

/// Which way a datagram goes on.
pub(crate) enum Route {
    /// To this address, behind this leg id.
    Udp(UdpPath, LegId),
    /// Into this queue.
    Tunnel(Arc<Queue>),
}

pub(crate) struct Table {
    max_legs: usize,
    /// Makes challenges. Nobody else knows it, and it ends with the relay.
    secret: hmac::Key,
    legs: HashMap<LegId, Leg>,
    sessions: HashMap<SessionId, Pair>,
    used: HashMap<[u8; 16], i64>,
    /// How many used tickets there may be before the expired ones are looked for again.
    purge_at: usize,
}

struct Leg {
    session: SessionId,
    role: Role,
    key: hmac::Key,
    queue: Arc<Queue>,
    /// The counter of the last genuine request.
    counter: Option<u64>,
    address: Option<Proven>,
}

/// A UDP address, and when it was last proven.
struct Proven {
    path: UdpPath,
    at: Instant,
}

/// The two places of a session. There is no third.
#[derive(Default)]
struct Pair {
    operator: Option<LegId>,
    customer: Option<LegId>,
}

impl Pair {
    fn place(&mut self, role: Role) -> &mut Option<LegId> {
        match role {
            Role::Operator => &mut self.operator,
            Role::Customer => &mut self.customer,
        }
    }

    fn leg(&self, role: Role) -> Option<LegId> {
        match role {
            Role::Operator => self.operator,
            Role::Customer => self.customer,
        }
    }
}

impl Table {
    pub(crate) fn new(max_legs: usize) -> Result<Self, NoRandomness> {
        Ok(Self {
            max_legs,
            secret: hmac::Key::generate(hmac::HMAC_SHA256, &rand::SystemRandom::new())
                .map_err(|_| NoRandomness)?,
            legs: HashMap::new(),
            sessions: HashMap::new(),
            used: HashMap::new(),
            purge_at: 1024,
        })
    }

    pub(crate) fn legs(&self) -> usize {
        self.legs.len()
    }

    pub(crate) fn sessions(&self) -> usize {
        self.sessions.len()
    }

    /// Opens the leg that a verified ticket allows, and tells both parties about each other.
    pub(crate) fn admit(&mut self, ticket: &TicketBody, now_ms: i64) -> Result<Admitted, Denied> {
        if self.used.contains_key(&ticket.serial) {
            return Err(Denied::Used);
        }
        if self.sessions.get(&ticket.session).is_some_and(|pair| pair.leg(ticket.role).is_some()) {
            return Err(Denied::Taken);
        }
        self.purge(now_ms);
        if self.legs.len() >= self.max_legs || self.used.len() >= MAX_USED_TICKETS {
            return Err(Denied::Full);
        }
        let mut key = Zeroizing::new([0; KEY_LENGTH]);
        rand::fill(&mut *key).map_err(|_| NoRandomness)?;
        let leg = self.free_leg_id()?;
        let queue = Arc::new(Queue::default());

        self.used.insert(ticket.serial, ticket.expires_ms);
        let pair = self.sessions.entry(ticket.session).or_default();
        *pair.place(ticket.role) = Some(leg);
        let peer = pair.leg(ticket.role.peer()).and_then(|peer| self.legs.get(&peer));
        queue.set_peer(peer.is_some());
        if let Some(peer) = peer {
            peer.queue.set_peer(true);
        }
        self.legs.insert(
            leg,
            Leg {
                session: ticket.session,
                role: ticket.role,
                key: hmac::Key::new(hmac::HMAC_SHA256, &*key),
                queue: Arc::clone(&queue),
                counter: None,
                address: None,
            },
        );
        Ok(Admitted { leg, key, queue })
    }

    fn free_leg_id(&self) -> Result<LegId, NoRandomness> {
        loop {
            let mut id = [0; 8];
            rand::fill(&mut id).map_err(|_| NoRandomness)?;
            let id = LegId(u64::from_be_bytes(id));
            if !self.legs.contains_key(&id) {
                return Ok(id);
            }
        }
    }

    fn purge(&mut self, now_ms: i64) {
        if self.used.len() >= self.purge_at {
            self.used.retain(|_, expires_ms| *expires_ms > now_ms);
            self.purge_at = (2 * self.used.len()).clamp(1024, MAX_USED_TICKETS);
        }
    }

    /// Ends a leg: its id, key and address are void from here on, and the other party is told.
    pub(crate) fn remove(&mut self, leg: LegId) {
        let Some(Leg { session, role, .. }) = self.legs.remove(&leg) else { return };
        let Some(pair) = self.sessions.get_mut(&session) else { return };
        *pair.place(role) = None;
        match pair.leg(role.peer()) {
            None => drop(self.sessions.remove(&session)),
            Some(peer) => {
                if let Some(peer) = self.legs.get(&peer) {
                    peer.queue.set_peer(false);
                }
            }
        }
    }

    /// Where that goes which came from `leg` through its tunnel.
    pub(crate) fn route(&self, leg: LegId, now: Instant) -> Option<Route> {
        let leg = self.legs.get(&leg)?;
        let peer_id = self.sessions.get(&leg.session)?.leg(leg.role.peer())?;
        let peer = self.legs.get(&peer_id)?;
        Some(match &peer.address {
            Some(proven) if now.saturating_duration_since(proven.at) < ADDRESS_LIFETIME => {
                Route::Udp(proven.path, peer_id)
            }
            _ => Route::Tunnel(Arc::clone(&peer.queue)),
        })
    }

    /// Where that goes which came by UDP from `remote` under the id of `leg`: nowhere, unless this is the
    /// address that the leg proved last.
    pub(crate) fn route_udp(&self, leg: LegId, remote: SocketAddr, now: Instant) -> Option<Route> {
        let proven = self.legs.get(&leg)?.address.as_ref()?;
        if proven.path.remote == remote { self.route(leg, now) } else { None }
    }

    /// Takes a probe that came along `path`. A genuine request gets a reply, which is as long as the request
    /// was and brings the challenge of the path. It proves the path only if it had that challenge already: its
    /// sender may have written a source address that is not its own, but then it never read the reply.
    pub(crate) fn prove(&mut self, probe: &Probe, path: UdpPath, now: Instant) -> Option<Probe> {
        let leg = self.legs.get_mut(&probe.leg)?;
        if probe.kind != ProbeKind::Request || leg.counter.is_some_and(|last| probe.counter <= last) {
            return None;
        }
        constant_time::verify_slices_are_equal(&mac(&leg.key, probe), &probe.mac).ok()?;
        leg.counter = Some(probe.counter);
        let challenge = challenge(&self.secret, probe.leg, path);
        let (asked, brought) = (challenge.to_be_bytes(), probe.challenge.to_be_bytes());
        if constant_time::verify_slices_are_equal(&asked, &brought).is_ok() {
            leg.address = Some(Proven { path, at: now });
        }
        let mut reply = Probe { kind: ProbeKind::Reply, challenge, ..*probe };
        reply.mac = mac(&leg.key, &reply);
        Some(reply)
    }
}

/// What a leg must bring back from a path to prove it. Nothing is kept for a path that is not proven.
fn challenge(secret: &hmac::Key, leg: LegId, path: UdpPath) -> u64 {
    let UdpPath { remote, local } = path;
    let tag = hmac::sign(secret, format!("{} {remote} {local:?}", leg.0).as_bytes());
    let mut challenge = [0; 8];
    challenge.copy_from_slice(&tag.as_ref()[..8]);
    // 0 is what a request has that was given none.
    u64::from_be_bytes(challenge).max(1)
}

/// The MAC that a probe must have.
fn mac(key: &hmac::Key, probe: &Probe) -> [u8; MAC_LENGTH] {
    let Probe { leg, kind, counter, challenge, .. } = *probe;
    let tag = hmac::sign(key, &Probe::authenticated(leg, kind, counter, challenge));
    let mut mac = [0; MAC_LENGTH];
    mac.copy_from_slice(&tag.as_ref()[..MAC_LENGTH]);
    mac
}

#[cfg(test)]
mod tests;
