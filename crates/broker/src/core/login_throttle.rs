//! How many wrong passwords are answered, for one account and from one source.
//!
//! A **known device** is a certificate with which the account has logged in before. It has a delay of its
//! own, so that nobody without that certificate can keep the account's owner out. Everything else, an
//! **unknown device**, shares one delay an account, and is limited by source and globally as well.
//!
//! A delay doubles with each wrong password, from one second to two hours: about 21 guesses in 17 hours.
//! A day without a wrong password forgets it. A right password forgets a known device's delay and takes
//! back its own attempt, but not the wrong attempts of others.

use std::collections::HashMap;
use std::net::IpAddr;

use super::bucket::{Entry, Rate, Row};
use super::source::ranges;
use super::{DAY, HOUR};

/// The first delay, in milliseconds.
const FIRST_DELAY: i64 = 1_000;
/// The longest delay, in milliseconds.
const LONGEST_DELAY: i64 = 2 * HOUR;
/// Wrong passwords from unknown devices, over all accounts: 60 at once, 8,640 a day.
const GLOBAL: Rate = Rate { burst: 60, every_ms: DAY / 8_640 };

/// Counts wrong passwords. Its rows are stored, so that a restart forgives nothing.
#[derive(Debug, Default)]
pub(crate) struct LoginThrottle {
    entries: HashMap<String, Entry>,
}

/// A log-in that may be tried. It counts as wrong from the beginning, so that a hundred at once are still
/// one guess.
#[derive(Debug)]
pub(crate) struct Attempt {
    buckets: Vec<(String, Rate)>,
    delay: String,
    /// What the delay is if the password turns out to be right.
    delay_if_right: Entry,
}

/// Who tries to log in.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Who<'a> {
    /// The account in the certificate.
    pub(crate) account: &'a str,
    /// SHA-256 of the certificate, if this account has logged in with it before.
    pub(crate) known_device: Option<&'a [u8; 32]>,
    /// Where the request comes from.
    pub(crate) source: IpAddr,
}

impl LoginThrottle {
    /// What a stored row's key must begin with to belong here.
    pub(crate) const PREFIX: &'static str = "login ";

    /// Goes on from stored rows.
    pub(crate) fn load(rows: impl IntoIterator<Item = Row>) -> Self {
        Self { entries: rows.into_iter().collect() }
    }

    /// Begins an attempt and counts it as a wrong one for now.
    ///
    /// # Errors
    /// Milliseconds after which it is worth trying again.
    pub(crate) fn begin(&mut self, who: Who<'_>, now: i64) -> Result<Attempt, i64> {
        let (buckets, delay) = (buckets(who), delay_key(who));
        let waits = buckets.iter().map(|(key, rate)| self.entry(key).wait(now, *rate, 0));
        let before = self.delay(&delay, now);
        let wait = waits.max().unwrap_or(0).max(before.full_ms - now);
        if wait > 0 {
            return Err(wait);
        }
        for (key, rate) in &buckets {
            self.entries.insert(key.clone(), self.entry(key).charged(now, *rate, 0));
        }
        let failures = before.failures + 1;
        let counted = Entry { full_ms: now + delay_after(failures), wrong_ms: now, failures };
        self.entries.insert(delay.clone(), counted);
        let delay_if_right = if who.known_device.is_some() { Entry::default() } else { before };
        Ok(Attempt { buckets, delay, delay_if_right })
    }

    /// The password was right: takes the attempt back.
    pub(crate) fn right(&mut self, attempt: &Attempt) {
        for (key, rate) in &attempt.buckets {
            self.entries.insert(key.clone(), self.entry(key).refunded(*rate));
        }
        self.entries.insert(attempt.delay.clone(), attempt.delay_if_right);
    }

    /// The rows that an attempt touches, as they are now, to be stored before the caller gets his answer.
    pub(crate) fn rows(&self, attempt: &Attempt) -> Vec<Row> {
        let keys = attempt.buckets.iter().map(|(key, _)| key).chain([&attempt.delay]);
        keys.map(|key| (key.clone(), self.entry(key))).collect()
    }

    /// Forgets what no longer matters.
    pub(crate) fn prune(&mut self, now: i64) {
        self.entries.retain(|_, entry| !entry.is_spent(now));
    }

    fn entry(&self, key: &str) -> Entry {
        self.entries.get(key).copied().unwrap_or_default()
    }

    /// The delay under this key: nothing after a day without a wrong password, and never in force for
    /// longer than the longest delay, even if the clock was set back.
    fn delay(&self, key: &str, now: i64) -> Entry {
        let entry = self.entry(key);
        if entry.full_ms + DAY <= now {
            return Entry::default();
        }
        Entry { full_ms: entry.full_ms.min(now + LONGEST_DELAY), ..entry }
    }
}

