//! A relay ticket: the broker's permission for one party to open one leg at one relay, once.
//!
//! This module has the form; signing and checking are in the crate `ticket`.

use prost::Message;

use crate::error::{at_most, exactly};
use crate::{DecodeError, MAX_NAME, Role, SessionId};

/// Longest ticket, in bytes.
pub const MAX_TICKET: usize = 512;
/// What the signature covers before the body, so that it can stand for nothing else.
pub const DOMAIN: &[u8] = b"deskside relay ticket v1\0";

/// What a ticket says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TicketBody {
    /// The relay that may honour it.
    pub relay: String,
    /// The session.
    pub session: SessionId,
    /// Which side of it.
    pub role: Role,
    /// Unique, so that a ticket is honoured once.
    pub serial: [u8; 16],
    /// When it ends, in milliseconds since 1970.
    pub expires_ms: i64,
}

#[derive(Clone, PartialEq, Message)]
struct WireBody {
    #[prost(string, tag = "1")]
    relay: String,
    #[prost(bytes = "vec", tag = "2")]
    session: Vec<u8>,
    #[prost(uint32, tag = "3")]
    role: u32,
    #[prost(bytes = "vec", tag = "4")]
    serial: Vec<u8>,
    #[prost(int64, tag = "5")]
    expires_ms: i64,
}

#[derive(Clone, PartialEq, Message)]
struct WireSigned {
    #[prost(bytes = "vec", tag = "1")]
    body: Vec<u8>,
    #[prost(bytes = "vec", tag = "2")]
    signature: Vec<u8>,
}

impl TicketBody {
    /// The bytes that are signed, behind [`DOMAIN`].
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        WireBody {
            relay: self.relay.clone(),
            session: self.session.0.to_vec(),
            role: match self.role {
                Role::Operator => 1,
                Role::Customer => 2,
            },
            serial: self.serial.to_vec(),
            expires_ms: self.expires_ms,
        }
        .encode_to_vec()
    }

    /// Reads a body whose signature has been checked.
    ///
    /// # Errors
    /// [`DecodeError`] names the field that is wrong.
    pub fn decode(bytes: &[u8]) -> Result<Self, DecodeError> {
        let bytes = at_most(bytes, MAX_TICKET, "Ticket.body")?;
        let wire = WireBody::decode(bytes).map_err(|e| DecodeError::malformed("TicketBody", &e))?;
        Ok(Self {
            relay: at_most(wire.relay, MAX_NAME, "TicketBody.relay")?,
            session: SessionId(exactly(&wire.session, "TicketBody.session")?),
            role: match wire.role {
                1 => Role::Operator,
                2 => Role::Customer,
                other => {
                    return Err(DecodeError::OutOfRange {
                        field: "TicketBody.role",
                        value: u64::from(other),
                        allowed: "1 or 2",
                    });
                }
            },
            serial: exactly(&wire.serial, "TicketBody.serial")?,
            expires_ms: wire.expires_ms,
        })
    }
}

/// A body's exact bytes with their signature, as a ticket travels.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignedTicket {
    /// The exact bytes that were signed.
    pub body: Vec<u8>,
    /// Ed25519 (RFC 8032) over [`DOMAIN`] and the body.
    pub signature: [u8; 64],
}

impl SignedTicket {
    /// The ticket as it travels.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        WireSigned { body: self.body.clone(), signature: self.signature.to_vec() }.encode_to_vec()
    }

    /// Takes a ticket apart; nothing in it is believed yet.
    ///
    /// # Errors
    /// [`DecodeError`] if it is longer than [`MAX_TICKET`] or malformed.
    pub fn decode(bytes: &[u8]) -> Result<Self, DecodeError> {
        let bytes = at_most(bytes, MAX_TICKET, "Ticket")?;
        let wire = WireSigned::decode(bytes).map_err(|e| DecodeError::malformed("Ticket", &e))?;
        Ok(Self { body: wire.body, signature: exactly(&wire.signature, "Ticket.signature")? })
    }
}
