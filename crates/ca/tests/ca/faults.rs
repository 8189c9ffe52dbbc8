//! What can go wrong: each has a message that says what to do, and leaves nothing behind.

use std::fs::{self, File, Permissions};
use std::os::unix::fs::PermissionsExt;

use super::lab::{Lab, Run};

/// The run failed with a text that contains all of these.
fn check_refused(run: &Run, texts: &[&str]) {
    assert!(!run.ok, "{}", run.out);
    for text in texts {
        assert!(run.error.contains(text), "'{text}' in: {}", run.error);
    }
    assert_eq!(run.out, "");
}

#[test]
fn second_init_changes_nothing() {
    let lab = Lab::with_organisation();
    let (tree, key) = (lab.tree("."), lab.read("org/ca/root.key.pem"));
    check_refused(&lab.init(&[]), &["org exists already", "--out"]);
    assert_eq!((lab.tree("."), lab.read("org/ca/root.key.pem")), (tree, key));
}

#[test]
fn failed_init_leaves_nothing() {
    let lab = Lab::new();
    let before = lab.tree(".");
    check_refused(&lab.init(&["--host", "not a host"]), &["'not a host' is not a host name or an address"]);
    check_refused(
        &lab.init(&["--operator", "anna:Anna", "--operator", "anna:Anja"]),
        &["'anna' is given twice"],
    );
    check_refused(&lab.init(&["--operator", "no name"]), &["ACCOUNT:NAME"]);
    check_refused(&lab.init(&["--operator", "../x:Anna"]), &["'../x' cannot be an account"]);
    check_refused(&lab.init(&["--operator", "anna:An\u{202e}na"]), &["invisible"]);
    check_refused(&lab.init(&["--packet", "../x"]), &["'../x' cannot be a packet's name"]);
    check_refused(&lab.init(&["--acknowledgement-file", "absent"]), &["absent cannot be read"]);
    check_refused(&lab.run(&["init"]), &["--host"]);
    lab.secret_file("ca.pass", "short");
    check_refused(&lab.init(&[]), &["too short", "10 characters"]);
    assert_eq!(lab.tree("."), before);
}

#[test]
fn init_into_a_folder_that_cannot_be_written_leaves_nothing() {
    let lab = Lab::new();
    let before = lab.tree(".");
    let files = ["--passphrase-file", "ca.pass"];
    let run = lab.run(&[&["init", "--host", "localhost", "--out", "absent/org"], files.as_slice()].concat());
    check_refused(&run, &["cannot be made"]);
    assert_eq!(lab.tree("."), before);
}

#[test]
fn wrong_passphrase_changes_nothing() {
    let lab = Lab::with_organisation();
    lab.secret_file("wrong.pass", "correct horse battery stable");
    let (tree, list) = (lab.tree("."), lab.read("org/ca/crl.der"));
    let wrong = ["--dir", "org", "--passphrase-file", "wrong.pass"];
    for command in [&["crl"][..], &["operator", "revoke", "anna"], &["operator", "add", "bo:Bo"]] {
        check_refused(&lab.run(&[command, &wrong].concat()), &["the passphrase does not open", "try again"]);
    }
    assert_eq!((lab.tree("."), lab.read("org/ca/crl.der")), (tree, list));
}

#[test]
fn passphrase_file_that_others_can_read_is_refused() {
    let lab = Lab::new();
    fs::set_permissions(lab.path("ca.pass"), Permissions::from_mode(0o640)).unwrap();
    check_refused(&lab.init(&[]), &["others can read", "chmod 600 ca.pass"]);
    let folder = lab.run(&["init", "--host", "localhost", "--out", "org", "--passphrase-file", "."]);
    check_refused(&folder, &["not an ordinary file"]);
    let absent = lab.run(&["init", "--host", "localhost", "--out", "org", "--passphrase-file", "absent"]);
    check_refused(&absent, &["absent cannot be read"]);
    assert!(!lab.path("org").exists());
}

#[test]
fn what_cannot_be_made_is_said_before_a_passphrase_is_asked_for() {
    let lab = Lab::new();
    for (host, name, says) in [
        ("not a host", "Example Ltd", "'not a host' is not a host name or an address"),
        ("localhost", "\u{202e}", "cannot be used as a name"),
    ] {
        // Without a terminal and without files, being asked would be another error.
        let init = lab.run(&["init", "--host", host, "--organisation", name, "--out", "org"]);
        check_refused(&init, &[says]);
    }
    assert!(!lab.path("org").exists());
}

#[test]
fn unknown_operator_and_lifetime_are_refused() {
    let lab = Lab::with_organisation();
    let revoke = ["operator", "revoke", "nobody", "--dir", "org", "--passphrase-file", "ca.pass"];
    check_refused(&lab.run(&revoke), &["'nobody'", "deskside-ca show"]);
    for hours in ["23", "73"] {
        let renew = ["crl", "--dir", "org", "--passphrase-file", "ca.pass", "--valid-hours", hours];
        check_refused(&lab.run(&renew), &["24..=72"]);
    }
    check_refused(&lab.run(&["show", "--dir", "absent"]), &["not an organisation's folder", "--dir"]);
}

#[test]
fn only_one_run_at_a_time_changes_a_folder() {
    let lab = Lab::with_organisation();
    let renew = ["crl", "--dir", "org", "--passphrase-file", "ca.pass"];
    let other = File::open(lab.path("org/ca/root.pem")).unwrap();
    other.lock().unwrap();
    check_refused(&lab.run(&renew), &["another deskside-ca is at work"]);
    drop(other);
    // What a run that was killed left behind is in nobody's way.
    fs::write(lab.path("org/ca/crl.der.new"), "half a list").unwrap();
    assert!(lab.run(&renew).ok);
    assert!(!lab.path("org/ca/crl.der.new").exists());
}

#[test]
fn changed_list_is_not_built_upon() {
    let lab = Lab::with_organisation();
    let mut list = lab.read("org/ca/crl.der");
    let last = list.len() - 1;
    list[last] ^= 1;
    fs::write(lab.path("org/ca/crl.der"), list).unwrap();
    let run = lab.run(&["crl", "--dir", "org", "--passphrase-file", "ca.pass"]);
    check_refused(&run, &["was not signed by this packet's CA"]);
}
