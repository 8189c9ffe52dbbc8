//! The operator's keyboard while the picture has it.

use deskside_proto::input::InputEvent;
use thiserror::Error;

/// What a grabbed keyboard says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum GrabEvent {
    /// For the sharer's computer.
    Input(InputEvent),
    /// Right Ctrl was tapped: the grab is over by the operator's wish.
    Escape,
    /// The window lost the focus or is gone: the grab is over.
    Lost,
}

/// Hears a grabbed keyboard, on the grab's own thread; it must be quick, must not block,
/// and must not call the grab itself. Before
/// [`GrabEvent::Escape`] and [`GrabEvent::Lost`] it is always told [`InputEvent::ReleaseAll`].
pub type GrabCallback = Box<dyn FnMut(GrabEvent) + Send>;

/// Why the keyboard could not be grabbed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum GrabRefused {
    /// Another program has it: a menu is open, or the screen is locked.
    #[error("another program holds the keyboard")]
    Taken,
    /// The window is not on the screen.
    #[error("the window is not on the screen")]
    NotShown,
    /// The display is gone.
    #[error("the display is gone")]
    DisplayLost,
}
