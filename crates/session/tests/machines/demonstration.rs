//! The operator shows a screen in return: the same rules with the roles swapped, and a journal of its own.

use deskside_proto::control::Control;
use deskside_proto::frame::{Deframer, frame};
use deskside_proto::input::InputEvent;
use deskside_proto::journal::{Action, Event, GrantEnd, SessionEnd, Verdict};
use deskside_proto::picture::UpdateHeader;
use deskside_session::{
    Answer, Choice, CustomerEnd, CustomerOutput, Grant, Journal, Now, OperatorEnd, OperatorOutput, Policy,
    See, SharerOutput, ViewerOutput,
};

use crate::hostile::{Does, every_message, says_end, sharers_row};
use crate::pair::{at, configs};

/// Both ends of a session, on a line without latency.
struct Ends {
    customer: CustomerEnd,
    operator: OperatorEnd,
    /// What the customer's own screen, and the window with the operator's, had to do.
    help: Vec<SharerOutput>,
    watched: Vec<ViewerOutput>,
    /// What the operator's window, and the operator's own screen, had to do.
    seen: Vec<ViewerOutput>,
    shown: Vec<SharerOutput>,
    now: Now,
    inputs: [Deframer; 2],
}

impl Ends {
    /// A session that has begun.
    fn new(policy: Policy) -> Self {
        let (sharer, viewer) = configs();
        let now = at(0);
        let mut ends = Self {
            customer: CustomerEnd::new(sharer, now),
            operator: OperatorEnd::new(viewer, policy, now),
            help: Vec::new(),
            watched: Vec::new(),
            seen: Vec::new(),
            shown: Vec::new(),
            now,
            inputs: [Deframer::default(), Deframer::default()],
        };
        ends.run();
        ends.customer.help.accept(true, now);
        ends.run();
        ends
    }

    /// Until nobody has anything to say.
    fn run(&mut self) {
        let now = self.now;
        loop {
            let mut is_quiet = true;
            while let Some(output) = self.customer.poll(now) {
                is_quiet = false;
                match output {
                    CustomerOutput::Help(SharerOutput::Send(bytes))
                    | CustomerOutput::Demonstration(ViewerOutput::Send(bytes)) => {
                        self.operator.help.receive(&bytes, now);
                    }
                    CustomerOutput::Demonstration(ViewerOutput::SendInput(bytes)) => {
                        self.inputs[0].push(&bytes);
                        while let Some(message) = self.inputs[0].next_message().unwrap() {
                            self.operator
                                .demonstration
                                .as_mut()
                                .unwrap()
                                .receive_input(message, now)
                                .unwrap();
                        }
                    }
                    CustomerOutput::Help(output) => self.help.push(output),
                    CustomerOutput::Demonstration(output) => self.watched.push(output),
                }
            }
            while let Some(output) = self.operator.poll(now) {
                is_quiet = false;
                match output {
                    OperatorOutput::Help(ViewerOutput::Send(bytes))
                    | OperatorOutput::Demonstration(SharerOutput::Send(bytes)) => {
                        self.customer.help.receive(&bytes, now);
                    }
                    OperatorOutput::Help(output) => self.seen.push(output),
                    OperatorOutput::Demonstration(output) => self.shown.push(output),
                }
            }
            if is_quiet {
                return;
            }
        }
    }

    fn later(&mut self, ms: u64) {
        let former = u64::try_from(self.now.monotonic.as_millis()).unwrap();
        self.now = at(former + ms);
        self.customer.tick(self.now);
        self.operator.tick(self.now);
        self.run();
    }

    /// The operator asks to show something, and the customer answers.
    fn offer(&mut self, answer: Answer) {
        self.operator.help.ask(&[Action::Demonstrate].into()).unwrap();
        self.run();
        let asked = std::mem::take(&mut self.help).into_iter().find_map(|output| match output {
            SharerOutput::Ask { request, actions, question } => Some((request, actions, question)),
            _ => None,
        });
        let (request, actions, question) = asked.unwrap();
        assert_eq!(actions, [Action::Demonstrate]);
        assert_eq!(question.title, "May Olga Nilsen show you another screen?");
        self.customer.help.answer(request, answer, self.now);
        self.run();
    }

