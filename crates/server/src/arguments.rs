//! The command line.

use std::path::PathBuf;

use clap::{Parser, Subcommand};

/// Deskside's server: the broker, which brings operators and customers together, and the relay,
/// which passes their encrypted session on without being able to read it.
///
/// `deskside-ca init` makes a folder with everything that this program needs. Start it there:
///
///   deskside-server user add anna
///   deskside-server run
#[derive(Debug, Parser)]
#[command(name = "deskside-server", version, verbatim_doc_comment)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Serve until SIGTERM or SIGINT
    ///
    /// Logs go to standard error. The line "listening" names the address, also if the configuration asks for
    /// port 0, which means any free port. The variable RUST_LOG may ask for more, for example
    /// RUST_LOG=deskside_relay=debug; nothing that passes through the relay is ever logged.
    Run {
        /// The configuration; relative paths in it start from its folder
        #[arg(long, value_name = "FILE", default_value = "server.toml")]
        config: PathBuf,
    },
    /// Say what is wrong with the configuration, the certificates and the database; change nothing
    Check {
        /// The configuration
        #[arg(long, value_name = "FILE", default_value = "server.toml")]
        config: PathBuf,
    },
    /// Operators' accounts; works beside a running server
    User {
        #[command(subcommand)]
        action: UserAction,
    },
}

#[derive(Debug, Subcommand)]
pub(crate) enum UserAction {
    /// Add an account and ask for its password
    ///
    /// The name must be the account in the operator's certificate. The password is asked for twice; if
    /// standard input is no terminal, its first line is the password.
    Add(UserArguments),
    /// Ask for a new password, and end the account's log-ins
    ///
    /// If standard input is no terminal, its first line is the password.
    Passwd(UserArguments),
    /// Keep an account from logging in, and end its log-ins
    Disable(UserArguments),
    /// Let an account log in again
    Enable(UserArguments),
    /// List all accounts
    List {
        /// The server's configuration
        #[arg(long, value_name = "FILE", default_value = "server.toml")]
        config: PathBuf,
    },
}

#[derive(Debug, clap::Args)]
pub(crate) struct UserArguments {
    /// The account
    pub(crate) name: String,
    /// The server's configuration
    #[arg(long, value_name = "FILE", default_value = "server.toml")]
    pub(crate) config: PathBuf,
}
