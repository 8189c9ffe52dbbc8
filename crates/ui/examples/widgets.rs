//! All widgets in one window, and a moving picture in another: `cargo run -p deskside-ui --example widgets [dark]`.

use std::time::Duration;

use deskside_ui::theme::Tone;
use deskside_ui::widgets::{self, Button, CodeInput, Field, Kind};
use deskside_ui::{
    App, Options, Picture, PixelRect, Place, Proxy, Shell, ThemeChoice, UiError, WindowKey, WindowOptions,
    run,
};

const WIDGETS: WindowKey = WindowKey(0);
const PICTURE: WindowKey = WindowKey(1);
const SIDE: (u32, u32) = (640, 400);

struct Gallery {
    code: String,
    name: String,
    picture: Picture,
    pixels: Vec<u32>,
    tick: u32,
}

impl App for Gallery {
    type Event = ();

    fn start(&mut self, shell: &mut Shell<'_>) {
        shell.open(WIDGETS, WindowOptions::new("Widgets", (520.0, 760.0)));
        shell.open(
            PICTURE,
            WindowOptions { place: Place::TopRight, ..WindowOptions::new("Picture", (480.0, 360.0)) },
        );
        self.picture.canvas().begin(SIDE.0, SIDE.1);
        self.picture.refresh();
    }

    fn event(&mut self, (): (), shell: &mut Shell<'_>) {
        self.tick = (self.tick + 1) % 300;
        let rect = PixelRect { x: self.tick * 2, y: self.tick, width: 40, height: 40 };
        for (index, pixel) in self.pixels.iter_mut().enumerate() {
            let (x, y) = (index as u32 % SIDE.0, index as u32 / SIDE.0);
            *pixel = if (x / 8 + y / 8 + self.tick).is_multiple_of(2) { 0x00e9_edf2 } else { 0x001f_5fbf };
        }
        self.picture.canvas().write(SIDE.0, &self.pixels, [rect]);
        self.picture.refresh();
        shell.present(PICTURE);
    }

    fn draw(&mut self, window: WindowKey, ui: &mut egui::Ui, _shell: &mut Shell<'_>) {
        if window == PICTURE {
            egui::Panel::top("bar").show_inside(ui, |ui| widgets::status_dot(ui, Tone::Good, "Connected"));
            self.picture.show(ui);
            return;
        }
        widgets::page(ui, 24.0, |ui| {
            widgets::title(ui, "Who is helping you?");
            widgets::muted(ui, "Ask the person on the telephone for the six-digit code.");
            let (_, typed) = CodeInput::new(&mut self.code, "Code").show(ui);
            if let Some(refused) = typed.refused {
                self.name = refused;
            }
            widgets::card(ui, |ui| {
                widgets::heading(ui, "Anna Berg");
                widgets::bullet(ui, Tone::Good, "Can see everything on this screen");
                widgets::bullet(ui, Tone::Error, "Cannot use mouse and keyboard");
                widgets::status_dot(ui, Tone::Good, "Good connection");
                ui.horizontal(|ui| {
                    ui.label("Press");
                    widgets::key_cap(ui, "F11");
                });
            });
            Field::new("User name", &mut self.name).error(Some("This user is not known.")).show(ui);
            for (tone, text) in [
                (Tone::Info, "Info"),
                (Tone::Good, "Good"),
                (Tone::Warning, "Warning"),
                (Tone::Error, "Error"),
            ] {
                widgets::banner(ui, tone, text);
            }
            widgets::steps(ui, &["Finding the session", "Connecting", "Securing"], 1);
            ui.horizontal(|ui| {
                ui.add(Button::new(Kind::Primary, "Allow")).request_focus();
                ui.add(Button::new(Kind::Secondary, "Deny"));
                ui.add(Button::new(Kind::Danger, "Stop").compact());
                ui.add(Button::new(Kind::Quiet, "More"));
                ui.add_enabled(false, Button::new(Kind::Primary, "Wait"));
            });
        });
    }

    fn close_requested(&mut self, _window: WindowKey, shell: &mut Shell<'_>) {
        shell.exit();
    }

    fn picture(&mut self, window: WindowKey) -> Option<&mut Picture> {
        (window == PICTURE).then_some(&mut self.picture)
    }
}

fn main() -> Result<(), UiError> {
    let dark = std::env::args().any(|argument| argument == "dark");
    let theme = if dark { ThemeChoice::Dark } else { ThemeChoice::Light };
    run(Options { theme }, |proxy: Proxy<()>| {
        std::thread::spawn(move || {
            while proxy.send(()) {
                std::thread::sleep(Duration::from_millis(33));
            }
        });
        let pixels = vec![0; (SIDE.0 * SIDE.1) as usize];
        Gallery { code: "123".into(), name: String::new(), picture: Picture::new(), pixels, tick: 0 }
    })
    .map(|_| ())
}
