//! What can go wrong between the code and the first question. Each has words that say what to do.

use std::time::Duration;

use deskside_net::sharing;
use deskside_net::{PathChoice, customer, operator};
use deskside_proto::Code;
use deskside_proto::journal::SessionEnd;
use deskside_testkit::organisation::Organisation;
use deskside_trust::Secret;

use crate::ends::{Customer, Place, read_descriptor};

fn another(code: &Code) -> Code {
    let number: u32 = code.expose().parse().unwrap();
    Code::from_number((number + 1) % Code::COUNT).unwrap()
}

/// Row P5: a wrong code leads nowhere, and the right one still works afterwards.
#[test]
fn a_wrong_code_is_refused_in_words_and_the_right_one_still_works() {
    let place = Place::new();
    let operator = place.operator(PathChoice::Tls);
    operator.log_in();
    let code = operator.new_code();
    let customer = place.customer(PathChoice::Tls);
    customer.join(another(&code));
    let words = customer.failure();
    assert!(words.to_lowercase().contains("code"), "{words}");
    customer.join(code);
    customer.wait(|e| if let customer::Event::Operator(_) = e { Ok(()) } else { Err(e) });
}

/// Rows P5, N6, L5: a code works once; a second customer with the same code gets nowhere.
#[test]
fn t06_a_second_customer_with_the_same_code_gets_nowhere() {
    let place = Place::new();
    let operator = place.operator(PathChoice::Tls);
    operator.log_in();
    let code = operator.new_code();
    let first = place.customer(PathChoice::Tls);
    first.join(code.clone());
    first.wait(|e| if let customer::Event::Operator(_) = e { Ok(()) } else { Err(e) });
    let second = place.customer(PathChoice::Tls);
    second.join(code);
    assert!(second.failure().to_lowercase().contains("code"));
}

#[test]
fn a_wrong_password_is_refused_in_words() {
    let place = Place::new();
    let operator = place.operator(PathChoice::Tls);
    let password = Secret::new("not the password".into());
    operator.handle.send(operator::Command::Login { user: Organisation::USER.into(), password });
    let words = operator.wait(|event| match event {
        operator::Event::LoginFailed(problem) => Ok(problem.to_string()),
        other => Err(other),
    });
    assert!(words.to_lowercase().contains("password"), "{words}");
    operator.handle.send(operator::Command::NewSession);
    operator.wait(|event| if let operator::Event::LoggedOut = event { Ok(()) } else { Err(event) });
}

/// The operator gives up before the customer types the code: the code is dead.
#[test]
fn a_code_that_was_taken_back_is_refused() {
    let place = Place::new();
    let operator = place.operator(PathChoice::Tls);
    operator.log_in();
    let code = operator.new_code();
    operator.handle.send(operator::Command::CancelSession);
    // Taking back is asynchronous; a new code is only given when it is done.
    let next = operator.new_code();
    let customer = place.customer(PathChoice::Tls);
    customer.join(code);
    assert!(customer.failure().to_lowercase().contains("code"));
    customer.join(next);
    customer.wait(|e| if let customer::Event::Operator(_) = e { Ok(()) } else { Err(e) });
}

/// The operator is gone while the customer still reads who is asking.
#[test]
fn an_operator_who_goes_while_the_customer_decides_ends_it_cleanly() {
    let place = Place::new();
    let operator = place.operator(PathChoice::Tls);
    operator.log_in();
    let customer = place.customer(PathChoice::Tls);
    customer.join(operator.new_code());
    customer.wait(|e| if let customer::Event::Operator(_) = e { Ok(()) } else { Err(e) });
    operator.handle.send(operator::Command::EndSession);
    customer.wait(|event| match event {
        customer::Event::Help(sharing::Event::Ended { reason: SessionEnd::Operator, .. }) => Ok(()),
        other => Err(other),
    });
}

#[test]
fn a_server_that_is_not_there_is_named() {
    let place = Place::new();
    let descriptor = place.descriptor();
    let server = descriptor.brokers()[0].clone();
    drop(place);
    let customer = Customer::start(descriptor, PathChoice::Auto);
    customer.join(Code::from_number(123_456).unwrap());
    let words = customer.failure();
    assert!(words.contains(&format!("{}:{}", server.host, server.port)), "{words}");
    assert!(words.contains("cannot be reached"), "{words}");
}

/// Row N1: a server with another organisation's certificate is refused before anything is sent to it.
#[test]
fn t01_a_server_of_another_organisation_is_refused() {
    let place = Place::new();
    let other = tempfile::TempDir::new().unwrap();
    let server = place.descriptor().brokers()[0].clone();
    let other = Organisation::at(&other.path().join("other"), &server.host, server.port).unwrap();
    let customer = Customer::start(read_descriptor(&other.packet().unwrap()), PathChoice::Tls);
    customer.join(Code::from_number(123_456).unwrap());
    let words = customer.failure();
    assert!(words.contains("is not the one that this program belongs to"), "{words}");
}

/// Closing the program while it waits for a customer ends its network side at once.
#[test]
fn a_program_that_stops_while_it_waits_leaves_no_thread() {
    let place = Place::new();
    let operator = place.operator(PathChoice::Auto);
    operator.log_in();
    operator.new_code();
    let (done, waiting) = std::sync::mpsc::channel();
    std::thread::spawn(move || {
        drop(operator);
        done.send(()).unwrap();
    });
    waiting.recv_timeout(Duration::from_secs(10)).unwrap();
}
