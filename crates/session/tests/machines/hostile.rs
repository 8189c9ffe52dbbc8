//! A peer that does not keep the rules: every message in every state, and bytes that are no messages.

use std::time::Duration;

use deskside_proto::control::{Control, CursorShape};
use deskside_proto::frame::{Deframer, frame};
use deskside_proto::journal::{Action, GrantEnd, SessionEnd, Verdict};
use deskside_proto::marks::{MarkBatch, MarkEvent};
use deskside_proto::shown::MonitorNote;
use deskside_proto::{GrantId, PROTOCOL_VERSION, RequestId};
use deskside_session::{Now, Sharer, SharerOutput, Viewer, ViewerOutput};

use crate::consent::controlled;
use crate::pair::{Pair, Seeded, at, configs};

/// What a machine does with a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Does {
    /// Takes it in and goes on.
    Takes,
    /// Drops it: it was under way when this end said goodbye, or concerns nothing that is there.
    Drops,
    /// Ends the session, because the other program broke the rules or said goodbye.
    Ends,
}
use Does::{Drops, Ends, Takes};

/// States of a machine, in the order of the rows' columns.
const STATES: [&str; 6] = ["greeting", "introduced", "begun", "granted", "sealing", "over"];

/// What the sharer does with a message in each of its states. No wildcard: a new message needs a row here.
pub(crate) fn sharers_row(message: &Control) -> [Does; 6] {
    match message {
        Control::Hello { .. } => [Takes, Ends, Ends, Ends, Ends, Drops],
        Control::Ask { .. } => [Ends, Ends, Takes, Takes, Drops, Drops],
        Control::Withdraw { .. } | Control::GiveBack { .. } => [Ends, Ends, Drops, Drops, Drops, Drops],
        // Under a grant that never was.
        Control::Marks(_) => [Ends, Ends, Drops, Drops, Drops, Drops],
        Control::Look(_) => [Ends, Ends, Drops, Takes, Drops, Drops],
        Control::Shown { .. } => [Ends, Ends, Takes, Takes, Takes, Drops],
        Control::Seal { .. } => [Ends, Ends, Ends, Ends, Ends, Drops],
        Control::End { .. } => [Ends, Ends, Ends, Ends, Drops, Drops],
        // Of a demonstration that nobody allowed.
        Control::Demonstration(_) => [Ends, Ends, Ends, Ends, Ends, Drops],
        // The sharer's own to send.
        Control::Accepted
        | Control::Answer { .. }
        | Control::GrantEnded { .. }
        | Control::Suspended(_)
        | Control::Paused(_)
        | Control::Screen { .. }
        | Control::Monitors(_)
        | Control::CursorShape(_)
        | Control::CursorMoved { .. }
        | Control::Entry(_) => [Ends, Ends, Ends, Ends, Ends, Drops],
    }
}

/// The same of the viewer.
fn viewers_row(message: &Control) -> [Does; 6] {
    match message {
        Control::Hello { .. } => [Takes, Ends, Ends, Ends, Ends, Drops],
        Control::Accepted => [Ends, Takes, Ends, Ends, Ends, Drops],
        // Answers and ends of what was never asked or granted; a picture is one only with a grant.
        Control::Answer { .. } | Control::GrantEnded { .. } => [Ends, Ends, Ends, Ends, Drops, Drops],
        Control::Screen { .. } => [Ends, Ends, Ends, Takes, Drops, Drops],
        Control::Suspended(_) | Control::Paused(_) => [Ends, Ends, Takes, Takes, Drops, Drops],
        // Of a picture that may not be seen.
        Control::Monitors(_) | Control::CursorShape(_) | Control::CursorMoved { .. } => {
            [Ends, Ends, Drops, Takes, Drops, Drops]
        }
        // Bytes that are no entry.
        Control::Entry(_) => [Ends, Ends, Ends, Ends, Ends, Drops],
        Control::Seal { .. } => [Ends, Ends, Ends, Ends, Ends, Drops],
        Control::End { .. } => [Ends, Ends, Ends, Ends, Drops, Drops],
        // Of a demonstration that nobody allowed.
        Control::Demonstration(_) => [Ends, Ends, Ends, Ends, Ends, Drops],
        // The viewer's own to send.
        Control::Ask { .. }
        | Control::Withdraw { .. }
        | Control::GiveBack { .. }
        | Control::Look(_)
        | Control::Marks(_)
        | Control::Shown { .. } => [Ends, Ends, Ends, Ends, Ends, Drops],
    }
}

