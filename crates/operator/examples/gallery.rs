//! Every state of the operator's window with made-up data, for looking at it and for the book's pictures:
//! `cargo run -p deskside-operator --example gallery -- STATE [dark]`; without a state it lists them.

use std::path::PathBuf;
use std::time::Duration;

use deskside_net::operator::Event;
use deskside_net::viewing;
use deskside_net::{Problem, Quality};
use deskside_operator::model::{Act, Identity, Model, Pointer, Tool, Words, Zoom};
use deskside_operator::view::{self, Forms};
use deskside_operator::window::{SIZE, TITLE, WINDOW};
use deskside_party::viewing::Viewer as _;
use deskside_proto::control::Suspension;
use deskside_proto::input::Button;
use deskside_proto::journal::{Action, GrantEnd, SessionEnd, Verdict};
use deskside_proto::{Code, GrantId, RequestId};
use deskside_session::{Journal, Now};
use deskside_trust::Secret;
use deskside_ui::{
    App, Options, Picture, PixelRect, Proxy, Shell, ThemeChoice, WindowKey, WindowOptions, egui, run,
};

const STATES: [&str; 26] = [
    "broken",
    "locked",
    "unlocking",
    "wrong",
    "login",
    "refused-login",
    "home",
    "asking",
    "code",
    "arrived",
    "started",
    "see-asked",
    "see-refused",
    "seeing",
    "details",
    "zoomed",
    "control",
    "writing",
    "writing-nothing",
    "writing-much",
    "whole-screen",
    "picture-alone",
    "hand",
    "paused",
    "f11",
    "ended",
];
/// The made-up customer's screen.
const SCREEN: (u32, u32) = (1600, 1000);

fn at(seconds: u64) -> Now {
    let now = Duration::from_secs(seconds);
    Now { monotonic: now, wall_ms: i64::try_from(now.as_millis()).unwrap_or(0) }
}

/// Drives a model to a state as window and network would.
fn model(state: &str) -> anyhow::Result<Model> {
    if state == "broken" {
        return Ok(Model::broken(
            "The operator bundle /home/anna/.config/deskside/anna.operator cannot be used: your certificate in it has expired. Ask your organisation for a new one.",
        ));
    }
    let mut model = Model::new(Identity {
        name: "Anna Berg".into(),
        account: "anna".into(),
        organisation: "Nordlicht IT".into(),
    });
    let mut steps = steps()?.into_iter();
    loop {
        match steps.next() {
            Some((name, step)) => {
                step(&mut model);
                if name == state {
                    return Ok(model);
                }
            }
            None => anyhow::bail!("there is no state '{state}'; there are {}", STATES.join(", ")),
        }
    }
}

fn words(text: &str) -> Words {
    let mut words = Words::default();
    words.insert(text, 0);
    words
}

/// Clicks near the picture's corner.
fn click(model: &mut Model) {
    let left = |pressed| Pointer::Button(Button::Left, pressed);
    for event in [Pointer::Moved { at: (9, 9), over: true }, left(true), left(false)] {
        drop(model.pointer(event, at(71).monotonic));
    }
}

type Step = Box<dyn FnOnce(&mut Model)>;

