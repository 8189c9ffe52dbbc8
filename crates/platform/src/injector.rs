//! Mouse and keyboard for the operator, on the sharer's desktop.

use deskside_proto::input::InputEvent;
use deskside_session::{Control, Grant};

use crate::{InjectError, PlatformError};

/// Carries out the operator's input. What it pressed it lets go: on [`InputEvent::ReleaseAll`], on
/// [`Injector::release_all`], and when dropped.
pub trait Injector: Send {
    /// Carries out one event. The grant is asked immediately before each key, button or motion that the
    /// event takes; letting go is always allowed.
    ///
    /// # Errors
    /// [`InjectError::Denied`] if the grant does not hold: nothing more is pressed, and what this event
    /// had pressed for itself is let go. The other errors concern this event alone, except
    /// [`PlatformError::DisplayLost`].
    fn inject(&mut self, grant: &Grant<Control>, event: InputEvent) -> Result<(), InjectError>;

    /// Lets go of every key and button. Needs no grant.
    ///
    /// # Errors
    /// [`PlatformError::DisplayLost`] when there is nothing left to let go of.
    fn release_all(&mut self) -> Result<(), PlatformError>;
}

/// Whether an event presses nothing, and so is carried out without a grant.
pub(crate) fn lets_go(event: InputEvent) -> bool {
    matches!(
        event,
        InputEvent::ReleaseAll
            | InputEvent::Key { pressed: false, .. }
            | InputEvent::PointerButton { pressed: false, .. }
    )
}
