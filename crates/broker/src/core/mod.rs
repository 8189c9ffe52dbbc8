//! The broker's rules, pure: no I/O, no clock, no randomness. Time and random numbers come in as values.

pub(crate) mod bucket;
pub(crate) mod code;
pub(crate) mod join_throttle;
pub(crate) mod login_throttle;
pub(crate) mod names;
pub(crate) mod source;
pub(crate) mod text;

/// A minute, in milliseconds.
pub(crate) const MINUTE: i64 = 60_000;
/// An hour, in milliseconds.
pub(crate) const HOUR: i64 = 60 * MINUTE;
/// A day, in milliseconds.
pub(crate) const DAY: i64 = 24 * HOUR;
