//! Who wants to help. Every name comes from the verified certificate.

use std::time::Instant;

use deskside_party::sharing::Prompt;
use deskside_party::sharing::view::{self, Locate};
use deskside_trust::OperatorIdentity;
use deskside_ui::egui::Ui;
use deskside_ui::theme::{Tone, UNIT};
use deskside_ui::widgets;

use crate::model::{Act, Organisation};
use crate::roots::RootNote;

/// What the buttons and the words below them need, in points: the usual remark, or that a click was ignored.
const BUTTONS_HEIGHT: f32 = 104.0;
const BUTTONS_HEIGHT_IGNORED: f32 = 150.0;

const SCAM: &str = "Did they call you, or did you call them? If somebody called you without being asked, says \
    that your computer or bank account is in danger, or hurries you, press No and hang up.";

/// Gives the height of the texts that are out of sight.
pub(super) fn draw(
    ui: &mut Ui,
    organisation: &Organisation,
    operator: &OperatorIdentity,
    prompt: &Prompt,
    now: Instant,
    locate: Locate<'_>,
    acts: &mut Vec<Act>,
) -> f32 {
    // On a small screen the texts scroll; the buttons stay in sight.
    let buttons = if prompt.has_ignored() { BUTTONS_HEIGHT_IGNORED } else { BUTTONS_HEIGHT };
    let hidden = view::above_buttons(ui, buttons, |ui| texts(ui, organisation, operator));
    view::no_and_yes(ui, ("No", "Accept"), prompt.is_alive(now), locate, &mut |reply| {
        acts.push(Act::Reply(reply));
    });
    ui.add_space(UNIT / 2.0);
    if prompt.has_ignored() {
        view::ignored(ui, prompt);
    } else {
        let left = prompt.seconds_left(now);
        widgets::small(
            ui,
            &format!("Accepting alone shows and allows nothing yet. No answer in {left} s counts as No."),
        );
    }
    hidden
}

fn texts(ui: &mut Ui, organisation: &Organisation, operator: &OperatorIdentity) {
    widgets::title(ui, &format!("{} wants to help you", operator.name));
    ui.add_space(UNIT / 2.0);
    widgets::banner(ui, Tone::Warning, SCAM);
    ui.add_space(UNIT / 2.0);
    root_warning(ui, organisation);
    widgets::card(ui, |ui| {
        widgets::heading(ui, &operator.name);
        widgets::body(ui, &operator.organisation);
        ui.add_space(UNIT / 2.0);
        widgets::status_dot(ui, Tone::Good, &format!("{} vouches for this person", organisation.name));
        widgets::small(ui, &format!("Fingerprint of {}:  {}", organisation.name, organisation.fingerprint));
        widgets::small(ui, "Compare it with the one on the organisation's own page.");
    });
    ui.add_space(UNIT / 2.0);
    if !organisation.acknowledgement.is_empty() {
        widgets::muted(ui, &organisation.acknowledgement);
        ui.add_space(UNIT);
    }
}

/// Warns when the organisation is not the one that its name says.
pub(super) fn root_warning(ui: &mut Ui, organisation: &Organisation) {
    let text = match &organisation.root {
        RootNote::First | RootNote::Same => return,
        RootNote::Changed { before } => format!(
            "Careful: this program says that it comes from “{}”, but it is not the “{0}” that was seen on this \
             computer before. Fingerprint before: {before}. Now: {}. Call the organisation on a number that you \
             know before you go on.",
            organisation.name, organisation.fingerprint
        ),
        RootNote::LooksLike { known } => format!(
            "Careful: “{}” looks like “{known}”, which was seen on this computer before, but is somebody else. \
             Call the organisation on a number that you know before you go on.",
            organisation.name
        ),
    };
    widgets::banner(ui, Tone::Error, &text);
    ui.add_space(UNIT / 2.0);
}
