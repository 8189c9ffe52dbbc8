//! What holds other widgets: pages, cards, banners, and the steps of a longer wait.

use egui::{CornerRadius, Frame, InnerResponse, Margin, Rect, Sense, Stroke, Ui, Vec2};

use crate::theme::{CARD_RADIUS, Palette, RADIUS, Tone, Type, UNIT};

/// The whole of a window: ground and margin.
pub fn page<R>(ui: &mut Ui, margin: f32, add: impl FnOnce(&mut Ui) -> R) -> InnerResponse<R> {
    let frame = Frame::new().fill(Palette::of(ui).ground).inner_margin(margin);
    egui::CentralPanel::default().frame(frame).show_inside(ui, add)
}

/// A group on a surface of its own, as wide as there is room.
pub fn card<R>(ui: &mut Ui, add: impl FnOnce(&mut Ui) -> R) -> InnerResponse<R> {
    let palette = Palette::of(ui);
    Frame::new()
        .fill(palette.surface)
        .stroke(Stroke::new(1.0, palette.line))
        .corner_radius(CornerRadius::same(CARD_RADIUS))
        .inner_margin(Margin::same(3 * UNIT as i8))
        .show(ui, |ui| {
            ui.set_min_width(ui.available_width());
            add(ui)
        })
}

const BANNER_MARGIN: Margin = Margin { left: 2 * UNIT as i8 + 4, right: 2 * UNIT as i8, top: 12, bottom: 12 };
const BANNER_LINE: f32 = 1.0;

/// How high a [`banner`] is, at the width that there is.
pub fn banner_height(ui: &Ui, words: &str) -> f32 {
    let around = BANNER_MARGIN.sum() + Vec2::splat(2.0 * BANNER_LINE);
    around.y + super::text::height(ui, words, Type::Body, ui.available_width() - around.x)
}

/// A message in a tone, as wide as there is room.
pub fn banner(ui: &mut Ui, tone: Tone, text: &str) -> egui::Response {
    let colours = Palette::of(ui).tone(tone);
    let frame = Frame::new()
        .fill(colours.ground)
        .stroke(Stroke::new(BANNER_LINE, colours.line))
        .corner_radius(CornerRadius::same(RADIUS))
        .inner_margin(BANNER_MARGIN);
    let shown = frame.show(ui, |ui| {
        ui.set_min_width(ui.available_width());
        ui.add(egui::Label::new(Type::Body.text(text, colours.text)).wrap());
    });
    let edge = Rect::from_min_size(
        shown.response.rect.min + Vec2::new(UNIT, UNIT),
        Vec2::new(4.0, shown.response.rect.height() - 2.0 * UNIT),
    );
    ui.painter().rect_filled(edge, CornerRadius::same(2), colours.mark);
    shown.response
}

/// The steps of a wait, one below the other: those before `current` are done.
pub fn steps(ui: &mut Ui, names: &[&str], current: usize) {
    let palette = Palette::of(ui);
    for (index, name) in names.iter().enumerate() {
        ui.horizontal(|ui| {
            let (rect, _) = ui.allocate_exact_size(Vec2::splat(3.0 * UNIT), Sense::hover());
            let (centre, painter) = (rect.center(), ui.painter());
            match index.cmp(&current) {
                std::cmp::Ordering::Less => {
                    painter.circle_filled(centre, UNIT, palette.tone(Tone::Good).mark);
                    let points = [Vec2::new(-4.0, 0.0), Vec2::new(-1.0, 3.0), Vec2::new(4.0, -3.0)];
                    let tick = points.map(|point| centre + point).to_vec();
                    painter.line(tick, Stroke::new(2.0, palette.surface));
                }
                std::cmp::Ordering::Equal => {
                    painter.circle_stroke(centre, UNIT - 1.0, Stroke::new(2.0, palette.accent));
                    painter.circle_filled(centre, 3.5, palette.accent);
                }
                std::cmp::Ordering::Greater => {
                    painter.circle_stroke(centre, UNIT - 1.0, Stroke::new(1.5, palette.line_strong));
                }
            }
            let colour = if index == current { palette.text } else { palette.text_muted };
            ui.label(Type::Body.text(name, colour));
        });
    }
}
