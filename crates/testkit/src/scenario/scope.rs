//! A session in which the customer shows one program and not the others, then everything, and lets the operator
//! draw.

use std::fs;
use std::time::Duration;

use anyhow::{Result, ensure};

use super::editor::Editor;
use super::{PATIENCE, Person, Stage, introduce, leads, near, shows_magenta};
use crate::glass::{Marker, View};
use crate::picture::Picture;
use crate::wait::{holds_for, wait_until};

/// What the operator types; every letter of it exists on each keyboard.
const WORDS: &str = "Dear landlord";
/// Where a window of another program is, in which the canary sits.
const CANARY: (u32, u32) = (800, 640);

/// The whole of it.
///
/// # Errors
/// At the first thing that is not as it should be; pictures of both displays are left in the stage's folder.
pub fn narrow(stage: &Stage, tell: &mut dyn FnMut(&str)) -> Result<()> {
    let editor = Editor::open(&stage.customer, "letter.txt")?;
    let _browser = stage.open_page()?;
    let (operator, customer) = introduce(stage)?;
    let outcome = play(stage, &editor, &operator, &customer, tell);
    if outcome.is_err() {
        stage.keep("failed")?;
    }
    outcome
}

fn play(
    stage: &Stage,
    editor: &Editor,
    operator: &Person<'_>,
    customer: &Person<'_>,
    tell: &mut dyn FnMut(&str),
) -> Result<()> {
    customer.answers("Accept")?;

    tell("the operator asks for all at once, and sees everything");
    operator.clicks("Ask to see and control")?;
    customer.sees("see your screen and use your mouse and keyboard?")?;
    customer.answers("Allow")?;
    operator.sees("In control")?;
    let eye = stage.operator.display().connect()?;
    let there = stage.customer.display().connect()?;
    let view = View::locate(stage.customer.display(), stage.operator.display(), PATIENCE)?;
    let canary = Marker::show(stage.customer.display(), CANARY.0, CANARY.1, 0xff_00_ff)?;
    wait_until("the whole picture", PATIENCE, || eye.picture().is_ok_and(|picture| shows_magenta(&picture)))?;
    stage.keep("scope-1-everything")?;

    tell("the customer shows the editor alone, and the operator sees nothing of the rest");
    customer.clicks("Show less …")?;
    customer.reads("What may")?;
    customer.picks("Only the programs that I tick")?;
    customer.picks("XTerm")?;
    customer.sees("whatever you could do on this computer can be done here")?;
    customer.answers("Show this")?;
    operator.sees("Seeing XTerm")?;
    let page = |picture: &Picture| picture.find_colour(PAGE, 40, 40).is_some();
    ensure!(
        shows_magenta(&there.picture()?) && page(&there.picture()?),
        "the customer's own screen has both"
    );
    wait_until("the narrower picture", PATIENCE, || {
        eye.picture().is_ok_and(|picture| !shows_magenta(&picture) && !page(&picture))
    })?;
    holds_for("nothing of other programs", Duration::from_secs(2), || {
        eye.picture().is_ok_and(|picture| !shows_magenta(&picture) && !page(&picture))
    })?;

    stage.keep("scope-2-one-program")?;

    tell("what the operator types arrives in the editor, and the pointer stays within it");
    leads(stage, operator, &view, editor.middle())?;
    operator.hand().click(view.place(editor.middle()))?;
    operator.sees("Keyboard goes to the customer")?;
    operator.hand().types(WORDS, 60)?;
    operator.hand().keys(&["ctrl+o", "Return"])?;
    editor.holds(&format!("{WORDS}\n"))?;
    let before = there.pointer()?;
    operator.hand().move_to(view.place((CANARY.0 as i32 + 60, CANARY.1 as i32)))?;
    holds_for("the customer's pointer stays", Duration::from_secs(1), || {
        there.pointer().is_ok_and(|at| near(at, before))
    })?;

    tell("the customer shows everything");
    customer.clicks("Show less …")?;
    customer.reads("What may")?;
    customer.picks("The whole screen")?;
    holds_for("the question is no part of the picture", Duration::from_millis(500), || {
        eye.picture().is_ok_and(|picture| !shows_magenta(&picture))
    })?;
    stage.keep("scope-3-question")?;
    customer.answers("Show this")?;
    operator.sees("Seeing the screen")?;
    wait_until("the whole picture", PATIENCE, || eye.picture().is_ok_and(|picture| shows_magenta(&picture)))?;

    drop(canary);
    draw(stage, operator, customer, tell)?;
    editor.saves_by_hand(" goodbye")?;
    let letter = fs::read_to_string(editor.file())?;
    ensure!(!letter.contains(MARK), "what was typed for the screen is in the letter: {letter:?}");
    customer.clicks("Stop")?;
    operator.sees("The customer ended the session")?;
    Ok(())
}

/// An arrow and words, while seeing everything.
fn draw(
    stage: &Stage,
    operator: &Person<'_>,
    customer: &Person<'_>,
    tell: &mut dyn FnMut(&str),
) -> Result<()> {
    tell("the operator draws an arrow, and it is on the customer's screen");
    let there = stage.customer.display().connect()?;
    operator.clicks("Draw")?;
    operator.picks("Ask whether you may draw")?;
    customer.answers("Allow")?;
    operator.sees("Draw")?;
    let view = View::locate(stage.customer.display(), stage.operator.display(), PATIENCE)?;
    let red = |picture: &Picture| picture.find_colour(RED, 3, 3).is_some();
    ensure!(!red(&there.picture()?), "there is something like a mark already");
    // Until the answer has come, the mouse does not draw.
    wait_until("the arrow", PATIENCE, || {
        operator.hand().drag(view.place((150, 480)), view.place((400, 560))).is_ok()
            && there.picture().is_ok_and(|picture| red(&picture))
    })?;
    stage.keep("scope-4-arrow")?;
    wait_until("the arrow fades", PATIENCE, || there.picture().is_ok_and(|picture| !red(&picture)))?;

    tell("the operator types words, and they are where the click is, and not in the customer's editor");
    operator.clicks("Draw")?;
    operator.picks("Words")?;
    operator.types_into("Words for the customer's screen", MARK)?;
    operator.sees(MARK)?;
    stage.keep("scope-5-typed")?;
    // The strip with the words has moved the picture.
    let view = View::locate(stage.customer.display(), stage.operator.display(), PATIENCE)?;
    operator.hand().click(view.place(PLATE))?;
    let plate = |picture: &Picture| {
        let plate = picture.find_colour(RED, 60, 10);
        plate.is_some_and(|plate| near((plate.x as i32, plate.y as i32), PLATE))
    };
    wait_until("the words", PATIENCE, || there.picture().is_ok_and(|picture| plate(&picture)))?;
    stage.keep("scope-6-words")?;
    wait_until("the words fade", PATIENCE, || there.picture().is_ok_and(|picture| !red(&picture)))
}

/// Words that are put on the screen.
const MARK: &str = "Click here";
/// Where they are put.
const PLATE: (i32, i32) = (150, 480);
/// Ground of the page in the browser.
const PAGE: u32 = 0xfb_fa_f7;
/// What marks are drawn in first.
const RED: u32 = 0xd5_5e_00;
