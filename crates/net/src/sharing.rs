//! The side whose screen is shown: what its program tells the network side and hears from it, and how the network
//! side drives a [`Sharer`].

use std::future::pending;

use deskside_proto::input::InputEvent;
use deskside_proto::journal::{Action, GrantEnd, SessionEnd};
use deskside_proto::marks::MarkEvent;
use deskside_proto::picture::{MAX_UPDATE, UpdateHeader};
use deskside_proto::{GrantId, RequestId};
use deskside_session::{Control, Grant, Journal, Now, Point, Revoker, See, Sharer, SharerOutput};
use tokio::sync::mpsc;

pub use deskside_session::{Answer, Choice, Policy, Question};

use crate::clock::Clock;
use crate::sink::{PictureSink, Shown};
use crate::streams::PictureWriter;

/// Tells the network side of a screen that is shown something, from any thread.
pub type CommandSender = crate::CommandSender<Command>;

/// What the person or the program does.
#[derive(Debug)]
pub enum Command {
    /// Answer an open question. A yes only ever comes from the person's own hand.
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
    /// Show something else from now on. More than before only ever comes from the person's own hand.
    Rescope(Choice),
    /// Take one grant back.
    Revoke(Action),
    /// F11 was pressed; control has already been revoked through the [`Revoker`].
    F11,
    /// The panel is in sight (`true`) or cannot be brought there, so that input rests.
    PanelSeen(bool),
    /// The person's own hand moved the mouse or pressed a key.
    HandMoved,
    /// The injector refused so many events.
    InputRefused(u32),
    /// The screen that was shown is gone.
    DisplayLost,
}

/// What the person or the program hears.
#[derive(Debug)]
pub enum Event {
    /// The journal began, with no grant. The revoker is for the F11 thread.
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
    /// The open question is over without an answer (time ran out or the other side took it back).
    QuestionClosed(RequestId),
    /// Seeing was allowed. The picture thread owns both.
    SeeGranted {
        /// The permission.
        grant: Grant<See>,
        /// Where the picture goes.
        picture: PictureSink,
    },
    /// Control was allowed. The injection thread owns the grant.
    ControlGranted(Grant<Control>),
    /// Pointing was allowed.
    PointGranted(Grant<Point>),
    /// The other side may show a screen of its own.
    DemonstrationGranted,
    /// The other side wants the picture of this monitor of the last list, or of all that may be seen.
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
    Input(Vec<InputEvent>),
    /// What the other side draws, already checked against grant, epoch and suspension.
    Marks(Vec<MarkEvent>),
    /// Let go of every key and button.
    ReleaseAll,
    /// The picture is frozen or goes on.
    Paused(bool),
    /// Control rests until the person's own hand has been still for two seconds, or goes on.
    HandHasIt(bool),
    /// It is over; the journal is complete or ends one-sidedly.
    Ended {
        /// Why.
        reason: SessionEnd,
        /// The journal, for keeping.
        journal: Journal,
    },
}

/// Carries out a command.
pub(crate) fn command(sharer: &mut Sharer, command: Command, now: Now) {
    match command {
        Command::Answer { request, answer } => sharer.answer(request, answer, now),
        Command::KeepOpen(request) => sharer.keep_open(request, now),
        Command::Pause(paused) => sharer.pause(paused, now),
        Command::Choosing(is_choosing) => sharer.choosing(is_choosing, now),
        Command::Rescope(choice) => sharer.rescope(choice, now),
        Command::Revoke(action) => sharer.revoke(action, now),
        Command::F11 => sharer.f11(now),
        Command::PanelSeen(is_seen) => sharer.panel_seen(is_seen, now),
        Command::HandMoved => sharer.hand_moved(now),
        Command::InputRefused(events) => sharer.input_refused(events, now),
        Command::DisplayLost => sharer.end(SessionEnd::DisplayLost, now),
    }
}

/// What an output of the machine means for the driver.
pub(crate) enum Delivery {
    /// Bytes for the control stream.
    Send(Vec<u8>),
    /// News for the program.
    Tell(Event),
    /// It was dealt with.
    Done,
}

/// The picture on its way from the capture thread to the viewer.
pub(crate) struct Showing {
    connection: quinn::Connection,
    sink: PictureSink,
    shown: mpsc::UnboundedReceiver<(GrantId, Shown)>,
    updates: Option<PictureWriter>,
    /// The grant of the picture that is shown.
    see: Option<GrantId>,
    epoch: Option<u32>,
    last_epoch: u32,
    next_update: u32,
}

impl Drop for Showing {
    fn drop(&mut self) {
        self.sink.close();
    }
}

impl Showing {
    pub(crate) fn new(connection: quinn::Connection, clock: Clock) -> Self {
        let (sink, shown) = PictureSink::new(clock);
        Self { connection, sink, shown, updates: None, see: None, epoch: None, last_epoch: 0, next_update: 0 }
    }