    /// Answers the question that is open on the operator's screen.
    fn operator_answers(&mut self, expected: &[Action], answer: Answer) {
        let asked = std::mem::take(&mut self.shown).into_iter().rev().find_map(|output| match output {
            SharerOutput::Ask { request, actions, .. } => Some((request, actions)),
            _ => None,
        });
        let (request, actions) = asked.unwrap();
        assert_eq!(actions, expected);
        self.operator.demonstration.as_mut().unwrap().answer(request, answer, self.now);
        self.run();
    }

    /// The operator shows the whole screen.
    fn showing() -> (Self, Grant<See>) {
        let mut ends = Self::new(Policy::default());
        ends.offer(yes());
        ends.operator_answers(&[Action::See], yes());
        let see = std::mem::take(&mut ends.shown).into_iter().find_map(|output| match output {
            SharerOutput::SeeGranted(grant) => Some(grant),
            _ => None,
        });
        ends.later(1000);
        (ends, see.unwrap())
    }

    fn journals(&self) -> [&Journal; 4] {
        [
            self.customer.help.journal(),
            self.operator.help.journal(),
            self.customer.demonstration.as_ref().unwrap().journal(),
            self.operator.demonstration.as_ref().unwrap().journal(),
        ]
    }
}

fn yes() -> Answer {
    Answer::allow(Choice::screen())
}

fn is_grant(output: &SharerOutput) -> bool {
    use SharerOutput::{ControlGranted, PointGranted, SeeGranted};
    matches!(output, SeeGranted(_) | ControlGranted(_) | PointGranted(_))
}

/// Row L16: both people say yes, then the customer sees the operator's picture, and may be given control of it.
#[test]
fn the_operator_shows_a_screen_and_the_customer_is_given_control_of_it() {
    let (mut ends, see) = Ends::showing();
    assert_eq!(see.check(), Ok(()));
    let sharer = ends.operator.demonstration.as_mut().unwrap();
    let epoch = sharer.screen(640, 480).unwrap();
    ends.run();
    let viewer = ends.customer.demonstration.as_mut().unwrap();
    viewer.receive_update(UpdateHeader { epoch, number: 0 }, vec![1], ends.now);
    ends.run();
    assert!(ends.watched.iter().any(|output| matches!(output, ViewerOutput::Update { .. })));

    ends.customer.demonstration.as_mut().unwrap().ask(&[Action::Control].into()).unwrap();
    ends.run();
    ends.operator_answers(&[Action::Control], yes());
    let control = std::mem::take(&mut ends.shown);
    let control = control.into_iter().find_map(|output| match output {
        SharerOutput::ControlGranted(grant) => Some(grant),
        _ => None,
    });
    assert!(control.is_some(), "the operator allowed it");
    ends.later(1000);
    ends.shown.clear();
    assert!(ends.customer.demonstration.as_mut().unwrap().input(&[InputEvent::Text('x')]));
    ends.run();
    let typed = |output: &SharerOutput| matches!(output, SharerOutput::Input(events) if events == &[InputEvent::Text('x')]);
    assert!(ends.shown.iter().any(typed));
    assert!(!ends.help.iter().any(is_grant), "nothing of the customer's computer was allowed by that");
}

/// Row L16: a customer who does not want to see it sees nothing, and the operator is not even asked what to show.
#[test]
fn a_customer_who_says_no_is_shown_nothing() {
    let mut ends = Ends::new(Policy::default());
    ends.offer(Answer::Deny);
    assert!(ends.customer.demonstration.is_none() && ends.operator.demonstration.is_none());
    assert!(ends.shown.is_empty() && ends.watched.is_empty());
}

