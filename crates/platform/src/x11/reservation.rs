//! Keeping F11 from applications while it means "stop".

use std::collections::BTreeSet;
use std::sync::Arc;
use std::thread::JoinHandle;

use x11rb::connection::Connection;
use x11rb::protocol::Event;
use x11rb::protocol::xproto::{ConnectionExt as _, Grab, GrabMode, ModMask, Window};
use x11rb::rust_connection::RustConnection;
use x11rb::wrapper::ConnectionExt as _;

use super::keymap::{Keymap, LOCK, core_keyboard};
use super::stop::Stop;
use crate::PlatformError;

/// Takes F11 for itself as long as it exists, with any locks. It only keeps the key from applications, and
/// does not even do that if another program has taken the key first: [`super::HandWatch`] hears F11
/// either way.
///
/// It has a connection of its own, because the server sends no raw events to the connection that a grab
/// is on: the hand would be deaf while F11 is held.
#[derive(Debug)]
pub struct F11Reservation {
    connection: Arc<RustConnection>,
    root: Window,
    stop: Stop,
    thread: Option<JoinHandle<()>>,
}

impl F11Reservation {
    pub(super) fn new(connection: RustConnection, screen: usize) -> Result<Self, PlatformError> {
        let root = connection.setup().roots[screen].root;
        Keymap::follow(&connection, core_keyboard())?;
        let stop = Stop::new(&connection, screen)?;
        reserve(&connection, root)?;
        let connection = Arc::new(connection);
        let (theirs, ear) = (Arc::clone(&connection), stop.clone());
        let name = "f11".to_owned();
        let thread = std::thread::Builder::new().name(name).spawn(move || keep(&theirs, root, &ear))?;
        Ok(Self { connection, root, stop, thread: Some(thread) })
    }
}

impl Drop for F11Reservation {
    fn drop(&mut self) {
        let give_back = || -> Result<(), PlatformError> {
            self.connection.ungrab_key(Grab::ANY, self.root, ModMask::ANY)?;
            Ok(self.connection.sync()?)
        };
        if let Err(error) = give_back() {
            tracing::debug!(%error, "the display was gone before F11 was given back");
        }
        self.stop.stop(&self.connection);
        if self.thread.take().is_some_and(|thread| thread.join().is_err()) {
            tracing::error!("the thread that keeps F11 panicked");
        }
    }
}

/// Reads the key events that nobody wants, and follows changes of the layout.
fn keep(connection: &RustConnection, root: Window, stop: &Stop) {
    loop {
        let kept = match connection.wait_for_event() {
            Ok(event) if stop.is(&event) => return,
            Ok(Event::XkbMapNotify(_) | Event::XkbNewKeyboardNotify(_)) => reserve(connection, root),
            Ok(_) => Ok(()),
            Err(error) => Err(error.into()),
        };
        match kept {
            Ok(()) => {}
            Err(PlatformError::DisplayLost) => return,
            Err(error) => tracing::warn!(%error, "F11 stays reserved as it was"),
        }
    }
}

fn reserve(connection: &RustConnection, root: Window) -> Result<(), PlatformError> {
    let keymap = Keymap::read(connection, core_keyboard())?;
    let num_lock = keymap.num_lock();
    let locks = BTreeSet::from([0, LOCK, num_lock, LOCK | num_lock]);
    for keycode in keymap.keys_of_f11() {
        for modifiers in &locks {
            let (modifiers, mode) = (ModMask::from(u16::from(*modifiers)), GrabMode::ASYNC);
            let taken = connection.grab_key(false, root, modifiers, keycode, mode, mode)?.check();
            match taken.map_err(PlatformError::from) {
                Ok(()) => {}
                Err(PlatformError::Refused(error)) => {
                    tracing::info!(error, "F11 belongs to another program as well");
                }
                Err(error) => return Err(error),
            }
        }
    }
    Ok(())
}
