//! The window as a person meets it: found by its words, worked by keys and clicks; and pictures of every state.

use std::collections::HashSet;
use std::path::PathBuf;
use std::time::Duration;

use deskside_proto::control::Suspension;
use deskside_proto::journal::{Action, GrantEnd, Verdict};
use deskside_proto::shown::{AreaNote, ScopeNote};
use deskside_proto::{GrantId, RequestId};
use deskside_ui::theme::{self, ThemeChoice};
use deskside_ui::{PixelRect, draw_offscreen_over};
use egui_kittest::Harness;
use egui_kittest::kittest::{NodeT, Queryable};

use super::*;
use crate::viewing::net::{Command, Event};
use crate::viewing::watching::model::Effect;
use crate::viewing::watching::tests::{answered, asked, at, controlling, ended, seeing};

const NAME: &str = "Olga Operator";
/// The made-up screen that is shown.
const SCREEN: (u32, u32) = (1600, 1000);

struct Program {
    model: Model,
    picture: Picture,
    effects: Vec<Effect>,
    now: Duration,
}

type Window = Harness<'static, Program>;

fn window(model: Model) -> Window {
    let program = Program { model, picture: picture(), effects: Vec::new(), now: at(10) };
    let draw = |ui: &mut Ui, program: &mut Program| {
        for act in show(ui, &program.model, NAME, &mut program.picture) {
            let effects = program.model.act(act, program.now);
            program.effects.extend(effects);
            ui.ctx().request_repaint();
        }
    };
    let mut window = Harness::builder().with_size(egui::vec2(1040.0, 740.0)).build_ui_state(draw, program);
    theme::apply(&window.ctx, ThemeChoice::Light);
    window.run();
    window
}

fn click(window: &mut Window, name: &str) -> Vec<Effect> {
    window.get_by_label(name).click();
    window.run();
    std::mem::take(&mut window.state_mut().effects)
}

fn tell(window: &mut Window, event: &Event) {
    let program = window.state_mut();
    drop(program.model.net(event, program.now));
    window.run();
}

#[track_caller]
fn says(window: &Window, text: &str) {
    assert!(window.query_by_label(text).is_some(), "{text}");
}

/// Something like a desktop with an editor on it.
fn picture() -> Picture {
    let (width, height) = SCREEN;
    let mut pixels: Vec<u32> = (0..width * height).map(|at| 0x0028_5577 + (at / width / 16)).collect();
    let mut fill = |x: u32, y: u32, w: u32, h: u32, colour: u32| {
        for row in y..(y + h).min(height) {
            let start = (row * width + x) as usize;
            pixels[start..start + w.min(width - x) as usize].fill(colour);
        }
    };
    fill(0, height - 40, width, 40, 0x001c_2430);
    fill(240, 120, 900, 640, 0x00f7_f7f7);
    fill(240, 120, 900, 36, 0x0034_4a63);
    for line in 0..18 {
        fill(276, 190 + line * 30, 240 + line * 37 % 520, 9, 0x0040_4a55);
    }
    fill(1200, 300, 300, 220, 0x00ff_ffff);
    fill(1200, 300, 300, 30, 0x0087_93a2);
    let mut picture = Picture::new();
    let canvas = picture.canvas();
    canvas.begin(width, height);
    canvas.write(width, &pixels, [PixelRect { x: 0, y: 0, width, height }]);
    picture.renew();
    picture
}

#[test]
fn who_shows_what_is_said_from_beginning_to_end() {
    let mut model = Model::default();
    model.open();
    let mut window = window(model);
    says(&window, "Olga Operator is going to show you a screen");
    says(&window, "One moment, please");
    tell(&mut window, &answered(Action::See, 1, Verdict::Allowed(GrantId(1))));
    says(&window, "The picture is on its way");
    assert!(window.query_by_label_contains("mouse and keyboard").is_none(), "there is nothing to use");
    tell(&mut window, &Event::Screen { epoch: 1, width: SCREEN.0, height: SCREEN.1 });
    says(&window, "Olga Operator shows you this screen");
    says(&window, "You are watching. Nothing you do here changes anything there.");
    tell(&mut window, &Event::Paused(true));
    says(&window, "Olga Operator has paused.");
    says(&window, "The picture stands still until Olga Operator goes on.");
    tell(&mut window, &Event::Paused(false));
    tell(&mut window, &ended(Action::See, 1, GrantEnd::Revoked));
    says(&window, "Olga Operator no longer shows you a screen");
    says(&window, "There is nothing to see any more");
    assert!(matches!(&click(&mut window, "Close")[..], [Effect::Stop]));
    assert!(window.get_by_label("Stopping …").accesskit_node().is_disabled());
}

