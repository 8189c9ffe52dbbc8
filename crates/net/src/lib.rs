//! The network of both programs: paths to a relay, QUIC over them, the broker's API, and the loops that
//! drive a [`deskside_session`] machine. The only crate with QUIC.

#![forbid(unsafe_code)]

mod broker;
mod capacity;
mod clock;
mod congestion;
pub mod customer;
mod end_to_end;
mod handle;
mod leg;
mod line;
mod lock;
pub mod operator;
mod pacing;
mod path;
mod problem;
mod runtime;
pub mod sharing;
mod sink;
mod streams;
mod tunnel;
mod udp;
pub mod viewing;

use std::str::FromStr;

use serde::Deserialize;
use serde::de::{IntoDeserializer as _, value};

pub use handle::{CommandSender, Handle};
pub use problem::Problem;
pub use sink::{PictureSink, Purpose, Readiness};

/// Which way a program reaches its relay.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum PathChoice {
    /// UDP as soon as it carries probes both ways, the TLS tunnel until then and otherwise.
    #[default]
    Auto,
    /// The TLS tunnel only.
    Tls,
    /// UDP only; fails where UDP does not get through.
    Udp,
}

/// A choice is written as `auto`, `tls` or `udp`, on a command line as in a file.
impl FromStr for PathChoice {
    type Err = value::Error;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::deserialize(text.into_deserializer())
    }
}

/// How good the connection is, measured by QUIC.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Quality {
    /// Smoothed round-trip time between the two programs, in milliseconds.
    pub rtt_ms: u32,
    /// Whether data goes over UDP just now (otherwise the TLS tunnel).
    pub udp: bool,
    /// Bytes received since the session began, headers of QUIC included.
    pub received: u64,
    /// Bytes sent since the session began, headers of QUIC included.
    pub sent: u64,
}
