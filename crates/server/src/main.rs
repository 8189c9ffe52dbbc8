//! `deskside-server`: broker and relay behind one TCP port and the UDP port of the same number.
//!
//! | module | what it holds |
//! |---|---|
//! | `arguments` | the command line |
//! | `config` | `server.toml`: reading it, and saying what is wrong with it |
//! | `material` | certificates and keys from their files |
//! | `ticket_key` | the key of relay tickets, made at the first start |
//! | `tls` | what is offered to whom, by ALPN |
//! | `listen` | the ports |
//! | `serve` | a connection from its first byte on |
//! | `run`, `users`, `check` | the commands |
//! | `advice` | what an administrator is told when the broker does not open |
#![forbid(unsafe_code)]

mod advice;
mod arguments;
mod check;
mod config;
mod listen;
mod logging;
mod material;
mod run;
mod serve;
mod ticket_key;
mod tls;
mod users;

use std::io::Write;
use std::process::ExitCode;

use clap::Parser;

use arguments::{Arguments, Command};

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let done = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .map_err(anyhow::Error::from)
        .and_then(|runtime| {
            runtime.block_on(async {
                match arguments.command {
                    Command::Run { config } => run::run(&config).await,
                    Command::Check { config } => check::check(&config).await,
                    Command::User { action } => users::act(action).await,
                }
            })
        });
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            // If even standard error is gone, the exit code is all that is left to say.
            match writeln!(std::io::stderr(), "deskside-server: {error:#}") {
                Ok(()) | Err(_) => ExitCode::FAILURE,
            }
        }
    }
}
