//! The whole life of the program, driven as the window and the network drive it.

use std::path::PathBuf;
use std::time::Duration;

use deskside_net::operator::{Command, Event};
use deskside_net::viewing;
use deskside_net::{Problem, Quality};
use deskside_party::viewing::Viewer as _;
use deskside_proto::control::Suspension;
use deskside_proto::input::{Button, InputEvent};
use deskside_proto::journal::{Action, GrantEnd, SessionEnd, Verdict};
use deskside_proto::{Code, GrantId, RequestId};
use deskside_session::Now;
use deskside_trust::Secret;

use super::*;
use crate::samples::{empty_journal, journal};

fn at(seconds: u64) -> Now {
    Now { monotonic: Duration::from_secs(1000 + seconds), wall_ms: 1_700_000_000_000 + seconds as i64 * 1000 }
}

fn identity() -> Identity {
    Identity { name: "Anna Berg".into(), account: "anna".into(), organisation: "Nordlicht IT".into() }
}

fn home() -> Model {
    let mut model = Model::new(identity());
    let effects = model.act(Act::Unlock(Secret::new("correct horse".into())), at(0));
    assert!(matches!(&effects[..], [Effect::Unlock(secret)] if secret.expose() == "correct horse"));
    model.unlocked();
    let act = Act::LogIn { user: "anna".into(), password: Secret::new("pw".into()) };
    let effects = model.act(act, at(0));
    assert!(matches!(&effects[..], [Effect::Net(Command::Login { user, .. })] if user == "anna"));
    assert!(model.net(Event::LoggedIn { user: "anna".into(), expires_ms: 0 }, at(0)).is_empty());
    assert!(matches!(model.state(), State::Home));
    model
}

fn waiting() -> Model {
    let mut model = home();
    assert!(matches!(&model.act(Act::NewSession, at(1))[..], [Effect::Net(Command::NewSession)]));
    let code = Code::from_number(12_345).unwrap();
    let _ = model.net(Event::CodeReady { code, expires_ms: at(601).wall_ms }, at(1));
    model
}

fn session() -> Model {
    let mut model = waiting();
    let _ = model.net(Event::Help(viewing::Event::Arrived), at(5));
    assert!(matches!(model.state(), State::Waiting(waiting) if waiting.arrived));
    let _ = model.net(Event::Help(viewing::Event::Started), at(10));
    model
}

fn allow(model: &mut Model, action: Action, number: u32) -> Vec<Effect> {
    assert!(
        matches!(&model.act(Act::Ask(action), at(11))[..], [Effect::Net(Command::Help(viewing::Command::Ask(asked)))] if asked.contains(&action))
    );
    let _ = model.net(Event::Help(viewing::Event::Asked { request: RequestId(number), action }), at(11));
    let verdict = Verdict::Allowed(GrantId(number));
    model.net(Event::Help(viewing::Event::Answered { request: RequestId(number), action, verdict }), at(12))
}

fn controlled() -> Model {
    let mut model = session();
    assert!(allow(&mut model, Action::See, 1).is_empty());
    let _ = model.net(Event::Help(viewing::Event::Screen { epoch: 1, width: 800, height: 600 }), at(12));
    let effects = allow(&mut model, Action::Control, 2);
    assert!(matches!(&effects[..], [Effect::Keyboard(true)]), "{effects:?}");
    model
}

fn over(x: u16, y: u16) -> Pointer {
    Pointer::Moved { at: (x, y), over: true }
}

fn sent(effects: &[Effect]) -> Vec<InputEvent> {
    let inputs = effects.iter().filter_map(|effect| match effect {
        Effect::Net(Command::Help(viewing::Command::Input(events))) => Some(events.clone()),
        _ => None,
    });
    inputs.flatten().collect()
}

#[test]
fn a_wrong_passphrase_says_so_and_can_be_typed_again() {
    let mut model = Model::new(identity());
    assert_eq!(model.act(Act::Unlock(Secret::new("x".into())), at(0)).len(), 1);
    assert!(model.act(Act::Unlock(Secret::new("y".into())), at(0)).is_empty(), "one attempt at a time");
    model.unlock_failed("The passphrase is wrong.");
    assert!(model.banner().is_some_and(|banner| banner.wrong));
    assert_eq!(model.act(Act::Unlock(Secret::new("z".into())), at(0)).len(), 1);
    assert_eq!(model.banner(), None, "a new attempt clears the old message");
}

