//! The loop of the customer's network side: codes until one connects, then one session, then the end.

use std::time::Duration;

use deskside_proto::journal::SessionEnd;
use deskside_session::{CustomerEnd, CustomerOutput, Parties, SharerConfig, SharerOutput};
use deskside_trust::Descriptor;
use tokio::sync::mpsc;

use super::connect::{Connected, connect};
use super::{Command, Event};
use crate::clock::{self, Clock};
use crate::line::Line;
use crate::sharing::Showing;
use crate::streams::{self, INCOMING_QUEUE, Incoming};
use crate::{PathChoice, Problem, runtime, sharing, viewing};

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
pub type Handle = crate::Handle<Command>;

/// Starts the customer's network side on a thread of its own; `events` is called there.
///
/// # Errors
/// [`Problem::Internal`] if the system gives no thread.
pub fn start(config: CustomerConfig, events: Box<dyn FnMut(Event) + Send>) -> Result<Handle, Problem> {
    let (sender, commands) = mpsc::unbounded_channel();
    let clock = Clock::new();
    let end = End { config, clock, events, commands };
    let thread = runtime::spawn("network", end.run())?;
    Ok(Handle::new(sender, thread))
}

struct End {
    config: CustomerConfig,
    clock: Clock,
    events: Box<dyn FnMut(Event) + Send>,
    commands: mpsc::UnboundedReceiver<Command>,
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
    }

    /// Runs a session to its end; gives whether there was one.
    async fn session(&mut self, connected: Connected) -> bool {
        let Connected { connection, leg, offer, key } = connected;
        let Ok((send, receive)) = connection.open_bi().await else {
            (self.events)(Event::Failed(gone()));
            return false;
        };
        let (queue, mut incoming) = mpsc::channel(INCOMING_QUEUE);
        tokio::spawn(streams::read_control(receive, queue.clone()));
        tokio::spawn(streams::read_streams(connection.clone(), queue));
        let parties = Parties {
            session: offer.body().session,
            operator: offer.identity().clone(),
            operator_certificate: offer.certificate().clone(),
            customer_certificate: key.certificate().clone(),
        };
        let config = SharerConfig {
            parties,
            signer: key.signer().clone(),
            policy: self.config.descriptor.policy().into(),
            product: self.config.product.clone(),
        };
        let showing = Showing::new(connection.clone(), self.clock);
        let Ok(line) = Line::open(connection, leg, self.clock, send).await else {
            (self.events)(Event::Failed(gone()));
            return false;
        };
        let mut session = Session { end: CustomerEnd::new(config, self.clock.now()), showing, line };
        let mut quality = tokio::time::interval(QUALITY_EVERY);
        // Until the program lets go of its handle, which is heard once.
        let mut is_held = true;
        while session.deliver(&mut self.events) {
            let deadline = session.end.deadline(session.line.now());
            tokio::select! {
                biased;
                command = self.commands.recv(), if is_held => {
                    is_held = command.is_some();
                    session.command(command.unwrap_or(Command::Stop), &mut self.events);
                }
                arrived = incoming.recv() => session.arrived(arrived),
                () = session.line.watch() => {}
                captured = session.showing.captured() => {
                    session.showing.show(&mut session.end.help, captured);
                }
                () = clock::until(self.clock, deadline) => session.end.tick(session.line.now()),
                _ = quality.tick() => (self.events)(Event::Quality(session.line.quality())),
            }
        }
        session.line.finish().await;
        true
    }
}

/// One running session.
struct Session {
    end: CustomerEnd,
    /// The own screen on its way.
    showing: Showing,
    line: Line,
}

impl Session {
    fn command(&mut self, command: Command, events: &mut Box<dyn FnMut(Event) + Send>) {
        let now = self.line.now();
        match command {
            Command::Join(_) => {}
            Command::Accept(accepted) => self.end.help.accept(accepted, now),
            Command::Help(command) => sharing::command(&mut self.end.help, command, now),
            Command::Demonstration(command) => {
                if let Some(viewer) = &mut self.end.demonstration {
                    viewing::command(viewer, command, now, |event| events(Event::Demonstration(event)));
                }
            }
            Command::StopWatching => self.end.stop_watching(now),
            Command::Stop => self.end.help.end(SessionEnd::Customer, now),
        }
    }

    fn arrived(&mut self, arrived: Option<Incoming>) {
        let now = self.line.now();
        // First, so that a peer that never pauses cannot hold up a deadline.
        self.end.tick(now);
        let CustomerEnd { help, demonstration, .. } = &mut self.end;
        match (arrived, demonstration) {
            (Some(Incoming::Control(bytes)), _) => help.receive(&bytes, now),
            // The machine has ended the session if the message cannot be read.
            (Some(Incoming::Input(message)), _) => help.receive_input(&message, now).unwrap_or_default(),
            (Some(Incoming::Update(header, body)), Some(viewer)) => viewer.receive_update(header, body, now),
            (Some(Incoming::Update(..) | Incoming::BadStream), _) => help.end(SessionEnd::Protocol, now),
            (None, _) => self.end.connection_lost(now),
        }
    }

    /// Does what the machines want done; gives whether the session goes on.
    fn deliver(&mut self, events: &mut Box<dyn FnMut(Event) + Send>) -> bool {
        let now = self.line.now();
        while let Some(output) = self.end.poll(now) {
            let sent = match output {
                CustomerOutput::Help(SharerOutput::Introduce(operator)) => {
                    events(Event::Operator(operator));
                    Ok(())
                }
                CustomerOutput::Help(output) => match self.showing.deliver(&self.end.help, output) {
                    sharing::Delivery::Send(bytes) => self.line.send(bytes),
                    sharing::Delivery::Tell(event) => {
                        events(Event::Help(event));
                        Ok(())
                    }
                    sharing::Delivery::Done => Ok(()),
                },
                CustomerOutput::Demonstration(output) => {
                    let Some(viewer) = &self.end.demonstration else { continue };
                    match viewing::deliver(viewer, output) {
                        viewing::Delivery::Send(bytes) => self.line.send(bytes),
                        viewing::Delivery::SendInput(bytes) => self.line.send_input(bytes),
                        viewing::Delivery::Tell(event) => {
                            events(Event::Demonstration(event));
                            Ok(())
                        }
                        viewing::Delivery::Done => Ok(()),
                    }
                }
            };
            if sent.is_err() {
                self.end.connection_lost(now);
            }
        }
        self.showing.settle(&self.end.help);
        !self.end.is_over()
    }
}

fn gone() -> Problem {
    Problem::Peer("The connection was lost. Ask for a new code and try again.".into())
}

async fn stopped(commands: &mut mpsc::UnboundedReceiver<Command>) {
    while !matches!(commands.recv().await, Some(Command::Stop) | None) {}
}
