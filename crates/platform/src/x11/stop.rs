//! Ending a thread that waits for events: a message to a window of its own.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use x11rb::connection::Connection;
use x11rb::protocol::Event;
use x11rb::protocol::xproto::{
    AtomEnum, ClientMessageEvent, ConnectionExt as _, CreateWindowAux, EventMask, Window, WindowClass,
};
use x11rb::rust_connection::RustConnection;

use crate::PlatformError;

/// The message that ends one connection's thread. Other programs can send it as well, and must not be able
/// to end the watch for F11 with it, so it counts only after [`Stop::stop`].
#[derive(Debug, Clone)]
pub(super) struct Stop {
    window: Window,
    meant: Arc<AtomicBool>,
}

impl Stop {
    pub(super) fn new(connection: &RustConnection, screen: usize) -> Result<Self, PlatformError> {
        let root = connection.setup().roots[screen].root;
        let window = connection.generate_id()?;
        let (class, aux) = (WindowClass::INPUT_ONLY, CreateWindowAux::new());
        connection.create_window(0, window, root, -1, -1, 1, 1, 0, class, 0, &aux)?.check()?;
        Ok(Self { window, meant: Arc::default() })
    }

    /// Sends the message. A connection that is broken has ended its thread already.
    pub(super) fn stop(&self, connection: &RustConnection) {
        self.meant.store(true, Ordering::SeqCst);
        let message = ClientMessageEvent::new(8, self.window, AtomEnum::NOTICE, [0u8; 20]);
        let sent = connection.send_event(false, self.window, EventMask::NO_EVENT, message).map(drop);
        if let Err(error) = sent.and_then(|()| connection.flush()) {
            tracing::debug!(%error, "the display was gone before its thread ended");
        }
    }

    /// Whether an event is the message.
    pub(super) fn is(&self, event: &Event) -> bool {
        matches!(event, Event::ClientMessage(message) if message.window == self.window)
            && self.meant.load(Ordering::SeqCst)
    }
}
