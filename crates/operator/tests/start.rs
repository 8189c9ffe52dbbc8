//! The real program where it cannot begin: what it says, and that it ends.

use std::process::{Command, Output};

#[test]
fn a_missing_display_is_told_in_plain_words() {
    let home = tempfile::tempdir().unwrap();
    let Output { status, stderr, .. } = Command::new(env!("CARGO_BIN_EXE_deskside-operator"))
        .env_clear()
        .env("HOME", home.path())
        .output()
        .unwrap();
    let said = String::from_utf8(stderr).unwrap();
    assert_eq!(status.code(), Some(1), "{said}");
    assert!(said.contains("There is no display. Start this program on a desktop."), "{said}");
}