#[test]
fn a_refused_log_in_shows_the_brokers_words() {
    let mut model = Model::new(identity());
    model.unlocked();
    let _ = model.act(Act::LogIn { user: "anna".into(), password: Secret::new("no".into()) }, at(0));
    let problem = Problem::Refused("User name or password is wrong.".into());
    let _ = model.net(Event::LoginFailed(problem), at(1));
    assert!(matches!(model.state(), State::LoggedOut { busy: false }));
    assert_eq!(model.banner().unwrap().text, "User name or password is wrong.");
}

#[test]
fn the_code_counts_down_on_this_computers_clock_and_can_be_copied() {
    let mut model = waiting();
    let State::Waiting(waiting) = model.state() else { panic!("not waiting") };
    assert_eq!(waiting.ends, Some(at(601).monotonic));
    let effects = model.act(Act::CopyCode, at(2));
    assert!(matches!(&effects[..], [Effect::Copy(code)] if code.expose() == "012345"));
    assert!(!format!("{effects:?}").contains("12345"), "codes are mute");
    let _ = model.net(Event::CodeExpired, at(601));
    assert!(matches!(model.state(), State::Home));
    assert!(model.banner().is_some_and(|banner| !banner.wrong));
}

#[test]
fn waiting_can_be_given_up_and_what_comes_late_changes_nothing() {
    let mut model = waiting();
    assert!(matches!(&model.act(Act::Cancel, at(2))[..], [Effect::Net(Command::CancelSession)]));
    let _ = model.net(Event::Help(viewing::Event::Started), at(3));
    let _ = model.net(Event::Help(viewing::Event::Arrived), at(3));
    assert!(matches!(model.state(), State::Home));
    assert!(matches!(&model.act(Act::NewSession, at(4))[..], [Effect::Net(Command::NewSession)]));
}

#[test]
fn a_failed_session_says_why_and_the_next_can_begin() {
    let mut model = waiting();
    let problem = Problem::Unreachable { server: "help.example.org:443".into(), cause: "no route".into() };
    let _ = model.net(Event::SessionFailed(problem.clone()), at(2));
    assert!(matches!(model.state(), State::Home));
    assert_eq!(model.banner().unwrap().text, problem.to_string());
    assert_eq!(model.act(Act::NewSession, at(4)).len(), 1);
    assert_eq!(model.banner(), None);
}

/// Row W2: nobody is asked twice for what belongs together.
#[test]
fn control_is_asked_for_together_with_seeing_until_the_screen_is_seen() {
    let mut model = session();
    let effects = model.act(Act::Ask(Action::Control), at(11));
    let both = [Action::See, Action::Control].into();
    assert!(
        matches!(&effects[..], [Effect::Net(Command::Help(viewing::Command::Ask(actions)))] if *actions == both)
    );
    let mut model = session();
    let _ = allow(&mut model, Action::See, 1);
    assert!(model.session().unwrap().may_ask(Action::Control));
    assert!(!model.session().unwrap().may_ask(Action::See), "it is allowed already");
    assert_eq!(model.act(Act::Ask(Action::Control), at(11)).len(), 1);
    assert!(model.act(Act::Ask(Action::Control), at(11)).is_empty(), "one question at a time");
}

#[test]
fn a_question_can_be_taken_back() {
    let mut model = session();
    let _ = model.act(Act::Ask(Action::See), at(11));
    let _ =
        model.net(Event::Help(viewing::Event::Asked { request: RequestId(7), action: Action::See }), at(11));
    let effects = model.act(Act::Withdraw(Action::See), at(12));
    assert!(matches!(&effects[..], [Effect::Net(Command::Help(viewing::Command::Withdraw(RequestId(7))))]));
    let verdict = Verdict::Withdrawn;
    let _ = model.net(
        Event::Help(viewing::Event::Answered { request: RequestId(7), action: Action::See, verdict }),
        at(12),
    );
    assert_eq!(model.session().unwrap().see, Permission::None);
}

