//! The loop of the customer's network side: codes until one connects, then one session, then the end.

use std::time::Duration;

use deskside_proto::GrantId;
use deskside_proto::journal::{Action, SessionEnd};
use deskside_proto::picture::{MAX_UPDATE, UpdateHeader};
use deskside_session::{Policy, Sharer, SharerConfig, SharerOutput};
use deskside_trust::Descriptor;
use tokio::sync::mpsc;

use super::connect::{Connected, connect};
use super::{Command, Event};
use crate::clock::{self, Clock};
use crate::leg::Leg;
use crate::sink::{PictureSink, Shown};
use crate::streams::{self, INCOMING_QUEUE, Incoming, PRIORITY_CONTROL, PictureWriter, Writer};
use crate::tunnel::Notice;
use crate::{PathChoice, Problem, end_to_end, runtime};

/// How often the connection's quality is told.
const QUALITY_EVERY: Duration = Duration::from_secs(1);

/// What the customer's network side must know.
#[derive(Debug)]
pub struct CustomerConfig {
    /// The packet that the program came with: the one thing it trusts.
    pub descriptor: Descriptor,
    /// Which way to the relay.
    pub path: PathChoice,
    /// Product and version, for the other side's log.
    pub product: String,
}

/// The program's hold on its network side.
#[derive(Debug)]
pub struct Handle {
    commands: crate::Handle<Command>,
    picture: PictureSink,
}

/// Sends commands from another thread.
pub type CommandSender = crate::CommandSender<Command>;

impl Handle {
    /// Tells the network side something; never blocks. After the end nothing is left to be told.
    pub fn send(&self, command: Command) {
        self.commands.send(command);
    }

    /// A sender for other threads, which does not keep the network side alive.
    #[must_use]
    pub fn sender(&self) -> CommandSender {
        self.commands.sender()
    }

    /// Where the capture thread puts the picture.
    #[must_use]
    pub fn picture(&self) -> PictureSink {
        self.picture.clone()
    }
}

/// Starts the customer's network side on a thread of its own; `events` is called there.
///
/// # Errors
/// [`Problem::Internal`] if the system gives no thread.
pub fn start(config: CustomerConfig, events: Box<dyn FnMut(Event) + Send>) -> Result<Handle, Problem> {
    let (sender, commands) = mpsc::unbounded_channel();
    let clock = Clock::new();
    let (picture, shown) = PictureSink::new(clock);
    let end = End { config, clock, events, commands, picture: picture.clone(), shown };
    let thread = runtime::spawn("network", end.run())?;
    Ok(Handle { commands: crate::Handle::new(sender, thread), picture })
}

struct End {
    config: CustomerConfig,
    clock: Clock,
    events: Box<dyn FnMut(Event) + Send>,
    commands: mpsc::UnboundedReceiver<Command>,
    picture: PictureSink,
    shown: mpsc::UnboundedReceiver<(GrantId, Shown)>,
}

impl End {
    async fn run(mut self) {
        while let Some(command) = self.commands.recv().await {
            let Command::Join(code) = command else { continue };
            let (config, events) = (&self.config, &mut self.events);
            let connecting =
                connect(&code, &config.descriptor, config.path, |stage| events(Event::Stage(stage)));
            let connected = tokio::select! {
                connected = connecting => connected,
                () = stopped(&mut self.commands) => break,
            };
            match connected {
                Ok(connected) => {
                    if self.session(connected).await {
                        break;
                    }
                }
                Err(problem) => (self.events)(Event::Failed(problem)),
            }
        }
        self.picture.close();
    }

