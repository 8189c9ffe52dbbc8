//! It is over: why, what is kept, and that nothing stays.

use std::time::Duration;

use deskside_proto::journal::SessionEnd;
use deskside_ui::egui::{Ui, Vec2};
use deskside_ui::theme::{Tone, UNIT};
use deskside_ui::widgets::{self, Button, Kind};

use crate::model::{Act, Kept};

pub(super) fn draw(
    ui: &mut Ui,
    operator: Option<&str>,
    reason: SessionEnd,
    kept: &Kept,
    left: Option<Duration>,
    acts: &mut Vec<Act>,
) {
    widgets::title(ui, "The session is over");
    widgets::body(ui, &why(operator, reason));
    ui.add_space(UNIT);
    match kept {
        Kept::Nothing => {}
        Kept::At(path) => {
            widgets::card(ui, |ui| {
                widgets::heading(ui, "What was asked, answered and done");
                widgets::muted(ui, "is written down for you here:");
                widgets::small(ui, &path.display().to_string());
            });
            ui.add_space(UNIT);
        }
        Kept::Failed(error) => {
            widgets::banner(
                ui,
                Tone::Warning,
                &format!("The record of the session could not be saved ({error})."),
            );
            ui.add_space(UNIT);
        }
    }
    widgets::status_dot(
        ui,
        Tone::Good,
        "When this window closes, nothing of this program runs any more, and nobody can connect through it.",
    );
    ui.add_space(UNIT);
    ui.horizontal(|ui| {
        let close = ui.add(Button::new(Kind::Primary, "Close").min_width(15.0 * UNIT));
        if ui.memory(|memory| memory.focused().is_none()) {
            close.request_focus();
        }
        if close.clicked() {
            acts.push(Act::Stop);
        }
        ui.add_space(UNIT);
        if let Some(left) = left {
            let seconds = left.as_millis().div_ceil(1000);
            widgets::small(ui, &format!("This window closes by itself in {seconds} s."));
        }
    });
    if left.is_some() && ui.input(|input| input.pointer.delta() != Vec2::ZERO) {
        acts.push(Act::Stay);
    }
}

pub(super) fn why(operator: Option<&str>, reason: SessionEnd) -> String {
    let name = operator.unwrap_or("The helper");
    match reason {
        SessionEnd::Customer => "You ended it.".into(),
        SessionEnd::Operator => format!("{name} ended it."),
        SessionEnd::Refused => format!("You did not accept {name}. Nothing was shown or done."),
        SessionEnd::ConnectionLost => {
            "The connection was lost. To go on, ask for a new code and start this program again.".into()
        }
        SessionEnd::DisplayLost => "The screen that was shown is no longer there.".into(),
        SessionEnd::Protocol => {
            format!("{name}'s program did something that it must not do, so the connection was cut.")
        }
        SessionEnd::TimedOut => "There was no answer in time. Nothing was shown or done.".into(),
    }
}
