//! Developer commands: `./dev …` comes here as `cargo xtask …`.
//!
//! This crate depends on no other of the workspace, so that checking and formatting work while they do not
//! compile. What drives real programs (demo, bench) lives in the crate `testkit` and is started from here.
#![forbid(unsafe_code)]
#![expect(clippy::print_stdout, reason = "a developer's command talks on the terminal")]

mod deps;
mod run;
mod steps;
mod tidy;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::Context as _;
use clap::{Parser, Subcommand};

#[derive(Parser)]
#[command(
    name = "./dev",
    about = "Everything a developer does with Deskside",
    disable_help_subcommand = true
)]
struct Arguments {
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Subcommand)]
enum Command {
    /// One whole support session with the real programs; pictures, journals and logs in target/demo
    Demo {
        /// Open the windows on $DISPLAY, for a person to drive
        #[arg(long)]
        here: bool,
    },
    /// Everything that must hold: format, lints, crate edges, tidy rules, all tests, dependencies
    #[command(alias = "ci")]
    Test {
        /// Slow tests as well
        #[arg(long)]
        full: bool,
    },
    /// What takes an hour and asks for patience: hidden windows searched for in 100,000 frames
    Soak,
    /// Format, lints, crate edges and tidy rules only
    Check,
    /// Which crate may use which, and what pure crates may never reach
    Deps,
    /// House rules that no compiler checks
    Tidy,
    /// Format the source
    Fmt,
    /// Measure: `glass` (what a person gets, beside TigerVNC and FreeRDP), `f11` (how fast it stops control),
    /// `codec`, `size` (stripped release programs)
    Bench {
        /// What to measure
        what: run::Bench,
        /// Handed on; `./dev bench glass -- --help` lists them
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        arguments: Vec<String>,
    },
    /// Fuzz one decoder by libFuzzer (nightly toolchain and cargo-fuzz), or list the targets
    Fuzz {
        /// Target; without it they are listed
        target: Option<String>,
        /// Handed on to libFuzzer
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        arguments: Vec<String>,
    },
    /// Install cargo-nextest and cargo-deny, which make `./dev test` faster and complete
    Tools,
    /// This list
    Help,
}

fn main() -> ExitCode {
    match execute(Arguments::parse().command.unwrap_or(Command::Help)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            println!("\n{error:#}");
            ExitCode::FAILURE
        }
    }
}

fn execute(command: Command) -> anyhow::Result<()> {
    let root = root()?;
    match command {
        Command::Demo { here } => run::demo(&root, here),
        Command::Test { full } => steps::test(&root, full),
        Command::Soak => run::soak(&root),
        Command::Check => steps::check(&root),
        Command::Deps => deps::check(&root),
        Command::Tidy => tidy::check(&root),
        Command::Fmt => run::cargo(&root, &["fmt", "--all"]),
        Command::Bench { what, arguments } => run::bench(&root, what, &arguments),
        Command::Fuzz { target, arguments } => run::fuzz(&root, target.as_deref(), &arguments),
        Command::Tools => run::cargo(&root, &["install", "--locked", "cargo-nextest", "cargo-deny"]),
        Command::Help => {
            use clap::CommandFactory as _;
            Arguments::command().print_help().context("cannot print")
        }
    }
}

/// The workspace's folder.
fn root() -> anyhow::Result<PathBuf> {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .map(Path::to_path_buf)
        .context("xtask does not lie in a workspace")
}