/// An operator who shows nothing after all, or stops, gives the customer's permission back: the next time is asked again.
#[test]
fn the_permission_ends_with_what_is_shown_under_it() {
    let mut ends = Ends::new(Policy::default());
    ends.offer(yes());
    ends.operator_answers(&[Action::See], Answer::Deny);
    let given_back = |output: &SharerOutput| {
        matches!(
            output,
            SharerOutput::GrantEnded { action: Action::Demonstrate, reason: GrantEnd::GivenBack, .. }
        )
    };
    assert!(ends.help.iter().any(given_back));

    ends.help.clear();
    ends.offer(yes());
    ends.operator_answers(&[Action::See], yes());
    assert!(ends.shown.iter().any(is_grant), "the second time it is shown");
    ends.operator.demonstration.as_mut().unwrap().revoke(Action::See, ends.now);
    ends.run();
    assert!(ends.help.iter().any(given_back));
    assert!(
        ends.watched
            .iter()
            .any(|output| matches!(output, ViewerOutput::GrantEnded { action: Action::See, .. }))
    );
}

/// The customer closes the window: capture ends on the operator's side, and an open question there is gone.
#[test]
fn a_customer_who_stops_watching_ends_what_is_shown() {
    let (mut ends, see) = Ends::showing();
    ends.customer.demonstration.as_mut().unwrap().ask(&[Action::Control].into()).unwrap();
    ends.run();
    ends.customer.stop_watching(ends.now);
    ends.run();
    assert!(see.check().is_err());
    assert!(ends.shown.iter().any(|output| matches!(output, SharerOutput::CloseQuestion(_))));
    assert!(ends.operator.demonstration.as_ref().unwrap().is_active(), "there may be another one");
    let sharer = ends.operator.demonstration.as_mut().unwrap();
    assert_eq!(sharer.screen(640, 480), None);

    // A program that asks all the same is refused without a question.
    ends.shown.clear();
    ends.customer.demonstration.as_mut().unwrap().ask(&[Action::See].into()).unwrap();
    ends.run();
    assert!(!ends.shown.iter().any(|output| matches!(output, SharerOutput::Ask { .. })));
    let unavailable = ViewerOutput::Answered {
        request: deskside_proto::RequestId(3),
        action: Action::See,
        verdict: Verdict::Unavailable,
    };
    assert!(ends.watched.contains(&unavailable));
}

/// Row B4: the demonstration's journal is sealed by both, names the entry that allowed it, and can be read.
#[test]
fn a_demonstration_has_a_journal_that_follows_the_sessions() {
    for is_customer in [true, false] {
        let (mut ends, _see) = Ends::showing();
        if is_customer {
            ends.customer.help.end(SessionEnd::Customer, ends.now);
        } else {
            ends.operator.help.end(SessionEnd::Operator, ends.now);
        }
        ends.run();
        assert!(ends.customer.is_over() && ends.operator.is_over(), "at once, without waiting");
        let [customers, operators, watched, shown] = ends.journals();
        assert_eq!(customers, operators);
        assert_eq!(watched, shown);
        for journal in [customers, shown] {
            assert_eq!(journal.verify(), Ok(()));
            assert_eq!(journal.sealed_by(), (true, true));
        }
        assert!(shown.follows(customers) && !customers.follows(shown) && !shown.follows(shown));
        assert_eq!(Journal::decode(&shown.encode()).as_ref(), Ok(shown));
        let text = shown.to_text(time::UtcOffset::UTC);
        for words in
            ["demonstration journal", "the customer asked to see the screen", "the operator allowed it"]
        {
            assert!(text.contains(words), "{words}: {text}");
        }
        let answered = |event: &Event| matches!(event, Event::Answered { verdict: Verdict::Allowed(_), .. });
        assert!(customers.entries().any(|entry| answered(&entry.event)));
    }
}

