//! Questions, grants, and how they end.

use deskside_proto::RequestId;
use deskside_proto::control::Suspension;
use deskside_proto::input::InputEvent;
use deskside_proto::journal::{Action, GrantEnd, SessionEnd, Verdict};
use deskside_session::{Answer, Choice, Control, Denied, Grant, Revoker, See, SharerOutput, ViewerOutput};

use crate::pair::{OPERATOR, Pair};

/// Asks, and lets the customer answer.
pub(crate) fn ask(pair: &mut Pair, action: Action, allow: bool) -> Verdict {
    let request = pair.viewer.ask(&[action].into()).unwrap();
    pair.run_ms(200);
    let answer = if allow { Answer::allow(Choice::screen()) } else { Answer::Deny };
    pair.sharer.answer(request, answer, pair.now);
    pair.run_ms(200);
    verdicts(pair).pop().unwrap()
}

fn verdicts(pair: &mut Pair) -> Vec<Verdict> {
    let did = pair.take_viewer();
    let verdict = |output| match output {
        ViewerOutput::Answered { verdict, .. } => Some(verdict),
        _ => None,
    };
    did.into_iter().filter_map(verdict).collect()
}

fn see_grant(pair: &mut Pair) -> Grant<See> {
    assert!(matches!(ask(pair, Action::See, true), Verdict::Allowed(_)));
    pair.take_sharer()
        .into_iter()
        .find_map(|output| if let SharerOutput::SeeGranted(grant) = output { Some(grant) } else { None })
        .unwrap()
}

/// A session in which seeing and control are granted.
pub(crate) fn controlled(seed: u64) -> (Pair, Grant<See>, Grant<Control>, Revoker<Control>) {
    let mut pair = Pair::accepted(seed);
    let revoker = pair
        .take_sharer()
        .into_iter()
        .find_map(|output| if let SharerOutput::Started(revoker) = output { Some(revoker) } else { None })
        .unwrap();
    let see = see_grant(&mut pair);
    pair.sharer.screen(1920, 1080).unwrap();
    assert!(matches!(ask(&mut pair, Action::Control, true), Verdict::Allowed(_)));
    let control = pair
        .take_sharer()
        .into_iter()
        .find_map(|output| if let SharerOutput::ControlGranted(grant) = output { Some(grant) } else { None })
        .unwrap();
    pair.run_ms(500);
    pair.take_sharer();
    pair.take_viewer();
    (pair, see, control, revoker)
}

const CLICK: InputEvent = InputEvent::PointerMove { x: 5, y: 6 };

fn inputs(pair: &mut Pair) -> usize {
    let did = pair.take_sharer();
    did.iter().filter(|output| matches!(output, SharerOutput::Input(_))).count()
}

/// Row N8, B3: a session begins with no grant, and only the customer's answer makes one.
#[test]
fn a_session_begins_without_any_grant_and_no_means_no() {
    let mut pair = Pair::accepted(1);
    assert!(pair.take_viewer().contains(&ViewerOutput::Started));
    assert!(!pair.sharer.may_show());
    assert!(!pair.viewer.input(&[CLICK]), "input without a grant is not even sent");
    assert_eq!(ask(&mut pair, Action::See, false), Verdict::Denied);
    assert!(!pair.sharer.may_show());
    assert!(pair.sharer.screen(800, 600).is_none());
}

/// Row N8: the question names the operator of the certificate and says what he can do and what not.
#[test]
fn the_question_is_made_of_the_certificate_and_the_action() {
    let mut pair = Pair::accepted(2);
    pair.viewer.ask(&[Action::See].into()).unwrap();
    pair.run_ms(200);
    let question = pair.take_sharer().into_iter().find_map(|output| match output {
        SharerOutput::Ask { actions, question, .. } if actions == [Action::See] => Some(question),
        _ => None,
    });
    let question = question.unwrap();
    for sentence in [&question.title, &question.can, &question.cannot] {
        assert!(sentence.contains(OPERATOR), "{sentence}");
    }
}

/// Control is never wider than seeing.
#[test]
fn control_needs_seeing_and_ends_with_it() {
    let mut pair = Pair::accepted(3);
    pair.viewer.ask(&[Action::Control].into()).unwrap();
    pair.run_ms(200);
    assert_eq!(verdicts(&mut pair), [Verdict::Unavailable]);

    let (mut pair, see, control, _) = controlled(3);
    pair.sharer.revoke(Action::See, pair.now);
    assert_eq!(see.check(), Err(Denied::Ended));
    assert_eq!(control.check(), Err(Denied::Ended));
    pair.run_ms(200);
    let ended: Vec<_> = pair
        .take_viewer()
        .into_iter()
        .filter_map(|o| {
            if let ViewerOutput::GrantEnded { action, reason, .. } = o {
                Some((action, reason))
            } else {
                None
            }
        })
        .collect();
    assert_eq!(ended, [(Action::Control, GrantEnd::Narrowed), (Action::See, GrantEnd::Revoked)]);
}

