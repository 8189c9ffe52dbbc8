//! From what was heard to figures.

use std::fmt::{self, Display, Formatter, Write as _};

use anyhow::{Context as _, Result, ensure};

use crate::ear::{Heard, Kind};

/// Control is gone after so many milliseconds, whatever the machine does.
const BAR: u32 = 100;
/// So many events at least have been sent and not carried out when F11 goes down.
const QUEUED: usize = 10_000;

/// One F11.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Outcome {
    /// From F11 to the operator's last move or press, in milliseconds; 0 if none came after.
    pub(crate) last_act: u32,
    /// Moves and presses after F11.
    pub(crate) acts: usize,
    /// From F11 to the last key or button that was let go, in milliseconds.
    pub(crate) last_release: u32,
    /// Moves and presses in the last [`BAR`] before F11: the flood was being carried out.
    pub(crate) before: usize,
    /// Events that had been sent and were not carried out when F11 went down; those that the customer's
    /// program has refused because too many wait are among them.
    pub(crate) queued: usize,
}

impl Outcome {
    /// An event is after F11 if the server says so by its order or by its clock: what comes from devices can
    /// wait in the server while a program acts.
    pub(crate) fn of(heard: &[Heard], sent: usize) -> Result<Self> {
        let place = heard.iter().position(|heard| heard.kind == Kind::F11).context("F11 was not heard")?;
        let (before, rest) = heard.split_at(place);
        let (f11, later) = rest.split_first().context("F11 was not heard")?;
        // The server's clock begins again after 49 days.
        let since = |heard: &Heard| heard.at.wrapping_sub(f11.at);
        let is_later = |heard: &&Heard| (1..u32::MAX / 2).contains(&since(heard));
        let after: Vec<&Heard> = before.iter().filter(is_later).chain(later).collect();
        let of = |kind: Kind| after.iter().filter(move |heard| heard.kind == kind);
        let last = |kind: Kind| of(kind).filter(|heard| is_later(heard)).map(|heard| since(heard)).max();
        let carried_out = before.iter().filter(|heard| heard.kind == Kind::Act).count();
        let queued = sent.saturating_sub(carried_out);
        ensure!(QUEUED <= queued, "only {queued} events were waiting");
        let is_recent = |heard: &&Heard| heard.kind == Kind::Act && f11.at.wrapping_sub(heard.at) <= BAR;
        let recent = before.iter().filter(is_recent).count();
        ensure!(recent != 0, "the flood had ended before F11");
        Ok(Self {
            last_act: last(Kind::Act).unwrap_or(0),
            acts: of(Kind::Act).count(),
            last_release: last(Kind::LetGo).unwrap_or(0),
            before: recent,
            queued,
        })
    }
}

impl Display for Outcome {
    fn fmt(&self, out: &mut Formatter<'_>) -> fmt::Result {
        let Self { last_act, acts, last_release, before, queued } = self;
        write!(out, "{last_act} ms to the last of {acts} acts, {last_release} ms until all was let go, ")?;
        write!(out, "{before} acts in the {BAR} ms before, {queued} events waiting")
    }
}

/// The table and the verdict, and whether it is a good one.
pub(crate) fn report(outcomes: &[Outcome], busy: usize, cores: usize) -> Result<(String, bool)> {
    let least = outcomes.iter().map(|outcome| outcome.queued).min().context("no runs")?;
    let mut text = format!(
        "{} runs, {busy} busy threads on {cores} cores, at least {least} events waiting when F11 went down\n\n\
         | after F11 | p50 | p95 | max |\n|---|---:|---:|---:|\n",
        outcomes.len(),
    );
    let row = |text: &mut String, name: &str, figure: &dyn Fn(&Outcome) -> usize| {
        let mut all: Vec<usize> = outcomes.iter().map(figure).collect();
        all.sort_unstable();
        let [p50, p95, max] = [50, 95, 100].map(|percent| quantile(&all, percent));
        writeln!(text, "| {name} | {p50} | {p95} | {max} |")
    };
    row(&mut text, "last move or press, ms", &|outcome| outcome.last_act as usize)?;
    row(&mut text, "moves and presses", &|outcome| outcome.acts)?;
    row(&mut text, "last key or button let go, ms", &|outcome| outcome.last_release as usize)?;
    let before = format!("for comparison: moves and presses in the {BAR} ms before");
    row(&mut text, &before, &|outcome| outcome.before)?;
    let slow = outcomes.iter().filter(|outcome| BAR < outcome.last_act).count();
    let verdict = if slow == 0 { "met".to_owned() } else { format!("missed in {slow} runs") };
    writeln!(text, "\nbar: nothing later than {BAR} ms after F11: {verdict}")?;
    Ok((text, slow == 0))
}

/// The smallest value that so many per cent are not above.
fn quantile(sorted: &[usize], percent: usize) -> usize {
    let rank = (sorted.len() * percent).div_ceil(100);
    sorted.get(rank.saturating_sub(1)).copied().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn heard(kind: Kind, at: u32) -> Heard {
        Heard { kind, at }
    }

    #[test]
    fn after_f11_is_what_order_or_clock_puts_there() {
        let before = u32::MAX - 5;
        let all = [
            heard(Kind::Act, before - 20),
            heard(Kind::Act, 3),
            heard(Kind::F11, before),
            heard(Kind::Act, before - 1),
            heard(Kind::Act, 14),
            heard(Kind::LetGo, 30),
        ];
        let outcome = Outcome::of(&all, 20_000).unwrap();
        assert_eq!(outcome, Outcome { last_act: 20, acts: 3, last_release: 36, before: 1, queued: 19_998 });
        assert!(Outcome::of(&all[2..], 20_000).is_err(), "the flood had ended");
        assert!(Outcome::of(&all, 10_001).is_err(), "no flood");
        assert!(Outcome::of(&all[..2], 20_000).is_err(), "no F11");
    }

    #[test]
    fn quantiles_are_measured_values() {
        let all: Vec<usize> = (1..=30).collect();
        assert_eq!([50, 95, 100].map(|percent| quantile(&all, percent)), [15, 29, 30]);
        assert_eq!(quantile(&[7], 50), 7);
    }

    #[test]
    fn one_slow_run_misses_the_bar() {
        let good = Outcome { last_act: BAR, acts: 4, last_release: 300, before: 9, queued: QUEUED };
        assert!(report(&[good; 3], 2, 2).unwrap().1);
        let bad = Outcome { last_act: BAR + 1, ..good };
        let (text, is_good) = report(&[good, bad], 2, 2).unwrap();
        assert!(!is_good && text.contains("missed in 1 runs"), "{text}");
    }
}
