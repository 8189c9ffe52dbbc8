//! Whole sessions over each path.

use std::time::Duration;

use deskside_net::{PathChoice, PictureSink, Purpose, Readiness, customer, operator};
use deskside_net::{sharing, viewing};
use deskside_proto::input::InputEvent;
use deskside_proto::journal::{Action, SessionEnd, Verdict};
use deskside_proto::shown::{AreaNote, ScopeNote};
use deskside_session::{Answer, ApplicationId, Choice, Scope};
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
    operator.wait(|event| {
        if let operator::Event::Help(viewing::Event::Started) = event { Ok(()) } else { Err(event) }
    });
    (operator, customer)
}

pub(crate) fn allow(operator: &Operator, customer: &Customer, action: Action) {
    operator.handle.send(operator::Command::Help(viewing::Command::Ask([action].into())));
    let request = customer.wait(|event| match event {
        customer::Event::Help(sharing::Event::Question { request, actions, .. }) => {
            Ok((actions == [action]).then_some(request))
        }
        other => Err(other),
    });
    customer.handle.send(customer::Command::Help(sharing::Command::Answer {
        request: request.unwrap(),
        answer: Answer::allow(Choice::screen()),
    }));
    operator.wait(|event| match event {
        operator::Event::Help(viewing::Event::Answered { verdict: Verdict::Allowed(_), .. }) => Ok(()),
        other => Err(other),
    });
}

/// Allows seeing; gives where the picture goes.
pub(crate) fn show(operator: &Operator, customer: &Customer) -> PictureSink {
    allow(operator, customer, Action::See);
    granted(customer)
}

fn granted(customer: &Customer) -> PictureSink {
    customer.wait(|event| match event {
        customer::Event::Help(sharing::Event::SeeGranted { picture, .. }) => Ok(picture),
        other => Err(other),
    })
}

/// T29, T30, row N9: what was captured before the customer showed less does not arrive afterwards, however late
/// it is handed over, and not even when it was under way.
#[test]
fn t30_nothing_of_a_wider_view_arrives_after_the_customer_has_narrowed_it() {
    let place = Place::new();
    let (operator, customer) = begin(&place, PathChoice::Udp);
    let mut wide = show(&operator, &customer);
    assert!(matches!(wide.wait_ready(Purpose::Change, Duration::from_secs(5)), Readiness::Ready { .. }));
    wide.screen(640, 480);
    for round in 1..=20u32 {
        // Large ones, so that many of them are still under way.
        (0..8).for_each(|_| wide.send_update(vec![0x11; 200_000]));
        let area = AreaNote::Applications(vec![format!("Editor {round}")]);
        let note = ScopeNote { area, ..ScopeNote::screen() };
        let scope = Scope::applications([ApplicationId(u64::from(round))]);
        customer
            .handle
            .send(customer::Command::Help(sharing::Command::Rescope(Choice { scope, note: note.clone() })));
        wide.screen(640, 480);
        wide.send_update(vec![0x11; 1000]);
        let narrow = granted(&customer);
        wide.screen(640, 480);
        wide.send_update(vec![0x11; 1000]);
        assert!(matches!(
            narrow.wait_ready(Purpose::Change, Duration::from_secs(5)),
            Readiness::Ready { .. }
        ));
        narrow.screen(320, 240);
        narrow.send_update(vec![0x22; 1000]);
        operator.wait(|event| match event {
            operator::Event::Help(viewing::Event::Scoped { scope, .. }) if scope == note => Ok(()),
            other => Err(other),
        });
        let epoch = operator.wait(|event| match event {
            operator::Event::Help(viewing::Event::Update { body, .. }) if body[0] == 0x11 => {
                panic!("round {round}: of the wider view")
            }
            operator::Event::Help(viewing::Event::Screen { epoch, width: 320, .. }) => Ok(epoch),
            other => Err(other),
        });
        operator.wait(|event| match event {
            operator::Event::Help(viewing::Event::Update { epoch: of, body, .. }) => {
                assert_eq!((of, body[0]), (epoch, 0x22));
                Ok(())
            }
            other => Err(other),
        });
        operator.handle.send(operator::Command::Help(viewing::Command::Shown { epoch, number: 0 }));
        // The next round begins with everything again.
        customer.handle.send(customer::Command::Help(sharing::Command::Rescope(Choice::screen())));
        wide = granted(&customer);
        assert!(matches!(wide.wait_ready(Purpose::Change, Duration::from_secs(5)), Readiness::Ready { .. }));
        wide.screen(640, 480);
    }
}

