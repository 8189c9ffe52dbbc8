//! Drawing over the sharer's screen without touching anything on it.

use std::time::Duration;

use deskside_session::{Grant, Point};

use crate::PlatformError;
use crate::marks::Board;

/// Shows the operator's marks above everything else. Whatever is drawn lets every click through, covers
/// nothing but its own lines, stays within the grant's scope, and never lies over this program's own windows.
pub trait Overlay: Send {
    /// Shows what is on the board now, and nothing else. To be called after every change of the board, at
    /// [`Board::next_change`], and at least every [`MARKS_REFRESH`] while anything is shown, because windows move.
    ///
    /// # Errors
    /// [`PlatformError::Denied`] if the grant does not hold: nothing is shown any more.
    /// [`PlatformError::DisplayLost`] when there is no screen any more.
    fn show(&mut self, grant: &Grant<Point>, board: &Board, now: Duration) -> Result<(), PlatformError>;

    /// Takes everything off the screen. Needs no grant.
    ///
    /// # Errors
    /// [`PlatformError::DisplayLost`] when there is no screen any more, and so nothing on it.
    fn clear(&mut self) -> Result<(), PlatformError>;
}

/// How old the marks' bounds may become: longer, and a mark might lie where a window no longer is.
pub const MARKS_REFRESH: Duration = Duration::from_millis(100);