/// One of every message; the rows above do not let one be forgotten without a row, and this not one row.
pub(crate) fn every_message() -> Vec<Control> {
    let hello = Control::Hello { version: PROTOCOL_VERSION, product: "evil".into() };
    let shape = CursorShape { width: 0, height: 0, hot_x: 0, hot_y: 0, pixels: Vec::new() };
    let monitor = MonitorNote { name: "x".into(), x: 0, y: 0, width: 1, height: 1 };
    vec![
        hello,
        Control::Accepted,
        Control::Ask { request: RequestId(77), actions: Action::ALL.to_vec() },
        Control::Withdraw { request: RequestId(90) },
        Control::Answer { request: RequestId(90), verdict: Verdict::Allowed(GrantId(9)) },
        Control::GrantEnded { grant: GrantId(9), reason: GrantEnd::F11 },
        Control::GiveBack { grant: GrantId(9) },
        Control::Suspended(None),
        Control::Paused(true),
        Control::Screen { epoch: 99, width: 1, height: 1 },
        Control::Monitors(vec![monitor]),
        Control::Look(Some(0)),
        Control::Marks(MarkBatch { grant: GrantId(9), epoch: 1, events: vec![MarkEvent::Clear] }),
        Control::CursorShape(shape),
        Control::CursorMoved { x: 1, y: 1 },
        Control::Shown { epoch: 1, number: 0 },
        Control::Entry(vec![1, 2, 3]),
        Control::Seal { number: 0, head: [0; 32], signature: vec![0; 64] },
        Control::End { reason: SessionEnd::Operator },
        Control::Demonstration(Control::Paused(true).encode()),
    ]
}

fn framed(message: &Control) -> Vec<u8> {
    frame(&message.encode()).unwrap()
}

/// A machine in each of the states.
fn pairs() -> Vec<Pair> {
    let granted = || controlled(40).0;
    let mut sealing = granted();
    sealing.sharer.end(SessionEnd::Customer, sealing.now);
    sealing.viewer.end(SessionEnd::Customer, sealing.now);
    let mut over = granted();
    over.sharer.end(SessionEnd::Customer, over.now);
    over.run_ms(5_000);
    let mut greeting = Pair::new(40);
    let (sharer, viewer) = configs();
    (greeting.sharer, greeting.viewer) =
        (Sharer::new(sharer, greeting.now), Viewer::new(viewer, greeting.now));
    vec![greeting, Pair::new(40), Pair::accepted(40), granted(), sealing, over]
}

/// T15: every message in every state of the sharer: each cell says what happens, and none makes a grant.
#[test]
fn t15_no_message_in_any_state_makes_a_grant() {
    for message in every_message() {
        for ((expected, state), mut pair) in sharers_row(&message).into_iter().zip(STATES).zip(pairs()) {
            let (sharer, now) = (&mut pair.sharer, pair.now);
            while sharer.poll().is_some() {}
            sharer.receive(&framed(&message), now);
            let did: Vec<_> = std::iter::from_fn(|| sharer.poll()).collect();
            let makes_a_grant = |output: &SharerOutput| {
                use SharerOutput::{ControlGranted, PointGranted, SeeGranted};
                matches!(output, SeeGranted(_) | ControlGranted(_) | PointGranted(_))
            };
            assert!(!did.iter().any(makes_a_grant), "{message:?} in state {state} made a grant");
            let asks = did.iter().any(|output| matches!(output, SharerOutput::Ask { .. }));
            assert!(
                !asks || matches!(state, "begun" | "granted"),
                "{message:?} in state {state} asked a question"
            );
            let ends = did.iter().any(|output| match output {
                SharerOutput::Ended(_) => true,
                SharerOutput::Send(bytes) => says_end(bytes),
                _ => false,
            });
            assert_eq!(does(ends, did.is_empty()), expected, "{message:?} in state {state}");
        }
    }
}

pub(crate) fn says_end(bytes: &[u8]) -> bool {
    let mut deframer = Deframer::default();
    deframer.push(bytes);
    std::iter::from_fn(|| deframer.next_message().unwrap().map(Control::decode))
        .any(|message| matches!(message, Ok(Control::End { .. })))
}

fn does(ends: bool, is_nothing: bool) -> Does {
    match (ends, is_nothing) {
        (true, _) => Ends,
        (false, true) => Drops,
        (false, false) => Takes,
    }
}

/// T15: every message in every state of the viewer: each cell says what happens; none makes it send input, and
/// no false entry of the journal is believed.
#[test]
fn t15_no_message_in_any_state_makes_a_viewer_send_input() {
    for message in every_message() {
        for ((expected, state), mut pair) in viewers_row(&message).into_iter().zip(STATES).zip(pairs()) {
            let (viewer, now) = (&mut pair.viewer, pair.now);
            while viewer.poll().is_some() {}
            let entries = viewer.journal().entries().count();
            viewer.receive(&framed(&message), now);
            let did: Vec<_> = std::iter::from_fn(|| viewer.poll()).collect();
            let sends_input = did.iter().any(|output| matches!(output, ViewerOutput::SendInput(_)));
            assert!(!sends_input, "{message:?} in state {state}");
            assert_eq!(viewer.journal().entries().count(), entries, "{message:?} in state {state}");
            // A goodbye is taken in without a word; the end comes with the seal, or without it in time.
            let later = Now { monotonic: now.monotonic + Duration::from_secs(10), ..now };
            viewer.tick(later);
            let ends = did.iter().any(|output| match output {
                ViewerOutput::Ended(_) => true,
                ViewerOutput::Send(bytes) => says_end(bytes),
                _ => false,
            }) || (!matches!(state, "sealing" | "over") && viewer.is_over());
            assert_eq!(does(ends, did.is_empty()), expected, "{message:?} in state {state}");
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
