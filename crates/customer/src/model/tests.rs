//! The model from outside: what each state does with each event and act.

use std::time::{Duration, Instant};

use deskside_net::customer::{Answer, Command, Question, Stage};
use deskside_net::{Problem, Quality};
use deskside_proto::RequestId;
use deskside_proto::journal::{Action, GrantEnd, SessionEnd};
use deskside_proto::shown::AreaNote;
use deskside_session::{ApplicationId, MonitorId};
use deskside_trust::OperatorIdentity;
use deskside_ui::ScreenRect;

use super::prompt::DEAD_FOR;
use super::{
    Act, Edit, Effect, HandSign, Kept, Model, Offer, Organisation, Press, Pressed, Program, Show, State, Told,
};
use crate::roots::RootNote;

const BUTTON: ScreenRect = ScreenRect { x: 500, y: 400, width: 180, height: 40 };
const CLICK: Act = Act::Yes(Pressed { by: Press::Pointer, button: Some(BUTTON) });

pub(crate) fn anna() -> OperatorIdentity {
    OperatorIdentity {
        name: "Anna Berg".into(),
        account: "anna".into(),
        organisation: "Example Help".into(),
        packet: "packet".into(),
        serial: "01".into(),
        certificate_hash: [7; 32],
    }
}

pub(crate) fn organisation() -> Organisation {
    Organisation {
        longest: None,
        name: "Example Help".into(),
        fingerprint: "3F2A 90C1 77D4 0B6E 51A8".into(),
        acknowledgement: "Go on only if you called them yourself, or know for certain who they are.\nYou are \
            asked before anything is seen or done, can end everything at any time with Stop, and take control \
            back with F11."
            .into(),
        root: RootNote::First,
    }
}

/// What a desktop with two monitors and three programs has to show.
pub(crate) fn offer() -> Offer {
    let program = |id, name: &str, title: &str, warning| Program {
        id: ApplicationId(id),
        name: name.to_owned(),
        title: title.to_owned(),
        warning,
    };
    let files = Some("With mouse and keyboard, all your files can be opened here.");
    Offer {
        monitors: vec![(MonitorId(1), "HDMI-1".to_owned()), (MonitorId(2), "DP-1".to_owned())],
        programs: vec![
            program(1, "Files", "Documents", files),
            program(2, "Firefox", "Invoice of October – Example Ltd – a page with a long title", None),
            program(3, "Writer", "Letter to the landlord", None),
        ],
    }
}

pub(crate) fn question(action: Action) -> Told {
    let text = Question::new(&[action], "Anna Berg", Some(&AreaNote::Screen));
    Told::Question { request: RequestId(4), actions: vec![action], text, offer: offer() }
}

/// The states that a person can meet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Stop {
    Code,
    Connecting,
    Asking,
    Answered,
    Session,
    Question,
    Stopping,
    Ended,
}

pub(crate) const STOPS: [Stop; 8] = [
    Stop::Code,
    Stop::Connecting,
    Stop::Asking,
    Stop::Answered,
    Stop::Session,
    Stop::Question,
    Stop::Stopping,
    Stop::Ended,
];

/// A model that has come so far, seen by a person since `start`.
pub(crate) fn model_at(stop: Stop, start: Instant) -> Model {
    let mut model = Model::new(organisation());
    if stop == Stop::Code {
        return model;
    }
    model.typed_mut().unwrap().0.push_str("123456");
    model.act(Act::Join, start);
    if stop == Stop::Connecting {
        return model;
    }
    model.told(Told::Operator(anna()), start);
    model.prompt_mut().unwrap().seen(start);
    if stop == Stop::Asking {
        return model;
    }
    click(&mut model, start + DEAD_FOR);
    if stop == Stop::Answered {
        return model;
    }
    model.told(Told::Started, start);
    match stop {
        Stop::Question => {
            model.told(question(Action::See), start);
            model.prompt_mut().unwrap().seen(start);
        }
        Stop::Stopping => drop(model.act(Act::Stop, start)),
        Stop::Ended => drop(model.told(ended(), start)),
        _ => {}
    }
    model
}

