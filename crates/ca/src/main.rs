//! `deskside-ca`: makes an organisation with its CAs, issues and revokes operators, and verifies files.
//!
//! All state is signed files in one folder (see [`folder`]); there is no database that could disagree with
//! them.

#![forbid(unsafe_code)]

mod arguments;
mod folder;
mod host;
mod init;
mod moment;
mod operators;
mod passphrase;
mod revocation;
mod show;
mod verify;

use std::io::{self, Write};
use std::process::ExitCode;

use clap::Parser;

use arguments::{Arguments, Command, OperatorCommand};

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let mut out = Vec::new();
    let result = run(&arguments.command, &mut out);
    match io::stdout().write_all(&out).map_err(anyhow::Error::from).and(result) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            // Where nobody reads the reason, the exit code still tells.
            let _unread = writeln!(io::stderr(), "deskside-ca: {error:#}");
            ExitCode::FAILURE
        }
    }
}

/// Does what was asked; `false` if a verified file does not hold.
fn run(command: &Command, out: &mut Vec<u8>) -> anyhow::Result<bool> {
    match command {
        Command::Init(arguments) => init::run(arguments, out)?,
        Command::Operator(OperatorCommand::Add(arguments)) => operators::add(arguments, out)?,
        Command::Operator(OperatorCommand::Revoke(arguments)) => operators::revoke(arguments, out)?,
        Command::Crl(arguments) => revocation::renew(arguments, out)?,
        Command::Show(arguments) => show::run(arguments, out)?,
        Command::Verify(arguments) => return verify::run(arguments, out),
    }
    Ok(true)
}
