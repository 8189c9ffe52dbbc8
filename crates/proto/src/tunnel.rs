//! Frames between a program and a relay over TLS (ALPN [`crate::ALPN_TUNNEL`]).
//!
//! A frame is two bytes of big-endian length, one byte of kind, and a body; the length counts the kind
//! and the body. A leg opens with [`Frame::Ticket`]; until the relay has answered [`Frame::Welcome`],
//! nothing else is accepted.

use crate::error::exactly;
use crate::{DecodeError, LegId, udp};

/// Longest datagram in a frame, in bytes.
pub const MAX_DATAGRAM: usize = 9 * 1024;
/// Longest frame behind its length, in bytes.
pub const MAX_FRAME: usize = 1 + MAX_DATAGRAM;

const KIND_DATAGRAM: u8 = 0;
const KIND_TICKET: u8 = 1;
const KIND_WELCOME: u8 = 2;
const KIND_REFUSED: u8 = 3;
const KIND_PEER: u8 = 4;

/// Why a relay closes a leg.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refusal {
    /// The ticket's signature, relay, form or time is wrong.
    Ticket,
    /// The ticket was shown before, or both sides of the session are taken.
    Used,
    /// The relay has no room.
    Full,
    /// The frames broke the rules.
    Protocol,
}

impl Refusal {
    fn number(self) -> u8 {
        match self {
            Self::Ticket => 1,
            Self::Used => 2,
            Self::Full => 3,
            Self::Protocol => 4,
        }
    }
}

/// One frame of the tunnel, borrowing its bytes.
#[derive(Clone, PartialEq, Eq)]
pub enum Frame<'a> {
    /// A QUIC datagram, either way, unread by the relay.
    Datagram(&'a [u8]),
    /// Program to relay: the signed ticket, see [`crate::ticket`].
    Ticket(&'a [u8]),
    /// Relay to program: the leg is open.
    Welcome {
        /// The leg's id, for UDP.
        leg: LegId,
        /// The leg's key, for probes over UDP.
        key: [u8; udp::KEY_LENGTH],
    },
    /// Relay to program: the leg is closed.
    Refused(Refusal),
    /// Relay to program: whether the other party's leg is here.
    Peer(bool),
}

impl std::fmt::Debug for Frame<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Datagram(bytes) => write!(f, "Datagram({} bytes)", bytes.len()),
            Self::Ticket(bytes) => write!(f, "Ticket({} bytes)", bytes.len()),
            Self::Welcome { leg, .. } => write!(f, "Welcome({leg:?}, key hidden)"),
            Self::Refused(refusal) => write!(f, "Refused({refusal:?})"),
            Self::Peer(present) => write!(f, "Peer({present})"),
        }
    }
}

impl<'a> Frame<'a> {
    /// Appends the frame, with its length, to `out`.
    ///
    /// # Errors
    /// [`DecodeError::TooLong`] if a datagram or ticket is longer than [`MAX_DATAGRAM`].
    pub fn encode(&self, out: &mut Vec<u8>) -> Result<(), DecodeError> {
        let mut put = |kind: u8, parts: &[&[u8]]| {
            let body: usize = parts.iter().map(|part| part.len()).sum();
            let too_long = DecodeError::TooLong { field: "Frame.body", length: body, maximum: MAX_DATAGRAM };
            if body > MAX_DATAGRAM {
                return Err(too_long);
            }
            let length = u16::try_from(body + 1).map_err(|_| too_long)?;
            out.extend_from_slice(&length.to_be_bytes());
            out.push(kind);
            parts.iter().for_each(|part| out.extend_from_slice(part));
            Ok(())
        };
        match self {
            Self::Datagram(datagram) => put(KIND_DATAGRAM, &[datagram]),
            Self::Ticket(ticket) => put(KIND_TICKET, &[ticket]),
            Self::Welcome { leg, key } => put(KIND_WELCOME, &[&leg.0.to_be_bytes(), key]),
            Self::Refused(refusal) => put(KIND_REFUSED, &[&[refusal.number()]]),
            Self::Peer(present) => put(KIND_PEER, &[&[u8::from(*present)]]),
        }
    }

    /// Reads the first frame of `bytes`; gives it and how many bytes it took, or `None` until more arrive.
    ///
    /// # Errors
    /// [`DecodeError`] if the length is 0 or above [`MAX_FRAME`], or kind or body are not of this module.
    pub fn decode(bytes: &'a [u8]) -> Result<Option<(Self, usize)>, DecodeError> {
        let Some((length, rest)) = bytes.split_first_chunk::<2>() else { return Ok(None) };
        let length = usize::from(u16::from_be_bytes(*length));
        if length > MAX_FRAME {
            return Err(DecodeError::TooLong { field: "Frame.length", length, maximum: MAX_FRAME });
        }
        if rest.len() < length {
            return Ok(None);
        }
        let (kind, body) =
            rest[..length].split_first().ok_or(DecodeError::Truncated { field: "Frame.kind" })?;
        let frame = match *kind {
            KIND_DATAGRAM => Self::Datagram(body),
            KIND_TICKET => Self::Ticket(body),
            KIND_WELCOME => {
                let body: [u8; 8 + udp::KEY_LENGTH] = exactly(body, "Welcome")?;
                let (leg, key) = body.split_at(8);
                Self::Welcome {
                    leg: LegId(u64::from_be_bytes(exactly(leg, "Welcome.leg")?)),
                    key: exactly(key, "Welcome.key")?,
                }
            }
            KIND_REFUSED => Self::Refused(match exactly::<1>(body, "Refused.reason")? {
                [1] => Refusal::Ticket,
                [2] => Refusal::Used,
                [3] => Refusal::Full,
                [4] => Refusal::Protocol,
                [other] => return Err(unknown("Refused.reason", other, "1 to 4")),
            }),
            KIND_PEER => Self::Peer(match exactly::<1>(body, "Peer.present")? {
                [0] => false,
                [1] => true,
                [other] => return Err(unknown("Peer.present", other, "0 or 1")),
            }),
            other => return Err(unknown("Frame.kind", other, "0 to 4")),
        };
        Ok(Some((frame, 2 + length)))
    }
}

fn unknown(field: &'static str, value: u8, allowed: &'static str) -> DecodeError {
    DecodeError::OutOfRange { field, value: u64::from(value), allowed }
}