fn ended() -> Told {
    Told::Ended { reason: SessionEnd::Operator, kept: Kept::Nothing }
}

/// The hand clicks on the yes, really.
fn click(model: &mut Model, at: Instant) -> Vec<Effect> {
    model.hand(HandSign::Button { pressed: true, x: 510, y: 410, at }, at);
    model.hand(HandSign::Button { pressed: false, x: 510, y: 410, at }, at);
    model.act(CLICK, at)
}

fn answers(effects: &[Effect]) -> Vec<bool> {
    let answer = |effect: &Effect| match effect {
        Effect::Net(Command::Accept(allow)) => Some(*allow),
        Effect::Net(Command::Answer { answer, .. }) => Some(*answer != Answer::Deny),
        _ => None,
    };
    effects.iter().filter_map(answer).collect()
}

#[test]
fn a_code_is_joined_and_a_wrong_one_explained() {
    let now = Instant::now();
    let mut model = model_at(Stop::Code, now);
    model.typed_mut().unwrap().0.push_str("123");
    assert!(model.act(Act::Join, now).is_empty());
    assert!(
        matches!(model.state(), State::Code { problem: Some(text), .. } if text.contains("six digits; 3"))
    );
    model.typed_mut().unwrap().0.push_str("456");
    let effects = model.act(Act::Join, now);
    assert!(matches!(effects.as_slice(), [Effect::Net(Command::Join(code))] if code.expose() == "123456"));
    model.told(Told::Failed(Problem::Refused("No such code.".into())), now);
    assert!(matches!(model.state(), State::Code { problem: Some(text), .. } if text == "No such code."));
    assert_eq!(
        model.typed_mut().unwrap(),
        (&mut "123456".to_owned(), &mut true),
        "to be looked at, sent again or typed over"
    );
    assert!(
        matches!(model.act(Act::Join, now).as_slice(), [Effect::Net(Command::Join(code))] if code.expose() == "123456")
    );
}

#[test]
fn what_is_pasted_and_is_no_code_is_named() {
    let now = Instant::now();
    for (refused, expected) in
        [("x", "“x” is not one"), ("12345", "5 were typed"), ("code 12", "“c” is not one")]
    {
        let mut model = model_at(Stop::Code, now);
        model.act(Act::CodeTyped { refused: Some(refused.into()) }, now);
        assert!(
            matches!(model.state(), State::Code { problem: Some(text), .. } if text.contains(expected)),
            "{refused}"
        );
        model.act(Act::CodeTyped { refused: None }, now);
        assert!(matches!(model.state(), State::Code { problem: None, .. }));
    }
}

/// T21: an Allow that no hand made does nothing, whatever it looks like; row B8.
#[test]
fn t21_an_allow_without_the_hand_does_nothing() {
    for stop in [Stop::Asking, Stop::Question] {
        let start = Instant::now();
        let mut model = model_at(stop, start);
        // A thousand injected clicks and key presses, from long before the buttons live to long after.
        for step in 0..1000u32 {
            let now = start + Duration::from_millis(1) * step * 2;
            let by = if step % 2 == 0 { Press::Pointer } else { Press::Keyboard };
            let effects = model.act(Act::Yes(Pressed { by, button: Some(BUTTON) }), now);
            assert!(effects.is_empty(), "{stop:?} {step}");
            assert!(model.tick(now).is_empty());
        }
        model.tick(start + Duration::from_secs(3));
        assert!(model.prompt_mut().unwrap().has_ignored(), "the person is told");
        // The hand is busy elsewhere meanwhile: that is no consent either.
        let now = start + Duration::from_secs(4);
        model.hand(HandSign::Button { pressed: true, x: 10, y: 10, at: now }, now);
        model.hand(HandSign::Confirm { at: now }, now);
        assert!(model.act(CLICK, now).is_empty());
        assert!(model.act(Act::Yes(Pressed { by: Press::Keyboard, button: Some(BUTTON) }), now).is_empty());
        model.assistive_yes();
        assert!(model.prompt_mut().is_some(), "the question is still open");
    }
}