/// What the packet forbids cannot be done on the operator's screen either.
#[test]
fn the_packets_policy_binds_both_directions() {
    let mut ends = Ends::new(Policy { forbidden: [Action::Control].into(), longest: None });
    ends.offer(yes());
    ends.operator_answers(&[Action::See], yes());
    for action in [Action::Control, Action::Demonstrate] {
        ends.customer.demonstration.as_mut().unwrap().ask(&[action].into()).unwrap();
        ends.run();
    }
    assert!(!ends.shown.iter().any(|output| matches!(output, SharerOutput::Ask { .. })));
}

/// T15 with the roles swapped: no message of a hostile customer makes a grant on the operator's screen, and each does
/// there what it does to a customer.
#[test]
fn t15_no_message_of_a_demonstration_makes_a_grant() {
    for message in every_message() {
        let mut ends = Ends::showing().0;
        ends.shown.clear();
        let wrapped = Control::Demonstration(message.encode());
        ends.operator.help.receive(&frame(&wrapped.encode()).unwrap(), ends.now);
        let mut ends_it = false;
        while let Some(output) = ends.operator.poll(ends.now) {
            match output {
                OperatorOutput::Demonstration(SharerOutput::Ended(_)) => ends_it = true,
                OperatorOutput::Demonstration(output) => {
                    assert!(!is_grant(&output), "{message:?} made a grant");
                }
                OperatorOutput::Help(ViewerOutput::Send(bytes)) => ends_it |= says_end(&bytes),
                OperatorOutput::Help(_) => {}
            }
        }
        let [.., granted, _, _] = sharers_row(&message);
        let is_over = ends_it || !ends.operator.demonstration.as_ref().unwrap().is_active();
        assert_eq!(is_over, granted == Does::Ends, "{message:?}");
    }
}

/// A message of a demonstration cannot hold another, and what cannot be read ends the session.
#[test]
fn a_message_within_a_message_within_a_message_ends_the_session() {
    let (mut ends, _see) = Ends::showing();
    let nested = Control::Demonstration(Control::Demonstration(Control::Accepted.encode()).encode());
    ends.customer.help.receive(&frame(&nested.encode()).unwrap(), ends.now);
    ends.run();
    assert!(!ends.customer.help.is_active());
    let (mut ends, _see) = Ends::showing();
    ends.operator.help.receive(&frame(&Control::Demonstration(vec![0xff; 9]).encode()).unwrap(), ends.now);
    ends.run();
    assert!(!ends.operator.help.is_active());
}

/// Who breaks a rule within a demonstration has broken it for the session: nothing waits until the other end says so,
/// too.
#[test]
fn a_broken_rule_within_a_demonstration_ends_the_session_at_once() {
    let (mut ends, _see) = Ends::showing();
    let broken = frame(&Control::Demonstration(vec![0xff; 9]).encode()).unwrap();
    ends.customer.help.receive(&broken, ends.now);
    while ends.customer.poll(ends.now).is_some() {}
    assert!(!ends.customer.help.is_active());
    ends.operator.help.receive(&broken, ends.now);
    while ends.operator.poll(ends.now).is_some() {}
    assert!(!ends.operator.help.is_active());
}

/// An honest race: the operator's yes is under way while the customer stops watching. Nothing is shown, and the session
/// goes on.
#[test]
fn a_yes_that_comes_after_the_customer_has_stopped_is_given_back() {
    let mut ends = Ends::new(Policy::default());
    ends.offer(yes());
    let asked = std::mem::take(&mut ends.shown).into_iter().find_map(|output| match output {
        SharerOutput::Ask { request, .. } => Some(request),
        _ => None,
    });
    // The operator says yes; nothing is delivered yet.
    ends.operator.demonstration.as_mut().unwrap().answer(asked.unwrap(), yes(), ends.now);
    // At the same time the customer closes the window.
    ends.customer.stop_watching(ends.now);
    ends.run();
    let ended = |outputs: &[SharerOutput]| outputs.iter().any(|o| matches!(o, SharerOutput::Ended(_)));
    assert!(ends.customer.help.is_active() && !ended(&ends.help), "an honest race ended the session");
}

