//! X servers on numbers that they choose themselves, and what windows are on them.

use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use anyhow::{Context as _, Result};
use x11rb::connection::Connection as _;
use x11rb::protocol::xfixes::ConnectionExt as _;
use x11rb::protocol::xproto::{AtomEnum, ConnectionExt as _, ImageFormat, MapState, Window};
use x11rb::rust_connection::RustConnection;

use crate::picture::{Picture, Rect};
use crate::process::{Process, command};
use crate::wait::wait_for;

/// How long an X server or a window may take to appear.
pub const APPEAR: Duration = Duration::from_secs(30);

/// An X display: one that was started here, or one that existed.
#[derive(Debug)]
pub struct Display {
    name: String,
    server: Option<Process>,
}

/// A window that is on the screen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WindowInfo {
    /// Its number.
    pub id: Window,
    /// Its title.
    pub title: String,
    /// Its content, without the window manager's frame, on the display.
    pub rect: Rect,
}

impl Display {
    /// A display without a monitor: Xvfb, 24 bits a pixel.
    ///
    /// # Errors
    /// When it does not start.
    pub fn virtual_screen(folder: &Path, name: &str, width: u32, height: u32) -> Result<Self> {
        let mut server = command("Xvfb");
        server.args(["-displayfd", "1", "-nolisten", "tcp", "-noreset", "-screen", "0"]);
        server.arg(format!("{width}x{height}x24"));
        Self::start(folder, name, server)
    }

    /// A display in a window of another one: Xephyr, which can be resized. What happens to the outer one's
    /// mouse and keyboard arrives inside from Xephyr's own devices, which programs there see as physical.
    ///
    /// # Errors
    /// When it does not start.
    pub fn inside(outer: &Self, folder: &Path, name: &str, width: u32, height: u32) -> Result<Self> {
        let mut server = command("Xephyr");
        server.args([
            "-displayfd",
            "1",
            "-nolisten",
            "tcp",
            "-noreset",
            "-resizeable",
            "-no-host-grab",
            "-screen",
        ]);
        server.arg(format!("{width}x{height}x24")).args(["-title", name]).env("DISPLAY", &outer.name);
        Self::start(folder, name, server)
    }

    /// A display that somebody else started, such as `:0`.
    #[must_use]
    pub fn existing(name: &str) -> Self {
        Self { name: name.to_owned(), server: None }
    }

    fn start(folder: &Path, name: &str, server: Command) -> Result<Self> {
        let mut server = Process::start_piped(name, folder, server)?;
        let mut line = String::new();
        let output = server.take_output().context("an X server without output")?;
        // The server writes its number when it is ready for connections, and closes the pipe if it fails.
        BufReader::new(output).read_line(&mut line).context("cannot hear from the X server")?;
        if line.trim().is_empty() {
            server.wait(Duration::from_secs(5))?;
            server.expect_running()?;
        }
        Ok(Self { name: format!(":{}", line.trim()), server: Some(server) })
    }

    /// As in `$DISPLAY`.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The server, if it was started here.
    #[must_use]
    pub fn server(&self) -> Option<&Process> {
        self.server.as_ref()
    }

    /// A connection of its own.
    ///
    /// # Errors
    /// When the display is gone.
    pub fn connect(&self) -> Result<Looker> {
        let (connection, screen) =
            x11rb::connect(Some(&self.name)).with_context(|| format!("cannot open display {}", self.name))?;
        let root = connection.setup().roots.get(screen).context("no such screen")?.root;
        Ok(Looker { connection, root })
    }

    /// The whole screen as it is now.
    ///
    /// # Errors
    /// When the display is gone.
    pub fn picture(&self) -> Result<Picture> {
        self.connect()?.picture()
    }

    /// The window whose title holds `title`, waiting for it to be there.
    ///
    /// # Errors
    /// When it does not appear in [`APPEAR`].
    pub fn window(&self, title: &str) -> Result<WindowInfo> {
        let looker = self.connect()?;
        wait_for(&format!("a window titled “{title}” on {}", self.name), APPEAR, || {
            Ok(looker.windows()?.into_iter().find(|window| window.title.contains(title)))
        })
    }
}

/// A connection that only looks.
#[derive(Debug)]
pub struct Looker {
    connection: RustConnection,
    root: Window,
}

impl Looker {
    /// Width and height of the screen.
    ///
    /// # Errors
    /// When the display is gone.
    pub fn size(&self) -> Result<(u32, u32)> {
        let geometry = self.connection.get_geometry(self.root)?.reply()?;
        Ok((u32::from(geometry.width), u32::from(geometry.height)))
    }

    /// The whole screen as it is now.
    ///
    /// # Errors
    /// When the display is gone.
    pub fn picture(&self) -> Result<Picture> {
        let (width, height) = self.size()?;
        self.part(Rect { x: 0, y: 0, width, height })
    }

