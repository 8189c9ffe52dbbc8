//! What a program can ask of the window loop.

use std::collections::HashMap;
use std::rc::Rc;

use winit::raw_window_handle::{HasWindowHandle, RawWindowHandle};
use winit::window::Window;

use crate::picture::CursorImage;

/// Names one of a program's windows; the program chooses the numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct WindowKey(pub u32);

/// Where a window appears.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Place {
    /// Where the window manager puts it.
    #[default]
    Anywhere,
    /// In the middle of the primary monitor.
    Centre,
    /// At the top left of the primary monitor.
    TopLeft,
    /// At the top right of the primary monitor.
    TopRight,
}

/// How a window is opened. Sizes are in points (pixels times the scale factor) and end where the monitor does.
#[derive(Debug, Clone, PartialEq)]
pub struct WindowOptions {
    /// For the title bar and the window list.
    pub title: String,
    /// Width and height of the inside.
    pub size: (f32, f32),
    /// The smallest size a person can make it; `None` when it cannot be resized at all.
    pub min_size: Option<(f32, f32)>,
    /// Whether the window manager draws a frame with a title bar.
    pub decorations: bool,
    /// Whether it stays above the other windows.
    pub on_top: bool,
    /// Where it appears.
    pub place: Place,
}

impl WindowOptions {
    /// A resizable window with a frame.
    #[must_use]
    pub fn new(title: impl Into<String>, size: (f32, f32)) -> Self {
        let (decorations, on_top, place) = (true, false, Place::Anywhere);
        Self { title: title.into(), size, min_size: Some(size), decorations, on_top, place }
    }
}

/// How the pointer looks over a window.
#[derive(Debug, Clone, PartialEq, Default)]
pub enum PointerShape {
    /// As the widget beneath it wants.
    #[default]
    Widgets,
    /// Not at all.
    Hidden,
    /// A plain cross, for places where the real pointer is drawn in the picture.
    Cross,
    /// Like this.
    Image(CursorImage),
}

/// A rectangle on the screen in pixels, from the top left corner of the root window.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ScreenRect {
    /// From the left.
    pub x: i32,
    /// From the top.
    pub y: i32,
    /// Width.
    pub width: i32,
    /// Height.
    pub height: i32,
}

impl ScreenRect {
    /// Whether this place is inside.
    #[must_use]
    pub fn contains(&self, x: i32, y: i32) -> bool {
        (self.x..self.x.saturating_add(self.width)).contains(&x)
            && (self.y..self.y.saturating_add(self.height)).contains(&y)
    }
}

pub(crate) enum Request {
    Open(WindowKey, WindowOptions),
    Close(WindowKey),
    Exit,
    Redraw(WindowKey),
    Present(WindowKey),
    Title(WindowKey, String),
    Resize(WindowKey, (f32, f32)),
    Focus(WindowKey),
    Drag(WindowKey),
    Fullscreen(WindowKey, bool),
    Pointer(WindowKey, PointerShape),
    Copy(String),
}

pub(crate) type Handles = HashMap<WindowKey, Rc<Window>>;

/// The window loop as a program sees it. What is asked for happens, in order, when the call that received
/// the shell returns; asking something of a window that is not open does nothing.
pub struct Shell<'a> {
    handles: &'a Handles,
    requests: Vec<Request>,
}

impl<'a> Shell<'a> {
    pub(crate) fn new(handles: &'a Handles) -> Self {
        Self { handles, requests: Vec::new() }
    }

    pub(crate) fn into_requests(self) -> Vec<Request> {
        self.requests
    }

    /// Opens a window; does nothing when it is open already.
    pub fn open(&mut self, window: WindowKey, options: WindowOptions) {
        self.requests.push(Request::Open(window, options));
    }

    /// Closes a window. The loop goes on without windows until [`Shell::exit`].
    pub fn close(&mut self, window: WindowKey) {
        self.requests.push(Request::Close(window));
    }

    /// Closes all windows and makes [`crate::run`] return.
    pub fn exit(&mut self) {
        self.requests.push(Request::Exit);
    }

    /// Draws the widgets of a window again.
    pub fn redraw(&mut self, window: WindowKey) {
        self.requests.push(Request::Redraw(window));
    }

    /// Shows what changed in the window's [`crate::Picture`], without drawing the widgets again.
    pub fn present(&mut self, window: WindowKey) {
        self.requests.push(Request::Present(window));
    }

    /// Changes the text in the title bar.
    pub fn set_title(&mut self, window: WindowKey, title: impl Into<String>) {
        self.requests.push(Request::Title(window, title.into()));
    }

    /// Changes the inner size, in points, but never beyond the monitor. A window without `min_size` stays
    /// fixed at the new size.
    pub fn resize(&mut self, window: WindowKey, size: (f32, f32)) {
        self.requests.push(Request::Resize(window, size));
    }

    /// Asks the window manager to bring a window to the front and give it the keyboard.
    pub fn focus(&mut self, window: WindowKey) {
        self.requests.push(Request::Focus(window));
    }

    /// Lets the person move the window with the button that is down just now.
    pub fn drag(&mut self, window: WindowKey) {
        self.requests.push(Request::Drag(window));
    }

    /// Covers the monitor with the window, or not any longer.
    pub fn set_fullscreen(&mut self, window: WindowKey, fullscreen: bool) {
        self.requests.push(Request::Fullscreen(window, fullscreen));
    }

    /// Changes how the pointer looks over a window.
    pub fn set_pointer(&mut self, window: WindowKey, shape: PointerShape) {
        self.requests.push(Request::Pointer(window, shape));
    }

    /// Puts a text on the system's clipboard.
    pub fn copy(&mut self, text: impl Into<String>) {
        self.requests.push(Request::Copy(text.into()));
    }

    /// Whether the window is open by now.
    #[must_use]
    pub fn is_open(&self, window: WindowKey) -> bool {
        self.handles.contains_key(&window)
    }

    /// Pixels a point on the window's monitor.
    #[must_use]
    pub fn scale_factor(&self, window: WindowKey) -> f64 {
        self.handles.get(&window).map_or(1.0, |handle| handle.scale_factor())
    }

    /// The X11 id of the window, `None` elsewhere or when it is not open.
    #[must_use]
    pub fn x11_window(&self, window: WindowKey) -> Option<u32> {
        match self.handles.get(&window)?.window_handle().ok()?.as_raw() {
            RawWindowHandle::Xlib(handle) => u32::try_from(handle.window).ok(),
            RawWindowHandle::Xcb(handle) => Some(handle.window.get()),
            _ => None,
        }
    }

    /// Where a widget's rectangle (in points, as egui has it) lies on the screen just now.
    #[must_use]
    pub fn on_screen(&self, window: WindowKey, rect: egui::Rect) -> Option<ScreenRect> {
        let handle = self.handles.get(&window)?;
        let origin = handle.inner_position().ok()?;
        let scale = handle.scale_factor() as f32;
        let round = |points: f32| (points * scale).round() as i32;
        Some(ScreenRect {
            x: origin.x.saturating_add(round(rect.min.x)),
            y: origin.y.saturating_add(round(rect.min.y)),
            width: round(rect.width()),
            height: round(rect.height()),
        })
    }
}
