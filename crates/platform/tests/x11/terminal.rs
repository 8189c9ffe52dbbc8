//! A real program to type into: xterm, whose shell copies what it reads into a pipe.

use std::fs::File;
use std::io::Read as _;
use std::process::{Child, Command, Stdio};
use std::time::Instant;

use rustix::event::{PollFd, PollFlags, Timespec};
use rustix::fs::{CWD, Mode, OFlags};
use tempfile::TempDir;

use crate::display::{Display, PATIENCE, eventually};

/// A terminal that covers the upper left of the display, where the pointer has to be.
pub(crate) struct Terminal {
    pipe: File,
    program: Child,
    _folder: TempDir,
}

impl Terminal {
    /// One that hands over whole lines.
    pub(crate) fn lines(display: &Display) -> Self {
        Self::start(display, "echo ready; exec cat")
    }

    /// One that hands over each byte.
    pub(crate) fn raw(display: &Display) -> Self {
        Self::start(display, "stty raw -echo; echo ready; exec cat")
    }

    fn start(display: &Display, script: &str) -> Self {
        let folder = TempDir::new().unwrap();
        let path = folder.path().join("pipe");
        rustix::fs::mknodat(CWD, &path, rustix::fs::FileType::Fifo, Mode::RUSR | Mode::WUSR, 0).unwrap();
        // Open for writing as well, so that it neither blocks nor ends.
        let pipe = rustix::fs::open(&path, OFlags::RDWR | OFlags::NONBLOCK | OFlags::CLOEXEC, Mode::empty());
        let pipe = File::from(pipe.unwrap());
        let script = format!("exec > '{}'; {script}", path.display());
        let mut xterm = Command::new("xterm");
        xterm.args([
            "-u8",
            "-geometry",
            "80x24+0+0",
            "-xrm",
            "*allowSendEvents: false",
            "-e",
            "sh",
            "-c",
            &script,
        ]);
        xterm.env("DISPLAY", &display.name).env("LC_ALL", "C.UTF-8").env("XMODIFIERS", "@im=none");
        let program = xterm.stderr(Stdio::null()).spawn().expect("a terminal (package xterm)");
        let mut terminal = Self { pipe, program, _folder: folder };
        assert_eq!(terminal.line(), "ready");
        // Without a window manager, keys go to the window below the pointer.
        let client = display.client();
        eventually("the terminal is below the pointer", || {
            (client.window_below_pointer() != 0).then_some(())
        });
        terminal
    }

    /// The next line, without its end.
    pub(crate) fn line(&mut self) -> String {
        let mut line = Vec::new();
        loop {
            match self.byte(&line) {
                b'\n' => return String::from_utf8(line).unwrap(),
                byte => line.push(byte),
            }
        }
    }

    /// The next so many bytes.
    pub(crate) fn bytes(&mut self, count: usize) -> Vec<u8> {
        let mut bytes = Vec::new();
        while bytes.len() < count {
            bytes.push(self.byte(&bytes));
        }
        bytes
    }

    /// Whether there is anything to read, now or in a moment.
    pub(crate) fn has_input(&self) -> bool {
        let moment = Timespec { tv_sec: 0, tv_nsec: 50_000_000 };
        rustix::event::poll(&mut [PollFd::new(&self.pipe, PollFlags::IN)], Some(&moment)).unwrap() == 1
    }

    fn byte(&mut self, before: &[u8]) -> u8 {
        let deadline = Instant::now() + PATIENCE;
        let mut byte = [0];
        loop {
            let left = deadline.saturating_duration_since(Instant::now());
            assert!(!left.is_zero(), "nothing arrives after {:?}", String::from_utf8_lossy(before));
            let timeout = Timespec::try_from(left).unwrap();
            rustix::event::poll(&mut [PollFd::new(&self.pipe, PollFlags::IN)], Some(&timeout)).unwrap();
            if self.pipe.read(&mut byte).is_ok_and(|count| count == 1) {
                return byte[0];
            }
        }
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        // It may have ended with its display.
        let _gone = self.program.kill();
        let _gone = self.program.wait();
    }
}
