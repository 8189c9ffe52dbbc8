//! Every message that one Deskside program sends to another, with its limits and its encoding.
//!
//! Four conversations exist, and this crate has one module for each of their languages:
//!
//! | between | carried by | module |
//! |---|---|---|
//! | program and broker | JSON over HTTPS | [`api`] |
//! | program and relay | frames over TLS, datagrams over UDP | [`tunnel`], [`udp`], [`ticket`] |
//! | operator and customer, control | one QUIC stream, [`frame`]d protobuf | [`control`], [`journal`] |
//! | operator and customer, bulk | one QUIC stream each | [`input`], [`marks`], [`picture`] |
//!
//! Nothing here does I/O, reads a clock or draws a random number. Every decoder checks a named maximum
//! before it allocates, and its error says which field was wrong and why. The same facts stand in
//! PROTOCOL.md; golden bytes in the tests keep the two together.

#![forbid(unsafe_code)]

pub mod api;
pub mod control;
mod error;
pub mod frame;
mod id;
pub mod input;
pub mod journal;
pub mod marks;
pub mod offer;
pub mod picture;
pub mod shown;
pub mod ticket;
pub mod tunnel;
pub mod udp;

pub use error::DecodeError;
pub use id::{Code, CodeError, GrantId, LegId, RequestId, Role, SessionId};

/// Version of the end-to-end protocol; both ends of a session must speak the same one.
pub const PROTOCOL_VERSION: u32 = 1;

/// ALPN of the end-to-end QUIC connection between the operator's and the customer's program.
pub const ALPN_SESSION: &[u8] = b"deskside/1";
/// ALPN of framed datagrams straight over TLS, between a program and a relay.
pub const ALPN_TUNNEL: &[u8] = b"deskside-tunnel/1";
/// ALPN of the HTTP API for operators' programs; the server asks for a client certificate.
pub const ALPN_API: &[u8] = b"deskside-api/1";
/// ALPN of the HTTP API for customers' programs and browsers; never asks for a client certificate.
pub const ALPN_HTTP: &[u8] = b"http/1.1";

/// Longest name of an operator, an organisation, a relay or a host, in bytes of UTF-8.
pub const MAX_NAME: usize = 256;
