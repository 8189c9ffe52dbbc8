//! How far a yes goes: several actions in one question, what is shown, for how long, and what the organisation
//! forbids.

use std::collections::BTreeSet;
use std::time::Duration;

use deskside_proto::RequestId;
use deskside_proto::input::InputEvent;
use deskside_proto::journal::{Action, Event, GrantEnd, Verdict};
use deskside_proto::shown::{AreaNote, ScopeNote};
use deskside_session::{
    Answer, ApplicationId, Choice, Control, Denied, Grant, Policy, Revoker, Scope, See, Sharer, SharerOutput,
    Viewer, ViewerOutput,
};

use crate::pair::{Pair, configs};

const EDITOR: ApplicationId = ApplicationId(1);
const BOTH: [Action; 2] = [Action::See, Action::Control];

fn editor_alone() -> Choice {
    let area = AreaNote::Applications(vec!["Editor".into()]);
    let note = ScopeNote { area, hidden: 0, desktop: false, panels: false, notifications: false };
    Choice { scope: Scope::applications([EDITOR]), note }
}

fn ask(pair: &mut Pair, actions: &[Action], answer: Answer) -> Vec<Verdict> {
    let request = pair.viewer.ask(&actions.iter().copied().collect()).unwrap();
    pair.run_ms(200);
    pair.sharer.answer(request, answer, pair.now);
    pair.run_ms(200);
    let verdict = |output| match output {
        ViewerOutput::Answered { verdict, .. } => Some(verdict),
        _ => None,
    };
    pair.take_viewer().into_iter().filter_map(verdict).collect()
}

#[derive(Default)]
struct Given {
    see: Vec<Grant<See>>,
    control: Vec<Grant<Control>>,
    revoker: Option<Revoker<Control>>,
}

fn given(pair: &mut Pair) -> Given {
    let mut given = Given::default();
    for output in pair.take_sharer() {
        match output {
            SharerOutput::SeeGranted(grant) => given.see.push(grant),
            SharerOutput::ControlGranted(grant) => given.control.push(grant),
            SharerOutput::Started(revoker) => given.revoker = Some(revoker),
            _ => {}
        }
    }
    given
}

fn events(pair: &Pair) -> Vec<Event> {
    assert_eq!(pair.sharer.journal().verify(), Ok(()));
    let viewers: Vec<Event> = pair.viewer.journal().entries().map(|entry| entry.event.clone()).collect();
    let sharers: Vec<Event> = pair.sharer.journal().entries().map(|entry| entry.event.clone()).collect();
    assert_eq!(viewers, sharers);
    sharers
}

/// Row W2: one question for what belongs together; each action has its request, its answer and its grant.
#[test]
fn one_question_allows_what_belongs_together() {
    let mut pair = Pair::accepted(80);
    let verdicts = ask(&mut pair, &BOTH, Answer::allow(editor_alone()));
    assert!(matches!(verdicts[..], [Verdict::Allowed(_), Verdict::Allowed(_)]), "{verdicts:?}");
    pair.run_ms(400);
    let asked = |output: &SharerOutput| matches!(output, SharerOutput::Ask { .. });
    assert_eq!(pair.sharer_did.iter().filter(|output| asked(output)).count(), 1);
    let given = given(&mut pair);
    assert_eq!(given.see[0].scope(), &Scope::applications([EDITOR]));
    assert_eq!(given.control[0].scope(), &Scope::applications([EDITOR]), "never wider than seeing");
    assert_eq!(given.control[0].check(), Ok(()));
    let scoped = events(&pair).into_iter().filter(|event| matches!(event, Event::Scoped { .. }));
    assert_eq!(scoped.count(), 2, "the journal has what each reaches");
}

/// Row W2: of one question a part may be allowed.
#[test]
fn a_part_of_a_question_can_be_allowed() {
    let only = |action| Answer::Allow { actions: [action].into(), choice: Choice::screen(), lasting: None };
    let mut pair = Pair::accepted(81);
    let verdicts = ask(&mut pair, &BOTH, only(Action::See));
    assert!(matches!(verdicts[..], [Verdict::Allowed(_), Verdict::Denied]), "{verdicts:?}");
    // What rests on seeing does not come without it.
    let mut pair = Pair::accepted(82);
    let verdicts = ask(&mut pair, &BOTH, only(Action::Control));
    assert_eq!(verdicts, [Verdict::Denied, Verdict::Denied]);
    assert!(given(&mut pair).control.is_empty());
}

