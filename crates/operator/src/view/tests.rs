//! The views as a person meets them: found by their names, worked by keys and clicks.

mod writing;

use deskside_net::operator::{Command, Event};
use deskside_net::viewing;
use deskside_net::{Problem, Quality};
use deskside_party::viewing::Viewer as _;
use deskside_proto::control::Suspension;
use deskside_proto::input::InputEvent;
use deskside_proto::journal::{Action, GrantEnd, SessionEnd, Verdict};
use deskside_proto::{Code, GrantId, RequestId};
use deskside_session::Now;
use deskside_ui::theme::{self, ThemeChoice};
use egui_kittest::Harness;
use egui_kittest::kittest::{NodeT, Queryable};

use super::*;
use crate::model::{Effect, Identity, Pointer};
use crate::samples::{empty_journal, journal};

struct Program {
    model: Model,
    forms: Forms,
    picture: Picture,
    effects: Vec<Effect>,
    second: u64,
}

impl Program {
    fn now(&self) -> Now {
        Now { monotonic: Duration::from_secs(self.second), wall_ms: self.second as i64 * 1000 }
    }

    fn zoom_button(&self) -> String {
        words::zoom(self.model.session().unwrap().zoom, self.picture.zoom())
    }

    fn net(&mut self, event: Event) {
        let effects = self.model.net(event, self.now());
        self.effects.extend(effects);
    }
}

type Window = Harness<'static, Program>;

fn window() -> Window {
    let identity =
        Identity { name: "Anna Berg".into(), account: "anna".into(), organisation: "Nordlicht IT".into() };
    let program = Program {
        model: Model::new(identity),
        forms: Forms::default(),
        picture: Picture::new(),
        effects: Vec::new(),
        second: 100,
    };
    let draw = |ui: &mut Ui, program: &mut Program| {
        let now = program.now();
        let acts = show(ui, &program.model, &mut program.forms, &mut program.picture, now.monotonic);
        for act in acts {
            let effects = program.model.act(act, now);
            program.effects.extend(effects);
            ui.ctx().request_repaint();
        }
    };
    let window = Harness::builder().with_size(egui::vec2(1120.0, 780.0)).build_ui_state(draw, program);
    theme::apply(&window.ctx, ThemeChoice::Light);
    let mut window = window;
    window.run();
    window
}

fn type_text(window: &mut Window, text: &str) {
    window.event(egui::Event::Text(text.to_owned()));
    window.run();
}

fn press(window: &mut Window, key: Key) {
    window.key_press(key);
    window.run();
}

fn click(window: &mut Window, name: &str) {
    window.get_by_label(name).click();
    window.run();
}

fn tell(window: &mut Window, event: Event) {
    window.state_mut().net(event);
    window.run();
}

fn take(window: &mut Window) -> Vec<Effect> {
    std::mem::take(&mut window.state_mut().effects)
}

fn home() -> Window {
    let mut window = window();
    window.state_mut().model.unlocked();
    window.run();
    type_text(&mut window, "secret");
    press(&mut window, Key::Enter);
    tell(&mut window, Event::LoggedIn { user: "anna".into(), expires_ms: 0 });
    let _ = take(&mut window);
    window
}

fn session() -> Window {
    let mut window = home();
    press(&mut window, Key::Enter);
    let code = Code::from_number(482_915).unwrap();
    tell(&mut window, Event::CodeReady { code, expires_ms: 700_500 });
    tell(&mut window, Event::Help(viewing::Event::Arrived));
    tell(&mut window, Event::Help(viewing::Event::Started));
    let _ = take(&mut window);
    window
}

fn answer(window: &mut Window, action: Action, number: u32, verdict: Verdict) {
    tell(window, Event::Help(viewing::Event::Asked { request: RequestId(number), action }));
    tell(window, Event::Help(viewing::Event::Answered { request: RequestId(number), action, verdict }));
}

fn seeing() -> Window {
    let mut window = session();
    press(&mut window, Key::Enter);
    answer(&mut window, Action::See, 1, Verdict::Allowed(GrantId(1)));
    tell(&mut window, Event::Help(viewing::Event::Screen { epoch: 1, width: 800, height: 600 }));
    let picture = &mut window.state_mut().picture;
    picture.canvas().begin(800, 600);
    picture.renew();
    window.run();
    let _ = take(&mut window);
    window
}

