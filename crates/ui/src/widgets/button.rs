//! Buttons.

use egui::{
    Color32, CornerRadius, Response, Sense, Stroke, StrokeKind, Ui, Vec2, Widget, WidgetInfo, WidgetType,
};

use super::focus_ring;
use crate::theme::{CONTROL_HEIGHT, Palette, RADIUS, Type, UNIT};

/// What a button is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// The one thing to do here.
    Primary,
    /// Anything else.
    Secondary,
    /// Ends something or takes it away.
    Danger,
    /// Without a frame, for side ways.
    Quiet,
}

/// A button with a clear focus ring. Space and Return press it when it has the keyboard.
#[must_use = "a button that is not added to a ui is not drawn"]
pub struct Button {
    kind: Kind,
    text: String,
    min_width: f32,
    compact: bool,
}

impl Button {
    /// A button with this text.
    pub fn new(kind: Kind, text: impl Into<String>) -> Self {
        Self { kind, text: text.into(), min_width: 0.0, compact: false }
    }

    /// At least this wide, in points.
    pub fn min_width(mut self, width: f32) -> Self {
        self.min_width = width;
        self
    }

    /// Lower, for bars and panels.
    pub fn compact(mut self) -> Self {
        self.compact = true;
        self
    }

    fn colours(&self, ui: &Ui, response: &Response) -> (Color32, Color32, Color32) {
        let palette = Palette::of(ui);
        let strong = response.hovered() || response.is_pointer_button_down_on();
        let pick = |calm, hover| if strong { hover } else { calm };
        let (fill, line, text) = match self.kind {
            Kind::Primary => {
                let fill = pick(palette.accent, palette.accent_hover);
                (fill, fill, palette.on_accent)
            }
            Kind::Danger => {
                let fill = pick(palette.danger, palette.danger_hover);
                (fill, fill, palette.on_accent)
            }
            Kind::Secondary => {
                (pick(palette.surface, palette.surface_hover), palette.line_strong, palette.text)
            }
            Kind::Quiet => {
                let fill = pick(Color32::TRANSPARENT, palette.surface_hover);
                (fill, Color32::TRANSPARENT, palette.accent)
            }
        };
        if ui.is_enabled() {
            (fill, line, text)
        } else {
            (palette.surface_hover, palette.line, palette.text_muted)
        }
    }
}

impl Widget for Button {
    fn ui(self, ui: &mut Ui) -> Response {
        let (height, padding) =
            if self.compact { (CONTROL_HEIGHT - UNIT, 1.5 * UNIT) } else { (CONTROL_HEIGHT, 2.5 * UNIT) };
        let font = Type::Body.font();
        let galley = ui.painter().layout_no_wrap(self.text.clone(), font, Color32::PLACEHOLDER);
        let size = Vec2::new((galley.size().x + 2.0 * padding).max(self.min_width), height);
        let (rect, response) = ui.allocate_exact_size(size, Sense::click());
        response.widget_info(|| WidgetInfo::labeled(WidgetType::Button, ui.is_enabled(), &self.text));
        if ui.is_rect_visible(rect) {
            let (fill, line, text) = self.colours(ui, &response);
            let radius = CornerRadius::same(RADIUS);
            ui.painter().rect(rect, radius, fill, Stroke::new(1.0, line), StrokeKind::Inside);
            ui.painter().galley(rect.center() - galley.size() / 2.0, galley, text);
            if response.has_focus() {
                focus_ring(ui, rect);
            }
        }
        if response.hovered() && ui.is_enabled() {
            ui.ctx().set_cursor_icon(egui::CursorIcon::PointingHand);
        }
        response
    }
}