#[test]
fn a_no_is_shown_and_can_be_asked_again() {
    let mut model = session();
    let _ = model.act(Act::Ask(Action::See), at(11));
    let verdict = Verdict::Denied;
    let _ = model.net(
        Event::Help(viewing::Event::Answered { request: RequestId(1), action: Action::See, verdict }),
        at(12),
    );
    assert_eq!(model.session().unwrap().see, Permission::Refused(Refusal::Denied));
    assert!(model.session().unwrap().may_ask(Action::See));
}

#[test]
fn pointer_and_keys_reach_the_customer_while_control_is_allowed() {
    let mut model = controlled();
    let move_to = model.pointer(over(10, 10), at(13).monotonic);
    assert_eq!(sent(&move_to), [InputEvent::PointerMove { x: 10, y: 10 }]);
    let press = model.pointer(Pointer::Button(Button::Left, true), at(13).monotonic);
    assert_eq!(sent(&press).len(), 2, "{press:?}");
    assert_eq!(sent(&model.key(InputEvent::Text('ß'), at(13))), [InputEvent::Text('ß')]);
    let dragged = model.pointer(Pointer::Moved { at: (0, 599), over: false }, at(14).monotonic);
    assert_eq!(sent(&dragged), [InputEvent::PointerMove { x: 0, y: 599 }], "a drag may leave the picture");
    let release = model.pointer(Pointer::Button(Button::Left, false), at(15).monotonic);
    assert!(sent(&release).contains(&InputEvent::PointerButton { button: Button::Left, pressed: false }));
    let beside = model.pointer(Pointer::Moved { at: (10, 0), over: false }, at(16).monotonic);
    assert!(sent(&beside).is_empty(), "the bar is no part of the picture");
    assert!(sent(&model.pointer(Pointer::Wheel(0.0, 1.0), at(16).monotonic)).is_empty());
}

#[test]
fn nothing_reaches_the_customer_without_control() {
    let mut model = session();
    let _ = allow(&mut model, Action::See, 1);
    let _ = model.net(Event::Help(viewing::Event::Screen { epoch: 1, width: 800, height: 600 }), at(12));
    for event in [
        over(10, 10),
        Pointer::Button(Button::Left, true),
        Pointer::Button(Button::Left, false),
        Pointer::Wheel(0.0, 1.0),
    ] {
        assert!(model.pointer(event, at(13).monotonic).is_empty(), "{event:?}");
    }
    assert!(model.key(InputEvent::Text('a'), at(13)).is_empty());
    assert_eq!(model.session().unwrap().keyboard(), Keyboard::Idle);
}

#[test]
fn right_ctrl_brings_the_keyboard_back_and_a_click_sends_it_again() {
    let mut model = controlled();
    assert_eq!(sent(&model.key(InputEvent::Text('a'), at(13))).len(), 1);
    let effects = model.act(Act::ReleaseKeyboard, at(14));
    assert!(
        matches!(&effects[..], [Effect::Net(Command::Help(viewing::Command::Input(events))), Effect::Keyboard(false)] if events == &[InputEvent::ReleaseAll]),
        "{effects:?}"
    );
    assert_eq!(model.session().unwrap().keyboard(), Keyboard::Here);
    assert!(model.key(InputEvent::Text('a'), at(14)).is_empty());
    let _ = model.pointer(over(10, 10), at(15).monotonic);
    let effects = model.pointer(Pointer::Button(Button::Left, true), at(15).monotonic);
    assert!(matches!(effects[0], Effect::Keyboard(true)), "{effects:?}");
    assert_eq!(model.session().unwrap().keyboard(), Keyboard::Customer);
}

#[test]
fn focus_loss_lets_go_and_coming_back_goes_on() {
    let mut model = controlled();
    assert!(model.focus(false).is_empty(), "the grab itself looks like a focus loss");
    assert_eq!(sent(&model.key(InputEvent::Text('a'), at(13))).len(), 1);
    let effects = model.keyboard_lost();
    assert_eq!(sent(&effects), [InputEvent::ReleaseAll]);
    assert!(sent(&model.pointer(over(10, 10), at(15).monotonic)).is_empty());
    assert!(matches!(&model.focus(true)[..], [Effect::Keyboard(true)]));
}

