//! One person's desktop: a display, a window manager, a session bus, a home of its own.

use std::fs;
use std::io::{BufRead as _, BufReader};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result};

use crate::accessibility::Accessibility;
use crate::display::{APPEAR, Display};
use crate::hand::Hand;
use crate::process::{Process, command};
use crate::wait::wait_until;

/// A desktop. Dropping it ends all that was started for it.
#[derive(Debug)]
pub struct Desktop {
    // Dropped in this order: what needs a display goes before the display.
    window_manager: Option<Process>,
    bus: Process,
    inner: Option<Display>,
    outer: Display,
    bus_address: String,
    folder: PathBuf,
}

impl Desktop {
    /// Whoever sits here uses devices that programs see as physical: Xephyr inside Xvfb. Everything is kept
    /// under `folder`, which must exist.
    ///
    /// # Errors
    /// When a part does not start.
    pub fn physical(folder: &Path, width: u32, height: u32) -> Result<Self> {
        let outer = Display::virtual_screen(folder, "outer-screen", width, height)?;
        let inner = Display::inside(&outer, folder, "inner-screen", width, height)?;
        let (looker, hand) = (inner.connect()?, Hand::at(outer.name()));
        // Without a window manager outside, the inner screen's window lies in the outer one's corner, so
        // that places are the same on both. Until the window is there, what a hand does is lost.
        let mut at = 50;
        wait_until("Xephyr's window takes input", APPEAR, || {
            at = 101 - at;
            hand.move_to((at, at)).is_ok() && looker.pointer().is_ok_and(|pointer| pointer == (at, at))
        })?;
        Self::with(folder, outer, Some(inner))
    }

    /// Whoever sits here uses devices that programs see as simulated (XTEST): plain Xvfb.
    ///
    /// # Errors
    /// When a part does not start.
    pub fn simulated(folder: &Path, width: u32, height: u32) -> Result<Self> {
        let outer = Display::virtual_screen(folder, "screen", width, height)?;
        Self::with(folder, outer, None)
    }

    /// A display with its own window manager, in front of a real person.
    ///
    /// # Errors
    /// When the display cannot be opened.
    pub fn existing(folder: &Path, display: &str) -> Result<Self> {
        let outer = Display::existing(display);
        outer.connect()?;
        Self::with(folder, outer, None)
    }

    fn with(folder: &Path, outer: Display, inner: Option<Display>) -> Result<Self> {
        for name in ["home", "run"] {
            let path = folder.join(name);
            fs::create_dir_all(&path).with_context(|| format!("cannot make {}", path.display()))?;
            fs::set_permissions(&path, fs::Permissions::from_mode(0o700))?;
        }
        // A file rather than an abstract name: those are one network namespace's own.
        let bus_address = format!("unix:path={}", folder.join("run/bus").display());
        let mut bus = command("dbus-daemon");
        bus.args(["--session", "--nofork", "--nopidfile", "--print-address=1"]);
        bus.arg(format!("--address={bus_address}"));
        let shown = inner.as_ref().unwrap_or(&outer);
        surroundings(&mut bus, folder, shown.name(), None);
        let mut bus = Process::start_piped("session-bus", folder, bus)?;
        let mut ready = String::new();
        let output = bus.take_output().context("a bus without output")?;
        BufReader::new(output).read_line(&mut ready).context("cannot hear from the session bus")?;
        let mut desktop =
            Self { window_manager: None, bus, inner, outer, bus_address, folder: folder.to_path_buf() };
        desktop.bus.expect_running()?;
        if desktop.outer.server().is_some() {
            desktop.window_manager = Some(desktop.start("openbox", "openbox", |_| {})?);
            let looker = desktop.display().connect()?;
            wait_until("a window manager", APPEAR, || looker.is_managed().unwrap_or(false))?;
        }
        Ok(desktop)
    }

    /// The display that programs run on.
    #[must_use]
    pub fn display(&self) -> &Display {
        self.inner.as_ref().unwrap_or(&self.outer)
    }

    /// The hand of whoever sits here. With Xephyr it touches the outer display alone.
    #[must_use]
    pub fn hand(&self) -> Hand {
        Hand::at(self.outer.name())
    }

    /// Where everything of this desktop is kept.
    #[must_use]
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Where the person's files are.
    #[must_use]
    pub fn home(&self) -> PathBuf {
        self.folder.join("home")
    }

    /// A command in this person's surroundings: display, home, session bus, and nothing of the caller's.
    #[must_use]
    pub fn command(&self, program: impl AsRef<std::ffi::OsStr>) -> Command {
        let mut started = command(program);
        surroundings(&mut started, &self.folder, self.display().name(), Some(&self.bus_address));
        started
    }

    /// Starts a program here; its log is `<name>.log` in the desktop's folder.
    ///
    /// # Errors
    /// When it cannot be started.
    pub fn start(
        &self,
        name: &str,
        program: impl AsRef<std::ffi::OsStr>,
        set: impl FnOnce(&mut Command),
    ) -> Result<Process> {
        let mut command = self.command(program);
        set(&mut command);
        Process::start(name, &self.folder, command)
    }

    /// The desktop as a screen reader sees it. Switches assistive technology on for programs started later.
    ///
    /// # Errors
    /// When the accessibility bus does not start.
    pub fn accessibility(&self) -> Result<Accessibility> {
        Accessibility::switch_on(&self.bus_address)
    }
}

/// Sets what a program inherits, and takes away what leads to the caller's own desktop.
fn surroundings(command: &mut Command, folder: &Path, display: &str, bus: Option<&str>) {
    for variable in ["WAYLAND_DISPLAY", "DBUS_SESSION_BUS_ADDRESS", "AT_SPI_BUS_ADDRESS", "RUST_LOG"] {
        command.env_remove(variable);
    }
    // A display of somebody else's opens with the cookie in the caller's home, which programs here do not see.
    if std::env::var_os("XAUTHORITY").is_none()
        && let Some(cookie) = std::env::home_dir().map(|home| home.join(".Xauthority"))
        && cookie.exists()
    {
        command.env("XAUTHORITY", cookie);
    }
    for (variable, place) in [
        ("HOME", "home"),
        ("XDG_RUNTIME_DIR", "run"),
        ("XDG_CONFIG_HOME", "home/.config"),
        ("XDG_DATA_HOME", "home/.local/share"),
        ("XDG_STATE_HOME", "home/.local/state"),
        ("XDG_CACHE_HOME", "home/.cache"),
    ] {
        command.env(variable, folder.join(place));
    }
    command.env("DISPLAY", display).env("LANG", "C.UTF-8").env("LC_ALL", "C.UTF-8").current_dir(folder);
    if let Some(address) = bus {
        command.env("DBUS_SESSION_BUS_ADDRESS", address);
    }
}
