//! An operator who goes on as long as anything lets him: the real network side, without a window.

use std::collections::BTreeSet;
use std::fs;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, channel};
use std::sync::{Arc, OnceLock};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};
use deskside_net::operator::{self, Command, Event, OperatorConfig};
use deskside_net::viewing;
use deskside_net::{CommandSender, PathChoice};
use deskside_proto::input::{Button, InputEvent, MAX_EVENTS};
use deskside_proto::journal::{Action, GrantEnd, Verdict};
use deskside_testkit::organisation::Organisation;
use deskside_testkit::scenario::Stage;
use deskside_trust::{OperatorBundle, Secret, UnixTime};

use crate::PATIENCE;

/// Batches that are sent at once: more than 10,000 events.
const BATCHES: usize = 160;
/// How often so many are sent: faster than any display takes them.
const POUR_EVERY: Duration = Duration::from_millis(100);
/// A place in the terminal.
const TERMINAL: (u16, u16) = (200, 150);
/// One event of so many is a letter, the others move the pointer.
const LETTER_EVERY: u16 = 8;

/// The operator's end of the session.
pub(crate) struct Hostile {
    handle: operator::Handle,
    events: Receiver<Event>,
}

impl Hostile {
    /// Logs in.
    pub(crate) fn start(stage: &Stage) -> Result<Self> {
        let file = stage.organisation().bundle();
        let bytes = fs::read(&file).with_context(|| format!("cannot read {}", file.display()))?;
        let passphrase = Secret::new(Organisation::PASSPHRASE.to_owned());
        let bundle = OperatorBundle::open(&bytes, &passphrase, UnixTime::now())?;
        let config = OperatorConfig { bundle, path: PathChoice::Auto, product: "deskside-f11".to_owned() };
        let (tell, events) = channel();
        let back: Arc<OnceLock<CommandSender<Command>>> = Arc::default();
        let answer = Arc::clone(&back);
        let callback = move |event| match (event, answer.get()) {
            // Pictures come only as fast as they are shown.
            (Event::Help(viewing::Event::Update { epoch, number, .. }), Some(network)) => {
                network.send(Command::Help(viewing::Command::Shown { epoch, number }));
            }
            // When the measurement is over, nobody listens any more.
            (event, _) => tell.send(event).unwrap_or_default(),
        };
        let handle = operator::start(config, Box::new(callback))?;
        back.set(handle.sender()).unwrap_or_default();
        let operator = Self { handle, events };
        let password = Secret::new(stage.password().to_owned());
        operator.handle.send(Command::Login { user: stage.user().to_owned(), password });
        operator
            .wait("being logged in", |event| matches!(event, Event::LoggedIn { .. }).then_some(Ok(())))?;
        Ok(operator)
    }

    /// Waits for what `find` picks out; the session's end is an error.
    fn wait<T>(&self, what: &str, find: impl Fn(&Event) -> Option<Result<T>>) -> Result<T> {
        let deadline = Instant::now() + PATIENCE;
        loop {
            let left = deadline.saturating_duration_since(Instant::now());
            let event =
                self.events.recv_timeout(left).with_context(|| format!("waited in vain for {what}"))?;
            if let Some(found) = find(&event) {
                return found;
            }
            if let Event::LoginFailed(problem) | Event::SessionFailed(problem) = event {
                bail!("instead of {what}: {problem}");
            }
            if let Event::Help(viewing::Event::Ended { reason, .. }) = event {
                bail!("instead of {what} the session ended: {reason:?}");
            }
        }
    }

    pub(crate) fn new_code(&self) -> Result<String> {
        self.handle.send(Command::NewSession);
        self.wait("a code", |event| match event {
            Event::CodeReady { code, .. } => Some(Ok(code.expose().to_owned())),
            _ => None,
        })
    }

    pub(crate) fn wait_started(&self) -> Result<()> {
        self.wait("the session", |event| {
            matches!(event, Event::Help(viewing::Event::Started)).then_some(Ok(()))
        })
    }

