//! What can go wrong between Deskside and the desktop.

use deskside_session::Denied;
use thiserror::Error;

/// Why the desktop cannot be used, or no longer.
#[derive(Debug, Error)]
pub enum PlatformError {
    /// No display could be opened.
    #[error("cannot open the display {display}: {reason}")]
    NoDisplay {
        /// The display's name, as given or from `DISPLAY`; `(none)` if neither says.
        display: String,
        /// What the system said.
        reason: String,
    },
    /// The display lacks something that Deskside cannot do without.
    #[error("the display lacks {0}")]
    Missing(&'static str),
    /// The connection to the display broke: it was closed, or its server died.
    #[error("the display is gone")]
    DisplayLost,
    /// The display refused a request.
    #[error("the display refused a request: {0}")]
    Refused(String),
    /// The screen's pixels have a form that Deskside does not read.
    #[error("the screen has {depth} bits of colour in {bits_per_pixel} bits a pixel; 24 in 32 are needed")]
    PixelFormat {
        /// Significant bits.
        depth: u8,
        /// Bits in memory.
        bits_per_pixel: u8,
    },
    /// The grant does not allow it, or no longer.
    #[error("not granted: {0}")]
    Denied(#[from] Denied),
    /// The grant reaches another part of the desktop than what was opened for it.
    #[error("the grant is of another scope")]
    OtherScope,
    /// The monitor that the scope names is not there, or no longer.
    #[error("the monitor is gone")]
    MonitorGone,
    /// The operating system refused something else.
    #[error("the system refused: {0}")]
    System(#[from] std::io::Error),
}

/// Why an input event was not carried out.
#[derive(Debug, Error)]
pub enum InjectError {
    /// The grant does not allow it, or no longer.
    #[error("not granted: {0}")]
    Denied(#[from] Denied),
    /// The sharer's own hand holds Ctrl, Alt or Super, so a letter would become a command.
    #[error("the sharer's own hand holds a modifier key")]
    HandHoldsModifier,
    /// It would reach something that the grant's scope does not: the window there, or the one that has the
    /// keyboard.
    #[error("it would reach beyond what was allowed")]
    OutOfScope,
    /// It is a chord by which one leaves the applications that the scope consists of.
    #[error("the chord leaves what was allowed")]
    EscapeChord,
    /// Neither the layout nor a spare key can make it.
    #[error("no key makes it")]
    NoKey,
    /// The display failed.
    #[error(transparent)]
    Platform(#[from] PlatformError),
}
