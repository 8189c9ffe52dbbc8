//! The mouse in the window: finds the pixel of the sharer's picture under it and tells the model. A picture
//! that is larger than the window it scrolls; while nothing reaches the sharer's computer, the wheel and the
//! left button do that. With Ctrl the wheel zooms, unless Ctrl is the sharer's.

use std::time::Duration;

use deskside_proto::input::Button;
use deskside_ui::winit::event::{ElementState, MouseButton, MouseScrollDelta, WindowEvent};
use deskside_ui::winit::keyboard::ModifiersState;
use deskside_ui::{Handling, Picture};

use super::Zoom;

/// Pixels of a touchpad's movement that count as one notch of a wheel.
const PIXELS_A_NOTCH: f64 = 50.0;
/// Pixels that one notch of a wheel scrolls the picture.
const SCROLL_A_NOTCH: f64 = 96.0;
/// How long a scrolled picture stands before it is scrolled on while the pointer rests at its edge.
const SCROLL_INTERVAL: Duration = Duration::from_millis(30);

/// What the pointer did in the window.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Pointer {
    /// It is over this pixel of the sharer's picture, or beside the picture and nearest to this pixel.
    Moved {
        /// From the left and from the top.
        at: (u16, u16),
        /// Whether it is over the picture.
        over: bool,
    },
    /// It left the window, or there is no picture.
    Left,
    /// A button went down or up where it is.
    Button(Button, bool),
    /// The wheel turned by notches, right and down are positive.
    Wheel(f32, f32),
}

/// A program's model, as far as the mouse has to do with it.
pub trait Viewer {
    /// What the model wants to be done.
    type Effect;

    /// Whether there is a picture.
    fn sees(&self) -> bool;

    /// Whether pointer and wheel work on the sharer's computer just now, wherever they are over the picture.
    fn reaches_sharer(&self) -> bool;

    /// Whether keys go to the sharer's computer, and Ctrl with them.
    fn has_keyboard(&self) -> bool;

    /// The pointer did something over or beside the picture.
    fn pointer(&mut self, event: Pointer, now: Duration) -> Vec<Self::Effect>;

    /// The pointer touched the top edge of the window.
    fn touched_edge(&mut self, now: Duration);

    /// The picture is to be shown in another size.
    fn set_zoom(&mut self, zoom: Zoom) -> Vec<Self::Effect>;
}

/// What is known of the mouse.
#[derive(Debug, Default)]
pub struct Mouse {
    /// Where it is in the window, in pixels.
    at: Option<(f64, f64)>,
    /// Whether the widgets were last told that it is elsewhere.
    over: bool,
    /// Buttons that were pressed over the picture and are still down.
    held: Vec<Button>,
    modifiers: ModifiersState,
    /// Where the picture was last dragged to, while it is.
    dragged: Option<(f64, f64)>,
    /// Part of a notch that was too little for a step of the zoom.
    turned: f64,
    scroll_at: Option<Duration>,
    redraw: Option<Redraw>,
}

/// What has to be shown anew.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Redraw {
    /// The picture has moved.
    Picture,
    /// Widgets tell something else.
    Window,
}

/// How far a wheel was turned or a touchpad stroked, as the content is to move: right and down are positive.
struct Turn {
    notches: (f64, f64),
    pixels: (f64, f64),
}

impl Turn {
    fn new(delta: MouseScrollDelta) -> Self {
        let scaled = |(x, y): (f64, f64), by: f64| (x * by, y * by);
        match delta {
            MouseScrollDelta::LineDelta(x, y) => {
                let notches = (f64::from(x), f64::from(y));
                Self { notches, pixels: scaled(notches, SCROLL_A_NOTCH) }
            }
            MouseScrollDelta::PixelDelta(pixels) => {
                let pixels = (pixels.x, pixels.y);
                Self { notches: scaled(pixels, 1.0 / PIXELS_A_NOTCH), pixels }
            }
        }
    }
}

