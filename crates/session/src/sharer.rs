//! The end whose screen is shown. It asks its person, makes and ends grants, checks every input event,
//! and writes the journal. Nothing that arrives over the network can widen a grant.

mod grants;
mod person;
mod questions;

use std::collections::VecDeque;
use std::time::Duration;

use deskside_proto::control::{Control as Message, CursorShape, Suspension};
use deskside_proto::frame::Deframer;
use deskside_proto::input::{InputBatch, InputEvent};
use deskside_proto::journal::{Action, Event, GrantEnd, SessionEnd, Verdict};
use deskside_proto::marks::{MarkBatch, MarkEvent};
use deskside_proto::picture::UpdateHeader;
use deskside_proto::shown::MonitorNote;
use deskside_proto::{DecodeError, GrantId, PROTOCOL_VERSION, RequestId};
use deskside_trust::{OperatorIdentity, Signer};

use self::grants::Grants;
use self::questions::Bundle;
use crate::journal::Journal;
use crate::parties::{Direction, Parties};
use crate::question::Question;
use crate::suspension::Rest;
use crate::{Control, Grant, Now, Point, Policy, Revoker, See};

/// How long the person may look at who is asking.
const INTRODUCTION: Duration = Duration::from_secs(60);
/// How long the other program may take to say hello.
const GREETING: Duration = Duration::from_secs(15);
/// How long a question stays open; silence is a no.
const QUESTION: Duration = Duration::from_secs(30);
/// How long a question stays open at most, while the person is busy with it.
const LONGEST_QUESTION: Duration = Duration::from_secs(300);
/// How long the other program may take to seal the journal.
const SEALING: Duration = Duration::from_secs(2);
/// Refusals in a row after which the operator has to wait.
const REFUSALS: u32 = 3;
/// How long the operator then has to wait.
const BACK_OFF: Duration = Duration::from_secs(30);
/// Requests that may wait behind an open question.
const MAX_QUEUE: usize = 2;
/// At most one journal entry about refused input in this time.
const REFUSED_INPUT_EVERY: Duration = Duration::from_secs(10);

/// What a sharer must know from the start; all of it proven before.
pub struct SharerConfig {
    /// Who takes part.
    pub parties: Parties,
    /// The sharer's own key, which signs the journal.
    pub signer: Signer,
    /// What the organisation forbids.
    pub policy: Policy,
    /// Product and version, for the other side's log.
    pub product: String,
}

/// What the driver of a sharer has to do.
#[derive(Debug)]
pub enum SharerOutput {
    /// Send these bytes on the control stream.
    Send(Vec<u8>),
    /// Show who is asking; answer with [`Sharer::accept`].
    Introduce(OperatorIdentity),
    /// The session began; the revoker is for the thread that hears F11.
    Started(Revoker<Control>),
    /// Show a question; answer with [`Sharer::answer`].
    Ask {
        /// Its number: that of its first request.
        request: RequestId,
        /// For what.
        actions: Vec<Action>,
        /// The text.
        question: Question,
    },
    /// Take the question off the screen.
    CloseQuestion(RequestId),
    /// Seeing was allowed: begin to capture.
    SeeGranted(Grant<See>),
    /// Control was allowed: begin to inject.
    ControlGranted(Grant<Control>),
    /// Pointing was allowed.
    PointGranted(Grant<Point>),
    /// The operator may show a screen of their own.
    DemonstrationGranted {
        /// The permission.
        grant: GrantId,
        /// Hash of the entry that says so, for the demonstration's own journal.
        follows: [u8; 32],
    },
    /// A message of the demonstration arrived.
    Demonstration(Vec<u8>),
    /// Draw this.
    Marks(Vec<MarkEvent>),
    /// The operator wants to look at this monitor of the last list, or at all.
    Look(Option<u8>),
    /// A grant ended.
    GrantEnded {
        /// For what.
        action: Action,
        /// Which.
        grant: GrantId,
        /// Why.
        reason: GrantEnd,
    },
    /// Carry this out now.
    Input(Vec<InputEvent>),
    /// Let go of all keys and buttons.
    ReleaseAll,
    /// The viewer has shown this update.
    Shown(UpdateHeader),
    /// The picture is frozen or goes on (with a new epoch, see [`Sharer::screen`]).
    Paused(bool),
    /// The customer's hand has the mouse, or the operator may use it again.
    HandHasIt(bool),
    /// The session is over: close the connection.
    Ended(SessionEnd),
}

#[derive(Debug)]
enum Phase {
    Greeting { deadline: Duration },
    Introduced { deadline: Duration },
    Active,
    Sealing { deadline: Duration, reason: SessionEnd },
    Over { reason: SessionEnd },
}