/// What the customer has given back is not used any more, even if the operator's program never says that it has ended.
#[test]
fn nothing_is_typed_under_control_that_was_given_back() {
    let (mut ends, _see) = Ends::showing();
    ends.customer.demonstration.as_mut().unwrap().ask(&[Action::Control].into()).unwrap();
    ends.run();
    ends.operator_answers(&[Action::Control], yes());
    ends.later(1000);
    ends.customer.stop_watching(ends.now);
    // The hostile operator's program answers nothing.
    while ends.customer.poll(ends.now).is_some() {}
    let viewer = ends.customer.demonstration.as_mut().unwrap();
    assert!(!viewer.input(&[InputEvent::Text('x')]), "keys are sent under a grant that was given back");
}

/// The same of pictures, and of the cursor.
#[test]
fn nothing_is_decoded_once_the_customer_has_stopped() {
    let (mut ends, _see) = Ends::showing();
    let epoch = ends.operator.demonstration.as_mut().unwrap().screen(64, 48).unwrap();
    ends.run();
    ends.customer.stop_watching(ends.now);
    while ends.customer.poll(ends.now).is_some() {}
    let now = ends.now;
    let viewer = ends.customer.demonstration.as_mut().unwrap();
    viewer.receive_update(UpdateHeader { epoch, number: 0 }, vec![1], now);
    let mut fed = false;
    while let Some(output) = ends.customer.poll(now) {
        fed |= matches!(output, CustomerOutput::Demonstration(ViewerOutput::Update { .. }));
    }
    assert!(!fed, "a picture is decoded that the customer has stopped");
    // A cursor shape
    let shape = Control::CursorMoved { x: 1, y: 1 };
    ends.customer.help.receive(&frame(&Control::Demonstration(shape.encode()).encode()).unwrap(), now);
    let mut fed = false;
    while let Some(output) = ends.customer.poll(now) {
        fed |= matches!(output, CustomerOutput::Demonstration(ViewerOutput::CursorMoved { .. }));
    }
    assert!(!fed, "cursor is told that the customer has stopped");
}

/// An operator who has said no three times in a row is not asked for a while: the customer's permission ends all the same.
#[test]
fn a_permission_under_which_nothing_is_asked_ends() {
    let mut ends = Ends::new(Policy::default());
    for _ in 0..3 {
        ends.offer(yes());
        ends.operator_answers(&[Action::See], Answer::Deny);
    }
    ends.offer(yes());
    ends.later(60_000);
    let given_back = ends
        .help
        .iter()
        .any(|output| matches!(output, SharerOutput::GrantEnded { action: Action::Demonstrate, .. }));
    assert!(given_back, "nothing is shown and nothing asked, but the permission lives on");
}

/// A flood of what costs the window's time ends, before the person behind it cannot stop any more: pointers are passed
/// over, and whatever no honest program repeats so often ends the session.
#[test]
fn a_flood_does_not_reach_the_customers_window() {
    let (mut ends, _see) = Ends::showing();
    let wrapped = |message: &Control| frame(&Control::Demonstration(message.encode()).encode()).unwrap();
    for x in 0..10_000 {
        ends.customer.help.receive(&wrapped(&Control::CursorMoved { x: x % 100, y: 1 }), ends.now);
    }
    ends.run();
    let moved =
        ends.watched.iter().filter(|output| matches!(output, ViewerOutput::CursorMoved { .. })).count();
    assert!((1..=600).contains(&moved), "{moved}");
    assert!(ends.customer.help.is_active());
    ends.later(10_000);
    for round in 0..1000 {
        ends.customer.help.receive(&wrapped(&Control::Paused(round % 2 == 0)), ends.now);
    }
    ends.run();
    assert!(!ends.customer.help.is_active());
}
