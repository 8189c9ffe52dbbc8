//! The picture that is shown, as the router on the network's thread and the window loop share it.
//!
//! A question must never be in it: the shield goes up before its window opens, and comes down when that is gone.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use deskside_platform::PlatformError;
use deskside_platform::x11::X11;
use deskside_proto::journal::Action;
use deskside_session::{Grant, See};

use super::links::Links;
use super::picture::{Picture, Source};
use crate::sharing::net::{Command, CommandSender, PictureSink};

/// How long after a window was closed its last pixels may still be on the screen.
const GONE_AFTER: Duration = Duration::from_millis(300);

#[derive(Debug, Clone, Copy, Default)]
pub(super) enum Shield {
    #[default]
    Down,
    Up,
    /// And stays so.
    Always,
    /// It comes down then.
    UpUntil(Instant),
}

impl Shield {
    /// Whether it is up at this instant.
    pub(super) fn is_up(self, now: Instant) -> bool {
        match self {
            Self::Down => false,
            Self::Up | Self::Always => true,
            Self::UpUntil(until) => now < until,
        }
    }
}

#[derive(Default)]
struct Shown {
    picture: Option<Picture>,
    shield: Shield,
}

/// The one picture of the session, or none.
#[derive(Clone, Default)]
pub(super) struct Showing(Arc<Mutex<Shown>>);

impl Showing {
    fn lock(&self) -> MutexGuard<'_, Shown> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Shows what the grant reaches, instead of what was shown before.
    pub(super) fn begin(
        &self,
        desktop: &X11,
        grant: Grant<See>,
        picture: PictureSink,
        network: &CommandSender,
    ) -> Result<(), PlatformError> {
        let mut shown = self.lock();
        shown.picture = None;
        let source = Source::new(desktop.clone(), grant.scope().clone());
        let shield = shown.shield;
        shown.picture = Some(Picture::start(source, grant, picture, network.clone(), shield)?);
        Ok(())
    }

    /// This program's own windows are always kept out.
    pub(super) fn hiding_itself() -> Self {
        Self(Arc::new(Mutex::new(Shown { picture: None, shield: Shield::Always })))
    }

    pub(super) fn end(&self) {
        self.lock().picture = None;
    }

    pub(super) fn freeze(&self, frozen: bool) {
        if let Some(picture) = &self.lock().picture {
            picture.freeze(frozen);
        }
    }

    pub(super) fn look(&self, monitor: Option<u8>) {
        if let Some(picture) = &self.lock().picture {
            picture.look(monitor);
        }
    }

    /// Where the picture's first pixel is within what the grant reaches.
    pub(super) fn offset(&self) -> (u16, u16) {
        self.lock().picture.as_ref().map_or((0, 0), Picture::offset)
    }

    /// Keeps this program's windows out of the picture before it returns. Where that cannot be done nothing is
    /// shown any more.
    pub(super) fn raise_shield(&self, network: &Links) {
        let mut shown = self.lock();
        if let Shield::Always = shown.shield {
            return;
        }
        shown.shield = Shield::Up;
        if shown.picture.as_ref().is_some_and(|picture| !picture.raise_shield()) {
            tracing::error!("the question could not be kept out of the picture, so nothing is shown");
            network.send(Command::Revoke(Action::See));
            shown.picture = None;
        }
    }

    /// The window that had to be kept out is closed.
    pub(super) fn lower_shield(&self) {
        let mut shown = self.lock();
        if let Shield::Up = shown.shield {
            let until = Instant::now() + GONE_AFTER;
            shown.shield = Shield::UpUntil(until);
            if let Some(picture) = &shown.picture {
                picture.lower_shield(until);
            }
        }
    }
}
