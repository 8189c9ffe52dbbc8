//! A question of the operator: what is asked for, what it means, and Deny first.

use std::time::Instant;

use deskside_ui::egui::Ui;
use deskside_ui::theme::{Tone, UNIT};
use deskside_ui::widgets;

use super::{Locate, buttons};
use crate::model::{Act, OpenQuestion};

pub(super) fn draw(
    ui: &mut Ui,
    question: &OpenQuestion,
    operator: &str,
    now: Instant,
    locate: Locate<'_>,
    acts: &mut Vec<Act>,
) {
    widgets::title(ui, &question.text.title);
    ui.add_space(UNIT);
    widgets::bullet(ui, Tone::Info, &question.text.can);
    ui.add_space(UNIT / 2.0);
    widgets::bullet(ui, Tone::Error, &question.text.cannot);
    ui.add_space(2.0 * UNIT);
    buttons::no_and_yes(ui, ("Deny", "Allow"), question.prompt.is_alive(now), locate, acts);
    ui.add_space(UNIT / 2.0);
    let left = question.prompt.seconds_left(now);
    widgets::small(ui, &format!("Deny keeps {operator} connected. No answer in {left} s counts as Deny."));
    buttons::ignored(ui, &question.prompt);
}
