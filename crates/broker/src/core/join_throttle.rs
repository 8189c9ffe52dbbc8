//! How many wrong codes are answered, from one source and from everybody together.
//!
//! Every *wrong* code costs one token in the bucket of each range that its source belongs to
//! ([`super::source`]) and one in the global bucket; a right code costs nothing and gives nothing back.
//! With N codes alive, g wrong guesses a day find g·N/10^6 codes, so the global bucket refills with
//! min(8,640, 10^6/N) tokens a day and holds 60.
//!
//! | global bucket | who is answered |
//! |---|---|
//! | at least half full | every source whose own buckets hold a token |
//! | less than half full | only households without a wrong guess in the last 24 hours |
//! | empty | the same households, once: their wrong guesses overdraw the bucket, by one day's refill at most |
//! | overdrawn by a day's refill | nobody, until the next token is back (every ten seconds while few codes are alive) |
//!
//! So an attacker at few addresses spends half of the bucket and is then refused, while customers, who
//! mistype seldom, get through. One with thousands of addresses gets one guess from each: in any 24 hours
//! not more than two days' refill and the burst are answered, and over longer times never more than the
//! refill, however many addresses there are. Only somebody who has more than a day's refill of fresh
//! households (IPv4 addresses, IPv6 /56) guessing every day can keep customers waiting; telling those apart
//! from customers needs proof of work.

use std::collections::HashMap;
use std::net::IpAddr;

use super::DAY;
use super::bucket::{Entry, Rate, Row};
use super::source::{household, ranges};

/// Wrong codes answered at once.
const GLOBAL_BURST: i64 = 60;
/// Wrong codes answered in a day at most, however few codes are alive.
const GLOBAL_PER_DAY: i64 = 8_640;
/// Households whose waiting is remembered, so that it is logged once.
const MAX_TOLD: usize = 4_096;
/// How far households without a wrong guess may overdraw the global bucket: by a day's refill.
const DEBT: i64 = DAY;

/// Counts wrong codes. Its rows are stored, so that a restart forgives nothing.
#[derive(Debug, Default)]
pub(crate) struct JoinThrottle {
    entries: HashMap<String, Entry>,
    alive: i64,
    /// Until when a household waits, as far as that was told.
    told: HashMap<String, i64>,
}

impl JoinThrottle {
    /// What a stored row's key must begin with to belong here.
    pub(crate) const PREFIX: &'static str = "join ";

    /// Goes on from stored rows.
    pub(crate) fn load(rows: impl IntoIterator<Item = Row>) -> Self {
        Self { entries: rows.into_iter().collect(), ..Self::default() }
    }

    /// Says how many codes are alive; the global refill depends on it.
    pub(crate) fn set_alive(&mut self, codes: i64) {
        self.alive = codes;
    }

    /// Whether a code from this source is looked up now.
    ///
    /// # Errors
    /// Milliseconds after which it is worth trying again.
    pub(crate) fn check(&self, source: IpAddr, now: i64) -> Result<(), i64> {
        let waits = ranges(source).into_iter().map(|(key, rate)| self.entry(&key).wait(now, rate, 0));
        let own = waits.max().unwrap_or(0);
        if own > 0 {
            return Err(own);
        }
        let (global, rate) = (self.entry("*"), self.global_rate());
        let calm = global.wait_for_half(now, rate, DEBT);
        if calm == 0 {
            return Ok(());
        }
        let last = self.entry(&household(source));
        if !last.quiet_for(now, DAY) {
            return Err(calm.min(last.wrong_ms + DAY - now).max(1));
        }
        match global.wait(now, rate, DEBT) {
            0 => Ok(()),
            wait => Err(wait),
        }
    }

    /// Whether it is news that this source waits so many milliseconds: once for each time of waiting, however
    /// often it tries meanwhile, and never for more households at a time than can be remembered.
    pub(crate) fn is_news(&mut self, source: IpAddr, now: i64, wait: i64) -> bool {
        if self.told.len() >= MAX_TOLD {
            self.told.retain(|_, until| now < *until);
        }
        let household = household(source);
        let is_news =
            self.told.len() < MAX_TOLD && self.told.get(&household).is_none_or(|until| *until <= now);
        if is_news {
            self.told.insert(household, now + wait);
        }
        is_news
    }

