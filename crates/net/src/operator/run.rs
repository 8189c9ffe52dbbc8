//! The loop of the operator's network side: log in, then one session after the other.

use std::time::Duration;

use deskside_proto::RequestId;
use deskside_proto::api::ErrorCode;
use deskside_proto::journal::SessionEnd;
use deskside_proto::picture::{STREAM_INPUT, UpdateHeader};
use deskside_session::{Viewer, ViewerConfig, ViewerOutput};
use deskside_trust::OperatorBundle;
use tokio::sync::mpsc;

use super::account::Account;
use super::wait::{self, Arrived, Waiting};
use super::{Command, Event};
use crate::broker::CallError;
use crate::clock::{self, Clock};
use crate::leg::Leg;
use crate::streams::{self, INCOMING_QUEUE, Incoming, PRIORITY_CONTROL, Writer};
use crate::tunnel::Notice;
use crate::{PathChoice, Problem, end_to_end, runtime};

/// How often the connection's quality is told.
const QUALITY_EVERY: Duration = Duration::from_secs(1);

/// What the operator's network side must know.
#[derive(Debug)]
pub struct OperatorConfig {
    /// Who the operator is, with the key.
    pub bundle: OperatorBundle,
    /// Which way to the relay.
    pub path: PathChoice,
    /// Product and version, for the other side's log.
    pub product: String,
}

/// The program's hold on its network side.
pub type Handle = crate::Handle<Command>;

/// Starts the operator's network side on a thread of its own; `events` is called there.
///
/// # Errors
/// [`Problem::Internal`] if the system gives no thread or the bundle's server CA cannot be used.
pub fn start(config: OperatorConfig, events: Box<dyn FnMut(Event) + Send>) -> Result<Handle, Problem> {
    let (sender, commands) = mpsc::unbounded_channel();
    let account = Account::new(&config.bundle)?;
    let end = End { config, account, clock: Clock::new(), events, commands };
    let thread = runtime::spawn("network", end.run())?;
    Ok(Handle::new(sender, thread))
}

struct End {
    config: OperatorConfig,
    account: Account,
    clock: Clock,
    events: Box<dyn FnMut(Event) + Send>,
    commands: mpsc::UnboundedReceiver<Command>,
}

impl End {
    async fn run(mut self) {
        while let Some(command) = self.commands.recv().await {
            match command {
                Command::Login { user, password } => {
                    let event = match self.account.login(&user, &password).await {
                        Ok(expires_ms) => Event::LoggedIn { user, expires_ms },
                        Err(problem) => Event::LoginFailed(problem),
                    };
                    (self.events)(event);
                }
                Command::Logout => {
                    if let Err(problem) = self.account.logout().await {
                        tracing::warn!(%problem, "the broker was not told of the log-out");
                    }
                    (self.events)(Event::LoggedOut);
                }
                Command::NewSession => self.new_session().await,
                // Left over from a session that has just ended.
                Command::CancelSession
                | Command::Ask(_)
                | Command::Look(_)
                | Command::Mark(_)
                | Command::Withdraw(_)
                | Command::GiveBack(_)
                | Command::Input(_)
                | Command::Shown { .. }
                | Command::BadPicture(_)
                | Command::EndSession => {}
            }
        }
    }

    async fn new_session(&mut self) {
        let opening = wait::open(&self.account, &self.config.bundle, self.config.path);
        let waiting = match opening.await {
            Ok(waiting) => waiting,
            Err(CallError { code: Some(ErrorCode::NotLoggedIn), .. }) => {
                return (self.events)(Event::LoggedOut);
            }
            Err(error) => return (self.events)(Event::SessionFailed(error.problem)),
        };
        let Waiting { session, expires_ms, .. } = waiting;
        (self.events)(Event::CodeReady { code: waiting.code.clone(), expires_ms });
        let valid_for = u64::try_from(expires_ms - clock::wall_ms()).unwrap_or(0);
        let arrived = tokio::select! {
            arrived = waiting.arrive() => arrived,
            () = cancelled(&mut self.commands) => return self.account.cancel(session).await,
            () = tokio::time::sleep(Duration::from_millis(valid_for)) => {
                return (self.events)(Event::CodeExpired);
            }
        };
        match arrived {
            Ok(arrived) => self.session(arrived).await,
            Err(problem) => {
                self.account.cancel(session).await;
                (self.events)(Event::SessionFailed(problem));
            }
        }
    }

