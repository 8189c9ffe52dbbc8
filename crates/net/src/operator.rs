//! The operator's end: what its program tells the network side and hears from it.

use deskside_proto::Code;
use deskside_trust::Secret;

use crate::{Problem, Quality, sharing, viewing};

mod account;
mod run;
mod wait;

pub use run::{Handle, OperatorConfig, start};

/// Tells the network side something, from any thread.
pub type CommandSender = crate::CommandSender<Command>;

/// What the person or the program does.
#[derive(Debug)]
pub enum Command {
    /// Log in at the broker.
    Login {
        /// Account.
        user: String,
        /// Password.
        password: Secret,
    },
    /// Forget the token at both ends.
    Logout,
    /// Ask for a code and wait for the customer.
    NewSession,
    /// Give up waiting.
    CancelSession,
    /// About the customer's screen.
    Help(viewing::Command),
    /// About the own screen, while it is shown.
    Demonstration(sharing::Command),
    /// End the session.
    EndSession,
}

/// What the person or the program hears.
#[derive(Debug)]
pub enum Event {
    /// Logged in; the token ends then (milliseconds since 1970).
    LoggedIn {
        /// Account.
        user: String,
        /// End of the token.
        expires_ms: i64,
    },
    /// Logging in failed.
    LoginFailed(Problem),
    /// The token is no longer valid; log in again.
    LoggedOut,
    /// The code to read out. A customer may use it until then (milliseconds since 1970).
    CodeReady {
        /// Six digits.
        code: Code,
        /// End of the code.
        expires_ms: i64,
    },
    /// There is no session, or waiting for the customer failed.
    SessionFailed(Problem),
    /// The code was not used in time.
    CodeExpired,
    /// About the customer's screen; its end is the session's.
    Help(viewing::Event),
    /// About the own screen.
    Demonstration(sharing::Event),
    /// How good the connection is, about once a second.
    Quality(Quality),
}
