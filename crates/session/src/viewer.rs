//! The end that sees: it asks, sends input while it may, and verifies and countersigns the journal.

mod acts;

use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

use deskside_proto::control::{Control as Message, CursorShape, Suspension};
use deskside_proto::frame::Deframer;
use deskside_proto::journal::{Action, Entry, Event, GrantEnd, SessionEnd, Verdict};
use deskside_proto::picture::UpdateHeader;
use deskside_proto::shown::{MonitorNote, ScopeNote};
use deskside_proto::{DecodeError, GrantId, PROTOCOL_VERSION, RequestId};
use deskside_trust::Signer;

use crate::Now;
use crate::allowance::Allowance;
use crate::journal::Journal;
use crate::order::PictureOrder;
use crate::parties::{Direction, Parties};
use crate::witness::Witness;

/// How long the other program may take to say hello.
const GREETING: Duration = Duration::from_secs(15);
/// How long the other program may take to seal the journal.
const SEALING: Duration = Duration::from_secs(2);
/// Most bytes of updates that may wait for the decoder. An honest sharer, who is paced by what was shown,
/// keeps a fraction of it under way.
const MAX_UNSHOWN: usize = 16 * 1024 * 1024;
/// What an update counts beside its bytes: a few of them may tell of copies as large as the picture. An honest sharer has
/// far fewer under way than the thousand that this allows.
const AN_UPDATE_ITSELF: usize = 16 * 1024;

/// What a viewer must know from the start.
pub struct ViewerConfig {
    /// Who takes part.
    pub parties: Parties,
    /// The viewer's own key, which signs the journal.
    pub signer: Signer,
    /// Product and version, for the other side's log.
    pub product: String,
}

/// What the driver of a viewer has to do.
#[derive(Debug, PartialEq, Eq)]
pub enum ViewerOutput {
    /// Send these bytes on the control stream.
    Send(Vec<u8>),
    /// Send these bytes on the input stream.
    SendInput(Vec<u8>),
    /// The other program is here; its person is being asked.
    Arrived,
    /// The customer accepted.
    Started,
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
    /// Input rests or goes on.
    Suspended(Option<Suspension>),
    /// The picture is frozen or goes on.
    Paused(bool),
    /// Begin a picture of this size with a fresh decoder.
    Screen {
        /// Epoch.
        epoch: u32,
        /// Pixels.
        width: u32,
        /// Pixels.
        height: u32,
    },
    /// Decode this and answer with [`Viewer::shown`].
    Update {
        /// Epoch and number.
        header: UpdateHeader,
        /// The codec's bytes.
        body: Vec<u8>,
    },
    /// These monitors can be looked at one by one; none if there is no choice.
    Monitors(Vec<MonitorNote>),
    /// A grant reaches this from now on.
    Scoped {
        /// For what.
        action: Action,
        /// Its number from now on.
        grant: GrantId,
        /// What it reaches.
        scope: ScopeNote,
    },
    /// The cursor looks like this.
    CursorShape(CursorShape),
    /// The cursor is here.
    CursorMoved {
        /// From the left.
        x: u16,
        /// From the top.
        y: u16,
    },
    /// A message of the demonstration arrived.
    Demonstration(Vec<u8>),
    /// The session is over: close the connection.
    Ended(SessionEnd),
}

#[derive(Debug)]
enum Phase {
    Greeting { deadline: Duration },
    Waiting,
    Active,
    Sealing { deadline: Duration, reason: SessionEnd },
    Over { reason: SessionEnd },
}

/// The viewer's state machine.
pub struct Viewer {
    direction: Direction,
    signer: Signer,
    phase: Phase,
    deframer: Deframer,
    outputs: VecDeque<ViewerOutput>,
    journal: Journal,
    witness: Witness,
    last_request: u32,
    pending: BTreeMap<RequestId, Action>,
    grants: BTreeMap<Action, GrantId>,
    /// Grants that were given back, until the other side says that they have ended. Nothing comes of them any more.
    returned: BTreeMap<GrantId, Action>,
    /// Everything was let go of: a yes that was under way is given back as it comes.
    lets_go: bool,
    floods: Allowance,
    suspended: Option<Suspension>,
    epoch: u32,
    order: PictureOrder,
    /// Updates that were handed on and not yet shown, with their lengths, and the sum of these.
    unshown: VecDeque<(UpdateHeader, usize)>,
    unshown_bytes: usize,
    /// Hash of the first entry that allowed a demonstration, from which on messages of it may come.
    demonstration: Option<[u8; 32]>,
}

