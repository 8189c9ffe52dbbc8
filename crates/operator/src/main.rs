//! `deskside-operator`: reads the settings, opens the window, and ends in an orderly way.

#![forbid(unsafe_code)]

use std::io::{self, IsTerminal, Write};
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context, Result};
use clap::Parser;
use deskside_operator::config::{Arguments, Folders, LogForm, Settings, Theme};
use deskside_operator::window::Window;
use deskside_ui::{Options, ThemeChoice};
use time::UtcOffset;
use tracing_subscriber::EnvFilter;

fn main() -> ExitCode {
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            // Where standard error is gone too, nobody is left to be told.
            writeln!(io::stderr(), "deskside-operator: {error:#}").unwrap_or_default();
            ExitCode::FAILURE
        }
    }
}

fn run() -> Result<()> {
    let arguments = Arguments::parse();
    let folders = Folders::of(|name| std::env::var_os(name).map(PathBuf::from))?;
    let settings = Settings::gather(arguments, &folders)?;
    start_log(settings.log)?;
    // Reading the time zone is sound only while there is one thread.
    let offset = UtcOffset::current_local_offset().unwrap_or(UtcOffset::UTC);
    let theme = match settings.theme {
        Theme::System => ThemeChoice::System,
        Theme::Light => ThemeChoice::Light,
        Theme::Dark => ThemeChoice::Dark,
    };
    let window = deskside_ui::run(Options { theme }, |proxy| Window::new(settings, offset, proxy))?;
    window.close();
    Ok(())
}

/// Log lines go to standard error; `RUST_LOG` chooses which, rare milestones by default.
fn start_log(form: LogForm) -> Result<()> {
    let filter = EnvFilter::builder()
        .with_default_directive(tracing::level_filters::LevelFilter::INFO.into())
        .from_env()
        .context("RUST_LOG cannot be understood")?;
    let log = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(io::stderr)
        .with_ansi(io::stderr().is_terminal());
    match form {
        LogForm::Text => log.try_init(),
        LogForm::Json => log.json().try_init(),
    }
    .map_err(|e| anyhow::anyhow!("the log cannot be started: {e}"))
}