fn controlled() -> Window {
    let mut window = seeing();
    press(&mut window, Key::Enter);
    answer(&mut window, Action::Control, 2, Verdict::Allowed(GrantId(2)));
    let _ = take(&mut window);
    window
}

/// Thirty calls a day: from the passphrase to control without touching the mouse.
#[test]
fn enter_alone_leads_from_the_passphrase_to_control() {
    let mut window = window();
    type_text(&mut window, "correct horse");
    press(&mut window, Key::Enter);
    assert!(matches!(&take(&mut window)[..], [Effect::Unlock(secret)] if secret.expose() == "correct horse"));
    window.state_mut().model.unlocked();
    window.run();
    type_text(&mut window, "pässword");
    press(&mut window, Key::Enter);
    let effects = take(&mut window);
    assert!(
        matches!(&effects[..], [Effect::Net(Command::Login { user, password })] if user == "anna" && password.expose() == "pässword"),
        "{effects:?}"
    );
    tell(&mut window, Event::LoggedIn { user: "anna".into(), expires_ms: 0 });
    press(&mut window, Key::Enter);
    assert!(matches!(&take(&mut window)[..], [Effect::Net(Command::NewSession)]));
    let code = Code::from_number(482_915).unwrap();
    tell(&mut window, Event::CodeReady { code, expires_ms: 700_500 });
    press(&mut window, Key::Enter);
    assert!(matches!(&take(&mut window)[..], [Effect::Copy(code)] if code.expose() == "482915"));
    tell(&mut window, Event::Help(viewing::Event::Arrived));
    tell(&mut window, Event::Help(viewing::Event::Started));
    press(&mut window, Key::Enter);
    assert!(
        matches!(&take(&mut window)[..], [Effect::Net(Command::Help(viewing::Command::Ask(asked)))] if *asked == [Action::See].into())
    );
    answer(&mut window, Action::See, 1, Verdict::Allowed(GrantId(1)));
    press(&mut window, Key::Enter);
    assert!(
        matches!(&take(&mut window)[..], [Effect::Net(Command::Help(viewing::Command::Ask(asked)))] if *asked == [Action::Control].into())
    );
}

#[test]
fn nothing_is_sent_without_a_passphrase_or_password() {
    let mut window = window();
    press(&mut window, Key::Enter);
    click(&mut window, "Unlock");
    assert!(take(&mut window).is_empty());
    window.state_mut().model.unlocked();
    window.run();
    press(&mut window, Key::Enter);
    click(&mut window, "Log in");
    assert!(take(&mut window).is_empty());
}

#[test]
fn a_refused_password_is_said_and_the_field_is_empty_and_ready() {
    let mut window = window();
    window.state_mut().model.unlocked();
    window.run();
    type_text(&mut window, "wrong");
    press(&mut window, Key::Enter);
    assert!(window.query_by_label("Logging in…").is_some());
    tell(&mut window, Event::LoginFailed(Problem::Refused("User name or password is wrong.".into())));
    assert!(window.query_by_label("User name or password is wrong.").is_some());
    let _ = take(&mut window);
    type_text(&mut window, "right");
    press(&mut window, Key::Enter);
    assert!(
        matches!(&take(&mut window)[..], [Effect::Net(Command::Login { password, .. })] if password.expose() == "right")
    );
}

#[test]
fn what_was_typed_into_a_password_field_cannot_be_undone_back() {
    let mut window = window();
    type_text(&mut window, "correct horse");
    press(&mut window, Key::Enter);
    window.state_mut().model.unlock_failed("no");
    window.run();
    window.key_press_modifiers(Modifiers::COMMAND, Key::Z);
    window.run();
    let _ = take(&mut window);
    press(&mut window, Key::Enter);
    assert!(take(&mut window).is_empty(), "the field is empty");
}

#[test]
fn the_code_is_read_digit_by_digit_and_counts_down() {
    let mut window = home();
    window.key_press_modifiers(Modifiers::COMMAND, Key::N);
    window.run();
    assert!(matches!(&take(&mut window)[..], [Effect::Net(Command::NewSession)]));
    let code = Code::from_number(482_915).unwrap();
    tell(&mut window, Event::CodeReady { code, expires_ms: 700_500 });
    assert!(window.query_by_label("4 8 2 9 1 5").is_some());
    assert!(window.query_by_label("10:00 left").is_some());
    window.state_mut().second += 18;
    window.run();
    assert!(window.query_by_label("9:42 left").is_some());
    window.event(egui::Event::Copy);
    window.run();
    assert!(window.query_by_label("Copied").is_some());
    press(&mut window, Key::Escape);
    let effects = take(&mut window);
    assert!(matches!(&effects[..], [Effect::Copy(_), Effect::Net(Command::CancelSession)]), "{effects:?}");
}

