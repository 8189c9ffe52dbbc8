//! The X Window System: everything that Deskside needs of a desktop, over the plain X protocol.
//!
//! [`open`] looks whether the display can do what is needed. Each part then has a connection of its own,
//! so that none waits behind another: [`X11Screen`] (capture), [`X11Injector`] (the operator's input),
//! [`X11Overlay`] (the operator's marks), [`HandWatch`] (the customer's own input), [`PanelGuard`] (the
//! customer's panel) and [`KeyboardGrab`] (the operator's keyboard).

mod chord;
mod compose;
mod composer;
mod cursor;
mod devices;
mod fingers;
mod gate;
mod grab;
mod guard;
mod hand;
mod hold;
mod injector;
mod keymap;
mod keysym;
mod monitors;
mod overlay;
mod plain;
mod probe;
mod reach;
mod region;
mod reservation;
mod screen;
mod segment;
mod spare;
mod stop;
mod stroke;
mod survival;
mod translate;
pub(crate) mod windows;

use deskside_session::Scope;
use x11rb::connection::{Connection, RequestConnection};
use x11rb::errors::{ConnectError, ConnectionError, ReplyError, ReplyOrIdError};
use x11rb::protocol::res::ConnectionExt as _;
use x11rb::protocol::shm::ConnectionExt as _;
use x11rb::protocol::xinput::ConnectionExt as _;
use x11rb::protocol::xkb::ConnectionExt as _;
use x11rb::protocol::{composite, damage, randr, res, shape, shm, xfixes, xinput, xkb, xtest};
use x11rb::rust_connection::RustConnection;

pub use grab::KeyboardGrab;
pub use guard::PanelGuard;
pub use hand::HandWatch;
pub use injector::X11Injector;
pub use monitors::Monitor;
pub use overlay::X11Overlay;
pub use reservation::F11Reservation;
pub use screen::X11Screen;
pub use survival::Survival;
pub use windows::{Application, Risk};

use self::windows::Processes;
use crate::watchdog::{Undo, Watchdog};
use crate::{GrabCallback, GuardCallback, HandCallback, PlatformError};

/// A display that has all that is needed.
#[derive(Debug, Clone)]
pub struct X11 {
    display: Option<String>,
    /// All parts and the customer's choice speak of the same applications.
    processes: Processes,
}

/// Opens a display by name (`:0`), or the one that the environment variable `DISPLAY` names.
///
/// # Errors
/// [`PlatformError::NoDisplay`] if it cannot be opened, [`PlatformError::Missing`] if it lacks an
/// extension, [`PlatformError::PixelFormat`] if its pixels are not 24 bits in 32.
pub fn open(display: Option<&str>) -> Result<X11, PlatformError> {
    let x11 = X11 { display: display.map(str::to_owned), processes: Processes::default() };
    let (connection, screen) = x11.connect()?;
    let needed = [
        (composite::X11_EXTENSION_NAME, "the COMPOSITE extension"),
        (damage::X11_EXTENSION_NAME, "the DAMAGE extension"),
        (randr::X11_EXTENSION_NAME, "the RANDR extension"),
        (res::X11_EXTENSION_NAME, "the X-Resource extension"),
        (shape::X11_EXTENSION_NAME, "the SHAPE extension"),
        (shm::X11_EXTENSION_NAME, "the MIT-SHM extension"),
        (xfixes::X11_EXTENSION_NAME, "the XFIXES extension"),
        (xinput::X11_EXTENSION_NAME, "the XInput extension"),
        (xkb::X11_EXTENSION_NAME, "the XKEYBOARD extension"),
        (xtest::X11_EXTENSION_NAME, "the XTEST extension"),
    ];
    for (name, missing) in needed {
        connection.extension_information(name)?.ok_or(PlatformError::Missing(missing))?;
    }
    let shm = connection.shm_query_version()?.reply()?;
    if (shm.major_version, shm.minor_version) < (1, 2) {
        return Err(PlatformError::Missing("MIT-SHM 1.2 (is it a display of another computer?)"));
    }
    let resources = connection.res_query_version(1, 2)?.reply()?;
    if (resources.server_major, resources.server_minor) < (1, 2) {
        return Err(PlatformError::Missing("X-Resource 1.2"));
    }
    let root = &connection.setup().roots[screen];
    segment::check_pixel_format(connection.setup(), root.root_depth)?;
    Ok(x11)
}

/// Undoes what a killed process left behind.
pub(crate) fn undo(display: Option<&str>, left: &Undo) -> Result<(), PlatformError> {
    let x11 = X11 { display: display.map(str::to_owned), processes: Processes::default() };
    let (connection, screen) = x11.connect()?;
    let root = connection.setup().roots[screen].root;
    fingers::undo(&connection, root, left)
}

impl X11 {
    /// Begins to capture what a scope reaches. Frames take a grant of the same scope.
    ///
    /// # Errors
    /// As [`open`]; [`PlatformError::MonitorGone`] if the scope is of a monitor that there is not.
    pub fn screen(&self, scope: &Scope) -> Result<X11Screen, PlatformError> {
        let (connection, screen) = self.connect()?;
        X11Screen::new(connection, screen, self.processes.clone(), scope.clone())
    }

