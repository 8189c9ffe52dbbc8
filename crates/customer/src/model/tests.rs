//! The model from outside: what each state does with each event and act.

use std::time::{Duration, Instant};

use deskside_net::customer::{self, Stage};
use deskside_net::{Problem, Quality};
use deskside_party::sharing::{self, Answer, DEAD_FOR, HandSign, Offer, Press, Pressed, Question, Reply};
use deskside_proto::RequestId;
use deskside_proto::journal::{Action, GrantEnd, SessionEnd};
use deskside_proto::shown::AreaNote;
use deskside_trust::OperatorIdentity;
use deskside_ui::ScreenRect;

use super::{Act, Effect, Kept, Model, Organisation, State, Told};
use crate::roots::RootNote;

const BUTTON: ScreenRect = ScreenRect { x: 500, y: 400, width: 180, height: 40 };

/// What the person says to the question that is open at this stop, if one is.
fn reply(stop: Stop, reply: Reply) -> Act {
    match stop {
        Stop::Question => Act::Sharing(sharing::Act::Reply(reply)),
        _ => Act::Reply(reply),
    }
}

fn yes(stop: Stop, by: Press) -> Act {
    reply(stop, Reply::Yes(Pressed { by, button: Some(BUTTON) }))
}

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

fn question(action: Action) -> Told {
    let text = Question::new(&[action], "Anna Berg", Some(&AreaNote::Screen));
    let offer = Offer::default();
    Told::Sharing(sharing::Told::Question { request: RequestId(4), actions: vec![action], text, offer })
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
    model.asking_seen(start);
    if stop == Stop::Asking {
        return model;
    }
    click(Stop::Asking, &mut model, start + DEAD_FOR);
    if stop == Stop::Answered {
        return model;
    }
    model.told(Told::Started, start);
    match stop {
        Stop::Question => {
            model.told(question(Action::See), start);
            model.sharing_mut().unwrap().question_seen(start);
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
fn click(stop: Stop, model: &mut Model, at: Instant) -> Vec<Effect> {
    model.hand(HandSign::Button { pressed: true, x: 510, y: 410, at }, at);
    model.hand(HandSign::Button { pressed: false, x: 510, y: 410, at }, at);
    model.act(yes(stop, Press::Pointer), at)
}

fn answers(effects: &[Effect]) -> Vec<bool> {
    let answer = |effect: &Effect| match effect {
        Effect::Net(customer::Command::Accept(allow)) => Some(*allow),
        Effect::Sharing(sharing::Command::Answer { answer, .. }) => Some(*answer != Answer::Deny),
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
    assert!(
        matches!(effects.as_slice(), [Effect::Net(customer::Command::Join(code))] if code.expose() == "123456")
    );
    model.told(Told::Failed(Problem::Refused("No such code.".into())), now);
    assert!(matches!(model.state(), State::Code { problem: Some(text), .. } if text == "No such code."));
    assert_eq!(
        model.typed_mut().unwrap(),
        (&mut "123456".to_owned(), &mut true),
        "to be looked at, sent again or typed over"
    );
    assert!(
        matches!(model.act(Act::Join, now).as_slice(), [Effect::Net(customer::Command::Join(code))] if code.expose() == "123456")
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
            assert!(model.act(yes(stop, by), now).is_empty(), "{stop:?} {step}");
            assert!(model.tick(now).is_empty());
        }
        model.tick(start + Duration::from_secs(3));
        if let State::Asking { prompt, .. } = model.state() {
            assert!(prompt.has_ignored(), "the person is told");
        }
        // The hand is busy elsewhere meanwhile: that is no consent either.
        let now = start + Duration::from_secs(4);
        model.hand(HandSign::Button { pressed: true, x: 10, y: 10, at: now }, now);
        model.hand(HandSign::Confirm { at: now }, now);
        assert!(model.act(yes(stop, Press::Pointer), now).is_empty());
        assert!(model.act(yes(stop, Press::Keyboard), now).is_empty());
        model.assistive_yes();
        assert!(model.wants_hand(), "the question is still open");
    }
}

#[test]
fn a_question_is_dead_at_first_for_both_answers() {
    let start = Instant::now();
    let early = start + DEAD_FOR - Duration::from_millis(1);
    for stop in [Stop::Asking, Stop::Question] {
        let mut model = model_at(stop, start);
        assert!(click(stop, &mut model, early).is_empty());
        assert!(model.act(reply(stop, Reply::No), early).is_empty());
        assert_eq!(answers(&model.act(reply(stop, Reply::No), start + DEAD_FOR)), [false]);
    }
    let mut unseen = model_at(Stop::Session, start);
    unseen.told(question(Action::See), start);
    let late = start + Duration::from_secs(5);
    assert!(click(Stop::Question, &mut unseen, late).is_empty(), "nobody has seen it");
}

/// T21: who types into his own program when a question opens has not answered it with Tab and Space.
#[test]
fn t21_typing_that_runs_into_a_question_is_no_answer() {
    let ms = Duration::from_millis;
    let start = Instant::now();
    for stop in [Stop::Asking, Stop::Question] {
        let tab_and_space = |model: &mut Model, tab: Instant, space: Instant| {
            model.hand(HandSign::Navigate { at: tab }, tab);
            model.act(reply(stop, Reply::YesFocus(true)), tab);
            model.hand(HandSign::Confirm { at: space }, space);
            answers(&model.act(yes(stop, Press::Keyboard), space))
        };
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
        assert_eq!(answers(&model.act(reply(stop, Reply::No), start + DEAD_FOR)), [false]);
    }
}

/// Row N12: closing the panel ends the session; the program waits for the goodbye, but not for ever.
#[test]
fn stopping_ends_the_session_and_then_the_program() {
    let start = Instant::now();
    for stop in [Stop::Answered, Stop::Session, Stop::Question] {
        let mut model = model_at(stop, start);
        let effects = model.act(Act::Stop, start);
        assert!(matches!(effects.as_slice(), [Effect::Net(customer::Command::Stop)]), "{stop:?}");
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

/// Rows N11, N12: what ends the session takes control away before anybody else hears of it, and nothing else does.
#[test]
fn stop_ends_control_at_once() {
    let start = Instant::now();
    for stop in [Stop::Session, Stop::Question] {
        let ends =
            |act: Act| model_at(stop, start).act(act, start + DEAD_FOR).iter().any(Effect::ends_control);
        // In the panel it is the same.
        assert!(ends(Act::Stop) && ends(sharing::Act::Stop.into()), "{stop:?}");
        assert!(!ends(sharing::Act::Pause.into()) && !ends(reply(stop, Reply::No)), "{stop:?}");
    }
}

/// What does not work here is told in every state, and stays told when the session is over.
#[test]
fn trouble_is_told_whatever_the_state_is() {
    let now = Instant::now();
    for stop in STOPS {
        let mut model = model_at(stop, now);
        model.told(Told::Sharing(sharing::Told::Trouble("It is gone.".into())), now);
        model.told(ended(), now);
        assert_eq!(model.trouble(), Some("It is gone."), "{stop:?}");
    }
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
            Told::Sharing(sharing::Told::QuestionClosed(RequestId(4))),
            Told::Sharing(sharing::Told::Granted(Action::See)),
            Told::Sharing(sharing::Told::Granted(Action::Control)),
            Told::Sharing(sharing::Told::GrantEnded { action: Action::See, reason: GrantEnd::Revoked }),
            Told::Sharing(sharing::Told::Paused(true)),
            Told::Sharing(sharing::Told::HandHasIt(true)),
            Told::Sharing(sharing::Told::Quality(quality)),
            ended(),
            Told::Sharing(sharing::Told::Trouble("x".into())),
        ]
    };
    let acts = [
        Act::CodeTyped { refused: None },
        Act::Join,
        yes(Stop::Asking, Press::Pointer),
        yes(Stop::Question, Press::Pointer),
        reply(Stop::Asking, Reply::No),
        reply(Stop::Question, Reply::No),
        Act::Sharing(sharing::Act::Pause),
        Act::Sharing(sharing::Act::TakeBack(Action::Control)),
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
            let denied = match act {
                Act::Reply(Reply::No) | Act::Stop => stop == Stop::Asking,
                Act::Sharing(sharing::Act::Reply(Reply::No)) => stop == Stop::Question,
                _ => false,
            };
            let expected: &[bool] = if denied { &[false] } else { &[] };
            assert_eq!(answers(&effects), expected, "{stop:?} {act:?}");
        }
    }
}