    pub(crate) fn ask(&self, action: Action) {
        self.handle.send(Command::Help(viewing::Command::Ask(BTreeSet::from([action]))));
    }

    pub(crate) fn wait_allowed(&self, asked: Action) -> Result<()> {
        self.wait("an answer", |event| match event {
            Event::Help(viewing::Event::Answered { action, verdict, .. }) if *action == asked => {
                Some(match verdict {
                    Verdict::Allowed(_) => Ok(()),
                    other => Err(anyhow::anyhow!("{asked:?} was answered by {other:?}")),
                })
            }
            _ => None,
        })
    }

    /// Waits until input does not rest: it does after an answer, and while the customer's hand moves.
    pub(crate) fn wait_free(&self) -> Result<()> {
        self.wait("the end of the rest", |event| {
            matches!(event, Event::Help(viewing::Event::Suspended(None))).then_some(Ok(()))
        })
    }

    pub(crate) fn wait_stopped_by_f11(&self) -> Result<()> {
        self.wait("F11", |event| match event {
            Event::Help(viewing::Event::GrantEnded { action: Action::Control, reason, .. }) => {
                Some(match reason {
                    GrantEnd::F11 => Ok(()),
                    other => Err(anyhow::anyhow!("control ended by {other:?}")),
                })
            }
            _ => None,
        })
    }

    /// Clicks into the terminal and gives input without end; the network side sends it as long as control lasts.
    pub(crate) fn flood(&self) -> Result<Flood> {
        let (x, y) = TERMINAL;
        let click = [true, false].map(|pressed| InputEvent::PointerButton { button: Button::Left, pressed });
        let [press, release] = click;
        self.handle.send(Command::Help(viewing::Command::Input(vec![
            InputEvent::PointerMove { x, y },
            press,
            release,
        ])));
        Flood::start(self.handle.sender())
    }
}

/// Input without end, until this is dropped.
pub(crate) struct Flood {
    network: CommandSender<Command>,
    sent: Arc<AtomicUsize>,
    over: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Flood {
    fn start(network: CommandSender<Command>) -> Result<Self> {
        let mut flood = Self { network, sent: Arc::default(), over: Arc::default(), thread: None };
        let (network, sent, over) = (flood.network.clone(), Arc::clone(&flood.sent), Arc::clone(&flood.over));
        let pour = move || {
            while !over.load(Ordering::SeqCst) {
                pour(&network, &sent);
                thread::park_timeout(POUR_EVERY);
            }
        };
        let thread = thread::Builder::new().name("flood".to_owned()).spawn(pour);
        flood.thread = Some(thread.context("cannot start the flood")?);
        Ok(flood)
    }

    /// Sends more than 10,000 events, at once and besides.
    pub(crate) fn pour(&self) {
        pour(&self.network, &self.sent);
    }

    /// How many events have been sent.
    pub(crate) fn sent(&self) -> usize {
        self.sent.load(Ordering::SeqCst)
    }
}

impl Drop for Flood {
    fn drop(&mut self) {
        self.over.store(true, Ordering::SeqCst);
        if let Some(thread) = self.thread.take() {
            thread.thread().unpark();
            // It cannot panic.
            thread.join().unwrap_or_default();
        }
    }
}

fn pour(network: &CommandSender<Command>, sent: &AtomicUsize) {
    let (x, y) = TERMINAL;
    for _ in 0..BATCHES {
        let events = (0u16..).take(MAX_EVENTS).map(|step| {
            if step % LETTER_EVERY == 0 {
                InputEvent::Text('x')
            } else {
                InputEvent::PointerMove { x: x + step, y: y + step }
            }
        });
        network.send(Command::Help(viewing::Command::Input(events.collect())));
        sent.fetch_add(MAX_EVENTS, Ordering::SeqCst);
    }
}
