//! The views without a window: what they say, where the keyboard starts, and pictures of every state.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use deskside_proto::journal::{Action, GrantEnd};
use deskside_session::ApplicationId;
use deskside_ui::egui::{self, Key, Rect, accesskit::Role};
use deskside_ui::{ScreenRect, ThemeChoice, draw_offscreen, theme};
use egui_kittest::Harness;
use egui_kittest::kittest::{NodeT, Queryable};

use super::{Drawn, PANEL_WIDTH, QUESTION_WIDTH};
use crate::sharing::model::tests::{asked, edit_question, offer, question, session};
use crate::sharing::net::Quality;
use crate::sharing::{Act, Edit, Lasting, Peer, Press, Reply, Session, Show, Told};

const NO: Act = Act::Reply(Reply::No);

fn nowhere(_: Rect) -> Option<ScreenRect> {
    Some(ScreenRect { x: 0, y: 0, width: 1, height: 1 })
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Window {
    Panel,
    Question,
}

fn draw(window: Window, ui: &mut egui::Ui, session: &Session, now: Instant) -> Drawn<Act> {
    match window {
        Window::Panel => super::panel(ui, session, now, &offer, &nowhere),
        Window::Question => super::question(ui, session, now, &nowhere),
    }
}

/// A window that can be clicked and typed into; gives what was pressed.
struct Seen {
    session: Session,
    acts: Vec<Act>,
}

fn harness(window: Window, session: Session, now: Instant) -> Harness<'static, Seen> {
    harness_of((480.0, 760.0), window, session, now)
}

fn harness_of(size: (f32, f32), window: Window, session: Session, now: Instant) -> Harness<'static, Seen> {
    let mut harness = Harness::builder().with_size(size).build_ui_state(
        move |ui, seen: &mut Seen| {
            let drawn = draw(window, ui, &seen.session, now);
            seen.acts.extend(drawn.acts);
        },
        Seen { session, acts: Vec::new() },
    );
    theme::apply(&harness.ctx, ThemeChoice::Light);
    harness.run();
    harness
}

fn press(harness: &mut Harness<'_, Seen>, key: Key) -> Vec<Act> {
    harness.key_press(key);
    harness.run();
    let mut acts = std::mem::take(&mut harness.state_mut().acts);
    acts.retain(|act| !matches!(act, Act::Reply(Reply::YesFocus(_))));
    acts
}

/// T20: in front of a scam script, Deny has the keyboard, and Return, Space and Escape press it.
#[test]
fn t20_the_keyboard_starts_on_deny() {
    let start = Instant::now();
    // Even before the buttons live, and when they do.
    for now in [start, start + Duration::from_secs(2)] {
        let mut harness = harness(Window::Question, asked(&[Action::See], start), now);
        assert!(harness.get_by_role_and_label(Role::Button, "Deny").accesskit_node().is_focused());
        for key in [Key::Enter, Key::Space, Key::Escape] {
            assert_eq!(press(&mut harness, key), [NO], "by {key:?}");
        }
        press(&mut harness, Key::Tab);
        assert_eq!(press(&mut harness, Key::Escape), [NO], "from the yes as well");
        assert!(harness.get_by_role_and_label(Role::Button, "Deny").accesskit_node().is_focused());
    }
}

#[test]
fn allow_is_reached_by_the_keyboard_and_says_how_it_was_pressed() {
    let start = Instant::now();
    let now = start + Duration::from_secs(2);
    let mut harness = harness(Window::Question, asked(&[Action::See], start), now);
    let is_yes = |acts: &[Act], by| {
        assert!(matches!(acts, [Act::Reply(Reply::Yes(pressed))] if pressed.by == by), "{acts:?}");
    };
    press(&mut harness, Key::Tab);
    assert!(harness.get_by_role_and_label(Role::Button, "Allow").accesskit_node().is_focused());
    is_yes(&press(&mut harness, Key::Enter), Press::Keyboard);
    harness.get_by_role_and_label(Role::Button, "Allow").click();
    harness.run();
    is_yes(&std::mem::take(&mut harness.state_mut().acts), Press::Pointer);
}

