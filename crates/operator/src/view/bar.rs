//! The bar above the customer's picture: who is there, what is asked and allowed, how it is shown.

use std::time::Duration;

use deskside_proto::journal::Action;
use deskside_ui::egui::{Align, Layout, Pos2, Response, Shape, Stroke, Ui, Vec2};
use deskside_ui::theme::{Palette, Tone, UNIT};
use deskside_ui::widgets::{self, Button, Kind};

use super::{Focus, Forms, dot_from_right, menu, stable, take_focus, words};
use crate::model::{Act, Permission, Session};

/// From this width on, in points, the bar has room for more than what is needed.
const ROOMY: f32 = 1080.0;
/// From this width on there is room for what the menu has as well.
const AMPLE: f32 = 1250.0;
/// From this width on there is room for everything.
const WIDE: f32 = 1360.0;

pub(super) fn show(
    ui: &mut Ui,
    session: &Session,
    forms: &mut Forms,
    zoom: f32,
    now: Duration,
    acts: &mut Vec<Act>,
) {
    let width = ui.available_width();
    let sees = session.screen().is_some();
    if width >= if sees { WIDE } else { ROOMY } {
        let (tone, text) = words::customer(session.suspension, session.paused);
        widgets::status_dot(ui, tone, text);
        ui.separator();
    }
    permissions(ui, session, forms, acts);
    ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
        state(ui, session, now, !sees || ROOMY <= width, acts);
        ui.separator();
        if sees {
            shown(ui, session, zoom, AMPLE <= width, acts);
        }
        if !sees || ROOMY <= width {
            own_screen(ui, session, acts);
        }
    });
}

/// What may be seen and done, and the buttons that ask for it or give it back.
fn permissions(ui: &mut Ui, session: &Session, forms: &mut Forms, acts: &mut Vec<Act>) {
    let step = match (session.see, session.control) {
        (Permission::Asking(_), _) | (_, Permission::Asking(_)) => Focus::Nothing,
        (Permission::Allowed(_), Permission::Allowed(_)) => Focus::Control,
        (Permission::Allowed(_), Permission::None) => Focus::AskControl,
        // Whoever was typing when it ended must not ask again with the next space.
        (Permission::Allowed(_), _) | (Permission::Ended(_), _) => Focus::Nothing,
        _ => Focus::AskSee,
    };
    // Nor what is typed for the customer's screen.
    let new_step = forms.wants(step) && !session.writes();
    for (action, focus) in [(Action::See, Focus::AskSee), (Action::Control, Focus::AskControl)] {
        // Another button in the same place is another one: pressing Enter twice does not take back what it
        // asked for the first time.
        let name = ("permission", action, std::mem::discriminant(&session.permission(action)));
        let response = stable(ui, name, |ui| permission(ui, session, action, acts));
        if let Some(response) = response
            && new_step
            && step == focus
        {
            take_focus(&response);
        }
        if action == Action::See {
            ui.separator();
        }
    }
}

fn permission(ui: &mut Ui, session: &Session, action: Action, acts: &mut Vec<Act>) -> Option<Response> {
    let permission = session.permission(action);
    let rests = session.rests(action);
    if let Some((tone, text)) = words::permission(action, permission, rests, session.shown.as_ref()) {
        let status = widgets::status_dot(ui, tone, &text);
        if let Some(shown) = session.shown.as_ref().filter(|_| action == Action::See) {
            status.on_hover_text(words::scope_at_length(shown));
        }
    }
    let button = |kind, text: &str| Button::new(kind, text).compact();
    match permission {
        Permission::Asking(_) => {
            if ui.add(button(Kind::Secondary, "Withdraw")).clicked() {
                acts.push(Act::Withdraw(action));
            }
            None
        }
        Permission::Allowed(_) => {
            let text = match action {
                Action::See => "Stop seeing",
                Action::Control => "Give back control",
                Action::Point => "Stop drawing",
                Action::Demonstrate => "Stop showing",
            };
            if ui.add(button(Kind::Secondary, text)).clicked() {
                acts.push(Act::GiveBack(action));
            }
            None
        }
        Permission::None | Permission::Refused(_) | Permission::Ended(_) => {
            let text = match action {
                Action::See => "Ask to see",
                Action::Control if session.see.is_allowed() => "Ask to control",
                Action::Control => "Ask to see and control",
                Action::Point => "Ask to draw",
                Action::Demonstrate => "Ask to show my screen",
            };
            let may = session.may_ask(action);
            // One button stands out: the next step.
            let is_next = may && (action == Action::See || session.see.is_allowed());
            let kind = if is_next { Kind::Primary } else { Kind::Secondary };
            let response = ui.add_enabled(may, button(kind, text));
            if response.clicked() {
                acts.push(Act::Ask(action));
            }
            Some(response)
        }
    }
}