/// Rows N8, N9: another choice of what is shown voids every grant of before at once, on both sides.
#[test]
fn another_choice_voids_what_reached_further() {
    let mut pair = Pair::accepted(83);
    ask(&mut pair, &BOTH, Answer::allow(Choice::screen()));
    pair.run_ms(400);
    let before = given(&mut pair);
    assert!(pair.viewer.input(&[InputEvent::PointerMove { x: 1, y: 1 }]), "under way when it changes");
    pair.sharer.rescope(editor_alone(), pair.now);
    assert_eq!(before.see[0].check(), Err(Denied::Ended));
    assert_eq!(before.control[0].check(), Err(Denied::Ended));
    pair.run_ms(400);
    let did = pair.take_sharer();
    let inputs = did.iter().filter(|output| matches!(output, SharerOutput::Input(_))).count();
    assert_eq!(inputs, 0, "input of the old reach is void");
    pair.sharer_did = did;
    let after = given(&mut pair);
    assert_eq!(after.see[0].scope(), &Scope::applications([EDITOR]));
    assert_eq!(after.control[0].check(), Ok(()));
    let told = pair.take_viewer();
    let note = editor_alone().note;
    for (action, grant) in BOTH.into_iter().zip([after.see[0].id(), after.control[0].id()]) {
        assert!(told.contains(&ViewerOutput::Scoped { action, grant, scope: note.clone() }), "{action:?}");
    }
    // The other side goes on with the new grants.
    assert!(pair.viewer.input(&[InputEvent::PointerMove { x: 1, y: 1 }]));
    pair.run_ms(200);
    assert!(pair.take_sharer().iter().any(|output| matches!(output, SharerOutput::Input(_))));
    events(&pair);
}

/// Row N8: who shows more than before has not allowed that more is used: control and drawing end.
#[test]
fn showing_more_ends_control() {
    let mut pair = Pair::accepted(89);
    ask(&mut pair, &BOTH, Answer::allow(editor_alone()));
    pair.run_ms(400);
    let before = given(&mut pair);
    pair.sharer.rescope(Choice::screen(), pair.now);
    pair.run_ms(300);
    let after = given(&mut pair);
    assert_eq!(before.control[0].check(), Err(Denied::Ended));
    assert_eq!((after.see.len(), after.control.len()), (1, 0));
    let narrowed = Event::GrantEnded { grant: before.control[0].id(), reason: GrantEnd::Narrowed };
    assert!(events(&pair).contains(&narrowed));
}

/// Row B8: while the person chooses what is shown, the operator's input rests and questions wait.
#[test]
fn input_rests_and_questions_wait_while_the_person_chooses() {
    let mut pair = Pair::accepted(90);
    ask(&mut pair, &BOTH, Answer::allow(Choice::screen()));
    pair.run_ms(400);
    let control = given(&mut pair).control.pop().unwrap();
    pair.sharer.choosing(true, pair.now);
    assert_eq!(control.check(), Err(Denied::Suspended));
    pair.viewer.ask(&[Action::Point].into()).unwrap();
    pair.run_ms(5_000);
    assert_eq!(control.check(), Err(Denied::Suspended));
    let asked = |pair: &mut Pair| pair.take_sharer().iter().any(|o| matches!(o, SharerOutput::Ask { .. }));
    assert!(!asked(&mut pair));
    pair.sharer.choosing(false, pair.now);
    pair.run_ms(10);
    assert!(asked(&mut pair));
}

/// Row B8: a choice that was begun while a question was on its way leaves nothing behind, and the next one lets input
/// rest as any.
#[test]
fn a_choice_that_comes_after_a_question_lets_the_next_one_rest() {
    let mut pair = Pair::accepted(91);
    ask(&mut pair, &BOTH, Answer::allow(Choice::screen()));
    pair.run_ms(400);
    let control = given(&mut pair).control.pop().unwrap();
    let request = pair.viewer.ask(&[Action::Point].into()).unwrap();
    pair.run_ms(200);
    // The window does not know of the question yet, and is replaced by it.
    pair.sharer.choosing(true, pair.now);
    pair.sharer.answer(request, Answer::Deny, pair.now);
    pair.run_ms(400);
    assert_eq!(control.check(), Ok(()));
    pair.sharer.choosing(true, pair.now);
    assert_eq!(control.check(), Err(Denied::Suspended));
    pair.run_ms(5_000);
    assert_eq!(control.check(), Err(Denied::Suspended));
    pair.sharer.choosing(false, pair.now);
    pair.run_ms(400);
    assert_eq!(control.check(), Ok(()));
}

