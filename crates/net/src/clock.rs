//! The computer's clocks, read in one place.

use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use deskside_session::Now;

/// The clocks of one program's end. Copies agree with each other.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Clock {
    start: Instant,
}

impl Clock {
    pub(crate) fn new() -> Self {
        Self { start: Instant::now() }
    }

    /// This instant, for the session's machines.
    pub(crate) fn now(self) -> Now {
        Now { monotonic: self.monotonic(), wall_ms: wall_ms() }
    }

    /// Since the clock was made.
    pub(crate) fn monotonic(self) -> Duration {
        self.start.elapsed()
    }

    /// The runtime's instant for a deadline of a machine.
    pub(crate) fn at(self, deadline: Duration) -> tokio::time::Instant {
        (self.start + deadline).into()
    }
}

/// Milliseconds since 1970.
pub(crate) fn wall_ms() -> i64 {
    let wall = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(wall.as_millis()).unwrap_or(i64::MAX)
}

/// Waits for a machine's deadline; for ever if it has none.
pub(crate) async fn until(clock: Clock, deadline: Option<Duration>) {
    match deadline {
        Some(deadline) => tokio::time::sleep_until(clock.at(deadline)).await,
        None => std::future::pending().await,
    }
}
