//! Texts in the type scale, and small marks beside them.

use egui::{
    Color32, CornerRadius, FontSelection, Frame, Label, Margin, Response, Sense, Stroke, TextWrapMode, Ui,
    Vec2, WidgetText,
};

use crate::theme::{Palette, Tone, Type, UNIT};

fn text(ui: &mut Ui, text: &str, kind: Type, muted: bool) -> Response {
    let palette = Palette::of(ui);
    let colour = if muted { palette.text_muted } else { palette.text };
    ui.add(Label::new(kind.text(text, colour)).wrap())
}

/// What a window is about.
pub fn title(ui: &mut Ui, words: &str) -> Response {
    text(ui, words, Type::Title, false)
}

/// What a part of a window is about.
pub fn heading(ui: &mut Ui, words: &str) -> Response {
    text(ui, words, Type::Heading, false)
}

/// What is read.
pub fn body(ui: &mut Ui, words: &str) -> Response {
    text(ui, words, Type::Body, false)
}

/// What is read second.
pub fn muted(ui: &mut Ui, words: &str) -> Response {
    text(ui, words, Type::Body, true)
}

/// A side remark.
pub fn small(ui: &mut Ui, words: &str) -> Response {
    text(ui, words, Type::Small, true)
}

/// How high a [`small`] remark is, at the width that there is.
pub fn small_height(ui: &Ui, words: &str) -> f32 {
    height(ui, words, Type::Small, ui.available_width())
}

pub(super) fn height(ui: &Ui, words: &str, kind: Type, width: f32) -> f32 {
    let text = WidgetText::from(kind.text(words, Color32::TRANSPARENT));
    text.into_galley(ui, Some(TextWrapMode::Wrap), width, FontSelection::Default).size().y
}

/// A dot in a tone with a word beside it, so that the colour is never the only sign.
pub fn status_dot(ui: &mut Ui, tone: Tone, words: &str) -> Response {
    ui.horizontal(|ui| {
        let colour = Palette::of(ui).tone(tone).mark;
        let (rect, _) = ui.allocate_exact_size(Vec2::splat(UNIT), Sense::hover());
        ui.painter().circle_filled(rect.center(), UNIT / 2.0, colour);
        small(ui, words)
    })
    .inner
}

/// One sentence of a list, with a mark in a tone before it.
pub fn bullet(ui: &mut Ui, tone: Tone, words: &str) -> Response {
    ui.horizontal_top(|ui| {
        let colour = Palette::of(ui).tone(tone).mark;
        let (rect, _) = ui.allocate_exact_size(Vec2::new(2.0 * UNIT, 20.0), Sense::hover());
        let (centre, painter) = (rect.center(), ui.painter());
        let stroke = Stroke::new(2.0, colour);
        let line = |points: &[(f32, f32)]| {
            painter.line(points.iter().map(|(x, y)| centre + Vec2::new(*x, *y)).collect(), stroke);
        };
        match tone {
            Tone::Good => line(&[(-5.0, 0.0), (-1.5, 3.5), (5.0, -4.0)]),
            Tone::Error => {
                line(&[(-4.0, -4.0), (4.0, 4.0)]);
                line(&[(-4.0, 4.0), (4.0, -4.0)]);
            }
            Tone::Info | Tone::Warning | Tone::Neutral => {
                painter.circle_filled(centre, 3.0, colour);
            }
        }
        body(ui, words)
    })
    .inner
}

/// A key of the keyboard, drawn as one.
pub fn key_cap(ui: &mut Ui, key: &str) -> Response {
    let palette = Palette::of(ui);
    Frame::new()
        .fill(palette.surface_hover)
        .stroke(Stroke::new(1.0, palette.line_strong))
        .corner_radius(CornerRadius::same(4))
        .inner_margin(Margin::symmetric(6, 1))
        .show(ui, |ui| ui.add(Label::new(Type::Small.text(key, palette.text))))
        .response
}
