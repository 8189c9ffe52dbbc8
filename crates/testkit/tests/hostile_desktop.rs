//! The customer's program on a desktop that is not on the customer's side: hands that are not the
//! customer's, a display that goes away, and a helper who does.

#[cfg(test)]
mod hostile_desktop {
    use std::time::Duration;

    use deskside_testkit::hand::Hand;
    use deskside_testkit::scenario::{self, Person, Stage};
    use deskside_testkit::wait::{holds_for, wait_until};
    use rustix::process::Signal;
    use tempfile::TempDir;

    const PATIENCE: Duration = Duration::from_secs(30);

    /// A click as a program makes it, inside the customer's display.
    fn click_from_inside(stage: &Stage, (x, y): (i32, i32)) {
        let place = [x.to_string(), y.to_string()];
        let inside = Hand::at(stage.customer.display().name());
        inside.act(&["mousemove", &place[0], &place[1], "click", "1"]).unwrap();
    }

    /// Answers by everything that is not the customer's own hand, and checks that nothing was answered.
    fn nobody_elses_yes_counts(stage: &Stage, customer: &Person<'_>, yes: &str) {
        let button = customer.sees_button(yes).unwrap();
        let centre = button.rect.unwrap().centre();
        let injected = Hand::at(stage.customer.display().name());
        // For longer than the buttons are dead.
        holds_for("the question", Duration::from_millis(1000), || customer.sees_button(yes).is_ok()).unwrap();
        for round in 0..25 {
            click_from_inside(stage, centre);
            // Whether the program claims to have taken it is its own affair; it must not do it.
            drop(customer.eyes().act(&button));
            if round % 5 == 0 {
                injected.keys(&["Tab", "Return"]).unwrap();
                injected.keys(&["Tab", "space"]).unwrap();
            }
        }
    }

    /// T21; rows B3, B8: injected clicks and keys, and actions of assistive technology, never say yes; the
    /// customer's own hand does.
    #[test]
    fn t21_only_the_customers_own_hand_says_yes() {
        let folder = TempDir::new().unwrap();
        let stage = Stage::set(folder.path(), None).unwrap();
        let (operator, customer) = scenario::introduce(&stage).unwrap();
        let is_asked = || {
            let widgets = customer.eyes().widgets(customer.program().id()).unwrap();
            widgets.iter().any(|widget| widget.name == "Accept")
        };
        let button = customer.sees_button("Accept").unwrap();
        let centre = button.rect.unwrap().centre();
        holds_for("who is asking", Duration::from_millis(1000), is_asked).unwrap();
        for _ in 0..25 {
            click_from_inside(&stage, centre);
            drop(customer.eyes().act(&button));
        }
        holds_for("nothing was accepted", Duration::from_millis(1000), is_asked).unwrap();
        customer.answers("Accept").unwrap();

        operator.clicks("Ask to see").unwrap();
        nobody_elses_yes_counts(&stage, &customer, "Allow");
        let sees = || {
            let shown = operator.eyes().widgets(operator.program().id()).unwrap();
            shown.iter().any(|widget| widget.words().contains("Seeing the screen"))
        };
        assert!(!sees());

        // A thousand more, from before the next question until long after its buttons are alive.
        let (x, y) = customer.sees_button("Allow").unwrap().rect.unwrap().centre();
        customer.answers("Deny").unwrap();
        operator.sees_button("Ask to see").unwrap();
        let inside = Hand::at(stage.customer.display().name());
        std::thread::scope(|scope| {
            scope.spawn(|| {
                let place = [x.to_string(), y.to_string()];
                let clicks = ["click", "--repeat", "1000", "--delay", "2", "1"];
                inside.act(&[&["mousemove", &place[0], &place[1]], &clicks[..]].concat()).unwrap();
            });
            operator.clicks("Ask to see").unwrap();
        });
        let (left, top) = customer.sees_button("Allow").unwrap().rect.unwrap().centre();
        assert!((left - x).abs() < 40 && (top - y).abs() < 15, "they missed the button");
        assert!(!sees());
        customer.answers("Allow").unwrap();
        wait_until("the own hand says yes", PATIENCE, sees).unwrap();
    }

    /// The display that is shown goes away in mid-session: the operator is told why, both journals are kept,
    /// and no process of the customer's program is left.
    #[test]
    fn a_display_that_goes_away_ends_the_session_and_says_so() {
        let folder = TempDir::new().unwrap();
        let stage = Stage::set(folder.path(), None).unwrap();
        let (operator, customer) = scenario::watch(&stage).unwrap();
        stage.customer.display().server().unwrap().signal(Signal::KILL).unwrap();
        operator.sees("The customer's screen went away").unwrap();
        wait_until("no process is left", PATIENCE, || customer.program().group_members().is_empty()).unwrap();
        let journals = stage.customer.home().join(".local/share/deskside/journals");
        let text = std::fs::read_dir(journals)
            .unwrap()
            .flatten()
            .map(|entry| entry.path())
            .find(|path| path.extension().is_some_and(|end| end == "txt"))
            .map(|path| std::fs::read_to_string(path).unwrap());
        assert!(text.unwrap().contains("the screen that was shown went away"));
    }

    /// The operator's program dies between reading out the code and the customer's typing it: the customer is
    /// told what to do, and no window waits for somebody who is not there.
    #[test]
    fn a_helper_who_is_gone_before_the_code_is_typed_is_not_waited_for() {
        let folder = TempDir::new().unwrap();
        let stage = Stage::set(folder.path(), None).unwrap();
        let (operator, code) = scenario::wait_with_a_code(&stage).unwrap();
        operator.program().signal(Signal::KILL).unwrap();
        let customer = stage.start_customer().unwrap();
        customer.types_into("Six-digit code", &code).unwrap();
        customer.hand().keys(&["Return"]).unwrap();
        customer.sees("The helper is not connected any more. Ask for a new code and try again.").unwrap();
        customer.types_into("Six-digit code", "").unwrap();
    }
}
