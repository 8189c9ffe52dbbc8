//! The real program when it cannot begin: what it says, and that it ends.

#![expect(clippy::unwrap_used, reason = "a test's own files and processes")]

use std::fs;
use std::path::Path;
use std::process::{Command, Output};
use std::time::{SystemTime, UNIX_EPOCH};

use deskside_trust::issue::{Authority, Validity};
use deskside_trust::{BrokerAddress, DescriptorBody, UnixTime};

/// The program with a home of its own, no display, and these arguments.
fn run(home: &Path, arguments: &[&str]) -> (Option<i32>, String) {
    let Output { status, stderr, .. } = Command::new(env!("CARGO_BIN_EXE_deskside-customer"))
        .args(arguments)
        .env_clear()
        .env("HOME", home)
        .env("DISPLAY", "/nowhere:0")
        .output()
        .unwrap();
    (status.code(), String::from_utf8(stderr).unwrap())
}

fn packet() -> Vec<u8> {
    let now = UnixTime::since_unix_epoch(SystemTime::now().duration_since(UNIX_EPOCH).unwrap());
    let validity = Validity::days(now, 30);
    let root = Authority::new_root("Example Help", validity).unwrap();
    let packet_ca = root.new_packet_ca("support-1", validity).unwrap();
    let server_ca = Authority::new_server_ca("Example Help", validity).unwrap();
    root.sign_descriptor(&DescriptorBody {
        root: root.certificate().clone(),
        packet_ca: packet_ca.certificate().clone(),
        server_ca: server_ca.certificate().clone(),
        brokers: vec![BrokerAddress { host: "localhost".into(), port: 443 }],
        acknowledgement: String::new(),
        policy: deskside_trust::PacketPolicy::default(),
    })
    .unwrap()
}

fn assert_says(home: &Path, arguments: &[&str], words: &[&str]) {
    let (code, said) = run(home, arguments);
    assert_eq!(code, Some(1), "{said}");
    for word in words {
        assert!(said.contains(word), "{word:?} is missing in: {said}");
    }
}

#[test]
fn a_missing_packet_is_told_with_what_to_do() {
    let home = tempfile::tempdir().unwrap();
    assert_says(home.path(), &["--packet", "/nowhere/x.deskside"], &["/nowhere/x.deskside cannot be read"]);
}

#[test]
fn a_missing_display_is_told_with_what_to_do() {
    let home = tempfile::tempdir().unwrap();
    let file = home.path().join("help.deskside");
    fs::write(&file, packet()).unwrap();
    let expected = [
        "the packet is genuine",
        "There is no display. Start this program on a desktop.",
        "cannot open the display /nowhere:0",
    ];
    assert_says(home.path(), &["--packet", file.to_str().unwrap()], &expected);
}

/// T56, as far as the packet file goes: no changed byte gets past the start.
#[test]
fn t56_a_changed_packet_is_refused() {
    let home = tempfile::tempdir().unwrap();
    let file = home.path().join("help.deskside");
    let genuine = packet();
    // Every byte is tried where the descriptor is read; here a few prove that the program listens.
    for place in [0, genuine.len() / 3, genuine.len() / 2, genuine.len() - 10] {
        let mut changed = genuine.clone();
        changed[place] ^= 1;
        fs::write(&file, &changed).unwrap();
        let expected =
            ["damaged or was changed, so nothing was started", "Download it again", "cannot be trusted"];
        assert_says(home.path(), &["--packet", file.to_str().unwrap()], &expected);
    }
    fs::write(&file, [genuine.as_slice(), b"x"].concat()).unwrap();
    assert_says(home.path(), &["--packet", file.to_str().unwrap()], &["cannot be trusted"]);
}

#[test]
fn an_unknown_setting_is_refused_and_the_log_can_be_json() {
    let home = tempfile::tempdir().unwrap();
    let config = home.path().join("c.toml");
    fs::write(&config, "pakcet = \"x\"\n").unwrap();
    let config = config.to_str().unwrap();
    assert_says(
        home.path(),
        &["--config", config],
        &["there is no setting “pakcet”; did you mean “packet”?"],
    );
    let (_, said) = run(home.path(), &["--config", config, "--log", "json"]);
    assert!(said.lines().all(|line| line.starts_with('{') && line.ends_with('}')), "{said}");
}

#[test]
fn a_code_or_a_yes_cannot_be_given_on_the_command_line() {
    let home = tempfile::tempdir().unwrap();
    for argument in ["--code=123456", "--accept", "--allow=control", "123456"] {
        assert_eq!(run(home.path(), &[argument]).0, Some(2), "{argument}");
    }
}