/// The buckets that an attempt is charged to; none for a known device.
fn buckets(who: Who<'_>) -> Vec<(String, Rate)> {
    if who.known_device.is_some() {
        return Vec::new();
    }
    let sources = ranges(who.source).into_iter().map(|(key, rate)| (format!("login {key}"), rate));
    sources.chain([("login *".to_owned(), GLOBAL)]).collect()
}

/// The key of the delay. Account names have no blanks, so keys cannot be confused.
fn delay_key(who: Who<'_>) -> String {
    let Some(certificate) = who.known_device else { return format!("login account {}", who.account) };
    let mut key = format!("login device {} ", who.account);
    key.extend(certificate.iter().map(|byte| format!("{byte:02x}")));
    key
}

/// The delay after this many wrong passwords in a row, in milliseconds.
fn delay_after(failures: i64) -> i64 {
    let doublings = u32::try_from(failures - 1).unwrap_or(0).min(20);
    (FIRST_DELAY << doublings).min(LONGEST_DELAY)
}

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;

    use super::*;

    const START: i64 = 1_790_000_000_000;
    const DEVICE: [u8; 32] = [7; 32];

    fn stranger(account: &str, host: u8) -> Who<'_> {
        Who { account, known_device: None, source: Ipv4Addr::new(192, 0, host, 1).into() }
    }

    fn owner(account: &str) -> Who<'_> {
        Who { account, known_device: Some(&DEVICE), source: Ipv4Addr::new(203, 0, 113, 9).into() }
    }

    #[test]
    fn delays_double_from_a_second_to_two_hours() {
        assert_eq!((1..=4).map(delay_after).collect::<Vec<_>>(), [1_000, 2_000, 4_000, 8_000]);
        assert_eq!(delay_after(14), LONGEST_DELAY);
        assert_eq!(delay_after(1_000_000), LONGEST_DELAY);
    }

    /// Case T43: guessing on one account, from as many addresses as one likes.
    #[test]
    fn t43_at_most_24_guesses_in_17_hours_and_the_owner_still_gets_in() {
        let mut throttle = LoginThrottle::default();
        let (mut guesses, mut now) = (0, START);
        while now < START + 17 * HOUR {
            let host = u8::try_from(guesses % 256).unwrap();
            match throttle.begin(stranger("ann", host), now) {
                Ok(_) => guesses += 1,
                Err(wait) => now += wait,
            }
        }
        assert!((15..=24).contains(&guesses), "{guesses} guesses");
        assert!(throttle.begin(stranger("ann", 99), now - 1).is_err(), "a stranger waits");
        let attempt = throttle.begin(owner("ann"), now - 1).expect("the owner's device does not wait");
        throttle.right(&attempt);
        assert!(throttle.begin(owner("ann"), now - 1).is_ok(), "nor after logging in");
    }

    /// Case T43: the same password on many accounts, from a botnet.
    #[test]
    fn t43_many_accounts_share_a_global_budget() {
        let mut throttle = LoginThrottle::default();
        let accounts: Vec<String> = (0..100_000).map(|n| format!("a{n}")).collect();
        let tried = accounts.iter().enumerate().filter(|(number, account)| {
            let host = u8::try_from(number % 256).unwrap();
            let now = START + i64::try_from(*number).unwrap() * DAY / 100_000;
            throttle.begin(stranger(account, host), now).is_ok()
        });
        let tried = tried.count();
        assert!(tried <= 8_640 + 60, "{tried}");
        assert!(throttle.begin(owner("a5"), START + DAY).is_ok());
    }

    #[test]
    fn attempts_at_the_same_time_are_one_guess() {
        let mut throttle = LoginThrottle::default();
        let begun = (0..100).filter(|_| throttle.begin(stranger("ann", 1), START).is_ok());
        assert_eq!(begun.count(), 1);
    }

    #[test]
    fn a_right_password_takes_back_its_own_attempt_only() {
        let mut throttle = LoginThrottle::default();
        throttle.begin(stranger("ann", 1), START).unwrap();
        let attempt = throttle.begin(stranger("ann", 2), START + 1_000).unwrap();
        throttle.right(&attempt);
        let rows = throttle.rows(&attempt);
        assert_eq!(rows.last().unwrap().1.failures, 1, "the wrong attempt of somebody else stays");
        assert!(throttle.begin(stranger("ann", 2), START + 1_000).is_ok());
        assert_eq!(throttle.begin(stranger("ann", 2), START + 1_000).unwrap_err(), 2_000);
    }

    #[test]
    fn a_restart_forgives_nothing_and_a_day_forgives_all() {
        let mut throttle = LoginThrottle::default();
        let attempt = throttle.begin(stranger("ann", 1), START).unwrap();
        let mut again = LoginThrottle::load(throttle.rows(&attempt));
        assert_eq!(again.begin(stranger("ann", 2), START).unwrap_err(), 1_000);
        again.prune(START + 2 * DAY);
        assert!(again.entries.is_empty());
    }
}