impl std::fmt::Debug for Viewer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Viewer").field("phase", &self.phase).finish_non_exhaustive()
    }
}

impl Viewer {
    /// Begins when the end-to-end handshake is done.
    #[must_use]
    pub fn new(config: ViewerConfig, now: Now) -> Self {
        let ViewerConfig { parties, signer, product } = config;
        let phase = Phase::Greeting { deadline: now.monotonic + GREETING };
        let mut viewer = Self::begin(Direction::help(parties), signer, phase);
        viewer.send(&Message::Hello { version: PROTOCOL_VERSION, product });
        viewer
    }

    /// The customer's end of a demonstration. Who takes part was proven and accepted before.
    pub(crate) fn demonstration(direction: Direction, signer: Signer) -> Self {
        Self::begin(direction, signer, Phase::Active)
    }

    fn begin(direction: Direction, signer: Signer, phase: Phase) -> Self {
        let certificates = (direction.sharer_certificate().clone(), direction.viewer_certificate().clone());
        let witness = Witness::new(direction.started(), direction.viewer_name(), direction.ended_by_viewer());
        Self {
            direction,
            signer,
            phase,
            deframer: Deframer::default(),
            outputs: VecDeque::new(),
            journal: Journal::new(certificates.0, certificates.1),
            witness,
            last_request: 0,
            pending: BTreeMap::new(),
            grants: BTreeMap::new(),
            returned: BTreeMap::new(),
            lets_go: false,
            floods: Allowance::default(),
            suspended: None,
            epoch: 0,
            order: PictureOrder::default(),
            unshown: VecDeque::new(),
            unshown_bytes: 0,
            demonstration: None,
        }
    }

    /// What is to be done next.
    pub fn poll(&mut self) -> Option<ViewerOutput> {
        self.outputs.pop_front()
    }

