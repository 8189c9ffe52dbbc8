//! The life of the window, driven as the person and the network drive it.

use std::time::Duration;

use deskside_proto::control::Suspension;
use deskside_proto::input::{Button, InputEvent};
use deskside_proto::journal::{Action, GrantEnd, Verdict};
use deskside_proto::shown::{AreaNote, ScopeNote};
use deskside_proto::{GrantId, RequestId};

use super::model::{Act, Control, Effect, Extent, Model, Sight};
use crate::viewing::net::{Command, Event};
use crate::viewing::{CursorPlace, Permission, Pointer, Refusal, Viewer as _, Zoom};

pub(super) fn at(seconds: u64) -> Duration {
    Duration::from_secs(1000 + seconds)
}

pub(super) fn answered(action: Action, number: u32, verdict: Verdict) -> Event {
    Event::Answered { request: RequestId(number), action, verdict }
}

pub(super) fn ended(action: Action, number: u32, reason: GrantEnd) -> Event {
    Event::GrantEnded { action, grant: GrantId(number), reason }
}

/// The sharer shows a screen of 800 × 600, and the window is in front.
pub(super) fn seeing() -> Model {
    let mut model = Model::default();
    model.open();
    drop(model.focus(true));
    drop(model.net(&answered(Action::See, 1, Verdict::Allowed(GrantId(1))), at(0)));
    assert_eq!(model.sight(), Sight::Coming);
    drop(model.net(&Event::Screen { epoch: 1, width: 800, height: 600 }, at(0)));
    model
}

pub(super) fn asked() -> Model {
    let mut model = seeing();
    let effects = model.act(Act::Ask, at(1));
    assert!(
        matches!(&effects[..], [Effect::Net(Command::Ask(asked))] if *asked == [Action::Control].into()),
        "{effects:?}"
    );
    drop(model.net(&Event::Asked { request: RequestId(2), action: Action::Control }, at(1)));
    model
}

pub(super) fn controlling() -> Model {
    let mut model = asked();
    drop(model.net(&answered(Action::Control, 2, Verdict::Allowed(GrantId(2))), at(2)));
    model
}

fn over(x: u16, y: u16) -> Pointer {
    Pointer::Moved { at: (x, y), over: true }
}

fn sent(effects: &[Effect]) -> Vec<InputEvent> {
    let inputs = effects.iter().filter_map(|effect| match effect {
        Effect::Net(Command::Input(events)) => Some(events.clone()),
        _ => None,
    });
    inputs.flatten().collect()
}

#[test]
fn the_picture_comes_stands_still_and_is_forgotten_when_it_is_over() {
    let mut model = Model::default();
    model.open();
    assert_eq!((model.sight(), model.may_see()), (Sight::Coming, false));
    let mut model = seeing();
    assert_eq!((model.sight(), model.extent()), (Sight::Shown, Extent::Whole));
    let area = AreaNote::Applications(vec!["Editor".into()]);
    let scope = ScopeNote { area, ..ScopeNote::screen() };
    drop(model.net(&Event::Scoped { action: Action::See, grant: GrantId(5), scope }, at(1)));
    assert_eq!(model.extent(), Extent::Part);
    drop(model.net(&Event::Paused(true), at(2)));
    assert_eq!(model.sight(), Sight::Paused);
    drop(model.net(&Event::Paused(false), at(3)));
    drop(model.act(Act::FullScreen(true), at(3)));
    assert!(model.net(&ended(Action::See, 1, GrantEnd::Revoked), at(4)).is_empty(), "an older grant");
    let effects = model.net(&ended(Action::See, 5, GrantEnd::Revoked), at(4));
    assert!(matches!(&effects[..], [Effect::FullScreen(false), Effect::ForgetPicture]), "{effects:?}");
    assert_eq!((model.sight(), model.extent()), (Sight::Over, Extent::Whole));
    assert!(!model.may_see());
    drop(model.net(&answered(Action::See, 9, Verdict::Allowed(GrantId(9))), at(9)));
    assert_eq!(model.sight(), Sight::Coming, "it can be shown again");
}