    /// The applications that have windows now, without this process itself, in the order of their names.
    ///
    /// # Errors
    /// As [`open`].
    pub fn applications(&self) -> Result<Vec<Application>, PlatformError> {
        let (connection, screen) = self.connect()?;
        let root = connection.setup().roots[screen].root;
        windows::list(&connection, root, &self.processes)
    }

    /// The monitors that there are now; one at least.
    ///
    /// # Errors
    /// As [`open`].
    pub fn monitors(&self) -> Result<Vec<Monitor>, PlatformError> {
        let (connection, screen) = self.connect()?;
        let root = connection.setup().roots[screen].root;
        monitors::list(&connection, root)
    }

    /// Makes ready to carry out input. The watchdog lets go of what is held should this process be killed.
    ///
    /// # Errors
    /// As [`open`].
    pub fn injector(&self, watchdog: Option<Watchdog>) -> Result<X11Injector, PlatformError> {
        let (connection, screen) = self.connect()?;
        X11Injector::new(connection, screen, watchdog, self.processes.clone())
    }

    /// Makes ready to draw the operator's marks. Nothing is drawn yet.
    ///
    /// # Errors
    /// As [`open`].
    pub fn overlay(&self) -> Result<X11Overlay, PlatformError> {
        let (connection, screen) = self.connect()?;
        X11Overlay::new(connection, screen, self.processes.clone())
    }

    /// Begins to listen to the hand, on a thread of its own, until the watch is dropped.
    ///
    /// # Errors
    /// As [`open`].
    pub fn watch_hand(&self, callback: HandCallback) -> Result<HandWatch, PlatformError> {
        let (connection, screen) = self.connect()?;
        HandWatch::new(connection, screen, callback)
    }

    /// Watches over the panel, this window, on a thread of its own, until the guard is dropped: keeps it in
    /// sight, at least this wide and high, and tells when it cannot.
    ///
    /// # Errors
    /// As [`open`].
    pub fn guard_panel(
        &self,
        window: u32,
        least: (u16, u16),
        callback: GuardCallback,
    ) -> Result<PanelGuard, PlatformError> {
        let (connection, screen) = self.connect()?;
        PanelGuard::new(connection, screen, self.processes.clone(), window, least, callback)
    }

    /// Keeps F11 from applications until the reservation is dropped.
    ///
    /// # Errors
    /// As [`open`]; not when another program has the key.
    pub fn reserve_f11(&self) -> Result<F11Reservation, PlatformError> {
        let (connection, screen) = self.connect()?;
        F11Reservation::new(connection, screen)
    }

    /// Makes ready to grab the keyboard. `locale` names the Compose table, as in `LC_CTYPE`.
    ///
    /// # Errors
    /// As [`open`].
    pub fn keyboard(&self, locale: &str, callback: GrabCallback) -> Result<KeyboardGrab, PlatformError> {
        let (connection, screen) = self.connect()?;
        KeyboardGrab::new(connection, screen, locale, callback)
    }

    /// A new connection on which the extensions that have versions have agreed on one.
    fn connect(&self) -> Result<(RustConnection, usize), PlatformError> {
        let (connection, screen) =
            x11rb::connect(self.display.as_deref()).map_err(|error| self.no_display(&error))?;
        // 2.2: raw events arrive even while another program grabs the device, and name the real device.
        connection.xinput_xi_query_version(2, 2)?.reply()?;
        if !connection.xkb_use_extension(1, 0)?.reply()?.supported {
            return Err(PlatformError::Missing("XKEYBOARD 1.0"));
        }
        Ok((connection, screen))
    }

    fn no_display(&self, error: &ConnectError) -> PlatformError {
        let display = self.display.clone().or_else(|| std::env::var("DISPLAY").ok());
        PlatformError::NoDisplay {
            display: display.unwrap_or_else(|| "(none)".to_owned()),
            reason: error.to_string(),
        }
    }
}

impl From<ConnectionError> for PlatformError {
    fn from(error: ConnectionError) -> Self {
        match error {
            ConnectionError::UnsupportedExtension => Self::Missing("an extension"),
            ConnectionError::IoError(_) | ConnectionError::UnknownError => Self::DisplayLost,
            other => Self::Refused(other.to_string()),
        }
    }
}

impl From<ReplyError> for PlatformError {
    fn from(error: ReplyError) -> Self {
        match error {
            ReplyError::ConnectionError(error) => error.into(),
            ReplyError::X11Error(error) => Self::Refused(format!("{error:?}")),
        }
    }
}

impl From<ReplyOrIdError> for PlatformError {
    fn from(error: ReplyOrIdError) -> Self {
        match error {
            ReplyOrIdError::ConnectionError(error) => error.into(),
            ReplyOrIdError::X11Error(error) => Self::Refused(format!("{error:?}")),
            ReplyOrIdError::IdsExhausted => Self::Refused("the display has no more names to give".to_owned()),
        }
    }
}