fn controlled(told: &[Told], now: Instant) -> Session {
    let mut session = session();
    for told in [Told::Granted(Action::See), Told::Granted(Action::Control)].iter().chain(told) {
        session.told(told.clone(), now);
    }
    session
}

#[test]
fn the_panel_gives_back_what_was_pressed() {
    let now = Instant::now();
    let mut harness = harness(Window::Panel, controlled(&[], now), now);
    harness.get_by_label_contains("can use your mouse and keyboard");
    for (label, act) in [
        ("Pause", Act::Pause),
        ("Take mouse and keyboard back", Act::TakeBack(Action::Control)),
        ("Stop", Act::Stop),
    ] {
        harness.get_by_role_and_label(Role::Button, label).click();
        harness.run();
        assert_eq!(std::mem::take(&mut harness.state_mut().acts), [act], "{label}");
    }
}

#[test]
fn the_panel_says_what_does_not_work() {
    let now = Instant::now();
    let trouble = Told::Trouble("Your screen cannot be shown: it is gone.".into());
    let harness = harness(Window::Panel, controlled(&[trouble], now), now);
    harness.get_by_label("Your screen cannot be shown: it is gone.");
}

/// Every state with a name, its window and the session in it.
fn states(start: Instant) -> Vec<(&'static str, Window, Session)> {
    let mut all = Vec::new();
    for (name, told) in [("panel-connected", None), ("panel", Some(Told::Granted(Action::See)))] {
        let mut panel = session();
        panel.told(Told::Quality(Quality { rtt_ms: 38, udp: true, received: 0, sent: 0 }), start);
        told.into_iter().for_each(|told| panel.told(told, start));
        all.push((name, Window::Panel, panel));
    }
    all.push(("question", Window::Question, asked(&[Action::See], start)));
    let mut control = session();
    control.told(Told::Granted(Action::See), start);
    control.told(question(&[Action::Control]), start);
    control.question_seen(start);
    control.assistive_yes();
    all.push(("question-ignored", Window::Question, control));
    let edited = |actions: &[Action], edits: &[Edit]| {
        let mut session = asked(actions, start);
        edits.iter().for_each(|edit| edit_question(&mut session, edit));
        session
    };
    let both = [Action::See, Action::Control];
    all.push(("question-both", Window::Question, edited(&both, &[])));
    let only = [Edit::Show(Show::Only), Edit::Program(ApplicationId(1)), Edit::Last(Lasting::Minutes(15))];
    all.push(("question-only", Window::Question, edited(&both, &only)));
    let but = [Edit::Action(Action::Control), Edit::Show(Show::AllBut)];
    all.push(("question-but", Window::Question, edited(&both, &but)));
    all.push(("question-all", Window::Question, edited(&[Action::See, Action::Control, Action::Point], &[])));
    all.push(("question-watch", Window::Question, edited(&[Action::Demonstrate], &[])));
    let mut change = session();
    change.told(Told::Granted(Action::See), start);
    assert!(!change.act(Act::Choose(offer()), start).is_empty());
    change.question_seen(start);
    all.push(("change", Window::Question, change));
    all.push(("panel-control", Window::Panel, controlled(&[], start)));
    all.push(("panel-hand", Window::Panel, controlled(&[Told::HandHasIt(true)], start)));
    all.push(("panel-paused", Window::Panel, controlled(&[Told::Paused(true)], start)));
    let f11 = Told::GrantEnded { action: Action::Control, reason: GrantEnd::F11 };
    all.push(("panel-f11", Window::Panel, controlled(&[f11], start)));
    let mut nameless = Session::new(Peer::described("the customer"), None);
    nameless.told(Told::Granted(Action::See), start);
    all.push(("panel-nameless", Window::Panel, nameless));
    all
}

