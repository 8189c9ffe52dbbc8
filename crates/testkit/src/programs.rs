//! The product's own programs, never stale: cargo is asked before each run that starts one.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

use anyhow::{Context as _, Result, bail};

/// One of the product's programs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Program {
    /// `deskside-ca`
    Ca,
    /// `deskside-server`
    Server,
    /// `deskside-operator`
    Operator,
    /// `deskside-customer`
    Customer,
}

impl Program {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Ca, Self::Server, Self::Operator, Self::Customer];

    /// Name of the package and of the program file.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Ca => "deskside-ca",
            Self::Server => "deskside-server",
            Self::Operator => "deskside-operator",
            Self::Customer => "deskside-customer",
        }
    }

    /// The program file. The first call of a process has cargo build all four as they are in this process's own
    /// profile, which takes no time when nothing changed.
    ///
    /// # Errors
    /// When they do not compile.
    pub fn path(self) -> Result<PathBuf> {
        built()?;
        let folder = if self == Self::Customer { CUSTOMER_PROFILE } else { PROFILE };
        Ok(target_folder().join(folder_of(folder)).join(self.name()))
    }
}

/// The profile of this process, and so of what it starts.
const PROFILE: &str = if cfg!(debug_assertions) { "dev" } else { "release" };
/// The customer's program is measured as it is shipped.
const CUSTOMER_PROFILE: &str = if cfg!(debug_assertions) { "dev" } else { "download" };

fn folder_of(profile: &'static str) -> &'static str {
    if profile == "dev" { "debug" } else { profile }
}

/// The workspace's folder.
#[must_use]
pub fn workspace() -> &'static Path {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    here.ancestors().nth(2).unwrap_or(here)
}

/// Where cargo puts what it builds.
#[must_use]
pub fn target_folder() -> PathBuf {
    std::env::var_os("CARGO_TARGET_DIR")
        .map_or_else(|| workspace().join("target"), |folder| workspace().join(folder))
}

fn build_all() -> Result<()> {
    // The whole workspace, as `./dev` builds it: a selection of packages would mean other features of their
    // dependencies, and so compile half of them again.
    let all = ["--workspace", "--bins", "--profile", PROFILE];
    if CUSTOMER_PROFILE == PROFILE {
        return build(&all);
    }
    build(&[&all[..], &["--exclude", Program::Customer.name()]].concat())?;
    build(&["--package", Program::Customer.name(), "--profile", CUSTOMER_PROFILE])
}

/// Makes sure that all programs are there and of today, once a process.
fn built() -> Result<()> {
    static BUILT: OnceLock<Result<(), String>> = OnceLock::new();
    if let Err(error) = BUILT.get_or_init(|| build_all().map_err(|error| format!("{error:#}"))) {
        bail!("{error}");
    }
    Ok(())
}

/// The file of one of the testkit's own programs.
///
/// # Errors
/// When they do not compile.
pub(crate) fn own(name: &str) -> Result<PathBuf> {
    built()?;
    Ok(target_folder().join(folder_of(PROFILE)).join(name))
}

fn build(what: &[&str]) -> Result<()> {
    let mut cargo = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    cargo.args(["build", "--quiet", "--locked"]).args(what).current_dir(workspace());
    let done = cargo.output().context("cannot start cargo")?;
    if !done.status.success() {
        bail!("cargo build {}:\n{}", what.join(" "), String::from_utf8_lossy(&done.stderr));
    }
    Ok(())
}