/// The sharer's state machine.
pub struct Sharer {
    direction: Direction,
    signer: Signer,
    policy: Policy,
    phase: Phase,
    deframer: Deframer,
    outputs: VecDeque<SharerOutput>,
    journal: Journal,
    grants: Grants,
    last_request: u32,
    open: Option<Bundle>,
    queue: VecDeque<Bundle>,
    /// The person chooses what is shown.
    is_choosing: bool,
    refusals: u32,
    not_before: Duration,
    rest: Rest,
    told: Option<Suspension>,
    paused: bool,
    epoch: u32,
    refused_input: u32,
    refused_noted: Duration,
    /// Hash of the first entry that allowed a demonstration, from which on messages of it may come.
    demonstration: Option<[u8; 32]>,
    /// Nothing can be asked for just now: what the questions rest on is not allowed.
    is_closed: bool,
}

impl std::fmt::Debug for Sharer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Sharer").field("phase", &self.phase).finish_non_exhaustive()
    }
}

impl Sharer {
    /// Begins when the end-to-end handshake has proven the operator.
    #[must_use]
    pub fn new(config: SharerConfig, now: Now) -> Self {
        let SharerConfig { parties, signer, policy, product } = config;
        let phase = Phase::Greeting { deadline: now.monotonic + GREETING };
        let mut sharer = Self::begin(Direction::help(parties), signer, policy, phase);
        sharer.send(&Message::Hello { version: PROTOCOL_VERSION, product });
        sharer
    }

    /// The operator's end of a demonstration. Who takes part was proven and accepted before.
    pub(crate) fn demonstration(direction: Direction, signer: Signer, mut policy: Policy, now: Now) -> Self {
        // That would be the session's own direction, which has its own journal.
        policy.forbidden.insert(Action::Demonstrate);
        let mut sharer = Self::begin(direction, signer, policy, Phase::Active);
        sharer.started(now);
        sharer
    }

    fn begin(direction: Direction, signer: Signer, policy: Policy, phase: Phase) -> Self {
        let certificates = (direction.sharer_certificate().clone(), direction.viewer_certificate().clone());
        Self {
            direction,
            signer,
            policy,
            phase,
            deframer: Deframer::default(),
            outputs: VecDeque::new(),
            journal: Journal::new(certificates.0, certificates.1),
            grants: Grants::new(),
            last_request: 0,
            open: None,
            queue: VecDeque::new(),
            is_choosing: false,
            refusals: 0,
            not_before: Duration::ZERO,
            rest: Rest::default(),
            told: None,
            paused: false,
            epoch: 0,
            refused_input: 0,
            refused_noted: Duration::ZERO,
            demonstration: None,
            is_closed: false,
        }
    }

    /// What is to be done next.
    pub fn poll(&mut self) -> Option<SharerOutput> {
        self.outputs.pop_front()
    }

    /// The journal as far as it is written.
    #[must_use]
    pub fn journal(&self) -> &Journal {
        &self.journal
    }

    /// Whether everything is done and the connection may close.
    #[must_use]
    pub fn is_over(&self) -> bool {
        matches!(self.phase, Phase::Over { .. })
    }

    /// Whether the session is under way: accepted, and not ended.
    #[must_use]
    pub fn is_active(&self) -> bool {
        matches!(self.phase, Phase::Active)
    }

    /// Why the session ends or has ended.
    pub(crate) fn ended(&self) -> Option<SessionEnd> {
        match self.phase {
            Phase::Sealing { reason, .. } | Phase::Over { reason } => Some(reason),
            Phase::Greeting { .. } | Phase::Introduced { .. } | Phase::Active => None,
        }
    }

    /// Whether the picture may be captured and sent at this instant.
    #[must_use]
    pub fn may_show(&self) -> bool {
        matches!(self.phase, Phase::Active) && self.grants.valid(Action::See).is_some() && !self.paused
    }

    // ── what arrives ────────────────────────────────────────────────────────────────────────────────

    /// Takes bytes of the control stream. A peer that breaks the rules ends the session.
    pub fn receive(&mut self, bytes: &[u8], now: Now) {
        // First, so that a peer that never pauses cannot hold up a deadline.
        self.tick(now);
        if self.is_deaf() {
            return;
        }
        self.deframer.push(bytes);
        loop {
            let message = match self.deframer.next_message() {
                Ok(None) => return,
                Ok(Some(message)) => Message::decode(message),
                Err(error) => {
                    // What follows cannot be told apart any more.
                    self.demonstration = None;
                    Err(error)
                }
            };
            self.take(message, now);
            if self.is_deaf() {
                return;
            }
        }
    }

    /// Nothing that arrives means anything any more. A demonstration may still have to be sealed.
    fn is_deaf(&self) -> bool {
        self.is_over() && self.demonstration.is_none()
    }