/// Draws every state in both themes; with `DESKSIDE_PICTURES` set to a folder the pictures are left there.
#[test]
fn every_state_can_be_drawn_and_fits_its_window() {
    let start = Instant::now();
    let now = start + Duration::from_secs(2);
    let folder = std::env::var_os("DESKSIDE_PICTURES").map(PathBuf::from);
    for (theme, suffix) in [(ThemeChoice::Light, "light"), (ThemeChoice::Dark, "dark")] {
        for (name, window, session) in states(start) {
            let width = match window {
                Window::Panel => PANEL_WIDTH,
                Window::Question => QUESTION_WIDTH,
            };
            let mut show = |ui: &mut egui::Ui| draw(window, ui, &session, now).height;
            picture(folder.as_deref(), &format!("{name}-{suffix}"), width, theme, &mut show);
        }
    }
}

/// On a screen of 1366 × 768, of which title bar and task bar take some, both buttons and when silence is a no are in
/// sight, whatever is asked, by whomever, also while a click is ignored.
#[test]
fn yes_and_no_are_in_sight_on_a_small_laptop() {
    const ROOM: f32 = 768.0 - 72.0;
    let start = Instant::now();
    let needed = |height, session: &Session| {
        let mut needed = 0.0;
        draw_offscreen((QUESTION_WIDTH, height), 1.0, ThemeChoice::Light, |ui| {
            needed = draw(Window::Question, ui, session, start).height;
        });
        needed
    };
    for with_a_click_ignored in [false, true] {
        let questions = states(start).into_iter().filter(|(_, window, _)| *window == Window::Question);
        for (name, _, mut session) in questions {
            if with_a_click_ignored {
                session.assistive_yes();
            }
            // However high the window is, it needs the same; otherwise it would never come to rest.
            let heights = [300.0, 500.0, ROOM, 900.0].map(|height| needed(height, &session));
            assert!(heights.iter().all(|height| *height == heights[0]), "{name}: {heights:?}");
            let is_own = session.question.as_ref().is_some_and(|question| question.request.is_none());
            let labels = if is_own { ["Keep as it is", "Show this"] } else { ["Deny", "Allow"] };
            let mut window = harness_of((QUESTION_WIDTH, heights[0]), Window::Question, session, start);
            let top = |window: &Harness<'_, Seen>| window.get_by_label(labels[0]).rect().top();
            if let Some(last) = window.query_by_label("this session") {
                assert!(last.rect().bottom() <= top(&window), "{name}: cut off with room for all");
            }
            window.set_size(egui::vec2(QUESTION_WIDTH, ROOM));
            window.run();
            for label in labels {
                let button = window.get_by_role_and_label(Role::Button, label).rect();
                assert!(button.bottom() <= ROOM - 8.0, "{name}: {label} ends at {}", button.bottom());
            }
            if !is_own {
                let silence = window.get_by_label_contains("counts as Deny").rect();
                assert!(silence.bottom() <= ROOM - 4.0, "{name}: the words end at {}", silence.bottom());
            }
        }
    }
}

fn picture(
    folder: Option<&Path>,
    name: &str,
    width: f32,
    theme: ThemeChoice,
    show: &mut dyn FnMut(&mut egui::Ui) -> f32,
) {
    let mut height = 400.0;
    draw_offscreen((width, height), 1.0, theme, |ui| height = show(ui));
    assert!((80.0..760.0).contains(&height), "{name} is {height} high");
    let (columns, rows, pixels) = draw_offscreen((width, height), 1.0, theme, |ui| {
        assert!((show(ui) - height).abs() < 1.0, "{name} changes its height");
    });
    let colours: std::collections::BTreeSet<_> = pixels.iter().collect();
    assert!(colours.len() > 20, "{name} has {} colours", colours.len());
    if let Some(folder) = folder {
        let rgb = pixels.iter().flat_map(|pixel| pixel.to_be_bytes().into_iter().skip(1)).collect();
        let image = image::RgbImage::from_raw(columns, rows, rgb).unwrap();
        image.save(folder.join(format!("{name}.png"))).unwrap();
    }
}
