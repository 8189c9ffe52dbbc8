//! Figures of picture and connection in a corner of the picture, for whoever wants to know.

use deskside_ui::Picture;
use deskside_ui::egui::{
    Align, Align2, Area, Color32, CornerRadius, Frame, Id, Layout, Margin, Order, Rect, Sense, Stroke, Ui,
    Vec2,
};
use deskside_ui::theme::{Palette, RADIUS, Type, UNIT};

use super::words;
use crate::model::Session;

/// Widths of what is measured and of its value.
const COLUMNS: (f32, f32) = (56.0, 136.0);

/// Shows them at the bottom right of `place`; they take no clicks.
pub(super) fn show(ui: &Ui, place: Rect, session: &Session, picture: &Picture) {
    let palette = Palette::of(ui);
    let frame = Frame::new()
        .fill(palette.surface)
        .stroke(Stroke::new(1.0, palette.line))
        .corner_radius(CornerRadius::same(RADIUS))
        .inner_margin(Margin::symmetric(12, 8));
    Area::new(Id::new("details"))
        .order(Order::Middle)
        .interactable(false)
        .sense(Sense::hover())
        .pivot(Align2::RIGHT_BOTTOM)
        .fixed_pos(place.right_bottom() - Vec2::splat(1.5 * UNIT))
        .show(ui.ctx(), |ui| {
            frame.show(ui, |ui| {
                ui.spacing_mut().item_spacing = Vec2::new(0.0, UNIT / 2.0);
                ui.spacing_mut().interact_size.y = Type::Small.line_height();
                for (name, value) in words::details(session, picture.size(), picture.zoom()) {
                    ui.horizontal(|ui| {
                        column(ui, COLUMNS.0, Layout::left_to_right(Align::Center), name, palette.text_muted);
                        column(ui, COLUMNS.1, Layout::right_to_left(Align::Center), &value, palette.text);
                    });
                }
            });
        });
}

/// Of the same width whatever stands in it, so that nothing moves when figures change.
fn column(ui: &mut Ui, width: f32, layout: Layout, text: &str, colour: Color32) {
    ui.allocate_ui_with_layout(Vec2::new(width, Type::Small.line_height()), layout, |ui| {
        ui.set_min_width(width);
        ui.label(Type::Small.text(text, colour));
    });
}
