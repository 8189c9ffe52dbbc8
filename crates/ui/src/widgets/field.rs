//! A labelled field to type into.

use egui::{CornerRadius, Frame, Margin, Response, Stroke, TextEdit, Ui};

use super::focus_ring;
use crate::theme::{Palette, RADIUS, Tone, Type, UNIT};

/// A field with its name above and, if something is wrong, the reason below.
#[must_use = "a field that is not shown takes nothing"]
pub struct Field<'a> {
    label: &'a str,
    text: &'a mut dyn egui::TextBuffer,
    hidden: bool,
    error: Option<&'a str>,
}

impl<'a> Field<'a> {
    /// Edits `text` (a `String`, or any other buffer, such as one that is wiped).
    pub fn new(label: &'a str, text: &'a mut dyn egui::TextBuffer) -> Self {
        Self { label, text, hidden: false, error: None }
    }

    /// Shows dots in place of the letters, for passwords.
    pub fn hidden(mut self) -> Self {
        self.hidden = true;
        self
    }

    /// What is wrong with the text.
    pub fn error(mut self, error: Option<&'a str>) -> Self {
        self.error = error;
        self
    }

    /// Draws it; the response is the field's own (`lost_focus`, `request_focus`, …).
    pub fn show(self, ui: &mut Ui) -> Response {
        let palette = Palette::of(ui);
        let line = if self.error.is_some() { palette.tone(Tone::Error).mark } else { palette.line_strong };
        ui.vertical(|ui| {
            ui.spacing_mut().item_spacing.y = UNIT / 2.0;
            let label = ui.label(Type::Small.text(self.label, palette.text_muted));
            let frame = Frame::new()
                .fill(palette.surface)
                .stroke(Stroke::new(1.0, line))
                .corner_radius(CornerRadius::same(RADIUS))
                .inner_margin(Margin::symmetric(12, 10));
            let shown = frame.show(ui, |ui| {
                let edit = TextEdit::singleline(self.text)
                    .password(self.hidden)
                    .frame(Frame::NONE)
                    .desired_width(f32::INFINITY);
                ui.add(edit).labelled_by(label.id)
            });
            if shown.inner.has_focus() {
                focus_ring(ui, shown.response.rect);
            }
            if let Some(error) = self.error {
                let colour = palette.tone(Tone::Error).text;
                ui.label(Type::Small.text(error, colour));
            }
            shown.inner
        })
        .inner
    }
}