#[test]
fn a_refused_grab_says_so_and_leaves_the_pointer() {
    let mut model = controlled();
    let _ = model.keyboard_refused("another program holds the keyboard");
    assert!(model.banner().is_some_and(|banner| banner.wrong));
    assert_eq!(model.session().unwrap().keyboard(), Keyboard::Here);
    assert_eq!(sent(&model.pointer(over(10, 10), at(15).monotonic)).len(), 1);
}

#[test]
fn input_rests_while_the_customer_uses_the_mouse_answers_or_pauses() {
    for (rest, go_on) in [
        (
            Event::Help(viewing::Event::Suspended(Some(Suspension::Hand))),
            Event::Help(viewing::Event::Suspended(None)),
        ),
        (
            Event::Help(viewing::Event::Suspended(Some(Suspension::Question))),
            Event::Help(viewing::Event::Suspended(None)),
        ),
        (Event::Help(viewing::Event::Paused(true)), Event::Help(viewing::Event::Paused(false))),
    ] {
        let mut model = controlled();
        let _ = model.pointer(over(10, 10), at(13).monotonic);
        let _ = model.pointer(Pointer::Button(Button::Left, true), at(13).monotonic);
        assert_eq!(sent(&model.net(rest, at(14))), [InputEvent::ReleaseAll]);
        assert_eq!(model.session().unwrap().keyboard(), Keyboard::Customer, "keys stay off this desktop");
        assert!(sent(&model.key(InputEvent::Text('a'), at(14))).is_empty());
        assert!(sent(&model.pointer(over(20, 10), at(14).monotonic)).is_empty());
        let _ = model.net(go_on, at(15));
        assert_eq!(sent(&model.key(InputEvent::Text('a'), at(15))), [InputEvent::Text('a')]);
    }
}

#[test]
fn f11_ends_control_and_gives_the_keyboard_back() {
    let mut model = controlled();
    let _ = model.key(InputEvent::Text('a'), at(13));
    let ended = Event::Help(viewing::Event::GrantEnded {
        action: Action::Control,
        grant: GrantId(2),
        reason: GrantEnd::F11,
    });
    let effects = model.net(ended, at(14));
    assert_eq!(sent(&effects), [InputEvent::ReleaseAll]);
    assert!(matches!(effects[1], Effect::Keyboard(false)), "{effects:?}");
    let session = model.session().unwrap();
    assert_eq!((session.control, session.keyboard()), (Permission::Ended(GrantEnd::F11), Keyboard::Idle));
    assert!(session.screen().is_some(), "the screen is still seen");
    assert!(session.may_ask(Action::Control));
}

#[test]
fn what_may_no_longer_be_seen_is_forgotten_at_once() {
    let mut model = controlled();
    let ended = Event::Help(viewing::Event::GrantEnded {
        action: Action::See,
        grant: GrantId(1),
        reason: GrantEnd::Revoked,
    });
    let effects = model.net(ended, at(14));
    assert!(effects.iter().any(|effect| matches!(effect, Effect::ForgetPicture)), "{effects:?}");
    assert!(effects.iter().any(|effect| matches!(effect, Effect::Keyboard(false))), "{effects:?}");
    assert_eq!(model.session().unwrap().screen(), None);
}

#[test]
fn ctrl_alt_enter_is_ours_even_while_all_other_keys_are_the_customers() {
    let mut model = controlled();
    let key = |keysym, pressed| InputEvent::Key { keysym, position: 0, pressed };
    let mut press = |keysym, pressed| model.key(key(keysym, pressed), at(13));
    assert_eq!(sent(&press(0xffc8, true)).len(), 1, "F11 is the customer's");
    assert_eq!(sent(&press(0xffc8, false)).len(), 1);
    let (ctrl, alt) = (press(0xffe3, true), press(0xffe9, true));
    assert_eq!((sent(&ctrl).len(), sent(&alt).len()), (1, 1));
    assert!(matches!(&press(0xff0d, true)[..], [Effect::FullScreen(true)]));
    assert!(press(0xff0d, false).is_empty());
    assert!(matches!(&press(0xff0d, true)[..], [Effect::FullScreen(false)]));
    assert!(press(0xff0d, false).is_empty());
    assert_eq!(sent(&press(0xffe9, false)).len(), 1, "what went down there comes up there");
}