#[test]
fn mouse_and_keyboard_are_asked_for_granted_and_given_back() {
    let mut window = window(seeing());
    let effects = click(&mut window, "Use mouse and keyboard …");
    assert!(matches!(&effects[..], [Effect::Net(Command::Ask(_))]), "{effects:?}");
    says(&window, "Asked – waiting for Olga Operator");
    tell(&mut window, &Event::Asked { request: RequestId(2), action: Action::Control });
    let effects = click(&mut window, "Never mind");
    assert!(matches!(&effects[..], [Effect::Net(Command::Withdraw(RequestId(2)))]), "{effects:?}");
    says(&window, "Taking your question back …");
    assert!(window.get_by_label("Never mind").accesskit_node().is_disabled());
    tell(&mut window, &answered(Action::Control, 2, Verdict::Withdrawn));
    let _ = click(&mut window, "Use mouse and keyboard …");
    tell(&mut window, &answered(Action::Control, 3, Verdict::Denied));
    says(&window, "Olga Operator said no. You can ask again.");
    let _ = click(&mut window, "Use mouse and keyboard …");
    tell(&mut window, &answered(Action::Control, 4, Verdict::Allowed(GrantId(4))));
    says(&window, "This is not your computer. Never type a password here.");
    says(&window, "F11");
    let effects = click(&mut window, "Give back");
    assert!(matches!(&effects[..], [Effect::Net(Command::GiveBack(GrantId(4)))]), "{effects:?}");
    says(&window, "You are watching. Nothing you do here changes anything there.");
}

#[test]
fn pressing_enter_twice_does_not_take_the_question_back() {
    let mut window = window(seeing());
    window.get_by_label("Use mouse and keyboard …").focus();
    window.run();
    for expected in [1, 0] {
        window.key_press(Key::Enter);
        window.run();
        assert_eq!(std::mem::take(&mut window.state_mut().effects).len(), expected);
    }
    says(&window, "Asked – waiting for Olga Operator");
}

#[test]
fn why_mouse_and_keyboard_rest_is_said_in_plain_words() {
    let mut window = window(controlling());
    for (suspension, text) in [
        (Suspension::Hand, "Olga Operator is using the mouse. Yours works again in a moment."),
        (Suspension::Question, "Olga Operator is answering a question. Yours works again in a moment."),
        (Suspension::Panel, "Olga Operator has a window in the way. Yours works again in a moment."),
    ] {
        tell(&mut window, &Event::Suspended(Some(suspension)));
        says(&window, text);
        says(&window, "Give back");
    }
    tell(&mut window, &Event::Suspended(None));
    tell(&mut window, &ended(Action::Control, 2, GrantEnd::F11));
    says(&window, "Olga Operator has taken mouse and keyboard back.");
}

/// The picture's own mapping under this window's bar: where a click lands is where it was aimed at.
#[test]
fn window_and_picture_agree_on_every_pixel_in_both_sizes() {
    let mut window = window(controlling());
    for (other, zoom) in [("Real size", 0.0), ("Whole picture", 1.0)] {
        let picture = &window.state().picture;
        assert!(zoom == 0.0 || picture.zoom() == zoom);
        let bar = window.get_by_label(other).rect();
        assert_eq!(
            picture.pixel_at(520.0, f64::from(bar.center().y)),
            None,
            "the bar is no part of the picture"
        );
        let row = (1..740).find_map(|y| picture.pixel_at(520.0, f64::from(y)).filter(|(_, row)| *row == 500));
        assert!((799..=801).contains(&row.unwrap().0), "{row:?}");
        let _ = click(&mut window, other);
    }
}

