//! What both programs share on screen: the window loop (winit, softbuffer, and egui drawn by a CPU
//! rasteriser, so that no graphics driver is needed), the theme, the widgets and the remote picture.
//!
//! A program implements [`App`] and hands it to [`run`]. It names its windows by [`WindowKey`]s of its own
//! choice, opens them through the [`Shell`] that every call receives, and draws them in [`App::draw`] with
//! egui and the [`widgets`]. Other threads reach the program by [`Proxy::send`], which ends up in
//! [`App::event`]. Nothing is drawn unless an event, [`Shell::redraw`] or egui's own timers ask for it.
//!
//! A [`Picture`] is drawn beneath the widgets of a window straight from its [`Canvas`] into the window's
//! memory; new pixels followed by [`Shell::present`] cost only the changed rectangles and no egui pass.
//!
//! [`program`] holds what both desktop programs share beside the screen: settings, log, and keeping files.

#![forbid(unsafe_code)]

mod access;
mod app;
mod clipboard;
mod compose;
mod error;
mod event_loop;
mod layer;
mod offscreen;
mod picture;
pub mod program;
mod scale;
mod shell;
pub mod theme;
pub mod widgets;
mod window;

pub use access::own_hand_only;
pub use app::{App, Handling};
pub use egui;
pub use error::UiError;
pub use event_loop::{Options, Proxy, run};
pub use offscreen::{draw_offscreen, draw_offscreen_over};
pub use picture::{Canvas, CursorImage, Picture, PixelRect, Scaling};
pub use shell::{Place, PointerShape, ScreenRect, Shell, WindowKey, WindowOptions};
pub use theme::ThemeChoice;
pub use winit;
