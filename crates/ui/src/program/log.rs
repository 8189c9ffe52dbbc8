//! The log: to standard error, as text or JSON. Codes, keys and names of people's files never go there.

use std::io::{self, IsTerminal};

use clap::ValueEnum;
use serde::Deserialize;
use tracing_subscriber::filter::Targets;
use tracing_subscriber::layer::{Layer as _, SubscriberExt as _};
use tracing_subscriber::util::SubscriberInitExt as _;
use tracing_subscriber::{fmt, registry};

/// What is logged when `RUST_LOG` does not say otherwise: rare milestones of our own crates, which all have
/// names that begin with `deskside`, and everybody's warnings.
const USUAL: &str = "warn,winit=error,deskside=info";

/// How log lines look.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum LogForm {
    /// For people
    #[default]
    Text,
    /// One JSON object a line, for programs
    Json,
}

/// Starts logging. `filter` chooses the lines, as `RUST_LOG` has it: a list of `target=level`, without the
/// patterns that would bring an engine for regular expressions into a small program; where it is missing, empty or cannot be
/// understood (which is logged), rare milestones and all warnings are chosen.
pub fn start(form: LogForm, filter: Option<&str>) {
    let wanted = filter.filter(|text| !text.is_empty()).map(str::parse::<Targets>).transpose();
    let (filter, misunderstood) = match wanted {
        Ok(filter) => (filter, None),
        Err(error) => (None, Some(error)),
    };
    let filter = filter.or_else(|| USUAL.parse().ok()).unwrap_or_default();
    let lines = fmt::layer().with_writer(io::stderr).with_ansi(io::stderr().is_terminal());
    let started = match form {
        LogForm::Text => registry().with(lines.with_filter(filter)).try_init(),
        LogForm::Json => registry().with(lines.json().with_filter(filter)).try_init(),
    };
    // It fails only when a log was started before, and then that one goes on.
    started.unwrap_or_default();
    if let Some(error) = misunderstood {
        tracing::warn!(%error, "RUST_LOG cannot be understood and is not used");
    }
}