#[test]
fn buttons_reflect_what_is_asked_refused_and_allowed() {
    let mut window = session();
    assert!(!window.get_by_label("Ask to see and control").accesskit_node().is_disabled());
    click(&mut window, "Ask to see");
    assert!(window.query_all_by_label("Waiting for the customer…").count() > 0);
    tell(&mut window, Event::Help(viewing::Event::Asked { request: RequestId(1), action: Action::See }));
    let _ = take(&mut window);
    click(&mut window, "Withdraw");
    assert!(matches!(
        &take(&mut window)[..],
        [Effect::Net(Command::Help(viewing::Command::Withdraw(RequestId(1))))]
    ));
    let withdrawn = Event::Help(viewing::Event::Answered {
        request: RequestId(1),
        action: Action::See,
        verdict: Verdict::Denied,
    });
    tell(&mut window, withdrawn);
    assert!(window.query_by_label("Refused").is_some());
    click(&mut window, "Ask to see");
    answer(&mut window, Action::See, 2, Verdict::Allowed(GrantId(1)));
    assert!(window.query_by_label("Seeing the screen").is_some());
    assert!(!window.get_by_label("Ask to control").accesskit_node().is_disabled());
    let _ = take(&mut window);
    click(&mut window, "Stop seeing");
    assert!(matches!(
        &take(&mut window)[..],
        [Effect::Net(Command::Help(viewing::Command::GiveBack(GrantId(1))))]
    ));
}

#[test]
fn pressing_enter_twice_does_not_take_the_question_back() {
    let mut window = session();
    press(&mut window, Key::Enter);
    tell(&mut window, Event::Help(viewing::Event::Asked { request: RequestId(1), action: Action::See }));
    let _ = take(&mut window);
    press(&mut window, Key::Enter);
    assert!(take(&mut window).is_empty());
}

#[test]
fn a_click_on_the_strip_brings_the_keyboard_back() {
    let mut window = controlled();
    assert!(window.query_by_label("In control").is_some());
    click(&mut window, "Release the keyboard");
    let effects = take(&mut window);
    assert!(matches!(&effects[..], [Effect::Keyboard(false)]), "{effects:?}");
    let text = "Keyboard stays here — click the picture to type on the customer's computer";
    assert!(window.query_by_label(text).is_some());
}

#[test]
fn why_input_rests_is_said_above_the_picture() {
    let mut window = controlled();
    tell(&mut window, Event::Help(viewing::Event::Suspended(Some(Suspension::Hand))));
    assert!(
        window
            .query_by_label("The customer is using the mouse. Yours goes on when theirs has rested.")
            .is_some()
    );
    assert!(window.query_by_label("Customer at the mouse").is_none(), "there is no room to say it twice");
    window.set_size(egui::vec2(1400.0, 780.0));
    window.run();
    assert!(window.query_by_label("Customer at the mouse").is_some());
    assert!(window.query_by_label("Control rests").is_some(), "no green light beside the amber one");
    assert!(window.query_by_label("Seeing the screen").is_some(), "the picture goes on");
    tell(&mut window, Event::Help(viewing::Event::Suspended(None)));
    assert!(window.query_by_label("Customer connected").is_some());
    assert!(window.query_by_label("In control").is_some());
    tell(&mut window, Event::Help(viewing::Event::Paused(true)));
    for text in ["Customer paused", "Picture paused", "Control rests"] {
        assert!(window.query_by_label(text).is_some(), "{text}");
    }
    assert!(window.query_by_label_contains("Paused: nothing you type reaches the customer").is_some());
    assert!(window.query_by_label_contains("Keyboard goes to the customer").is_none());
    tell(&mut window, Event::Help(viewing::Event::Paused(false)));
    let ended = Event::Help(viewing::Event::GrantEnded {
        action: Action::Control,
        grant: GrantId(2),
        reason: GrantEnd::F11,
    });
    tell(&mut window, ended);
    assert!(window.query_by_label("Stopped with F11").is_some());
}

