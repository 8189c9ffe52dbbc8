//! The mouse in the window: finds the pixel of the customer's picture under it, tells the model, scrolls a
//! picture that is larger than the window, and dresses the pointer as the customer's.

use std::time::Duration;

use deskside_codec::cursor;
use deskside_proto::control::CursorShape;
use deskside_proto::input::Button;
use deskside_session::Now;
use deskside_ui::winit::event::{ElementState, MouseButton, MouseScrollDelta, WindowEvent};
use deskside_ui::{CursorImage, Handling, Picture, PointerShape, Scaling, Shell};
use tracing::debug;

use super::{SCROLL_INTERVAL, WINDOW};
use crate::model::{Effect, Model, Pointer};

/// Pixels of a touchpad's movement that count as one notch of a wheel.
const PIXELS_A_NOTCH: f64 = 50.0;

/// What is known of the mouse.
#[derive(Default)]
pub(super) struct Mouse {
    /// Where it is in the window, in pixels.
    at: Option<(f64, f64)>,
    /// Whether the widgets were last told that it is elsewhere.
    over: bool,
    /// Buttons that were pressed over the picture and are still down.
    held: Vec<Button>,
    scroll_at: Option<Duration>,
    /// How the customer's cursor looks.
    cursor: Option<CursorImage>,
    /// What the window was last told, so that it is told changes only.
    dressed: Dress,
}

/// Where the customer's cursor is drawn.
#[derive(Debug, Clone, PartialEq, Default)]
enum Dress {
    /// Nowhere.
    #[default]
    Nothing,
    /// In the picture, where it was reported.
    Picture(CursorImage),
    /// As the pointer itself; a cross while its look is not known.
    Pointer(Option<CursorImage>),
}

impl Mouse {
    /// Deals with a raw event.
    pub(super) fn input(
        &mut self,
        event: &WindowEvent,
        model: &mut Model,
        picture: &mut Picture,
        now: Now,
        shell: &mut Shell<'_>,
    ) -> (Handling, Vec<Effect>) {
        if model.session().is_none_or(|session| session.screen().is_none()) {
            self.held.clear();
            self.over = false;
            if let WindowEvent::CursorMoved { position, .. } = event {
                self.at = Some((position.x, position.y));
            }
            return (Handling::Widgets, Vec::new());
        }
        match event {
            WindowEvent::CursorMoved { position, .. } => {
                self.at = Some((position.x, position.y));
                let was_over = self.over;
                let effects = self.moved(model, picture, now);
                if self.over {
                    self.scroll(picture, now, shell);
                }
                let ours = !self.held.is_empty() || (self.over && was_over);
                (if ours { Handling::Taken } else { Handling::Widgets }, effects)
            }
            WindowEvent::CursorLeft { .. } => {
                (self.at, self.over) = (None, false);
                (Handling::Widgets, model.pointer(Pointer::Left, now))
            }
            WindowEvent::MouseInput { state, button, .. } => self.button(*state, *button, model, now),
            WindowEvent::MouseWheel { delta, .. } if self.over => {
                let (dx, dy) = match *delta {
                    MouseScrollDelta::LineDelta(x, y) => (x, y),
                    MouseScrollDelta::PixelDelta(pixels) => {
                        ((pixels.x / PIXELS_A_NOTCH) as f32, (pixels.y / PIXELS_A_NOTCH) as f32)
                    }
                };
                // winit counts how the content moves, the wire how the wheel turns.
                (Handling::Taken, model.pointer(Pointer::Wheel(-dx, -dy), now))
            }
            _ => (Handling::Widgets, Vec::new()),
        }
    }

    fn moved(&mut self, model: &mut Model, picture: &Picture, now: Now) -> Vec<Effect> {
        let Some((x, y)) = self.at else { return Vec::new() };
        self.over = picture.pixel_at(x, y).is_some();
        let event = match picture.nearest_pixel(x, y) {
            Some(at) => Pointer::Moved { at, over: self.over },
            None => Pointer::Left,
        };
        model.pointer(event, now)
    }

