//! What is left when the injecting program is killed outright.

use std::io::BufReader;
use std::os::unix::process::ExitStatusExt as _;
use std::process::{Command, Stdio};

use deskside_platform::Injector as _;
use deskside_platform::watchdog::{self, Watchdog};
use deskside_platform::x11;
use deskside_proto::input::{Button, InputEvent};
use xkeysym::key;

use crate::consent::Consent;
use crate::display::{Display, eventually};

const DISPLAY: &str = "DESKSIDE_TEST_DISPLAY";

/// This test program again, in one of the two parts below.
fn part(name: &str, display: &str) -> Command {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args(["--exact", &format!("killed::{name}"), "--ignored", "--nocapture"]);
    command.env(DISPLAY, display).stdin(Stdio::null()).stdout(Stdio::null());
    command
}

#[test]
#[ignore = "a part of the test below, which starts it as a process"]
fn part_injecting_program() {
    let Ok(display) = std::env::var(DISPLAY) else { return };
    let watchdog = Watchdog::start(part("part_watchdog", &display)).unwrap();
    let consent = Consent::given();
    let mut injector = x11::open(Some(&display)).unwrap().injector(Some(watchdog)).unwrap();
    let key = |keysym| InputEvent::Key { keysym, position: 0, pressed: true };
    let press = [
        key(key::Shift_L),
        key(key::Control_L),
        key(key::Left),
        InputEvent::Text('✓'),
        InputEvent::Text('ẞ'),
        InputEvent::PointerButton { button: Button::Left, pressed: true },
    ];
    for event in press {
        injector.inject(&consent.control, event).unwrap();
    }
    // Until it is killed.
    loop {
        std::thread::park();
    }
}

#[test]
#[ignore = "a part of the test below, which starts it as a process"]
fn part_watchdog() {
    let Ok(display) = std::env::var(DISPLAY) else { return };
    watchdog::run(Some(&display), BufReader::new(std::io::stdin())).unwrap();
}

/// After `kill -9` no key or button stays down, borrowed keycodes are given back, and no process is left.
#[test]
fn a_killed_program_leaves_nothing_pressed_or_borrowed() {
    let display = Display::virtual_screen(640, 480);
    let client = display.client();
    let before = client.keyboard_mapping();
    assert_eq!(client.repeats().0, [true]);
    let mut program = part("part_injecting_program", &display.name).spawn().unwrap();
    eventually("everything is held", || {
        let borrowed = client.keyboard_mapping() != before;
        let (keys, mask) = client.held();
        let quiet = client.repeats().0 == [false];
        (borrowed && quiet && keys.len() == 3 && mask & 0x105 == 0x105).then_some(())
    });
    program.kill().unwrap();
    assert_eq!(program.wait().unwrap().signal(), Some(9));
    eventually("everything is let go of", || (client.held() == (vec![], 0)).then_some(()));
    eventually("keys repeat again", || (client.repeats().0 == [true]).then_some(()));
    eventually("everything is given back", || (client.keyboard_mapping() == before).then_some(()));
    let marker = format!("{DISPLAY}={}", display.name);
    eventually("no process is left", || (!any_process_with(&marker)).then_some(()));
}

/// Whether any process but this one has this in its environment.
fn any_process_with(marker: &str) -> bool {
    let processes = std::fs::read_dir("/proc").unwrap().flatten();
    processes.map(|process| process.path().join("environ")).any(|environment| {
        let environment = std::fs::read(environment).unwrap_or_default();
        environment.split(|byte| *byte == 0).any(|variable| variable == marker.as_bytes())
    })
}
