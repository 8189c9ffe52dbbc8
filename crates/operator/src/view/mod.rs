//! The window: draws what the model says and gives back what the person did. Nothing is decided here.

mod bar;
mod cards;
mod details;
mod menu;
mod secret_text;
mod session;
#[cfg(test)]
mod tests;
mod words;
mod writing;

use std::time::Duration;

use deskside_ui::egui::{self, Key, Modifiers, Popup, Ui};
use deskside_ui::theme::{Palette, Tone, UNIT};
use deskside_ui::{Picture, widgets};

use crate::model::{Act, Model, State, Zoom};
use secret_text::SecretText;

/// What has been typed and not yet acted on, and which widget was last given the keyboard.
#[derive(Default)]
pub struct Forms {
    passphrase: SecretText,
    user: String,
    password: SecretText,
    focus: Option<Focus>,
    /// Whether the line of words had its turn with the keyboard.
    is_writing: bool,
}

/// The step that the keyboard was last brought to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Focus {
    Passphrase,
    Password,
    NewSession,
    Copy,
    AskSee,
    AskControl,
    Control,
    Nothing,
}

impl Forms {
    /// Whether the widget of this step is to take the keyboard now: once, when the step is new.
    fn wants(&mut self, focus: Focus) -> bool {
        self.focus.replace(focus) != Some(focus)
    }
}

/// Draws the window for the present state, with the customer's picture where there is one.
pub fn show(ui: &mut Ui, model: &Model, forms: &mut Forms, picture: &mut Picture, now: Duration) -> Vec<Act> {
    // The keys that would enlarge the widgets enlarge the picture where there is one.
    let sees = model.session().is_some_and(|session| session.screen().is_some());
    ui.ctx().options_mut(|options| options.zoom_with_keyboard = !sees);
    let mut acts = shortcuts(ui, model, picture);
    match model.state() {
        State::Broken => cards::broken(ui, model, &mut acts),
        State::Locked { busy } => cards::unlock(ui, model, forms, *busy, &mut acts),
        State::LoggedOut { busy } => cards::log_in(ui, model, forms, *busy, &mut acts),
        State::Home => cards::home(ui, model, forms, &mut acts),
        State::Waiting(waiting) => cards::waiting(ui, model, forms, waiting, now, &mut acts),
        State::Ended(summary) => cards::ended(ui, model, forms, summary, &mut acts),
        State::Session(session) => {
            let scaling = session.zoom.scaling();
            if picture.scaling() != scaling {
                picture.set_scaling(scaling, None);
            }
            session::show(ui, model, session, forms, picture, now, &mut acts);
        }
    }
    acts
}

/// Keys that work wherever the keyboard is in the window.
fn shortcuts(ui: &Ui, model: &Model, picture: &Picture) -> Vec<Act> {
    let mut acts = Vec::new();
    let menu = Popup::is_any_open(ui.ctx());
    ui.input_mut(|input| {
        if input.consume_key(Modifiers::COMMAND, Key::N) {
            acts.push(Act::NewSession);
        }
        match model.state() {
            State::Waiting(_) => {
                if input.consume_key(Modifiers::NONE, Key::Escape) {
                    acts.push(Act::Cancel);
                }
                if input.events.iter().any(|event| matches!(event, egui::Event::Copy)) {
                    acts.push(Act::CopyCode);
                }
            }
            State::Ended(_) => {
                if input.consume_key(Modifiers::NONE, Key::Escape) {
                    acts.push(Act::Home);
                }
            }
            State::Session(session) if session.screen().is_some() => {
                let full_screen = session.is_full_screen();
                let toggled = input.consume_key(Modifiers::COMMAND | Modifiers::ALT, Key::Enter);
                if toggled || full_screen && !menu && input.consume_key(Modifiers::NONE, Key::Escape) {
                    acts.push(Act::FullScreen(!full_screen));
                }
                for (key, zoom) in [
                    (Key::Plus, Zoom::next(true, picture.zoom())),
                    (Key::Equals, Zoom::next(true, picture.zoom())),
                    (Key::Minus, Zoom::next(false, picture.zoom())),
                    (Key::Num0, Some(Zoom::Fit)),
                    (Key::Num1, Some(Zoom::Percent(100))),
                ] {
                    if input.consume_key(Modifiers::COMMAND, key) {
                        acts.extend(zoom.map(Act::Zoom));
                    }
                }
            }
            State::Broken
            | State::Locked { .. }
            | State::LoggedOut { .. }
            | State::Home
            | State::Session(_) => {}
        }
    });
    acts
}

/// A status dot for places that are filled from the right.
fn dot_from_right(ui: &mut Ui, tone: Tone, words: &str) -> egui::Response {
    let text = widgets::small(ui, words);
    let (rect, _) = ui.allocate_exact_size(egui::Vec2::splat(UNIT), egui::Sense::hover());
    ui.painter().circle_filled(rect.center(), UNIT / 2.0, Palette::of(ui).tone(tone).mark);
    text
}

/// Brings the keyboard to a widget, and draws once more so that it can be seen there.
fn take_focus(response: &egui::Response) {
    response.request_focus();
    response.ctx.request_repaint();
}

/// Widgets in here stay the same ones, and keep the keyboard, whatever appears before them.
fn stable<R>(ui: &mut Ui, name: impl std::hash::Hash, add: impl FnOnce(&mut Ui) -> R) -> R {
    ui.scope_builder(egui::UiBuilder::new().id(egui::Id::new(name)), add).inner
}
