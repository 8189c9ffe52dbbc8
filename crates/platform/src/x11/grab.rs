//! The operator's keyboard as a whole, while the picture has it: every key goes to the sharer, also those
//! that the window manager would take, except the one that ends it.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;

use deskside_proto::input::InputEvent;
use x11rb::connection::Connection;
use x11rb::errors::ReplyError;
use x11rb::protocol::Event;
use x11rb::protocol::xkb::{BoolCtrl, ConnectionExt as _, PerClientFlag};
use x11rb::protocol::xproto::{
    ChangeWindowAttributesAux, ConnectionExt as _, EventMask, GrabMode, GrabStatus, KeyPressEvent,
    NotifyMode, Window,
};
use x11rb::rust_connection::RustConnection;
use x11rb::wrapper::ConnectionExt as _;

use super::compose::Compose;
use super::keymap::{Keymap, Modifiers, core_keyboard};
use super::stop::Stop;
use super::translate::{KeyEvent, Meaning, Translator};
use crate::{GrabCallback, GrabEvent, GrabRefused, PlatformError};

/// The operator's keyboard, grabbed or not; let go of when dropped.
pub struct KeyboardGrab {
    connection: Arc<RustConnection>,
    state: Arc<Mutex<State>>,
    stop: Stop,
    thread: Option<JoinHandle<()>>,
}

impl fmt::Debug for KeyboardGrab {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("KeyboardGrab").finish_non_exhaustive()
    }
}

/// What the grab's thread and the program's share.
struct State {
    /// The window for which the keyboard is grabbed.
    window: Option<Window>,
    translator: Translator,
    callback: GrabCallback,
}

impl KeyboardGrab {
    pub(super) fn new(
        connection: RustConnection,
        screen: usize,
        locale: &str,
        callback: GrabCallback,
    ) -> Result<Self, PlatformError> {
        // A held key then repeats as presses alone, not as releases and presses.
        let repeat = PerClientFlag::DETECTABLE_AUTO_REPEAT;
        let none = BoolCtrl::from(0u32);
        connection.xkb_per_client_flags(core_keyboard(), repeat, repeat, none, none, none)?.reply()?;
        Keymap::follow(&connection, core_keyboard())?;
        let keymap = Keymap::read(&connection, core_keyboard())?;
        let stop = Stop::new(&connection, screen)?;
        let compose = Compose::new(locale);
        if compose.is_none() {
            tracing::info!(locale, "no Compose table: dead keys travel as keys");
        }
        let translator = Translator::new(compose);
        let state = Arc::new(Mutex::new(State { window: None, translator, callback }));
        let connection = Arc::new(connection);
        let listener = Listener { connection: Arc::clone(&connection), state: Arc::clone(&state), keymap };
        let ear = stop.clone();
        let thread =
            std::thread::Builder::new().name("keyboard".to_owned()).spawn(move || listener.run(&ear))?;
        Ok(Self { connection, state, stop, thread: Some(thread) })
    }

    /// Takes the keyboard for an X window that is on the screen, until [`KeyboardGrab::ungrab`],
    /// [`GrabEvent::Escape`] or [`GrabEvent::Lost`].
    ///
    /// # Errors
    /// [`GrabRefused`]; the keyboard is then as it was.
    pub fn grab(&self, window: u32) -> Result<(), GrabRefused> {
        let mut state = lock(&self.state);
        if state.window == Some(window) {
            return Ok(());
        }
        let watch = ChangeWindowAttributesAux::new()
            .event_mask(EventMask::FOCUS_CHANGE | EventMask::STRUCTURE_NOTIFY);
        let refused = |error: ReplyError| match error {
            ReplyError::X11Error(_) => GrabRefused::NotShown,
            ReplyError::ConnectionError(_) => GrabRefused::DisplayLost,
        };
        let lost = |_| GrabRefused::DisplayLost;
        let watching = self.connection.change_window_attributes(window, &watch).map_err(lost)?;
        watching.check().map_err(refused)?;
        let (mode, now) = (GrabMode::ASYNC, x11rb::CURRENT_TIME);
        let grabbing = self.connection.grab_keyboard(false, window, now, mode, mode).map_err(lost)?;
        match grabbing.reply().map_err(refused)?.status {
            GrabStatus::SUCCESS => {}
            GrabStatus::NOT_VIEWABLE => return Err(GrabRefused::NotShown),
            _ => return Err(GrabRefused::Taken),
        }
        state.window = Some(window);
        Ok(())
    }

