//! Where the capture thread puts the picture: it asks when an update may be coded, and how large.

use std::sync::{Arc, Condvar, PoisonError};
use std::time::Duration;

use deskside_proto::GrantId;
use deskside_proto::control::CursorShape;
use deskside_proto::picture::UpdateHeader;
use deskside_proto::shown::MonitorNote;
use deskside_session::{Grant, See};
use tokio::sync::mpsc;

use crate::clock::Clock;
use crate::lock::Lock;
pub use crate::pacing::Purpose;
use crate::pacing::{MAX_WINDOW, Pacer};

/// What the capture thread hands to the session's loop.
#[derive(Debug)]
pub(crate) enum Shown {
    Monitors(Vec<MonitorNote>),
    Screen { width: u32, height: u32 },
    Update(Vec<u8>),
    CursorShape(CursorShape),
    CursorMoved { x: u16, y: u16 },
}

/// Whether an update may be coded now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Readiness {
    /// Yes, of about so many bytes. Once coded it must be sent.
    Ready {
        /// Bytes.
        budget: usize,
        /// Bytes of a moving picture that the path carries until the next one.
        room: usize,
    },
    /// Enough is under way, or the picture is paused; what changes meanwhile stays dirty.
    NotYet,
    /// The session is over.
    Closed,
}

#[derive(Debug, Default)]
struct State {
    pacer: Pacer,
    is_open: bool,
    is_closed: bool,
    /// Bytes handed over whose number the session's loop has not given yet.
    handed_over: usize,
    /// Bytes with a number that QUIC has not taken yet, whatever the viewer says that it has shown.
    untaken: usize,
    /// Whoever is in [`PictureSink::wait_ready`]; mostly nobody, and then nobody is to be told.
    waiting: u32,
}

#[derive(Debug)]
struct Shared {
    clock: Clock,
    state: Lock<State>,
    changed: Condvar,
}

/// The capture thread's end. Cheap to clone.
#[derive(Debug, Clone)]
pub struct PictureSink {
    shared: Arc<Shared>,
    queue: mpsc::UnboundedSender<(GrantId, Shown)>,
    /// What was captured under another grant than the valid one is void, however late it is handed over.
    grant: GrantId,
}

impl PictureSink {
    pub(crate) fn new(clock: Clock) -> (Self, mpsc::UnboundedReceiver<(GrantId, Shown)>) {
        let (queue, shown) = mpsc::unbounded_channel();
        let shared = Shared { clock, state: Lock::default(), changed: Condvar::new() };
        (Self { shared: Arc::new(shared), queue, grant: GrantId(0) }, shown)
    }

    /// The end for what is captured under this grant.
    #[must_use]
    pub(crate) fn under(&self, grant: &Grant<See>) -> Self {
        Self { grant: grant.id(), ..self.clone() }
    }

    /// Waits, at most so long, until an update for this purpose may be coded.
    #[must_use]
    pub fn wait_ready(&self, purpose: Purpose, timeout: Duration) -> Readiness {
        let not_yet = |state: &mut State| state.readiness(purpose) == Readiness::NotYet;
        let mut state = self.shared.state.lock();
        state.waiting += 1;
        let (mut state, _) = self
            .shared
            .changed
            .wait_timeout_while(state, timeout, not_yet)
            .unwrap_or_else(PoisonError::into_inner);
        state.waiting -= 1;
        state.readiness(purpose)
    }

    /// These monitors can be looked at one by one; none if there is no choice.
    pub fn monitors(&self, monitors: Vec<MonitorNote>) {
        self.put(Shown::Monitors(monitors));
    }

    /// A picture of this size begins, with a fresh encoder: at the start, after a change of size, and when
    /// a pause ends.
    pub fn screen(&self, width: u32, height: u32) {
        self.put(Shown::Screen { width, height });
    }

    /// The next update.
    pub fn send_update(&self, body: Vec<u8>) {
        self.shared.state.lock().handed_over += body.len();
        self.put(Shown::Update(body));
    }

    /// The cursor looks like this now.
    pub fn cursor_shape(&self, shape: CursorShape) {
        self.put(Shown::CursorShape(shape));
    }

