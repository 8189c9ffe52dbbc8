//! Everything but a running session: one card in the middle of the window with one thing to do.

use std::time::Duration;

use deskside_ui::egui::{Align, Key, Layout, Rect, Ui, UiBuilder, Vec2, pos2};
use deskside_ui::theme::{Tone, UNIT};
use deskside_ui::widgets::{self, Button, Field, Kind};

use super::{Focus, Forms, dot_from_right, stable, take_focus, words};
use crate::model::{Act, Kept, Model, Summary, Waiting};

/// Width of the card, in points.
const CARD: f32 = 460.0;

/// The page with its header, the banner if there is one, and a card.
fn page(ui: &mut Ui, model: &Model, add: impl FnOnce(&mut Ui)) {
    widgets::page(ui, 2.0 * UNIT, |ui| {
        header(ui, model);
        let room = ui.available_rect_before_wrap();
        let width = CARD.min(room.width());
        // A little above the middle, where the eye looks first.
        let top = room.top() + (room.height() * 0.13).max(UNIT);
        let place = Rect::from_min_max(
            pos2(room.center().x - width / 2.0, top),
            pos2(room.center().x + width / 2.0, room.bottom()),
        );
        ui.scope_builder(UiBuilder::new().max_rect(place), |ui| {
            ui.spacing_mut().item_spacing.y = 2.0 * UNIT;
            if let Some(banner) = model.banner() {
                let tone = if banner.wrong { Tone::Error } else { Tone::Info };
                widgets::banner(ui, tone, &banner.text);
            }
            stable(ui, "card", |ui| {
                widgets::card(ui, |ui| {
                    ui.spacing_mut().item_spacing.y = 2.0 * UNIT;
                    add(ui);
                })
            });
        });
    });
}

fn header(ui: &mut Ui, model: &Model) {
    ui.horizontal(|ui| {
        widgets::heading(ui, "Deskside");
        if let Some(identity) = model.identity() {
            ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
                widgets::small(ui, &format!("{} · {}", identity.name, identity.organisation));
            });
        }
    });
}

/// A title with the explanation right below it.
fn about(ui: &mut Ui, title: &str, text: &str) {
    ui.vertical(|ui| {
        ui.spacing_mut().item_spacing.y = UNIT / 2.0;
        widgets::title(ui, title);
        widgets::muted(ui, text);
    });
}

fn wide(ui: &Ui, kind: Kind, text: &str) -> Button {
    Button::new(kind, text).min_width(ui.available_width())
}

fn enter(ui: &Ui) -> bool {
    ui.input(|input| input.key_pressed(Key::Enter))
}

pub(super) fn broken(ui: &mut Ui, model: &Model, acts: &mut Vec<Act>) {
    page(ui, model, |ui| {
        about(
            ui,
            "Deskside cannot start",
            "Put right what is said above, then start the program again. Nothing was sent anywhere.",
        );
        if ui.add(wide(ui, Kind::Secondary, "Close")).clicked() {
            acts.push(Act::Quit);
        }
    });
}

pub(super) fn unlock(ui: &mut Ui, model: &Model, forms: &mut Forms, busy: bool, acts: &mut Vec<Act>) {
    page(ui, model, |ui| {
        about(
            ui,
            "Unlock your bundle",
            "The passphrase opens the key that proves who you are. It stays on this computer.",
        );
        let first = !busy && forms.wants(Focus::Passphrase);
        if busy {
            forms.focus = Some(Focus::Nothing);
            ui.disable();
        }
        let field = Field::new("Passphrase", &mut forms.passphrase).hidden().show(ui);
        if first {
            take_focus(&field);
        }
        let text = if busy { "Unlocking…" } else { "Unlock" };
        let clicked = ui.add(wide(ui, Kind::Primary, text)).clicked();
        if (clicked || (field.lost_focus() && enter(ui))) && !forms.passphrase.is_empty() {
            acts.push(Act::Unlock(forms.passphrase.take(&field)));
        } else if clicked || field.lost_focus() && enter(ui) {
            take_focus(&field);
        }
    });
}

pub(super) fn log_in(ui: &mut Ui, model: &Model, forms: &mut Forms, busy: bool, acts: &mut Vec<Act>) {
    page(ui, model, |ui| {
        let organisation = model.identity().map_or("", |identity| identity.organisation.as_str());
        about(ui, &format!("Welcome to {organisation}"), "Log in with your account there.");
        let first = !busy && forms.wants(Focus::Password);
        if busy {
            forms.focus = Some(Focus::Nothing);
            ui.disable();
        } else if first && forms.user.is_empty() {
            forms.user = model.identity().map(|identity| identity.account.clone()).unwrap_or_default();
        }
        let user = Field::new("User name", &mut forms.user).show(ui);
        let password = Field::new("Password", &mut forms.password).hidden().show(ui);
        if first || (user.lost_focus() && enter(ui)) {
            take_focus(&password);
        }
        let text = if busy { "Logging in…" } else { "Log in" };
        let clicked = ui.add(wide(ui, Kind::Primary, text)).clicked();
        if clicked || (password.lost_focus() && enter(ui)) {
            if forms.user.trim().is_empty() {
                take_focus(&user);
            } else if forms.password.is_empty() {
                take_focus(&password);
            } else {
                let user = forms.user.trim().to_owned();
                acts.push(Act::LogIn { user, password: forms.password.take(&password) });
            }
        }
    });
}