/// The picture's own mapping, under this window's bar: where a click lands is where it was aimed at.
#[test]
fn window_and_picture_agree_on_every_pixel_in_both_sizes() {
    let mut window = controlled();
    let area = window.state().picture.nearest_pixel(0.0, 0.0);
    assert_eq!(area, Some((0, 0)));
    for (action, zoom) in [("100 %", 1.0), ("Fit to window", 0.0)] {
        open_menu(&mut window);
        click(&mut window, action);
        let picture = &window.state().picture;
        assert!(zoom == 0.0 || picture.zoom() == zoom);
        // Half a pixel to the right of the middle of the window there is still the middle of the picture.
        let middle =
            (1..780).find_map(|y| picture.pixel_at(560.5, f64::from(y)).filter(|(_, row)| *row == 300));
        let (x, y) = middle.unwrap();
        assert!((399..=401).contains(&x) && y == 300, "{x},{y}");
        assert_eq!(picture.pixel_at(560.0, 5.0), None, "the bar is no part of the picture");
    }
}

fn open_menu(window: &mut Window) {
    let button = window.state().zoom_button();
    click(window, &button);
}

#[test]
fn the_picture_is_zoomed_by_menu_and_keys() {
    let mut window = seeing();
    open_menu(&mut window);
    assert_eq!(window.state().picture.pixel_at(560.0, 700.0), None, "the next click closes the menu");
    click(&mut window, "200 %");
    assert!(window.query_by_label("Fit to window").is_none(), "it is closed");
    assert_eq!(window.state().picture.zoom(), 2.0);
    assert!(window.state().picture.pixel_at(560.0, 700.0).is_some());
    let mut press = |modifiers, key| {
        window.key_press_modifiers(modifiers, key);
        window.run();
        window.state().picture.zoom()
    };
    assert_eq!(press(Modifiers::COMMAND, Key::Minus), 1.5);
    assert_eq!(press(Modifiers::COMMAND, Key::Plus), 2.0);
    assert_eq!(press(Modifiers::COMMAND, Key::Equals), 3.0, "plus without shift");
    assert_eq!(press(Modifiers::COMMAND, Key::Num1), 1.0);
    let fitted = press(Modifiers::COMMAND, Key::Num0);
    assert!(fitted > 1.0 && fitted < 1.5, "{fitted}");
    assert_eq!(window.ctx.zoom_factor(), 1.0, "the widgets stay as they are");
}

#[test]
fn the_whole_screen_begins_and_ends_by_button_and_by_keys() {
    let mut window = seeing();
    // There is room for all buttons.
    window.set_size(egui::vec2(1300.0, 780.0));
    window.run();
    click(&mut window, "Full screen");
    assert!(matches!(&take(&mut window)[..], [Effect::FullScreen(true)]));
    click(&mut window, "Leave full screen");
    assert!(matches!(&take(&mut window)[..], [Effect::FullScreen(false)]));
    for leave in [(Modifiers::COMMAND | Modifiers::ALT, Key::Enter), (Modifiers::NONE, Key::Escape)] {
        window.key_press_modifiers(Modifiers::COMMAND | Modifiers::ALT, Key::Enter);
        window.run();
        assert!(matches!(&take(&mut window)[..], [Effect::FullScreen(true)]));
        window.key_press_modifiers(leave.0, leave.1);
        window.run();
        assert!(matches!(&take(&mut window)[..], [Effect::FullScreen(false)]));
    }
}

#[test]
fn the_bar_of_the_whole_screen_goes_comes_back_and_stays_under_the_pointer() {
    let mut window = seeing();
    // There is room for all buttons.
    window.set_size(egui::vec2(1300.0, 780.0));
    window.run();
    click(&mut window, "Full screen");
    window.hover_at(egui::pos2(560.0, 400.0));
    window.run();
    let later = |window: &mut Window, seconds| {
        window.state_mut().second += seconds;
        let now = window.state().now();
        drop(window.state_mut().model.tick(now));
        window.run();
        window.query_by_label("End session").is_some()
    };
    let top = |window: &Window| window.state().picture.pixel_at(560.0, 20.0).is_some();
    assert!(!top(&window), "the bar covers the picture");
    assert!(!later(&mut window, 2));
    assert!(top(&window), "the picture has the whole window");
    let now = window.state().now();
    window.state_mut().model.touched_edge(now.monotonic);
    window.run();
    assert!(later(&mut window, 1) && !top(&window));
    window.hover_at(egui::pos2(560.0, 10.0));
    window.run();
    assert!(later(&mut window, 30), "the pointer is on it");
    window.hover_at(egui::pos2(560.0, 400.0));
    window.run();
    assert!(!later(&mut window, 2));
}

