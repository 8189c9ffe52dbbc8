//! The broker's end: the ticket key, and signing with it.

use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair};
use deskside_proto::ticket::{MAX_TICKET, SignedTicket, TicketBody};
use thiserror::Error;
use zeroize::Zeroizing;

use crate::{PUBLIC_KEY_LENGTH, signed_bytes};

/// Why a ticket key could not be made, read or written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum KeyError {
    /// The bytes are no Ed25519 private key in PKCS#8 form (RFC 5958, RFC 8410).
    #[error("not an Ed25519 private key in PKCS#8 form")]
    NotAKey,
    /// The crypto provider refused, for instance for want of randomness.
    #[error("the crypto provider could not make or write an Ed25519 key")]
    Provider,
}

/// Why a ticket could not be signed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum SignError {
    /// The body's relay name is so long that no relay would read the ticket.
    #[error("the ticket would have {length} bytes, at most {MAX_TICKET} are allowed")]
    TooLong {
        /// Length of the ticket, in bytes.
        length: usize,
    },
    /// The crypto provider refused.
    #[error("the crypto provider could not sign")]
    Provider,
}

/// The private ticket key. It shows itself in no `Debug` or `Display`.
pub struct TicketSigner {
    key: Ed25519KeyPair,
    public: [u8; PUBLIC_KEY_LENGTH],
}

impl TicketSigner {
    /// A fresh key from the crypto provider's randomness.
    ///
    /// # Errors
    /// [`KeyError::Provider`] if the provider has no randomness to give.
    pub fn generate() -> Result<Self, KeyError> {
        Self::new(Ed25519KeyPair::generate().map_err(|_| KeyError::Provider)?)
    }

    /// Reads a key from PKCS#8 DER (RFC 5958), as [`TicketSigner::to_pkcs8`] writes it.
    ///
    /// # Errors
    /// [`KeyError::NotAKey`] if it is anything else.
    pub fn from_pkcs8(der: &[u8]) -> Result<Self, KeyError> {
        Self::new(Ed25519KeyPair::from_pkcs8(der).map_err(|_| KeyError::NotAKey)?)
    }

    fn new(key: Ed25519KeyPair) -> Result<Self, KeyError> {
        let public = key.public_key().as_ref().try_into().map_err(|_| KeyError::NotAKey)?;
        Ok(Self { key, public })
    }

    /// The key as PKCS#8 DER, to be kept in a file that nobody else may read.
    ///
    /// # Errors
    /// [`KeyError::Provider`] if the provider cannot write it.
    pub fn to_pkcs8(&self) -> Result<Zeroizing<Vec<u8>>, KeyError> {
        let document = self.key.to_pkcs8().map_err(|_| KeyError::Provider)?;
        Ok(Zeroizing::new(document.as_ref().to_vec()))
    }

    /// What a relay needs to check tickets.
    #[must_use]
    pub fn public_key(&self) -> [u8; PUBLIC_KEY_LENGTH] {
        self.public
    }

    /// The signed ticket as it travels, at most [`MAX_TICKET`] bytes.
    ///
    /// # Errors
    /// [`SignError::TooLong`] if the relay's name leaves no room, [`SignError::Provider`] if signing failed.
    pub fn sign(&self, body: &TicketBody) -> Result<Vec<u8>, SignError> {
        let body = body.encode();
        let signature = self.key.try_sign(&signed_bytes(&body)).map_err(|_| SignError::Provider)?;
        let signature = signature.as_ref().try_into().map_err(|_| SignError::Provider)?;
        let ticket = SignedTicket { body, signature }.encode();
        if ticket.len() > MAX_TICKET {
            return Err(SignError::TooLong { length: ticket.len() });
        }
        Ok(ticket)
    }
}