    /// The cursor is here now, in pixels of the picture.
    pub fn cursor_moved(&self, x: u16, y: u16) {
        self.put(Shown::CursorMoved { x, y });
    }

    fn put(&self, shown: Shown) {
        // The session is over when nobody listens; `wait_ready` says so.
        self.queue.send((self.grant, shown)).unwrap_or_default();
    }

    // ── the session's loop's end ────────────────────────────────────────────────────────────────────

    /// Lets the picture go on, or not.
    pub(crate) fn set_open(&self, open: bool) {
        self.change(|state| state.is_open = open);
    }

    pub(crate) fn close(&self) {
        self.change(|state| state.is_closed = true);
    }

    fn change(&self, change: impl FnOnce(&mut State)) {
        let mut state = self.shared.state.lock();
        change(&mut state);
        if state.waiting > 0 {
            self.shared.changed.notify_all();
        }
    }

    /// An update was given its number and goes out, or (`None`) is void.
    pub(crate) fn numbered(&self, header: Option<UpdateHeader>, bytes: usize) {
        let mut state = self.shared.state.lock();
        state.handed_over = state.handed_over.saturating_sub(bytes);
        if let Some(header) = header {
            state.untaken += bytes;
            state.pacer.sent(header, bytes, self.shared.clock.monotonic());
        }
    }

    /// What is under way is void: a new epoch began, or nothing is shown any more.
    pub(crate) fn begun(&self) {
        self.change(|state| state.pacer.forget_under_way());
    }

    /// QUIC took an update, or it is void.
    pub(crate) fn taken(&self, bytes: usize) {
        self.change(|state| state.untaken = state.untaken.saturating_sub(bytes));
    }

    /// The viewer's computer has an update.
    pub(crate) fn delivered(&self, header: UpdateHeader) {
        let now = self.shared.clock.monotonic();
        self.change(|state| state.pacer.delivered(header, now));
    }

    /// The viewer has shown an update.
    pub(crate) fn shown(&self, header: UpdateHeader) {
        let now = self.shared.clock.monotonic();
        self.change(|state| state.pacer.shown(header, now));
    }
}

impl State {
    fn readiness(&self, purpose: Purpose) -> Readiness {
        if self.is_closed {
            return Readiness::Closed;
        }
        let is_open = self.is_open && self.untaken < MAX_WINDOW;
        match self.pacer.budget(purpose, self.handed_over).filter(|budget| *budget > 0 && is_open) {
            Some(budget) => Readiness::Ready { budget, room: self.pacer.room() },
            None => Readiness::NotYet,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A viewer that says it has seen everything and lets QUIC take nothing does not fill this computer's memory.
    #[test]
    fn what_quic_does_not_take_is_bounded_whatever_the_viewer_says() {
        let (sink, _queue) = PictureSink::new(Clock::new());
        sink.set_open(true);
        let ready = || sink.wait_ready(Purpose::Change, Duration::ZERO);
        let (bytes, mut waiting) = (100_000, 0);
        for number in 0..100 {
            let Readiness::Ready { .. } = ready() else { break };
            let header = UpdateHeader { epoch: 1, number };
            sink.send_update(vec![0; bytes]);
            sink.numbered(Some(header), bytes);
            sink.shown(header);
            waiting += bytes;
        }
        assert!((MAX_WINDOW..MAX_WINDOW + bytes).contains(&waiting), "{waiting} bytes wait");
        sink.taken(bytes);
        assert!(matches!(ready(), Readiness::Ready { .. }));
    }

    /// Also what was coded just before a new epoch, and gets its number after that.
    #[test]
    fn a_new_epoch_is_not_stopped_by_what_is_void() {
        let (sink, _queue) = PictureSink::new(Clock::new());
        sink.set_open(true);
        let bytes = MAX_WINDOW / 2;
        sink.send_update(vec![0; bytes]);
        sink.screen(640, 400);
        sink.numbered(Some(UpdateHeader { epoch: 1, number: 0 }), bytes);
        assert_eq!(sink.wait_ready(Purpose::Change, Duration::ZERO), Readiness::NotYet);
        sink.begun();
        assert!(matches!(sink.wait_ready(Purpose::Change, Duration::ZERO), Readiness::Ready { .. }));
    }
}