    /// A part of the screen as it is now.
    ///
    /// # Errors
    /// When the display is gone or the part is not on it.
    pub fn part(&self, rect: Rect) -> Result<Picture> {
        let (x, y) = (i16::try_from(rect.x)?, i16::try_from(rect.y)?);
        let (width, height) = (u16::try_from(rect.width)?, u16::try_from(rect.height)?);
        let reply =
            self.connection.get_image(ImageFormat::Z_PIXMAP, self.root, x, y, width, height, !0)?.reply()?;
        Picture::from_bgrx(rect.width, rect.height, &reply.data)
    }

    /// Every so manyth row of a part of the screen, as one picture: a quick look at a large part.
    ///
    /// # Errors
    /// When the display is gone or the part is not on it.
    pub fn rows(&self, rect: Rect, every: u32) -> Result<Picture> {
        let (x, width) = (i16::try_from(rect.x)?, u16::try_from(rect.width)?);
        let mut asked = Vec::new();
        for y in (rect.y..rect.y + rect.height).step_by(every.max(1) as usize) {
            let (y, format) = (i16::try_from(y)?, ImageFormat::Z_PIXMAP);
            asked.push(self.connection.get_image(format, self.root, x, y, width, 1, !0)?);
        }
        let count = u32::try_from(asked.len())?;
        let mut data = Vec::new();
        for row in asked {
            data.extend(row.reply()?.data);
        }
        Picture::from_bgrx(rect.width, count, &data)
    }

    /// What the pointer covers, with a pixel around it.
    ///
    /// # Errors
    /// When the display is gone.
    pub fn pointer_box(&self) -> Result<Rect> {
        self.connection.xfixes_query_version(5, 0)?.reply()?;
        let shape = self.connection.xfixes_get_cursor_image()?.reply()?;
        let start = |at: i16, hot: u16| u32::try_from(i32::from(at) - i32::from(hot) - 1).unwrap_or(0);
        let (x, y) = (start(shape.x, shape.xhot), start(shape.y, shape.yhot));
        Ok(Rect { x, y, width: u32::from(shape.width) + 2, height: u32::from(shape.height) + 2 })
    }

    /// Whether a window manager looks after the windows (EWMH `_NET_SUPPORTING_WM_CHECK`).
    ///
    /// # Errors
    /// When the display is gone.
    pub fn is_managed(&self) -> Result<bool> {
        let atom = self.connection.intern_atom(false, b"_NET_SUPPORTING_WM_CHECK")?.reply()?.atom;
        let reply = self.connection.get_property(false, self.root, atom, AtomEnum::WINDOW, 0, 1)?.reply()?;
        Ok(reply.value_len == 1)
    }

    /// Where the pointer is.
    ///
    /// # Errors
    /// When the display is gone.
    pub fn pointer(&self) -> Result<(i32, i32)> {
        let reply = self.connection.query_pointer(self.root)?.reply()?;
        Ok((i32::from(reply.root_x), i32::from(reply.root_y)))
    }

    /// All mapped windows with a title, the topmost last.
    ///
    /// # Errors
    /// When the display is gone.
    pub fn windows(&self) -> Result<Vec<WindowInfo>> {
        let utf8 = self.connection.intern_atom(false, b"_NET_WM_NAME")?.reply()?.atom;
        let mut found = Vec::new();
        let mut waiting = vec![self.root];
        while let Some(window) = waiting.pop() {
            // Windows come and go while they are listed: one that vanishes is left out.
            let Ok(tree) = self.connection.query_tree(window)?.reply() else { continue };
            waiting.extend(tree.children.iter().rev());
            if window != self.root
                && let Some(info) = self.describe(window, utf8)?
            {
                found.push(info);
            }
        }
        Ok(found)
    }

    fn describe(&self, window: Window, utf8: u32) -> Result<Option<WindowInfo>> {
        let Ok(attributes) = self.connection.get_window_attributes(window)?.reply() else { return Ok(None) };
        if attributes.map_state != MapState::VIEWABLE {
            return Ok(None);
        }
        let mut title = String::new();
        for atom in [utf8, AtomEnum::WM_NAME.into()] {
            if let Ok(name) =
                self.connection.get_property(false, window, atom, AtomEnum::ANY, 0, 256)?.reply()
                && title.is_empty()
            {
                title = String::from_utf8_lossy(&name.value).into_owned();
            }
        }
        let geometry = self.connection.get_geometry(window)?.reply();
        let place = self.connection.translate_coordinates(window, self.root, 0, 0)?.reply();
        let (Ok(geometry), Ok(place)) = (geometry, place) else { return Ok(None) };
        if title.is_empty() {
            return Ok(None);
        }
        let rect = Rect {
            x: u32::try_from(place.dst_x).unwrap_or(0),
            y: u32::try_from(place.dst_y).unwrap_or(0),
            width: u32::from(geometry.width),
            height: u32::from(geometry.height),
        };
        Ok(Some(WindowInfo { id: window, title, rect }))
    }
}
