//! Peers that keep to the form of every message and use it against the other side.

use deskside_proto::control::Control;
use deskside_proto::frame::frame;
use deskside_proto::input::{InputBatch, InputEvent};
use deskside_proto::journal::{
    Action, ENTRY_DOMAIN, Entry, Event, GrantEnd, MAX_ENTRIES, SessionEnd, Verdict,
};
use deskside_proto::picture::UpdateHeader;
use deskside_proto::shown::{AreaNote, ScopeNote};
use deskside_proto::{GrantId, RequestId};
use deskside_session::{Answer, Choice, Question, SharerOutput, ViewerOutput};
use deskside_trust::crypto::sha256;

use crate::consent::{ask, controlled};
use crate::pair::{OPERATOR, Pair};

fn framed(message: &Control) -> Vec<u8> {
    frame(&message.encode()).unwrap()
}

fn is_grant(output: &SharerOutput) -> bool {
    matches!(output, SharerOutput::SeeGranted(_) | SharerOutput::ControlGranted(_))
}

// ── an operator ─────────────────────────────────────────────────────────────────────────────────────

/// The operator asks for control and gives seeing back while the customer reads: the question is gone, and a
/// yes that was under way allows nothing.
#[test]
fn control_is_never_granted_without_seeing() {
    let mut pair = Pair::accepted(60);
    let Verdict::Allowed(see) = ask(&mut pair, Action::See, true) else { panic!("not allowed") };
    let request = pair.viewer.ask(&[Action::Control].into()).unwrap();
    pair.run_ms(100);
    pair.viewer.give_back(see);
    pair.run_ms(100);
    pair.take_sharer();
    pair.sharer.answer(request, Answer::allow(Choice::screen()), pair.now);
    pair.run_ms(100);
    assert!(!pair.take_sharer().iter().any(is_grant), "control without seeing");
    let verdict = Verdict::Unavailable;
    assert!(pair.take_viewer().contains(&ViewerOutput::Answered {
        request,
        action: Action::Control,
        verdict
    }));
    assert!(matches!(ask(&mut pair, Action::See, true), Verdict::Allowed(_)), "the next question is asked");
}

/// Whatever waited behind the open question when the session ended is never asked, and no answer makes a
/// grant any more.
#[test]
fn nothing_is_asked_or_granted_while_the_session_ends() {
    let mut pair = Pair::accepted(61);
    assert!(matches!(ask(&mut pair, Action::See, true), Verdict::Allowed(_)));
    pair.take_sharer();
    let ask = |request, action| framed(&Control::Ask { request: RequestId(request), actions: vec![action] });
    let give_back = framed(&Control::GiveBack { grant: GrantId(1) });
    let messages = [ask(70, Action::Control), give_back, ask(71, Action::See), ask(72, Action::Control)];
    pair.sharer.receive(&messages.concat(), pair.now);
    pair.sharer.end(SessionEnd::Customer, pair.now);
    for request in 70..73 {
        pair.sharer.answer(RequestId(request), Answer::allow(Choice::screen()), pair.now);
    }
    let did: Vec<_> = std::iter::from_fn(|| pair.sharer.poll()).collect();
    assert!(!did.iter().any(is_grant), "a grant after the end");
    let asked = did.iter().filter(|output| matches!(output, SharerOutput::Ask { .. })).count();
    let closed = did.iter().filter(|output| matches!(output, SharerOutput::CloseQuestion(_))).count();
    assert_eq!(asked, closed, "a question is still open");
    assert_eq!(pair.sharer.journal().verify(), Ok(()));
}

/// Harmless messages without end, and no time for anything else, do not keep a session alive that the
/// customer has ended.
#[test]
fn t17_a_flood_does_not_keep_an_ended_session_alive() {
    let (mut pair, ..) = controlled(62);
    pair.sharer.end(SessionEnd::Customer, pair.now);
    let flood = framed(&Control::Shown { epoch: 1, number: 0 }).repeat(100);
    for _ in 0..40 {
        pair.now.monotonic += std::time::Duration::from_millis(100);
        pair.sharer.receive(&flood, pair.now);
    }
    assert!(pair.sharer.is_over());
}

/// The numbers of requests do not come round again: one that did would be that of another question.
#[test]
fn the_last_number_of_a_request_is_the_last() {
    let ask = |actions: &[Action]| {
        framed(&Control::Ask { request: RequestId(u32::MAX), actions: actions.to_vec() })
    };
    let ends = |pair: &Pair| {
        let last = pair.sharer.journal().entries().last().map(|entry| entry.event.clone());
        last == Some(Event::Ended { reason: SessionEnd::Protocol })
    };
    let (mut pair, ..) = controlled(64);
    pair.sharer.receive(&ask(&[Action::Control, Action::Point]), pair.now);
    assert!(ends(&pair), "there is no number for the second");

    let (mut pair, ..) = controlled(65);
    pair.sharer.receive(&ask(&[Action::Point]), pair.now);
    assert!(!ends(&pair));
    pair.sharer.receive(&ask(&[Action::Point]), pair.now);
    assert!(ends(&pair), "the number is taken");
}

