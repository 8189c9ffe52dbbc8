//! What can go wrong between the program and the windowing system.

use thiserror::Error;

/// Why windows cannot be shown (any more).
#[derive(Debug, Error)]
pub enum UiError {
    /// There is no display to show windows on, or it went away.
    #[error("windows cannot be shown on this display: {0}")]
    Display(String),
    /// The windowing system refused a window.
    #[error("a window could not be opened: {0}")]
    Window(String),
    /// The pixels of a window could not be handed over.
    #[error("a window could not be drawn: {0}")]
    Surface(String),
}

impl From<softbuffer::SoftBufferError> for UiError {
    fn from(error: softbuffer::SoftBufferError) -> Self {
        Self::Surface(error.to_string())
    }
}
