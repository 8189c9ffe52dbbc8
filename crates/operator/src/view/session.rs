//! A running session: the bar with what is asked and allowed, and below it the customer's picture.

use std::time::Duration;

use deskside_proto::journal::Action;
use deskside_ui::Picture;
use deskside_ui::egui::{
    self, Align, Align2, Area, CornerRadius, Frame, Id, Layout, Margin, Order, Panel, Response, Ui,
    UiBuilder, Vec2,
};
use deskside_ui::theme::{CONTROL_HEIGHT, Palette, Tone, UNIT};
use deskside_ui::widgets::{self, Button, Kind};

use super::{Focus, Forms, dot_from_right, stable, take_focus, words};
use crate::model::{Act, Banner, Keyboard, Model, Permission, Session, Zoom};

/// From this width on, in points, the bar has room for more than what is needed.
const ROOMY: f32 = 1080.0;

pub(super) fn show(
    ui: &mut Ui,
    model: &Model,
    session: &Session,
    forms: &mut Forms,
    picture: &mut Picture,
    now: Duration,
    acts: &mut Vec<Act>,
) {
    let palette = Palette::of(ui);
    let strip = |inner: Margin| Frame::new().fill(palette.surface).inner_margin(inner);
    let bar = Panel::top("bar").frame(strip(Margin::symmetric(12, 8))).show_separator_line(true);
    let bar = bar.show_inside(ui, |ui| {
        let row = Vec2::new(ui.available_width(), CONTROL_HEIGHT - UNIT);
        ui.allocate_ui_with_layout(row, Layout::left_to_right(Align::Center), |ui| {
            if row.x >= ROOMY {
                let (tone, text) = words::customer(session.suspension, session.paused);
                widgets::status_dot(ui, tone, text);
                ui.separator();
            }
            permissions(ui, session, forms, acts);
            ui.with_layout(Layout::right_to_left(Align::Center), |ui| state(ui, session, now, acts));
        });
    });
    if session.keyboard() != Keyboard::Idle {
        keyboard(ui, session, acts);
    }
    // A click on the bar is a click beside the picture: the keyboard comes back.
    if session.keyboard() == Keyboard::Customer && pressed_inside(ui, &bar.response) {
        acts.push(Act::ReleaseKeyboard);
    }
    if let Some(banner) = model.banner() {
        trouble(ui, banner, acts);
    }
    let place = ui.available_rect_before_wrap();
    if session.screen().is_some() {
        picture.show(ui);
    } else {
        empty(ui, place, session);
    }
    rests(ui, place, session);
    // The bar's clock moves on when this second is over.
    let part = now.saturating_sub(session.started).subsec_nanos();
    ui.ctx().request_repaint_after(Duration::from_nanos(1_005_000_000 - u64::from(part)));
}

fn pressed_inside(ui: &Ui, response: &Response) -> bool {
    ui.input(|input| {
        input.pointer.any_pressed()
            && input.pointer.interact_pos().is_some_and(|at| response.rect.contains(at))
    })
}

/// What may be seen and done, and the buttons that ask for it or give it back.
fn permissions(ui: &mut Ui, session: &Session, forms: &mut Forms, acts: &mut Vec<Act>) {
    let step = match (session.see, session.control) {
        (Permission::Asking(_), _) | (_, Permission::Asking(_)) => Focus::Nothing,
        (Permission::Allowed(_), Permission::Allowed(_)) => Focus::Control,
        (Permission::Allowed(_), _) => Focus::AskControl,
        _ => Focus::AskSee,
    };
    let new_step = forms.wants(step);
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
    if let Some((tone, text)) = words::permission(action, permission) {
        widgets::status_dot(ui, tone, text);
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
            let text = if action == Action::See { "Stop seeing" } else { "Give back control" };
            if ui.add(button(Kind::Secondary, text)).clicked() {
                acts.push(Act::GiveBack(action));
            }
            None
        }
        Permission::None | Permission::Refused(_) | Permission::Ended(_) => {
            let text = if action == Action::See { "Ask to see" } else { "Ask to control" };
            let may = session.may_ask(action);
            let kind = if may { Kind::Primary } else { Kind::Secondary };
            let response = ui.add_enabled(may, button(kind, text));
            if response.clicked() {
                acts.push(Act::Ask(action));
            }
            Some(response)
        }
    }
}