    async fn session(&mut self, arrived: Arrived) {
        let Arrived { session, connection, control: (send, receive), leg } = arrived;
        let Some(peer_certificate) = end_to_end::peer_certificate(&connection) else {
            let problem = Problem::Internal("the customer's program has no certificate".into());
            return (self.events)(Event::SessionFailed(problem));
        };
        let input = match connection.open_uni().await {
            Ok(input) => input,
            Err(error) => {
                let words = format!("The connection was lost: {}.", end_to_end::ending(&error));
                return (self.events)(Event::SessionFailed(Problem::Peer(words)));
            }
        };
        for stream in [&send, &input] {
            // Fails only on a stream that is closed; these were just opened.
            stream.set_priority(PRIORITY_CONTROL).unwrap_or_default();
        }
        let (queue, mut incoming) = mpsc::channel(INCOMING_QUEUE);
        tokio::spawn(streams::read_control(receive, queue.clone()));
        tokio::spawn(streams::read_updates(connection.clone(), queue));
        let config = ViewerConfig {
            session,
            operator: self.config.bundle.identity().clone(),
            peer_certificate,
            signer: self.config.bundle.signer().clone(),
            product: self.config.product.clone(),
        };
        let input = Writer::spawn(input);
        // The stream exists for the peer only once it carries something.
        if input.send(vec![STREAM_INPUT]).is_err() {
            return (self.events)(Event::SessionFailed(Problem::Peer("The connection was lost.".into())));
        }
        let mut session = Session {
            viewer: Viewer::new(config, self.clock.now()),
            clock: self.clock,
            connection,
            leg,
            is_cut: false,
            control: Writer::spawn(send),
            input,
        };
        let mut quality = tokio::time::interval(QUALITY_EVERY);
        // Until the program lets go of its handle, which is heard once.
        let mut is_held = true;
        while session.deliver(&mut self.events) {
            let deadline = session.viewer.deadline();
            tokio::select! {
                biased;
                command = self.commands.recv(), if is_held => {
                    is_held = command.is_some();
                    session.command(command, &mut self.events);
                }
                arrived = incoming.recv() => session.arrived(arrived),
                notice = session.leg.notices.recv(), if !session.is_cut => session.noticed(notice),
                () = clock::until(session.clock, deadline) => session.viewer.tick(session.clock.now()),
                _ = quality.tick() => {
                    let udp = session.leg.paths.is_over_udp();
                    (self.events)(Event::Quality(end_to_end::quality(&session.connection, udp)));
                }
            }
        }
        session.finish().await;
    }
}

/// One running session.
struct Session {
    viewer: Viewer,
    clock: Clock,
    connection: quinn::Connection,
    leg: Leg,
    /// The relay has said that the other party, or the leg itself, is gone.
    is_cut: bool,
    control: Writer,
    input: Writer,
}

impl Session {
    fn command(&mut self, command: Option<Command>, events: &mut Box<dyn FnMut(Event) + Send>) {
        let now = self.clock.now();
        match command {
            Some(Command::Ask(actions)) => {
                if let Some(RequestId(first)) = self.viewer.ask(&actions) {
                    for (request, action) in (first..).map(RequestId).zip(actions) {
                        events(Event::Asked { request, action });
                    }
                }
            }
            Some(Command::Look(monitor)) => self.viewer.look(monitor),
            Some(Command::Withdraw(request)) => self.viewer.withdraw(request),
            Some(Command::GiveBack(grant)) => self.viewer.give_back(grant),
            // Input without a grant is simply not sent; the model knows and tells the person.
            Some(Command::Input(input)) => {
                self.viewer.input(&input);
            }
            Some(Command::Mark(events)) => {
                self.viewer.mark(&events);
            }
            Some(Command::Shown { epoch, number }) => self.viewer.shown(UpdateHeader { epoch, number }),
            Some(Command::BadPicture(reason)) => {
                tracing::warn!(reason, "the picture cannot be decoded");
                self.viewer.end(SessionEnd::Protocol, now);
            }
            Some(Command::EndSession | Command::CancelSession | Command::Logout) | None => {
                self.viewer.end(SessionEnd::Operator, now);
            }
            Some(Command::Login { .. } | Command::NewSession) => {}
        }
    }

    fn arrived(&mut self, arrived: Option<Incoming>) {
        let now = self.clock.now();
        match arrived {
            Some(Incoming::Control(bytes)) => self.viewer.receive(&bytes, now),
            Some(Incoming::Update(header, body)) => self.viewer.receive_update(header, body, now),
            Some(Incoming::Input(_) | Incoming::BadStream) => self.viewer.end(SessionEnd::Protocol, now),
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
        self.viewer.connection_lost();
    }

    /// Does what the machine wants done; gives whether the session goes on.
    fn deliver(&mut self, events: &mut Box<dyn FnMut(Event) + Send>) -> bool {
        while let Some(output) = self.viewer.poll() {
            events(match output {
                ViewerOutput::Send(bytes) => {
                    if self.control.send(bytes).is_err() {
                        self.lost();
                    }
                    continue;
                }
                ViewerOutput::SendInput(bytes) => {
                    if self.input.send(bytes).is_err() {
                        self.lost();
                    }
                    continue;
                }
                ViewerOutput::Arrived => Event::CustomerArrived,
                ViewerOutput::Started => Event::Started,
                ViewerOutput::Answered { request, action, verdict } => {
                    Event::Answered { request, action, verdict }
                }
                ViewerOutput::GrantEnded { action, grant, reason } => {
                    Event::GrantEnded { action, grant, reason }
                }
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
                ViewerOutput::Ended(reason) => {
                    Event::Ended { reason, journal: self.viewer.journal().clone() }
                }
            });
        }
        !self.viewer.is_over()
    }

    async fn finish(self) {
        tokio::join!(self.control.finish(), self.input.finish());
        self.connection.close(0u32.into(), b"the session is over");
        // Lets the close frame leave; a dead path must not keep the program.
        tokio::time::timeout(Duration::from_millis(500), self.leg.endpoint.wait_idle()).await.ok();
    }
}

async fn cancelled(commands: &mut mpsc::UnboundedReceiver<Command>) {
    while !matches!(commands.recv().await, Some(Command::CancelSession | Command::Logout) | None) {}
}
