//! The customer's end: what its program tells the network side and hears from it.

use deskside_proto::journal::{Action, GrantEnd, SessionEnd};
use deskside_proto::{Code, GrantId, RequestId};
use deskside_session::{Control, Grant, Point, Revoker, See};
use deskside_trust::OperatorIdentity;

use crate::{Problem, Quality};

mod connect;
mod run;

pub use deskside_session::{Answer, Choice, Policy, Question};
pub use run::{CommandSender, CustomerConfig, Handle, start};

/// What the person or the program does.
#[derive(Debug)]
pub enum Command {
    /// A code was typed.
    Join(Code),
    /// Accept (`true`) or refuse the operator who was shown.
    Accept(bool),
    /// Answer an open question. A yes only ever comes from the customer's own hand.
    Answer {
        /// The question.
        request: RequestId,
        /// Allow, and how far, or deny.
        answer: Answer,
    },
    /// The person is busy with this question: silence is a no, thinking is not.
    KeepOpen(RequestId),
    /// Freeze the picture or let it go on.
    Pause(bool),
    /// The person chooses what to show, or has finished with it: input rests meanwhile, and questions wait.
    Choosing(bool),
    /// Show something else from now on. More than before only ever comes from the customer's own hand.
    Rescope(Choice),
    /// Take one grant back.
    Revoke(Action),
    /// F11 was pressed; control has already been revoked through the [`Revoker`].
    F11,
    /// The panel is in sight (`true`) or cannot be brought there, so that input rests.
    PanelSeen(bool),
    /// The customer's own hand moved the mouse or pressed a key.
    HandMoved,
    /// The injector refused so many events.
    InputRefused(u32),
    /// The screen that was shown is gone.
    DisplayLost,
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
    /// The session began. The revoker is for the F11 thread.
    Started {
        /// Ends control at once.
        control: Revoker<Control>,
    },
    /// A question is to be shown; no other is open. The text is the machine's own.
    Question {
        /// Its number, for the answer.
        request: RequestId,
        /// What is asked for.
        actions: Vec<Action>,
        /// The exact text, which the journal holds the hash of.
        text: Question,
    },
    /// The open question is over without an answer (time ran out or the operator took it back).
    QuestionClosed(RequestId),
    /// Seeing was allowed. The picture thread owns the grant and the sink.
    SeeGranted(Grant<See>),
    /// Control was allowed. The injection thread owns the grant.
    ControlGranted(Grant<Control>),
    /// Pointing was allowed.
    PointGranted(Grant<Point>),
    /// The operator wants the picture of this monitor of the last list, or of all that may be seen.
    Look(Option<u8>),
    /// A grant ended; whoever holds it drops it.
    GrantEnded {
        /// For what.
        action: Action,
        /// Which.
        grant: GrantId,
        /// Why.
        reason: GrantEnd,
    },
    /// Input to carry out now, already checked against grant, epoch and suspension.
    Input(Vec<deskside_proto::input::InputEvent>),
    /// What the operator draws, already checked against grant, epoch and suspension.
    Marks(Vec<deskside_proto::marks::MarkEvent>),
    /// Let go of every key and button.
    ReleaseAll,
    /// The picture is frozen or goes on.
    Paused(bool),
    /// The operator's control rests until the customer's hand has been still for two seconds, or goes on.
    HandHasIt(bool),
    /// How good the connection is, about once a second.
    Quality(Quality),
    /// The session is over; the journal is complete.
    Ended {
        /// Why.
        reason: SessionEnd,
        /// The journal, for keeping.
        journal: deskside_session::Journal,
    },
}
