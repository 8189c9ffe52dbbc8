//! The thread that carries out the other side's input. It owns the grant and the injector.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, Sender};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use deskside_platform::x11::X11;
use deskside_platform::{InjectError, Injector, LOOK_OUTSIDE, PlatformError};
use deskside_proto::input::InputEvent;
use deskside_proto::journal::Action;
use deskside_session::{Control, Grant, Scope};

use super::Report;
use super::links::Links;
use crate::sharing::net::Command;
use crate::sharing::{News, Told, watchdog};

/// Input that has waited longer is not carried out: it was meant for another picture.
const TOO_OLD: Duration = Duration::from_millis(500);

/// Most batches of input that wait; what comes beyond that is refused.
const WAITING_AT_MOST: usize = 64;
/// How long a wait lasts when there is nothing to look after.
const IDLE: Duration = Duration::from_secs(60);

#[derive(Debug)]
enum Job {
    Begin(Grant<Control>),
    Input(Vec<InputEvent>, Instant),
    ReleaseAll,
    End,
}

/// What waits for the thread. Only input is limited: a begin, an end or a release is never dropped.
#[derive(Debug)]
struct Jobs {
    sender: Sender<Job>,
    waiting: Arc<AtomicUsize>,
    /// Whether the last input was refused.
    full: bool,
}

impl Jobs {
    fn new() -> (Self, Receiver<Job>) {
        let (sender, queue) = mpsc::channel();
        (Self { sender, waiting: Arc::default(), full: false }, queue)
    }

    fn put(&self, job: Job) {
        // The thread ends only when this end is dropped.
        self.sender.send(job).unwrap_or_default();
    }

    /// Gives how many events were refused because too much waits already.
    fn put_input(&mut self, events: Vec<InputEvent>, at: Instant) -> usize {
        if WAITING_AT_MOST <= self.waiting.load(Ordering::SeqCst) {
            // A release may be among what is dropped; nothing must stay pressed for it.
            if !std::mem::replace(&mut self.full, true) {
                self.put(Job::ReleaseAll);
            }
            return events.len();
        }
        self.full = false;
        self.waiting.fetch_add(1, Ordering::SeqCst);
        self.put(Job::Input(events, at));
        0
    }
}

/// The thread, as the router sees it. Dropping it lets everything go and ends the thread.
pub(super) struct Injection {
    jobs: Option<Jobs>,
    links: Links,
    thread: Option<JoinHandle<()>>,
}

impl Injection {
    pub(super) fn start(desktop: X11, spares_own: bool, links: Links, report: Report) -> io::Result<Self> {
        let (jobs, queue) = Jobs::new();
        let waiting = Arc::clone(&jobs.waiting);
        let open = move || open(&desktop, spares_own);
        let worker = Worker { open, links: links.clone(), report, waiting };
        let thread =
            std::thread::Builder::new().name("injection".into()).spawn(move || worker.run(&queue))?;
        Ok(Self { jobs: Some(jobs), links, thread: Some(thread) })
    }

    pub(super) fn begin(&self, grant: Grant<Control>) {
        self.put(Job::Begin(grant));
    }

    pub(super) fn input(&mut self, events: Vec<InputEvent>) {
        let refused = self.jobs.as_mut().map_or(0, |jobs| jobs.put_input(events, Instant::now()));
        if refused != 0 {
            self.links.send(Command::InputRefused(refused as u32));
        }
    }

    pub(super) fn release_all(&self) {
        self.put(Job::ReleaseAll);
    }

    pub(super) fn end(&self) {
        self.put(Job::End);
    }

    fn put(&self, job: Job) {
        if let Some(jobs) = &self.jobs {
            jobs.put(job);
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

fn open(desktop: &X11, spares_own: bool) -> Result<Box<dyn Injector>, PlatformError> {
    let injector = desktop.injector(Some(watchdog::start()?))?;
    Ok(Box::new(if spares_own { injector.sparing_own() } else { injector }))
}

struct Worker<Open> {
    open: Open,
    links: Links,
    report: Report,
    waiting: Arc<AtomicUsize>,
}

impl<Open: Fn() -> Result<Box<dyn Injector>, PlatformError>> Worker<Open> {
    fn run(self, queue: &Receiver<Job>) {
        let mut held: Option<(Grant<Control>, Box<dyn Injector>)> = None;
        loop {
            // In a part of the screen the place under a held button or key may be another one at any time.
            let is_part = held.as_ref().is_some_and(|(grant, _)| grant.scope() != &Scope::screen());
            let job = match queue.recv_timeout(if is_part { LOOK_OUTSIDE } else { IDLE }) {
                Ok(job) => job,
                Err(RecvTimeoutError::Disconnected) => return,
                Err(RecvTimeoutError::Timeout) => {
                    if let Some((_, injector)) = held.as_mut().filter(|_| is_part)
                        && let Err(error) = injector.let_go_outside()
                    {
                        self.lost(&error);
                    }
                    continue;
                }
            };
            match job {
                // The same injector under another grant: what it knows of the keyboard stays true.
                Job::Begin(grant) => {
                    match held.take().map_or_else(&self.open, |(_, injector)| Ok(injector)) {
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
                    self.waiting.fetch_sub(1, Ordering::SeqCst);
                    let refused = match &mut held {
                        Some((grant, injector)) => carry_out(injector.as_mut(), grant, &events, at),
                        None => Ok(events.len()),
                    };
                    match refused {
                        Ok(0) => {}
                        Ok(refused) => self.links.send(Command::InputRefused(refused as u32)),
                        Err(error) => self.lost(&error),
                    }
                }
            }
        }
    }

    fn cannot(&self, error: &PlatformError) {
        tracing::error!(%error, "input cannot be carried out");
        self.links.send(Command::Revoke(Action::Control));
        let text = format!("Only you can use mouse and keyboard here: {error}.");
        (self.report)(News::Told(Told::Trouble(text)));
    }

    fn lost(&self, error: &PlatformError) {
        tracing::error!(%error, "the display does not take input any more");
        self.links.send(Command::DisplayLost);
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_input_is_limited_and_what_is_dropped_is_let_go_once() {
        let (mut jobs, queue) = Jobs::new();
        let now = Instant::now();
        let events = || vec![InputEvent::PointerMove { x: 1, y: 1 }; 3];
        for _ in 0..WAITING_AT_MOST {
            assert_eq!(jobs.put_input(events(), now), 0);
        }
        for _ in 0..1000 {
            assert_eq!(jobs.put_input(events(), now), 3);
        }
        jobs.put(Job::End);
        assert_eq!(queue.try_iter().filter(|job| matches!(job, Job::Input(..))).count(), WAITING_AT_MOST);
        jobs.waiting.store(0, Ordering::SeqCst);
        assert_eq!(jobs.put_input(events(), now), 0, "there is room again");
    }

    #[test]
    fn a_full_queue_still_takes_a_release_and_an_end_in_order() {
        let (mut jobs, queue) = Jobs::new();
        jobs.waiting.store(WAITING_AT_MOST, Ordering::SeqCst);
        for _ in 0..1000 {
            assert_eq!(jobs.put_input(vec![InputEvent::Text('a')], Instant::now()), 1);
        }
        jobs.put(Job::End);
        let waiting: Vec<Job> = queue.try_iter().collect();
        assert!(matches!(waiting.as_slice(), [Job::ReleaseAll, Job::End]), "{waiting:?}");
    }
}