#[test]
fn the_hands_click_counts_also_when_it_is_heard_after_the_windows() {
    let start = Instant::now();
    let at = start + DEAD_FOR;
    assert_eq!(answers(&click(&mut model_at(Stop::Question, start), at)), [true]);
    let mut model = model_at(Stop::Question, start);
    assert!(model.act(CLICK, at).is_empty());
    let late = at + Duration::from_millis(20);
    let effects = model.hand(HandSign::Button { pressed: true, x: 510, y: 410, at }, late);
    assert_eq!(answers(&effects), [true]);
}

#[test]
fn a_question_is_dead_at_first_for_both_answers() {
    let start = Instant::now();
    let early = start + DEAD_FOR - Duration::from_millis(1);
    for stop in [Stop::Asking, Stop::Question] {
        let mut model = model_at(stop, start);
        assert!(click(&mut model, early).is_empty());
        assert!(model.act(Act::No, early).is_empty());
        assert_eq!(answers(&model.act(Act::No, start + DEAD_FOR)), [false]);
    }
    let mut unseen = model_at(Stop::Session, start);
    unseen.told(question(Action::See), start);
    assert!(click(&mut unseen, start + Duration::from_secs(5)).is_empty(), "nobody has seen it");
}

#[test]
fn a_hand_that_allowed_one_question_has_not_allowed_the_next() {
    let start = Instant::now();
    let mut model = model_at(Stop::Question, start);
    let at = start + DEAD_FOR;
    assert_eq!(answers(&click(&mut model, at)), [true]);
    model.told(question(Action::Control), at);
    model.prompt_mut().unwrap().seen(at);
    assert!(model.act(CLICK, at + DEAD_FOR).is_empty());
}

/// T21: a space of the customer's own that was meant for a box to tick is no yes because somebody else moved the
/// keyboard to it.
#[test]
fn t21_the_keyboard_on_the_yes_counts_only_where_the_hand_brought_it() {
    let ms = Duration::from_millis;
    let start = Instant::now();
    let alive = start + DEAD_FOR;
    let by_key = Act::Yes(Pressed { by: Press::Keyboard, button: Some(BUTTON) });
    let mut model = model_at(Stop::Question, start);
    model.hand(HandSign::Navigate { at: alive }, alive);
    let (moved, space) = (alive + ms(1000), alive + ms(1020));
    model.act(Act::YesFocus(true), moved);
    model.hand(HandSign::Confirm { at: space }, space);
    assert_eq!(answers(&model.act(by_key, space)), [] as [bool; 0]);
}

