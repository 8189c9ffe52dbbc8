//! What the threads of the sharing side tell the window loop. Grants and revokers never come here: they go straight to
//! the threads that use them.

use deskside_proto::RequestId;
use deskside_proto::journal::{Action, GrantEnd};

use super::{HandSign, Offer};
use crate::sharing::net::{Quality, Question};

/// What comes from another thread.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum News {
    /// The sharer's part began: from now on there is a [`super::Session`].
    Started,
    /// For the session.
    Told(Told),
    /// The person pressed F11; control is revoked already.
    F11,
    /// The person's own hand did something, while that matters ([`crate::sharing::Desk::listen`]).
    Hand(HandSign),
}

/// A report to the session.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Told {
    /// The other side asks for something.
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
    /// The sharer's own hand has mouse and keyboard for itself, or no longer.
    HandHasIt(bool),
    /// How good the connection is.
    Quality(Quality),
    /// Something on this computer does not work, in words for the person.
    Trouble(String),
}
