//! The main job on real input: the real programs, a real server, real displays, hands outside.

#[cfg(test)]
mod real_session {
    use std::time::Duration;

    use deskside_testkit::clipboard;
    use deskside_testkit::scenario::{self, Stage};
    use deskside_testkit::wait::holds_for;
    use tempfile::TempDir;

    /// Rows P5, P6, W2, N8, N11, N12, L3, L13, B8: the whole session, over the given path.
    fn session(path: &str) {
        let folder = TempDir::new().unwrap();
        let outcome = Stage::set(folder.path(), Some(path))
            .and_then(|stage| scenario::run(&stage, &mut |step| eprintln!("{step}")));
        let account = outcome.map_err(|error| {
            // What a person would want to look at, after the guard has removed everything else.
            let kept = folder.keep();
            format!("{error:#}\nkept in {}", kept.display())
        });
        let account = account.unwrap_or_else(|error| panic!("{error}"));
        eprintln!("{account}");
        assert!(account.first_picture.unwrap() < Duration::from_secs(5));
        assert!(account.f11.unwrap() < Duration::from_secs(2));
        let [customer, operator] = account.journals.as_slice() else { panic!("two journals") };
        for journal in [customer, operator] {
            assert!(journal.contains("Anna Berg"), "{journal}");
        }
    }

    #[test]
    fn one_person_helps_another_through_the_tls_tunnel() {
        session("tls");
    }

    #[test]
    fn one_person_helps_another_over_udp() {
        session("udp");
    }

    /// Rows W3, W4, N8, N9, B7: one program is shown and controlled, then everything, and the operator draws.
    #[test]
    fn a_customer_shows_one_program_and_not_the_others() {
        let folder = TempDir::new().unwrap();
        let outcome = Stage::set(folder.path(), None)
            .and_then(|stage| scenario::narrow(&stage, &mut |step| eprintln!("{step}")));
        if let Err(error) = outcome {
            panic!("{error:#}\nkept in {}", folder.keep().display());
        }
        if std::env::var_os("DESKSIDE_PICTURES").is_some() {
            eprintln!("pictures in {}", folder.keep().display());
        }
    }

    /// T31: what is on one computer's clipboard never comes to the other's, neither by itself nor by keys that copy
    /// and paste on one of them: there is no message that could carry it.
    #[test]
    fn t31_nothing_of_a_clipboard_crosses_to_the_other_computer() {
        let folder = TempDir::new().unwrap();
        let stage = Stage::set(folder.path(), None).unwrap();
        let (operator, customer) = scenario::watch(&stage).unwrap();
        operator.clicks("Ask to control").unwrap();
        customer.answers("Allow").unwrap();
        operator.sees("In control").unwrap();
        // Large enough to be sent in parts, and a kind that is no plain text.
        let long = "canary ".repeat(200_000);
        let kinds =
            [("UTF8_STRING", "theirs"), ("text/html", "<b>theirs</b>"), ("UTF8_STRING", long.as_str())];
        for (kind, theirs) in kinds {
            let _owners = [
                clipboard::own(&stage.customer, kind, theirs).unwrap(),
                clipboard::own(&stage.operator, "UTF8_STRING", "ours").unwrap(),
            ];
            // Pressed over the picture they are keys of the customer's computer, and nothing else.
            let view = stage.operator.display().window("Deskside Operator").unwrap().rect;
            operator.hand().click(view.centre()).unwrap();
            operator.hand().keys(&["ctrl+c", "ctrl+v", "ctrl+x", "shift+Insert"]).unwrap();
            stage.customer.hand().keys(&["ctrl+c", "ctrl+v"]).unwrap();
            holds_for("each keeps its own", Duration::from_millis(700), || {
                clipboard::read(&stage.operator, "UTF8_STRING").unwrap() == "ours"
                    && clipboard::read(&stage.customer, kind).unwrap() == theirs
            })
            .unwrap();
        }
    }

    /// Row L16: the operator shows a screen, is asked as a customer is, and the customer types there.
    #[test]
    fn an_operator_shows_a_screen_and_lets_the_customer_type_there() {
        let folder = TempDir::new().unwrap();
        let outcome = Stage::set_for_two(folder.path())
            .and_then(|stage| scenario::demonstrate(&stage, &mut |step| eprintln!("{step}")));
        if let Err(error) = outcome {
            panic!("{error:#}\nkept in {}", folder.keep().display());
        }
        if std::env::var_os("DESKSIDE_PICTURES").is_some() {
            eprintln!("pictures in {}", folder.keep().display());
        }
    }

    /// Rows N12, L3: closing the panel is the end, for good, and nothing is left of the program.
    #[test]
    fn t17_closing_the_panel_ends_the_session_and_leaves_no_process() {
        let folder = TempDir::new().unwrap();
        let stage = Stage::set(folder.path(), None).unwrap();
        let (operator, mut customer) = scenario::watch(&stage).unwrap();
        let panel = stage.customer.display().window("Anna Berg").unwrap().rect;
        let right = i32::try_from(panel.x + panel.width).unwrap();
        // The window manager's own cross, in the frame above the window.
        stage.customer.hand().click((right - 8, i32::try_from(panel.y).unwrap() - 9)).unwrap();
        operator.sees("The customer ended the session").unwrap();
        customer.clicks("Close").unwrap();
        customer.leaves_nothing(Duration::from_secs(20)).unwrap();
    }
}
