//! Relay tickets: the broker signs them, the relay checks them. Pure: no I/O, and time comes in.
//!
//! The form stands in [`deskside_proto::ticket`]; here are the two ends of it. Signatures are Ed25519
//! (RFC 8032) over a domain prefix and the exact bytes of the body, so that a signature made for a ticket
//! can stand for nothing else. That a ticket is honoured once is the relay's business: it remembers serials.
#![forbid(unsafe_code)]

mod sign;
mod verify;

pub use sign::{KeyError, SignError, TicketSigner};
pub use verify::{TicketError, TicketVerifier};

pub use deskside_proto::ticket::{MAX_TICKET, TicketBody};

/// Bytes of an Ed25519 public key (RFC 8032 §5.1.5).
pub const PUBLIC_KEY_LENGTH: usize = 32;

/// What is signed for a body.
fn signed_bytes(body: &[u8]) -> Vec<u8> {
    [deskside_proto::ticket::DOMAIN, body].concat()
}