    /// Runs a session to its end; gives whether there was one.
    async fn session(&mut self, connected: Connected) -> bool {
        let Connected { connection, leg, offer, key } = connected;
        let Ok((send, receive)) = connection.open_bi().await else {
            let gone = Problem::Peer("The connection was lost. Ask for a new code and try again.".into());
            (self.events)(Event::Failed(gone));
            return false;
        };
        // Fails only on a stream that is closed; this one was just opened.
        send.set_priority(PRIORITY_CONTROL).unwrap_or_default();
        let (queue, mut incoming) = mpsc::channel(INCOMING_QUEUE);
        tokio::spawn(streams::read_control(receive, queue.clone()));
        tokio::spawn(streams::read_input(connection.clone(), queue));
        let config = SharerConfig {
            session: offer.body().session,
            operator: offer.identity().clone(),
            operator_certificate: offer.certificate().clone(),
            signer: key.signer().clone(),
            policy: policy(&self.config.descriptor),
            product: self.config.product.clone(),
        };
        let mut session = Session {
            sharer: Sharer::new(config, self.clock.now()),
            clock: self.clock,
            connection,
            leg,
            is_cut: false,
            control: Writer::spawn(send),
            updates: None,
            see: None,
            last_epoch: 0,
            epoch: None,
            next_update: 0,
        };
        let mut quality = tokio::time::interval(QUALITY_EVERY);
        // Until the program lets go of its handle, which is heard once.
        let mut is_held = true;
        while session.deliver(&mut self.events, &self.picture) {
            let now = session.clock.now();
            let deadline = session.sharer.deadline(now);
            tokio::select! {
                biased;
                command = self.commands.recv(), if is_held => {
                    is_held = command.is_some();
                    session.command(command.unwrap_or(Command::Stop));
                }
                arrived = incoming.recv() => session.arrived(arrived),
                notice = session.leg.notices.recv(), if !session.is_cut => session.noticed(notice),
                Some(shown) = self.shown.recv() => session.show(shown, &self.picture),
                () = clock::until(session.clock, deadline) => session.sharer.tick(session.clock.now()),
                _ = quality.tick() => {
                    let udp = session.leg.paths.is_over_udp();
                    (self.events)(Event::Quality(end_to_end::quality(&session.connection, udp)));
                }
            }
        }
        session.finish().await;
        true
    }
}

/// One running session.
struct Session {
    sharer: Sharer,
    clock: Clock,
    connection: quinn::Connection,
    leg: Leg,
    /// The relay has said that the other party, or the leg itself, is gone.
    is_cut: bool,
    control: Writer,
    updates: Option<PictureWriter>,
    /// The grant of the picture that is shown.
    see: Option<GrantId>,
    epoch: Option<u32>,
    last_epoch: u32,
    next_update: u32,
}

impl Session {
    fn command(&mut self, command: Command) {
        let now = self.clock.now();
        match command {
            Command::Join(_) => {}
            Command::Accept(accepted) => self.sharer.accept(accepted, now),
            Command::Answer { request, answer } => self.sharer.answer(request, answer, now),
            Command::KeepOpen(request) => self.sharer.keep_open(request, now),
            Command::Pause(paused) => self.sharer.pause(paused, now),
            Command::Choosing(is_choosing) => self.sharer.choosing(is_choosing, now),
            Command::Rescope(choice) => self.sharer.rescope(choice, now),
            Command::Revoke(action) => self.sharer.revoke(action, now),
            Command::F11 => self.sharer.f11(now),
            Command::PanelSeen(is_seen) => self.sharer.panel_seen(is_seen, now),
            Command::HandMoved => self.sharer.hand_moved(now),
            Command::InputRefused(events) => self.sharer.input_refused(events, now),
            Command::DisplayLost => self.sharer.end(SessionEnd::DisplayLost, now),
            Command::Stop => self.sharer.end(SessionEnd::Customer, now),
        }
    }

    fn arrived(&mut self, arrived: Option<Incoming>) {
        let now = self.clock.now();
        match arrived {
            Some(Incoming::Control(bytes)) => self.sharer.receive(&bytes, now),
            // The machine has ended the session if the message cannot be read.
            Some(Incoming::Input(message)) => self.sharer.receive_input(&message, now).unwrap_or_default(),
            Some(Incoming::Update(..) | Incoming::BadStream) => self.sharer.end(SessionEnd::Protocol, now),
            None => self.lost(),
        }
    }

    fn noticed(&mut self, notice: Option<Notice>) {
        match notice {
            Some(Notice::Peer(true)) => {}
            // What has arrived is still read to its end, a seal perhaps; then the readers end, which is the loss.
            Some(Notice::Peer(false) | Notice::Closed) | None => {
                self.is_cut = true;
                self.connection.close(0u32.into(), b"the other leg is gone");
            }
        }
    }