    /// Takes one message.
    pub(crate) fn take(&mut self, message: Result<Message, DecodeError>, now: Now) {
        match message {
            Ok(message) => self.handle(message, now),
            Err(_) => self.broke_protocol(now),
        }
    }

    fn handle(&mut self, message: Message, now: Now) {
        match (&self.phase, message) {
            (_, Message::Demonstration(message)) if self.demonstration.is_some() => {
                self.outputs.push_back(SharerOutput::Demonstration(message));
            }
            (Phase::Over { .. }, _) => {}
            (Phase::Greeting { .. }, Message::Hello { version, .. }) if version == PROTOCOL_VERSION => {
                self.phase = Phase::Introduced { deadline: now.monotonic + INTRODUCTION };
                self.outputs.push_back(SharerOutput::Introduce(self.direction.operator().clone()));
            }
            (Phase::Active, Message::Ask { request, actions }) => self.asked(request, &actions, now),
            (Phase::Active, Message::Look(monitor)) => {
                if self.grants.has(Action::See) {
                    self.outputs.push_back(SharerOutput::Look(monitor));
                }
            }
            (Phase::Active, Message::Marks(batch)) => self.marked(batch, now),
            (Phase::Active, Message::Withdraw { request }) => self.withdrawn(request, now),
            (Phase::Active, Message::GiveBack { grant }) => self.given_back(grant, now),
            (Phase::Active | Phase::Sealing { .. }, Message::Shown { epoch, number }) => {
                self.outputs.push_back(SharerOutput::Shown(UpdateHeader { epoch, number }));
            }
            // Under way when this end said goodbye: too late, and harmless.
            (
                Phase::Sealing { .. },
                Message::Ask { .. }
                | Message::Withdraw { .. }
                | Message::GiveBack { .. }
                | Message::Marks(_)
                | Message::Look(_),
            ) => {}
            (Phase::Greeting { .. } | Phase::Introduced { .. } | Phase::Active, Message::End { .. }) => {
                self.end(self.direction.ended_by_viewer(), now);
            }
            (Phase::Sealing { .. }, Message::End { .. }) => {}
            (Phase::Sealing { reason, .. }, Message::Seal { number, head, signature }) => {
                let reason = *reason;
                if self.journal.is_sealed(&self.journal.viewer, number, &head, &signature) {
                    self.journal.viewer.seal = Some(signature);
                }
                self.over(reason);
            }
            (
                _,
                Message::Hello { .. }
                | Message::Accepted
                | Message::Ask { .. }
                | Message::Withdraw { .. }
                | Message::Answer { .. }
                | Message::GrantEnded { .. }
                | Message::GiveBack { .. }
                | Message::Suspended(_)
                | Message::Paused(_)
                | Message::Screen { .. }
                | Message::Monitors(_)
                | Message::Marks(_)
                | Message::Look(_)
                | Message::CursorShape(_)
                | Message::CursorMoved { .. }
                | Message::Shown { .. }
                | Message::Entry(_)
                | Message::Seal { .. }
                | Message::Demonstration(_),
            ) => self.broke_protocol(now),
        }
    }

    /// Takes one message of the input stream. What no living grant covers is counted and dropped.
    ///
    /// # Errors
    /// [`DecodeError`] if the message cannot be read; the session has then been ended.
    pub fn receive_input(&mut self, message: &[u8], now: Now) -> Result<(), DecodeError> {
        let batch = InputBatch::decode(message).inspect_err(|_| self.broke_protocol(now))?;
        self.tick(now);
        let is_covered = matches!(self.phase, Phase::Active)
            && self.grants.valid(Action::Control) == Some(batch.grant)
            && batch.epoch == self.epoch
            && self.rest.reason(now.monotonic).is_none();
        if is_covered {
            self.outputs.push_back(SharerOutput::Input(batch.events));
        } else {
            self.input_refused(u32::try_from(batch.events.len()).unwrap_or(u32::MAX), now);
        }
        Ok(())
    }

    /// The viewer drew something. What no living grant covers is counted and dropped.
    fn marked(&mut self, batch: MarkBatch, now: Now) {
        let rests = self.rest.reason(now.monotonic).is_some_and(|reason| reason != Suspension::Hand);
        let is_covered =
            self.grants.valid(Action::Point) == Some(batch.grant) && batch.epoch == self.epoch && !rests;
        if is_covered {
            self.outputs.push_back(SharerOutput::Marks(batch.events));
        } else {
            self.input_refused(u32::try_from(batch.events.len()).unwrap_or(u32::MAX), now);
        }
    }

    /// The injector refused events that had been let through; they are counted with the others.
    pub fn input_refused(&mut self, events: u32, now: Now) {
        self.refused_input = self.refused_input.saturating_add(events);
        if now.monotonic >= self.refused_noted + REFUSED_INPUT_EVERY {
            self.note_refused_input(now);
        }
    }

