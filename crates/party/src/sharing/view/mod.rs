//! What the sharer sees of a session, and the parts of it that a program's own questions need. Views draw the model
//! and give back what was pressed; they decide nothing.

mod buttons;
mod consent;
mod panel;
#[cfg(test)]
mod tests;

use std::time::Instant;

use deskside_ui::egui::{Rect, ScrollArea, Ui};
use deskside_ui::theme::UNIT;
use deskside_ui::{ScreenRect, widgets};

use super::{Act, Offer, Session};

pub use buttons::{ignored, no_and_yes};
pub use panel::line;

/// Width of the panel, in points.
pub(super) const PANEL_WIDTH: f32 = 340.0;
/// Height that the panel has at least, in points.
pub(super) const PANEL_LEAST: f32 = 120.0;
/// Width of the consent window, in points.
pub(super) const QUESTION_WIDTH: f32 = 500.0;

/// Tells where a widget lies on the screen.
pub type Locate<'a> = &'a dyn Fn(Rect) -> Option<ScreenRect>;

/// What drawing a window brought.
#[derive(Debug)]
pub struct Drawn<A> {
    /// What was pressed.
    pub acts: Vec<A>,
    /// The height that the content needs, in points.
    pub height: f32,
}

/// A page whose needed height is measured. What `add` leaves in the height is added: content that is out of sight.
pub fn page<A>(ui: &mut Ui, margin: f32, add: impl FnOnce(&mut Ui, &mut Drawn<A>)) -> Drawn<A> {
    widgets::page(ui, margin, |ui| {
        let mut drawn = Drawn { acts: Vec::new(), height: 0.0 };
        let top = ui.next_widget_position().y;
        add(ui, &mut drawn);
        let bottom = ui.next_widget_position().y - ui.spacing().item_spacing.y;
        drawn.height += (bottom - top + 2.0 * margin).ceil();
        drawn
    })
    .inner
}

/// Texts that scroll on a small screen, above buttons that stay in sight and need so many points with the words below
/// them. Gives the height that is out of sight.
pub fn above_buttons(ui: &mut Ui, buttons: f32, texts: impl FnOnce(&mut Ui)) -> f32 {
    /// Less is not shown of the texts, in points.
    const LEAST: f32 = 104.0;
    let room = (ui.available_height() - buttons).max(LEAST);
    let scrolled = ScrollArea::vertical().max_height(room).show(ui, texts);
    (scrolled.content_size.y - scrolled.inner_rect.height()).max(0.0)
}

/// The panel of a running session.
pub(super) fn panel(
    ui: &mut Ui,
    session: &Session,
    now: Instant,
    choose: &dyn Fn() -> Offer,
    locate: Locate<'_>,
) -> Drawn<Act> {
    page(ui, 2.0 * UNIT, |ui, drawn| panel::draw(ui, session, now, choose, locate, &mut drawn.acts))
}

/// The consent window.
pub(super) fn question(ui: &mut Ui, session: &Session, now: Instant, locate: Locate<'_>) -> Drawn<Act> {
    page(ui, 4.0 * UNIT, |ui, drawn| {
        if let Some(question) = &session.question {
            drawn.height = consent::draw(ui, question, session.peer(), now, locate, &mut drawn.acts);
        }
    })
}
