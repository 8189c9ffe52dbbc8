//! The side that looks at the other's screen: what its program tells the network side and hears from it, and how the
//! network side drives a [`Viewer`].

use std::collections::BTreeSet;

use deskside_proto::control::{CursorShape, Suspension};
use deskside_proto::input::InputEvent;
use deskside_proto::journal::{Action, GrantEnd, SessionEnd, Verdict};
use deskside_proto::marks::MarkEvent;
use deskside_proto::picture::UpdateHeader;
use deskside_proto::shown::{MonitorNote, ScopeNote};
use deskside_proto::{GrantId, RequestId};
use deskside_session::{Journal, Now, Viewer, ViewerOutput};

/// Tells the network side of a screen that is looked at something, from any thread.
pub type CommandSender = crate::CommandSender<Command>;

/// What the person or the program does.
#[derive(Debug)]
pub enum Command {
    /// Ask the sharer for actions in one question.
    Ask(BTreeSet<Action>),
    /// Show the picture of this monitor of the last list, or of all that may be seen.
    Look(Option<u8>),
    /// Take a request back.
    Withdraw(RequestId),
    /// Give a grant back.
    GiveBack(GrantId),
    /// Input for the sharer's computer; sent only while control is granted and not suspended.
    Input(Vec<InputEvent>),
    /// Draws on the sharer's screen; sent only while that is granted.
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
}

/// What the person or the program hears.
#[derive(Debug)]
pub enum Event {
    /// The customer's program is connected; the person there is being shown who asks.
    Arrived,
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
    /// The sharer's cursor looks like this.
    CursorShape(CursorShape),
    /// The sharer's cursor is here, in pixels of the picture.
    CursorMoved {
        /// From the left.
        x: u16,
        /// From the top.
        y: u16,
    },
    /// It is over; the journal is complete or ends one-sidedly.
    Ended {
        /// Why.
        reason: SessionEnd,
        /// The journal, for keeping.
        journal: Journal,
    },
}

/// Carries out a command; `tell` hears which requests came of it.
pub(crate) fn command(viewer: &mut Viewer, command: Command, now: Now, mut tell: impl FnMut(Event)) {
    match command {
        Command::Ask(actions) => {
            if let Some(RequestId(first)) = viewer.ask(&actions) {
                for (request, action) in (first..).map(RequestId).zip(actions) {
                    tell(Event::Asked { request, action });
                }
            }
        }
        Command::Look(monitor) => viewer.look(monitor),
        Command::Withdraw(request) => viewer.withdraw(request),
        Command::GiveBack(grant) => viewer.give_back(grant),
        // Input without a grant is simply not sent; the model knows and tells the person.
        Command::Input(input) => {
            viewer.input(&input);
        }
        Command::Mark(events) => {
            viewer.mark(&events);
        }
        Command::Shown { epoch, number } => viewer.shown(UpdateHeader { epoch, number }),
        Command::BadPicture(reason) => {
            tracing::warn!(reason, "the picture cannot be decoded");
            viewer.end(SessionEnd::Protocol, now);
        }
    }
}

/// What an output of the machine means for the driver.
pub(crate) enum Delivery {
    /// Bytes for the control stream.
    Send(Vec<u8>),
    /// Bytes for the input stream.
    SendInput(Vec<u8>),
    /// News for the program.
    Tell(Event),
    /// It was dealt with.
    Done,
}

/// Takes an output of the machine.
pub(crate) fn deliver(viewer: &Viewer, output: ViewerOutput) -> Delivery {
    Delivery::Tell(match output {
        ViewerOutput::Send(bytes) => return Delivery::Send(bytes),
        ViewerOutput::SendInput(bytes) => return Delivery::SendInput(bytes),
        // A demonstration's messages go to its machine.
        ViewerOutput::Demonstration(_) => return Delivery::Done,
        ViewerOutput::Arrived => Event::Arrived,
        ViewerOutput::Started => Event::Started,
        ViewerOutput::Answered { request, action, verdict } => Event::Answered { request, action, verdict },
        ViewerOutput::GrantEnded { action, grant, reason } => Event::GrantEnded { action, grant, reason },
        ViewerOutput::Scoped { action, grant, scope } => Event::Scoped { action, grant, scope },
        ViewerOutput::Monitors(monitors) => Event::Monitors(monitors),
        ViewerOutput::Suspended(suspension) => Event::Suspended(suspension),
        ViewerOutput::Paused(paused) => Event::Paused(paused),
        ViewerOutput::Screen { epoch, width, height } => Event::Screen { epoch, width, height },
        ViewerOutput::Update { header, body } => {
            Event::Update { epoch: header.epoch, number: header.number, body }
        }
        ViewerOutput::CursorShape(shape) => Event::CursorShape(shape),
        ViewerOutput::CursorMoved { x, y } => Event::CursorMoved { x, y },
        ViewerOutput::Ended(reason) => Event::Ended { reason, journal: viewer.journal().clone() },
    })
}
