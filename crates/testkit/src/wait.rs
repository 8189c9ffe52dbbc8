//! Waiting for what is expected to happen: by looking, never by guessing how long it takes.

use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Result, bail};

/// How long to rest between two looks.
const PAUSE: Duration = Duration::from_millis(15);

/// Looks until `look` finds something, and returns it.
///
/// # Errors
/// When `deadline` has passed; `what` says what was waited for. An error of `look` itself ends the waiting.
pub fn wait_for<T>(what: &str, deadline: Duration, mut look: impl FnMut() -> Result<Option<T>>) -> Result<T> {
    let began = Instant::now();
    loop {
        if let Some(found) = look()? {
            return Ok(found);
        }
        if deadline <= began.elapsed() {
            bail!("waited {:.1} s in vain: {what}", deadline.as_secs_f32());
        }
        thread::sleep(PAUSE);
    }
}

/// Looks until `condition` holds.
///
/// # Errors
/// When `deadline` has passed; `what` says what was waited for.
pub fn wait_until(what: &str, deadline: Duration, mut condition: impl FnMut() -> bool) -> Result<()> {
    wait_for(what, deadline, || Ok(condition().then_some(())))
}

/// Looks for the whole of `time` and fails as soon as `condition` stops holding: for what must *not* happen.
///
/// # Errors
/// When the condition does not hold at some look; `what` says what should have held.
pub fn holds_for(what: &str, time: Duration, mut condition: impl FnMut() -> bool) -> Result<()> {
    let began = Instant::now();
    loop {
        if !condition() {
            bail!("stopped holding after {:.2} s: {what}", began.elapsed().as_secs_f32());
        }
        if time <= began.elapsed() {
            return Ok(());
        }
        thread::sleep(PAUSE);
    }
}