    /// The journal as far as it has come.
    #[must_use]
    pub fn journal(&self) -> &Journal {
        &self.journal
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
            Phase::Greeting { .. } | Phase::Waiting | Phase::Active => None,
        }
    }

    /// Hash of the first entry that allowed a demonstration.
    pub(crate) fn demonstration_follows(&self) -> Option<[u8; 32]> {
        self.demonstration
    }

    /// Whether everything is done and the connection may close.
    #[must_use]
    pub fn is_over(&self) -> bool {
        matches!(self.phase, Phase::Over { .. })
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
                self.outputs.push_back(ViewerOutput::Demonstration(message));
            }
            (Phase::Over { .. }, _) => {}
            (Phase::Greeting { .. }, Message::Hello { version, .. }) if version == PROTOCOL_VERSION => {
                self.phase = Phase::Waiting;
                self.outputs.push_back(ViewerOutput::Arrived);
            }
            (Phase::Waiting, Message::Accepted) => {
                self.phase = Phase::Active;
                self.outputs.push_back(ViewerOutput::Started);
            }
            (Phase::Greeting { .. } | Phase::Waiting, Message::End { reason }) => self.over(reason),
            (Phase::Active, message) => self.handle_active(message, now),
            (Phase::Sealing { .. }, Message::Entry(bytes)) => self.entry(&bytes, now),
            (Phase::Sealing { reason, .. }, Message::Seal { number, head, signature }) => {
                let reason = *reason;
                self.countersign(number, head, &signature);
                self.over(reason);
            }
            // Under way when this end said goodbye.
            (
                Phase::Sealing { .. },
                Message::Answer { .. }
                | Message::GrantEnded { .. }
                | Message::Suspended(_)
                | Message::Paused(_)
                | Message::Screen { .. }
                | Message::Monitors(_)
                | Message::CursorShape(_)
                | Message::CursorMoved { .. }
                | Message::End { .. },
            ) => {}
            (Phase::Greeting { .. } | Phase::Waiting | Phase::Sealing { .. }, _) => self.broke_protocol(now),
        }
    }

    fn handle_active(&mut self, message: Message, now: Now) {
        match message {
            Message::Entry(bytes) => self.entry(&bytes, now),
            Message::Answer { request, verdict } => self.answered(request, verdict, now),
            Message::GrantEnded { grant, reason } => self.grant_ended(grant, reason, now),
            // What comes faster than anybody can look at would only keep the window from hearing its person.
            Message::CursorShape(_) | Message::CursorMoved { .. }
                if !self.floods.takes_one(now.monotonic) => {}
            Message::Suspended(_) | Message::Paused(_) | Message::Monitors(_) | Message::Screen { .. }
                if !self.floods.takes_one(now.monotonic) =>
            {
                self.broke_protocol(now);
            }
            Message::Suspended(suspended) => {
                self.suspended = suspended;
                self.outputs.push_back(ViewerOutput::Suspended(suspended));
            }
            Message::Paused(paused) => self.outputs.push_back(ViewerOutput::Paused(paused)),
            Message::Screen { epoch, width, height } => self.screen((epoch, width, height), now),
            // Of a picture that may not be seen, or not any more.
            Message::Monitors(_) | Message::CursorShape(_) | Message::CursorMoved { .. } if !self.sees() => {}
            Message::Monitors(monitors) => self.outputs.push_back(ViewerOutput::Monitors(monitors)),
            Message::CursorShape(shape) => self.outputs.push_back(ViewerOutput::CursorShape(shape)),
            Message::CursorMoved { x, y } => self.outputs.push_back(ViewerOutput::CursorMoved { x, y }),
            Message::End { reason } => {
                self.phase = Phase::Sealing { deadline: now.monotonic + SEALING, reason };
            }
            Message::Hello { .. }
            | Message::Accepted
            | Message::Ask { .. }
            | Message::Withdraw { .. }
            | Message::GiveBack { .. }
            | Message::Look(_)
            | Message::Marks(_)
            | Message::Shown { .. }
            | Message::Demonstration(_)
            | Message::Seal { .. } => self.broke_protocol(now),
        }
    }

    fn sees(&self) -> bool {
        self.grants.contains_key(&Action::See)
    }

    fn grant_ended(&mut self, grant: GrantId, reason: GrantEnd, now: Now) {
        let held = self.grants.iter().find(|(_, held)| **held == grant).map(|(action, _)| *action);
        let Some(action) = held.or_else(|| self.returned.get(&grant).copied()) else {
            return self.broke_protocol(now);
        };
        if self.witness.has_living(grant) {
            return self.broke_protocol(now);
        }
        self.returned.remove(&grant);
        if held.is_some() {
            self.grants.remove(&action);
        }
        if action == Action::See && !self.sees() {
            self.forget_picture();
        }
        self.outputs.push_back(ViewerOutput::GrantEnded { action, grant, reason });
    }

    /// The decoder forgets the picture and answers nothing that is still under way.
    fn forget_picture(&mut self) {
        self.unshown.clear();
        self.unshown_bytes = 0;
    }

    fn screen(&mut self, (epoch, width, height): (u32, u32, u32), now: Now) {
        let is_returned = self.returned.values().any(|action| *action == Action::See);
        if epoch <= self.epoch || !(self.sees() || is_returned) {
            return self.broke_protocol(now);
        }
        self.epoch = epoch;
        self.order.begin(epoch);
        if self.sees() {
            self.outputs.push_back(ViewerOutput::Screen { epoch, width, height });
        }
        self.deliver(now);
    }

    fn answered(&mut self, request: RequestId, verdict: Verdict, now: Now) {
        let Some(action) = self.pending.remove(&request) else { return self.broke_protocol(now) };
        if !self.witness.agrees(request, verdict) {
            return self.broke_protocol(now);
        }
        if let Verdict::Allowed(grant) = verdict {
            self.grants.insert(action, grant);
            if self.lets_go {
                return self.give_back(grant);
            }
        }
        self.outputs.push_back(ViewerOutput::Answered { request, action, verdict });
    }

    /// What this end knows to be false never gets into the journal, and so never under the operator's seal.
    fn entry(&mut self, bytes: &[u8], now: Now) {
        let entry = Entry::decode(bytes).ok().filter(|entry| self.witness.confirms(&entry.event));
        let Some(entry) = entry.filter(|_| self.journal.append(bytes).is_ok()) else {
            return self.broke_protocol(now);
        };
        match entry.event {
            Event::Scoped { grant, replaces, scope } => self.scoped(grant, replaces, scope, now),
            Event::Answered { request, verdict: Verdict::Allowed(_) }
                if self.pending.get(&request) == Some(&Action::Demonstrate) =>
            {
                self.demonstration.get_or_insert(self.journal.head);
            }
            _ => {}
        }
    }

    /// A grant has another reach, and with that another number.
    fn scoped(&mut self, grant: GrantId, replaces: Option<GrantId>, scope: ScopeNote, now: Now) {
        let former = replaces.unwrap_or(grant);
        if let Some(action) = self.returned.remove(&former) {
            self.returned.insert(grant, action);
            return;
        }
        let Some((action, held)) = self.grants.iter_mut().find(|(_, held)| **held == former) else {
            // What follows an end that was just said.
            if matches!(self.phase, Phase::Active) {
                self.broke_protocol(now);
            }
            return;
        };
        *held = grant;
        self.outputs.push_back(ViewerOutput::Scoped { action: *action, grant, scope });
    }

    /// Takes one update of the picture, in whatever order the streams arrive.
    pub fn receive_update(&mut self, header: UpdateHeader, body: Vec<u8>, now: Now) {
        self.tick(now);
        if !matches!(self.phase, Phase::Active) {
            return;
        }
        if self.order.push(header, body).is_err() {
            return self.broke_protocol(now);
        }
        self.deliver(now);
    }

    fn deliver(&mut self, now: Now) {
        while let Some((header, body)) = self.order.pop() {
            if !self.sees() {
                continue;
            }
            let bytes = body.len() + AN_UPDATE_ITSELF;
            self.unshown_bytes += bytes;
            if self.unshown_bytes > MAX_UNSHOWN {
                return self.broke_protocol(now);
            }
            self.unshown.push_back((header, bytes));
            self.outputs.push_back(ViewerOutput::Update { header, body });
        }
    }

    // ── time and inside ─────────────────────────────────────────────────────────────────────────────

    /// When [`Viewer::tick`] must be called at the latest.
    #[must_use]
    pub fn deadline(&self) -> Option<Duration> {
        match self.phase {
            Phase::Greeting { deadline } | Phase::Sealing { deadline, .. } => Some(deadline),
            Phase::Waiting | Phase::Active | Phase::Over { .. } => None,
        }
    }

    /// Lets time pass.
    pub fn tick(&mut self, now: Now) {
        match self.phase {
            Phase::Greeting { deadline } if now.monotonic >= deadline => self.end(SessionEnd::TimedOut, now),
            Phase::Sealing { deadline, reason } if now.monotonic >= deadline => self.over(reason),
            Phase::Greeting { .. }
            | Phase::Waiting
            | Phase::Active
            | Phase::Sealing { .. }
            | Phase::Over { .. } => {}
        }
    }

    fn countersign(&mut self, number: u32, head: [u8; 32], signature: &[u8]) {
        if !self.journal.is_sealed(&self.journal.sharer, number, &head, signature) {
            return;
        }
        self.journal.sharer.seal = Some(signature.to_vec());
        if let Some((number, head, signature)) = self.journal.seal(&self.signer) {
            self.journal.viewer.seal = Some(signature.clone());
            self.send(&Message::Seal { number, head, signature });
        }
    }

    fn broke_protocol(&mut self, now: Now) {
        match self.phase {
            Phase::Sealing { reason, .. } => self.over(reason),
            Phase::Greeting { .. } | Phase::Waiting | Phase::Active | Phase::Over { .. } => {
                self.end(SessionEnd::Protocol, now);
            }
        }
    }

    fn over(&mut self, reason: SessionEnd) {
        self.phase = Phase::Over { reason };
        self.outputs.push_back(ViewerOutput::Ended(reason));
    }

    fn send(&mut self, message: &Message) {
        // Every message this end makes is far below the frame's limit.
        if let Ok(framed) = self.direction.framed(message) {
            self.outputs.push_back(ViewerOutput::Send(framed));
        }
    }
}
