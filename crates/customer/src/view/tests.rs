//! The views without a window: what they say, where the keyboard starts, and pictures of every state.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use deskside_net::Problem;
use deskside_party::sharing::{Press, Reply};
use deskside_proto::journal::SessionEnd;
use deskside_ui::egui::{self, Key, Rect, accesskit::Role};
use deskside_ui::{ScreenRect, ThemeChoice, draw_offscreen, theme};
use egui_kittest::Harness;
use egui_kittest::kittest::{NodeT, Queryable};

use super::{Drawn, MAIN_WIDTH, trouble};
use crate::model::tests::{Stop, model_at, organisation};
use crate::model::{Act, Kept, Model, Told};
use crate::roots::RootNote;

fn nowhere(_: Rect) -> Option<ScreenRect> {
    Some(ScreenRect { x: 0, y: 0, width: 1, height: 1 })
}

fn draw(ui: &mut egui::Ui, model: &mut Model, now: Instant) -> Drawn {
    super::main_window(ui, model, now, &nowhere)
}

/// A window that can be clicked and typed into; gives what was pressed.
struct Seen {
    model: Model,
    acts: Vec<Act>,
}

fn harness(model: Model, now: Instant) -> Harness<'static, Seen> {
    let mut harness = Harness::builder().with_size((480.0, 760.0)).build_ui_state(
        move |ui, seen: &mut Seen| {
            let drawn = draw(ui, &mut seen.model, now);
            seen.acts.extend(drawn.acts);
        },
        Seen { model, acts: Vec::new() },
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

/// T20: in front of a scam script, No has the keyboard, and Return, Space and Escape press it.
#[test]
fn t20_the_keyboard_starts_on_no() {
    let start = Instant::now();
    let no = [Act::Reply(Reply::No)];
    // Even before the buttons live, and when they do.
    for now in [start, start + Duration::from_secs(2)] {
        let mut harness = harness(model_at(Stop::Asking, start), now);
        assert!(harness.get_by_role_and_label(Role::Button, "No").accesskit_node().is_focused());
        for key in [Key::Enter, Key::Space, Key::Escape] {
            assert_eq!(press(&mut harness, key), no, "by {key:?}");
        }
        press(&mut harness, Key::Tab);
        assert_eq!(press(&mut harness, Key::Escape), no, "from the yes as well");
        assert!(harness.get_by_role_and_label(Role::Button, "No").accesskit_node().is_focused());
    }
}

/// T20: who is asking is told with the names of the certificate, with the warning.
#[test]
fn t20_who_is_asking_is_told_with_a_warning() {
    let start = Instant::now();
    let harness = harness(model_at(Stop::Asking, start), start);
    harness.get_by_label("Anna Berg wants to help you");
    harness.get_by_label("Example Help");
    harness.get_by_label("Example Help vouches for this person");
    assert!(harness.query_by_label_contains("anna").is_none(), "accounts are the server's business");
    harness.get_by_label_contains("3F2A 90C1 77D4 0B6E 51A8");
    harness.get_by_label_contains("Did they call you, or did you call them?");
}

#[test]
fn a_yes_is_reached_by_the_keyboard_and_says_how_it_was_pressed() {
    let start = Instant::now();
    let now = start + Duration::from_secs(2);
    let mut harness = harness(model_at(Stop::Asking, start), now);
    let is_yes = |acts: &[Act], by| {
        assert!(matches!(acts, [Act::Reply(Reply::Yes(pressed))] if pressed.by == by), "{acts:?}");
    };
    press(&mut harness, Key::Tab);
    assert!(harness.get_by_role_and_label(Role::Button, "Accept").accesskit_node().is_focused());
    is_yes(&press(&mut harness, Key::Enter), Press::Keyboard);
    harness.get_by_role_and_label(Role::Button, "Accept").click();
    harness.run();
    is_yes(&std::mem::take(&mut harness.state_mut().acts), Press::Pointer);
}

#[test]
fn the_code_is_typed_and_joined_by_the_keyboard_alone() {
    let now = Instant::now();
    let mut harness = harness(model_at(Stop::Code, now), now);
    for digits in ["12", "3 4", "56"] {
        harness.event(egui::Event::Text(digits.into()));
        harness.run();
    }
    assert_eq!(harness.state_mut().model.typed_mut().unwrap().0, "123456");
    harness.state_mut().acts.clear();
    assert_eq!(press(&mut harness, Key::Enter), [Act::Join]);
}

#[test]
fn a_wrong_code_stays_to_be_read_and_is_typed_over() {
    let now = Instant::now();
    let mut model = model_at(Stop::Connecting, now);
    model.told(Told::Failed(Problem::Refused("This code does not work.".into())), now);
    let mut harness = harness(model, now);
    assert_eq!(harness.state_mut().model.typed_mut().unwrap().0, "123456");
    harness.event(egui::Event::Text("7".into()));
    harness.run();
    assert_eq!(harness.state_mut().model.typed_mut().unwrap().0, "7");
    assert_eq!(harness.state_mut().acts, [Act::CodeTyped { refused: None }]);
}

#[test]
fn the_last_window_stays_once_the_mouse_is_moved_over_it() {
    let now = Instant::now();
    let mut harness = harness(model_at(Stop::Ended, now), now);
    harness.get_by_label("This window closes by itself in 60 s.");
    assert!(harness.state().acts.is_empty());
    for x in [50.0, 60.0] {
        harness.hover_at(egui::pos2(x, 50.0));
        harness.run();
    }
    assert!(harness.state().acts.contains(&Act::Stay));
    harness.state_mut().model.act(Act::Stay, now);
    harness.run();
    assert!(harness.query_by_label_contains("closes by itself").is_none());
}

/// Every state with a name, its window and the model in it.
fn states(start: Instant) -> Vec<(&'static str, Model)> {
    let mut all = Vec::new();
    let mut typing = model_at(Stop::Code, start);
    typing.typed_mut().unwrap().0.push_str("4821");
    all.push(("code", typing));
    let mut refused = model_at(Stop::Connecting, start);
    refused.told(
        Told::Failed(Problem::Refused(
            "This code does not work. Check the six digits, or ask your helper for a new code.".into(),
        )),
        start,
    );
    all.push(("refused", refused));
    let mut unreachable = model_at(Stop::Connecting, start);
    let cause = "Connection refused (os error 111)".to_owned();
    unreachable.told(Told::Failed(Problem::Unreachable { server: "localhost:14443".into(), cause }), start);
    all.push(("unreachable", unreachable));
    all.push(("connecting", model_at(Stop::Connecting, start)));
    all.push(("asking", model_at(Stop::Asking, start)));
    let mut ignored = model_at(Stop::Asking, start);
    ignored.assistive_yes();
    all.push(("asking-ignored", ignored));
    let mut changed = organisation();
    changed.root = RootNote::Changed { before: "77AA 0102 BEEF 4411 9090".into() };
    all.push(("changed", Model::new(changed)));
    all.push(("stopping", model_at(Stop::Stopping, start)));
    let mut ended = model_at(Stop::Session, start);
    let kept =
        Kept::At(PathBuf::from("/home/maria/.local/share/deskside/journals/2026-03-04_10-20-30_5d1f.txt"));
    ended.told(Told::Ended { reason: SessionEnd::Operator, kept }, start);
    all.push(("ended", ended));
    all
}

/// Draws every state in both themes and, at twice the size, in one; with `DESKSIDE_PICTURES` set to a folder
/// the pictures are left there.
#[test]
fn every_state_can_be_drawn_and_fits_its_window() {
    let start = Instant::now();
    let now = start + Duration::from_secs(2);
    let folder = std::env::var_os("DESKSIDE_PICTURES").map(PathBuf::from);
    for (theme, suffix) in [(ThemeChoice::Light, "light"), (ThemeChoice::Dark, "dark")] {
        for (name, mut model) in states(start) {
            let mut show = |ui: &mut egui::Ui| draw(ui, &mut model, now).height;
            picture(folder.as_deref(), &format!("{name}-{suffix}"), MAIN_WIDTH, theme, &mut show);
        }
        let text = "This download is damaged or was changed, so nothing was started. Download it again from the organisation's own page.";
        let mut show = |ui: &mut egui::Ui| trouble::draw(ui, text).height;
        picture(folder.as_deref(), &format!("trouble-{suffix}"), MAIN_WIDTH, theme, &mut show);
    }
}

/// On a screen of 1366 × 768 everything about who is asking is in sight at once, also while a click is ignored.
#[test]
fn who_is_asking_fits_a_small_laptop() {
    let start = Instant::now();
    /// The rest is for title bar and task bar.
    const ROOM: f32 = 768.0 - 72.0;
    let mut model = model_at(Stop::Asking, start);
    let needed = |height, model: &mut Model| {
        let mut needed = 0.0;
        draw_offscreen((MAIN_WIDTH, height), 1.0, ThemeChoice::Light, |ui| {
            needed = draw(ui, model, start).height;
        });
        needed
    };
    for with_a_click_ignored in [false, true] {
        if with_a_click_ignored {
            model.assistive_yes();
        }
        // However high the window is, it needs the same; otherwise it would never come to rest.
        let heights = [300.0, 500.0, ROOM, 900.0].map(|height| needed(height, &mut model));
        assert!(heights.iter().all(|height| *height == heights[0] && *height <= ROOM), "{heights:?}");
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
