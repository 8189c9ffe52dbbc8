//! Starting cargo, and the programs that cargo builds.

use std::path::Path;
use std::process::{Command, Stdio};

use anyhow::{Context as _, bail};
use clap::ValueEnum;

/// The product's programs, as packages.
pub(crate) const PROGRAMS: [&str; 4] = ["deskside-ca", "deskside-server", "deskside-operator", CUSTOMER];

/// The customer's program is a download: it has a profile of its own,
const CUSTOMER: &str = "deskside-customer";
/// and must stay under this, stripped, in bytes.
const CUSTOMER_LIMIT: u64 = 12_000_000;

/// What can be measured.
#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Bench {
    /// From a pixel changing on the customer's display to the same pixel on the operator's.
    Glass,
    /// From the customer's F11 to the last thing that the operator does, under a flood and full load.
    F11,
    /// The screen codec alone: nanoseconds and bits a pixel.
    Codec,
    /// Sizes of the stripped release programs.
    Size,
}

/// Runs cargo at the workspace's root with its output on the terminal.
pub(crate) fn cargo(root: &Path, arguments: &[&str]) -> anyhow::Result<()> {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let status = Command::new(cargo)
        .args(arguments)
        .current_dir(root)
        .env("RUSTDOCFLAGS", "-D warnings")
        // Set by the `cargo run` that started this; they would change what the inner cargo builds.
        .env_remove("CARGO_MANIFEST_DIR")
        .env_remove("CARGO_PKG_NAME")
        .status()
        .context("cannot start cargo")?;
    if !status.success() {
        bail!("cargo {} failed: {status}", arguments.join(" "));
    }
    Ok(())
}

/// Whether a cargo subcommand is installed.
pub(crate) fn installed(subcommand: &str) -> bool {
    Command::new(format!("cargo-{subcommand}"))
        .args([subcommand, "--version"])
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .is_ok_and(|status| status.success())
}

/// Builds all programs as tests, demo and measurements run them. Always the whole workspace: a selection of
/// packages would mean other features of their dependencies, and so compile half of them again.
pub(crate) fn build_programs(root: &Path, profile: &str) -> anyhow::Result<()> {
    let mut arguments = vec!["build", "--locked", "--workspace", "--bins", "--profile", profile];
    if profile != "dev" {
        // It has a profile of its own, and whoever starts it builds it.
        arguments.extend(["--exclude", CUSTOMER]);
    }
    cargo(root, &arguments)
}

/// Runs one of the testkit's programs, built by [`build_programs`].
fn run_tool(root: &Path, profile: &str, name: &str, arguments: &[String]) -> anyhow::Result<()> {
    build_programs(root, profile)?;
    let folder = if profile == "dev" { "debug" } else { profile };
    let tool = target(root).join(folder).join(name);
    let status = Command::new(&tool)
        .args(arguments)
        .current_dir(root)
        .status()
        .with_context(|| format!("cannot start {}", tool.display()))?;
    if !status.success() {
        bail!("{name} failed: {status}");
    }
    Ok(())
}

/// `./dev demo`.
pub(crate) fn demo(root: &Path, here: bool) -> anyhow::Result<()> {
    let here = here.then(|| "--here".to_owned());
    run_tool(root, "dev", "deskside-demo", here.as_slice())
}

/// `./dev bench …`.
pub(crate) fn bench(root: &Path, what: Bench, arguments: &[String]) -> anyhow::Result<()> {
    match what {
        Bench::Glass => run_tool(root, "release", "deskside-glass", arguments),
        Bench::F11 => run_tool(root, "release", "deskside-f11", arguments),
        Bench::Codec => {
            // Instructions are counted on recorded work alone: drawing pictures would take most of the time.
            let is_counted = arguments.iter().any(|argument| argument == "--counts");
            let benches: &[&str] = if is_counted { &["traces"] } else { &["codec", "traces"] };
            for bench in benches {
                let bench =
                    ["bench", "--locked", "--quiet", "--package", "deskside-codec", "--bench", bench, "--"];
                let all: Vec<&str> = bench.into_iter().chain(arguments.iter().map(String::as_str)).collect();
                cargo(root, &all)?;
            }
            Ok(())
        }
        Bench::Size => size(root),
    }
}

/// As they are shipped: each package alone, with no feature that only another one needs.
fn size(root: &Path) -> anyhow::Result<()> {
    for program in PROGRAMS {
        let profile = if program == CUSTOMER { "download" } else { "release" };
        cargo(root, &["build", "--locked", "--profile", profile, "--package", program])?;
        let file = target(root).join(profile).join(program);
        let bytes = std::fs::metadata(&file).with_context(|| format!("no {}", file.display()))?.len();
        println!("{program:20} {:6.2} MB stripped", bytes as f64 / 1e6);
        if program == CUSTOMER && CUSTOMER_LIMIT < bytes {
            bail!("deskside-customer has {bytes} bytes, more than {CUSTOMER_LIMIT}");
        }
    }
    Ok(())
}

/// Where cargo puts what it builds.
fn target(root: &Path) -> std::path::PathBuf {
    std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| root.join("target"), Into::into)
}

/// `./dev soak`. By plain cargo test: nothing has to end it in time.
pub(crate) fn soak(root: &Path) -> anyhow::Result<()> {
    let test = ["test", "--locked", "--package", "deskside-platform", "--test", "x11", "--"];
    let only = ["soak", "--include-ignored", "--nocapture", "--test-threads", "1"];
    cargo(root, &[&test[..], &only[..]].concat())
}

/// `./dev fuzz …`.
pub(crate) fn fuzz(root: &Path, target: Option<&str>, arguments: &[String]) -> anyhow::Result<()> {
    let folder = root.join("fuzz");
    if !folder.is_dir() {
        bail!("there is no folder fuzz");
    }
    if !installed("fuzz") {
        bail!("cargo-fuzz is missing: cargo install --locked cargo-fuzz");
    }
    // Fuzzing needs the sanitizers of a nightly compiler; rustup's own `cargo` picks it by `+nightly`.
    let mut command = Command::new("cargo");
    command
        .arg("+nightly")
        .arg("fuzz")
        .current_dir(&folder)
        .env_remove("RUSTUP_TOOLCHAIN")
        .env_remove("CARGO");
    match target {
        Some(target) => command.args(["run", target]).args(arguments),
        None => command.arg("list"),
    };
    let status = command.status().context("cannot start cargo fuzz")?;
    if !status.success() {
        bail!("cargo fuzz failed: {status}");
    }
    Ok(())
}
