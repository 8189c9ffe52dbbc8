//! `./dev demo`: one whole support session with the real programs, and its account.
#![forbid(unsafe_code)]
#![expect(clippy::print_stdout, reason = "a developer's command talks on the terminal")]

use std::fs;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};
use clap::Parser;
use deskside_testkit::programs::target_folder;
use deskside_testkit::scenario::{self, Stage};

/// One whole support session with the real programs.
#[derive(Parser)]
struct Arguments {
    /// Open the windows on $DISPLAY, for a person to drive
    #[arg(long)]
    here: bool,
    /// The way of both programs to the relay: auto, tls or udp
    #[arg(long)]
    path: Option<String>,
}

fn main() -> ExitCode {
    match demo(&Arguments::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            println!("\n{error:#}");
            ExitCode::FAILURE
        }
    }
}

fn demo(arguments: &Arguments) -> Result<()> {
    let folder = target_folder().join("demo");
    if folder.exists() {
        fs::remove_dir_all(&folder).context("cannot remove what the last demo left")?;
    }
    fs::create_dir_all(&folder).with_context(|| format!("cannot make {}", folder.display()))?;
    if arguments.here {
        return here(&folder);
    }
    let began = Instant::now();
    let mut tell = |step: &str| println!("{:6.1} s  {step}", began.elapsed().as_secs_f32());
    tell("an organisation, its server, two desktops");
    let stage = Stage::set(&folder, arguments.path.as_deref())?;
    let account = scenario::run(&stage, &mut tell)?;
    tell("done");
    println!("\n{account}\n\npictures, journals and logs: {}", folder.display());
    fs::write(folder.join("account.txt"), format!("{account}\n")).context("cannot keep the account")
}

/// Both programs on the display of the person who asked.
fn here(folder: &std::path::Path) -> Result<()> {
    let Some(display) = std::env::var("DISPLAY").ok().filter(|display| !display.is_empty()) else {
        bail!("--here opens windows on $DISPLAY, which is not set; without --here the demo needs no display");
    };
    let stage = Stage::on_display(folder, &display)?;
    let mut operator = stage.spawn_operator()?;
    let mut customer = stage.spawn_customer()?;
    println!("Both programs are open on {display}.");
    println!("Operator: log in as {} with the password {}.", stage.user(), stage.password());
    println!("Customer: type the code that the operator's window shows. Close both windows to end.");
    let patience = Duration::from_secs(24 * 3600);
    operator.wait(patience)?;
    customer.wait(patience)?;
    println!("logs: {}", folder.display());
    Ok(())
}
