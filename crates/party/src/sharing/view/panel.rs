//! The panel: who is here, what is allowed right now, and the ways to take it back.

use std::time::Instant;

use deskside_proto::journal::Action;
use deskside_ui::egui::{Align, Layout, Ui};
use deskside_ui::own_hand_only;
use deskside_ui::theme::{Tone, UNIT};
use deskside_ui::widgets::{self, Button, Kind};

use super::{Locate, buttons};
use crate::sharing::{Act, Line, Offer, Session};

pub(super) fn draw(
    ui: &mut Ui,
    session: &Session,
    now: Instant,
    choose: &dyn Fn() -> Offer,
    locate: Locate<'_>,
    acts: &mut Vec<Act>,
) {
    ui.horizontal(|ui| {
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            let (tone, words) = line(session.line());
            // Laid out from the right, so the word comes before its dot.
            widgets::status_dot(ui, tone, words);
            ui.with_layout(Layout::left_to_right(Align::Center), |ui| {
                widgets::heading(ui, session.peer().first());
            });
        });
    });
    if let Some(organisation) = session.peer().organisation() {
        widgets::small(ui, organisation);
    }
    // Stop and Pause come first and never move, whatever else there is to say.
    let width = (ui.available_width() - UNIT) / 2.0;
    ui.horizontal(|ui| {
        let words = if session.paused { "Continue" } else { "Pause" };
        let pause = Button::new(Kind::Secondary, words).compact().min_width(width);
        let pause = ui.add_enabled(session.allows(Action::See), pause);
        if session.paused {
            // To go on is to consent again.
            own_hand_only(&pause);
            acts.extend(buttons::pressed(&pause, locate).map(Act::Resume));
        } else if pause.clicked() {
            acts.push(Act::Pause);
        }
        if ui.add(Button::new(Kind::Danger, "Stop").compact().min_width(width)).clicked() {
            acts.push(Act::Stop);
        }
    });
    let tone = match (session.allows(Action::See), session.allows(Action::Control)) {
        _ if session.paused => Tone::Neutral,
        (false, _) => Tone::Neutral,
        (true, false) => Tone::Info,
        (true, true) => Tone::Warning,
    };
    widgets::banner(ui, tone, &session.allowed());
    if let Some(minutes) = session.minutes_left(now) {
        let unit = if minutes == 1 { "minute" } else { "minutes" };
        widgets::small(ui, &format!("Ends by itself in {minutes} {unit}."));
    }
    let wide = |words: &str, ui: &mut Ui| {
        let width = ui.available_width();
        ui.add(Button::new(Kind::Secondary, words).compact().min_width(width)).clicked()
    };
    if session.allows(Action::See) {
        ui.horizontal(|ui| {
            let change = Button::new(Kind::Secondary, "Show less …").compact().min_width(width);
            if ui.add_enabled(session.question.is_none(), change).clicked() {
                acts.push(Act::Choose(choose()));
            }
            if ui.add(Button::new(Kind::Secondary, "Stop showing").compact().min_width(width)).clicked() {
                acts.push(Act::TakeBack(Action::See));
            }
        });
    }
    if session.allows(Action::Point) && wide("No more drawing", ui) {
        acts.push(Act::TakeBack(Action::Point));
    }
    if session.allows(Action::Control) {
        if wide("Take mouse and keyboard back", ui) {
            acts.push(Act::TakeBack(Action::Control));
        }
        ui.horizontal(|ui| {
            widgets::key_cap(ui, "F11");
            widgets::small(ui, "takes mouse and keyboard back at once");
        });
    }
    if session.allows(Action::Demonstrate) && wide("Close the other screen", ui) {
        acts.push(Act::TakeBack(Action::Demonstrate));
    }
    if let Some(news) = session.news() {
        widgets::banner(ui, Tone::Good, news);
    } else if let Some(last) = session.last() {
        widgets::small(ui, last);
    }
    if let Some(trouble) = session.trouble() {
        widgets::banner(ui, Tone::Error, trouble);
    }
}

/// How good the connection is, in a word and a tone.
#[must_use]
pub fn line(line: Line) -> (Tone, &'static str) {
    match line {
        Line::Unknown => (Tone::Neutral, "Connected"),
        Line::Good => (Tone::Good, "Good line"),
        Line::Fair => (Tone::Warning, "Fair line"),
        Line::Slow => (Tone::Error, "Slow line"),
    }
}
