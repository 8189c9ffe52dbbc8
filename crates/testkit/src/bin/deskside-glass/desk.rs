//! What stands on the customer's desktop: real programs, sized to leave the panel of the customer's program
//! free, which other products do not have.

use std::fmt::Write as _;
use std::fs::{self, File, OpenOptions};
use std::path::Path;

use anyhow::{Context as _, Result, ensure};
use deskside_testkit::canvas;
use deskside_testkit::photo::Scene;
use deskside_testkit::picture::Rect;
use deskside_testkit::process::Process;
use deskside_testkit::scenario::Stage;

pub(crate) const WORDS: &str = "the quick brown fox jumps over the lazy dog while the operator explains once \
    more where the page with the settings is and what to do when nothing comes out of the printer on the \
    second floor";

/// What lies at the right of all windows: the panel, in pixels.
pub(crate) const PANEL: u32 = 400;
/// Title of the terminals.
const TITLE: &str = "glass-terminal";

/// A program, and where its window is.
pub(crate) struct Opened {
    pub(crate) program: Process,
    pub(crate) window: Rect,
}

/// How large a terminal can be on a screen: characters and lines.
pub(crate) fn room((width, height): (u32, u32)) -> (u32, u32) {
    ((width.saturating_sub(PANEL) / 8).min(180), (height.saturating_sub(150) / 16).min(56))
}

/// A terminal in which something runs.
fn terminal(stage: &Stage, (columns, lines): (u32, u32), (x, y): (u32, u32), run: &[&str]) -> Result<Opened> {
    let program = stage.customer.start("terminal", "xterm", |command| {
        command.args(["-u8", "-title", TITLE, "-fa", "DejaVu Sans Mono", "-fs", "12", "-geometry"]);
        command.arg(format!("{columns}x{lines}+{x}+{y}")).arg("-e").args(run);
    })?;
    let window = stage.customer.display().window(TITLE)?.rect;
    Ok(Opened { program, window })
}

/// An editor with more than a page of text.
pub(crate) fn editor(stage: &Stage, size: (u32, u32), place: (u32, u32)) -> Result<Opened> {
    let file = stage.customer.home().join("text.txt");
    let words: Vec<&str> = WORDS.split(' ').collect();
    let lines: Vec<String> = (0..70)
        .map(|line| words.iter().cycle().skip(line * 7).take(20).copied().collect::<Vec<_>>().join(" "))
        .collect();
    fs::write(&file, lines.join("\n")).with_context(|| format!("cannot write {}", file.display()))?;
    let file = file.to_str().context("an odd folder")?;
    terminal(stage, size, place, &["nano", "--ignorercfiles", file])
}

/// A terminal that shows what is written into the file that comes with it.
pub(crate) fn listing(stage: &Stage, size: (u32, u32), place: (u32, u32)) -> Result<(Opened, File)> {
    let pipe = stage.customer.home().join("listing");
    let made = stage.customer.command("mkfifo").arg(&pipe).status().context("cannot start mkfifo")?;
    ensure!(made.success(), "cannot make a pipe: {made}");
    // Open for both, so that neither side has to wait for the other.
    let writer = OpenOptions::new().read(true).write(true).open(&pipe).context("cannot open a pipe")?;
    let opened = terminal(stage, size, place, &["cat", pipe.to_str().context("an odd folder")?])?;
    Ok((opened, writer))
}

/// One line of a listing, each another.
pub(crate) fn listing_line(number: u64) -> String {
    let mixed = number.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 20;
    let word = |skip: u64| WORDS.split(' ').nth(((mixed >> skip) % 36) as usize).unwrap_or("file");
    format!(
        "-rw-r--r-- {:2} root root {:>9} Nov {:2} {:02}:{:02} {}-{}/{}_{number}.log\n",
        mixed % 7 + 1,
        mixed % 99_999_989,
        mixed % 30 + 1,
        mixed % 24,
        mixed % 60,
        word(3),
        word(9),
        word(15),
    )
}

/// A browser with a long page of text and tables.
pub(crate) fn browser(stage: &Stage, (width, height): (u32, u32)) -> Result<Opened> {
    let file = stage.customer.home().join("long.html");
    write_page(&file)?;
    let size = (width.saturating_sub(PANEL).min(1520), height.saturating_sub(100).min(1000));
    let program = stage.customer.start("browser", "chromium", |command| {
        // Chromium's own sandbox does not work for root, which this needs; the page is our own.
        command.args(["--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking"]);
        command.args(["--disable-component-update", "--disable-sync", "--password-store=basic"]);
        command.arg(format!("--window-size={},{}", size.0, size.1));
        command.arg("--window-position=20,60").arg(&file);
    })?;
    let window = stage.customer.display().window("long page")?.rect;
    Ok(Opened { program, window })
}

fn write_page(file: &Path) -> Result<()> {
    let words: Vec<&str> = WORDS.split(' ').collect();
    let mut page = "<!doctype html><meta charset=utf-8><title>long page</title>\
        <body style='font:16px sans-serif;margin:40px;line-height:1.5'>"
        .to_owned();
    for section in 0_usize..80 {
        let text: Vec<&str> = words.iter().cycle().skip(section * 11).take(180).copied().collect();
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
    fs::write(file, page).with_context(|| format!("cannot write {}", file.display()))
}

/// A photograph behind all windows.
pub(crate) fn hang_photograph(stage: &Stage, (width, height): (u32, u32)) -> Result<()> {
    let photograph = Scene::new(width as usize, height as usize, 5).taken(5);
    canvas::hang_behind_everything(stage.customer.display(), &photograph)
}
