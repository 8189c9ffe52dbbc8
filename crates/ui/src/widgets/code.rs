//! The six digits: shown large to the one who reads them out, typed into boxes by the other.

use egui::{
    Align2, CornerRadius, Event, EventFilter, Key, Rect, Response, Sense, Stroke, StrokeKind, Ui, Vec2,
    WidgetInfo,
};

use crate::theme::{Palette, RADIUS, Tone, Type, UNIT};

const BOX: Vec2 = Vec2::new(48.0, 64.0);
const GAP: f32 = UNIT;
/// Between the two groups of three.
const MIDDLE: f32 = 3.0 * UNIT;
const DIGITS: usize = 6;

/// What the boxes show beside the digits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Mark {
    Nothing,
    /// Where the next digit goes.
    Cursor(usize),
    /// The next digit takes the place of all of them.
    All,
}

/// Draws six boxes.
fn boxes(ui: &Ui, rect: Rect, text: &str, mark: Mark) {
    let palette = Palette::of(ui);
    let ground = if mark == Mark::All { palette.tone(Tone::Info).ground } else { palette.surface };
    for (index, digit) in (0..DIGITS).zip(text.chars().map(Some).chain(std::iter::repeat(None))) {
        let place = Rect::from_min_size(rect.min + Vec2::new(offset(index), 0.0), BOX);
        let active = mark == Mark::Cursor(index) || mark == Mark::All;
        let line = if active { palette.accent } else { palette.line_strong };
        let stroke = Stroke::new(if active { 2.5 } else { 1.0 }, line);
        ui.painter().rect(place, CornerRadius::same(RADIUS), ground, stroke, StrokeKind::Inside);
        if let Some(digit) = digit {
            let centre = place.center();
            ui.painter().text(centre, Align2::CENTER_CENTER, digit, Type::Digits.font(), palette.text);
        } else if active {
            let bottom = place.center_bottom() - Vec2::new(0.0, 14.0);
            let half = Vec2::new(9.0, 0.0);
            ui.painter().line_segment([bottom - half, bottom + half], Stroke::new(2.0, palette.accent));
        }
    }
}

fn offset(index: usize) -> f32 {
    let middle = if index < DIGITS / 2 { 0.0 } else { MIDDLE - GAP };
    index as f32 * (BOX.x + GAP) + middle
}

fn size() -> Vec2 {
    Vec2::new(offset(DIGITS - 1) + BOX.x, BOX.y)
}

/// Shows a code. `text` is spoken by screen readers digit by digit.
pub fn code_display(ui: &mut Ui, text: &str) -> Response {
    let (rect, response) = ui.allocate_exact_size(size(), Sense::hover());
    let spoken = text.chars().map(String::from).collect::<Vec<_>>().join(" ");
    response.widget_info(|| WidgetInfo::labeled(egui::WidgetType::Label, true, &spoken));
    boxes(ui, rect, text, Mark::Nothing);
    response
}

/// What typing into a [`CodeInput`] brought.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct CodeTyped {
    /// The digits changed.
    pub changed: bool,
    /// Return was pressed.
    pub submitted: bool,
    /// Something was typed or pasted that is no six digits; the text is what was refused.
    pub refused: Option<String>,
}

/// Six boxes to type a code into. Digits, Backspace, Delete and pasting work; spaces and dashes between
/// digits do not matter.
#[must_use = "an input that is not shown takes nothing"]
pub struct CodeInput<'a> {
    digits: &'a mut String,
    label: &'a str,
    selected: Option<&'a mut bool>,
}

impl<'a> CodeInput<'a> {
    /// Keeps the typed digits in `digits`; `label` is for screen readers.
    pub fn new(digits: &'a mut String, label: &'a str) -> Self {
        Self { digits, label, selected: None }
    }

    /// While this is `true`, what is typed takes the place of all digits. A click or an arrow key ends it.
    pub fn selected(mut self, selected: &'a mut bool) -> Self {
        self.selected = Some(selected);
        self
    }