/// The right end of the bar, from the edge inwards: end, time, connection, zoom.
fn state(ui: &mut Ui, session: &Session, now: Duration, acts: &mut Vec<Act>) {
    let text = if session.ending { "Ending…" } else { "End session" };
    if ui.add_enabled(!session.ending, Button::new(Kind::Danger, text).compact()).clicked() {
        acts.push(Act::End);
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
    if session.screen().is_some() {
        ui.separator();
        let (zoom, text) = match session.zoom {
            Zoom::Fit => (Zoom::Full, "Show at 100 %"),
            Zoom::Full => (Zoom::Fit, "Fit to window"),
        };
        if ui.add(Button::new(Kind::Quiet, text).compact()).clicked() {
            acts.push(Act::Zoom(zoom));
        }
    }
}

/// A strip that says where the operator's keys go; a click on it brings them back.
fn keyboard(ui: &mut Ui, session: &Session, acts: &mut Vec<Act>) {
    let (tone, text) = match session.keyboard() {
        Keyboard::Customer => {
            (Tone::Info, "Keyboard goes to the customer — right Ctrl or click here to release")
        }
        Keyboard::Here | Keyboard::Idle => {
            (Tone::Neutral, "Keyboard stays here — click the picture to type on the customer's computer")
        }
    };
    let colours = Palette::of(ui).tone(tone);
    let frame = Frame::new().fill(colours.ground).inner_margin(Margin::symmetric(12, 4));
    let strip = Panel::top("keyboard").frame(frame).show_separator_line(false).show_inside(ui, |ui| {
        ui.vertical_centered(|ui| {
            ui.label(egui::RichText::new(text).size(13.0).color(colours.text));
        });
    });
    let strip = ui.interact(strip.response.rect, Id::new("keyboard strip"), egui::Sense::click());
    strip.widget_info(|| egui::WidgetInfo::labeled(egui::WidgetType::Button, true, "Release the keyboard"));
    if session.keyboard() == Keyboard::Customer && strip.is_pointer_button_down_on() | strip.clicked() {
        acts.push(Act::ReleaseKeyboard);
    }
}

/// What stands where the picture would be.
fn empty(ui: &mut Ui, place: egui::Rect, session: &Session) {
    ui.painter().rect_filled(place, CornerRadius::ZERO, Palette::of(ui).ground);
    let (heading, text) = words::no_picture(session.see);
    let middle = egui::Rect::from_center_size(place.center(), Vec2::new(place.width(), 10.0 * UNIT));
    ui.scope_builder(UiBuilder::new().max_rect(middle), |ui| {
        ui.vertical_centered(|ui| {
            widgets::heading(ui, heading);
            widgets::muted(ui, text);
        });
    });
}

/// What went wrong, between the bar and the picture, so that its button does not lie on the picture.
fn trouble(ui: &mut Ui, banner: &Banner, acts: &mut Vec<Act>) {
    let colours = Palette::of(ui).tone(if banner.wrong { Tone::Error } else { Tone::Info });
    let frame = Frame::new().fill(colours.ground).inner_margin(Margin::symmetric(12, 4));
    Panel::top("trouble").frame(frame).show_separator_line(false).show_inside(ui, |ui| {
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            if ui.add(Button::new(Kind::Quiet, "Dismiss").compact()).clicked() {
                acts.push(Act::Dismiss);
            }
            ui.with_layout(Layout::left_to_right(Align::Center), |ui| {
                ui.add(egui::Label::new(egui::RichText::new(&banner.text).color(colours.text)).wrap());
            });
        });
    });
}

/// Why input rests, above the picture; it takes no clicks.
fn rests(ui: &Ui, place: egui::Rect, session: &Session) {
    let text = words::rests(session.suspension, session.paused)
        .filter(|_| session.paused || session.control.is_allowed());
    let Some(text) = text else { return };
    let width = (place.width() - 4.0 * UNIT).min(560.0);
    Area::new(Id::new("rests"))
        .order(Order::Foreground)
        .interactable(false)
        .pivot(Align2::CENTER_TOP)
        .fixed_pos(place.center_top() + Vec2::new(0.0, 2.0 * UNIT))
        .show(ui.ctx(), |ui| {
            ui.set_width(width);
            widgets::banner(ui, Tone::Warning, text);
        });
}
