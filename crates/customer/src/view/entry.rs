//! The code is to be typed.

use deskside_ui::egui::Ui;
use deskside_ui::theme::{Tone, UNIT};
use deskside_ui::widgets::{self, Button, CodeInput, Kind};

use super::asking::root_warning;
use crate::model::{Act, Model, State};

pub(super) fn draw(ui: &mut Ui, model: &mut Model, acts: &mut Vec<Act>) {
    let organisation = model.organisation().clone();
    widgets::small(ui, &organisation.name);
    widgets::title(ui, "Get help on this computer");
    widgets::muted(ui, "Type the six-digit code that your helper tells you.");
    ui.add_space(UNIT);
    let problem = match model.state() {
        State::Code { problem, .. } => problem.clone(),
        _ => None,
    };
    let Some((digits, selected)) = model.typed_mut() else { return };
    let (response, typed) = CodeInput::new(digits, "Six-digit code").selected(selected).show(ui);
    if ui.memory(|memory| memory.focused().is_none()) {
        response.request_focus();
    }
    let complete = digits.len() == 6;
    if typed.changed || typed.refused.is_some() {
        acts.push(Act::CodeTyped { refused: typed.refused });
    }
    ui.add_space(UNIT);
    if let Some(problem) = problem {
        widgets::banner(ui, Tone::Error, &problem);
        ui.add_space(UNIT);
    }
    root_warning(ui, &organisation);
    ui.horizontal(|ui| {
        let connect = ui.add_enabled(complete, Button::new(Kind::Primary, "Connect").min_width(20.0 * UNIT));
        if connect.clicked() || typed.submitted {
            acts.push(Act::Join);
        }
        if ui.add(Button::new(Kind::Quiet, "Close")).clicked() {
            acts.push(Act::Stop);
        }
    });
    ui.add_space(UNIT);
    widgets::small(ui, "Nobody sees anything before you allow it, and you can stop at any time.");
}
