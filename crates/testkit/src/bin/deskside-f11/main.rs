//! `./dev bench f11`: how long an operator who does not want to stop still acts after the customer's F11.
//!
//! The customer's program, the server and the customer's desktop are the real ones; the operator's end has no
//! window and floods the customer's program with input, while every core is kept busy. F11 is pressed on the
//! display outside the customer's, so that it comes from a real device. What the customer's display does then
//! is heard by one listener, and timed by that display's own clock.
#![forbid(unsafe_code)]
#![expect(clippy::print_stdout, reason = "a developer's command talks on the terminal")]

mod busy;
mod ear;
mod figures;
mod hostile;

use std::fs;
use std::path::Path;
use std::process::ExitCode;
use std::time::Duration;

use anyhow::{Context as _, Result, bail, ensure};
use clap::Parser;
use deskside_proto::journal::Action;
use deskside_testkit::process::Process;
use deskside_testkit::programs::target_folder;
use deskside_testkit::scenario::{Person, Stage};
use deskside_testkit::wait::{holds_for, wait_for};

use busy::Busy;
use ear::Ear;
use figures::{Outcome, report};
use hostile::Hostile;

/// How long anybody waits before something is wrong.
const PATIENCE: Duration = Duration::from_secs(30);
/// So much of the flood has been carried out before F11 is pressed.
const UNDER_WAY: usize = 500;
/// How long the display is still listened to when the operator has been told: longer than the customer's
/// program keeps input that waits.
const AFTERWARDS: Duration = Duration::from_secs(1);
/// Where the customer's hand rests between two answers: the next click must move it.
const ASIDE: (i32, i32) = (5, 5);

/// From the customer's F11 to the last thing that the operator does, under a flood and full load.
#[derive(Parser)]
struct Arguments {
    /// How often F11 is pressed
    #[arg(long, default_value_t = 30, value_parser = clap::value_parser!(u32).range(1..=10_000))]
    runs: u32,
    /// Threads that only burn time; by default as many as there are cores
    #[arg(long)]
    busy: Option<usize>,
}

fn main() -> ExitCode {
    match measure(&Arguments::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            println!("\n{error:#}");
            ExitCode::FAILURE
        }
    }
}

fn measure(arguments: &Arguments) -> Result<()> {
    let cores = std::thread::available_parallelism().context("how many cores there are")?.get();
    let busy = arguments.busy.unwrap_or(cores);
    let place = target_folder().join("bench");
    let folder = place.join("f11");
    if folder.exists() {
        fs::remove_dir_all(&folder).context("cannot remove what the last measurement left")?;
    }
    fs::create_dir_all(&folder).with_context(|| format!("cannot make {}", folder.display()))?;

    let stage = Stage::set(&folder, None)?;
    let _terminal = open_terminal(&stage)?;
    let mut operator = Hostile::start(&stage)?;
    let customer = join(&stage, &mut operator)?;
    let mut ear = Ear::open(stage.customer.display())?;
    let mut outcomes = Vec::new();
    for run in 1..=arguments.runs {
        let outcome = press(&customer, &mut operator, &mut ear, busy)
            .with_context(|| format!("run {run}, logs in {}", folder.display()))?;
        println!("{run}/{}: {outcome}", arguments.runs);
        outcomes.push(outcome);
    }
    conclude(&outcomes, busy, cores, &place.join("f11.md"))
}

fn conclude(outcomes: &[Outcome], busy: usize, cores: usize, file: &Path) -> Result<()> {
    let (text, is_good) = report(outcomes, busy, cores)?;
    println!("\n{text}");
    fs::write(file, &text).with_context(|| format!("cannot write {}", file.display()))?;
    ensure!(is_good, "F11 is slower than its bar");
    Ok(())
}

/// Something that shows what is typed, so that the picture has work as well.
fn open_terminal(stage: &Stage) -> Result<Process> {
    let terminal = stage.customer.start("terminal", "xterm", |command| {
        command.args(["-title", "typed", "-geometry", "70x20+20+30"]);
        command.args(["-e", "sh", "-c", "stty raw -echo; exec cat"]);
    })?;
    stage.customer.display().window("typed")?;
    Ok(terminal)
}

/// A session in which the operator sees the screen.
fn join<'a>(stage: &'a Stage, operator: &mut Hostile) -> Result<Person<'a>> {
    let code = operator.new_code()?;
    let customer = stage.start_customer()?;
    customer.types_into("Six-digit code", &code)?;
    customer.hand().keys(&["Return"])?;
    customer.answers("Accept")?;
    operator.wait_started()?;
    operator.ask(Action::See);
    customer.answers("Allow")?;
    operator.wait_allowed(Action::See)?;
    Ok(customer)
}

/// One run: control is asked for and allowed, the flood begins, and F11 ends it.
fn press(customer: &Person<'_>, operator: &mut Hostile, ear: &mut Ear, busy: usize) -> Result<Outcome> {
    customer.hand().move_to(ASIDE)?;
    operator.ask(Action::Control);
    customer.answers("Allow")?;
    operator.wait_allowed(Action::Control)?;
    operator.wait_free()?;
    ear.forget()?;

    let busy = Busy::start(busy)?;
    let flood = operator.flood()?;
    wait_for("the flood on the customer's display", PATIENCE, || {
        ear.listen()?;
        Ok((UNDER_WAY <= ear.acts()).then_some(()))
    })?;
    flood.pour();
    let sent = flood.sent();
    customer.hand().keys(&["F11"])?;
    operator.wait_stopped_by_f11()?;
    let mut lost = None;
    holds_for("the customer's display", AFTERWARDS, || {
        lost = ear.listen().err();
        lost.is_none()
    })
    .or_else(|error| bail!(lost.take().unwrap_or(error)))?;
    drop((flood, busy));
    ear.outcome(sent)
}