impl Mouse {
    /// Deals with a raw event.
    pub fn input<V: Viewer>(
        &mut self,
        event: &WindowEvent,
        model: &mut V,
        picture: &mut Picture,
        now: Duration,
    ) -> (Handling, Vec<V::Effect>) {
        if let WindowEvent::ModifiersChanged(modifiers) = event {
            self.modifiers = modifiers.state();
        }
        if !model.sees() {
            self.held.clear();
            (self.over, self.dragged) = (false, None);
            if let WindowEvent::CursorMoved { position, .. } = event {
                self.at = Some((position.x, position.y));
            }
            return (Handling::Widgets, Vec::new());
        }
        match event {
            WindowEvent::CursorMoved { position, .. } => {
                self.at = Some((position.x, position.y));
                if position.y < 1.0 {
                    model.touched_edge(now);
                }
                let was_over = self.over;
                self.drag(model, picture);
                let effects = self.moved(model, picture, now);
                if self.over {
                    self.scroll(model, picture, now);
                }
                let ours = !self.held.is_empty() || (self.over && was_over);
                (if ours { Handling::Taken } else { Handling::Widgets }, effects)
            }
            WindowEvent::CursorLeft { .. } => {
                (self.at, self.over) = (None, false);
                (Handling::Widgets, model.pointer(Pointer::Left, now))
            }
            WindowEvent::MouseInput { state, button, .. } => {
                self.button(*state, *button, model, picture, now)
            }
            WindowEvent::MouseWheel { delta, .. } if self.over => {
                (Handling::Taken, self.wheel(&Turn::new(*delta), model, picture, now))
            }
            _ => (Handling::Widgets, Vec::new()),
        }
    }

    /// What has to be shown anew since this was last asked.
    pub fn take_redraw(&mut self) -> Option<Redraw> {
        self.redraw.take()
    }

    fn moved<V: Viewer>(&mut self, model: &mut V, picture: &Picture, now: Duration) -> Vec<V::Effect> {
        let Some((x, y)) = self.at else { return Vec::new() };
        self.over = picture.pixel_at(x, y).is_some();
        let event = match picture.nearest_pixel(x, y) {
            Some(at) => Pointer::Moved { at, over: self.over },
            None => Pointer::Left,
        };
        model.pointer(event, now)
    }

    /// The window was drawn: the picture may have come under the pointer, or something above the picture.
    pub fn look<V: Viewer>(&mut self, model: &mut V, picture: &Picture, now: Duration) -> Vec<V::Effect> {
        let over = self.at.is_some_and(|(x, y)| picture.pixel_at(x, y).is_some());
        if model.sees() && over != self.over { self.moved(model, picture, now) } else { Vec::new() }
    }

    fn button<V: Viewer>(
        &mut self,
        state: ElementState,
        button: MouseButton,
        model: &mut V,
        picture: &Picture,
        now: Duration,
    ) -> (Handling, Vec<V::Effect>) {
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
        let effects = model.pointer(Pointer::Button(button, pressed), now);
        if button == Button::Left {
            let drags = pressed && picture.overflows() && !model.reaches_sharer();
            self.dragged = self.at.filter(|_| drags);
        }
        (Handling::Taken, effects)
    }

    /// Moves the picture along with the pointer that holds it.
    fn drag(&mut self, model: &impl Viewer, picture: &mut Picture) {
        if model.reaches_sharer() {
            self.dragged = None;
        }
        let (Some(from), Some(to)) = (&mut self.dragged, self.at) else { return };
        let (right, down) = ((to.0 - from.0).round(), (to.1 - from.1).round());
        *from = (from.0 + right, from.1 + down);
        if picture.pan(right as i64, down as i64) {
            self.redraw.get_or_insert(Redraw::Picture);
        }
    }

    fn wheel<V: Viewer>(
        &mut self,
        turn: &Turn,
        model: &mut V,
        picture: &mut Picture,
        now: Duration,
    ) -> Vec<V::Effect> {
        if self.modifiers.control_key() && !model.has_keyboard() {
            return self.zoom(turn.notches.1, model, picture);
        }
        if model.reaches_sharer() {
            // winit counts how the content moves, the wire how the wheel turns.
            let (x, y) = turn.notches;
            return model.pointer(Pointer::Wheel(-x as f32, -y as f32), now);
        }
        let (x, y) = turn.pixels;
        let (right, down) = if self.modifiers.shift_key() && x == 0.0 { (y, 0.0) } else { (x, y) };
        if picture.pan(right.round() as i64, down.round() as i64) {
            self.redraw.get_or_insert(Redraw::Picture);
            return self.moved(model, picture, now);
        }
        Vec::new()
    }