/// Requests without end cannot fill the journal so that the end is missing in it.
#[test]
fn a_journal_full_of_requests_still_tells_the_end() {
    let (mut pair, ..) = controlled(63);
    for request in 10..MAX_ENTRIES {
        let message = Control::Ask { request: RequestId(request), actions: vec![Action::See] };
        pair.sharer.receive(&framed(&message), pair.now);
        while pair.sharer.poll().is_some() {}
        if !pair.sharer.may_show() {
            break;
        }
    }
    let events: Vec<_> = pair.sharer.journal().entries().map(|entry| entry.event.clone()).collect();
    assert_eq!(events.last(), Some(&Event::Ended { reason: SessionEnd::Protocol }));
    for grant in [GrantId(1), GrantId(2)] {
        assert!(events.contains(&Event::GrantEnded { grant, reason: GrantEnd::SessionEnded }));
    }
}

/// Input that was sent before F11, and input that claims a grant of the past or of the future, does nothing.
#[test]
fn t14_input_of_another_grant_or_epoch_is_void() {
    let (mut pair, _see, control, revoker) = controlled(64);
    let batch = |grant, epoch| {
        let events = vec![InputEvent::PointerMove { x: 1, y: 1 }];
        InputBatch { grant: GrantId(grant), epoch, events }.encode()
    };
    let inputs = |pair: &mut Pair, message: &[u8]| {
        pair.sharer.receive_input(message, pair.now).unwrap();
        std::iter::from_fn(|| pair.sharer.poll()).any(|output| matches!(output, SharerOutput::Input(_)))
    };
    for (grant, epoch) in [(0, 1), (1, 1), (3, 1), (2, 0), (2, 2), (u32::MAX, 1)] {
        assert!(!inputs(&mut pair, &batch(grant, epoch)), "grant {grant}, epoch {epoch}");
    }
    assert!(inputs(&mut pair, &batch(2, 1)));
    // On the hand's thread, before the machine knows.
    revoker.revoke();
    assert!(control.check().is_err());
    for grant in 0..5 {
        assert!(!inputs(&mut pair, &batch(grant, 1)), "grant {grant} after F11");
    }
}

// ── a customer ──────────────────────────────────────────────────────────────────────────────────────

/// The next entry of the pair's journal, as its sharer's program would have made it.
fn next_entry(pair: &Pair, event: Event) -> Vec<u8> {
    let last = pair.viewer.journal().entries().last().unwrap();
    let previous = sha256(&[ENTRY_DOMAIN, &last.encode()]);
    Entry { number: last.number + 1, at_ms: last.at_ms, previous, event }.encode()
}

/// A session with seeing and control, or one in which F11 has ended control and a third request is under way.
fn before_the_lie(is_asking: bool) -> Pair {
    let (mut pair, ..) = controlled(65);
    if is_asking {
        pair.sharer.f11(pair.now);
        pair.run_ms(200);
        assert_eq!(pair.viewer.ask(&[Action::Control].into()), Some(RequestId(3)));
    }
    while pair.viewer.poll().is_some() {}
    pair
}

