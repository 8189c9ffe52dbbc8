//! Whole sessions over each path.

use std::time::Duration;

use deskside_net::{PathChoice, Readiness, customer, operator};
use deskside_proto::input::InputEvent;
use deskside_proto::journal::{Action, SessionEnd, Verdict};
use deskside_session::{Answer, Choice};
use deskside_testkit::organisation::Organisation;

use crate::ends::{Customer, Operator, Place};

/// A session in which seeing and control were allowed.
pub(crate) fn begin(place: &Place, path: PathChoice) -> (Operator, Customer) {
    let operator = place.operator(path);
    operator.log_in();
    let customer = place.customer(path);
    customer.join(operator.new_code());
    customer.wait(|event| match event {
        customer::Event::Operator(identity) => {
            assert_eq!(identity.name, Organisation::OPERATOR);
            assert_eq!(identity.organisation, Organisation::NAME);
            Ok(())
        }
        other => Err(other),
    });
    customer.handle.send(customer::Command::Accept(true));
    operator.wait(|event| if let operator::Event::Started = event { Ok(()) } else { Err(event) });
    (operator, customer)
}

pub(crate) fn allow(operator: &Operator, customer: &Customer, action: Action) {
    operator.handle.send(operator::Command::Ask(action));
    let request = customer.wait(|event| match event {
        customer::Event::Question { request, action: asked, .. } => Ok((asked == action).then_some(request)),
        other => Err(other),
    });
    customer.handle.send(customer::Command::Answer {
        request: request.unwrap(),
        answer: Answer::allow(Choice::screen()),
    });
    operator.wait(|event| match event {
        operator::Event::Answered { verdict: Verdict::Allowed(_), .. } => Ok(()),
        other => Err(other),
    });
}

/// Rows P5, P6, N2, N8, L10, B2: from the code to the picture, input and the sealed journal.
fn whole_session(path: PathChoice) {
    let place = Place::new();
    let (operator, customer) = begin(&place, path);
    allow(&operator, &customer, Action::See);
    let picture = customer.handle.picture();
    assert!(matches!(picture.wait_ready(Duration::from_secs(5)), Readiness::Ready { .. }));
    picture.screen(640, 480);
    let bodies: Vec<Vec<u8>> = (0..50u8).map(|n| vec![n; 1000 * usize::from(n % 7) + 1]).collect();
    bodies.iter().for_each(|body| picture.send_update(body.clone()));
    for (expected, sent) in (0u32..).zip(&bodies) {
        let (epoch, number, body) = operator.wait(|event| match event {
            operator::Event::Update { epoch, number, body } => Ok((epoch, number, body)),
            other => Err(other),
        });
        assert_eq!((number, &body), (expected, sent));
        operator.handle.send(operator::Command::Shown { epoch, number });
    }

    allow(&operator, &customer, Action::Control);
    operator.wait(|event| if let operator::Event::Suspended(None) = event { Ok(()) } else { Err(event) });
    operator.handle.send(operator::Command::Input(vec![InputEvent::Text('✓')]));
    customer.wait(|event| match event {
        customer::Event::Input(events) => {
            assert_eq!(events, [InputEvent::Text('✓')]);
            Ok(())
        }
        other => Err(other),
    });
    let quality = operator.wait(|event| match event {
        operator::Event::Quality(quality) => Ok(quality),
        other => Err(other),
    });
    match path {
        PathChoice::Tls => assert!(!quality.udp),
        PathChoice::Udp => assert!(quality.udp),
        PathChoice::Auto => {}
    }

    customer.handle.send(customer::Command::Stop);
    let theirs = operator.wait(|event| match event {
        operator::Event::Ended { reason: SessionEnd::Customer, journal } => Ok(journal),
        other => Err(other),
    });
    let ours = customer.wait(|event| match event {
        customer::Event::Ended { reason: SessionEnd::Customer, journal } => Ok(journal),
        other => Err(other),
    });
    assert_eq!(ours, theirs);
    assert_eq!((ours.sealed_by(), ours.verify()), ((true, true), Ok(())));
    assert_eq!(picture.wait_ready(Duration::from_secs(5)), Readiness::Closed);
}

#[test]
fn a_whole_session_through_the_tls_tunnel() {
    whole_session(PathChoice::Tls);
}

#[test]
fn a_whole_session_over_udp() {
    whole_session(PathChoice::Udp);
}

#[test]
fn a_whole_session_over_whatever_works() {
    whole_session(PathChoice::Auto);
}

/// Row N12: the operator can serve one customer after the other; each needs a code of its own.
#[test]
fn an_operator_helps_one_customer_after_the_other() {
    let place = Place::new();
    let operator = place.operator(PathChoice::Tls);
    operator.log_in();
    for _ in 0..3 {
        let customer = place.customer(PathChoice::Tls);
        customer.join(operator.new_code());
        customer.wait(|e| if let customer::Event::Operator(_) = e { Ok(()) } else { Err(e) });
        customer.handle.send(customer::Command::Accept(false));
        operator.wait(|event| match event {
            operator::Event::Ended { reason: SessionEnd::Refused, .. } => Ok(()),
            other => Err(other),
        });
    }
}

/// The operator's program dies: the customer is told, nothing goes on.
#[test]
fn a_lost_operator_ends_the_customers_session() {
    let place = Place::new();
    let (operator, customer) = begin(&place, PathChoice::Tls);
    allow(&operator, &customer, Action::See);
    drop(operator);
    customer.wait(|event| match event {
        customer::Event::Ended { reason: SessionEnd::Operator, .. } => Ok(()),
        other => Err(other),
    });
    assert_eq!(customer.handle.picture().wait_ready(Duration::from_secs(5)), Readiness::Closed);
}

/// The server dies: both sides end by themselves.
#[test]
fn a_lost_relay_ends_the_session_on_both_sides() {
    let place = Place::new();
    let (operator, customer) = begin(&place, PathChoice::Tls);
    let Place { server, folder, .. } = place;
    drop(server);
    operator.wait(|event| match event {
        operator::Event::Ended { reason: SessionEnd::ConnectionLost, journal } => {
            assert_eq!(journal.sealed_by(), (false, false));
            Ok(())
        }
        other => Err(other),
    });
    customer.wait(|event| match event {
        customer::Event::Ended { reason: SessionEnd::ConnectionLost, .. } => Ok(()),
        other => Err(other),
    });
    drop(folder);
}
