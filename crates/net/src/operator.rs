//! The operator's end: what its program tells the network side and hears from it.

use std::collections::BTreeSet;

use deskside_proto::control::{CursorShape, Suspension};
use deskside_proto::input::InputEvent;
use deskside_proto::journal::{Action, GrantEnd, SessionEnd, Verdict};
use deskside_proto::marks::MarkEvent;
use deskside_proto::shown::{MonitorNote, ScopeNote};
use deskside_proto::{Code, GrantId, RequestId};
use deskside_trust::Secret;

use crate::{Problem, Quality};

mod account;
mod run;
mod wait;

pub use run::{Handle, OperatorConfig, start};

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
    /// Ask the customer for actions in one question.
    Ask(BTreeSet<Action>),
    /// Show the picture of this monitor of the last list, or of all that may be seen.
    Look(Option<u8>),
    /// Take a request back.
    Withdraw(RequestId),
    /// Give a grant back.
    GiveBack(GrantId),
    /// Input for the customer's computer; sent only while control is granted and not suspended.
    Input(Vec<InputEvent>),
    /// Draws on the customer's screen; sent only while that is granted.
    Mark(Vec<MarkEvent>),
    /// This update has been decoded.
    Shown {
        /// Epoch of the update.
        epoch: u32,
        /// Number of the update.
        number: u32,
    },
    /// The decoder refused the picture: the peer is at fault.
    BadPicture(String),
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
    /// The customer's program is connected; the person there is being shown who asks.
    CustomerArrived,
    /// The customer accepted: the session began with no grant.
    Started,
    /// A request is under way.
    Asked {
        /// Its number.
        request: RequestId,
        /// For what.
        action: Action,
    },
    /// A request ended.
    Answered {
        /// Its number.
        request: RequestId,
        /// For what.
        action: Action,
        /// How.
        verdict: Verdict,
    },
    /// A grant ended.
    GrantEnded {
        /// For what.
        action: Action,
        /// Which.
        grant: GrantId,
        /// Why.
        reason: GrantEnd,
    },
    /// A grant reaches this from now on.
    Scoped {
        /// For what.
        action: Action,
        /// Its number from now on.
        grant: GrantId,
        /// What it reaches, in names.
        scope: ScopeNote,
    },
    /// These monitors can be looked at one by one; none if there is no choice.
    Monitors(Vec<MonitorNote>),
    /// Input rests just now, or (`None`) goes on.
    Suspended(Option<Suspension>),
    /// The picture is frozen or goes on.
    Paused(bool),
    /// The picture has this size from this epoch on; begin with a fresh decoder.
    Screen {
        /// Epoch.
        epoch: u32,
        /// Pixels.
        width: u32,
        /// Pixels.
        height: u32,
    },
    /// The next update in order, to be decoded and answered with [`Command::Shown`].
    Update {
        /// Epoch.
        epoch: u32,
        /// Number within the epoch.
        number: u32,
        /// The codec's bytes.
        body: Vec<u8>,
    },
    /// The customer's cursor looks like this.
    CursorShape(CursorShape),
    /// The customer's cursor is here, in pixels of the picture.
    CursorMoved {
        /// From the left.
        x: u16,
        /// From the top.
        y: u16,
    },
    /// How good the connection is, about once a second.
    Quality(Quality),
    /// The session is over; the journal is complete or ends one-sidedly.
    Ended {
        /// Why.
        reason: SessionEnd,
        /// The journal, for keeping.
        journal: deskside_session::Journal,
    },
}
