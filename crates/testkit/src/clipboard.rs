//! What is on a desktop's clipboard: xclip, as another program of the person's would own and read it.

use std::io::Write as _;
use std::process::{Child, Stdio};
use std::time::Duration;

use anyhow::{Context as _, Result};

use crate::desktop::Desktop;
use crate::wait::wait_until;

/// How long a program may take to own the clipboard.
const SOON: Duration = Duration::from_secs(10);

/// The program that owns a clipboard; with it the content goes.
#[derive(Debug)]
pub struct Owner(Child);

impl Drop for Owner {
    fn drop(&mut self) {
        // It ends by itself when somebody else owns the clipboard.
        self.0.kill().unwrap_or_default();
        self.0.wait().map(drop).unwrap_or_default();
    }
}

/// Puts this onto the desktop's clipboard, and waits until it is there.
///
/// # Errors
/// When xclip is missing or does not do it.
pub fn own(desktop: &Desktop, kind: &str, content: &str) -> Result<Owner> {
    let mut xclip = desktop.command("xclip");
    xclip.args(["-quiet", "-selection", "clipboard", "-in", "-target", kind]);
    xclip.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null());
    let mut owner = Owner(xclip.spawn().context("cannot start xclip")?);
    owner.0.stdin.take().context("xclip without input")?.write_all(content.as_bytes())?;
    wait_until("the clipboard", SOON, || read(desktop, kind).is_ok_and(|there| there == content))?;
    Ok(owner)
}

/// What a program on this desktop would paste; nothing where there is nothing of this kind.
///
/// # Errors
/// When xclip cannot be started.
pub fn read(desktop: &Desktop, kind: &str) -> Result<String> {
    let mut xclip = desktop.command("xclip");
    xclip.args(["-selection", "clipboard", "-out", "-target", kind]);
    let done = xclip.output().context("cannot start xclip")?;
    Ok(String::from_utf8_lossy(&done.stdout).into_owned())
}