/// The right end of the bar, from the edge inwards: end and, where there is room, time and connection.
fn state(ui: &mut Ui, session: &Session, now: Duration, roomy: bool, acts: &mut Vec<Act>) {
    let text = if session.ending { "Ending…" } else { "End session" };
    if ui.add_enabled(!session.ending, Button::new(Kind::Danger, text).compact()).clicked() {
        acts.push(Act::End);
    }
    if !roomy {
        return;
    }
    let lasted = words::clock(now.saturating_sub(session.started));
    widgets::small(ui, &lasted).on_hover_text("Time since the customer accepted");
    match session.quality {
        Some(quality) => {
            let (tone, text) = words::quality(quality);
            dot_from_right(ui, tone, &text)
        }
        None => dot_from_right(ui, Tone::Neutral, "measuring…"),
    }
    .on_hover_text("Time to the customer's computer and back, and the way that data takes");
}

/// How the picture is shown, from the right: what does not fit is in the menu alone.
fn shown(ui: &mut Ui, session: &Session, zoom: f32, wide: bool, acts: &mut Vec<Act>) {
    if wide {
        let (on, text) = words::full_screen(session.is_full_screen());
        let button = ui.add(Button::new(Kind::Quiet, text).compact());
        if button.on_hover_text(menu::FULL_SCREEN_KEYS).clicked() {
            acts.push(Act::FullScreen(on));
        }
        let kind = if session.details { Kind::Secondary } else { Kind::Quiet };
        let button = ui.add(Button::new(kind, "Details").compact());
        if button.on_hover_text("Figures of picture and connection").clicked() {
            acts.push(Act::Details(!session.details));
        }
    }
    let draw = stable(ui, "draw", |ui| {
        let kind = if session.draws() { Kind::Secondary } else { Kind::Quiet };
        ui.add(Button::new(kind, "Draw").compact().min_width(64.0 + 2.0 * UNIT))
    });
    caret(ui, &draw);
    menu::drawing(&draw.on_hover_text("Point and draw on the customer's screen"), session, acts);
    if session.monitors.len() > 1 {
        let text = menu::monitor_name(session, session.monitor);
        let button = stable(ui, "monitor", |ui| {
            ui.add(Button::new(Kind::Quiet, text).compact().min_width(96.0 + 2.0 * UNIT))
        });
        caret(ui, &button);
        menu::monitors(&button.on_hover_text("The customer's monitors"), session, acts);
    }
    let text = words::zoom(session.zoom, zoom);
    let button = stable(ui, "zoom", |ui| {
        ui.add(Button::new(Kind::Quiet, text).compact().min_width(96.0 + 2.0 * UNIT))
    });
    caret(ui, &button);
    menu::show(&button.on_hover_text("Size of the picture"), session, zoom, acts);
}

/// The other direction: the customer sees the operator's screen.
fn own_screen(ui: &mut Ui, session: &Session, acts: &mut Vec<Act>) {
    let button = stable(ui, "own screen", |ui| {
        let is_shown = session.demonstrate.is_allowed() || session.demonstrate.is_asking();
        let kind = if is_shown { Kind::Secondary } else { Kind::Quiet };
        ui.add(Button::new(kind, "My screen").compact().min_width(96.0 + 2.0 * UNIT))
    });
    caret(ui, &button);
    menu::own_screen(&button.on_hover_text("Show the customer your own screen"), session, acts);
}

/// The sign of a button that opens a menu.
fn caret(ui: &Ui, button: &Response) {
    let tip = Pos2::new(button.rect.right() - 1.5 * UNIT, button.rect.center().y + 2.0);
    let side = Vec2::new(4.0, -4.0);
    let points = vec![tip + Vec2::new(-side.x, side.y), tip, tip + side];
    ui.painter().add(Shape::line(points, Stroke::new(1.5, Palette::of(ui).accent)));
}
