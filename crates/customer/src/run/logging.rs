//! The log: to standard error, as text or JSON. Codes, keys and names of people's files never go there.

use std::io::{self, IsTerminal};

use tracing_subscriber::EnvFilter;

use crate::config::LogForm;

/// What is logged when `RUST_LOG` does not say otherwise.
const DEFAULT: &str = "warn,winit=error,deskside_customer=info,deskside_net=info,deskside_platform=info";

/// Starts logging.
pub(super) fn start(form: LogForm) {
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new(DEFAULT));
    let log = tracing_subscriber::fmt().with_env_filter(filter).with_writer(io::stderr);
    let started = match form {
        LogForm::Text => log.with_ansi(io::stderr().is_terminal()).try_init(),
        LogForm::Json => log.json().try_init(),
    };
    // It fails only when a log was started before, and then that one goes on.
    started.unwrap_or_default();
}
