//! What all parts of the sharing side have in common: the desktop, the way to the network side and to the window loop,
//! and what they must know of each other at once.

use std::io;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use deskside_platform::x11::{HandWatch, PanelGuard, X11};
use deskside_platform::{GuardEvent, PlatformError};
use deskside_proto::journal::Action;
use deskside_session::{Control, Revoker};

use super::links::Links;
use super::showing::Showing;
use super::{Router, hand, offer};
use crate::sharing::net::{Command, CommandSender};
use crate::sharing::{News, Offer, Told};

/// Brings news to the window loop; returns at once. A loop that has ended shows nothing any more, so that nothing
/// comes back.
pub type Report = Arc<dyn Fn(News) + Send + Sync>;

/// The desk at which the sharer sits, for one session: every thread has a clone.
#[derive(Clone)]
pub struct Desk {
    pub(super) desktop: X11,
    pub(super) links: Links,
    pub(super) control: ControlEnd,
    /// Whether the window loop wants to hear of the hand's buttons and keys. Which key it was leaves the hand's
    /// thread only for those that answer a question.
    pub(super) listening: Arc<AtomicBool>,
    pub(super) showing: Showing,
    pub(super) hides_itself: bool,
    pub(super) report: Report,
}

impl Desk {
    /// Nothing runs yet.
    #[must_use]
    pub fn new(desktop: X11, report: Report) -> Self {
        Self {
            desktop,
            links: Links::default(),
            control: ControlEnd::default(),
            listening: Arc::default(),
            showing: Showing::default(),
            hides_itself: false,
            report,
        }
    }

    /// This program's own windows are in no picture and out of reach, whatever is chosen.
    #[must_use]
    pub fn hiding_itself(mut self) -> Self {
        (self.showing, self.hides_itself) = (Showing::hiding_itself(), true);
        self
    }

    /// Starts the threads that inject and mark, behind the router that feeds them. One for each desk.
    ///
    /// # Errors
    /// If a thread cannot be started.
    pub fn router(&self) -> io::Result<Router> {
        Router::new(self.clone())
    }

    /// The network side's own end; once, before anything comes from there.
    pub fn connect(&self, network: CommandSender) {
        self.links.connect(network);
    }

    /// Begins to listen to the person's own hand, until the watch is dropped: F11 first of all. After
    /// [`Desk::connect`]. `lost` is called once, when the display is gone.
    ///
    /// # Errors
    /// If mouse and keyboard cannot be heard. Nobody should share then: nothing could be stopped.
    pub fn watch_hand(&self, lost: impl FnOnce() + Send + 'static) -> Result<HandWatch, PlatformError> {
        self.desktop.watch_hand(hand::callback(self.clone(), lost))
    }

    /// Tells the network side what a [`crate::sharing::Session`] wants. What takes control away does so before anybody
    /// else hears of it.
    pub fn send(&self, command: Command) {
        if ends_control(&command) {
            self.revoke_control();
        }
        self.links.send(command);
    }

    /// Mouse and keyboard are the person's alone from this instant on, which must not wait for the network side to
    /// hear of it.
    pub fn revoke_control(&self) {
        self.control.with(Revoker::revoke);
    }

    /// Whether [`News::Hand`] is wanted: while a question is open, whoever asks it.
    pub fn listen(&self, on: bool) {
        self.listening.store(on, Ordering::SeqCst);
    }

    /// What there is to show.
    pub(in crate::sharing) fn offer(&self) -> Offer {
        offer::look(&self.desktop)
    }

    pub(in crate::sharing) fn raise_shield(&self) {
        self.showing.raise_shield(&self.links);
    }

    pub(in crate::sharing) fn lower_shield(&self) {
        self.showing.lower_shield();
    }

    /// Begins to watch over the panel, this X11 window, at least so wide and high. `None` if nobody could hear of it,
    /// or if it cannot be watched over: then nobody gets mouse and keyboard.
    pub(in crate::sharing) fn guard_panel(&self, window: u32, least: (u16, u16)) -> Option<PanelGuard> {
        let network = self.links.get()?;
        let watch = PanicWatch(network.clone());
        let report = Arc::clone(&self.report);
        let callback = Box::new(move |event| {
            let watch = &watch;
            let is_seen = event == GuardEvent::Visible(true);
            watch.0.send(Command::PanelSeen(is_seen));
            report(News::Told(Told::PanelHidden(!is_seen)));
        });
        match self.desktop.guard_panel(window, least, callback) {
            Ok(guard) => Some(guard),
            Err(error) => {
                tracing::error!(%error, "the panel cannot be watched over, so nobody gets mouse and keyboard");
                network.send(Command::PanelSeen(false));
                None
            }
        }
    }
}

fn ends_control(command: &Command) -> bool {
    matches!(command, Command::Revoke(Action::Control))
}

/// A guard that is dead watches over nothing.
struct PanicWatch(CommandSender);

impl Drop for PanicWatch {
    fn drop(&mut self) {
        if std::thread::panicking() {
            self.0.send(Command::PanelSeen(false));
        }
    }
}

/// Ends control; there once the sharer's part has begun.
#[derive(Debug, Clone, Default)]
pub(super) struct ControlEnd(Arc<Mutex<Option<Revoker<Control>>>>);

impl ControlEnd {
    /// The one that counts from now on: in one session the person may begin to share more than once.
    pub(super) fn set(&self, control: Revoker<Control>) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(control);
    }

    /// Neither revoking nor resting waits for anybody, so that the lock is never held for long.
    pub(super) fn with(&self, act: impl FnOnce(&Revoker<Control>)) {
        if let Some(control) = &*self.0.lock().unwrap_or_else(PoisonError::into_inner) {
            act(control);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Rows N11, N12: what takes control away does so before anybody else hears of it, and nothing else does.
    #[test]
    fn taking_control_back_ends_it_at_once() {
        assert!(ends_control(&Command::Revoke(Action::Control)));
        for other in [Command::Revoke(Action::See), Command::Pause(true), Command::Choosing(true)] {
            assert!(!ends_control(&other), "{other:?}");
        }
    }
}
