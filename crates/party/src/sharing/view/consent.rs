//! A question of the other side: what is asked for, what it means, how far it goes, and Deny first. The same window
//! serves a person who wants to show something else.

use std::time::Instant;

use deskside_proto::journal::Action;
use deskside_ui::egui::{ScrollArea, Ui};
use deskside_ui::own_hand_only;
use deskside_ui::theme::{CONTROL_HEIGHT, Tone, UNIT};
use deskside_ui::widgets;

use super::{Locate, buttons};
use crate::sharing::model::{Choosing, OpenQuestion};
use crate::sharing::{Act, Edit, Lasting, Peer, Program, Show};

/// The list of programs is no higher than this, in points.
const LIST_HEIGHT: f32 = 150.0;
/// What the buttons need, with the space above them, in points.
const BUTTONS_HEIGHT: f32 = CONTROL_HEIGHT + 2.0 * UNIT;

/// Gives the height of what is out of sight.
pub(super) fn draw(
    ui: &mut Ui,
    question: &OpenQuestion,
    peer: &Peer,
    now: Instant,
    locate: Locate<'_>,
    acts: &mut Vec<Act>,
) -> f32 {
    let silence = question.request.map(|_| {
        let left = question.prompt.seconds_left(now);
        format!("Deny keeps {} connected. No answer in {left} s counts as Deny.", peer.name())
    });
    let below = silence.as_ref().map_or(0.0, |words| 1.5 * UNIT + widgets::small_height(ui, words));
    let buttons = BUTTONS_HEIGHT + below + buttons::ignored_height(ui, &question.prompt);
    // On a small screen what is asked scrolls; the buttons stay in sight.
    let hidden = super::above_buttons(ui, buttons, |ui| asked(ui, question, locate, acts));
    ui.add_space(UNIT);
    let words = if question.request.is_some() { ("Deny", "Allow") } else { ("Keep as it is", "Show this") };
    let is_alive = question.prompt.is_alive(now) && question.is_complete();
    buttons::no_and_yes(ui, words, is_alive, locate, &mut |reply| acts.push(Act::Reply(reply)));
    if let Some(silence) = silence {
        ui.add_space(UNIT / 2.0);
        widgets::small(ui, &silence);
    }
    buttons::ignored(ui, &question.prompt);
    hidden
}

/// What is asked for, what it means, and how far it goes.
fn asked(ui: &mut Ui, question: &OpenQuestion, locate: Locate<'_>, acts: &mut Vec<Act>) {
    widgets::title(ui, &question.text.title);
    ui.add_space(UNIT);
    widgets::bullet(ui, Tone::Info, &question.text.can);
    ui.add_space(UNIT / 2.0);
    widgets::bullet(ui, Tone::Error, &question.text.cannot);
    ui.add_space(UNIT);
    if question.actions.len() > 1 {
        for action in &question.actions {
            let edit = Edit::Action(*action);
            ticked(ui, question.allows(*action), action_name(*action), edit, locate, acts);
        }
        ui.add_space(UNIT);
    }
    let shows = question.request.is_none() || question.allows(Action::See);
    if let Some(choosing) = question.choosing.as_ref().filter(|_| shows) {
        choose(ui, choosing, locate, acts);
        ui.add_space(UNIT);
    }
    if question.request.is_some() {
        how_long(ui, question.lasting, locate, acts);
    }
}

