//! How often something may come: so many at once, and so many a second.

use std::time::Duration;

/// A picture's cursor moves no more often than the picture is captured, some sixty times a second.
const AT_ONCE: u32 = 600;
const A_SECOND: u32 = 300;

/// A bucket that fills by itself.
#[derive(Debug)]
pub(crate) struct Allowance {
    left: u32,
    counted: Duration,
}

impl Default for Allowance {
    fn default() -> Self {
        Self { left: AT_ONCE, counted: Duration::ZERO }
    }
}

impl Allowance {
    /// Takes one, if there is one.
    pub(crate) fn takes_one(&mut self, now: Duration) -> bool {
        let each = Duration::from_secs(1) / A_SECOND;
        let passed = now.saturating_sub(self.counted).as_nanos() / each.as_nanos();
        let passed = u32::try_from(passed).unwrap_or(u32::MAX);
        if 0 < passed {
            self.left = self.left.saturating_add(passed).min(AT_ONCE);
            self.counted = now;
        }
        let has_one = 0 < self.left;
        self.left -= u32::from(has_one);
        has_one
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn so_many_at_once_and_then_so_many_a_second() {
        let mut allowance = Allowance::default();
        let start = Duration::from_secs(9);
        let at_once = (0..10_000).filter(|_| allowance.takes_one(start)).count();
        assert_eq!(at_once, AT_ONCE as usize);
        let later = (1..=10_000u64).map(|step| start + Duration::from_micros(100 * step));
        let within_a_second = later.filter(|now| allowance.takes_one(*now)).count();
        assert!((270..=301).contains(&within_a_second), "{within_a_second}");
        assert!(allowance.takes_one(start + Duration::from_secs(3600)));
    }
}
