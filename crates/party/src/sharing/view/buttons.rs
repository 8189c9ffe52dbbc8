//! The yes and the no of a question.

use deskside_ui::egui::{Key, Modifiers, PointerButton, Response, Ui};
use deskside_ui::own_hand_only;
use deskside_ui::theme::{Tone, UNIT};
use deskside_ui::widgets::{self, Button, Kind};

use super::Locate;
use crate::sharing::{Press, Pressed, Prompt, Reply};

/// No first, and with the keyboard, also by Escape; the yes is to be reached by the person's own hand.
pub fn no_and_yes(
    ui: &mut Ui,
    (no, yes): (&str, &str),
    is_alive: bool,
    locate: Locate<'_>,
    replied: &mut dyn FnMut(Reply),
) {
    let width = (ui.available_width() - 2.0 * UNIT) / 2.0;
    ui.horizontal(|ui| {
        ui.spacing_mut().item_spacing.x = 2.0 * UNIT;
        let no = ui.add(Button::new(Kind::Primary, no).min_width(width));
        if ui.memory(|memory| memory.focused().is_none()) {
            no.request_focus();
        }
        let escaped = ui.input_mut(|input| input.consume_key(Modifiers::NONE, Key::Escape));
        if no.clicked() || escaped {
            replied(Reply::No);
        }
        let yes = ui.add_enabled(is_alive, Button::new(Kind::Secondary, yes).min_width(width));
        own_hand_only(&yes);
        if yes.gained_focus() || yes.lost_focus() {
            replied(Reply::YesFocus(yes.has_focus()));
        }
        if let Some(pressed) = pressed(&yes, locate) {
            replied(Reply::Yes(pressed));
        }
    });
}

/// How something was pressed in the window, if it was.
pub(super) fn pressed(response: &Response, locate: Locate<'_>) -> Option<Pressed> {
    let by = if response.clicked_by(PointerButton::Primary) { Press::Pointer } else { Press::Keyboard };
    response.clicked().then(|| Pressed { by, button: locate(response.rect) })
}

const IGNORED: &str = "A click was ignored: it did not come from this computer's own mouse or keyboard. Nothing was \
    allowed.";

/// How high what [`ignored`] says is, with the space before it.
pub(super) fn ignored_height(ui: &Ui, prompt: &Prompt) -> f32 {
    if prompt.has_ignored() { 1.5 * UNIT + widgets::banner_height(ui, IGNORED) } else { 0.0 }
}

/// Says that a yes was not taken because no hand was behind it. Below the buttons, so that they do not move.
pub fn ignored(ui: &mut Ui, prompt: &Prompt) {
    if prompt.has_ignored() {
        ui.add_space(UNIT / 2.0);
        widgets::banner(ui, Tone::Error, IGNORED);
    }
}
