//! The loop of the operator's network side: log in, then one session after the other.

use std::time::Duration;

use deskside_proto::api::ErrorCode;
use deskside_proto::journal::SessionEnd;
use deskside_session::{OperatorEnd, OperatorOutput, Parties, ViewerConfig};
use deskside_trust::OperatorBundle;
use tokio::sync::mpsc;

use super::account::Account;
use super::wait::{self, Arrived, Waiting};
use super::{Command, Event};
use crate::broker::CallError;
use crate::clock::{self, Clock};
use crate::line::Line;
use crate::sharing::Showing;
use crate::streams::{self, INCOMING_QUEUE, Incoming};
use crate::{PathChoice, Problem, end_to_end, runtime, sharing, viewing};

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
                | Command::Help(_)
                | Command::Demonstration(_)
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
        let Some(customer_certificate) = end_to_end::peer_certificate(&connection) else {
            let problem = Problem::Internal("the customer's program has no certificate".into());
            return (self.events)(Event::SessionFailed(problem));
        };
        let (queue, mut incoming) = mpsc::channel(INCOMING_QUEUE);
        tokio::spawn(streams::read_control(receive, queue.clone()));
        tokio::spawn(streams::read_streams(connection.clone(), queue));
        let line = match Line::open(connection.clone(), leg, self.clock, send).await {
            Ok(line) => line,
            Err(error) => {
                let words = format!("The connection was lost: {}.", end_to_end::ending(&error));
                return (self.events)(Event::SessionFailed(Problem::Peer(words)));
            }
        };
        let bundle = &self.config.bundle;
        let parties = Parties {
            session,
            operator: bundle.identity().clone(),
            operator_certificate: bundle.signer().certificate().clone(),
            customer_certificate,
        };
        let config =
            ViewerConfig { parties, signer: bundle.signer().clone(), product: self.config.product.clone() };
        let policy = bundle.descriptor().policy().into();
        let end = OperatorEnd::new(config, policy, self.clock.now());
        let mut session = Session { end, showing: Showing::new(connection, self.clock), line };
        let mut quality = tokio::time::interval(QUALITY_EVERY);
        // Until the program lets go of its handle, which is heard once.
        let mut is_held = true;
        while session.deliver(&mut self.events) {
            let deadline = session.end.deadline(session.line.now());
            tokio::select! {
                biased;
                command = self.commands.recv(), if is_held => {
                    is_held = command.is_some();
                    session.command(command.unwrap_or(Command::EndSession), &mut self.events);
                }
                arrived = incoming.recv() => session.arrived(arrived),
                () = session.line.watch() => {}
                captured = session.showing.captured() => {
                    if let Some(sharer) = &mut session.end.demonstration {
                        session.showing.show(sharer, captured);
                    }
                }
                () = clock::until(self.clock, deadline) => session.end.tick(session.line.now()),
                _ = quality.tick() => (self.events)(Event::Quality(session.line.quality())),
            }
        }
        session.line.finish().await;
    }
}

/// One running session.
struct Session {
    end: OperatorEnd,
    /// The own screen on its way.
    showing: Showing,
    line: Line,
}

impl Session {
    fn command(&mut self, command: Command, events: &mut Box<dyn FnMut(Event) + Send>) {
        let now = self.line.now();
        match command {
            Command::Help(command) => {
                viewing::command(&mut self.end.help, command, now, |event| events(Event::Help(event)));
            }
            Command::Demonstration(command) => {
                if let Some(sharer) = &mut self.end.demonstration {
                    sharing::command(sharer, command, now);
                }
            }
            Command::EndSession | Command::CancelSession | Command::Logout => {
                self.end.help.end(SessionEnd::Operator, now);
            }
            Command::Login { .. } | Command::NewSession => {}
        }
    }

    fn arrived(&mut self, arrived: Option<Incoming>) {
        let now = self.line.now();
        // First, so that a peer that never pauses cannot hold up a deadline.
        self.end.tick(now);
        let OperatorEnd { help, demonstration, .. } = &mut self.end;
        match (arrived, demonstration) {
            (Some(Incoming::Control(bytes)), _) => help.receive(&bytes, now),
            (Some(Incoming::Update(header, body)), _) => help.receive_update(header, body, now),
            // The machine has ended the session if the message cannot be read.
            (Some(Incoming::Input(message)), Some(sharer)) => {
                sharer.receive_input(&message, now).unwrap_or_default();
            }
            (Some(Incoming::Input(_) | Incoming::BadStream), _) => help.end(SessionEnd::Protocol, now),
            (None, _) => self.end.connection_lost(now),
        }
    }

    /// Does what the machines want done; gives whether the session goes on.
    fn deliver(&mut self, events: &mut Box<dyn FnMut(Event) + Send>) -> bool {
        let now = self.line.now();
        while let Some(output) = self.end.poll(now) {
            let sent = match output {
                OperatorOutput::Help(output) => match viewing::deliver(&self.end.help, output) {
                    viewing::Delivery::Send(bytes) => self.line.send(bytes),
                    viewing::Delivery::SendInput(bytes) => self.line.send_input(bytes),
                    viewing::Delivery::Tell(event) => {
                        events(Event::Help(event));
                        Ok(())
                    }
                    viewing::Delivery::Done => Ok(()),
                },
                OperatorOutput::Demonstration(output) => {
                    let Some(sharer) = &self.end.demonstration else { continue };
                    match self.showing.deliver(sharer, output) {
                        sharing::Delivery::Send(bytes) => self.line.send(bytes),
                        sharing::Delivery::Tell(event) => {
                            events(Event::Demonstration(event));
                            Ok(())
                        }
                        sharing::Delivery::Done => Ok(()),
                    }
                }
            };
            if sent.is_err() {
                self.end.connection_lost(now);
            }
        }
        if let Some(sharer) = &self.end.demonstration {
            self.showing.settle(sharer);
        }
        !self.end.is_over()
    }
}

async fn cancelled(commands: &mut mpsc::UnboundedReceiver<Command>) {
    while !matches!(commands.recv().await, Some(Command::CancelSession | Command::Logout) | None) {}
}
