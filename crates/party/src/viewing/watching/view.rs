//! The window: draws what the model says and gives back what the person did. Nothing is decided here.

#[cfg(test)]
mod tests;

use deskside_ui::egui::{
    self, Align, Align2, Area, CornerRadius, CursorIcon, Frame, Id, Key, Label, Layout, Margin, Modifiers,
    Order, Panel, Rect, Ui, UiBuilder, Vec2,
};
use deskside_ui::theme::{CONTROL_HEIGHT, Palette, Tone, Type, UNIT};
use deskside_ui::widgets::{self, Button, Kind};
use deskside_ui::{Picture, Scaling};

use super::model::{Act, Control, Model, Sight};
use super::words;
use crate::viewing::{Viewer as _, Zoom};

/// From this width on, in points, there is room for more than what is needed.
const ROOMY: f32 = 800.0;

/// Draws the window for the present state.
pub(super) fn show(ui: &mut Ui, model: &Model, name: &str, picture: &mut Picture) -> Vec<Act> {
    let mut acts = Vec::new();
    if model.is_full_screen() && ui.input_mut(|input| input.consume_key(Modifiers::NONE, Key::Escape)) {
        acts.push(Act::FullScreen(false));
    }
    let scaling = model.zoom().scaling();
    if picture.scaling() != scaling {
        picture.set_scaling(scaling, None);
    }
    let whole = ui.available_rect_before_wrap();
    let mut place = whole;
    let mut cover = None;
    if !model.is_full_screen() {
        let frame = bar_frame(ui, model, name);
        Panel::top("bar").frame(frame).show_inside(ui, |ui| bar(ui, model, name, &mut acts));
        place = ui.available_rect_before_wrap();
    } else if model.shows_bar() {
        let above = above(ui, whole, model, name, &mut acts);
        let held = ui.input(|input| input.pointer.hover_pos()).is_some_and(|at| above.contains(at));
        if held != model.holds_bar() {
            acts.push(Act::OverBar(held));
        }
        cover = Some(above);
    }
    if model.sees() {
        let shown = picture.show(ui);
        if picture.overflows() && !model.reaches_sharer() {
            shown.on_hover_cursor(CursorIcon::Grab);
        }
    } else {
        empty(ui, place, model, name);
    }
    picture.cover(ui, cover);
    let below = cover.map_or(place, |cover| place.with_min_y(cover.bottom()));
    stands_still(ui, below, model, name);
    acts
}

/// The bar's colour says at a glance whether what is done here has an effect.
fn bar_frame(ui: &Ui, model: &Model, name: &str) -> Frame {
    let palette = Palette::of(ui);
    let (tone, _) = words::state(name, model.sight(), model.extent(), model.control());
    let fill = if is_tinted(model) { palette.tone(tone).ground } else { palette.surface };
    Frame::new().fill(fill).inner_margin(Margin::symmetric(16, 8))
}

fn is_tinted(model: &Model) -> bool {
    model.sees() && matches!(model.control(), Control::Here | Control::Rests(_))
}

/// The bar above a picture that covers the screen. Where it is.
fn above(ui: &Ui, whole: Rect, model: &Model, name: &str, acts: &mut Vec<Act>) -> Rect {
    let area = Area::new(Id::new("above")).order(Order::Middle).fixed_pos(whole.min).constrain(false);
    let shown = area.show(ui.ctx(), |ui| {
        ui.set_width(whole.width());
        bar_frame(ui, model, name).show(ui, |ui| bar(ui, model, name, acts));
        ui.painter().hline(whole.x_range(), ui.min_rect().bottom(), (1.0, Palette::of(ui).line));
    });
    shown.response.rect
}

/// Who shows what and what the case is, on the left; what can be done, on the right.
fn bar(ui: &mut Ui, model: &Model, name: &str, acts: &mut Vec<Act>) {
    ui.spacing_mut().item_spacing.y = 0.0;
    let line = |ui: &mut Ui, add: &mut dyn FnMut(&mut Ui)| {
        let size = Vec2::new(ui.available_width(), CONTROL_HEIGHT - UNIT);
        ui.allocate_ui_with_layout(size, Layout::right_to_left(Align::Center), add);
    };
    line(ui, &mut |ui| {
        stop(ui, model, acts);
        control(ui, model, acts);
        on_the_left(ui, |ui| {
            let colour = Palette::of(ui).text;
            let heading = words::heading(name, model.sight());
            ui.add(Label::new(Type::Heading.text(&heading, colour)).truncate());
        });
    });
    line(ui, &mut |ui| {
        if model.sees() {
            sizes(ui, model, acts);
        }
        on_the_left(ui, |ui| state(ui, model, name));
    });
}