    fn lost(&mut self) {
        self.sharer.connection_lost(self.clock.now());
    }

    /// What was captured so far is not to arrive any more: neither what waits, nor what is sent again.
    fn void_picture(&mut self) {
        self.epoch = None;
        if let Some(updates) = &self.updates {
            updates.forget_before(self.last_epoch + 1);
        }
    }

    fn show(&mut self, (grant, shown): (GrantId, Shown), picture: &PictureSink) {
        if self.see != Some(grant) {
            if let Shown::Update(body) = shown {
                picture.numbered(None, body.len());
            }
            return;
        }
        match shown {
            Shown::Monitors(monitors) => self.sharer.monitors(monitors),
            Shown::Screen { width, height } => {
                self.epoch = self.sharer.screen(width, height);
                self.last_epoch = self.epoch.unwrap_or(self.last_epoch);
                if let Some(updates) = &self.updates {
                    updates.forget_before(self.last_epoch);
                }
                self.next_update = 0;
            }
            Shown::Update(body) => {
                let bytes = body.len();
                let epoch = self.epoch.filter(|_| self.sharer.may_show() && bytes <= MAX_UPDATE);
                let header = epoch.map(|epoch| UpdateHeader { epoch, number: self.next_update });
                picture.numbered(header, bytes);
                // What was coded and not sent is missing at the other end: only a new epoch mends that.
                self.epoch = epoch;
                let Some(header) = header else { return };
                self.next_update += 1;
                let connection = &self.connection;
                let updates = self.updates.get_or_insert_with(|| {
                    let picture = picture.clone();
                    let delivered = move |header| picture.delivered(header);
                    PictureWriter::spawn(connection.clone(), delivered)
                });
                updates.send(header, body);
            }
            Shown::CursorShape(shape) => self.sharer.cursor_shape(shape),
            Shown::CursorMoved { x, y } => self.sharer.cursor_moved(x, y),
        }
    }

    /// Does what the machine wants done; gives whether the session goes on.
    fn deliver(&mut self, events: &mut Box<dyn FnMut(Event) + Send>, picture: &PictureSink) -> bool {
        while let Some(output) = self.sharer.poll() {
            let event = match output {
                SharerOutput::Send(bytes) => {
                    if self.control.send(bytes).is_err() {
                        self.lost();
                    }
                    continue;
                }
                SharerOutput::Shown(header) => {
                    picture.shown(header);
                    continue;
                }
                SharerOutput::Introduce(operator) => Event::Operator(operator),
                SharerOutput::Started(control) => Event::Started { control },
                SharerOutput::Ask { request, actions, question } => {
                    Event::Question { request, actions, text: question }
                }
                SharerOutput::CloseQuestion(request) => Event::QuestionClosed(request),
                SharerOutput::SeeGranted(grant) => {
                    self.void_picture();
                    self.see = Some(grant.id());
                    Event::SeeGranted(grant)
                }
                SharerOutput::PointGranted(grant) => Event::PointGranted(grant),
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
                SharerOutput::Ended(reason) => {
                    let journal = self.sharer.journal().clone();
                    events(Event::Ended { reason, journal });
                    continue;
                }
            };
            picture.set_open(self.sharer.may_show());
            events(event);
        }
        picture.set_open(self.sharer.may_show());
        !self.sharer.is_over()
    }

    async fn finish(self) {
        self.control.finish().await;
        self.connection.close(0u32.into(), b"the session is over");
        // Lets the close frame leave; a dead path must not keep the program.
        tokio::time::timeout(Duration::from_millis(500), self.leg.endpoint.wait_idle()).await.ok();
    }
}

fn policy(descriptor: &Descriptor) -> Policy {
    let policy = descriptor.policy();
    Policy { forbidden: policy.forbidden(), longest: policy.longest() }
}

async fn stopped(commands: &mut mpsc::UnboundedReceiver<Command>) {
    while !matches!(commands.recv().await, Some(Command::Stop) | None) {}
}
