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

    /// The program file. The first call of a process has cargo build all four in this process's own profile,
    /// which takes no time when nothing changed.
    ///
    /// # Errors
    /// When they do not compile.
    pub fn path(self) -> Result<PathBuf> {
        static BUILT: OnceLock<Result<PathBuf, String>> = OnceLock::new();
        match BUILT.get_or_init(|| build().map_err(|error| format!("{error:#}"))) {
            Ok(folder) => Ok(folder.join(self.name())),
            Err(error) => bail!("{error}"),
        }
    }
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

fn build() -> Result<PathBuf> {
    let (profile, folder) = if cfg!(debug_assertions) { ("dev", "debug") } else { ("release", "release") };
    let mut cargo = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    // The whole workspace, as `./dev` builds it: a selection of packages would mean other features of their
    // dependencies, and so compile half of them again.
    cargo.args(["build", "--quiet", "--locked", "--workspace", "--bins", "--profile", profile]);
    cargo.current_dir(workspace());
    let done = cargo.output().context("cannot start cargo")?;
    if !done.status.success() {
        bail!("the programs do not compile:\n{}", String::from_utf8_lossy(&done.stderr));
    }
    Ok(target_folder().join(folder))
}