/// What is the case, and what to do if that is not wanted.
fn state(ui: &mut Ui, model: &Model, name: &str) {
    let (tone, text) = words::state(name, model.sight(), model.extent(), model.control());
    let palette = Palette::of(ui);
    let colour = if is_tinted(model) { palette.tone(tone).text } else { palette.text };
    let (dot, _) = ui.allocate_exact_size(Vec2::splat(UNIT), egui::Sense::hover());
    ui.painter().circle_filled(dot.center(), UNIT / 2.0, palette.tone(tone).mark);
    ui.add(Label::new(Type::Body.text(&text, colour)).truncate());
    if model.sees() && model.control() == Control::Here {
        // In a row of its own, as high as the key.
        ui.horizontal(|ui| widgets::key_cap(ui, "F11"));
        ui.label(Type::Body.text("returns to yours", colour));
    }
}

fn on_the_left(ui: &mut Ui, add: impl FnOnce(&mut Ui)) {
    ui.with_layout(Layout::left_to_right(Align::Center), add);
}

fn stop(ui: &mut Ui, model: &Model, acts: &mut Vec<Act>) {
    let text = match model.sight() {
        _ if model.has_stopped() => "Stopping …",
        Sight::Over => "Close",
        Sight::Coming | Sight::Shown | Sight::Paused => "Stop watching",
    };
    let kind = if model.sight() == Sight::Over { Kind::Primary } else { Kind::Secondary };
    if ui.add_enabled(!model.has_stopped(), Button::new(kind, text).compact()).clicked() {
        acts.push(Act::Stop);
    }
}

/// The question for mouse and keyboard, and the ways back.
fn control(ui: &mut Ui, model: &Model, acts: &mut Vec<Act>) {
    if !model.sees() {
        return;
    }
    let (kind, text, is_alive, act) = match model.control() {
        Control::Not(_) => (Kind::Secondary, "Use mouse and keyboard …", model.may_ask(), Act::Ask),
        Control::Asked { withdrawing } => (Kind::Secondary, "Never mind", !withdrawing, Act::NeverMind),
        Control::Here | Control::Rests(_) => (Kind::Primary, "Give back", true, Act::GiveBack),
    };
    // Another button in the same place is another one: pressing Enter twice does not take back what it asked for
    // the first time.
    let button = ui.scope_builder(UiBuilder::new().id(Id::new(("control", text))), |ui| {
        ui.add_enabled(is_alive && !model.has_stopped(), Button::new(kind, text).compact())
    });
    if button.inner.clicked() {
        acts.push(act);
    }
}

/// How large the picture is shown.
fn sizes(ui: &mut Ui, model: &Model, acts: &mut Vec<Act>) {
    let (on, text) =
        if model.is_full_screen() { (false, "Leave full screen") } else { (true, "Full screen") };
    if link(ui, text) {
        acts.push(Act::FullScreen(on));
    }
    if ui.max_rect().width() < ROOMY {
        return;
    }
    let (zoom, text) = match model.zoom().scaling() {
        Scaling::Fit => (Zoom::Percent(100), "Real size"),
        Scaling::Percent(_) => (Zoom::Fit, "Whole picture"),
    };
    if link(ui, text) {
        acts.push(Act::Zoom(zoom));
    }
}

fn link(ui: &mut Ui, text: &str) -> bool {
    ui.add(Button::new(Kind::Quiet, text).compact()).clicked()
}

/// What stands where the picture would be.
fn empty(ui: &mut Ui, place: Rect, model: &Model, name: &str) {
    ui.painter().rect_filled(place, CornerRadius::ZERO, Palette::of(ui).ground);
    let (heading, text) = words::no_picture(name, model.sight(), model.may_see());
    let middle = Rect::from_center_size(place.center(), Vec2::new(place.width() - 4.0 * UNIT, 10.0 * UNIT));
    ui.scope_builder(UiBuilder::new().max_rect(middle), |ui| {
        ui.vertical_centered(|ui| {
            widgets::heading(ui, heading);
            widgets::muted(ui, &text);
        });
    });
}

/// A picture that does not move is explained where the person looks; it takes no clicks.
fn stands_still(ui: &Ui, place: Rect, model: &Model, name: &str) {
    let paused = model.sight() == Sight::Paused;
    let text = match model.control() {
        _ if paused => words::stands_still(name),
        // The bar says it, unless that has gone.
        Control::Rests(_) if model.sees() && !model.shows_bar() => {
            words::state(name, model.sight(), model.extent(), model.control()).1
        }
        _ => return,
    };
    Area::new(Id::new("stands still"))
        .order(Order::Foreground)
        .interactable(false)
        .pivot(Align2::CENTER_TOP)
        .fixed_pos(place.center_top() + Vec2::new(0.0, 2.0 * UNIT))
        .show(ui.ctx(), |ui| {
            ui.set_width((place.width() - 4.0 * UNIT).min(560.0));
            widgets::banner(ui, Tone::Warning, &text);
        });
}