#[test]
fn without_control_nothing_reaches_the_sharer() {
    let mut model = seeing();
    for event in [over(1, 1), Pointer::Button(Button::Left, true), Pointer::Wheel(0.0, 1.0)] {
        assert!(model.pointer(event, at(1)).is_empty(), "{event:?}");
    }
    assert!(model.key(InputEvent::Text('a'), at(1)).is_empty());
    assert!(!model.takes_keys() && !model.reaches_sharer());
    assert!(model.act(Act::GiveBack, at(1)).is_empty());
    assert!(model.act(Act::NeverMind, at(1)).is_empty());
}

#[test]
fn control_is_asked_for_once_and_only_of_a_picture() {
    let mut model = Model::default();
    model.open();
    assert!(!model.may_ask() && model.act(Act::Ask, at(0)).is_empty());
    let mut model = asked();
    assert_eq!(model.control(), Control::Asked { withdrawing: false });
    assert!(model.act(Act::Ask, at(1)).is_empty(), "the question is open");
    drop(model.net(&answered(Action::Control, 2, Verdict::Denied), at(2)));
    assert_eq!(model.control(), Control::Not(Permission::Refused(Refusal::Denied)));
    assert_eq!(model.act(Act::Ask, at(3)).len(), 1, "and can be asked again");
}

#[test]
fn never_mind_takes_the_question_back_even_before_it_has_a_number_and_after_a_yes() {
    let mut model = asked();
    let effects = model.act(Act::NeverMind, at(2));
    assert!(matches!(&effects[..], [Effect::Net(Command::Withdraw(RequestId(2)))]), "{effects:?}");
    assert!(model.act(Act::NeverMind, at(2)).is_empty());
    assert_eq!(model.control(), Control::Asked { withdrawing: true });
    drop(model.net(&answered(Action::Control, 2, Verdict::Withdrawn), at(3)));
    assert_eq!(model.control(), Control::Not(Permission::None));

    let mut model = seeing();
    drop(model.act(Act::Ask, at(1)));
    assert!(model.act(Act::NeverMind, at(1)).is_empty());
    let effects = model.net(&Event::Asked { request: RequestId(7), action: Action::Control }, at(1));
    assert!(matches!(&effects[..], [Effect::Net(Command::Withdraw(RequestId(7)))]), "{effects:?}");
    let effects = model.net(&answered(Action::Control, 7, Verdict::Allowed(GrantId(3))), at(2));
    assert!(matches!(&effects[..], [Effect::Net(Command::GiveBack(GrantId(3)))]), "{effects:?}");
    assert!(!model.reaches_sharer());
    drop(model.act(Act::Ask, at(3)));
    drop(model.net(&answered(Action::Control, 8, Verdict::Allowed(GrantId(4))), at(4)));
    assert_eq!(model.control(), Control::Here, "the next question is another one");
}

#[test]
fn with_control_pointer_wheel_and_keys_are_sent_and_the_hand_lets_go_before_the_grant_goes() {
    let mut model = controlling();
    assert_eq!(model.control(), Control::Here);
    assert_eq!(model.cursor_place(), CursorPlace::Nowhere);
    assert_eq!(sent(&model.pointer(over(3, 4), at(3))), [InputEvent::PointerMove { x: 3, y: 4 }]);
    assert_eq!(model.cursor_place(), CursorPlace::Pointer);
    assert_eq!(sent(&model.pointer(Pointer::Wheel(0.0, 1.0), at(4))), [InputEvent::Wheel { dx: 0, dy: 120 }]);
    assert_eq!(sent(&model.key(InputEvent::Text('ä'), at(4))), [InputEvent::Text('ä')]);
    let effects = model.act(Act::GiveBack, at(5));
    assert!(
        matches!(
            &effects[..],
            [Effect::Net(Command::Input(released)), Effect::Net(Command::GiveBack(GrantId(2)))]
                if released == &[InputEvent::ReleaseAll]
        ),
        "{effects:?}"
    );
    assert!(model.key(InputEvent::Text('b'), at(6)).is_empty());
    drop(model.net(&Event::CursorMoved { x: 1, y: 1 }, at(6)));
    assert_eq!(model.cursor_place(), CursorPlace::Picture);
}