/// Row W2: silence is a no.
#[test]
fn a_question_that_nobody_answers_is_a_no_after_thirty_seconds() {
    let mut pair = Pair::accepted(4);
    let request = pair.viewer.ask(&[Action::See].into()).unwrap();
    pair.run_ms(29_900);
    assert_eq!(verdicts(&mut pair), []);
    pair.run_ms(400);
    assert_eq!(verdicts(&mut pair), [Verdict::TimedOut]);
    pair.sharer.answer(request, Answer::allow(Choice::screen()), pair.now);
    assert!(!pair.sharer.may_show(), "an answer that comes too late is nothing");
}

#[test]
fn after_three_refusals_in_a_row_the_operator_waits() {
    let mut pair = Pair::accepted(5);
    for _ in 0..3 {
        assert_eq!(ask(&mut pair, Action::See, false), Verdict::Denied);
    }
    pair.viewer.ask(&[Action::See].into()).unwrap();
    pair.run_ms(200);
    assert_eq!(verdicts(&mut pair), [Verdict::Unavailable]);
    pair.run_ms(30_000);
    assert!(matches!(ask(&mut pair, Action::See, true), Verdict::Allowed(_)));
}

/// F11 is a no like any other: who goes on asking for control has to wait.
#[test]
fn three_times_f11_are_three_refusals() {
    let (mut pair, ..) = controlled(7);
    for _ in 0..3 {
        pair.sharer.f11(pair.now);
        pair.run_ms(200);
        pair.take_viewer();
        pair.viewer.ask(&[Action::Control].into()).unwrap();
        pair.run_ms(200);
    }
    pair.sharer.f11(pair.now);
    pair.run_ms(200);
    assert_eq!(verdicts(&mut pair), [Verdict::Denied]);
    pair.viewer.ask(&[Action::Control].into()).unwrap();
    pair.run_ms(200);
    assert_eq!(verdicts(&mut pair), [Verdict::Unavailable]);
}

#[test]
fn questions_come_one_at_a_time_and_a_withdrawn_one_goes_away() {
    let (mut pair, ..) = controlled(6);
    pair.sharer.revoke(Action::See, pair.now);
    pair.run_ms(200);
    pair.take_sharer();
    pair.take_viewer();
    let see = pair.viewer.ask(&[Action::See].into()).unwrap();
    let control = pair.viewer.ask(&[Action::Control].into()).unwrap();
    pair.run_ms(200);
    let open = pair.take_sharer();
    assert_eq!(open.iter().filter(|o| matches!(o, SharerOutput::Ask { .. })).count(), 1);
    pair.viewer.withdraw(see);
    pair.run_ms(200);
    assert_eq!(verdicts(&mut pair), [Verdict::Withdrawn, Verdict::Unavailable], "control without seeing");
    pair.sharer.answer(control, Answer::allow(Choice::screen()), pair.now);
    pair.sharer.answer(RequestId(99), Answer::allow(Choice::screen()), pair.now);
    assert!(!pair.sharer.may_show());
}

/// Row N11: after F11 nothing passes, whatever is under way.
#[test]
fn t16_after_f11_no_input_passes_even_if_it_was_under_way() {
    let (mut pair, _, control, revoker) = controlled(7);
    assert!(pair.viewer.input(&[CLICK]));
    pair.run_ms(100);
    assert_eq!(inputs(&mut pair), 1);
    for _ in 0..10_000 {
        assert!(pair.viewer.input(&[CLICK]));
    }
    // The thread that hears F11 revokes; only afterwards does the machine learn of it.
    revoker.revoke();
    assert_eq!(control.check(), Err(Denied::Ended));
    pair.run_ms(500);
    assert_eq!(inputs(&mut pair), 0);
    pair.sharer.f11(pair.now);
    pair.run_ms(200);
    let did = pair.take_viewer();
    assert!(did.iter().any(|o| matches!(o, ViewerOutput::GrantEnded { reason: GrantEnd::F11, .. })));
    assert!(!pair.viewer.input(&[CLICK]));
}

