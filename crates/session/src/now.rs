//! The time, as the driver of a machine tells it.

use std::time::Duration;

/// One instant, read by the driver; the machines never look at a clock themselves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Now {
    /// Since any fixed instant, never going back: for every timer.
    pub monotonic: Duration,
    /// Milliseconds since 1970, as the computer's clock has it: for the journal only.
    pub wall_ms: i64,
}