/// T21: what a yes would allow is changed by the hand alone, not by a click or key of a program, and not between the
/// press of the yes and its release; and a yes right after a change is none yet.
#[test]
fn t21_only_the_hand_changes_what_a_yes_allows() {
    let ms = Duration::from_millis;
    let start = Instant::now();
    let alive = start + DEAD_FOR;
    let box_at = ScreenRect { x: 500, y: 300, width: 20, height: 20 };
    let edit = |by| Act::Edit(Edit::Show(Show::AllBut), Pressed { by, button: Some(box_at) });
    let shown = |model: &Model| match model.state() {
        State::Session(session) => session.question.as_ref().unwrap().choosing.as_ref().unwrap().show,
        other => panic!("{other:?}"),
    };
    let press = |x, y, at| HandSign::Button { pressed: true, x, y, at };
    for by in [Press::Pointer, Press::Keyboard] {
        let mut model = model_at(Stop::Question, start);
        model.act(edit(by), alive);
        model.hand(press(510, 420, alive + ms(10)), alive + ms(10));
        model.act(edit(by), alive + ms(20));
        model.tick(alive + ms(900));
        assert_eq!(shown(&model), Show::Everything, "{by:?}: the hand was on the yes");
    }
    let mut model = model_at(Stop::Question, start);
    model.hand(press(510, 310, alive), alive);
    model.act(edit(Press::Pointer), alive);
    assert_eq!(shown(&model), Show::AllBut);
    // The report of the hand may come after the click.
    let mut model = model_at(Stop::Question, start);
    model.act(edit(Press::Pointer), alive);
    assert_eq!(shown(&model), Show::Everything);
    model.hand(press(510, 310, alive + ms(20)), alive + ms(20));
    assert_eq!(shown(&model), Show::AllBut);
    // Back, so that a yes would count, and at once.
    let back = Act::Edit(Edit::Show(Show::Everything), Pressed { by: Press::Pointer, button: Some(box_at) });
    model.hand(press(510, 310, alive + ms(400)), alive + ms(400));
    model.act(back, alive + ms(400));
    assert_eq!(shown(&model), Show::Everything);
    assert!(click(&mut model, alive + ms(500)).is_empty(), "it has just been changed");
    assert_eq!(answers(&click(&mut model, alive + ms(400) + DEAD_FOR)), [true]);
}

/// T21: a paused picture goes on by the hand alone; everybody may pause it.
#[test]
fn t21_only_the_hand_lets_a_paused_picture_go_on() {
    let start = Instant::now();
    let mut model = model_at(Stop::Session, start);
    model.told(Told::Granted(Action::See), start);
    model.told(Told::Paused(true), start);
    model.panel_seen(start);
    assert!(model.wants_hand());
    let at = start + DEAD_FOR;
    let resume = Act::Resume(Pressed { by: Press::Pointer, button: Some(BUTTON) });
    assert!(model.act(resume.clone(), at).is_empty());
    let later = at + Duration::from_secs(1);
    model.hand(HandSign::Button { pressed: true, x: 510, y: 410, at: later }, later);
    let effects = model.act(resume, later);
    assert!(matches!(&effects[..], [Effect::Net(Command::Pause(false))]), "{effects:?}");
}

/// Rows N8, N9: the customer's own choice begins with what is shown, rests the operator's input, and ends so.
#[test]
fn choosing_anew_begins_with_what_is_shown_and_rests_input_meanwhile() {
    let start = Instant::now();
    let mut model = model_at(Stop::Question, start);
    model.edit_question(&Edit::Show(Show::Only));
    model.edit_question(&Edit::Program(ApplicationId(3)));
    let at = start + DEAD_FOR;
    assert_eq!(answers(&click(&mut model, at)), [true]);
    model.told(Told::Granted(Action::See), at);
    let effects = model.act(Act::Choose(offer()), at);
    assert!(matches!(&effects[..], [Effect::Net(Command::Choosing(true))]), "{effects:?}");
    let State::Session(session) = model.state() else { panic!() };
    let choosing = session.question.as_ref().unwrap().choosing.clone().unwrap();
    assert_eq!((choosing.show, choosing.ticked), (Show::Only, [ApplicationId(3)].into()));
    model.prompt_mut().unwrap().seen(at);
    let effects = model.act(Act::No, at + DEAD_FOR);
    assert!(matches!(&effects[..], [Effect::Net(Command::Choosing(false))]), "{effects:?}");
    // Seeing ends while it is open.
    model.act(Act::Choose(offer()), at);
    model.told(Told::GrantEnded { action: Action::See, reason: GrantEnd::GivenBack }, at);
    let effects = model.tick(at);
    assert!(matches!(&effects[..], [Effect::Net(Command::Choosing(false))]), "{effects:?}");
}

