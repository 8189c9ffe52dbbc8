//! The operator's marks in windows of their own: one a mark, shaped like it, and without a place that a
//! pointer could touch. They need no compositor.

use std::collections::BTreeMap;
use std::time::Duration;

use deskside_codec::Rect;
use deskside_proto::marks::MarkId;
use deskside_session::{Grant, Point};
use x11rb::connection::Connection as _;
use x11rb::protocol::Event;
use x11rb::protocol::shape::SK;
use x11rb::protocol::xfixes::ConnectionExt as _;
use x11rb::protocol::xproto::{
    AtomEnum, ChangeWindowAttributesAux, ConfigureWindowAux, ConnectionExt as _, CreateGCAux,
    CreateWindowAux, PropMode, Rectangle, StackMode, Window, WindowClass,
};
use x11rb::rust_connection::RustConnection;
use x11rb::wrapper::ConnectionExt as _;

use super::reach;
use super::region::Region;
use super::windows::{Processes, Windows};
use crate::drawing::{self, Canvas};
use crate::marks::{Board, Shown};
use crate::{Overlay, PlatformError};

/// How often what changes meanwhile is looked at again.
const LOOKS: usize = 3;

/// A mark on the screen.
#[derive(Debug)]
struct Drawn {
    /// `None` while nothing of it is within the scope.
    window: Option<Window>,
    revision: u64,
    strength: u8,
}

/// Marks on an X display.
#[derive(Debug)]
pub struct X11Overlay {
    connection: RustConnection,
    root: Window,
    depth: u8,
    windows: Windows,
    drawn: BTreeMap<MarkId, Drawn>,
    /// What the marks were last cut to.
    reach: Region,
}

impl X11Overlay {
    pub(super) fn new(
        connection: RustConnection,
        screen: usize,
        processes: Processes,
    ) -> Result<Self, PlatformError> {
        connection.xfixes_query_version(5, 0)?.reply()?;
        let (root, depth) = {
            let screen = &connection.setup().roots[screen];
            (screen.root, screen.root_depth)
        };
        let windows = Windows::new(&connection, root, processes)?;
        Ok(Self { connection, root, depth, windows, drawn: BTreeMap::new(), reach: Region::default() })
    }

    fn look(&mut self) -> Result<(), PlatformError> {
        for _ in 0..LOOKS {
            while let Some(event) = self.connection.poll_for_event()? {
                if let Event::Error(error) = &event {
                    tracing::warn!(?error, "the display refused a mark");
                }
                self.windows.happened(&event);
            }
            if !self.windows.is_stale() {
                return Ok(());
            }
            self.windows.refresh(&self.connection)?;
        }
        Ok(())
    }

    fn is_mark(&self, window: Window) -> bool {
        self.drawn.values().any(|drawn| drawn.window == Some(window))
    }

    fn put(&mut self, shown: &Shown<'_>, limits: Rect) -> Result<(), PlatformError> {
        let before = self.drawn.remove(&shown.id).and_then(|drawn| drawn.window);
        let canvas = drawing::draw(shown, limits).map(|canvas| self.cut(canvas));
        let canvas = canvas.filter(|canvas| canvas.runs().next().is_some());
        let window = match (before, canvas) {
            (before, Some(canvas)) => {
                let window = before.map_or_else(|| self.open(), Ok)?;
                self.paint(window, &canvas)?;
                Some(window)
            }
            (Some(before), None) => {
                self.connection.destroy_window(before)?;
                None
            }
            (None, None) => None,
        };
        let (revision, strength) = (shown.revision, shown.strength);
        self.drawn.insert(shown.id, Drawn { window, revision, strength });
        Ok(())
    }

    /// Takes away what is beyond the scope.
    fn cut(&self, mut canvas: Canvas) -> Canvas {
        let all = Region::of(reach::place(Rect::new(canvas.x, canvas.y, canvas.width, canvas.height)));
        for beyond in all.subtract(&self.reach).places() {
            let (x, y) = (beyond.x.unsigned_abs(), beyond.y.unsigned_abs());
            canvas.erase(Rect::new(x, y, beyond.width, beyond.height));
        }
        canvas
    }

    /// A window that nothing can touch and that is not mapped yet.
    fn open(&self) -> Result<Window, PlatformError> {
        let window = self.connection.generate_id()?;
        let look = CreateWindowAux::new().override_redirect(1);
        let class = WindowClass::INPUT_OUTPUT;
        self.connection.create_window(self.depth, window, self.root, 0, 0, 1, 1, 0, class, 0, &look)?;
        let nowhere = self.connection.generate_id()?;
        self.connection.xfixes_create_region(nowhere, &[])?;
        self.connection.xfixes_set_window_shape_region(window, SK::INPUT, 0, 0, nowhere)?;
        self.connection.xfixes_destroy_region(nowhere)?;
        // What follows the pointer has no shadow and no animation.
        let (name, kind) = (self.windows.atoms._NET_WM_WINDOW_TYPE, AtomEnum::ATOM);
        let follows = [self.windows.atoms._NET_WM_WINDOW_TYPE_DND];
        self.connection.change_property32(PropMode::REPLACE, window, name, kind, &follows)?;
        Ok(window)
    }

