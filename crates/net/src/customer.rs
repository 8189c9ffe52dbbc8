//! The customer's end: what its program tells the network side and hears from it.

use deskside_proto::Code;
use deskside_trust::OperatorIdentity;

use crate::{Problem, Quality, sharing, viewing};

mod connect;
mod run;

pub use run::{CustomerConfig, Handle, start};

/// Tells the network side something, from any thread.
pub type CommandSender = crate::CommandSender<Command>;

/// What the person or the program does.
#[derive(Debug)]
pub enum Command {
    /// A code was typed.
    Join(Code),
    /// Accept (`true`) or refuse the operator who was shown.
    Accept(bool),
    /// About the own screen.
    Help(sharing::Command),
    /// About the operator's screen, while it is shown.
    Demonstration(viewing::Command),
    /// Do not look at the operator's screen any more.
    StopWatching,
    /// Stop, or the panel was closed.
    Stop,
}

/// How far connecting has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stage {
    /// Asking the broker for the code.
    LookingUp,
    /// Opening the leg to the relay.
    Connecting,
    /// The end-to-end handshake is under way.
    Securing,
}

/// What the person or the program hears.
#[derive(Debug)]
pub enum Event {
    /// Connecting goes on.
    Stage(Stage),
    /// Connecting failed; the code box is open again.
    Failed(Problem),
    /// The operator is proven; the person must accept or refuse within 60 s.
    Operator(OperatorIdentity),
    /// About the own screen; its end is the session's.
    Help(sharing::Event),
    /// About the operator's screen.
    Demonstration(viewing::Event),
    /// How good the connection is, about once a second.
    Quality(Quality),
}
