//! A running session: the bar with what is asked and allowed, and below it the customer's picture.

use std::time::Duration;

use deskside_proto::journal::Action;
use deskside_ui::Picture;
use deskside_ui::egui::{
    self, Align, Align2, Area, CornerRadius, CursorIcon, Frame, Id, Layout, Margin, Order, Panel, Popup,
    Rect, Response, Ui, UiBuilder, Vec2,
};
use deskside_ui::theme::{CONTROL_HEIGHT, Palette, Tone, UNIT};
use deskside_ui::widgets::{self, Button, Kind};

use super::{Forms, bar, details, words, writing};
use crate::model::{Act, Banner, Keyboard, Model, Session};

pub(super) fn show(
    ui: &mut Ui,
    model: &Model,
    session: &Session,
    forms: &mut Forms,
    picture: &mut Picture,
    now: Duration,
    acts: &mut Vec<Act>,
) {
    let whole = ui.available_rect_before_wrap();
    // While a menu is open the next click closes it, wherever it is.
    let menu = Popup::is_any_open(ui.ctx());
    let zoom = picture.zoom();
    let mut strips = Strips { model, session, forms, now, zoom, acts };
    let mut place = whole;
    let mut cover = None;
    if session.is_full_screen() {
        if session.shows_bar() || model.banner().is_some() {
            let strips = above(ui, whole, &mut strips);
            let pointer = ui.input(|input| input.pointer.hover_pos());
            let held = menu || pointer.is_some_and(|at| strips.contains(at));
            if held != session.holds_bar() {
                acts.push(Act::OverBar(held));
            }
            cover = Some(strips);
        }
    } else {
        strips.show(ui, false);
        place = ui.available_rect_before_wrap();
    }
    if session.screen().is_some() {
        let shown = picture.show(ui);
        if picture.overflows() && !session.reaches_customer() {
            shown.on_hover_cursor(CursorIcon::Grab);
        }
    } else {
        empty(ui, place, session);
    }
    if picture.zoom() != zoom {
        // The bar, which was drawn first, tells how large the picture was.
        ui.ctx().request_repaint();
    }
    picture.cover(ui, if menu { Some(whole) } else { cover });
    let below = cover.map_or(place, |cover| place.with_min_y(cover.bottom()));
    rests(ui, below, session);
    if session.details && session.screen().is_some() {
        details::show(ui, place, session, picture);
    }
    // The bar's clock moves on when this second is over.
    let part = now.saturating_sub(session.started).subsec_nanos();
    ui.ctx().request_repaint_after(Duration::from_nanos(1_005_000_000 - u64::from(part)));
}

/// The bar and what belongs right below it.
struct Strips<'a> {
    model: &'a Model,
    session: &'a Session,
    forms: &'a mut Forms,
    now: Duration,
    zoom: f32,
    acts: &'a mut Vec<Act>,
}

impl Strips<'_> {
    fn show(&mut self, ui: &mut Ui, above: bool) {
        let (session, palette) = (self.session, Palette::of(ui));
        let frame = Frame::new().fill(palette.surface).inner_margin(Margin::symmetric(12, 8));
        let bar = strip(ui, "bar", frame, above, |ui| {
            let row = Vec2::new(ui.available_width(), CONTROL_HEIGHT - UNIT);
            ui.allocate_ui_with_layout(row, Layout::left_to_right(Align::Center), |ui| {
                bar::show(ui, session, self.forms, self.zoom, self.now, self.acts);
            });
        });
        if session.writes() {
            let frame = Frame::new().fill(palette.surface).inner_margin(Margin::symmetric(12, 4));
            strip(ui, "writing", frame, above, |ui| writing::show(ui, session, self.forms, self.acts));
        } else {
            self.forms.is_writing = false;
        }
        if session.keyboard() != Keyboard::Idle && !session.writes() {
            keyboard(ui, session, above, self.acts);
        }
        // A click on the bar is a click beside the picture: the keyboard comes back.
        if session.keyboard() == Keyboard::Customer && pressed_inside(ui, &bar) {
            self.acts.push(Act::ReleaseKeyboard);
        }
        if let Some(banner) = self.model.banner() {
            trouble(ui, banner, above, self.acts);
        }
    }
}

/// The strips above a picture that covers the screen. Where they are.
fn above(ui: &Ui, whole: Rect, strips: &mut Strips<'_>) -> Rect {
    let area = Area::new(Id::new("above")).order(Order::Middle).fixed_pos(whole.min).constrain(false);
    let shown = area.show(ui.ctx(), |ui| {
        ui.set_width(whole.width());
        ui.spacing_mut().item_spacing.y = 0.0;
        strips.show(ui, true);
        let line = Palette::of(ui).line;
        ui.painter().hline(whole.x_range(), ui.min_rect().bottom(), (1.0, line));
    });
    shown.response.rect
}

/// A part of the window from side to side: beside the picture or, if that covers the screen, above it.
fn strip(ui: &mut Ui, name: &'static str, frame: Frame, above: bool, add: impl FnOnce(&mut Ui)) -> Response {
    if above {
        return ui.push_id(name, |ui| frame.show(ui, add).response).inner;
    }
    Panel::top(name).frame(frame).show_separator_line(name == "bar").show_inside(ui, add).response
}

fn pressed_inside(ui: &Ui, response: &Response) -> bool {
    ui.input(|input| {
        input.pointer.any_pressed()
            && input.pointer.interact_pos().is_some_and(|at| response.rect.contains(at))
    })
}

/// A strip that says where the operator's keys go; a click on it brings them back.
fn keyboard(ui: &mut Ui, session: &Session, above: bool, acts: &mut Vec<Act>) {
    let rests = session.rests(Action::Control);
    let (tone, text) = words::keyboard(session.keyboard(), session.draws(), session.paused, rests);
    let colours = Palette::of(ui).tone(tone);
    let frame = Frame::new().fill(colours.ground).inner_margin(Margin::symmetric(12, 4));
    let strip = strip(ui, "keyboard", frame, above, |ui| {
        ui.vertical_centered(|ui| {
            ui.label(egui::RichText::new(text).size(13.0).color(colours.text));
        });
    });
    let strip = ui.interact(strip.rect, Id::new("keyboard strip"), egui::Sense::click());
    strip.widget_info(|| egui::WidgetInfo::labeled(egui::WidgetType::Button, true, "Release the keyboard"));
    if session.keyboard() == Keyboard::Customer && strip.is_pointer_button_down_on() | strip.clicked() {
        acts.push(Act::ReleaseKeyboard);
    }
}

/// What stands where the picture would be.
fn empty(ui: &mut Ui, place: Rect, session: &Session) {
    ui.painter().rect_filled(place, CornerRadius::ZERO, Palette::of(ui).ground);
    let (heading, text) = words::no_picture(session.see);
    let middle = Rect::from_center_size(place.center(), Vec2::new(place.width(), 10.0 * UNIT));
    ui.scope_builder(UiBuilder::new().max_rect(middle), |ui| {
        ui.vertical_centered(|ui| {
            widgets::heading(ui, heading);
            widgets::muted(ui, text);
        });
    });
}

/// What went wrong, between the bar and the picture, so that its button does not lie on the picture.
fn trouble(ui: &mut Ui, banner: &Banner, above: bool, acts: &mut Vec<Act>) {
    let colours = Palette::of(ui).tone(if banner.wrong { Tone::Error } else { Tone::Info });
    let frame = Frame::new().fill(colours.ground).inner_margin(Margin::symmetric(12, 4));
    strip(ui, "trouble", frame, above, |ui| {
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
fn rests(ui: &Ui, place: Rect, session: &Session) {
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