#[test]
fn everything_is_let_go_of_when_the_focus_goes_and_keys_stay_here() {
    let mut model = controlling();
    drop(model.pointer(over(3, 4), at(3)));
    drop(model.pointer(Pointer::Button(Button::Left, true), at(3)));
    assert_eq!(sent(&model.focus(false)), [InputEvent::ReleaseAll]);
    assert!(model.key(InputEvent::Text('a'), at(4)).is_empty() && !model.takes_keys());
    assert!(sent(&model.pointer(over(5, 5), at(4))).is_empty());
    assert!(model.focus(true).is_empty());
    assert_eq!(sent(&model.key(InputEvent::Text('a'), at(5))), [InputEvent::Text('a')]);
}

#[test]
fn while_input_rests_keys_go_nowhere_and_why_is_known() {
    let mut model = controlling();
    drop(model.key(InputEvent::Text('a'), at(3)));
    for suspension in [Suspension::Hand, Suspension::Question, Suspension::Panel, Suspension::Paused] {
        drop(model.net(&Event::Suspended(Some(suspension)), at(4)));
        assert_eq!(model.control(), Control::Rests(suspension));
        assert!(model.takes_keys(), "rather than into the bar");
        assert!(model.key(InputEvent::Text('b'), at(4)).is_empty());
        assert!(!model.reaches_sharer());
        drop(model.net(&Event::Suspended(None), at(5)));
        assert_eq!(model.control(), Control::Here);
    }
    drop(model.net(&Event::Paused(true), at(6)));
    assert_eq!(model.control(), Control::Rests(Suspension::Paused));
}

#[test]
fn stopping_lets_go_says_so_once_and_is_forgotten_when_the_window_opens_again() {
    let mut model = controlling();
    drop(model.key(InputEvent::Text('a'), at(3)));
    drop(model.act(Act::FullScreen(true), at(3)));
    let effects = model.act(Act::Stop, at(4));
    assert!(
        matches!(&effects[..], [Effect::Net(Command::Input(_)), Effect::FullScreen(false), Effect::Stop]),
        "{effects:?}"
    );
    assert!(model.act(Act::Stop, at(4)).is_empty());
    assert!(!model.takes_keys() && !model.may_ask() && !model.reaches_sharer());
    assert!(model.may_see(), "what else ends is the program's to decide");
    model.open();
    assert!(!model.has_stopped());
    assert_eq!(model.sight(), Sight::Shown);
}

#[test]
fn control_ends_with_the_picture_and_what_ended_is_no_news_for_the_next_one() {
    let mut model = controlling();
    drop(model.net(&ended(Action::See, 1, GrantEnd::Revoked), at(3)));
    assert!(!model.reaches_sharer() && !model.takes_keys());
    drop(model.net(&ended(Action::Control, 2, GrantEnd::Narrowed), at(3)));
    assert_eq!(model.control(), Control::Not(Permission::Ended(GrantEnd::Narrowed)));
    drop(model.net(&answered(Action::See, 3, Verdict::Allowed(GrantId(3))), at(9)));
    assert_eq!(model.control(), Control::Not(Permission::None));
}

#[test]
fn over_the_whole_screen_the_bar_goes_and_comes_back_at_the_edge_and_with_news() {
    let mut model = seeing();
    assert!(matches!(&model.act(Act::FullScreen(true), at(1))[..], [Effect::FullScreen(true)]));
    assert!(model.shows_bar());
    assert_eq!(model.wake_at(), Some(at(3)));
    assert!(model.tick(at(3)).is_empty());
    assert!(!model.shows_bar());
    model.touched_edge(at(4));
    assert!(model.shows_bar());
    drop(model.tick(at(6)));
    drop(model.act(Act::Ask, at(7)));
    drop(model.net(&answered(Action::Control, 2, Verdict::TimedOut), at(8)));
    assert!(model.shows_bar(), "how the question ended is said");
    drop(model.set_zoom(Zoom::Percent(100)));
    model.open();
    assert!(model.zoom() == Zoom::Fit && !model.is_full_screen());
}
