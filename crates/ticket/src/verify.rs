//! The relay's end: checking a ticket's signature, relay and time.

use aws_lc_rs::signature::{ED25519, UnparsedPublicKey};
use deskside_proto::DecodeError;
use deskside_proto::ticket::{SignedTicket, TicketBody};
use thiserror::Error;

use crate::{PUBLIC_KEY_LENGTH, signed_bytes};

/// Why a ticket is not honoured. Whoever showed it is at fault, or the broker's clock.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum TicketError {
    /// It is too long, cut short, or not laid out as a ticket.
    #[error("not a ticket: {0}")]
    Form(#[from] DecodeError),
    /// It has the form of a ticket but not the one spelling that signers write.
    #[error("not a ticket: not in its canonical encoding")]
    Spelling,
    /// The broker that this relay trusts did not sign it, or it was changed afterwards.
    #[error("the ticket's signature is wrong")]
    Signature,
    /// It is for another relay.
    #[error("the ticket is for another relay")]
    OtherRelay,
    /// Its time is over.
    #[error("the ticket ended {late_ms} ms ago")]
    Expired {
        /// How long ago, in milliseconds.
        late_ms: i64,
    },
}

/// Checks tickets for one relay against one broker's key.
#[derive(Debug, Clone)]
pub struct TicketVerifier {
    key: UnparsedPublicKey<[u8; PUBLIC_KEY_LENGTH]>,
    relay: String,
}

impl TicketVerifier {
    /// A verifier for the relay with this name, trusting the broker with this Ed25519 key.
    #[must_use]
    pub fn new(public_key: [u8; PUBLIC_KEY_LENGTH], relay: String) -> Self {
        Self { key: UnparsedPublicKey::new(&ED25519, public_key), relay }
    }

    /// What the ticket says, if it is good at `now_ms` (milliseconds since 1970). Nothing in it is believed
    /// before its signature has been checked.
    ///
    /// # Errors
    /// [`TicketError`] names the first thing that is wrong.
    pub fn verify(&self, ticket: &[u8], now_ms: i64) -> Result<TicketBody, TicketError> {
        let signed = SignedTicket::decode(ticket)?;
        if signed.encode() != ticket {
            return Err(TicketError::Spelling);
        }
        self.key
            .verify(&signed_bytes(&signed.body), &signed.signature)
            .map_err(|_| TicketError::Signature)?;
        let body = TicketBody::decode(&signed.body)?;
        if body.relay != self.relay {
            return Err(TicketError::OtherRelay);
        }
        if now_ms >= body.expires_ms {
            return Err(TicketError::Expired { late_ms: now_ms.saturating_sub(body.expires_ms) });
        }
        Ok(body)
    }
}
