//! The offer: what the operator's program signs so that a broker can neither redirect nor weaken a session.
//!
//! This module has the form; signing and checking are in the crate `trust`.

use prost::Message;

use crate::error::{at_most, exactly};
use crate::{DecodeError, MAX_NAME, SessionId};

/// Longest offer, in bytes.
pub const MAX_OFFER: usize = 16 * 1024;
/// Most relays in an offer.
pub const MAX_RELAYS: usize = 8;
/// What the signature covers before the body.
pub const DOMAIN: &[u8] = b"deskside offer v1\0";
/// What is hashed (SHA-256) before session id and code to make an offer's code hash.
pub const CODE_HASH_DOMAIN: &[u8] = b"deskside code v1\0";

/// Where a relay listens: one TCP port and the same UDP port.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RelayAddress {
    /// The relay's name in tickets.
    pub relay: String,
    /// Host name or address, as in the relay's certificate.
    pub host: String,
    /// TCP and UDP port.
    pub port: u16,
}

/// What an offer says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OfferBody {
    /// The session.
    pub session: SessionId,
    /// SHA-256 over [`CODE_HASH_DOMAIN`], the session id and the six digits.
    pub code_hash: [u8; 32],
    /// Relays in order of preference, at least one.
    pub relays: Vec<RelayAddress>,
    /// Whether the customer must also type a session password.
    pub password_required: bool,
    /// When it ends, in milliseconds since 1970.
    pub expires_ms: i64,
}

#[derive(Clone, PartialEq, Message)]
struct WireRelay {
    #[prost(string, tag = "1")]
    relay: String,
    #[prost(string, tag = "2")]
    host: String,
    #[prost(uint32, tag = "3")]
    port: u32,
}

#[derive(Clone, PartialEq, Message)]
struct WireBody {
    #[prost(bytes = "vec", tag = "1")]
    session: Vec<u8>,
    #[prost(bytes = "vec", tag = "2")]
    code_hash: Vec<u8>,
    #[prost(message, repeated, tag = "3")]
    relays: Vec<WireRelay>,
    #[prost(bool, tag = "4")]
    password_required: bool,
    #[prost(int64, tag = "5")]
    expires_ms: i64,
}

#[derive(Clone, PartialEq, Message)]
struct WireSigned {
    #[prost(bytes = "vec", tag = "1")]
    body: Vec<u8>,
    #[prost(bytes = "vec", tag = "2")]
    certificate: Vec<u8>,
    #[prost(bytes = "vec", tag = "3")]
    signature: Vec<u8>,
}

impl OfferBody {
    /// The bytes that are signed, behind [`DOMAIN`].
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        let relays = self.relays.iter();
        WireBody {
            session: self.session.0.to_vec(),
            code_hash: self.code_hash.to_vec(),
            relays: relays
                .map(|r| WireRelay { relay: r.relay.clone(), host: r.host.clone(), port: u32::from(r.port) })
                .collect(),
            password_required: self.password_required,
            expires_ms: self.expires_ms,
        }
        .encode_to_vec()
    }

    /// Reads a body.
    ///
    /// # Errors
    /// [`DecodeError`] names the field that is wrong.
    pub fn decode(bytes: &[u8]) -> Result<Self, DecodeError> {
        let bytes = at_most(bytes, MAX_OFFER, "Offer.body")?;
        let wire = WireBody::decode(bytes).map_err(|e| DecodeError::malformed("OfferBody", &e))?;
        if wire.relays.is_empty() {
            return Err(DecodeError::Missing { field: "OfferBody.relays" });
        }
        if wire.relays.len() > MAX_RELAYS {
            return Err(DecodeError::OutOfRange {
                field: "OfferBody.relays",
                value: wire.relays.len() as u64,
                allowed: "1 to 8",
            });
        }
        let relays = wire.relays.into_iter().map(decode_relay).collect::<Result<_, _>>()?;
        Ok(Self {
            session: SessionId(exactly(&wire.session, "OfferBody.session")?),
            code_hash: exactly(&wire.code_hash, "OfferBody.code_hash")?,
            relays,
            password_required: wire.password_required,
            expires_ms: wire.expires_ms,
        })
    }
}

fn decode_relay(wire: WireRelay) -> Result<RelayAddress, DecodeError> {
    let port = u16::try_from(wire.port).ok().filter(|port| *port > 0);
    Ok(RelayAddress {
        relay: at_most(wire.relay, MAX_NAME, "RelayAddress.relay")?,
        host: at_most(wire.host, MAX_NAME, "RelayAddress.host")?,
        port: port.ok_or(DecodeError::OutOfRange {
            field: "RelayAddress.port",
            value: u64::from(wire.port),
            allowed: "1 to 65535",
        })?,
    })
}

/// A body's exact bytes with signature and the signer's certificate, as an offer travels.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignedOffer {
    /// The exact bytes that were signed.
    pub body: Vec<u8>,
    /// The operator's certificate, DER.
    pub certificate: Vec<u8>,
    /// By the certificate's key, over [`DOMAIN`] and the body.
    pub signature: Vec<u8>,
}

impl SignedOffer {
    /// The offer as it travels.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        let Self { body, certificate, signature } = self.clone();
        WireSigned { body, certificate, signature }.encode_to_vec()
    }

    /// Takes an offer apart; nothing in it is believed yet.
    ///
    /// # Errors
    /// [`DecodeError`] if it is longer than [`MAX_OFFER`] or malformed.
    pub fn decode(bytes: &[u8]) -> Result<Self, DecodeError> {
        let bytes = at_most(bytes, MAX_OFFER, "Offer")?;
        let wire = WireSigned::decode(bytes).map_err(|e| DecodeError::malformed("Offer", &e))?;
        let WireSigned { body, certificate, signature } = wire;
        Ok(Self { body, certificate, signature })
    }
}
