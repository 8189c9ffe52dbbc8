//! The picture of the sharer's screen.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use deskside_codec::{FrameView, Rect};
use deskside_session::{Grant, See};

use crate::PlatformError;

/// The mouse pointer's picture.
#[derive(Clone, PartialEq, Eq)]
pub struct CursorImage {
    /// Pixels.
    pub width: u16,
    /// Pixels.
    pub height: u16,
    /// The pixel that points, from the left.
    pub hot_x: u16,
    /// The pixel that points, from the top.
    pub hot_y: u16,
    /// `width * height` pixels of 4 bytes, blue, green, red, alpha, colours premultiplied by alpha.
    pub pixels: Vec<u8>,
}

impl fmt::Debug for CursorImage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CursorImage")
            .field("width", &self.width)
            .field("height", &self.height)
            .field("hot_x", &self.hot_x)
            .field("hot_y", &self.hot_y)
            .finish_non_exhaustive()
    }
}

/// What happened on the screen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ScreenEvent {
    /// These places may look different now. They lie within the screen and do not overlap.
    Damage(Vec<Rect>),
    /// The screen has another size; everything on it may look different.
    Resized {
        /// Pixels.
        width: u32,
        /// Pixels.
        height: u32,
    },
    /// The pointer looks different.
    CursorShape(CursorImage),
    /// The pointer is elsewhere, in pixels of the picture.
    CursorMoved {
        /// From the left.
        x: u32,
        /// From the top.
        y: u32,
    },
    /// The pointer is where nothing may be seen of it. Its look and place are reported once it is back.
    CursorHidden,
}

/// Ends a wait in [`Screen::next`] from another thread.
#[derive(Clone)]
pub struct Waker(Arc<dyn Fn() + Send + Sync>);

impl Waker {
    /// A waker that does this; it must never block.
    pub fn new(wake: impl Fn() + Send + Sync + 'static) -> Self {
        Self(Arc::new(wake))
    }

    /// Makes the running or the next call of [`Screen::next`] return at once.
    pub fn wake(&self) {
        (self.0)();
    }
}

impl fmt::Debug for Waker {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Waker")
    }
}

/// What the sharer shows of the screen: the picture that a scope reaches. It costs nothing while nothing
/// changes.
pub trait Screen: Send {
    /// Width and height of the picture in pixels, as of the last [`Screen::next`].
    fn size(&self) -> (u32, u32);

    /// Where the picture's upper left corner is on the desktop, as of the last [`Screen::next`].
    fn origin(&self) -> (u32, u32);

    /// Waits until something happens, at most this long; a first call reports the whole screen as
    /// damaged and the pointer as it is. Empty when nothing happened or a [`Waker`] ended the wait.
    ///
    /// # Errors
    /// [`PlatformError::DisplayLost`] when there is no screen any more, and [`PlatformError::MonitorGone`]
    /// when there is no such part of it: for good.
    fn next(&mut self, timeout: Duration) -> Result<Vec<ScreenEvent>, PlatformError>;

    /// Copies these places of the screen into the frame and gives the frame: width and height as
    /// [`Screen::size`], other places as they were last copied. Parts outside the screen are ignored.
    ///
    /// # Errors
    /// [`PlatformError::Denied`] if the grant does not hold, [`PlatformError::OtherScope`] if it is not of
    /// the scope that the screen was opened for, and nothing was copied; the others as [`Screen::next`].
    fn grab(&mut self, grant: &Grant<See>, region: &[Rect]) -> Result<FrameView<'_>, PlatformError>;

    /// Keeps this program's own windows out of the picture, or no longer, whatever the scope. Once it has
    /// returned, no frame of [`Screen::grab`] holds any of their pixels.
    ///
    /// # Errors
    /// As [`Screen::next`].
    fn shield(&mut self, on: bool) -> Result<(), PlatformError>;

    /// A handle that ends waits.
    fn waker(&self) -> Waker;
}

/// A frame without gaps between its rows.
pub(crate) fn view(width: u32, height: u32, pixels: &[u8]) -> Result<FrameView<'_>, PlatformError> {
    FrameView::new(width, height, width as usize * 4, pixels)
        .map_err(|error| PlatformError::Refused(error.to_string()))
}
