//! The line between the machines: streams that overtake each other, whole sessions from random seeds.

use deskside_proto::input::InputEvent;
use deskside_proto::journal::{Action, SessionEnd};
use deskside_proto::picture::UpdateHeader;
use deskside_session::{Answer, Choice, SharerOutput, ViewerOutput};

use crate::consent::controlled;
use crate::pair::Pair;

fn updates(did: Vec<ViewerOutput>) -> Vec<(u32, u32)> {
    let header = |output| match output {
        ViewerOutput::Update { header, .. } => Some((header.epoch, header.number)),
        _ => None,
    };
    did.into_iter().filter_map(header).collect()
}

/// Streams of updates overtake each other and the announcement of their epoch; the decoder sees them in order.
#[test]
fn updates_arrive_in_order_over_streams_that_overtake_each_other() {
    for seed in 30..60 {
        let (mut pair, ..) = controlled(seed);
        pair.latency_ms = (1, 200);
        let epoch = pair.sharer.screen(640, 480).unwrap();
        for number in 0..100 {
            pair.send_update(UpdateHeader { epoch, number }, vec![1; 100]);
            pair.run_ms(2);
        }
        pair.run_ms(500);
        let expected: Vec<_> = (0..100).map(|number| (epoch, number)).collect();
        assert_eq!(updates(pair.take_viewer()), expected, "seed {seed}");
    }
}

/// T30: what was sent before a narrowing and comes after it is refused by its epoch.
#[test]
fn t30_updates_of_an_older_epoch_never_reach_the_decoder_after_the_new_one() {
    for seed in 60..80 {
        let (mut pair, ..) = controlled(seed);
        pair.latency_ms = (1, 2000);
        let old = pair.sharer.screen(640, 480).unwrap();
        for number in 0..50 {
            pair.send_update(UpdateHeader { epoch: old, number }, vec![1]);
        }
        let new = pair.sharer.screen(640, 480).unwrap();
        pair.send_update(UpdateHeader { epoch: new, number: 0 }, vec![1]);
        pair.run_ms(5000);
        let seen = updates(pair.take_viewer());
        let first_new = seen.iter().position(|(epoch, _)| *epoch == new).unwrap();
        assert!(seen[first_new..].iter().all(|(epoch, _)| *epoch == new), "seed {seed}: {seen:?}");
    }
}

/// T69 in first form: whatever both people do, in whatever order, the invariants hold. One seed, one run.
#[test]
fn t69_random_sessions_keep_the_invariants() {
    for seed in 0..300 {
        let mut pair = Pair::new(seed);
        let mut controlling = false;
        let mut seeing = false;
        for _ in 0..60 {
            act(&mut pair);
            let pause = pair.seeded.below(400);
            pair.run_ms(pause);
            for output in pair.take_sharer() {
                match output {
                    SharerOutput::ControlGranted(_) => controlling = true,
                    SharerOutput::SeeGranted(_) => seeing = true,
                    SharerOutput::GrantEnded { action: Action::Control, .. } => controlling = false,
                    SharerOutput::GrantEnded { action: Action::See, .. } => seeing = false,
                    SharerOutput::Input(_) => assert!(controlling && seeing, "I2, seed {seed}"),
                    SharerOutput::Ended(_) => (controlling, seeing) = (false, false),
                    _ => {}
                }
            }
            pair.take_viewer();
        }
        pair.sharer.end(SessionEnd::Customer, pair.now);
        pair.run_ms(3000);
        assert!(pair.sharer.is_over() && pair.viewer.is_over(), "I8, seed {seed}");
        assert_eq!(pair.sharer.journal().verify(), Ok(()), "I7, seed {seed}");
        assert_eq!(pair.sharer.journal(), pair.viewer.journal(), "I7, seed {seed}");
    }
}

fn act(pair: &mut Pair) {
    let now = pair.now;
    let request = deskside_proto::RequestId(u32::try_from(1 + pair.seeded.below(12)).unwrap());
    match pair.seeded.below(14) {
        0 => pair.sharer.accept(true, now),
        1 | 2 => drop(pair.viewer.ask(&[Action::See].into())),
        3 | 4 => drop(pair.viewer.ask(&[Action::Control].into())),
        5..=8 => (1..=12).for_each(|n| {
            pair.sharer.answer(deskside_proto::RequestId(n), Answer::allow(Choice::screen()), now);
        }),
        9 => pair.sharer.answer(request, Answer::Deny, now),
        10 => pair.sharer.f11(now),
        11 => pair.sharer.hand_moved(now),
        12 => {
            let paused = pair.seeded.below(2) == 0;
            pair.sharer.pause(paused, now);
            pair.sharer.screen(100, 100);
        }
        _ => {
            pair.viewer.input(&[InputEvent::Text('x')]);
            pair.viewer.withdraw(request);
        }
    }
}