/// What another thread has revoked is not made again by another choice.
#[test]
fn another_choice_does_not_bring_back_what_f11_took() {
    let mut pair = Pair::accepted(84);
    pair.sharer_did.retain(|output| matches!(output, SharerOutput::Started(_)));
    ask(&mut pair, &BOTH, Answer::allow(Choice::screen()));
    let before = given(&mut pair);
    before.revoker.unwrap().revoke();
    pair.sharer.rescope(editor_alone(), pair.now);
    pair.sharer.f11(pair.now);
    pair.run_ms(200);
    assert!(given(&mut pair).control.is_empty());
    assert!(
        events(&pair).iter().any(|event| matches!(event, Event::GrantEnded { reason: GrantEnd::F11, .. }))
    );
}

/// The operator gives back a grant in the very moment in which it is replaced.
#[test]
fn giving_back_what_was_just_replaced_ends_it() {
    let mut pair = Pair::accepted(85);
    let verdicts = ask(&mut pair, &[Action::See], Answer::allow(Choice::screen()));
    let Verdict::Allowed(grant) = verdicts[0] else { panic!("not allowed") };
    pair.viewer.give_back(grant);
    pair.sharer.rescope(editor_alone(), pair.now);
    pair.run_ms(300);
    assert!(!pair.sharer.may_show());
    let ended = events(&pair)
        .into_iter()
        .any(|event| matches!(event, Event::GrantEnded { reason: GrantEnd::GivenBack, .. }));
    assert!(ended && !pair.viewer.is_over());
}

/// A grant for a time ends by itself.
#[test]
fn a_grant_for_a_time_expires() {
    let mut pair = Pair::accepted(86);
    let actions = BTreeSet::from(Action::ALL);
    let lasting = Some(Duration::from_secs(5));
    ask(&mut pair, &[Action::See], Answer::Allow { actions, choice: Choice::screen(), lasting });
    pair.run_ms(4_000);
    assert!(pair.sharer.may_show());
    pair.run_ms(1_000);
    assert!(!pair.sharer.may_show());
    let grant = deskside_proto::GrantId(1);
    assert!(events(&pair).contains(&Event::GrantEnded { grant, reason: GrantEnd::Expired }));
}

/// Row B3: what the organisation forbids is refused without a question, and it can shorten times.
#[test]
fn a_policy_only_takes_away() {
    let (mut sharer, viewer) = configs();
    sharer.policy = Policy { forbidden: [Action::Control].into(), longest: Some(Duration::from_secs(3)) };
    let mut pair = Pair::new(87);
    pair.sharer = Sharer::new(sharer, pair.now);
    pair.viewer = Viewer::new(viewer, pair.now);
    pair.run_ms(300);
    pair.sharer.accept(true, pair.now);
    pair.run_ms(300);
    let request = pair.viewer.ask(&BOTH.into()).unwrap();
    pair.run_ms(200);
    let asked: Vec<_> = pair
        .sharer_did
        .iter()
        .filter_map(|output| match output {
            SharerOutput::Ask { actions, .. } => Some(actions.clone()),
            _ => None,
        })
        .collect();
    assert_eq!(asked, [vec![Action::See]]);
    pair.sharer.answer(request, Answer::allow(Choice::screen()), pair.now);
    pair.run_ms(200);
    let refused = ViewerOutput::Answered {
        request: RequestId(request.0 + 1),
        action: Action::Control,
        verdict: Verdict::Unavailable,
    };
    assert!(pair.take_viewer().contains(&refused));
    assert!(pair.sharer.may_show());
    pair.run_ms(3_000);
    assert!(!pair.sharer.may_show(), "no longer than the organisation allows");
    events(&pair);
}

/// Taking back one request of a question takes back the question.
#[test]
fn a_question_is_withdrawn_as_a_whole() {
    let mut pair = Pair::accepted(88);
    let request = pair.viewer.ask(&BOTH.into()).unwrap();
    pair.run_ms(200);
    pair.viewer.withdraw(RequestId(request.0 + 1));
    pair.run_ms(200);
    pair.sharer.answer(request, Answer::allow(Choice::screen()), pair.now);
    pair.run_ms(200);
    assert!(given(&mut pair).see.is_empty());
    let verdicts = pair.take_viewer().into_iter().filter_map(|output| match output {
        ViewerOutput::Answered { verdict, .. } => Some(verdict),
        _ => None,
    });
    assert_eq!(verdicts.collect::<Vec<_>>(), [Verdict::Withdrawn; 2]);
    events(&pair);
}
