//! The real program with real certificates on free ports, and everything that keeps it from starting.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a failed helper is a failed test")]

mod accounts;
mod client;
mod connections;
mod lab;
mod sessions;
mod startup;