    /// A step for every notch; what is under the pointer stays there.
    fn zoom<V: Viewer>(&mut self, notches: f64, model: &mut V, picture: &mut Picture) -> Vec<V::Effect> {
        self.turned += notches;
        let mut effects = Vec::new();
        while self.turned.abs() >= 1.0 {
            let larger = self.turned > 0.0;
            self.turned -= self.turned.signum();
            if let Some(zoom) = Zoom::next(larger, picture.zoom()) {
                effects.extend(model.set_zoom(zoom));
                picture.set_scaling(zoom.scaling(), self.at);
                self.redraw = Some(Redraw::Window);
            }
        }
        effects
    }

    /// Scrolls so that something is visible around the pointer that works on the sharer's computer.
    fn scroll(&mut self, model: &impl Viewer, picture: &mut Picture, now: Duration) {
        let pixel = self.at.and_then(|(x, y)| picture.pixel_at(x, y));
        let Some((x, y)) = pixel.filter(|_| model.reaches_sharer()) else { return };
        if self.scroll_at.is_none_or(|at| at <= now) {
            let scrolled = picture.scroll_to_show(u32::from(x), u32::from(y));
            self.scroll_at = scrolled.then_some(now + SCROLL_INTERVAL);
            if scrolled {
                self.redraw.get_or_insert(Redraw::Picture);
            }
        }
    }

    /// When [`Self::tick`] is to be called.
    pub fn wake_at(&self) -> Option<Duration> {
        self.scroll_at
    }

    /// Scrolls on if the pointer rests at the edge; then another pixel is under it.
    pub fn tick<V: Viewer>(&mut self, model: &mut V, picture: &mut Picture, now: Duration) -> Vec<V::Effect> {
        if self.scroll_at.is_none_or(|at| at > now) {
            return Vec::new();
        }
        self.scroll_at = None;
        if !model.sees() {
            return Vec::new();
        }
        self.scroll(model, picture, now);
        self.moved(model, picture, now)
    }
}

#[cfg(test)]
mod tests {
    use deskside_ui::egui;
    use deskside_ui::winit::dpi::PhysicalPosition;
    use deskside_ui::winit::event::{DeviceId, Modifiers, TouchPhase};

    use super::*;

    const NOW: Duration = Duration::from_secs(60);

    /// Gives back what it was told.
    #[derive(Default)]
    struct Told {
        reaches: bool,
        keyboard: bool,
        zoom: Zoom,
    }

    impl Viewer for Told {
        type Effect = Pointer;

        fn sees(&self) -> bool {
            true
        }

        fn reaches_sharer(&self) -> bool {
            self.reaches
        }

        fn has_keyboard(&self) -> bool {
            self.keyboard
        }

        fn pointer(&mut self, event: Pointer, _now: Duration) -> Vec<Pointer> {
            vec![event]
        }

        fn touched_edge(&mut self, _now: Duration) {}

        fn set_zoom(&mut self, zoom: Zoom) -> Vec<Pointer> {
            self.zoom = zoom;
            Vec::new()
        }
    }

    /// A window of 800 × 600 that is all picture, and the mouse in it.
    struct Desk {
        model: Told,
        picture: Picture,
        mouse: Mouse,
    }

    impl Desk {
        /// A screen of 1600 × 1200 at this size.
        fn new(zoom: Zoom, reaches: bool) -> Self {
            let mut picture = Picture::new();
            picture.canvas().begin(1600, 1200);
            picture.renew();
            picture.set_scaling(zoom.scaling(), None);
            let model = Told { reaches, keyboard: reaches, zoom };
            let mut desk = Self { model, picture, mouse: Mouse::default() };
            desk.draw();
            desk
        }

        fn draw(&mut self) {
            let screen = egui::Rect::from_min_size(egui::Pos2::ZERO, egui::vec2(800.0, 600.0));
            let input = egui::RawInput { screen_rect: Some(screen), ..Default::default() };
            let _output = egui::Context::default().run_ui(input, |ui| {
                self.picture.show(ui);
            });
        }

        fn input(&mut self, event: &WindowEvent) -> (Handling, Vec<Pointer>) {
            self.mouse.input(event, &mut self.model, &mut self.picture, NOW)
        }