    /// What the capture thread hands over.
    pub(crate) async fn captured(&mut self) -> (GrantId, Shown) {
        match self.shown.recv().await {
            Some(shown) => shown,
            // This end holds a sender itself.
            None => pending().await,
        }
    }

    /// What was captured so far is not to arrive any more: neither what waits, nor what is sent again.
    fn void_picture(&mut self) {
        self.epoch = None;
        if let Some(updates) = &self.updates {
            updates.forget_before(self.last_epoch + 1);
        }
        self.sink.begun();
    }

    /// Sends on what the capture thread handed over.
    pub(crate) fn show(&mut self, sharer: &mut Sharer, (grant, shown): (GrantId, Shown)) {
        if self.see != Some(grant) {
            if let Shown::Update(body) = shown {
                self.sink.numbered(None, body.len());
            }
            return;
        }
        match shown {
            Shown::Monitors(monitors) => sharer.monitors(monitors),
            Shown::Screen { width, height } => {
                self.epoch = sharer.screen(width, height);
                self.last_epoch = self.epoch.unwrap_or(self.last_epoch);
                if let Some(updates) = &self.updates {
                    updates.forget_before(self.last_epoch);
                }
                self.next_update = 0;
                self.sink.begun();
            }
            Shown::Update(body) => self.update(sharer, body),
            Shown::CursorShape(shape) => sharer.cursor_shape(shape),
            Shown::CursorMoved { x, y } => sharer.cursor_moved(x, y),
        }
    }

    fn update(&mut self, sharer: &Sharer, body: Vec<u8>) {
        let bytes = body.len();
        let epoch = self.epoch.filter(|_| sharer.may_show() && bytes <= MAX_UPDATE);
        let header = epoch.map(|epoch| UpdateHeader { epoch, number: self.next_update });
        self.sink.numbered(header, bytes);
        // What was coded and not sent is missing at the other end: only a new epoch mends that.
        self.epoch = epoch;
        let Some(header) = header else { return };
        self.next_update += 1;
        let (connection, sink) = (&self.connection, &self.sink);
        let updates = self.updates.get_or_insert_with(|| {
            let (taker, sink) = (sink.clone(), sink.clone());
            let taken = move |bytes| taker.taken(bytes);
            PictureWriter::spawn(connection.clone(), taken, move |header| sink.delivered(header))
        });
        updates.send(header, body);
    }

    /// Takes an output of the machine.
    pub(crate) fn deliver(&mut self, sharer: &Sharer, output: SharerOutput) -> Delivery {
        let event = match output {
            SharerOutput::Send(bytes) => return Delivery::Send(bytes),
            SharerOutput::Shown(header) => {
                // A receipt for what was never sent is none.
                if (header.epoch, header.number) < (self.last_epoch, self.next_update) {
                    self.sink.shown(header);
                }
                return Delivery::Done;
            }
            // Who is asking is the customer's program's alone to show, and a demonstration's messages go to its machine.
            SharerOutput::Introduce(_) | SharerOutput::Demonstration(_) => return Delivery::Done,
            SharerOutput::Started(control) => Event::Started { control },
            SharerOutput::Ask { request, actions, question } => {
                Event::Question { request, actions, text: question }
            }
            SharerOutput::CloseQuestion(request) => Event::QuestionClosed(request),
            SharerOutput::SeeGranted(grant) => {
                self.void_picture();
                self.see = Some(grant.id());
                let picture = self.sink.under(&grant);
                Event::SeeGranted { grant, picture }
            }
            SharerOutput::PointGranted(grant) => Event::PointGranted(grant),
            SharerOutput::DemonstrationGranted { .. } => Event::DemonstrationGranted,
            SharerOutput::Look(monitor) => Event::Look(monitor),
            SharerOutput::ControlGranted(grant) => Event::ControlGranted(grant),
            SharerOutput::GrantEnded { action, grant, reason } => {
                if action == Action::See {
                    self.void_picture();
                    self.see = None;
                }
                Event::GrantEnded { action, grant, reason }
            }
            SharerOutput::Marks(events) => Event::Marks(events),
            SharerOutput::Input(input) => Event::Input(input),
            SharerOutput::ReleaseAll => Event::ReleaseAll,
            SharerOutput::Paused(paused) => {
                self.void_picture();
                Event::Paused(paused)
            }
            SharerOutput::HandHasIt(has_it) => Event::HandHasIt(has_it),
            SharerOutput::Ended(reason) => Event::Ended { reason, journal: sharer.journal().clone() },
        };
        self.sink.set_open(sharer.may_show());
        Delivery::Tell(event)
    }

    /// Lets the capture thread go on if it may.
    pub(crate) fn settle(&self, sharer: &Sharer) {
        self.sink.set_open(sharer.may_show());
    }
}
