//! Keeping all other programs from changing anything, for a moment.

use x11rb::connection::Connection as _;
use x11rb::cookie::VoidCookie;
use x11rb::errors::ConnectionError;
use x11rb::protocol::xproto::ConnectionExt as _;
use x11rb::rust_connection::RustConnection;

/// While it lives, the server hears nobody else. It must be short: a trip or two.
pub(super) struct Hold<'c>(&'c RustConnection);

impl<'c> Hold<'c> {
    pub(super) fn new(connection: &'c RustConnection) -> Result<Self, ConnectionError> {
        connection.grab_server()?.ignore_error();
        Ok(Self(connection))
    }
}

impl Drop for Hold<'_> {
    fn drop(&mut self) {
        let released = self.0.ungrab_server().map(VoidCookie::ignore_error).and_then(|()| self.0.flush());
        if let Err(error) = released {
            // With the connection the hold has gone as well.
            tracing::debug!(%error, "the display was gone before it was let go of");
        }
    }
}