    /// Gives a window the form and the colours of a canvas. The colours are its background, so that the
    /// server itself paints them again when they were covered.
    fn paint(&self, window: Window, canvas: &Canvas) -> Result<(), PlatformError> {
        let connection = &self.connection;
        let mut colours: BTreeMap<u8, Vec<Rectangle>> = BTreeMap::new();
        // A screen reaches no further than the protocol's signed 16 bits, so nothing is lost here.
        for run in canvas.runs() {
            let (x, y) = ((run.x - canvas.x) as i16, (run.y - canvas.y) as i16);
            let rectangle = Rectangle { x, y, width: run.width as u16, height: 1 };
            colours.entry(run.value).or_default().push(rectangle);
        }
        let (width, height) = (canvas.width as u16, canvas.height as u16);
        let (pixmap, context) = (connection.generate_id()?, connection.generate_id()?);
        connection.create_pixmap(self.depth, pixmap, self.root, width, height)?;
        connection.create_gc(context, pixmap, &CreateGCAux::new().graphics_exposures(0))?;
        for (value, rectangles) in &colours {
            let paint = x11rb::protocol::xproto::ChangeGCAux::new().foreground(canvas.colour(*value));
            connection.change_gc(context, &paint)?;
            connection.poly_fill_rectangle(pixmap, context, rectangles)?;
        }
        connection.free_gc(context)?;
        let form = connection.generate_id()?;
        let rectangles: Vec<Rectangle> = colours.into_values().flatten().collect();
        connection.xfixes_create_region(form, &rectangles)?;
        let place = ConfigureWindowAux::new().x(canvas.x as i32).y(canvas.y as i32);
        connection.configure_window(window, &place.width(u32::from(width)).height(u32::from(height)))?;
        connection.xfixes_set_window_shape_region(window, SK::BOUNDING, 0, 0, form)?;
        connection.xfixes_destroy_region(form)?;
        let colours = ChangeWindowAttributesAux::new().background_pixmap(pixmap);
        connection.change_window_attributes(window, &colours)?;
        connection.free_pixmap(pixmap)?;
        connection.clear_area(false, window, 0, 0, 0, 0)?;
        connection.map_window(window)?;
        Ok(())
    }

    /// Puts the marks above everything else, in their order, unless they are there already.
    fn raise(&self, board: &Board, now: Duration) -> Result<(), PlatformError> {
        let marks = board.shown(now).filter_map(|shown| self.drawn.get(&shown.id)?.window);
        let marks: Vec<Window> = marks.collect();
        let uppermost = self.windows.stacked().rev().take(marks.len()).map(|(window, _)| window);
        if !uppermost.eq(marks.iter().rev().copied()) {
            let above = ConfigureWindowAux::new().stack_mode(StackMode::ABOVE);
            for window in marks {
                self.connection.configure_window(window, &above)?;
            }
        }
        Ok(())
    }

    fn draw(&mut self, grant: &Grant<Point>, board: &Board, now: Duration) -> Result<(), PlatformError> {
        self.look()?;
        let limits = reach::limits(&self.connection, self.root, grant.scope())?;
        let Some(limits) = limits else { return self.clear() };
        let reach = reach::visible(&self.windows, grant.scope(), limits, |window| self.is_mark(window));
        let is_moved = std::mem::replace(&mut self.reach, reach) != self.reach;
        let gone: Vec<MarkId> = (self.drawn.keys().copied())
            .filter(|id| !board.shown(now).any(|shown| shown.id == *id))
            .collect();
        for id in gone {
            if let Some(window) = self.drawn.remove(&id).and_then(|drawn| drawn.window) {
                self.connection.destroy_window(window)?;
            }
        }
        for shown in board.shown(now) {
            let is_as_before = self.drawn.get(&shown.id).is_some_and(|drawn| {
                !is_moved && (drawn.revision, drawn.strength) == (shown.revision, shown.strength)
            });
            if !is_as_before {
                grant.check()?;
                self.put(&shown, limits)?;
            }
        }
        self.raise(board, now)?;
        Ok(self.connection.sync()?)
    }
}

impl Overlay for X11Overlay {
    fn show(&mut self, grant: &Grant<Point>, board: &Board, now: Duration) -> Result<(), PlatformError> {
        let outcome = grant.check().map_err(Into::into).and_then(|()| self.draw(grant, board, now));
        if matches!(outcome, Err(PlatformError::Denied(_))) {
            self.clear()?;
        }
        outcome
    }

    fn clear(&mut self) -> Result<(), PlatformError> {
        for drawn in std::mem::take(&mut self.drawn).into_values() {
            if let Some(window) = drawn.window {
                self.connection.destroy_window(window)?;
            }
        }
        self.reach = Region::default();
        Ok(self.connection.sync()?)
    }
}
