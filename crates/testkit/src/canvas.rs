//! Pictures that an X server keeps and shows by itself, so that who shows them spends nothing on it.

use anyhow::{Context as _, Result, ensure};
use x11rb::connection::Connection as _;
use x11rb::protocol::xproto::{
    ChangeGCAux, ChangeWindowAttributesAux, ConfigureWindowAux, ConnectionExt as _, CreateGCAux,
    CreateWindowAux, Drawable, Gcontext, ImageFormat, Pixmap, Rectangle, StackMode, Window, WindowClass,
};
use x11rb::rust_connection::RustConnection;

use crate::display::Display;
use crate::picture::Rect;

/// Bytes of one upload: requests are limited, to 16 MB at most.
const UPLOAD: usize = 4 << 20;

/// A window without a frame, below all others, and the pictures for it; gone when dropped.
#[derive(Debug)]
pub struct Canvas {
    connection: RustConnection,
    window: Window,
    brush: Gcontext,
    depth: u8,
    size: (u16, u16),
}

impl Canvas {
    /// Opens it there.
    ///
    /// # Errors
    /// When the display is gone.
    pub fn open(display: &Display, place: Rect) -> Result<Self> {
        let (connection, screen) = x11rb::connect(Some(display.name())).context("cannot open the display")?;
        let screen = connection.setup().roots.get(screen).context("no such screen")?;
        let (root, depth) = (screen.root, screen.root_depth);
        let (window, brush) = (connection.generate_id()?, connection.generate_id()?);
        let (x, y) = (i16::try_from(place.x)?, i16::try_from(place.y)?);
        let size = (u16::try_from(place.width)?, u16::try_from(place.height)?);
        // No window manager may move it, frame it or give it the keyboard.
        let looks = CreateWindowAux::new().override_redirect(1);
        let class = WindowClass::INPUT_OUTPUT;
        connection.create_window(0, window, root, x, y, size.0, size.1, 0, class, 0, &looks)?;
        connection.create_gc(brush, window, &CreateGCAux::new().graphics_exposures(0))?;
        connection.configure_window(window, &ConfigureWindowAux::new().stack_mode(StackMode::BELOW))?;
        connection.map_window(window)?;
        connection.get_input_focus()?.reply()?;
        Ok(Self { connection, window, brush, depth, size })
    }

    /// Gives the server a picture to keep: rows of four bytes a pixel, blue first.
    ///
    /// # Errors
    /// When there are not exactly as many bytes as pixels need, or the display is gone.
    pub fn keep(&self, (width, height): (u16, u16), bgrx: &[u8]) -> Result<Pixmap> {
        let row = usize::from(width) * 4;
        ensure!(bgrx.len() == row * usize::from(height), "a picture with missing pixels");
        let pixmap = self.blank((width, height))?;
        let rows = (UPLOAD / row.max(1)).max(1);
        let mut top = 0;
        for band in bgrx.chunks(rows * row) {
            let height = u16::try_from(band.len() / row)?;
            let (format, depth) = (ImageFormat::Z_PIXMAP, self.depth);
            self.connection.put_image(format, pixmap, self.brush, width, height, 0, top, 0, depth, band)?;
            top += i16::try_from(height)?;
        }
        self.settle()?;
        Ok(pixmap)
    }

    /// An empty picture, to draw on.
    ///
    /// # Errors
    /// When the display is gone.
    pub fn blank(&self, (width, height): (u16, u16)) -> Result<Pixmap> {
        let pixmap = self.connection.generate_id()?;
        self.connection.create_pixmap(self.depth, pixmap, self.window, width, height)?;
        Ok(pixmap)
    }

    /// Draws a part of one picture on another one, from its upper left corner.
    ///
    /// # Errors
    /// When the display is gone.
    pub fn draw(&self, from: Pixmap, (x, y): (i16, i16), to: Drawable) -> Result<()> {
        self.connection.copy_area(from, to, self.brush, x, y, 0, 0, self.size.0, self.size.1)?;
        Ok(())
    }

    /// Fills places of a picture with one colour.
    ///
    /// # Errors
    /// When the display is gone.
    pub fn fill(&self, picture: Drawable, colour: u32, places: &[Rectangle]) -> Result<()> {
        self.connection.change_gc(self.brush, &ChangeGCAux::new().foreground(colour))?;
        self.connection.poly_fill_rectangle(picture, self.brush, places)?;
        Ok(())
    }

    /// Shows a picture in the window at once, and returns when it is on the screen.
    ///
    /// # Errors
    /// When the display is gone.
    pub fn show(&self, picture: Pixmap) -> Result<()> {
        self.draw(picture, (0, 0), self.window)?;
        self.settle()
    }

    fn settle(&self) -> Result<()> {
        // A request with a reply: once it is answered the server has done what came before.
        self.connection.get_input_focus()?.reply()?;
        Ok(())
    }
}

/// Hangs a picture of the screen's size (four bytes a pixel, blue first) behind everything. It stays.
///
/// # Errors
/// When the sizes do not fit or the display is gone.
pub fn hang_behind_everything(display: &Display, bgrx: &[u8]) -> Result<()> {
    let (width, height) = display.connect()?.size()?;
    let canvas = Canvas::open(display, Rect { x: 0, y: 0, width, height })?;
    let pixmap = canvas.keep(canvas.size, bgrx)?;
    let root = canvas.connection.query_tree(canvas.window)?.reply()?.root;
    let looks = ChangeWindowAttributesAux::new().background_pixmap(pixmap);
    canvas.connection.change_window_attributes(root, &looks)?;
    canvas.connection.clear_area(false, root, 0, 0, 0, 0)?;
    canvas.settle()
}