#[test]
fn right_ctrl_brings_the_bar_of_the_whole_screen_back_for_as_long_as_the_keyboard_is_here() {
    let mut model = controlled();
    assert!(matches!(&model.act(Act::FullScreen(true), at(20))[..], [Effect::FullScreen(true)]));
    assert_eq!(model.wake_at(), Some(at(22).monotonic));
    let _ = model.tick(at(22));
    assert!(!model.session().unwrap().shows_bar());
    let _ = model.act(Act::ReleaseKeyboard, at(30));
    assert!(model.session().unwrap().shows_bar());
    let _ = model.tick(at(60));
    assert!(model.session().unwrap().shows_bar());
    let _ = model.pointer(over(10, 10), at(61).monotonic);
    let _ = model.pointer(Pointer::Button(Button::Left, true), at(61).monotonic);
    assert!(!model.session().unwrap().shows_bar());
    model.touched_edge(at(62).monotonic);
    assert!(!model.session().unwrap().shows_bar(), "what is dragged there is dragged over there");
}

#[test]
fn the_whole_screen_ends_with_what_it_shows() {
    let mut model = session();
    assert!(model.act(Act::FullScreen(true), at(11)).is_empty(), "there is nothing to show yet");
    for end in [
        Event::Help(viewing::Event::GrantEnded {
            action: Action::See,
            grant: GrantId(1),
            reason: GrantEnd::Revoked,
        }),
        Event::Help(viewing::Event::Ended { reason: SessionEnd::Customer, journal: journal() }),
    ] {
        let mut model = controlled();
        assert_eq!(model.act(Act::FullScreen(true), at(20)).len(), 1);
        let effects = model.net(end, at(21));
        assert!(effects.iter().any(|effect| matches!(effect, Effect::FullScreen(false))), "{effects:?}");
        assert!(effects.iter().any(|effect| matches!(effect, Effect::ForgetPicture)), "{effects:?}");
    }
}

#[test]
fn giving_back_lets_go_first() {
    let mut model = controlled();
    let _ = model.key(InputEvent::Text('a'), at(13));
    let effects = model.act(Act::GiveBack(Action::Control), at(14));
    assert_eq!(sent(&effects), [InputEvent::ReleaseAll]);
    assert!(
        matches!(effects.last(), Some(Effect::Net(Command::Help(viewing::Command::GiveBack(GrantId(2)))))),
        "{effects:?}"
    );
    assert!(model.key(InputEvent::Text('a'), at(14)).is_empty());
}

#[test]
fn the_end_is_summed_up_and_the_journal_kept() {
    let mut model = controlled();
    let quality = Quality { rtt_ms: 20, udp: true, received: 5_000_000, sent: 70_000 };
    let _ = model.net(Event::Quality(quality), at(60));
    let effects = model.act(Act::End, at(70));
    assert!(matches!(effects.first(), Some(Effect::StopShowing)), "before all else: {effects:?}");
    assert!(matches!(effects.last(), Some(Effect::Net(Command::EndSession))), "{effects:?}");
    assert!(model.act(Act::End, at(70)).is_empty(), "once is enough");
    let effects = model
        .net(Event::Help(viewing::Event::Ended { reason: SessionEnd::Operator, journal: journal() }), at(71));
    assert!(matches!(effects.last(), Some(Effect::SaveJournal(_))), "{effects:?}");
    assert!(effects.iter().any(|effect| matches!(effect, Effect::ForgetPicture)), "{effects:?}");
    let _ = model.journal_saved(Ok(PathBuf::from("/j/a.txt")));
    let State::Ended(summary) = model.state() else { panic!("not ended") };
    let expected = Summary {
        reason: SessionEnd::Operator,
        lasted: Some(Duration::from_secs(61)),
        traffic: Some((5_000_000, 70_000)),
        journal: Kept::At(PathBuf::from("/j/a.txt")),
    };
    assert_eq!(*summary, expected);
    assert!(matches!(&model.act(Act::NewSession, at(80))[..], [Effect::Net(Command::NewSession)]));
}

