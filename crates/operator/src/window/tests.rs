//! The mouse with the operator's model behind it.

use std::time::Duration;

use deskside_net::operator::Event;
use deskside_net::viewing;
use deskside_party::viewing::{Mouse, Redraw};
use deskside_proto::journal::{Action, Verdict};
use deskside_proto::{Code, GrantId, RequestId};
use deskside_session::Now;
use deskside_trust::Secret;
use deskside_ui::winit::dpi::PhysicalPosition;
use deskside_ui::winit::event::{
    DeviceId, ElementState, Modifiers, MouseButton, MouseScrollDelta, TouchPhase, WindowEvent,
};
use deskside_ui::winit::keyboard::ModifiersState;
use deskside_ui::{Picture, egui};

use crate::model::{Act, Effect, Identity, Model, Zoom};

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
        drop(model.net(Event::Help(viewing::Event::Started), now()));
        let mut desk = Self { model, picture: Picture::new(), mouse: Mouse::default() };
        desk.allow(Action::See, 1);
        drop(
            desk.model
                .net(Event::Help(viewing::Event::Screen { epoch: 1, width: 1600, height: 1200 }), now()),
        );
        desk.picture.canvas().begin(1600, 1200);
        desk.picture.renew();
        desk.draw();
        desk
    }

    fn allow(&mut self, action: Action, number: u32) {
        drop(self.model.act(Act::Ask(action), now()));
        let verdict = Verdict::Allowed(GrantId(number));
        drop(self.model.net(
            Event::Help(viewing::Event::Answered { request: RequestId(number), action, verdict }),
            now(),
        ));
    }

    fn draw(&mut self) {
        let screen = egui::Rect::from_min_size(egui::Pos2::ZERO, WINDOW.into());
        let input = egui::RawInput { screen_rect: Some(screen), ..Default::default() };
        let _output = egui::Context::default().run_ui(input, |ui| {
            self.picture.show(ui);
        });
    }

    fn input(&mut self, event: &WindowEvent) -> Vec<Effect> {
        self.mouse.input(event, &mut self.model, &mut self.picture, now().monotonic).1
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
        assert_eq!(desk.mouse.take_redraw(), Some(Redraw::Window));
        desk.draw();
        let (x, y) = desk.under(200.0, 150.0);
        assert!(x.abs_diff(before.0) <= 2 && y.abs_diff(before.1) <= 2, "{zoom}: {x},{y} {before:?}");
    }
    desk.hold(ModifiersState::empty());
    let before = desk.under(200.0, 150.0);
    assert!(desk.turn(0.0, -1.0).is_empty());
    assert_eq!(desk.mouse.take_redraw(), Some(Redraw::Picture));
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
    desk.picture.set_scaling(Zoom::Percent(200).scaling(), None);
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
    desk.picture.set_scaling(Zoom::Percent(100).scaling(), None);
    desk.draw();
    let before = desk.under(799.0, 300.0);
    drop(desk.move_to(798.0, 300.0));
    assert!(desk.under(799.0, 300.0).0 > before.0);
    assert!(desk.mouse.wake_at().is_some());
}
