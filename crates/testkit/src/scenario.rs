//! One whole support session by the real programs on real displays: what `./dev demo` shows and what the
//! real-window test checks. A step that does not go as it should is an error; nothing here is optional.

mod account;
mod demonstration;
mod editor;
mod person;
mod scope;
mod stage;

use std::fs;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail, ensure};

pub use account::Account;
pub use demonstration::demonstrate;
pub use person::Person;
pub use scope::narrow;
pub use stage::Stage;

use crate::glass::{Latency, MARKER, Marker, View};
use crate::picture::Picture;
use crate::wait::{holds_for, wait_for, wait_until};
use editor::Editor;

/// How long a person waits for a program before something is wrong.
const PATIENCE: Duration = Duration::from_secs(30);
/// What the operator types: shifted characters, and some that a US keyboard does not have.
const SENTENCE: &str = "Hello! Grøße aus der Straße: 5 € is 100% OK ✓ {[~@#]}";

/// The whole session on a stage that is set.
///
/// # Errors
/// At the first thing that is not as it should be.
pub fn run(stage: &Stage, tell: &mut dyn FnMut(&str)) -> Result<Account> {
    let mut account = Account::default();
    tell("the customer works: an editor in a terminal, a page in a browser");
    let editor = Editor::open(&stage.customer, "notes.txt")?;
    let _browser = stage.open_page()?;

    tell("the operator logs in and gets a code");
    let (operator, code) = wait_with_a_code(stage)?;

    tell("the customer types the code and sees who is asking");
    let mut customer = stage.start_customer()?;
    let began = Instant::now();
    customer.types_into("Six-digit code", &code)?;
    customer.hand().keys(&["Return"])?;
    customer.sees(stage.operator_name())?;
    customer.sees(stage.organisation_name())?;
    account.connect = Some(began.elapsed());
    customer.sees_button("Accept")?;
    account.keep(stage, "1-who-is-asking")?;
    customer.answers("Accept")?;

    tell("the operator asks to see the screen, the customer allows it");
    operator.clicks("Ask to see")?;
    customer.sees("see your screen?")?;
    customer.sees_button("Allow")?;
    account.keep(stage, "2-question")?;
    let marker = Marker::show(stage.customer.display(), 0, 0, 0xff_00_ff)?;
    let eye = stage.operator.display().connect()?;
    ensure!(!shows_magenta(&eye.picture()?), "the picture was shown before it was allowed");
    let began = customer.answers("Allow")?;
    wait_until("the first picture", PATIENCE, || eye.picture().is_ok_and(|picture| shows_magenta(&picture)))?;
    account.first_picture = Some(began.elapsed());
    drop(marker);

    let view = View::locate(stage.customer.display(), stage.operator.display(), PATIENCE)?;
    tell(&format!("the operator sees the desktop at {:.0} %", view.scale * 100.0));
    account.latency = Some(measure_latency(stage, &view)?);
    account.wrong_percent = Some(fidelity(stage, &view)?);

    tell("the operator asks for control and types into the customer's editor");
    operator.clicks("Ask to control")?;
    customer.answers("Allow")?;
    operator.sees("In control")?;
    // The bar has grown by a line that says where the keyboard goes.
    let view = View::locate(stage.customer.display(), stage.operator.display(), PATIENCE)?;
    account.seen(stage, type_and_edit(stage, &operator, &editor, &view))?;
    account.keep(stage, "3-in-control")?;

    tell("the customer's own mouse wins");
    account.seen(stage, mouse_override(stage, &operator, &view))?;

    tell("F11 stops control at once");
    let began = Instant::now();
    customer.hand().keys(&["F11"])?;
    operator.sees("Stopped with F11")?;
    account.f11 = Some(began.elapsed());
    account.seen(stage, nothing_arrives(&operator, &editor, &view))?;
    account.keep(stage, "4-after-f11")?;

    tell("Stop ends the session on both sides");
    let began = Instant::now();
    customer.clicks("Stop")?;
    operator.sees("The customer ended the session")?;
    account.stop = Some(began.elapsed());
    account.keep(stage, "5-ended")?;
    account.data = operator.after("Data")?;
    customer.sees("You ended it.")?;
    customer.clicks("Close")?;
    customer.leaves_nothing(PATIENCE)?;
    account.journals(stage)?;
    Ok(account)
}

/// Both programs when the customer has typed the code and is being shown who asks: operator, customer.
///
/// # Errors
/// When it does not come about.
pub fn introduce(stage: &Stage) -> Result<(Person<'_>, Person<'_>)> {
    let (operator, code) = wait_with_a_code(stage)?;
    let customer = stage.start_customer()?;
    customer.types_into("Six-digit code", &code)?;
    customer.hand().keys(&["Return"])?;
    Ok((operator, customer))
}

/// Both programs in a session in which the operator sees the screen, and nothing else: operator, customer.
///
/// # Errors
/// When it does not come about.
pub fn watch(stage: &Stage) -> Result<(Person<'_>, Person<'_>)> {
    let (operator, customer) = introduce(stage)?;
    customer.answers("Accept")?;
    operator.clicks("Ask to see")?;
    customer.answers("Allow")?;
    operator.sees("Seeing the screen")?;
    Ok((operator, customer))
}