/// What happens on the way to each state; a state that is only a way-side stop is undone by the next step.
fn steps() -> anyhow::Result<Vec<(&'static str, Step)>> {
    let journal = Journal::decode(b"deskside journal 1\n\x12\x00\x1a\x00")?;
    let code = Code::parse("482 915")?;
    let log_in = || Act::LogIn { user: "anna".into(), password: Secret::new("x".into()) };
    let net =
        |event: Event, second: u64| -> Step { Box::new(move |model| drop(model.net(event, at(second)))) };
    let act = |act: Act| -> Step { Box::new(move |model| drop(model.act(act, at(2)))) };
    let answer =
        |action, verdict| Event::Help(viewing::Event::Answered { request: RequestId(1), action, verdict });
    let quality = Quality { rtt_ms: 34, udp: true, received: 18_300_000, sent: 412_000 };
    Ok(vec![
        ("locked", Box::new(|_: &mut Model| ())),
        ("unlocking", act(Act::Unlock(Secret::new("x".into())))),
        (
            "wrong",
            Box::new(|m: &mut Model| {
                m.unlock_failed("The passphrase is not right. Type it again; capital letters count.");
            }),
        ),
        ("login", Box::new(Model::unlocked)),
        ("", act(log_in())),
        (
            "refused-login",
            net(Event::LoginFailed(Problem::Refused("User name or password is wrong.".into())), 1),
        ),
        ("", act(log_in())),
        ("home", net(Event::LoggedIn { user: "anna".into(), expires_ms: 0 }, 1)),
        ("asking", act(Act::NewSession)),
        ("code", net(Event::CodeReady { code, expires_ms: 600_000 }, 1)),
        ("arrived", net(Event::Help(viewing::Event::Arrived), 30)),
        ("started", net(Event::Help(viewing::Event::Started), 40)),
        ("", net(Event::Quality(quality), 41)),
        ("see-asked", act(Act::Ask(Action::See))),
        ("see-refused", net(answer(Action::See, Verdict::Denied), 50)),
        ("", act(Act::Ask(Action::See))),
        ("", net(answer(Action::See, Verdict::Allowed(GrantId(1))), 60)),
        (
            "seeing",
            net(Event::Help(viewing::Event::Screen { epoch: 1, width: SCREEN.0, height: SCREEN.1 }), 60),
        ),
        ("", Box::new(|m: &mut Model| m.shown(24, Some(false)))),
        ("", net(Event::Quality(Quality { received: 18_451_000, ..quality }), 61)),
        ("", Box::new(|m: &mut Model| m.shown(24, Some(false)))),
        ("", net(Event::Quality(Quality { received: 18_602_000, ..quality }), 62)),
        ("details", act(Act::Details(true))),
        ("zoomed", act(Act::Zoom(Zoom::Percent(150)))),
        ("", act(Act::Zoom(Zoom::Fit))),
        ("", act(Act::Details(false))),
        ("", act(Act::Ask(Action::Control))),
        ("control", net(answer(Action::Control, Verdict::Allowed(GrantId(2))), 70)),
        ("", act(Act::Ask(Action::Point))),
        ("", net(answer(Action::Point, Verdict::Allowed(GrantId(3))), 70)),
        ("", act(Act::Draw(Some(Tool::Words)))),
        ("writing", act(Act::Words(words("Click here, then wait for the green tick")))),
        ("", act(Act::Words(Words::default()))),
        ("writing-nothing", Box::new(click)),
        ("writing-much", act(Act::Words(words(&"one thing after another ".repeat(9))))),
        ("", act(Act::Draw(None))),
        ("", act(Act::GiveBack(Action::Point))),
        // The keyboard goes to the customer again.
        ("", Box::new(click)),
        ("whole-screen", act(Act::FullScreen(true))),
        ("picture-alone", Box::new(|m: &mut Model| drop(m.tick(at(72))))),
        ("", act(Act::FullScreen(false))),
        (
            "",
            Box::new(|m: &mut Model| {
                drop(m.pointer(Pointer::Moved { at: (9, 9), over: true }, at(71).monotonic));
            }),
        ),
        ("hand", net(Event::Help(viewing::Event::Suspended(Some(Suspension::Hand))), 80)),
        ("", net(Event::Help(viewing::Event::Suspended(None)), 82)),
        ("paused", net(Event::Help(viewing::Event::Paused(true)), 83)),
        ("", net(Event::Help(viewing::Event::Paused(false)), 84)),
        ("", act(Act::Zoom(Zoom::Percent(100)))),
        (
            "f11",
            net(
                Event::Help(viewing::Event::GrantEnded {
                    action: Action::Control,
                    grant: GrantId(2),
                    reason: GrantEnd::F11,
                }),
                90,
            ),
        ),
        ("", net(Event::Help(viewing::Event::Ended { reason: SessionEnd::Customer, journal }), 1294)),
        (
            "ended",
            Box::new(|m: &mut Model| {
                drop(m.journal_saved(Ok(PathBuf::from(
                    "/home/anna/.local/share/deskside/journals/2026-01-31_14-05-12_0a1b2c3d.txt",
                ))));
            }),
        ),
    ])
}

/// Something like a desktop with an editor on it.
fn screen() -> Vec<u32> {
    let (width, height) = SCREEN;
    let mut pixels: Vec<u32> = (0..width * height).map(|at| 0x0028_5577 + (at / width / 16)).collect();
    let mut fill = |x: u32, y: u32, w: u32, h: u32, colour: u32| {
        for row in y..(y + h).min(height) {
            let start = (row * width + x) as usize;
            pixels[start..start + w.min(width - x) as usize].fill(colour);
        }
    };
    fill(0, height - 40, width, 40, 0x001c_2430);
    fill(12, height - 32, 90, 24, 0x0032_4050);
    fill(240, 120, 900, 640, 0x00f7_f7f7);
    fill(240, 120, 900, 36, 0x0034_4a63);
    for line in 0..18 {
        let length = 240 + line * 37 % 520;
        fill(276, 190 + line * 30, length, 9, 0x0040_4a55);
    }
    fill(1200, 300, 300, 220, 0x00ff_ffff);
    fill(1200, 300, 300, 30, 0x0087_93a2);
    pixels
}

struct Gallery {
    model: Model,
    forms: Forms,
    picture: Picture,
    second: u64,
}

impl App for Gallery {
    type Event = ();

    fn start(&mut self, shell: &mut Shell<'_>) {
        let (size, least) = SIZE;
        shell.open(WINDOW, WindowOptions { min_size: Some(least), ..WindowOptions::new(TITLE, size) });
        if self.model.session().is_some_and(|session| session.screen().is_some()) {
            let (canvas, (width, height)) = (self.picture.canvas(), SCREEN);
            canvas.begin(width, height);
            canvas.write(width, &screen(), [PixelRect { x: 0, y: 0, width, height }]);
            self.picture.refresh();
        }
    }

    fn event(&mut self, (): (), _shell: &mut Shell<'_>) {}

    fn draw(&mut self, _window: WindowKey, ui: &mut egui::Ui, shell: &mut Shell<'_>) {
        let now = at(self.second);
        for act in view::show(ui, &self.model, &mut self.forms, &mut self.picture, now.monotonic) {
            drop(self.model.act(act, now));
            shell.redraw(WINDOW);
        }
    }

    fn close_requested(&mut self, _window: WindowKey, shell: &mut Shell<'_>) {
        shell.exit();
    }

    fn picture(&mut self, _window: WindowKey) -> Option<&mut Picture> {
        self.model.session().is_some().then_some(&mut self.picture)
    }
}

fn main() -> anyhow::Result<()> {
    let state = std::env::args().nth(1).unwrap_or_default();
    let dark = std::env::args().nth(2).is_some_and(|argument| argument == "dark");
    let theme = if dark { ThemeChoice::Dark } else { ThemeChoice::Light };
    let model = model(&state)?;
    // Eighteen seconds after the code, twenty minutes after a session began.
    let second = if model.session().is_some() { 1294 } else { 18 };
    run(Options { theme }, |_proxy: Proxy<()>| Gallery {
        model,
        forms: Forms::default(),
        picture: Picture::new(),
        second,
    })?;
    Ok(())
}