/// Row B8: while a question is open, and 300 ms after, the operator's input rests.
#[test]
fn t21_input_rests_while_a_question_is_open_and_shortly_after() {
    let mut pair = Pair::accepted(8);
    pair.latency_ms = (1, 1);
    let _see = see_grant(&mut pair);
    pair.sharer.screen(800, 600).unwrap();
    let request = pair.viewer.ask(&[Action::Control].into()).unwrap();
    pair.run_ms(10);
    pair.sharer.answer(request, Answer::allow(Choice::screen()), pair.now);
    let control = pair
        .run_and_find(10, |o| if let SharerOutput::ControlGranted(grant) = o { Some(grant) } else { None })
        .unwrap();
    assert_eq!(control.check(), Err(Denied::Suspended), "300 ms after the question");
    assert!(!pair.viewer.input(&[CLICK]));
    pair.run_ms(300);
    assert_eq!(control.check(), Ok(()));
    assert!(pair.viewer.input(&[CLICK]));
}

/// Row W2, B8: the customer's own hand has the mouse for two seconds.
#[test]
fn the_customers_hand_wins_at_once_and_for_two_seconds() {
    let (mut pair, _, control, _) = controlled(9);
    assert!(pair.viewer.input(&[CLICK]));
    pair.sharer.hand_moved(pair.now);
    assert_eq!(control.check(), Err(Denied::Suspended));
    pair.run_ms(100);
    assert_eq!(inputs(&mut pair), 0, "what was under way is dropped");
    assert!(pair.take_viewer().contains(&ViewerOutput::Suspended(Some(Suspension::Hand))));
    pair.run_ms(2000);
    assert_eq!(control.check(), Ok(()));
    assert!(pair.take_viewer().contains(&ViewerOutput::Suspended(None)));
}

/// Row W2: the hand's thread need not wait for the machine, and what it did does not outlast the two seconds.
#[test]
fn the_hands_thread_lets_control_rest_until_the_machine_has_heard() {
    let (mut pair, _, control, revoker) = controlled(12);
    revoker.suspend();
    pair.run_ms(5000);
    assert_eq!(control.check(), Err(Denied::Suspended), "time alone does not lift it");
    pair.sharer.hand_moved(pair.now);
    assert_eq!(control.check(), Err(Denied::Suspended));
    pair.run_ms(2100);
    assert_eq!(control.check(), Ok(()));
}

/// Row N10: a pause stops the picture and input; going on begins a new epoch.
#[test]
fn a_pause_freezes_and_a_new_epoch_begins_afterwards() {
    let (mut pair, see, control, _) = controlled(10);
    pair.sharer.pause(true, pair.now);
    assert_eq!((see.check(), control.check()), (Err(Denied::Suspended), Err(Denied::Suspended)));
    assert!(pair.sharer.screen(1920, 1080).is_none());
    pair.run_ms(100);
    assert!(pair.take_viewer().contains(&ViewerOutput::Paused(true)));
    pair.sharer.pause(false, pair.now);
    assert_eq!(pair.sharer.screen(1920, 1080), Some(2));
    pair.run_ms(100);
    let did = pair.take_viewer();
    assert!(did.contains(&ViewerOutput::Screen { epoch: 2, width: 1920, height: 1080 }));
}

/// Row W1, N12: when the session is over, every grant is void on the spot.
#[test]
fn t17_the_end_voids_every_grant_and_both_sides_know() {
    let (mut pair, see, control, _) = controlled(11);
    pair.sharer.end(SessionEnd::Customer, pair.now);
    assert_eq!((see.check(), control.check()), (Err(Denied::Ended), Err(Denied::Ended)));
    pair.run_ms(500);
    assert!(pair.sharer.is_over() && pair.viewer.is_over());
    assert!(pair.take_viewer().contains(&ViewerOutput::Ended(SessionEnd::Customer)));
    pair.sharer.accept(true, pair.now);
    assert!(pair.viewer.ask(&[Action::See].into()).is_none());
    assert!(!pair.sharer.may_show());
}

/// Row W2: a customer who does not want this operator ends it before it begins.
#[test]
fn refusing_the_operator_leaves_no_session() {
    let mut pair = Pair::new(12);
    pair.sharer.accept(false, pair.now);
    pair.run_ms(200);
    assert!(pair.take_viewer().contains(&ViewerOutput::Ended(SessionEnd::Refused)));
    assert_eq!(pair.viewer.journal().entries().count(), 0);
}

#[test]
fn nobody_answering_who_is_asking_ends_it_after_a_minute() {
    let mut pair = Pair::new(13);
    pair.run_ms(60_000);
    assert!(pair.sharer.is_over());
    assert!(pair.take_viewer().contains(&ViewerOutput::Ended(SessionEnd::TimedOut)));
}

impl Pair {
    fn run_and_find<T>(&mut self, ms: u64, find: impl FnMut(SharerOutput) -> Option<T>) -> Option<T> {
        self.run_ms(ms);
        self.take_sharer().into_iter().find_map(find)
    }
}
