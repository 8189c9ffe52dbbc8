//! `./dev test` and `./dev check`: steps in order, a closing line for each, one verdict.

use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::bail;

use crate::run::{self, cargo, installed};
use crate::{deps, tidy};

/// How a step went.
enum Outcome {
    Passed,
    /// Done without, or not done, and why that is no failure.
    Without(&'static str),
    Failed(String),
}

/// Steps run to the end even when one fails, so that one run shows everything.
#[derive(Default)]
struct Steps {
    done: Vec<(&'static str, Outcome, Duration)>,
}

impl Steps {
    fn step(&mut self, name: &'static str, work: impl FnOnce() -> anyhow::Result<()>) {
        println!("\n== {name}");
        let began = Instant::now();
        let outcome = match work() {
            Ok(()) => Outcome::Passed,
            Err(error) => Outcome::Failed(format!("{error:#}")),
        };
        let took = began.elapsed();
        let seconds = took.as_secs_f32();
        match &outcome {
            Outcome::Failed(error) => println!("== {name}: FAILED after {seconds:.1} s: {error}"),
            _ => println!("== {name}: passed in {seconds:.1} s"),
        }
        self.done.push((name, outcome, took));
    }

    fn without(&mut self, name: &'static str, why: &'static str) {
        println!("\n== {name}: {why}");
        self.done.push((name, Outcome::Without(why), Duration::ZERO));
    }

    fn finish(self) -> anyhow::Result<()> {
        println!("\n== all steps");
        let mut failed = Vec::new();
        let mut total = Duration::ZERO;
        for (name, outcome, took) in &self.done {
            total += *took;
            let (word, note) = match outcome {
                Outcome::Passed => ("passed", String::new()),
                Outcome::Without(why) => ("without", format!("  {why}")),
                Outcome::Failed(error) => {
                    failed.push(*name);
                    ("FAILED", format!("  {}", error.lines().next().unwrap_or_default()))
                }
            };
            println!("   {word:8} {name:22} {:7.1} s{note}", took.as_secs_f32());
        }
        let passed = self.done.len() - failed.len();
        println!("== {passed} of {} steps passed in {:.0} s", self.done.len(), total.as_secs_f32());
        if !failed.is_empty() {
            bail!("failed: {}", failed.join(", "));
        }
        Ok(())
    }
}

/// The quick steps.
fn checks(steps: &mut Steps, root: &Path) {
    steps.step("format", || cargo(root, &["fmt", "--all", "--", "--check"]));
    steps.step("crate edges", || deps::check(root));
    steps.step("tidy", || tidy::check(root));
    steps.step("lints", || {
        cargo(
            root,
            &["clippy", "--locked", "--workspace", "--all-targets", "--quiet", "--", "-D", "warnings"],
        )
    });
}

/// `./dev check`.
pub(crate) fn check(root: &Path) -> anyhow::Result<()> {
    let mut steps = Steps::default();
    checks(&mut steps, root);
    steps.finish()
}

/// All tests without cargo-nextest, one after another: some measure times that a person would notice, and some have
/// their process for themselves there.
fn plain_tests(root: &Path, full: bool) -> anyhow::Result<()> {
    const TEST: [&str; 7] =
        ["test", "--locked", "--workspace", "--lib", "--bins", "--tests", "--no-fail-fast"];
    let slow: &[&str] = if full { &["--include-ignored", "--skip", "soak"] } else { &[] };
    cargo(root, &[&TEST[..], &["--", "--test-threads", "1"], slow].concat())
}

/// `./dev test`.
pub(crate) fn test(root: &Path, full: bool) -> anyhow::Result<()> {
    let mut steps = Steps::default();
    checks(&mut steps, root);
    steps.step("programs", || run::build_programs(root, "dev"));
    if installed("nextest") {
        steps.step("tests", || {
            let mut arguments = vec!["nextest", "run", "--locked", "--workspace", "--no-tests", "fail"];
            if full {
                arguments.extend(["--profile", "full", "--run-ignored", "all", "-E", "not test(soak)"]);
            }
            cargo(root, &arguments)
        });
    } else {
        steps.without("cargo-nextest", "not installed (./dev tools): plain cargo test instead");
        steps.step("tests", || plain_tests(root, full));
    }
    steps.step("documentation tests", || cargo(root, &["test", "--locked", "--workspace", "--doc"]));
    steps.step("documentation", || cargo(root, &["doc", "--locked", "--workspace", "--no-deps", "--quiet"]));
    if installed("deny") {
        steps.step("dependencies", || {
            cargo(
                root,
                &[
                    "deny",
                    "--offline",
                    "--locked",
                    "check",
                    "--hide-inclusion-graph",
                    "bans",
                    "licenses",
                    "sources",
                ],
            )
        });
        steps.without(
            "advisories",
            "not asked: their database lies beyond this machine (cargo deny check advisories)",
        );
    } else {
        steps.without(
            "dependencies",
            "cargo-deny is not installed (./dev tools): licences, bans and sources unchecked",
        );
    }
    steps.finish()
}