    fn button(
        &mut self,
        state: ElementState,
        button: MouseButton,
        model: &mut Model,
        now: Now,
    ) -> (Handling, Vec<Effect>) {
        let button = match button {
            MouseButton::Left => Button::Left,
            MouseButton::Middle => Button::Middle,
            MouseButton::Right => Button::Right,
            MouseButton::Back => Button::Back,
            MouseButton::Forward => Button::Forward,
            MouseButton::Other(_) => return (Handling::Widgets, Vec::new()),
        };
        let pressed = state == ElementState::Pressed;
        let held = self.held.contains(&button);
        if pressed && self.over && !held {
            self.held.push(button);
        } else if !pressed && held {
            self.held.retain(|other| *other != button);
        } else {
            return (Handling::Widgets, Vec::new());
        }
        (Handling::Taken, model.pointer(Pointer::Button(button, pressed), now))
    }

    /// Scrolls so that something is visible around the pointer.
    fn scroll(&mut self, picture: &mut Picture, now: Now, shell: &mut Shell<'_>) {
        let pixel = self.at.and_then(|(x, y)| picture.pixel_at(x, y));
        let Some((x, y)) = pixel.filter(|_| picture.scaling() == Scaling::OneToOne) else { return };
        if self.scroll_at.is_none_or(|at| at <= now.monotonic) {
            let scrolled = picture.scroll_to_show(u32::from(x), u32::from(y));
            self.scroll_at = scrolled.then_some(now.monotonic + SCROLL_INTERVAL);
            if scrolled {
                shell.present(WINDOW);
            }
        }
    }

    /// When [`Self::tick`] is to be called.
    pub(super) fn wake_at(&self) -> Option<Duration> {
        self.scroll_at
    }

    /// Scrolls on if the pointer rests at the edge; then another pixel is under it.
    pub(super) fn tick(
        &mut self,
        model: &mut Model,
        picture: &mut Picture,
        now: Now,
        shell: &mut Shell<'_>,
    ) -> Vec<Effect> {
        if self.scroll_at.is_none_or(|at| at > now.monotonic) {
            return Vec::new();
        }
        self.scroll_at = None;
        if model.session().is_none_or(|session| session.screen().is_none()) {
            return Vec::new();
        }
        self.scroll(picture, now, shell);
        self.moved(model, picture, now)
    }

    /// The customer's cursor looks like this now. One that cannot be read is not shown.
    pub(super) fn shape(&mut self, shape: &CursorShape) {
        let size = (u32::from(shape.width), u32::from(shape.height));
        self.cursor = match cursor::decompress(&shape.pixels, size.0, size.1) {
            Ok(bgra) if !bgra.is_empty() => Some(CursorImage {
                width: shape.width,
                height: shape.height,
                hot_x: shape.hot_x,
                hot_y: shape.hot_y,
                bgra,
            }),
            Ok(_) => None,
            Err(error) => {
                debug!(%error, "the customer's cursor cannot be read");
                None
            }
        };
    }

    pub(super) fn forget_cursor(&mut self) {
        self.cursor = None;
    }

    /// Draws the customer's cursor where the model says: as the pointer, or in the picture.
    pub(super) fn dress(&mut self, model: &Model, picture: &mut Picture, shell: &mut Shell<'_>) {
        let session = model.session().filter(|session| session.screen().is_some());
        let dress = match session {
            None => Dress::Nothing,
            Some(session) if session.pointer_is_customers() => Dress::Pointer(self.cursor.clone()),
            Some(session) => match (&self.cursor, session.cursor) {
                (Some(cursor), Some(_)) => Dress::Picture(cursor.clone()),
                _ => Dress::Nothing,
            },
        };
        if dress == self.dressed {
            return;
        }
        match &dress {
            Dress::Nothing | Dress::Pointer(_) => picture.set_cursor(None),
            Dress::Picture(cursor) => picture.set_cursor(Some(cursor.clone())),
        }
        shell.set_pointer(
            WINDOW,
            match &dress {
                Dress::Pointer(Some(cursor)) => PointerShape::Image(cursor.clone()),
                Dress::Pointer(None) => PointerShape::Cross,
                Dress::Nothing | Dress::Picture(_) => PointerShape::Widgets,
            },
        );
        shell.present(WINDOW);
        self.dressed = dress;
    }
}