pub(super) fn home(ui: &mut Ui, model: &Model, forms: &mut Forms, acts: &mut Vec<Act>) {
    page(ui, model, |ui| {
        about(
            ui,
            "Ready for a call",
            "A new session gives you a six-digit code to read out. Nothing can be seen or done before the customer allows it.",
        );
        new_session(ui, forms, acts);
        shortcut_hint(ui, "Ctrl+N", "or Enter starts a session");
    });
    ui.scope_builder(UiBuilder::new().max_rect(ui.max_rect().shrink(2.0 * UNIT)), |ui| {
        ui.with_layout(Layout::bottom_up(Align::Center), |ui| {
            if ui.add(Button::new(Kind::Quiet, "Log out").compact()).clicked() {
                acts.push(Act::LogOut);
            }
        });
    });
}

fn new_session(ui: &mut Ui, forms: &mut Forms, acts: &mut Vec<Act>) {
    let button = stable(ui, "new session", |ui| ui.add(wide(ui, Kind::Primary, "New session")));
    if forms.wants(Focus::NewSession) {
        take_focus(&button);
    }
    if button.clicked() {
        acts.push(Act::NewSession);
    }
}

fn shortcut_hint(ui: &mut Ui, key: &str, text: &str) {
    ui.horizontal(|ui| {
        widgets::key_cap(ui, key);
        widgets::small(ui, text);
    });
}

pub(super) fn waiting(
    ui: &mut Ui,
    model: &Model,
    forms: &mut Forms,
    waiting: &Waiting,
    now: Duration,
    acts: &mut Vec<Act>,
) {
    page(ui, model, |ui| {
        match &waiting.code {
            None => {
                forms.focus = Some(Focus::Nothing);
                about(ui, "Asking for a code…", "The server is drawing one for you.");
            }
            Some(_) if waiting.arrived => {
                about(
                    ui,
                    "The customer is being asked",
                    "They see your name and your organisation. The session begins when they accept.",
                );
                widgets::steps(ui, &["Code typed", "Customer accepts you"], 1);
            }
            Some(code) => {
                about(ui, "Read this code to the customer", "They type it into their Deskside program.");
                let width = ui.available_width();
                ui.allocate_ui_with_layout(Vec2::new(width, 0.0), Layout::top_down(Align::Center), |ui| {
                    widgets::code_display(ui, &code.expose())
                });
                copy_and_clock(ui, forms, waiting, now, acts);
                widgets::steps(ui, &["Customer types the code", "Customer accepts you"], 0);
            }
        }
        ui.horizontal(|ui| {
            if ui.add(Button::new(Kind::Secondary, "Cancel")).clicked() {
                acts.push(Act::Cancel);
            }
            shortcut_hint(ui, "Esc", "");
        });
    });
}

fn copy_and_clock(ui: &mut Ui, forms: &mut Forms, waiting: &Waiting, now: Duration, acts: &mut Vec<Act>) {
    ui.horizontal(|ui| {
        let text = if waiting.copied { "Copied" } else { "Copy code" };
        let copy = ui.add(Button::new(Kind::Secondary, text).min_width(120.0));
        if forms.wants(Focus::Copy) {
            take_focus(&copy);
        }
        if copy.clicked() {
            acts.push(Act::CopyCode);
        }
        if let Some(ends) = waiting.ends {
            let left = ends.saturating_sub(now);
            let tone = if left < Duration::from_secs(60) { Tone::Warning } else { Tone::Good };
            ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
                dot_from_right(ui, tone, &format!("{} left", words::clock(left)));
            });
            // The next second begins when the part of this one is used up.
            let part = Duration::from_nanos(u64::from(left.subsec_nanos()));
            ui.ctx().request_repaint_after(part + Duration::from_millis(5));
        }
    });
}

pub(super) fn ended(ui: &mut Ui, model: &Model, forms: &mut Forms, summary: &Summary, acts: &mut Vec<Act>) {
    page(ui, model, |ui| {
        let (title, text) = words::end(summary.reason);
        about(ui, title, text);
        ui.vertical(|ui| {
            if let Some(lasted) = summary.lasted {
                row(ui, "Duration", &words::clock(lasted));
            }
            if let Some((received, sent)) = summary.traffic {
                let text = format!("{} received, {} sent", words::bytes(received), words::bytes(sent));
                row(ui, "Data", &text);
            }
            match &summary.journal {
                Kept::Nothing => {}
                Kept::Saving => row(ui, "Journal", "is being saved…"),
                Kept::At(path) => row(ui, "Journal", &path.display().to_string()),
                Kept::Failed(_) => row(ui, "Journal", "not saved"),
            }
        });
        if let Kept::Failed(cause) = &summary.journal {
            let text = format!(
                "The journal could not be saved: {cause}. Make room or choose another folder with --journal-dir before the next session."
            );
            widgets::banner(ui, Tone::Error, &text);
        }
        new_session(ui, forms, acts);
        ui.horizontal(|ui| {
            if ui.add(Button::new(Kind::Secondary, "Done")).clicked() {
                acts.push(Act::Home);
            }
            shortcut_hint(ui, "Esc", "");
        });
    });
}

fn row(ui: &mut Ui, name: &str, value: &str) {
    ui.horizontal_top(|ui| {
        let width = Vec2::new(9.0 * UNIT, 0.0);
        ui.allocate_ui_with_layout(width, Layout::left_to_right(Align::Min), |ui| {
            ui.set_min_width(width.x);
            widgets::muted(ui, name);
        });
        widgets::body(ui, value);
    });
}