#[test]
fn a_customer_who_does_not_accept_ends_the_waiting() {
    let mut model = waiting();
    let _ = model.net(Event::Help(viewing::Event::Arrived), at(5));
    let effects = model.net(
        Event::Help(viewing::Event::Ended { reason: SessionEnd::Refused, journal: empty_journal() }),
        at(9),
    );
    assert!(effects.is_empty(), "nothing began, so there is nothing to keep: {effects:?}");
    let State::Ended(summary) = model.state() else { panic!("not ended") };
    assert_eq!((summary.lasted, &summary.journal), (None, &Kept::Nothing));
    assert!(matches!(&model.act(Act::Quit, at(10))[..], [Effect::Quit]));
}

#[test]
fn a_log_in_that_ends_during_a_session_is_asked_for_afterwards() {
    let mut model = controlled();
    let _ = model.net(Event::LoggedOut, at(20));
    assert!(model.session().is_some(), "the session goes on");
    let _ = model
        .net(Event::Help(viewing::Event::Ended { reason: SessionEnd::Customer, journal: journal() }), at(30));
    assert!(model.act(Act::NewSession, at(31)).is_empty());
    assert!(matches!(model.state(), State::LoggedOut { .. }));
    assert!(model.banner().is_some());
}

#[test]
fn closing_the_window_ends_the_session_first_and_waits_for_its_journal() {
    let mut model = controlled();
    let effects = model.act(Act::Quit, at(20));
    assert!(matches!(effects.first(), Some(Effect::StopShowing)), "before all else: {effects:?}");
    assert!(matches!(effects.last(), Some(Effect::Net(Command::EndSession))), "{effects:?}");
    let _ = model
        .net(Event::Help(viewing::Event::Ended { reason: SessionEnd::Operator, journal: journal() }), at(21));
    assert!(matches!(&model.journal_saved(Ok(PathBuf::new()))[..], [Effect::Quit]));

    let mut model = controlled();
    let _ = model.act(Act::Quit, at(20));
    assert!(model.wake_at().is_some_and(|wake| wake <= at(23).monotonic));
    assert!(matches!(&model.tick(at(24))[..], [Effect::Quit]), "but not for ever");

    let mut model = home();
    assert!(matches!(&model.act(Act::Quit, at(20))[..], [Effect::Quit]));
}

/// Half a sentence for the customer's screen must not be typed into the customer's documents.
#[test]
fn while_words_are_typed_the_keyboard_stays_here() {
    let mut model = controlled();
    let _ = model.key(InputEvent::Text('a'), at(13));
    allow(&mut model, Action::Point, 3);
    let keyboard = |model: &Model| model.session().unwrap().keyboard();
    assert_eq!(keyboard(&model), Keyboard::Customer, "an arrow needs no keyboard");
    let effects = model.act(Act::Draw(Some(Tool::Words)), at(14));
    assert_eq!(sent(&effects), [InputEvent::ReleaseAll]);
    assert!(matches!(&effects[..], [_, Effect::Keyboard(false)]), "{effects:?}");
    assert!(sent(&model.key(InputEvent::Text('b'), at(14))).is_empty());

    let mut words = Words::default();
    words.insert("Click here", 0);
    assert!(model.act(Act::Words(words), at(14)).is_empty());
    let _ = model.pointer(over(10, 10), at(14).monotonic);
    let effects = model.pointer(Pointer::Button(Button::Left, true), at(14).monotonic);
    assert!(
        matches!(&effects[..], [Effect::Net(Command::Help(viewing::Command::Mark(marks)))] if marks.len() == 1),
        "{effects:?}"
    );
    let _ = model.pointer(Pointer::Button(Button::Left, false), at(14).monotonic);
    let _ = model.act(Act::GiveBack(Action::Control), at(15));
    assert!(allow(&mut model, Action::Control, 4).is_empty(), "control that comes takes no keyboard");
    assert_eq!(keyboard(&model), Keyboard::Here);

    assert!(model.act(Act::Draw(None), at(16)).is_empty(), "nor does it come by itself afterwards");
    let effects = model.pointer(Pointer::Button(Button::Left, true), at(16).monotonic);
    assert!(matches!(effects[0], Effect::Keyboard(true)), "a click brings it as ever: {effects:?}");
}