/// Rows P5, P6, N2, N8, L10, B2: from the code to the picture, input and the sealed journal.
fn whole_session(path: PathChoice) {
    let place = Place::new();
    let (operator, customer) = begin(&place, path);
    let picture = show(&operator, &customer);
    assert!(matches!(picture.wait_ready(Purpose::Change, Duration::from_secs(5)), Readiness::Ready { .. }));
    picture.screen(640, 480);
    let bodies: Vec<Vec<u8>> = (0..50u8).map(|n| vec![n; 1000 * usize::from(n % 7) + 1]).collect();
    bodies.iter().for_each(|body| picture.send_update(body.clone()));
    for (expected, sent) in (0u32..).zip(&bodies) {
        let (epoch, number, body) = operator.wait(|event| match event {
            operator::Event::Help(viewing::Event::Update { epoch, number, body }) => {
                Ok((epoch, number, body))
            }
            other => Err(other),
        });
        assert_eq!((number, &body), (expected, sent));
        operator.handle.send(operator::Command::Help(viewing::Command::Shown { epoch, number }));
    }

    allow(&operator, &customer, Action::Control);
    operator.wait(|event| {
        if let operator::Event::Help(viewing::Event::Suspended(None)) = event { Ok(()) } else { Err(event) }
    });
    operator.handle.send(operator::Command::Help(viewing::Command::Input(vec![InputEvent::Text('✓')])));
    customer.wait(|event| match event {
        customer::Event::Help(sharing::Event::Input(events)) => {
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
        operator::Event::Help(viewing::Event::Ended { reason: SessionEnd::Customer, journal }) => Ok(journal),
        other => Err(other),
    });
    let ours = customer.wait(|event| match event {
        customer::Event::Help(sharing::Event::Ended { reason: SessionEnd::Customer, journal }) => Ok(journal),
        other => Err(other),
    });
    assert_eq!(ours, theirs);
    assert_eq!((ours.sealed_by(), ours.verify()), ((true, true), Ok(())));
    assert_eq!(picture.wait_ready(Purpose::Change, Duration::from_secs(5)), Readiness::Closed);
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
            operator::Event::Help(viewing::Event::Ended { reason: SessionEnd::Refused, .. }) => Ok(()),
            other => Err(other),
        });
    }
}

/// The operator's program dies: the customer is told, nothing goes on.
#[test]
fn a_lost_operator_ends_the_customers_session() {
    let place = Place::new();
    let (operator, customer) = begin(&place, PathChoice::Tls);
    let picture = show(&operator, &customer);
    drop(operator);
    customer.wait(|event| match event {
        customer::Event::Help(sharing::Event::Ended { reason: SessionEnd::Operator, .. }) => Ok(()),
        other => Err(other),
    });
    assert_eq!(picture.wait_ready(Purpose::Change, Duration::from_secs(5)), Readiness::Closed);
}

/// The server dies: both sides end by themselves.
#[test]
fn a_lost_relay_ends_the_session_on_both_sides() {
    let place = Place::new();
    let (operator, customer) = begin(&place, PathChoice::Tls);
    let Place { server, folder, .. } = place;
    drop(server);
    operator.wait(|event| match event {
        operator::Event::Help(viewing::Event::Ended { reason: SessionEnd::ConnectionLost, journal }) => {
            assert_eq!(journal.sealed_by(), (false, false));
            Ok(())
        }
        other => Err(other),
    });
    customer.wait(|event| match event {
        customer::Event::Help(sharing::Event::Ended { reason: SessionEnd::ConnectionLost, .. }) => Ok(()),
        other => Err(other),
    });
    drop(folder);
}
