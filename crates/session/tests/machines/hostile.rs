//! A peer that does not keep the rules: every message in every state, and bytes that are no messages.

use deskside_proto::control::{Control, CursorShape};
use deskside_proto::frame::frame;
use deskside_proto::journal::{Action, GrantEnd, SessionEnd, Verdict};
use deskside_proto::{GrantId, PROTOCOL_VERSION, RequestId};
use deskside_session::{Sharer, SharerOutput, Viewer, ViewerOutput};

use crate::consent::controlled;
use crate::pair::{Pair, Seeded, at, configs};

/// One of every message. The `match` has no wildcard, so that a new message must be added here.
fn every_message() -> Vec<Control> {
    let hello = Control::Hello { version: PROTOCOL_VERSION, product: "evil".into() };
    let shape = CursorShape { width: 0, height: 0, hot_x: 0, hot_y: 0, pixels: Vec::new() };
    let all = vec![
        hello,
        Control::Accepted,
        Control::Ask { request: RequestId(77), action: Action::Control },
        Control::Withdraw { request: RequestId(1) },
        Control::Answer { request: RequestId(1), verdict: Verdict::Allowed(GrantId(9)) },
        Control::GrantEnded { grant: GrantId(9), reason: GrantEnd::F11 },
        Control::GiveBack { grant: GrantId(9) },
        Control::Suspended(None),
        Control::Paused(true),
        Control::Screen { epoch: 99, width: 1, height: 1 },
        Control::CursorShape(shape),
        Control::CursorMoved { x: 1, y: 1 },
        Control::Shown { epoch: 1, number: 0 },
        Control::Entry(vec![1, 2, 3]),
        Control::Seal { number: 0, head: [0; 32], signature: vec![0; 64] },
        Control::End { reason: SessionEnd::Operator },
    ];
    for message in &all {
        match message {
            Control::Hello { .. }
            | Control::Accepted
            | Control::Ask { .. }
            | Control::Withdraw { .. }
            | Control::Answer { .. }
            | Control::GrantEnded { .. }
            | Control::GiveBack { .. }
            | Control::Suspended(_)
            | Control::Paused(_)
            | Control::Screen { .. }
            | Control::CursorShape(_)
            | Control::CursorMoved { .. }
            | Control::Shown { .. }
            | Control::Entry(_)
            | Control::Seal { .. }
            | Control::End { .. } => {}
        }
    }
    all
}

fn framed(message: &Control) -> Vec<u8> {
    frame(&message.encode()).unwrap()
}

/// T15 in first form: every message in every state of the sharer. No message ever makes a grant, and those
/// that a viewer may not send end the session.
#[test]
fn t15_no_message_in_any_state_makes_a_grant() {
    for message in every_message() {
        let may_viewer_send = matches!(
            message,
            Control::Hello { .. }
                | Control::Ask { .. }
                | Control::Withdraw { .. }
                | Control::GiveBack { .. }
                | Control::Shown { .. }
                | Control::Seal { .. }
                | Control::End { .. }
        );
        let (config, _) = configs();
        let greeting = Sharer::new(config, at(0));
        let (controlled, see, control, _) = controlled(40);
        let states = [greeting, Pair::new(40).sharer, Pair::accepted(40).sharer, controlled.sharer];
        for (state, mut sharer) in states.into_iter().enumerate() {
            while sharer.poll().is_some() {}
            let now = at(20_000);
            sharer.receive(&framed(&message), now);
            let did: Vec<_> = std::iter::from_fn(|| sharer.poll()).collect();
            let is_granted = did
                .iter()
                .any(|o| matches!(o, SharerOutput::SeeGranted(_) | SharerOutput::ControlGranted(_)));
            assert!(!is_granted, "{message:?} in state {state} made a grant");
            let asks = did.iter().any(|o| matches!(o, SharerOutput::Ask { .. }));
            assert!(!asks || state >= 2, "{message:?} in state {state} asked a question before acceptance");
            if !may_viewer_send {
                sharer.tick(at(90_000));
                assert!(sharer.is_over(), "{message:?} in state {state} is not the viewer's to send");
            }
        }
        drop((see, control));
    }
}

/// T15: every message in every state of the viewer: none makes it send input, and no false entry of the
/// journal is believed.
#[test]
fn t15_no_message_in_any_state_makes_a_viewer_send_input() {
    for message in every_message() {
        let (_, config) = configs();
        let greeting = Viewer::new(config, at(0));
        let states = [greeting, Pair::new(41).viewer, Pair::accepted(41).viewer];
        for (state, mut viewer) in states.into_iter().enumerate() {
            while viewer.poll().is_some() {}
            let entries = viewer.journal().entries().count();
            viewer.receive(&framed(&message), at(20_000));
            let did: Vec<_> = std::iter::from_fn(|| viewer.poll()).collect();
            let sends_input = did.iter().any(|o| matches!(o, ViewerOutput::SendInput(_)));
            assert!(!sends_input, "{message:?} in state {state}");
            assert_eq!(viewer.journal().entries().count(), entries, "{message:?} in state {state}");
        }
    }
}

#[test]
fn t04_another_version_of_the_protocol_is_refused() {
    let (config, _) = configs();
    let mut sharer = Sharer::new(config, at(0));
    sharer.receive(&framed(&Control::Hello { version: 0, product: String::new() }), at(1));
    assert!(sharer.is_over());
    let (_, config) = configs();
    let mut viewer = Viewer::new(config, at(0));
    viewer.receive(&framed(&Control::Hello { version: 2, product: String::new() }), at(1));
    viewer.tick(at(10_000));
    assert!(viewer.is_over());
}

#[test]
fn bytes_that_are_no_messages_end_the_session_and_nothing_else() {
    let mut seeded = Seeded::new(42);
    for _ in 0..2000 {
        let mut pair = Pair::accepted(42);
        let length = seeded.below(200);
        let noise: Vec<u8> = (0..length).map(|_| u8::try_from(seeded.below(256)).unwrap()).collect();
        pair.sharer.receive(&noise, pair.now);
        pair.viewer.receive(&noise, pair.now);
        drop(pair.sharer.receive_input(&noise, pair.now));
        pair.run_ms(1);
        assert!(!pair.sharer.may_show());
        if seeded.below(10) > 0 {
            continue;
        }
        pair.sharer.end(SessionEnd::Customer, pair.now);
        pair.run_ms(2500);
        assert!(pair.sharer.is_over());
    }
}
