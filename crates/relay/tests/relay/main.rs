//! A real relay with tickets of a real broker key, reached through in-memory streams and real UDP sockets.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a failed helper is a failed test")]

mod party;
mod third_party;
mod tunnel;
mod udp;