/// T21: who types into his own program when a question opens has not answered it with Tab and Space.
#[test]
fn t21_typing_that_runs_into_a_question_is_no_answer() {
    let ms = Duration::from_millis;
    let start = Instant::now();
    let by_key = Act::Yes(Pressed { by: Press::Keyboard, button: Some(BUTTON) });
    let tab_and_space = |model: &mut Model, tab: Instant, space: Instant| {
        model.hand(HandSign::Navigate { at: tab }, tab);
        model.act(Act::YesFocus(true), tab);
        model.hand(HandSign::Confirm { at: space }, space);
        answers(&model.act(by_key.clone(), space))
    };
    for stop in [Stop::Asking, Stop::Question] {
        let alive = start + DEAD_FOR;
        let mut calm = model_at(stop, start);
        assert_eq!(tab_and_space(&mut calm, alive, alive + ms(100)), [true], "{stop:?}: meant");
        let mut early = model_at(stop, start);
        assert_eq!(tab_and_space(&mut early, alive - ms(1), alive + ms(100)), [] as [bool; 0], "{stop:?}");
        let mut typing = model_at(stop, start);
        let typed = alive + ms(50);
        typing.hand(HandSign::Navigate { at: alive }, alive);
        typing.hand(HandSign::Typed { at: typed }, typed);
        let soon = typed + ms(600);
        assert_eq!(tab_and_space(&mut typing, soon, typed + DEAD_FOR + ms(50)), [] as [bool; 0], "{stop:?}");
        typing.tick(typed + ms(1200));
        let rested = typed + ms(1300);
        assert_eq!(tab_and_space(&mut typing, rested, rested + ms(100)), [true], "{stop:?}: read it now");
    }
}

/// T20: names on the screen come from the certificate, and without an act of the person nothing is allowed.
#[test]
fn t20_names_come_from_the_certificate_and_no_is_the_default() {
    let start = Instant::now();
    let model = model_at(Stop::Asking, start);
    assert_eq!(model.operator(), Some(&anna()));
    for stop in [Stop::Asking, Stop::Question] {
        let mut model = model_at(stop, start);
        assert_eq!(answers(&model.tick(start + Duration::from_secs(120))), [] as [bool; 0]);
        assert_eq!(answers(&model.act(Act::No, start + DEAD_FOR)), [false]);
    }
}

/// Row N12: closing the panel ends the session; the program waits for the goodbye, but not for ever.
#[test]
fn stopping_ends_the_session_and_then_the_program() {
    let start = Instant::now();
    for stop in [Stop::Answered, Stop::Session, Stop::Question] {
        let mut model = model_at(stop, start);
        let effects = model.act(Act::Stop, start);
        assert!(matches!(effects.as_slice(), [Effect::Net(Command::Stop)]), "{stop:?}");
        assert!(model.tick(start + Duration::from_secs(4)).is_empty());
        assert!(matches!(model.tick(start + Duration::from_secs(5)).as_slice(), [Effect::Exit]));
    }
    for stop in [Stop::Code, Stop::Connecting, Stop::Stopping, Stop::Ended] {
        let effects = model_at(stop, start).act(Act::Stop, start);
        assert!(matches!(effects.as_slice(), [Effect::Exit]), "{stop:?}");
    }
    assert_eq!(answers(&model_at(Stop::Asking, start).act(Act::Stop, start)), [false]);
    let mut ended = model_at(Stop::Ended, start);
    assert!(
        ended.tick(start + Duration::from_secs(59)).is_empty(),
        "there is time to note where the record is"
    );
    assert!(matches!(ended.tick(start + Duration::from_secs(60)).as_slice(), [Effect::Exit]));
    let mut read = model_at(Stop::Ended, start);
    assert!(read.act(Act::Stay, start).is_empty());
    assert!(read.tick(start + Duration::from_secs(3600)).is_empty());
    assert!(matches!(read.act(Act::Stop, start).as_slice(), [Effect::Exit]));
}