#[test]
fn details_are_shown_when_asked_for_and_take_no_clicks() {
    let mut window = seeing();
    // There is room for all buttons.
    window.set_size(egui::vec2(1300.0, 780.0));
    window.run();
    assert!(window.query_by_label("Sharp").is_none());
    click(&mut window, "Details");
    assert!(window.query_all_by_label("–").count() >= 4, "nothing has been measured");
    let mut quality = Quality { rtt_ms: 34, udp: false, received: 1_000_000, sent: 0 };
    tell(&mut window, Event::Quality(quality));
    window.state_mut().second += 1;
    window.state_mut().model.shown(25, Some(true));
    quality.received += 250_000;
    tell(&mut window, Event::Quality(quality));
    let zoom = window.state().picture.zoom() * 100.0;
    let size = format!("800 × 600 at {zoom:.0} %");
    for text in ["25 a second", "2\u{a0}000 kbit/s", "Good line", "34 ms, TLS", &size, "every pixel"] {
        // The delay is on the bar as well.
        let places = if text.contains("ms") { 2 } else { 1 };
        assert_eq!(window.query_all_by_label(text).count(), places, "{text}");
    }
    let corner = window.get_by_label("Sharp").rect().center();
    let below = window.state().picture.pixel_at(f64::from(corner.x), f64::from(corner.y));
    assert!(below.is_some(), "a click there is a click on the picture");
    click(&mut window, "Details");
    assert!(window.query_by_label("Sharp").is_none());
}

#[test]
fn giving_control_back_lets_go_first() {
    let mut window = controlled();
    let state = window.state_mut();
    let now = state.now();
    let _ = state.model.pointer(Pointer::Moved { at: (1, 1), over: true }, now.monotonic);
    let _ = state.model.key(InputEvent::Text('a'), now);
    click(&mut window, "Give back control");
    let effects = take(&mut window);
    let sent = effects.iter().any(
        |effect| matches!(effect, Effect::Net(Command::Help(viewing::Command::Input(events))) if events == &[InputEvent::ReleaseAll]),
    );
    assert!(sent, "{effects:?}");
    assert!(
        effects.iter().any(|effect| matches!(
            effect,
            Effect::Net(Command::Help(viewing::Command::GiveBack(GrantId(2))))
        ))
    );
}

#[test]
fn a_customer_who_said_no_is_told_without_a_journal() {
    let mut window = home();
    press(&mut window, Key::Enter);
    let code = Code::from_number(482_915).unwrap();
    tell(&mut window, Event::CodeReady { code, expires_ms: 700_500 });
    tell(&mut window, Event::Help(viewing::Event::Arrived));
    tell(
        &mut window,
        Event::Help(viewing::Event::Ended { reason: SessionEnd::Refused, journal: empty_journal() }),
    );
    assert!(window.query_by_label("The customer did not accept").is_some());
    assert!(window.query_by_label("Journal").is_none());
}

#[test]
fn the_summary_says_why_how_long_and_how_much() {
    let mut window = controlled();
    let quality = Quality { rtt_ms: 34, udp: false, received: 18_300_000, sent: 412_000 };
    tell(&mut window, Event::Quality(quality));
    assert!(window.query_by_label("34 ms, TLS").is_some());
    window.state_mut().second += 1254;
    click(&mut window, "End session");
    assert!(take(&mut window).iter().any(|effect| matches!(effect, Effect::Net(Command::EndSession))));
    tell(
        &mut window,
        Event::Help(viewing::Event::Ended { reason: SessionEnd::Operator, journal: journal() }),
    );
    let _ = window.state_mut().model.journal_saved(Err("no space left on device".into()));
    window.run();
    for text in ["You ended the session", "20:54", "18.3 MB received, 412.0 kB sent", "not saved"] {
        assert!(window.query_by_label(text).is_some(), "{text}");
    }
    assert!(window.query_by_label_contains("no space left on device").is_some());
    let _ = take(&mut window);
    press(&mut window, Key::Enter);
    assert!(matches!(&take(&mut window)[..], [Effect::Net(Command::NewSession)]));
}
