//! What the rest of the program tells the model. Grants and revokers never come here: they go straight to
//! the threads that use them.

use std::path::PathBuf;

use deskside_net::customer::{Question, Stage};
use deskside_net::{Problem, Quality};
use deskside_proto::RequestId;
use deskside_proto::journal::{Action, GrantEnd, SessionEnd};
use deskside_trust::OperatorIdentity;

use super::Offer;

/// A report.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Told {
    /// Connecting goes on.
    Stage(Stage),
    /// Connecting failed.
    Failed(Problem),
    /// The operator is proven.
    Operator(OperatorIdentity),
    /// The session began.
    Started,
    /// The operator asks for something.
    Question {
        /// The question's number.
        request: RequestId,
        /// What is asked for.
        actions: Vec<Action>,
        /// The exact text to show.
        text: Question,
        /// What there is to show, if that is asked for.
        offer: Offer,
    },
    /// The open question is over without an answer.
    QuestionClosed(RequestId),
    /// An action is allowed now.
    Granted(Action),
    /// An action is no longer allowed.
    GrantEnded {
        /// Which.
        action: Action,
        /// Why.
        reason: GrantEnd,
    },
    /// The panel cannot be seen, so that control rests; or it can again.
    PanelHidden(bool),
    /// The picture stands still, or goes on.
    Paused(bool),
    /// The customer's hand has mouse and keyboard for itself, or no longer.
    HandHasIt(bool),
    /// How good the connection is.
    Quality(Quality),
    /// The session is over.
    Ended {
        /// Why.
        reason: SessionEnd,
        /// Where the journal is.
        kept: Kept,
    },
    /// Something on this computer does not work, in words for the person.
    Trouble(String),
}

/// What became of the journal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Kept {
    /// There was no session, so there is none.
    Nothing,
    /// The readable one is here.
    At(PathBuf),
    /// It could not be saved; why.
    Failed(String),
}