/// A customer's program writes what never happened into the journal: the operator's neither keeps it nor, for
/// that reason, signs it.
#[test]
fn t51_an_operator_does_not_sign_what_never_happened() {
    let text = Question::new(&[Action::Control], OPERATOR, Some(&AreaNote::Screen)).hash();
    let asked = |request, action, question| Event::Asked { request: RequestId(request), action, question };
    let ended = |grant, reason| Event::GrantEnded { grant: GrantId(grant), reason };
    let scoped = |grant, area| {
        let scope = ScopeNote { area, ..ScopeNote::screen() };
        Event::Scoped { grant: GrantId(grant), replaces: None, scope }
    };
    let answered = |request, verdict| Event::Answered { request: RequestId(request), verdict };
    let lies = [
        ("a request that was never made", true, asked(9, Action::Control, text)),
        ("a request that was answered before", true, asked(2, Action::Control, text)),
        ("another action than the one asked for", true, asked(3, Action::See, text)),
        ("another text than the product's", true, asked(3, Action::Control, [0; 32])),
        ("an answer to nothing", true, answered(9, Verdict::Denied)),
        ("a second answer", true, answered(2, Verdict::Denied)),
        ("an answer before the question", true, answered(3, Verdict::Denied)),
        ("the end of a grant that never was", false, ended(9, GrantEnd::F11)),
        ("a reach that was said before", false, scoped(1, AreaNote::Screen)),
        ("control that reaches further than seeing", false, scoped(2, AreaNote::Monitor("DP-1".into()))),
        ("a grant given back that was not", false, ended(2, GrantEnd::GivenBack)),
        ("an end that the operator did not make", false, Event::Ended { reason: SessionEnd::Operator }),
    ];
    for (lie, is_asking, event) in lies {
        let mut pair = before_the_lie(is_asking);
        let entries = pair.viewer.journal().entries().count();
        let entry = next_entry(&pair, event);
        pair.viewer.receive(&framed(&Control::Entry(entry)), pair.now);
        assert_eq!(pair.viewer.journal().entries().count(), entries, "kept: {lie}");
        let said: Vec<_> = std::iter::from_fn(|| pair.viewer.poll()).collect();
        let end = ViewerOutput::Send(framed(&Control::End { reason: SessionEnd::Protocol }));
        assert!(said.contains(&end), "the session goes on after {lie}");
    }
    let mut pair = before_the_lie(true);
    let entry = next_entry(&pair, asked(3, Action::Control, text));
    pair.viewer.receive(&framed(&Control::Entry(entry)), pair.now);
    assert!(pair.viewer.poll().is_none(), "the truth is kept");
}

/// The operator's program believes a yes only if the journal, which both sign, has it too.
#[test]
fn a_yes_that_the_journal_does_not_have_counts_for_nothing() {
    let question = Question::new(&[Action::Control], OPERATOR, Some(&AreaNote::Screen)).hash();
    let request = RequestId(3);
    for verdict in [None, Some(Verdict::Denied), Some(Verdict::Allowed(GrantId(8)))] {
        let mut pair = before_the_lie(true);
        for event in std::iter::once(Event::Asked { request, action: Action::Control, question })
            .chain(verdict.map(|verdict| Event::Answered { request, verdict }))
        {
            let entry = next_entry(&pair, event);
            pair.viewer.receive(&framed(&Control::Entry(entry)), pair.now);
        }
        let yes = Control::Answer { request, verdict: Verdict::Allowed(GrantId(3)) };
        pair.viewer.receive(&framed(&yes), pair.now);
        let did: Vec<_> = std::iter::from_fn(|| pair.viewer.poll()).collect();
        let is_believed = did.iter().any(|output| matches!(output, ViewerOutput::Answered { .. }));
        assert!(!is_believed, "{verdict:?} in the journal");
    }
}

/// Updates faster than they can be decoded: what the operator's program has to hold is bounded.
#[test]
fn a_customer_cannot_fill_the_operators_memory_with_updates() {
    let (mut pair, ..) = controlled(66);
    let mut held = 0;
    for number in 0..1000 {
        let header = UpdateHeader { epoch: 1, number };
        pair.viewer.receive_update(header, vec![0; 1024 * 1024], pair.now);
        let did: Vec<_> = std::iter::from_fn(|| pair.viewer.poll()).collect();
        held += did.iter().filter(|output| matches!(output, ViewerOutput::Update { .. })).count();
    }
    assert!(held <= 16, "{held} MiB wait for the decoder");
    // One that keeps pace with its acknowledgements sends as much as it likes.
    let (mut pair, ..) = controlled(67);
    for number in 0..200 {
        let header = UpdateHeader { epoch: 1, number };
        pair.viewer.receive_update(header, vec![0; 1024 * 1024], pair.now);
        let did: Vec<_> = std::iter::from_fn(|| pair.viewer.poll()).collect();
        assert!(did.iter().any(|output| matches!(output, ViewerOutput::Update { .. })), "update {number}");
        pair.viewer.shown(header);
    }
}

/// The same flood from the other side: the operator gets out of a session that he has ended.
#[test]
fn t17_a_flood_of_pictures_does_not_keep_an_ended_session_alive() {
    let (mut pair, ..) = controlled(68);
    pair.viewer.end(SessionEnd::Operator, pair.now);
    for number in 0..40 {
        pair.now.monotonic += std::time::Duration::from_millis(100);
        pair.viewer.receive_update(UpdateHeader { epoch: 1, number }, vec![0], pair.now);
    }
    assert!(pair.viewer.is_over());
    let (mut pair, ..) = controlled(69);
    pair.viewer.end(SessionEnd::Operator, pair.now);
    let flood = framed(&Control::CursorMoved { x: 1, y: 1 }).repeat(100);
    for _ in 0..40 {
        pair.now.monotonic += std::time::Duration::from_millis(100);
        pair.viewer.receive(&flood, pair.now);
    }
    assert!(pair.viewer.is_over());
}