#[test]
fn the_whole_screen_begins_by_button_and_ends_by_button_or_escape() {
    let mut window = window(seeing());
    assert!(matches!(&click(&mut window, "Full screen")[..], [Effect::FullScreen(true)]));
    assert!(window.state().picture.pixel_at(520.0, 20.0).is_none(), "the bar covers the picture");
    assert!(matches!(&click(&mut window, "Leave full screen")[..], [Effect::FullScreen(false)]));
    let _ = click(&mut window, "Full screen");
    window.hover_at(egui::pos2(520.0, 400.0));
    window.run();
    drop(window.state_mut().model.tick(at(20)));
    window.run();
    assert!(window.query_by_label("Stop watching").is_none());
    window.key_press(Key::Escape);
    window.run();
    assert!(window.query_by_label("Stop watching").is_some());
}

#[test]
fn over_the_whole_screen_why_input_rests_is_said_without_the_bar_too() {
    let mut model = controlling();
    drop(model.act(Act::FullScreen(true), at(10)));
    drop(model.tick(at(20)));
    let mut window = window(model);
    assert!(window.query_by_label("Give back").is_none());
    tell(&mut window, &Event::Suspended(Some(Suspension::Hand)));
    says(&window, "Olga Operator is using the mouse. Yours works again in a moment.");
}

fn told(mut model: Model, event: &Event) -> Model {
    drop(model.net(event, at(10)));
    model
}

fn acted(mut model: Model, act: Act) -> Model {
    drop(model.act(act, at(10)));
    model
}

fn states() -> Vec<(&'static str, Model)> {
    let part = ScopeNote { area: AreaNote::Applications(vec!["Editor".into()]), ..ScopeNote::screen() };
    let part = Event::Scoped { action: Action::See, grant: GrantId(1), scope: part };
    let rests = |suspension| told(controlling(), &Event::Suspended(Some(suspension)));
    vec![
        ("coming", Model::default()),
        ("on-its-way", told(Model::default(), &answered(Action::See, 1, Verdict::Allowed(GrantId(1))))),
        ("watching", seeing()),
        ("part", told(seeing(), &part)),
        ("paused", told(seeing(), &Event::Paused(true))),
        ("asked", asked()),
        ("refused", told(asked(), &answered(Action::Control, 2, Verdict::Denied))),
        ("control", controlling()),
        ("hand", rests(Suspension::Hand)),
        ("question", rests(Suspension::Question)),
        ("panel", rests(Suspension::Panel)),
        ("taken-back", told(controlling(), &ended(Action::Control, 2, GrantEnd::F11))),
        ("whole-screen", acted(controlling(), Act::FullScreen(true))),
        ("real-size", acted(seeing(), Act::Zoom(Zoom::Percent(100)))),
        ("stopping", acted(seeing(), Act::Stop)),
        ("over", told(seeing(), &ended(Action::See, 1, GrantEnd::Revoked))),
    ]
}

/// Draws every state in both themes and in the smallest window; with `DESKSIDE_PICTURES` set to a folder the
/// pictures are left there.
#[test]
fn every_state_can_be_drawn() {
    let folder = std::env::var_os("DESKSIDE_PICTURES").map(PathBuf::from);
    let long = "Wilhelmina-Alexandra von und zu Hohenstein-Sonnenberg";
    let mut picture = picture();
    for (suffix, theme, size, name) in [
        ("light", ThemeChoice::Light, (1040.0, 740.0), NAME),
        ("dark", ThemeChoice::Dark, (1040.0, 740.0), NAME),
        ("small", ThemeChoice::Light, (720.0, 440.0), NAME),
        ("long", ThemeChoice::Light, (720.0, 440.0), long),
    ] {
        for (state, model) in states() {
            let (width, height, pixels) =
                draw_offscreen_over(&mut picture, size, 1.0, theme, |ui, picture| {
                    let _acts = show(ui, &model, &words::name(name), picture);
                });
            let colours: HashSet<_> = pixels.iter().collect();
            assert!(colours.len() > 20, "{state} has {} colours", colours.len());
            if let Some(folder) = &folder {
                let rgb = pixels.iter().flat_map(|pixel| pixel.to_be_bytes().into_iter().skip(1)).collect();
                let image = image::RgbImage::from_raw(width, height, rgb).unwrap();
                image.save(folder.join(format!("watched-{state}-{suffix}.png"))).unwrap();
            }
        }
    }
}