    /// The rows as they are after one wrong code from this source.
    pub(crate) fn charge(&self, source: IpAddr, now: i64) -> Vec<Row> {
        let charged = |key: String, rate, debt| {
            let entry = self.entry(&key).charged(now, rate, debt);
            (format!("{}{key}", Self::PREFIX), entry)
        };
        let mut rows: Vec<Row> =
            ranges(source).into_iter().map(|(key, rate)| charged(key, rate, 0)).collect();
        rows.push(charged("*".to_owned(), self.global_rate(), DEBT));
        rows
    }

    /// Takes over rows from [`Self::charge`].
    pub(crate) fn apply(&mut self, rows: &[Row]) {
        self.entries.extend(rows.iter().cloned());
    }

    /// Forgets what no longer matters.
    pub(crate) fn prune(&mut self, now: i64) {
        self.entries.retain(|_, entry| !entry.is_spent(now));
        self.told.retain(|_, until| now < *until);
    }

    /// How far the global bucket is spent, in per cent; above 100 when it is overdrawn.
    pub(crate) fn spent_percent(&self, now: i64) -> i64 {
        let (global, rate) = (self.entry("*"), self.global_rate());
        (global.full_ms - now).max(0) * 100 / (rate.burst * rate.every_ms)
    }

    fn entry(&self, key: &str) -> Entry {
        self.entries.get(&format!("{}{key}", Self::PREFIX)).copied().unwrap_or_default()
    }

