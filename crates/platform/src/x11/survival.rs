//! Outliving the display.
//!
//! Windows come from winit, which uses Xlib, and Xlib ends the whole process when the display goes away.
//! A session must still be ended then, its journal signed and saved. So Xlib's thread is stopped for good
//! instead, and whoever hears of the loss on another thread ends the process when the rest is done.

use std::ffi::c_int;

use x11_dl::xlib::{Display, Xlib};

use crate::PlatformError;

/// While this exists, the loss of the display ends nothing but the thread that notices it in Xlib.
pub struct Survival {
    xlib: Xlib,
}

impl Survival {
    /// To be made before the first window. One for the whole process: Xlib knows one such wish only.
    ///
    /// # Errors
    /// [`PlatformError::Missing`] if there is no Xlib; then there are no windows either.
    pub fn new() -> Result<Self, PlatformError> {
        let xlib = Xlib::open().map_err(|_| PlatformError::Missing("the library libX11.so.6"))?;
        // SAFETY: the handler has the signature that Xlib wants, is never unloaded, and never returns.
        unsafe { (xlib.XSetIOErrorHandler)(Some(stop_this_thread)) };
        Ok(Self { xlib })
    }
}

impl Drop for Survival {
    fn drop(&mut self) {
        // SAFETY: no handler is Xlib's own way to say "the usual one".
        unsafe { (self.xlib.XSetIOErrorHandler)(None) };
    }
}

impl std::fmt::Debug for Survival {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Survival")
    }
}

/// Xlib ends the process as soon as this returns.
unsafe extern "C" fn stop_this_thread(_display: *mut Display) -> c_int {
    tracing::error!("the display is gone");
    loop {
        std::thread::park();
    }
}
