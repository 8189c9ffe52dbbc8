//! The widgets that both programs are made of.

mod button;
mod choice;
mod code;
mod container;
mod field;
mod text;

pub use button::{Button, Kind};
pub use choice::{radio, tick};
pub use code::{CodeInput, CodeTyped, code_display};
pub use container::{banner, banner_height, card, page, steps};
pub use field::Field;
pub use text::{body, bullet, heading, key_cap, muted, small, small_height, status_dot, title};

use egui::{Color32, CornerRadius, Rect, Stroke, StrokeKind, Ui};

use crate::theme::{Palette, RADIUS};

/// The ring around what has the keyboard: clear on every ground, outside the widget.
fn focus_ring(ui: &Ui, rect: Rect) {
    ring(ui, rect.expand(3.0), 2.0, Palette::of(ui).accent, RADIUS + 3);
}

fn ring(ui: &Ui, rect: Rect, width: f32, colour: Color32, radius: u8) {
    ui.painter().rect_stroke(
        rect,
        CornerRadius::same(radius),
        Stroke::new(width, colour),
        StrokeKind::Middle,
    );
}
