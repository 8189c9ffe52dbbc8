//! What the person sees. Views draw the model and give back what was pressed; they decide nothing.

mod asking;
mod buttons;
mod consent;
mod entry;
mod finish;
mod panel;
#[cfg(test)]
mod tests;
pub(crate) mod trouble;
mod waiting;

use std::time::Instant;

use deskside_ui::egui::{Rect, Ui};
use deskside_ui::theme::{Tone, UNIT};
use deskside_ui::{ScreenRect, widgets};

use crate::model::{Act, Model, Offer, Session, State};

/// Width of the main window, in points.
pub(crate) const MAIN_WIDTH: f32 = 480.0;
/// Width of the panel, in points.
pub(crate) const PANEL_WIDTH: f32 = 340.0;
/// Height that the panel has at least, in points.
pub(crate) const PANEL_LEAST: f32 = 120.0;
/// Width of the consent window, in points.
pub(crate) const QUESTION_WIDTH: f32 = 500.0;

/// Tells where a widget lies on the screen.
pub(crate) type Locate<'a> = &'a dyn Fn(Rect) -> Option<ScreenRect>;

/// What drawing a window brought.
#[derive(Debug, Default)]
pub(crate) struct Drawn {
    /// What was pressed.
    pub(crate) acts: Vec<Act>,
    /// The height that the content needs, in points.
    pub(crate) height: f32,
}

/// A page whose needed height is measured.
fn page(ui: &mut Ui, margin: f32, add: impl FnOnce(&mut Ui, &mut Drawn)) -> Drawn {
    widgets::page(ui, margin, |ui| {
        let mut drawn = Drawn::default();
        let top = ui.next_widget_position().y;
        add(ui, &mut drawn);
        let bottom = ui.next_widget_position().y - ui.spacing().item_spacing.y;
        drawn.height += (bottom - top + 2.0 * margin).ceil();
        drawn
    })
    .inner
}

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
            State::Session(_) => {}
        }
    })
}

/// The panel of a running session.
pub(crate) fn panel(
    ui: &mut Ui,
    session: &Session,
    trouble: Option<&str>,
    now: Instant,
    choose: &dyn Fn() -> Offer,
    locate: Locate<'_>,
) -> Drawn {
    page(ui, 2.0 * UNIT, |ui, drawn| panel::draw(ui, session, trouble, now, choose, locate, &mut drawn.acts))
}

/// The consent window.
pub(crate) fn question(ui: &mut Ui, session: &Session, now: Instant, locate: Locate<'_>) -> Drawn {
    page(ui, 4.0 * UNIT, |ui, drawn| {
        if let Some(question) = &session.question {
            consent::draw(ui, question, &session.operator.name, now, locate, &mut drawn.acts);
        }
    })
}
