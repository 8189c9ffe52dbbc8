//! What the customer's desktop does while it is watched: real programs, driven by the customer's own hand.

use std::fmt::Write as _;
use std::fs;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use anyhow::{Context as _, Result};
use clap::ValueEnum;
use deskside_testkit::film::Film;
use deskside_testkit::hand::Hand;
use deskside_testkit::process::Process;
use deskside_testkit::scenario::Stage;

const WORDS: &str = "the quick brown fox jumps over the lazy dog while the operator explains once more where \
    the page with the settings is and what to do when nothing comes out of the printer on the second floor";

/// What happens.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Workload {
    /// Twelve characters a second into an editor that holds a page of text.
    Typing,
    /// A browser page of text and tables, scrolled ten notches a second.
    Scroll,
    /// A window full of text dragged about thirty times a second.
    Drag,
    /// A film in a window, 24 pictures a second.
    Film,
}

/// A workload that is ready to go.
pub(crate) struct Work {
    hand: Hand,
    kind: Kind,
    // Closed when the work is dropped.
    _program: Option<Process>,
}

enum Kind {
    Typing,
    Scroll,
    /// Where the window can be taken hold of.
    Drag((i32, i32)),
    Film(Film),
}

impl Workload {
    pub(crate) fn prepare(self, stage: &Stage) -> Result<Work> {
        let hand = stage.customer.hand();
        let (kind, program) = match self {
            Self::Typing => {
                let program = editor(stage, "110x34+40+90")?;
                hand.click(stage.customer.display().window("text.txt")?.rect.centre())?;
                hand.keys(&["ctrl+End"])?;
                (Kind::Typing, Some(program))
            }
            Self::Scroll => {
                let program = browser(stage)?;
                hand.move_to((500, 450))?;
                (Kind::Scroll, Some(program))
            }
            Self::Drag => {
                let program = editor(stage, "80x24+100+150")?;
                let window = stage.customer.display().window("text.txt")?.rect;
                // The title bar is just above the content.
                let (middle, _) = window.centre();
                (Kind::Drag((middle, i32::try_from(window.y)? - 8)), Some(program))
            }
            Self::Film => (Kind::Film(Film::play(stage.customer.display(), 120, 200)?), None),
        };
        Ok(Work { hand, kind, _program: program })
    }
}

impl Work {
    /// Works until it is told to stop, and leaves the desktop still.
    pub(crate) fn go(&self, stop: &AtomicBool) -> Result<()> {
        let goes_on = || !stop.load(Ordering::Relaxed);
        match &self.kind {
            Kind::Typing => {
                for (number, word) in WORDS.split(' ').cycle().enumerate() {
                    if !goes_on() {
                        break;
                    }
                    self.hand.types(&format!("{word} "), 80)?;
                    if number % 12 == 11 {
                        self.hand.keys(&["Return"])?;
                    }
                }
            }
            Kind::Scroll => {
                for number in 0_u32.. {
                    if !goes_on() {
                        break;
                    }
                    self.hand.wheel(if number / 60 % 2 == 0 { 1 } else { -1 })?;
                    thread::sleep(Duration::from_millis(95));
                }
            }
            Kind::Drag(grip) => {
                self.hand.move_to(*grip)?;
                self.hand.act(&["mousedown", "1"])?;
                for number in 0_u16.. {
                    if !goes_on() {
                        break;
                    }
                    let step = f32::from(number);
                    let x = grip.0 + (150.0 * (step / 12.0).sin()) as i32;
                    let y = grip.1 + (110.0 * (1.0 - (step / 9.0).cos())) as i32;
                    self.hand.act(&["mousemove", &x.to_string(), &y.to_string()])?;
                    thread::sleep(Duration::from_millis(28));
                }
                self.hand.act(&["mouseup", "1"])?;
            }
            Kind::Film(film) => {
                while goes_on() {
                    thread::sleep(Duration::from_millis(20));
                }
                film.pause();
            }
        }
        Ok(())
    }
}

/// An editor with a page of text.
fn editor(stage: &Stage, geometry: &str) -> Result<Process> {
    let file = stage.customer.home().join("text.txt");
    let words: Vec<&str> = WORDS.split(' ').collect();
    let lines: Vec<String> = (0..60)
        .map(|line| words.iter().cycle().skip(line * 7).take(12).copied().collect::<Vec<_>>().join(" "))
        .collect();
    fs::write(&file, lines.join("\n")).with_context(|| format!("cannot write {}", file.display()))?;
    let program = stage.customer.start("editor", "xterm", |command| {
        command.args([
            "-u8",
            "-title",
            "text.txt",
            "-fa",
            "DejaVu Sans Mono",
            "-fs",
            "10",
            "-geometry",
            geometry,
        ]);
        command.args(["-e", "nano", "--ignorercfiles"]).arg(&file);
    })?;
    stage.customer.display().window("text.txt")?;
    Ok(program)
}

/// A browser with a long page.
fn browser(stage: &Stage) -> Result<Process> {
    let words: Vec<&str> = WORDS.split(' ').collect();
    let mut page = "<!doctype html><meta charset=utf-8><title>long page</title>\
        <body style='font:16px sans-serif;margin:40px;line-height:1.5'>"
        .to_owned();
    for section in 0_usize..80 {
        let text: Vec<&str> = words.iter().cycle().skip(section * 11).take(120).copied().collect();
        write!(page, "<h2>Section {section}</h2><p>{}</p>", text.join(" "))?;
        if section % 4 == 1 {
            page.push_str("<table border=1 cellpadding=4>");
            for row in 0_usize..10 {
                page.push_str("<tr>");
                for column in 0_usize..8 {
                    write!(page, "<td>{}", (section * 7919 + row * 131 + column * 17) % 99_991)?;
                }
            }
            page.push_str("</table>");
        }
    }
    let file = stage.customer.home().join("long.html");
    fs::write(&file, page).with_context(|| format!("cannot write {}", file.display()))?;
    let program = stage.customer.start("browser", "chromium", |command| {
        // Chromium's own sandbox does not work for root, which this needs; the page is our own.
        command.args(["--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking"]);
        command.args(["--disable-component-update", "--disable-sync", "--password-store=basic"]);
        command.args(["--window-size=860,700", "--window-position=20,60"]).arg(&file);
    })?;
    stage.customer.display().window("long page")?;
    Ok(program)
}