    // ── what the screen does ────────────────────────────────────────────────────────────────────────

    /// A new epoch begins with a picture of this size: at the start, after a change of size, after a pause.
    /// Gives the epoch, or `None` if nothing may be shown.
    pub fn screen(&mut self, width: u32, height: u32) -> Option<u32> {
        if !self.may_show() {
            return None;
        }
        self.epoch += 1;
        self.send(&Message::Screen { epoch: self.epoch, width, height });
        Some(self.epoch)
    }

    /// Tells the viewer which monitors can be looked at one by one.
    pub fn monitors(&mut self, monitors: Vec<MonitorNote>) {
        if self.may_show() {
            self.send(&Message::Monitors(monitors));
        }
    }

    /// Tells the viewer what the cursor looks like.
    pub fn cursor_shape(&mut self, shape: CursorShape) {
        if self.may_show() {
            self.send(&Message::CursorShape(shape));
        }
    }

    /// Tells the viewer where the cursor is.
    pub fn cursor_moved(&mut self, x: u16, y: u16) {
        if self.may_show() {
            self.send(&Message::CursorMoved { x, y });
        }
    }

    // ── time ────────────────────────────────────────────────────────────────────────────────────────

    /// When [`Sharer::tick`] must be called at the latest.
    #[must_use]
    pub fn deadline(&self, now: Now) -> Option<Duration> {
        let phase = match self.phase {
            Phase::Greeting { deadline }
            | Phase::Introduced { deadline }
            | Phase::Sealing { deadline, .. } => Some(deadline),
            Phase::Active | Phase::Over { .. } => None,
        };
        let question = self.open.as_ref().map(|open| open.deadline);
        [phase, question, self.rest.next_change(now.monotonic), self.grants.expiry()]
            .into_iter()
            .flatten()
            .min()
    }

    /// Lets time pass.
    pub fn tick(&mut self, now: Now) {
        match self.phase {
            Phase::Greeting { deadline } | Phase::Introduced { deadline } if now.monotonic >= deadline => {
                return self.end(SessionEnd::TimedOut, now);
            }
            Phase::Sealing { deadline, reason } if now.monotonic >= deadline => return self.over(reason),
            Phase::Greeting { .. }
            | Phase::Introduced { .. }
            | Phase::Sealing { .. }
            | Phase::Active
            | Phase::Over { .. } => {}
        }
        self.end_expired(now);
        if let Some(open) = self.open.take_if(|open| now.monotonic >= open.deadline) {
            self.count_refusal(now);
            self.close(&open, &|_| Verdict::TimedOut, now);
            self.outputs.push_back(SharerOutput::CloseQuestion(open.request));
            self.ask_next(now);
        }
        self.update_rest(now);
    }

    // ── inside ──────────────────────────────────────────────────────────────────────────────────────

    /// Tells grants, viewer and person if input rests now and did not before, or the other way round.
    fn update_rest(&mut self, now: Now) {
        let reason = self.rest.reason(now.monotonic);
        self.grants.suspend_acts(reason);
        if reason == self.told {
            return;
        }
        if self.told.is_none() {
            self.outputs.push_back(SharerOutput::ReleaseAll);
        }
        if self.told == Some(Suspension::Hand) && !self.rest.hand_has_it(now.monotonic) {
            self.outputs.push_back(SharerOutput::HandHasIt(false));
        }
        self.told = reason;
        if matches!(self.phase, Phase::Active) {
            self.send(&Message::Suspended(reason));
        }
    }

    fn note_refused_input(&mut self, now: Now) {
        let events = std::mem::take(&mut self.refused_input);
        self.refused_noted = now.monotonic;
        if matches!(self.phase, Phase::Active) {
            self.write(Event::InputRefused { events }, now);
        }
    }

    fn write(&mut self, event: Event, now: Now) {
        match self.journal.write(now.wall_ms, event) {
            Ok(bytes) => self.send(&Message::Entry(bytes)),
            // A session that can no longer be recorded must not go on.
            Err(_) => self.end(SessionEnd::Protocol, now),
        }
    }

    fn broke_protocol(&mut self, now: Now) {
        match self.phase {
            Phase::Sealing { reason, .. } => self.over(reason),
            Phase::Greeting { .. } | Phase::Introduced { .. } | Phase::Active | Phase::Over { .. } => {
                self.end(SessionEnd::Protocol, now);
            }
        }
    }

    fn over(&mut self, reason: SessionEnd) {
        self.phase = Phase::Over { reason };
        self.outputs.push_back(SharerOutput::Ended(reason));
    }

    fn send(&mut self, message: &Message) {
        // Every message this end makes is far below the frame's limit (the decoders' limits are the same).
        if let Ok(framed) = self.direction.framed(message) {
            self.outputs.push_back(SharerOutput::Send(framed));
        }
    }
}