/// The operator, logged in, with a code to read out.
///
/// # Errors
/// When it does not come about.
pub fn wait_with_a_code(stage: &Stage) -> Result<(Person<'_>, String)> {
    let operator = stage.start_operator()?;
    operator.types_into("User name", stage.user())?;
    operator.types_into("Password", stage.password())?;
    operator.hand().keys(&["Return"])?;
    operator.clicks("New session")?;
    let code = operator.code()?;
    Ok((operator, code))
}

/// Whether a picture shows the marker's colour in a block that no text or icon has.
fn shows_magenta(picture: &Picture) -> bool {
    picture.find_colour(0xff_00_ff, MARKER / 2, MARKER / 2).is_some()
}

fn measure_latency(stage: &Stage, view: &View) -> Result<Latency> {
    let (width, _) = stage.customer.display().connect()?.size()?;
    let at = (width - 3 * MARKER, 4);
    let marker = Marker::show(stage.customer.display(), at.0, at.1, 0)?;
    let middle = (i32::try_from(at.0 + MARKER / 2)?, i32::try_from(at.1 + MARKER / 2)?);
    let eye = stage.operator.display().connect()?;
    let latency = Latency::measure(&marker, &eye, view.place(middle), 40, Duration::from_millis(120))?;
    ensure!(latency.lost == 0, "{} of 40 changes never reached the operator's display", latency.lost);
    Ok(latency)
}

/// How many pixels of the operator's picture are wrong once nothing moves, in per cent. The pointer is drawn
/// on the operator's side alone, so some always are.
fn fidelity(stage: &Stage, view: &View) -> Result<f64> {
    let mut best = f64::INFINITY;
    let there = stage.customer.display().connect()?;
    let here = stage.operator.display().connect()?;
    if (view.scale - 1.0).abs() > 1e-9 {
        bail!("the operator's window is too small to show every pixel (scale {})", view.scale);
    }
    let area = view.rect(there.size()?);
    wait_for("a picture at rest that is the customer's own", PATIENCE, || {
        let difference = there.picture()?.compare(&here.part(area)?)?;
        best = best.min(difference.wrong_percent);
        Ok((difference.wrong_percent < 0.2).then_some(difference.wrong_percent))
    })
    .with_context(|| format!("at best {best:.3} % of the pixels were wrong"))
}

/// Letter for letter, through mouse and keyboard: a sentence, arrow keys, and a chord.
fn type_and_edit(stage: &Stage, operator: &Person<'_>, editor: &Editor, view: &View) -> Result<()> {
    let hand = operator.hand();
    leads(stage, operator, view, editor.middle())?;
    hand.click(view.place(editor.middle()))?;
    operator.sees("Keyboard goes to the customer")?;
    hand.types(SENTENCE, 60)?;
    hand.keys(&["Return"])?;
    // The last letter first, then back over it; Ctrl+A goes to the line's beginning in this editor.
    hand.types("ac", 60)?;
    hand.keys(&["Left"])?;
    hand.types("b", 60)?;
    hand.keys(&["ctrl+a"])?;
    hand.types("> ", 60)?;
    hand.keys(&["ctrl+o", "Return"])?;
    editor.holds(&format!("{SENTENCE}\n> abc\n"))
}

/// While the customer moves the mouse the operator's moves do nothing, and two seconds later they do again.
fn mouse_override(stage: &Stage, operator: &Person<'_>, view: &View) -> Result<()> {
    let there = stage.customer.display().connect()?;
    leads(stage, operator, view, (200, 500))?;
    stage.customer.hand().wander((300, 520), (420, 560), 6)?;
    operator.sees("The customer is using the mouse")?;
    operator.hand().wander(view.place((600, 300)), view.place((640, 340)), 4)?;
    holds_for("the customer's pointer stays", Duration::from_millis(800), || {
        there.pointer().is_ok_and(|at| near(at, (420, 560)))
    })?;
    leads(stage, operator, view, (600, 300))
}

/// Waits for the operator's hand to lead the customer's pointer: it rests while a question is open and until
/// the customer's own hand has been still for two seconds.
fn leads(stage: &Stage, operator: &Person<'_>, view: &View, place: (i32, i32)) -> Result<()> {
    let there = stage.customer.display().connect()?;
    let mut step = 0;
    wait_until("the operator's hand leads the pointer", PATIENCE, || {
        step = 1 - step;
        operator.hand().move_to(view.place((place.0 + step, place.1))).is_ok()
            && there.pointer().is_ok_and(|at| near(at, place))
    })
}

fn near(a: (i32, i32), b: (i32, i32)) -> bool {
    a.0.abs_diff(b.0) <= 2 && a.1.abs_diff(b.1) <= 2
}

/// After F11: the operator types on, and when the customer saves by his own hand nothing new is there.
fn nothing_arrives(operator: &Person<'_>, editor: &Editor, view: &View) -> Result<()> {
    operator.hand().click(view.place(editor.middle()))?;
    operator.hand().types("after F11", 20)?;
    editor.saves_by_hand("saved")?;
    let after = fs::read_to_string(editor.file())?;
    ensure!(!after.contains("after F11"), "the operator's keys arrived after F11: {after}");
    Ok(())
}
