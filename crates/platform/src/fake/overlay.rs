//! An overlay that remembers.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use deskside_proto::marks::{Figure, MarkId};
use deskside_session::{Grant, Point};

use crate::marks::Board;
use crate::{Overlay, PlatformError};

/// What a [`FakeOverlay`] shows, to be looked at from outside.
#[derive(Debug, Clone, Default)]
pub struct FakeMarks(Arc<Mutex<Vec<(MarkId, Figure)>>>);

impl FakeMarks {
    /// Every mark that is shown, from the lowest.
    #[must_use]
    pub fn shown(&self) -> Vec<(MarkId, Figure)> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn set(&self, marks: Vec<(MarkId, Figure)>) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = marks;
    }
}

/// An [`Overlay`] without a display. It knows no windows, so everything is within every scope.
#[derive(Debug, Default)]
pub struct FakeOverlay(FakeMarks);

impl FakeOverlay {
    /// The overlay, and the place to look at what it shows.
    #[must_use]
    pub fn new() -> (Self, FakeMarks) {
        let marks = FakeMarks::default();
        (Self(marks.clone()), marks)
    }
}

impl Overlay for FakeOverlay {
    fn show(&mut self, grant: &Grant<Point>, board: &Board, now: Duration) -> Result<(), PlatformError> {
        if let Err(denied) = grant.check() {
            self.clear()?;
            return Err(denied.into());
        }
        self.0.set(board.shown(now).map(|shown| (shown.id, shown.figure.clone())).collect());
        Ok(())
    }

    fn clear(&mut self) -> Result<(), PlatformError> {
        self.0.set(Vec::new());
        Ok(())
    }
}
