//! The thread that shows what the other side draws. It owns the grant, the board and the overlay.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, Sender};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use deskside_platform::marks::Board;
use deskside_platform::x11::{X11, X11Overlay};
use deskside_platform::{MARKS_REFRESH, Overlay, PlatformError};
use deskside_proto::journal::Action;
use deskside_proto::marks::MarkEvent;
use deskside_session::{Grant, Point};

use super::links::Links;
use crate::sharing::net::Command;

/// How long there is nothing to do if nothing is on the board.
const IDLE: Duration = Duration::from_secs(10);
/// Most batches of marks that wait: nobody draws faster than they are shown.
const WAITING_AT_MOST: usize = 32;

enum Job {
    Begin(Grant<Point>),
    Mark(Vec<MarkEvent>),
    End,
}

/// The thread, as the router sees it. Dropping it takes everything off the screen and ends the thread.
pub(super) struct Pointing {
    jobs: Option<Sender<Job>>,
    /// Batches that wait; what comes beyond a few is dropped.
    waiting: Arc<AtomicUsize>,
    thread: Option<JoinHandle<()>>,
}

impl Pointing {
    pub(super) fn start(desktop: X11, links: Links) -> io::Result<Self> {
        let (jobs, queue) = mpsc::channel();
        let waiting = Arc::<AtomicUsize>::default();
        let worker = Worker {
            waiting: Arc::clone(&waiting),
            desktop,
            links,
            began: Instant::now(),
            board: Board::default(),
            held: None,
        };
        let thread = std::thread::Builder::new().name("pointing".into()).spawn(move || worker.run(&queue))?;
        Ok(Self { jobs: Some(jobs), waiting, thread: Some(thread) })
    }

    pub(super) fn begin(&self, grant: Grant<Point>) {
        self.put(Job::Begin(grant));
    }

    pub(super) fn mark(&self, events: Vec<MarkEvent>) {
        if self.waiting.fetch_add(1, Ordering::SeqCst) < WAITING_AT_MOST {
            self.put(Job::Mark(events));
        } else {
            self.waiting.fetch_sub(1, Ordering::SeqCst);
        }
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

impl Drop for Pointing {
    fn drop(&mut self) {
        self.jobs = None;
        if self.thread.take().is_some_and(|thread| thread.join().is_err()) {
            tracing::error!("the thread that shows marks panicked");
        }
    }
}

struct Worker {
    waiting: Arc<AtomicUsize>,
    desktop: X11,
    links: Links,
    began: Instant,
    board: Board,
    held: Option<(Grant<Point>, X11Overlay)>,
}

impl Worker {
    fn run(mut self, queue: &Receiver<Job>) {
        loop {
            let job = match queue.recv_timeout(self.rest()) {
                Ok(job) => Some(job),
                Err(RecvTimeoutError::Timeout) => None,
                Err(RecvTimeoutError::Disconnected) => break,
            };
            if let Err(error) = self.carry_out(job) {
                tracing::error!(%error, "marks cannot be shown");
                self.held = None;
                self.links.send(Command::Revoke(Action::Point));
            }
        }
    }

    fn rest(&self) -> Duration {
        match self.board.next_change(self.began.elapsed()) {
            Some(change) => change.saturating_sub(self.began.elapsed()).min(MARKS_REFRESH),
            None => IDLE,
        }
    }

    fn carry_out(&mut self, job: Option<Job>) -> Result<(), PlatformError> {
        match job {
            Some(Job::Begin(grant)) => {
                self.board.clear();
                self.held = Some((grant, self.desktop.overlay()?));
            }
            Some(Job::End) => {
                self.board.clear();
                // Whatever is drawn goes with the overlay.
                self.held = None;
            }
            Some(Job::Mark(events)) => {
                self.waiting.fetch_sub(1, Ordering::SeqCst);
                let now = self.began.elapsed();
                events.iter().for_each(|event| self.board.apply(event, now));
            }
            None => {}
        }
        let Some((grant, overlay)) = &mut self.held else { return Ok(()) };
        match overlay.show(grant, &self.board, self.began.elapsed()) {
            // It rests or has ended, and nothing is shown.
            Err(PlatformError::Denied(_)) => {
                self.board.clear();
                Ok(())
            }
            shown => shown,
        }
    }
}
