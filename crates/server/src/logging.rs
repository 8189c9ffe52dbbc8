//! The log, to standard error.

use anyhow::anyhow;
use tracing_subscriber::EnvFilter;

use crate::config::LogForm;

/// Installs the program's one subscriber.
pub(crate) fn start(form: LogForm) -> anyhow::Result<()> {
    let filter = EnvFilter::builder()
        .with_default_directive(tracing::Level::INFO.into())
        .from_env()
        .map_err(|error| anyhow!("RUST_LOG cannot be used: {error}."))?;
    let builder = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr);
    match form {
        LogForm::Text => builder.with_ansi(false).try_init(),
        LogForm::Json => builder.json().try_init(),
    }
    .map_err(|error| anyhow!("The log could not be started: {error}."))
}
