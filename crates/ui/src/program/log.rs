//! The log: to standard error, as text or JSON. Codes, keys and names of people's files never go there.

use std::io::{self, IsTerminal};

use clap::ValueEnum;
use serde::Deserialize;
use tracing_subscriber::EnvFilter;

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

/// Starts logging. `filter` chooses the lines, as `RUST_LOG` has it; where it is missing, empty or cannot be
/// understood (which is logged), rare milestones and all warnings are chosen.
pub fn start(form: LogForm, filter: Option<&str>) {
    let wanted = filter.filter(|text| !text.is_empty()).map(EnvFilter::try_new).transpose();
    let (filter, misunderstood) = match wanted {
        Ok(filter) => (filter.unwrap_or_else(|| EnvFilter::new(USUAL)), None),
        Err(error) => (EnvFilter::new(USUAL), Some(error)),
    };
    let log = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(io::stderr)
        .with_ansi(io::stderr().is_terminal());
    let started = match form {
        LogForm::Text => log.try_init(),
        LogForm::Json => log.json().try_init(),
    };
    // It fails only when a log was started before, and then that one goes on.
    started.unwrap_or_default();
    if let Some(error) = misunderstood {
        tracing::warn!(%error, "RUST_LOG cannot be understood and is not used");
    }
}