    /// min(8,640, 10^6/N) a day.
    fn global_rate(&self) -> Rate {
        let least = DAY / GLOBAL_PER_DAY;
        let codes = i64::from(deskside_proto::Code::COUNT);
        Rate { burst: GLOBAL_BURST, every_ms: least.max((DAY * self.alive).div_euclid(codes) + 1) }
    }
}

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;

    use proptest::prelude::*;

    use super::*;
    use crate::core::MINUTE;

    const START: i64 = 1_790_000_000_000;

    /// One wrong code; says whether it was answered.
    fn guess(throttle: &mut JoinThrottle, source: impl Into<IpAddr>, now: i64) -> bool {
        let source = source.into();
        let answered = throttle.check(source, now).is_ok();
        if answered {
            let rows = throttle.charge(source, now);
            throttle.apply(&rows);
        }
        answered
    }

    fn throttle(alive: i64) -> JoinThrottle {
        JoinThrottle { alive, ..JoinThrottle::default() }
    }

    fn address(number: u32) -> IpAddr {
        // Spread over as many /24 as there are, like a botnet.
        Ipv4Addr::from_bits(0x0a00_0000 + number.wrapping_mul(0x101) % 0x00ff_ffff).into()
    }

    #[test]
    fn one_address_has_five_guesses_in_ten_minutes() {
        let mut throttle = throttle(10);
        let source: IpAddr = "192.0.2.7".parse().unwrap();
        assert_eq!((0..20).filter(|_| guess(&mut throttle, source, START)).count(), 5);
        assert_eq!(throttle.check(source, START), Err(2 * MINUTE));
        assert!(guess(&mut throttle, source, START + 2 * MINUTE));
        assert!(!guess(&mut throttle, source, START + 2 * MINUTE));
    }

    #[test]
    fn a_slash_24_and_the_ipv6_ranges_have_limits_of_their_own() {
        let at = |text: String| text.parse::<IpAddr>().unwrap();
        let mut v4 = throttle(10);
        let sources = (0..30).flat_map(|host| [at(format!("192.0.2.{host}")); 2]);
        assert_eq!(sources.filter(|s| guess(&mut v4, *s, START)).count(), 30);

        let mut house = throttle(10);
        let sources = (0..40).map(|net| at(format!("2001:db8:1:{net:x}::1")));
        assert_eq!(sources.filter(|s| guess(&mut house, *s, START)).count(), 10);
        let mut site = throttle(10);
        let sources = (0..40).map(|net| at(format!("2001:db8:1:{net:x}00::1")));
        assert_eq!(sources.filter(|s| guess(&mut site, *s, START)).count(), 20);
    }

    #[test]
    fn an_attacker_at_few_addresses_cannot_lock_customers_out() {
        let mut throttle = throttle(50);
        // Twelve networks guess as fast as they may for a day.
        let mut answered = 0;
        for second in 0..86_400 {
            let source = Ipv4Addr::new(198, 51, 100 + u8::try_from(second % 12).unwrap(), 1);
            answered += i64::from(guess(&mut throttle, source, START + second * 1_000));
        }
        assert!(answered <= GLOBAL_PER_DAY + GLOBAL_BURST, "{answered}");
        assert!(throttle.check(address(9), START + DAY).is_ok(), "a customer gets through");
    }

    /// Case T07: wrong codes from 10,000 addresses over one day, 50 codes alive.
    #[test]
    fn t07_a_botnet_gets_no_more_than_the_budget_and_customers_get_through() {
        const CODES: i64 = 50;
        let mut throttle = throttle(CODES);
        let mut answered = 0;
        for number in 0..100_000i64 {
            let source = address(u32::try_from(number % 10_000).unwrap());
            answered += i64::from(guess(&mut throttle, source, START + number * DAY / 100_000));
        }
        assert!(throttle.spent_percent(START + DAY) > 100, "the budget tripped");
        assert!(answered <= 1_000_000 / CODES, "{answered}");
        assert!(throttle.check("203.0.113.5".parse().unwrap(), START + DAY).is_ok());
    }

    #[test]
    fn with_many_codes_alive_the_budget_shrinks() {
        assert_eq!(throttle(50).global_rate().every_ms, 10_000);
        let rate = throttle(1_000).global_rate();
        assert!(DAY / rate.every_ms <= 1_000, "10^6/N guesses a day, {rate:?}");
    }

    #[test]
    fn that_a_source_waits_is_news_once() {
        let mut throttle = throttle(50);
        let wait = 2 * MINUTE;
        assert!(throttle.is_news(address(1), START, wait));
        assert!(!throttle.is_news(address(1), START + wait - 1, 1));
        assert!(throttle.is_news(address(2), START, wait), "another one's");
        assert!(throttle.is_news(address(1), START + wait, wait));
        for number in 0..10_000 {
            throttle.is_news(address(number), START + wait, wait);
        }
        assert_eq!(throttle.told.len(), MAX_TOLD);
        assert!(!throttle.is_news(address(20_000), START + wait, wait), "there is room for no more");
        assert!(throttle.is_news(address(20_000), START + 2 * wait, wait));
    }

    #[test]
    fn when_the_bucket_is_empty_a_fresh_household_has_one_guess() {
        let mut throttle = throttle(50);
        for number in 0..200 {
            guess(&mut throttle, address(number), START);
        }
        assert!(throttle.spent_percent(START) > 300, "overdrawn");
        let fresh: IpAddr = "203.0.113.5".parse().unwrap();
        assert!(guess(&mut throttle, fresh, START));
        assert!(!guess(&mut throttle, fresh, START));
        assert!(!guess(&mut throttle, fresh, START + 5 * MINUTE), "not after its own bucket is full again");
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(16))]

        /// However sources and times are chosen: two days' refill and the burst are all that a day gives.
        #[test]
        fn a_day_is_bounded(seed in any::<u32>(), step in 1i64..60_000, alive in 500i64..5_000) {
            let mut throttle = throttle(alive);
            let rate = throttle.global_rate();
            let (mut answered, mut now) = (0, START);
            for number in 0..4_000u32 {
                answered += i64::from(guess(&mut throttle, address(number.wrapping_mul(seed | 1)), now));
                now += step;
            }
            prop_assert!(answered <= GLOBAL_BURST + (DEBT + now - START) / rate.every_ms + 1);
        }

        /// Stored and loaded again, it refuses what it refused before.
        #[test]
        fn a_restart_forgives_nothing(guesses in prop::collection::vec(0u32..20, 0..100)) {
            let mut throttle = throttle(50);
            for number in guesses {
                guess(&mut throttle, address(number), START);
            }
            let mut again = JoinThrottle::load(throttle.entries.clone());
            again.set_alive(50);
            for number in 0..20 {
                prop_assert_eq!(throttle.check(address(number), START), again.check(address(number), START));
            }
        }
    }
}