/// What is shown: the whole screen first, then what is less.
fn choose(ui: &mut Ui, choosing: &Choosing, locate: Locate<'_>, acts: &mut Vec<Act>) {
    widgets::heading(ui, "What is shown");
    let mut kinds = vec![(Show::Everything, "The whole screen".to_owned())];
    for (number, monitor) in choosing.offer.monitors.iter().enumerate() {
        let which = monitor.place.unwrap_or(&monitor.name);
        kinds.push((Show::Monitor(number), format!("Only the monitor {which}")));
    }
    if !choosing.offer.programs.is_empty() {
        kinds.push((Show::AllBut, "The whole screen, but not what I tick".to_owned()));
        kinds.push((Show::Only, "Only the programs that I tick".to_owned()));
    }
    for (show, words) in kinds {
        let radio = widgets::radio(ui, choosing.show == show, &words);
        own_hand_only(&radio);
        if let Some(pressed) = buttons::pressed(&radio, locate).filter(|_| choosing.show != show) {
            acts.push(Act::Edit(Edit::Show(show), pressed));
        }
    }
    if !choosing.lists_programs() {
        widgets::small(ui, "Whatever is open there can be seen: close what is private first.");
        return;
    }
    ui.indent("programs", |ui| {
        // As high in a window that is still small, or the window would never find its height.
        let list = ScrollArea::vertical().max_height(LIST_HEIGHT).min_scrolled_height(LIST_HEIGHT);
        list.show(ui, |ui| {
            for program in &choosing.offer.programs {
                let is_ticked = choosing.ticked.contains(&program.id);
                let edit = Edit::Program(program.id);
                ticked(ui, is_ticked, &program_words(program), edit, locate, acts);
                if let Some(warning) = program.warning.filter(|_| is_ticked && choosing.show == Show::Only) {
                    widgets::small(ui, warning);
                }
            }
        });
        let absent = match choosing.absent() {
            0 => None,
            1 => Some("A program that has no window just now stays hidden.".to_owned()),
            several => Some(format!("{several} programs that have no window just now stay hidden.")),
        };
        if let Some(absent) = absent {
            widgets::small(ui, &absent);
        }
        ui.horizontal_wrapped(|ui| {
            // A tick means the same here as in the list above.
            let hides = choosing.show == Show::AllBut;
            widgets::small(ui, if hides { "Hide also:" } else { "Show also:" });
            for (place, words) in ["Desktop", "Task bar", "Notifications"].into_iter().enumerate() {
                let edit = Edit::Surrounding(place);
                ticked(ui, choosing.surroundings[place] != hides, words, edit, locate, acts);
            }
        });
    });
    if choosing.choice().is_none() {
        let verb = if choosing.show == Show::Only { "show" } else { "hide" };
        widgets::small(ui, &format!("Tick at least one program to {verb}."));
    }
}

fn how_long(ui: &mut Ui, lasting: Lasting, locate: Locate<'_>, acts: &mut Vec<Act>) {
    ui.horizontal(|ui| {
        widgets::body(ui, "For how long");
        for choice in Lasting::ALL {
            let words = match choice {
                Lasting::Session => "this session".to_owned(),
                Lasting::Minutes(minutes) => format!("{minutes} minutes"),
            };
            let radio = widgets::radio(ui, lasting == choice, &words);
            own_hand_only(&radio);
            if let Some(pressed) = buttons::pressed(&radio, locate) {
                acts.push(Act::Edit(Edit::Last(choice), pressed));
            }
        }
    });
}

/// A box to tick; by the person's own hand alone, as what it changes is what a yes allows.
fn ticked(ui: &mut Ui, is_ticked: bool, words: &str, edit: Edit, locate: Locate<'_>, acts: &mut Vec<Act>) {
    let tick = widgets::tick(ui, is_ticked, words);
    own_hand_only(&tick);
    if let Some(pressed) = buttons::pressed(&tick, locate) {
        acts.push(Act::Edit(edit, pressed));
    }
}

fn action_name(action: Action) -> &'static str {
    match action {
        Action::See => "See the screen",
        Action::Control => "Use mouse and keyboard",
        Action::Point => "Point and draw",
        Action::Demonstrate => "Show another screen",
    }
}

fn program_words(program: &Program) -> String {
    const LONGEST: usize = 40;
    let Program { name, title, .. } = program;
    if title.is_empty() || title == name {
        return name.clone();
    }
    let short: String = title.chars().take(LONGEST).collect();
    let more = if short.len() < title.len() { "…" } else { "" };
    format!("{name}: {short}{more}")
}
