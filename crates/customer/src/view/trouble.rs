//! The program cannot begin: what is wrong and what to do, in a window of its own.

use deskside_party::sharing::view::page;
use deskside_ui::egui::Ui;
use deskside_ui::theme::{Tone, UNIT};
use deskside_ui::widgets::{self, Button, Kind};
use deskside_ui::{App, Options, Place, Shell, UiError, WindowKey, WindowOptions, run};

use super::MAIN_WIDTH;
use crate::model::Act;

const WINDOW: WindowKey = WindowKey(0);

struct Trouble {
    text: String,
    height: f32,
}

/// Shows a text until the person closes the window.
///
/// # Errors
/// As [`run`].
pub(crate) fn show(options: Options, text: String) -> Result<(), UiError> {
    run(options, |_| Trouble { text, height: 0.0 }).map(|_| ())
}

/// The window's content; gives its height.
pub(crate) fn draw(ui: &mut Ui, text: &str) -> super::Drawn {
    page(ui, 4.0 * UNIT, |ui, drawn| {
        widgets::title(ui, "Deskside cannot start");
        ui.add_space(UNIT / 2.0);
        widgets::banner(ui, Tone::Error, text);
        ui.add_space(UNIT);
        let close = ui.add(Button::new(Kind::Primary, "Close").min_width(15.0 * UNIT));
        if ui.memory(|memory| memory.focused().is_none()) {
            close.request_focus();
        }
        if close.clicked() {
            drawn.acts.push(Act::Stop);
        }
    })
}

impl App for Trouble {
    type Event = ();

    fn start(&mut self, shell: &mut Shell<'_>) {
        let options = WindowOptions {
            min_size: None,
            place: Place::Centre,
            ..WindowOptions::new("Deskside", (MAIN_WIDTH, 240.0))
        };
        shell.open(WINDOW, options);
    }

    fn event(&mut self, (): (), _shell: &mut Shell<'_>) {}

    fn draw(&mut self, _window: WindowKey, ui: &mut Ui, shell: &mut Shell<'_>) {
        let drawn = draw(ui, &self.text);
        if drawn.acts.contains(&Act::Stop) {
            shell.exit();
        }
        if drawn.height != self.height {
            self.height = drawn.height;
            shell.resize(WINDOW, (MAIN_WIDTH, drawn.height));
        }
    }

    fn close_requested(&mut self, _window: WindowKey, shell: &mut Shell<'_>) {
        shell.exit();
    }
}
