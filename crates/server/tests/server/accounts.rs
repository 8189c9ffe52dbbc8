//! `deskside-server user`.

use std::os::unix::fs::PermissionsExt;

use crate::lab::Lab;

fn list(lab: &Lab) -> String {
    let output = lab.finish(&["user", "list"], "");
    assert!(output.status.success());
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn accounts_come_and_go() {
    let lab = Lab::new();
    assert!(lab.finish(&["user", "add", "anna"], "correct horse battery\n").status.success());
    assert!(lab.finish(&["user", "add", "bert"], "correct horse battery\nignored\n").status.success());
    assert!(list(&lab).lines().all(|line| line.contains("enabled")) && list(&lab).lines().count() == 2);
    assert!(lab.finish(&["user", "disable", "anna"], "").status.success());
    assert!(list(&lab).contains("anna  disabled"), "{}", list(&lab));
    assert!(lab.finish(&["user", "enable", "anna"], "").status.success());
    assert!(list(&lab).contains("anna  enabled"));
    assert!(lab.finish(&["user", "passwd", "anna"], "another good one\n").status.success());
    let mode = std::fs::metadata(lab.path("deskside.db")).unwrap().permissions().mode();
    assert_eq!(mode & 0o077, 0, "the database is for its owner alone");
}

#[test]
fn what_cannot_be_done_is_said_with_what_to_do() {
    let lab = Lab::new();
    assert!(lab.finish(&["user", "add", "anna"], "correct horse battery\n").status.success());
    for (arguments, input, says) in [
        (["user", "add", "Anna"], "correct horse battery\n", "already"),
        (["user", "add", "bert"], "short\n", "at least 10 characters"),
        (["user", "add", "bert"], "", "at least 10 characters"),
        (["user", "add", "b e r t"], "correct horse battery\n", "account name"),
        (["user", "disable", "bert"], "", "There is no account \"bert\""),
        (["user", "passwd", "bert"], "correct horse battery\n", "user list"),
    ] {
        let output = lab.finish(&arguments, input);
        let text = String::from_utf8(output.stderr).unwrap();
        assert!(!output.status.success() && text.contains(says), "{arguments:?}: {text}");
        assert!(!text.contains("correct horse"), "{text}");
    }
    assert_eq!(list(&lab).lines().count(), 1);
}

#[test]
fn a_password_cannot_be_given_on_the_command_line() {
    let lab = Lab::new();
    for arguments in [
        &["user", "add", "anna", "correct horse battery"][..],
        &["user", "add", "anna", "--password", "correct horse battery"],
    ] {
        assert!(!lab.finish(arguments, "").status.success());
    }
    assert_eq!(list(&lab), "");
}