    /// Draws it and takes what was typed.
    pub fn show(self, ui: &mut Ui) -> (Response, CodeTyped) {
        let (rect, response) = ui.allocate_exact_size(size(), Sense::click());
        let mut selected = self.selected.as_deref().copied().unwrap_or_default();
        if response.clicked() {
            response.request_focus();
            selected = false;
        }
        let before = self.digits.clone();
        let mut typed = CodeTyped::default();
        if response.has_focus() && ui.is_enabled() {
            let filter = EventFilter { horizontal_arrows: true, ..EventFilter::default() };
            ui.memory_mut(|memory| memory.set_focus_lock_filter(response.id, filter));
            for event in ui.input(|input| input.filtered_events(&filter)) {
                take(self.digits, &mut selected, &event, &mut typed);
            }
        }
        typed.changed = before != *self.digits;
        response.widget_info(|| {
            let mut info = WidgetInfo::text_edit(ui.is_enabled(), &before, self.digits.as_str(), "");
            info.label = Some(self.label.to_owned());
            info
        });
        let mark = match response.has_focus() && ui.is_enabled() {
            true if selected => Mark::All,
            true => Mark::Cursor(self.digits.len().min(DIGITS - 1)),
            false => Mark::Nothing,
        };
        boxes(ui, rect, self.digits, mark);
        if let Some(kept) = self.selected {
            *kept = selected;
        }
        (response, typed)
    }
}

fn take(digits: &mut String, selected: &mut bool, event: &Event, typed: &mut CodeTyped) {
    match event {
        Event::Text(text) => {
            for c in text.chars().filter(|c| !c.is_whitespace() && *c != '-') {
                if !c.is_ascii_digit() {
                    typed.refused = Some(c.to_string());
                    continue;
                }
                if std::mem::take(selected) {
                    digits.clear();
                }
                if digits.len() < DIGITS {
                    digits.push(c);
                }
            }
        }
        Event::Paste(text) => {
            let clean: String = text.chars().filter(|c| !c.is_whitespace() && *c != '-').collect();
            if clean.len() == DIGITS && clean.chars().all(|c| c.is_ascii_digit()) {
                (*digits, *selected) = (clean, false);
            } else {
                typed.refused = Some(text.clone());
            }
        }
        Event::Key { key: Key::Backspace, pressed: true, modifiers, .. } => {
            if modifiers.command || std::mem::take(selected) {
                digits.clear();
            } else {
                digits.pop();
            }
        }
        Event::Key { key: Key::Delete, pressed: true, .. } => {
            digits.clear();
            *selected = false;
        }
        Event::Key {
            key: Key::ArrowLeft | Key::ArrowRight | Key::Home | Key::End, pressed: true, ..
        } => {
            *selected = false;
        }
        Event::Key { key: Key::Enter, pressed: true, .. } => typed.submitted = true,
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn after(events: &[Event]) -> (String, CodeTyped) {
        let (mut digits, mut typed) = (String::new(), CodeTyped::default());
        for event in events {
            take(&mut digits, &mut false, event, &mut typed);
        }
        (digits, typed)
    }

    fn key(key: Key) -> Event {
        let modifiers = egui::Modifiers::NONE;
        Event::Key { key, physical_key: None, pressed: true, repeat: false, modifiers }
    }

    fn text(text: &str) -> Event {
        Event::Text(text.into())
    }

    #[test]
    fn typing_takes_six_digits_and_names_what_is_none() {
        assert_eq!(after(&[text("12"), text("3-"), text(" 4567")]).0, "123456");
        let (digits, typed) = after(&[text("1"), text("x")]);
        assert_eq!((digits.as_str(), typed.refused.as_deref()), ("1", Some("x")));
    }

    #[test]
    fn pasting_replaces_and_takes_a_whole_code_only() {
        assert_eq!(after(&[text("9"), Event::Paste(" 123-456\n".into())]).0, "123456");
        let (digits, typed) = after(&[text("9"), Event::Paste("12345".into())]);
        assert_eq!((digits.as_str(), typed.refused.as_deref()), ("9", Some("12345")));
    }

    #[test]
    fn backspace_takes_the_last_digit() {
        assert_eq!(after(&[text("12"), key(Key::Backspace)]).0, "1");
    }

    #[test]
    fn what_is_typed_takes_the_place_of_selected_digits() {
        let after = |events: &[Event]| {
            let (mut digits, mut selected) = ("123456".to_owned(), true);
            for event in events {
                take(&mut digits, &mut selected, event, &mut CodeTyped::default());
            }
            (digits, selected)
        };
        assert_eq!(after(&[text("9"), text("87")]), ("987".into(), false));
        assert_eq!(after(&[Event::Paste("654321".into())]), ("654321".into(), false));
        assert_eq!(after(&[key(Key::Backspace)]), (String::new(), false));
        assert_eq!(after(&[key(Key::ArrowRight), key(Key::Backspace)]), ("12345".into(), false));
        assert_eq!(after(&[text("x"), key(Key::Enter)]), ("123456".into(), true), "nothing was replaced");
    }
}