/// Rows N11, N12: what takes control away does so before anybody else hears of it, and nothing else does.
#[test]
fn stop_and_taking_control_back_end_control_at_once() {
    let start = Instant::now();
    for stop in [Stop::Session, Stop::Question] {
        let ends =
            |act: Act| model_at(stop, start).act(act, start + DEAD_FOR).iter().any(Effect::ends_control);
        assert!(ends(Act::Stop) && ends(Act::TakeBack(Action::Control)), "{stop:?}");
        assert!(!ends(Act::Pause) && !ends(Act::No), "{stop:?}");
    }
}

/// Row L13: the panel says in words what is allowed right now.
#[test]
fn the_panel_says_what_is_allowed() {
    let now = Instant::now();
    let mut model = model_at(Stop::Session, now);
    let said = |model: &Model| match model.state() {
        State::Session(session) => (session.allowed(), session.news().map(str::to_owned)),
        _ => panic!("no session"),
    };
    assert_eq!(said(&model).0, "Anna Berg cannot see or do anything here.");
    model.told(Told::Granted(Action::See), now);
    assert_eq!(said(&model).0, "Anna Berg sees your screen.");
    model.told(Told::Granted(Action::Control), now);
    assert!(said(&model).0.contains("can use your mouse and keyboard"));
    model.told(Told::HandHasIt(true), now);
    assert!(said(&model).0.contains("waits while you use"));
    model.told(Told::Paused(true), now);
    assert!(said(&model).0.starts_with("Paused"));
    model.told(Told::Paused(false), now);
    model.told(Told::GrantEnded { action: Action::Control, reason: GrantEnd::F11 }, now);
    assert_eq!(said(&model).0, "Anna Berg sees your screen.");
    assert!(said(&model).1.unwrap().contains("F11"));
    model.tick(now + Duration::from_secs(6));
    assert_eq!(said(&model).1, None);
}

/// Every state takes every report and every act without a panic; nothing but the hand's own click, a no,
/// or a stop makes an answer, and only where something is asked.
#[test]
fn every_state_does_something_defined_with_everything() {
    let start = Instant::now();
    let now = start + DEAD_FOR;
    let quality = Quality { rtt_ms: 20, udp: true, received: 1, sent: 1 };
    let reports = || {
        vec![
            Told::Stage(Stage::Securing),
            Told::Failed(Problem::Refused("x".into())),
            Told::Operator(anna()),
            Told::Started,
            question(Action::See),
            Told::QuestionClosed(RequestId(4)),
            Told::Granted(Action::See),
            Told::Granted(Action::Control),
            Told::GrantEnded { action: Action::See, reason: GrantEnd::Revoked },
            Told::Paused(true),
            Told::HandHasIt(true),
            Told::Quality(quality),
            ended(),
            Told::Trouble("x".into()),
        ]
    };
    let acts = [
        Act::CodeTyped { refused: None },
        Act::Join,
        CLICK,
        Act::No,
        Act::Pause,
        Act::TakeBack(Action::Control),
        Act::Stop,
        Act::Stay,
    ];
    for stop in STOPS {
        for report in reports() {
            let effects = model_at(stop, start).told(report.clone(), now);
            assert_eq!(answers(&effects), [] as [bool; 0], "{stop:?} {report:?}");
            let exits = effects.iter().any(|effect| matches!(effect, Effect::Exit));
            assert_eq!(
                exits,
                stop == Stop::Stopping && matches!(report, Told::Failed(_)),
                "{stop:?} {report:?}"
            );
        }
        for act in acts.clone() {
            let effects = model_at(stop, start).act(act.clone(), now);
            let asked = matches!(stop, Stop::Asking | Stop::Question);
            let denied = match act {
                Act::No => asked,
                Act::Stop => stop == Stop::Asking,
                _ => false,
            };
            let expected: &[bool] = if denied { &[false] } else { &[] };
            assert_eq!(answers(&effects), expected, "{stop:?} {act:?}");
        }
    }
}
