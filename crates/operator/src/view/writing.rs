//! The line of words for the customer's screen, in a strip below the bar.

use std::any::TypeId;
use std::ops::Range;

use deskside_ui::egui::{
    Align, CornerRadius, Frame, Id, Layout, Margin, Stroke, TextBuffer, TextEdit, Ui, Vec2,
};
use deskside_ui::theme::{CONTROL_HEIGHT, Palette, RADIUS, Tone, Type, UNIT};
use deskside_ui::widgets;

use super::{Forms, take_focus, words};
use crate::model::{Act, Session, Tool, Words};

/// Width of what is said beside the field, so that the field keeps its own whatever that is.
const HINT: f32 = 22.0 * UNIT;

pub(super) fn show(ui: &mut Ui, session: &Session, forms: &mut Forms, acts: &mut Vec<Act>) {
    let palette = Palette::of(ui);
    let row = Vec2::new(ui.available_width(), CONTROL_HEIGHT - UNIT);
    ui.allocate_ui_with_layout(row, Layout::left_to_right(Align::Center), |ui| {
        let label = ui.label(Type::Small.text("Words for the customer's screen", palette.text_muted));
        let width = ui.available_width() - HINT - ui.spacing().item_spacing.x;
        ui.allocate_ui_with_layout(Vec2::new(width, row.y), Layout::left_to_right(Align::Center), |ui| {
            field(ui, label.id, session, forms, acts);
        });
        let (tone, hint) = words::writing(&session.drawing);
        if tone == Tone::Neutral {
            widgets::small(ui, hint);
        } else {
            widgets::status_dot(ui, tone, hint);
        }
    });
}

fn field(ui: &mut Ui, label: Id, session: &Session, forms: &mut Forms, acts: &mut Vec<Act>) {
    let palette = Palette::of(ui);
    let mut words = session.drawing.words().clone();
    let id = Id::new("words for the customer's screen");
    let line = match ui.memory(|memory| memory.has_focus(id)) {
        true => Stroke::new(2.0, palette.accent),
        false => Stroke::new(1.0, palette.line_strong),
    };
    let frame = Frame::new()
        .fill(palette.surface)
        .stroke(line)
        .corner_radius(CornerRadius::same(RADIUS / 2))
        .inner_margin(Margin::symmetric(8, 4));
    let edit = TextEdit::singleline(&mut words).id(id).frame(frame).return_key(None);
    let field = ui.add(edit.desired_width(f32::INFINITY)).labelled_by(label);
    // Whoever takes the tool or another colour wants to type on.
    let taken = acts.iter().any(|act| matches!(act, Act::Draw(Some(Tool::Words)) | Act::Colour(_)));
    if !std::mem::replace(&mut forms.is_writing, true) || taken {
        take_focus(&field);
    }
    if words != *session.drawing.words() {
        acts.push(Act::Words(words));
    }
}

impl TextBuffer for Words {
    fn is_mutable(&self) -> bool {
        true
    }

    fn as_str(&self) -> &str {
        self.as_str()
    }

    fn insert_text(&mut self, text: &str, char_index: usize) -> usize {
        let at = self.byte_index_from_char_index(char_index);
        self.insert(text, at)
    }

    fn delete_char_range(&mut self, range: Range<usize>) {
        let start = self.byte_index_from_char_index(range.start);
        let end = self.byte_index_from_char_index(range.end);
        self.remove(start..end);
    }

    fn type_id(&self) -> TypeId {
        TypeId::of::<Self>()
    }
}
