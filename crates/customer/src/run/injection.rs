//! The thread that carries out the operator's input. It owns the grant and the injector.

use std::io;
use std::process::Command as Process;
use std::sync::mpsc::{self, Receiver, Sender};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use deskside_net::customer::Command;
use deskside_platform::watchdog::Watchdog;
use deskside_platform::x11::X11;
use deskside_platform::{InjectError, Injector, PlatformError};
use deskside_proto::input::InputEvent;
use deskside_proto::journal::Action;
use deskside_session::{Control, Grant};
use deskside_ui::Proxy;

use super::News;
use super::router::Links;
use crate::model::Told;

/// Input that has waited longer is not carried out: it was meant for another picture.
const TOO_OLD: Duration = Duration::from_millis(500);

enum Job {
    Begin(Grant<Control>),
    Input(Vec<InputEvent>, Instant),
    ReleaseAll,
    End,
}

/// The thread, as the router sees it. Dropping it lets everything go and ends the thread.
pub(super) struct Injection {
    jobs: Option<Sender<Job>>,
    thread: Option<JoinHandle<()>>,
}

impl Injection {
    pub(super) fn start(desktop: X11, links: Links, windows: Proxy<News>) -> io::Result<Self> {
        let (jobs, queue) = mpsc::channel();
        let open = move || open(&desktop);
        let worker = Worker { open, links, windows };
        let thread =
            std::thread::Builder::new().name("injection".into()).spawn(move || worker.run(&queue))?;
        Ok(Self { jobs: Some(jobs), thread: Some(thread) })
    }

    pub(super) fn begin(&self, grant: Grant<Control>) {
        self.put(Job::Begin(grant));
    }

    pub(super) fn input(&self, events: Vec<InputEvent>) {
        self.put(Job::Input(events, Instant::now()));
    }

    pub(super) fn release_all(&self) {
        self.put(Job::ReleaseAll);
    }

    pub(super) fn end(&self) {
        self.put(Job::End);
    }

    fn put(&self, job: Job) {
        if let Some(jobs) = &self.jobs {
            // The thread ends only when this end is dropped.
            jobs.send(job).unwrap_or_default();
        }
    }
}

impl Drop for Injection {
    fn drop(&mut self) {
        self.jobs = None;
        if self.thread.take().is_some_and(|thread| thread.join().is_err()) {
            tracing::error!("the thread that carries out input panicked");
        }
    }
}

fn open(desktop: &X11) -> Result<Box<dyn Injector>, PlatformError> {
    let mut second = Process::new(std::env::current_exe()?);
    second.arg("--let-go");
    let watchdog = Watchdog::start(second)?;
    Ok(Box::new(desktop.injector(Some(watchdog))?))
}

struct Worker<Open> {
    open: Open,
    links: Links,
    windows: Proxy<News>,
}

impl<Open: Fn() -> Result<Box<dyn Injector>, PlatformError>> Worker<Open> {
    fn run(self, queue: &Receiver<Job>) {
        let mut held: Option<(Grant<Control>, Box<dyn Injector>)> = None;
        while let Ok(job) = queue.recv() {
            match job {
                Job::Begin(grant) => {
                    held = None;
                    match (self.open)() {
                        Ok(injector) => held = Some((grant, injector)),
                        Err(error) => self.cannot(&error),
                    }
                }
                Job::End => held = None,
                Job::ReleaseAll => {
                    if let Some((_, injector)) = &mut held
                        && let Err(error) = injector.release_all()
                    {
                        self.lost(&error);
                    }
                }
                Job::Input(events, at) => {
                    let refused = match &mut held {
                        Some((grant, injector)) => carry_out(injector.as_mut(), grant, &events, at),
                        None => Ok(events.len()),
                    };
                    match refused {
                        Ok(0) => {}
                        Ok(refused) => self.tell(Command::InputRefused(refused as u32)),
                        Err(error) => self.lost(&error),
                    }
                }
            }
        }
    }

    fn cannot(&self, error: &PlatformError) {
        tracing::error!(%error, "input cannot be carried out");
        self.tell(Command::Revoke(Action::Control));
        let text = format!("The helper cannot use mouse and keyboard here: {error}.");
        // A loop that has ended shows nothing any more.
        let _ended = self.windows.send(News::Told(Told::Trouble(text)));
    }

    fn lost(&self, error: &PlatformError) {
        tracing::error!(%error, "the display does not take input any more");
        self.tell(Command::DisplayLost);
    }

    fn tell(&self, command: Command) {
        if let Some((network, _)) = self.links.get() {
            network.send(command);
        }
    }
}

/// Carries events out in order; gives how many were refused.
fn carry_out(
    injector: &mut dyn Injector,
    grant: &Grant<Control>,
    events: &[InputEvent],
    at: Instant,
) -> Result<usize, PlatformError> {
    if TOO_OLD < at.elapsed() {
        // A release may be among what is dropped; nothing must stay pressed for it.
        injector.release_all()?;
        return Ok(events.len());
    }
    let mut refused = 0;
    for event in events {
        match injector.inject(grant, *event) {
            Ok(()) => {}
            Err(InjectError::Platform(PlatformError::DisplayLost)) => return Err(PlatformError::DisplayLost),
            Err(error) => {
                tracing::debug!(%error, "input was refused");
                refused += 1;
            }
        }
    }
    Ok(refused)
}
