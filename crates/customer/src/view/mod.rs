//! What the person sees. Views draw the model and give back what was pressed; they decide nothing.

mod asking;
mod entry;
mod finish;
#[cfg(test)]
mod tests;
pub(crate) mod trouble;
mod waiting;

use std::time::Instant;

use deskside_party::sharing::view::{self, Locate, page};
use deskside_ui::egui::Ui;
use deskside_ui::theme::{Tone, UNIT};
use deskside_ui::widgets;

use crate::model::{Act, Model, State};

/// Width of the main window, in points.
pub(crate) const MAIN_WIDTH: f32 = 480.0;
/// What drawing a window brought.
pub(crate) type Drawn = view::Drawn<Act>;

/// The main window.
pub(crate) fn main_window(ui: &mut Ui, model: &mut Model, now: Instant, locate: Locate<'_>) -> Drawn {
    let trouble = model.trouble().map(str::to_owned);
    page(ui, 4.0 * UNIT, |ui, drawn| {
        let acts = &mut drawn.acts;
        if let Some(trouble) = trouble {
            widgets::banner(ui, Tone::Error, &trouble);
            ui.add_space(UNIT);
        }
        match model.state() {
            State::Code { .. } => entry::draw(ui, model, acts),
            State::Connecting { stage, .. } => waiting::connecting(ui, *stage, acts),
            State::Asking { operator, prompt } => {
                let organisation = model.organisation();
                drawn.height = asking::draw(ui, organisation, operator, prompt, now, locate, acts);
            }
            State::Answered { .. } => waiting::plain(ui, "One moment …"),
            State::Stopping { .. } => waiting::plain(ui, "Ending the session …"),
            State::Ended { operator, reason, kept, until } => {
                let left = until.map(|until| until.saturating_duration_since(now));
                finish::draw(ui, operator.as_deref(), *reason, kept, left, acts);
            }
            // The panel and the consent window show it.
            State::Session { .. } => {}
        }
    })
}
