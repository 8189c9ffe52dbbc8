//! The second process, which lets go of keys and buttons should the program be killed while it holds some down.
//!
//! It is the program itself once more, with a hidden option that does nothing else. A program that shares has that
//! option on its command line (`#[arg(long, hide = true)] let_go: bool`), looks at it before anything else, and then
//! runs [`let_go`] alone.

use std::process::{Command as Process, ExitCode};

use deskside_platform::PlatformError;
use deskside_platform::watchdog::{self, Watchdog};

/// The hidden option. What to let go of is read from standard input.
pub const LET_GO: &str = "--let-go";

/// The whole work of the second process: see [`deskside_platform::watchdog`].
#[must_use]
pub fn let_go() -> ExitCode {
    match watchdog::run(None, std::io::stdin().lock()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(_) => ExitCode::FAILURE,
    }
}

/// Starts it.
pub(super) fn start() -> Result<Watchdog, PlatformError> {
    let mut second = Process::new(std::env::current_exe()?);
    second.arg(LET_GO);
    Ok(Watchdog::start(second)?)
}
