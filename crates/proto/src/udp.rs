//! Datagrams between a program and a relay over UDP: a leg id, then a QUIC datagram or a probe.
//!
//! A QUIC datagram has one of its two top bits set (RFC 9000 §17, with the greased bit switched off), so a
//! first byte below `0x40` is free to mark a probe. Only a request that has a right MAC and brings back the
//! challenge which the relay sent to its address proves that address.

use crate::{DecodeError, LegId};

/// Bytes of the leg id before every datagram.
pub const LEG_PREFIX: usize = 8;
/// Bytes of a probe behind the leg id: kind, counter, challenge, MAC.
pub const PROBE_LENGTH: usize = 1 + 8 + 8 + MAC_LENGTH;
/// Bytes of a probe's MAC: HMAC-SHA-256 over leg id, kind, counter and challenge under the leg's key, cut
/// short.
pub const MAC_LENGTH: usize = 16;
/// Bytes of a leg's key.
pub const KEY_LENGTH: usize = 32;

const AUTHENTICATED: usize = LEG_PREFIX + PROBE_LENGTH - MAC_LENGTH;

/// Which way a probe goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ProbeKind {
    /// Program to relay.
    Request,
    /// Relay to program, answering the request with the same counter.
    Reply,
}

/// A probe, its MAC not yet checked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Probe {
    /// The leg that it proves an address for.
    pub leg: LegId,
    /// Which way it goes.
    pub kind: ProbeKind,
    /// Grows with every request of a leg; a counter at or below the last one is a replay.
    pub counter: u64,
    /// In a reply, what the relay wants to see again from the address that it answers; never 0. In a request,
    /// the last one that the relay gave, and 0 until it gave one.
    pub challenge: u64,
    /// To be compared in constant time with the MAC over [`Probe::authenticated`].
    pub mac: [u8; MAC_LENGTH],
}

impl Probe {
    /// The bytes that the MAC covers.
    #[must_use]
    pub fn authenticated(leg: LegId, kind: ProbeKind, counter: u64, challenge: u64) -> [u8; AUTHENTICATED] {
        let mut bytes = [0; AUTHENTICATED];
        bytes[..8].copy_from_slice(&leg.0.to_be_bytes());
        bytes[8] = match kind {
            ProbeKind::Request => 1,
            ProbeKind::Reply => 2,
        };
        bytes[9..17].copy_from_slice(&counter.to_be_bytes());
        bytes[17..].copy_from_slice(&challenge.to_be_bytes());
        bytes
    }

    /// The whole datagram.
    #[must_use]
    pub fn encode(&self) -> [u8; LEG_PREFIX + PROBE_LENGTH] {
        let mut bytes = [0; LEG_PREFIX + PROBE_LENGTH];
        let Self { leg, kind, counter, challenge, mac } = *self;
        bytes[..AUTHENTICATED].copy_from_slice(&Self::authenticated(leg, kind, counter, challenge));
        bytes[AUTHENTICATED..].copy_from_slice(&mac);
        bytes
    }
}

/// A datagram taken apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Datagram<'a> {
    /// A QUIC datagram of this leg, to be passed on unread.
    Quic(LegId, &'a [u8]),
    /// A probe.
    Probe(Probe),
}

/// Takes a datagram apart.
///
/// # Errors
/// [`DecodeError`] if it is too short, or begins with a byte that is neither QUIC's nor a probe's.
pub fn decode(datagram: &[u8]) -> Result<Datagram<'_>, DecodeError> {
    let (leg, body) =
        datagram.split_first_chunk::<LEG_PREFIX>().ok_or(DecodeError::Truncated { field: "Datagram.leg" })?;
    let leg = LegId(u64::from_be_bytes(*leg));
    let kind = match body.first() {
        None => return Err(DecodeError::Truncated { field: "Datagram.body" }),
        Some(1) => ProbeKind::Request,
        Some(2) => ProbeKind::Reply,
        Some(first) if *first >= 0x40 => return Ok(Datagram::Quic(leg, body)),
        Some(other) => {
            return Err(DecodeError::OutOfRange {
                field: "Datagram.kind",
                value: u64::from(*other),
                allowed: "1, 2 or a QUIC datagram",
            });
        }
    };
    let probe: [u8; PROBE_LENGTH] = crate::error::exactly(body, "Probe")?;
    let (counter, rest) = probe[1..].split_at(8);
    let (challenge, mac) = rest.split_at(8);
    Ok(Datagram::Probe(Probe {
        leg,
        kind,
        counter: u64::from_be_bytes(crate::error::exactly(counter, "Probe.counter")?),
        challenge: u64::from_be_bytes(crate::error::exactly(challenge, "Probe.challenge")?),
        mac: crate::error::exactly(mac, "Probe.mac")?,
    }))
}