        fn move_to(&mut self, x: f64, y: f64) -> Vec<Pointer> {
            let position = PhysicalPosition::new(x, y);
            self.input(&WindowEvent::CursorMoved { device_id: DeviceId::dummy(), position }).1
        }

        fn press(&mut self, state: ElementState) -> (Handling, Vec<Pointer>) {
            let button = MouseButton::Left;
            self.input(&WindowEvent::MouseInput { device_id: DeviceId::dummy(), state, button })
        }

        fn turn(&mut self, down: f32) -> Vec<Pointer> {
            let (phase, delta) = (TouchPhase::Moved, MouseScrollDelta::LineDelta(0.0, -down));
            self.input(&WindowEvent::MouseWheel { device_id: DeviceId::dummy(), delta, phase }).1
        }

        fn under(&self, x: f64, y: f64) -> (u16, u16) {
            self.picture.pixel_at(x, y).unwrap()
        }
    }

    #[test]
    fn the_pixel_under_the_pointer_is_told_and_a_press_belongs_to_the_picture_it_began_on() {
        let mut desk = Desk::new(Zoom::Fit, true);
        assert_eq!(desk.move_to(400.0, 300.0), [Pointer::Moved { at: (801, 601), over: true }]);
        let (handling, told) = desk.press(ElementState::Pressed);
        assert_eq!((handling, told), (Handling::Taken, vec![Pointer::Button(Button::Left, true)]));
        let beside = desk.move_to(-50.0, 300.0);
        assert_eq!(beside, [Pointer::Moved { at: (0, 601), over: false }]);
        let (handling, told) = desk.press(ElementState::Released);
        assert_eq!((handling, told), (Handling::Taken, vec![Pointer::Button(Button::Left, false)]));
        let (handling, told) = desk.press(ElementState::Pressed);
        assert_eq!((handling, told), (Handling::Widgets, vec![]), "beside the picture");
    }

    #[test]
    fn without_control_wheel_and_drag_move_the_picture_and_ctrl_zooms_it() {
        let mut desk = Desk::new(Zoom::Percent(100), false);
        let _ = desk.move_to(400.0, 300.0);
        let before = desk.under(400.0, 300.0);
        assert!(!desk.turn(1.0).iter().any(|told| matches!(told, Pointer::Wheel(..))));
        assert_eq!(desk.under(400.0, 300.0), (before.0, before.1 + 96));
        assert_eq!(desk.mouse.take_redraw(), Some(Redraw::Picture));
        let held = desk.under(400.0, 300.0);
        let _ = desk.press(ElementState::Pressed);
        let _ = desk.move_to(380.0, 290.0);
        assert_eq!(desk.under(380.0, 290.0), held, "the pixel goes with the pointer that holds it");
        let control = WindowEvent::ModifiersChanged(Modifiers::from(ModifiersState::CONTROL));
        let _ = desk.input(&control);
        assert_eq!(desk.turn(-1.0), []);
        assert_eq!((desk.model.zoom, desk.mouse.take_redraw()), (Zoom::Percent(125), Some(Redraw::Window)));
    }

    #[test]
    fn with_control_the_wheel_is_the_sharers_and_so_is_ctrl_with_the_keyboard() {
        let mut desk = Desk::new(Zoom::Percent(100), true);
        let _ = desk.move_to(400.0, 300.0);
        let control = WindowEvent::ModifiersChanged(Modifiers::from(ModifiersState::CONTROL));
        let _ = desk.input(&control);
        assert_eq!(desk.turn(2.0), [Pointer::Wheel(-0.0, 2.0)]);
        desk.model.keyboard = false;
        assert_eq!(desk.turn(1.0), []);
        assert_eq!(desk.model.zoom, Zoom::Percent(75));
    }

    #[test]
    fn with_control_the_edge_scrolls_for_as_long_as_there_is_more() {
        let mut desk = Desk::new(Zoom::Percent(100), true);
        let _ = desk.move_to(799.0, 300.0);
        let _ = desk.move_to(798.0, 300.0);
        let at = desk.mouse.wake_at().unwrap();
        let before = desk.under(798.0, 300.0);
        let told = desk.mouse.tick(&mut desk.model, &mut desk.picture, at);
        let after = desk.under(798.0, 300.0);
        assert!(before.0 < after.0);
        assert_eq!(told, [Pointer::Moved { at: after, over: true }], "another pixel is under it");
    }
}
