//! Both machines against each other in virtual time, and against hostile peers.

#![expect(clippy::unwrap_used, reason = "a test says what went wrong by panicking")]

mod adversary;
mod consent;
mod demonstration;
mod hostile;
mod journal;
mod line;
mod pair;
mod pointing;
mod scope;
