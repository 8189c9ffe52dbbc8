//! Pointing and drawing: rests on seeing, but is not control.

use deskside_proto::journal::{Action, GrantEnd, Verdict};
use deskside_proto::marks::MarkEvent;
use deskside_session::{Answer, Choice, Denied, Grant, Point, SharerOutput};

use crate::consent::{ask, controlled};
use crate::pair::Pair;

fn pointing(pair: &mut Pair) -> Grant<Point> {
    assert!(matches!(ask(pair, Action::Point, true), Verdict::Allowed(_)));
    let outputs = pair.take_sharer().into_iter();
    let grant = |output| if let SharerOutput::PointGranted(grant) = output { Some(grant) } else { None };
    let granted = outputs.filter_map(grant).last().unwrap();
    pair.run_ms(400);
    granted
}

/// Row W3: pointing is a grant of its own, is refused without seeing, and ends with it.
#[test]
fn pointing_needs_seeing_and_ends_with_it() {
    let mut pair = Pair::accepted(31);
    let request = pair.viewer.ask(&[Action::Point].into());
    assert!(request.is_some());
    pair.run_ms(200);
    assert!(!pair.take_sharer().iter().any(|output| matches!(output, SharerOutput::Ask { .. })));

    let (mut pair, see, control, _) = controlled(32);
    let point = pointing(&mut pair);
    assert_eq!(point.check(), Ok(()));
    assert_eq!(point.scope(), see.scope());
    pair.sharer.f11(pair.now);
    assert_eq!((control.check(), point.check()), (Err(Denied::Ended), Ok(())), "F11 is about control");
    pair.sharer.revoke(Action::See, pair.now);
    assert_eq!(point.check(), Err(Denied::Ended));
    let narrowed =
        SharerOutput::GrantEnded { action: Action::Point, grant: point.id(), reason: GrantEnd::Narrowed };
    pair.run_ms(10);
    let told = pair.take_sharer();
    assert!(told.iter().any(|output| format!("{output:?}") == format!("{narrowed:?}")), "{told:?}");
}

/// Row W4: marks arrive under the grant of pointing and no other, and not once it has ended.
#[test]
fn marks_arrive_under_their_own_grant_alone() {
    let drawn = |pair: &mut Pair| {
        pair.run_ms(200);
        pair.take_sharer().iter().filter(|output| matches!(output, SharerOutput::Marks(_))).count()
    };
    let (mut pair, _see, _control, _) = controlled(34);
    assert!(!pair.viewer.mark(&[MarkEvent::Clear]), "control is not pointing");
    let point = pointing(&mut pair);
    assert!(pair.viewer.mark(&[MarkEvent::Clear]));
    assert_eq!(drawn(&mut pair), 1);
    assert!(pair.viewer.mark(&[MarkEvent::Clear]), "under way when it ends");
    pair.sharer.revoke(Action::Point, pair.now);
    assert_eq!(point.check(), Err(Denied::Ended));
    assert_eq!(drawn(&mut pair), 0);
    assert!(!pair.viewer.mark(&[MarkEvent::Clear]));
}

/// A question is read without anybody drawing beside it; the customer's own hand does not stop the pointing.
#[test]
fn t20_pointing_rests_while_a_question_is_open_and_goes_on_beside_the_hand() {
    let (mut pair, _see, control, _) = controlled(33);
    let point = pointing(&mut pair);
    pair.sharer.hand_moved(pair.now);
    assert_eq!((control.check(), point.check()), (Err(Denied::Suspended), Ok(())));
    pair.run_ms(3000);
    pair.sharer.revoke(Action::Control, pair.now);
    pair.run_ms(100);
    let request = pair.viewer.ask(&[Action::Control].into()).unwrap();
    pair.run_ms(200);
    assert_eq!(point.check(), Err(Denied::Suspended));
    pair.sharer.answer(request, Answer::allow(Choice::screen()), pair.now);
    pair.run_ms(400);
    assert_eq!(point.check(), Ok(()));
    pair.sharer.pause(true, pair.now);
    assert_eq!(point.check(), Err(Denied::Suspended));
}
