//! The mouse in the window: finds the pixel of the customer's picture under it and tells the model. A picture
//! that is larger than the window it scrolls; while nothing reaches the customer's computer, the wheel and the
//! left button do that. With Ctrl the wheel zooms, unless Ctrl is the customer's.

use std::time::Duration;

use deskside_proto::input::Button;
use deskside_session::Now;
use deskside_ui::winit::event::{ElementState, MouseButton, MouseScrollDelta, WindowEvent};
use deskside_ui::winit::keyboard::ModifiersState;
use deskside_ui::{Handling, Picture};

use super::SCROLL_INTERVAL;
use crate::model::{Act, Effect, Keyboard, Model, Pointer, Session, Zoom};
use crate::view;

/// Pixels of a touchpad's movement that count as one notch of a wheel.
const PIXELS_A_NOTCH: f64 = 50.0;
/// Pixels that one notch of a wheel scrolls the picture.
const SCROLL_A_NOTCH: f64 = 96.0;

/// What is known of the mouse.
#[derive(Default)]
pub(super) struct Mouse {
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
    shown: Option<Shown>,
}

/// What has to be shown anew.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Shown {
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

fn reaches_customer(model: &Model) -> bool {
    model.session().is_some_and(Session::reaches_customer)
}

impl Mouse {
    /// Deals with a raw event.
    pub(super) fn input(
        &mut self,
        event: &WindowEvent,
        model: &mut Model,
        picture: &mut Picture,
        now: Now,
    ) -> (Handling, Vec<Effect>) {
        if let WindowEvent::ModifiersChanged(modifiers) = event {
            self.modifiers = modifiers.state();
        }
        if model.session().is_none_or(|session| session.screen().is_none()) {
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
    pub(super) fn take_shown(&mut self) -> Option<Shown> {
        self.shown.take()
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

    /// The window was drawn: the picture may have come under the pointer, or something above the picture.
    pub(super) fn look(&mut self, model: &mut Model, picture: &Picture, now: Now) -> Vec<Effect> {
        let over = self.at.is_some_and(|(x, y)| picture.pixel_at(x, y).is_some());
        let seen = model.session().is_some_and(|session| session.screen().is_some());
        if seen && over != self.over { self.moved(model, picture, now) } else { Vec::new() }
    }

    fn button(
        &mut self,
        state: ElementState,
        button: MouseButton,
        model: &mut Model,
        picture: &Picture,
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
        let effects = model.pointer(Pointer::Button(button, pressed), now);
        if button == Button::Left {
            let drags = pressed && picture.overflows() && !reaches_customer(model);
            self.dragged = self.at.filter(|_| drags);
        }
        (Handling::Taken, effects)
    }

    /// Moves the picture along with the pointer that holds it.
    fn drag(&mut self, model: &Model, picture: &mut Picture) {
        if reaches_customer(model) {
            self.dragged = None;
        }
        let (Some(from), Some(to)) = (&mut self.dragged, self.at) else { return };
        let (right, down) = ((to.0 - from.0).round(), (to.1 - from.1).round());
        *from = (from.0 + right, from.1 + down);
        if picture.pan(right as i64, down as i64) {
            self.shown.get_or_insert(Shown::Picture);
        }
    }

    fn wheel(&mut self, turn: &Turn, model: &mut Model, picture: &mut Picture, now: Now) -> Vec<Effect> {
        let keys_are_customers = model.session().map(Session::keyboard) == Some(Keyboard::Customer);
        if self.modifiers.control_key() && !keys_are_customers {
            return self.zoom(turn.notches.1, model, picture, now);
        }
        if reaches_customer(model) {
            // winit counts how the content moves, the wire how the wheel turns.
            let (x, y) = turn.notches;
            return model.pointer(Pointer::Wheel(-x as f32, -y as f32), now);
        }
        let (x, y) = turn.pixels;
        let (right, down) = if self.modifiers.shift_key() && x == 0.0 { (y, 0.0) } else { (x, y) };
        if picture.pan(right.round() as i64, down.round() as i64) {
            self.shown.get_or_insert(Shown::Picture);
            return self.moved(model, picture, now);
        }
        Vec::new()
    }

    /// A step for every notch; what is under the pointer stays there.
    fn zoom(&mut self, notches: f64, model: &mut Model, picture: &mut Picture, now: Now) -> Vec<Effect> {
        self.turned += notches;
        let mut effects = Vec::new();
        while self.turned.abs() >= 1.0 {
            let larger = self.turned > 0.0;
            self.turned -= self.turned.signum();
            if let Some(zoom) = Zoom::next(larger, picture.zoom()) {
                effects.extend(model.act(Act::Zoom(zoom), now));
                picture.set_scaling(view::scaling(zoom), self.at);
                self.shown = Some(Shown::Window);
            }
        }
        effects
    }

    /// Scrolls so that something is visible around the pointer that works on the customer's computer.
    fn scroll(&mut self, model: &Model, picture: &mut Picture, now: Now) {
        let pixel = self.at.and_then(|(x, y)| picture.pixel_at(x, y));
        let Some((x, y)) = pixel.filter(|_| reaches_customer(model)) else { return };
        if self.scroll_at.is_none_or(|at| at <= now.monotonic) {
            let scrolled = picture.scroll_to_show(u32::from(x), u32::from(y));
            self.scroll_at = scrolled.then_some(now.monotonic + SCROLL_INTERVAL);
            if scrolled {
                self.shown.get_or_insert(Shown::Picture);
            }
        }
    }

    /// When [`Self::tick`] is to be called.
    pub(super) fn wake_at(&self) -> Option<Duration> {
        self.scroll_at
    }

    /// Scrolls on if the pointer rests at the edge; then another pixel is under it.
    pub(super) fn tick(&mut self, model: &mut Model, picture: &mut Picture, now: Now) -> Vec<Effect> {
        if self.scroll_at.is_none_or(|at| at > now.monotonic) {
            return Vec::new();
        }
        self.scroll_at = None;
        if model.session().is_none_or(|session| session.screen().is_none()) {
            return Vec::new();
        }
        self.scroll(model, picture, now);
        self.moved(model, picture, now)
    }
}

#[cfg(test)]
mod tests {
    use deskside_net::operator::Event;
    use deskside_proto::journal::{Action, Verdict};
    use deskside_proto::{Code, GrantId, RequestId};
    use deskside_trust::Secret;
    use deskside_ui::egui;
    use deskside_ui::winit::dpi::PhysicalPosition;
    use deskside_ui::winit::event::{DeviceId, Modifiers, TouchPhase};

    use super::*;
    use crate::model::Identity;

    const WINDOW: (f32, f32) = (800.0, 600.0);

    fn now() -> Now {
        Now { monotonic: Duration::from_secs(60), wall_ms: 60_000 }
    }

    /// A window that is all picture, and the mouse in it.
    struct Desk {
        model: Model,
        picture: Picture,
        mouse: Mouse,
    }

    impl Desk {
        /// The screen of 1600 × 1200 is seen, nothing else is allowed.
        fn seeing() -> Self {
            let name = || "anna".to_owned();
            let mut model = Model::new(Identity { name: name(), account: name(), organisation: name() });
            model.unlocked();
            let password = Secret::new("x".into());
            drop(model.act(Act::LogIn { user: "anna".into(), password }, now()));
            drop(model.net(Event::LoggedIn { user: "anna".into(), expires_ms: 0 }, now()));
            drop(model.act(Act::NewSession, now()));
            let code = Code::from_number(1).unwrap();
            drop(model.net(Event::CodeReady { code, expires_ms: 0 }, now()));
            drop(model.net(Event::Started, now()));
            let mut desk = Self { model, picture: Picture::new(), mouse: Mouse::default() };
            desk.allow(Action::See, 1);
            drop(desk.model.net(Event::Screen { epoch: 1, width: 1600, height: 1200 }, now()));
            desk.picture.canvas().begin(1600, 1200);
            desk.picture.renew();
            desk.draw();
            desk
        }

        fn allow(&mut self, action: Action, number: u32) {
            drop(self.model.act(Act::Ask(action), now()));
            let verdict = Verdict::Allowed(GrantId(number));
            drop(self.model.net(Event::Answered { request: RequestId(number), action, verdict }, now()));
        }

        fn draw(&mut self) {
            let screen = egui::Rect::from_min_size(egui::Pos2::ZERO, WINDOW.into());
            let input = egui::RawInput { screen_rect: Some(screen), ..Default::default() };
            let _output = egui::Context::default().run_ui(input, |ui| {
                self.picture.show(ui);
            });
        }

        fn input(&mut self, event: &WindowEvent) -> Vec<Effect> {
            self.mouse.input(event, &mut self.model, &mut self.picture, now()).1
        }

        fn move_to(&mut self, x: f64, y: f64) -> Vec<Effect> {
            let position = PhysicalPosition::new(x, y);
            self.input(&WindowEvent::CursorMoved { device_id: DeviceId::dummy(), position })
        }

        fn press(&mut self, state: ElementState) -> Vec<Effect> {
            let button = MouseButton::Left;
            self.input(&WindowEvent::MouseInput { device_id: DeviceId::dummy(), state, button })
        }

        fn turn(&mut self, x: f32, y: f32) -> Vec<Effect> {
            let (phase, delta) = (TouchPhase::Moved, MouseScrollDelta::LineDelta(x, y));
            self.input(&WindowEvent::MouseWheel { device_id: DeviceId::dummy(), delta, phase })
        }

        fn hold(&mut self, keys: ModifiersState) {
            drop(self.input(&WindowEvent::ModifiersChanged(Modifiers::from(keys))));
        }

        fn zoom(&self) -> Zoom {
            self.model.session().unwrap().zoom
        }

        fn under(&self, x: f64, y: f64) -> (u16, u16) {
            self.picture.pixel_at(x, y).unwrap()
        }
    }

    /// Row W4: whoever may only see can look closer and look around, and none of it reaches the customer.
    #[test]
    fn without_control_wheel_and_drag_zoom_and_move_the_picture_and_send_nothing() {
        let mut desk = Desk::seeing();
        assert!(desk.move_to(200.0, 150.0).is_empty());
        let before = desk.under(200.0, 150.0);
        assert!(desk.turn(0.0, -1.0).is_empty());
        assert_eq!(desk.under(200.0, 150.0), before, "there is nothing to scroll yet");
        desk.hold(ModifiersState::CONTROL);
        for zoom in [75, 100, 125, 150, 200] {
            assert!(desk.turn(0.0, 1.0).is_empty());
            assert_eq!(desk.zoom(), Zoom::Percent(zoom));
            assert_eq!(desk.mouse.take_shown(), Some(Shown::Window));
            desk.draw();
            let (x, y) = desk.under(200.0, 150.0);
            assert!(x.abs_diff(before.0) <= 2 && y.abs_diff(before.1) <= 2, "{zoom}: {x},{y} {before:?}");
        }
        desk.hold(ModifiersState::empty());
        let before = desk.under(200.0, 150.0);
        assert!(desk.turn(0.0, -1.0).is_empty());
        assert_eq!(desk.mouse.take_shown(), Some(Shown::Picture));
        assert_eq!(desk.under(200.0, 150.0), (before.0, before.1 + 48), "96 pixels at 200 %");
        desk.hold(ModifiersState::SHIFT);
        assert!(desk.turn(0.0, -1.0).is_empty());
        assert_eq!(desk.under(200.0, 150.0), (before.0 + 48, before.1 + 48));
        desk.hold(ModifiersState::empty());
        let held = desk.under(200.0, 150.0);
        assert!(desk.press(ElementState::Pressed).is_empty());
        assert!(desk.move_to(100.0, 110.0).is_empty());
        assert_eq!(desk.under(100.0, 110.0), held, "the pixel goes with the pointer that holds it");
        assert!(desk.press(ElementState::Released).is_empty());
        assert!(desk.move_to(300.0, 300.0).is_empty());
        assert_ne!(desk.under(300.0, 300.0), held, "and stays where it was let go");
    }

    #[test]
    fn with_control_wheel_and_drag_are_the_customers() {
        let mut desk = Desk::seeing();
        desk.allow(Action::Control, 2);
        drop(desk.model.act(Act::Zoom(Zoom::Percent(200)), now()));
        desk.picture.set_scaling(view::scaling(Zoom::Percent(200)), None);
        desk.draw();
        drop(desk.move_to(400.0, 300.0));
        let before = desk.under(400.0, 300.0);
        desk.hold(ModifiersState::CONTROL);
        assert_eq!(desk.turn(0.0, -1.0).len(), 1, "Ctrl is the customer's too");
        assert_eq!(desk.zoom(), Zoom::Percent(200));
        assert_eq!(desk.press(ElementState::Pressed).len(), 1);
        drop(desk.move_to(410.0, 300.0));
        assert_eq!(desk.under(400.0, 300.0), before);
        drop(desk.press(ElementState::Released));
        drop(desk.model.act(Act::ReleaseKeyboard, now()));
        assert!(desk.turn(0.0, -1.0).is_empty(), "the keyboard is here, and Ctrl with it");
        assert_eq!(desk.zoom(), Zoom::Percent(150));
    }

    #[test]
    fn with_control_the_edge_scrolls_and_a_picture_that_is_whole_stays() {
        let mut desk = Desk::seeing();
        desk.allow(Action::Control, 2);
        drop(desk.move_to(799.0, 300.0));
        assert_eq!(desk.mouse.wake_at(), None);
        drop(desk.model.act(Act::Zoom(Zoom::Percent(100)), now()));
        desk.picture.set_scaling(view::scaling(Zoom::Percent(100)), None);
        desk.draw();
        let before = desk.under(799.0, 300.0);
        drop(desk.move_to(798.0, 300.0));
        assert!(desk.under(799.0, 300.0).0 > before.0);
        assert!(desk.mouse.wake_at().is_some());
    }
}
