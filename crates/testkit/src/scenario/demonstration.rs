//! A session in which the operator shows a screen in return, and lets the customer type into a program on it.

use std::fs;
use std::path::PathBuf;

use anyhow::{Result, ensure};

use super::editor::Editor;
use super::{PATIENCE, Person, Stage, introduce, near, shows_magenta};
use crate::desktop::Desktop;
use crate::glass::{Marker, View};
use crate::hand::Hand;
use crate::picture::Picture;
use crate::wait::{wait_for, wait_until};

/// What the customer types; every letter of it exists on each keyboard.
const WORDS: &str = "Dear helper";
/// Where a window of another program is on the operator's screen.
const CANARY: (u32, u32) = (900, 60);
/// Where the operator's own window goes: below what is shown.
const BELOW: (i32, i32) = (10, 430);

/// The whole of it, on a stage where both people have hands.
///
/// # Errors
/// At the first thing that is not as it should be; pictures of both displays are left in the stage's folder.
pub fn demonstrate(stage: &Stage, tell: &mut dyn FnMut(&str)) -> Result<()> {
    let editor = Editor::open(&stage.operator, "letter.txt")?;
    let (operator, mut customer) = introduce(stage)?;
    let outcome = play(stage, &editor, &operator, &mut customer, tell);
    if outcome.is_err() {
        stage.keep("failed")?;
    }
    outcome
}

fn play(
    stage: &Stage,
    editor: &Editor,
    operator: &Person<'_>,
    customer: &mut Person<'_>,
    tell: &mut dyn FnMut(&str),
) -> Result<()> {
    customer.answers("Accept")?;
    operator.sees("My screen")?;
    let window = stage.operator.display().window("Deskside Operator")?.id.to_string();
    let arrange = Hand::at(stage.operator.display().name());
    arrange.act(&["windowsize", "--sync", &window, "1120", "520"])?;
    arrange.act(&["windowmove", "--sync", &window, &BELOW.0.to_string(), &BELOW.1.to_string()])?;

    tell("the operator asks to show a screen, the customer wants to see it");
    offer(operator, customer)?;
    stage.keep("demonstration-1-what")?;

    tell(
        "the operator chooses what is shown, and the customer sees that and nothing of the operator's program",
    );
    let canary = Marker::show(stage.operator.display(), CANARY.0, CANARY.1, 0xff_00_ff)?;
    let eye = stage.customer.display().connect()?;
    ensure!(!shows_magenta(&eye.picture()?), "it was shown before it was allowed");
    operator.answers("Allow")?;
    wait_until("the operator's screen", PATIENCE, || {
        eye.picture().is_ok_and(|picture| shows_magenta(&picture))
    })?;
    customer.sees("shows you this screen")?;
    drop(canary);
    let view = View::locate(stage.operator.display(), stage.customer.display(), PATIENCE)?;
    // The button that ends a session is red, and in the operator's window alone.
    let red = |picture: &Picture| picture.find_colour(END_SESSION, 20, 8).is_some();
    let there = stage.operator.display().connect()?;
    ensure!(red(&there.picture()?), "the operator's own screen has it");
    let size = there.size()?;
    ensure!(!red(&eye.part(view.rect(size))?), "the operator's own program is in the picture");
    stage.keep("demonstration-2-shown")?;

    tell("the customer asks for mouse and keyboard, and types into the operator's editor");
    customer.clicks("Use mouse and keyboard …")?;
    operator.sees("May the customer use your mouse and keyboard?")?;
    operator.answers("Allow")?;
    customer.sees("This is not your computer. Never type a password here.")?;
    let mut step = 0;
    wait_until("the customer's hand leads the pointer", PATIENCE, || {
        step = 1 - step;
        let (x, y) = editor.middle();
        customer.hand().move_to(view.place((x + step, y))).is_ok()
            && there.pointer().is_ok_and(|at| near(at, editor.middle()))
    })?;
    customer.hand().click(view.place(editor.middle()))?;
    customer.hand().types(WORDS, 60)?;
    customer.hand().keys(&["ctrl+o", "Return"])?;
    editor.holds(&format!("{WORDS}\n"))?;
    stage.keep("demonstration-3-control")?;

    tell("F11 takes it back");
    operator.hand().keys(&["F11"])?;
    customer.sees("has taken mouse and keyboard back")?;

    tell("the operator stops, and the customer's window is gone");
    operator.clicks("Stop")?;
    gone(&stage.customer)?;

    tell("it is asked for again, and the customer closes it");
    offer(operator, customer)?;
    operator.answers("Allow")?;
    customer.sees("shows you this screen")?;

    tell("F11 on the customer's own keyboard gives back what the operator has lent");
    customer.clicks("Use mouse and keyboard …")?;
    operator.answers("Allow")?;
    customer.sees("Never type a password here.")?;
    customer.hand().keys(&["F11"])?;
    operator.sees("has given mouse and keyboard back")?;
    customer.clicks("Stop watching")?;
    gone(&stage.customer)?;
    wait_until("the operator's panel is gone", PATIENCE, || {
        stage
            .operator
            .display()
            .connect()
            .and_then(|display| display.windows())
            .is_ok_and(|windows| !windows.iter().any(|window| window.title.contains("The customer")))
    })?;

    tell("Stop ends the session, and both have the demonstration's journal");
    customer.clicks("Stop")?;
    operator.sees("The customer ended the session")?;
    customer.clicks("Close")?;
    customer.leaves_nothing(PATIENCE)?;
    let [theirs, ours] = [&stage.customer, &stage.operator]
        .map(|desktop| wait_for("the demonstration's journal", PATIENCE, || Ok(journal(desktop.home()))));
    let (theirs, ours) = (fs::read_to_string(theirs?)?, fs::read_to_string(ours?)?);
    ensure!(theirs.contains("the customer asked to use mouse and keyboard"), "{theirs}");
    ensure!(theirs.contains("the operator pressed F11"), "{theirs}");
    ensure!(theirs.contains("the customer gave it back"), "{theirs}");
    for journal in [&theirs, &ours] {
        ensure!(journal.matches("signed it").count() == 2, "both have signed: {journal}");
    }
    Ok(())
}

/// Up to the operator's choice of what is shown.
fn offer(operator: &Person<'_>, customer: &Person<'_>) -> Result<()> {
    operator.clicks("My screen")?;
    operator.picks("Ask to show my screen")?;
    customer.sees("show you another screen?")?;
    customer.answers("Allow")?;
    operator.sees("May the customer see your screen?")?;
    Ok(())
}

/// The customer's window with the operator's screen is closed.
fn gone(desktop: &Desktop) -> Result<()> {
    wait_until("the window with the other screen is gone", PATIENCE, || {
        desktop
            .display()
            .connect()
            .and_then(|display| display.windows())
            .is_ok_and(|windows| !windows.iter().any(|window| window.title.contains("shows you a screen")))
    })
}

/// The readable journal of a demonstration under a home.
fn journal(home: PathBuf) -> Option<PathBuf> {
    let mut folders = vec![home];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
            let path = entry.path();
            if path.is_dir() {
                folders.push(path);
            } else if path.to_string_lossy().ends_with("-demonstration.txt") {
                return Some(path);
            }
        }
    }
    None
}

/// The ground of that button.
const END_SESSION: u32 = 0xb4_30_2a;
