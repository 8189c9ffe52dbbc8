//! Passphrases typed on a terminal, which `script` (util-linux) provides.

use std::io::{Read, Write};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use super::lab::{CA_PASSPHRASE, Lab};

struct Terminal {
    child: Child,
    device: String,
    seen: Vec<u8>,
}

impl Terminal {
    fn start(lab: &Lab, arguments: &str) -> Self {
        let command = format!("tty && exec '{}' {arguments}", env!("CARGO_BIN_EXE_deskside-ca"));
        let child = Command::new("script")
            .args(["--quiet", "--return", "--command", &command, "/dev/null"])
            .current_dir(lab.path("."))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut terminal = Self { child, device: String::new(), seen: Vec::new() };
        terminal.wait_for("\r\n");
        terminal.device = String::from_utf8(std::mem::take(&mut terminal.seen)).unwrap().trim().to_owned();
        terminal
    }

    fn wait_for(&mut self, text: &str) {
        let mut byte = [0];
        while !self.seen.ends_with(text.as_bytes()) {
            let read = self.child.stdout.as_mut().unwrap().read(&mut byte).unwrap();
            assert_ne!(read, 0, "ended with: {}", String::from_utf8_lossy(&self.seen));
            self.seen.push(byte[0]);
        }
    }

    /// Waits for the prompt and for the terminal to stop showing what is typed, then types the line.
    fn answer(&mut self, prompt: &str, line: &str) {
        self.wait_for(prompt);
        let deadline = Instant::now() + Duration::from_secs(20);
        loop {
            let state = Command::new("stty").args(["--file", &self.device, "--all"]).output().unwrap();
            if String::from_utf8_lossy(&state.stdout).split_whitespace().any(|setting| setting == "-echo") {
                break;
            }
            assert!(Instant::now() < deadline, "the terminal still shows what is typed");
        }
        writeln!(self.child.stdin.as_mut().unwrap(), "{line}").unwrap();
    }

    /// Whether the program succeeded, and all that was on the screen.
    fn end(mut self) -> (bool, String) {
        self.child.stdout.as_mut().unwrap().read_to_end(&mut self.seen).unwrap();
        drop(self.child.stdin.take());
        (self.child.wait().unwrap().success(), String::from_utf8(self.seen).unwrap())
    }
}

#[test]
fn passphrases_are_typed_twice_and_not_shown() {
    let lab = Lab::new();
    let mut terminal = Terminal::start(&lab, "init --host localhost --out org --operator anna:Anna");
    for (what, passphrase) in
        [("the keys of the organisation", CA_PASSPHRASE), ("the bundle of Anna (anna)", "operator words 12")]
    {
        terminal.answer(&format!("New passphrase for {what}: "), passphrase);
        terminal.answer("The same again: ", passphrase);
    }
    let (ok, screen) = terminal.end();
    assert!(ok && screen.contains("localhost is founded"), "{screen}");
    assert!(!screen.contains(CA_PASSPHRASE) && !screen.contains("operator words"), "{screen}");
    // The typed passphrase is the one that opens the keys.
    assert!(lab.run(&["crl", "--dir", "org", "--passphrase-file", "ca.pass"]).ok);
}

#[test]
fn passphrases_that_differ_make_nothing() {
    let lab = Lab::new();
    let before = lab.tree(".");
    let mut terminal = Terminal::start(&lab, "init --host localhost --out org");
    terminal.answer("New passphrase for the keys of the organisation: ", CA_PASSPHRASE);
    terminal.answer("The same again: ", "correct horse battery");
    let (ok, screen) = terminal.end();
    assert!(!ok && screen.contains("the two passphrases differ"), "{screen}");
    assert_eq!(lab.tree("."), before);
}
