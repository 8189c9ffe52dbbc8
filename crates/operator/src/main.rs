//! `deskside-operator`: reads the settings, opens the window, and ends in an orderly way.

#![forbid(unsafe_code)]

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Parser;
use deskside_operator::config::{self, Appearance, Arguments, Folders};
use deskside_operator::window::Window;
use deskside_ui::program::log;
use deskside_ui::{Options, UiError};
use time::UtcOffset;

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    if arguments.let_go {
        return deskside_party::sharing::let_go();
    }
    let (appearance, settings) = match Folders::of(|name| std::env::var_os(name).map(PathBuf::from)) {
        Ok(folders) => config::gather(arguments, &folders),
        Err(error) => (Appearance::default(), Err(error.into())),
    };
    log::start(appearance.log, std::env::var("RUST_LOG").ok().as_deref());
    // Reading the time zone is sound only while there is one thread.
    let offset = UtcOffset::current_local_offset().unwrap_or(UtcOffset::UTC);
    let settings = settings.map_err(|error| error.to_string());
    let options = Options { theme: appearance.theme };
    match deskside_ui::run(options, |proxy| Window::new(settings, offset, proxy)) {
        Ok(window) => {
            if window.close() {
                ExitCode::SUCCESS
            } else {
                ExitCode::FAILURE
            }
        }
        Err(error) => {
            match &error {
                UiError::Display(cause) => {
                    tracing::error!(cause, "There is no display. Start this program on a desktop.");
                }
                _ => tracing::error!(%error, "No window can be shown on this screen."),
            }
            ExitCode::FAILURE
        }
    }
}
