//! Mouse and keyboard for the operator, on the sharer's desktop.

use std::time::Duration;

use deskside_proto::input::InputEvent;
use deskside_session::{Control, Grant};

use crate::{InjectError, PlatformError};

/// How often [`Injector::let_go_outside`] is to be called while something may be held.
pub const LOOK_OUTSIDE: Duration = Duration::from_millis(100);

/// Carries out the operator's input, as far as the grant's scope reaches. What it pressed it lets go: on
/// [`InputEvent::ReleaseAll`], on [`Injector::release_all`], and when dropped.
///
/// Within a scope that is not the whole screen, pointer and buttons reach only the places where the uppermost
/// window belongs to it, and keys only a window that does, whoever has moved what at the last moment; never
/// this program's own windows. What is pressed is let go of where it was pressed. Events carry no age here:
/// whoever queues them drops what has waited too long.
pub trait Injector: Send {
    /// Carries out one event. The grant is asked immediately before each key, button or motion that the
    /// event takes; letting go is always allowed.
    ///
    /// # Errors
    /// [`InjectError::Denied`] if the grant does not hold: nothing more is pressed, and what this event
    /// had pressed for itself is let go. [`InjectError::OutOfScope`] and [`InjectError::EscapeChord`] if the
    /// scope does not reach that far; keys that were held are then let go of if the keyboard now belongs to
    /// something else. The other errors concern this event alone, except [`PlatformError::DisplayLost`].
    fn inject(&mut self, grant: &Grant<Control>, event: InputEvent) -> Result<(), InjectError>;

    /// Lets go of keys that are held while the keyboard belongs to something beyond the scope, and of buttons
    /// that are held while something else lies under the pointer; whether there were any. There is no event
    /// that tells it in time, so it is to be called every [`LOOK_OUTSIDE`].
    ///
    /// # Errors
    /// [`PlatformError::DisplayLost`] when there is nothing left to let go of.
    fn let_go_outside(&mut self) -> Result<bool, PlatformError>;

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
