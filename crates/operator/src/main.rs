//! `deskside-operator`: reads the settings, opens the window, and ends in an orderly way.

#![forbid(unsafe_code)]

use std::io::{self, Write};
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Result;
use clap::Parser;
use deskside_operator::config::{Arguments, Folders, Settings};
use deskside_operator::window::Window;
use deskside_ui::Options;
use deskside_ui::program::log;
use time::UtcOffset;

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
    log::start(settings.log, std::env::var("RUST_LOG").ok().as_deref());
    // Reading the time zone is sound only while there is one thread.
    let offset = UtcOffset::current_local_offset().unwrap_or(UtcOffset::UTC);
    let options = Options { theme: settings.theme };
    let window = deskside_ui::run(options, |proxy| Window::new(settings, offset, proxy))?;
    window.close();
    Ok(())
}