    /// Gives the keyboard back; the callback is told to release all.
    pub fn ungrab(&self) {
        leave(&self.connection, &mut lock(&self.state), None);
    }
}

impl Drop for KeyboardGrab {
    fn drop(&mut self) {
        self.ungrab();
        self.stop.stop(&self.connection);
        if self.thread.take().is_some_and(|thread| thread.join().is_err()) {
            tracing::error!("the thread that reads the keyboard panicked");
        }
    }
}

fn lock(state: &Mutex<State>) -> std::sync::MutexGuard<'_, State> {
    state.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Ends the grab, if there is one, and says why.
fn leave(connection: &RustConnection, state: &mut State, why: Option<GrabEvent>) {
    let Some(window) = state.window.take() else { return };
    let ended = || -> Result<(), PlatformError> {
        connection.ungrab_keyboard(x11rb::CURRENT_TIME)?;
        let ignore = ChangeWindowAttributesAux::new().event_mask(EventMask::NO_EVENT);
        // The window may be gone; that error comes as an event and is of no interest.
        connection.change_window_attributes(window, &ignore)?;
        Ok(connection.sync()?)
    };
    if let Err(error) = ended() {
        tracing::debug!(%error, "the display was gone before the keyboard was given back");
    }
    state.translator.reset();
    (state.callback)(GrabEvent::Input(InputEvent::ReleaseAll));
    if let Some(why) = why {
        (state.callback)(why);
    }
}

struct Listener {
    connection: Arc<RustConnection>,
    state: Arc<Mutex<State>>,
    keymap: Keymap,
}

impl Listener {
    fn run(mut self, stop: &Stop) {
        loop {
            let heard = match self.connection.wait_for_event() {
                Ok(event) if stop.is(&event) => return,
                Ok(event) => self.hear(&event),
                Err(error) => Err(error.into()),
            };
            match heard {
                Ok(()) => {}
                Err(PlatformError::DisplayLost) => {
                    return leave(&self.connection, &mut lock(&self.state), Some(GrabEvent::Lost));
                }
                Err(error) => tracing::warn!(%error, "the keyboard goes on"),
            }
        }
    }

    fn hear(&mut self, event: &Event) -> Result<(), PlatformError> {
        match event {
            Event::KeyPress(event) => {
                let state = &mut lock(&self.state);
                if state.window.is_some() {
                    let meaning = state.translator.press(&self.keymap, key_event(event));
                    self.pass_on(state, meaning);
                }
            }
            Event::KeyRelease(event) => {
                let state = &mut lock(&self.state);
                if state.window.is_some() {
                    let meaning = state.translator.release(key_event(event));
                    self.pass_on(state, meaning);
                }
            }
            // Grabbing moves the focus by itself; only other changes mean that the window has lost it.
            Event::FocusOut(event) if !matches!(event.mode, NotifyMode::GRAB | NotifyMode::UNGRAB) => {
                self.lose(event.event);
            }
            Event::UnmapNotify(event) => self.lose(event.window),
            Event::DestroyNotify(event) => self.lose(event.window),
            Event::XkbMapNotify(_) | Event::XkbNewKeyboardNotify(_) => {
                self.keymap = Keymap::read(&self.connection, core_keyboard())?;
            }
            _ => {}
        }
        Ok(())
    }

    fn pass_on(&self, state: &mut State, meaning: Meaning) {
        for event in meaning.events {
            (state.callback)(GrabEvent::Input(event));
        }
        if meaning.escape {
            leave(&self.connection, state, Some(GrabEvent::Escape));
        }
    }

    fn lose(&self, window: Window) {
        let state = &mut lock(&self.state);
        if state.window == Some(window) {
            leave(&self.connection, state, Some(GrabEvent::Lost));
        }
    }
}

fn key_event(event: &KeyPressEvent) -> KeyEvent {
    let state = u16::from(event.state);
    KeyEvent {
        keycode: event.detail,
        modifiers: (state & 0xff) as Modifiers,
        // XKB puts the group into these two bits of the core protocol's state.
        group: ((state >> 13) & 0x03) as u8,
        time: event.time,
    }
}
