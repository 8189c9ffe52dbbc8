//! The bars that Deskside is held to, each with what was measured: ratios against the best peer of the same run
//! over the same line, and absolute ones. A bar that the run says nothing about is left out.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use anyhow::Result;
use deskside_testkit::link::Line;

use crate::figures::{Figure, Row, median_row};
use crate::product::Product;
use crate::workload::Workload;

/// All rows of a run: by screen, workload and product, one a repetition.
pub(crate) type Results = BTreeMap<((u32, u32), Workload, Product), Vec<Row>>;

const SIX: [Workload; 6] =
    [Workload::Typing, Workload::Scroll, Workload::Flood, Workload::Drag, Workload::Film, Workload::Slides];
const PEERS: [Product; 2] = [Product::Tigervnc, Product::Freerdp];
/// Full HD, and four times as many pixels.
const SCREENS: [(u32, u32); 2] = [(1920, 1080), (3840, 2160)];
/// The line on which products are measured that cannot send as much as they would like, Mbit/s.
const NARROW: f64 = 8.0;

/// One bar and what was measured.
#[derive(Debug, PartialEq)]
struct Bar {
    what: String,
    measured: f64,
    limit: f64,
    unit: &'static str,
    /// Whether the limit is the least instead of the most that is allowed.
    least: bool,
}

impl Bar {
    fn most(what: String, measured: Option<f64>, limit: f64, unit: &'static str) -> Option<Self> {
        // What never came about, divided by what never came about either, is no success.
        let measured = measured.map(|value| if value.is_nan() { f64::INFINITY } else { value })?;
        Some(Self { what, measured, limit, unit, least: false })
    }

    fn least(what: String, measured: Option<f64>, limit: f64, unit: &'static str) -> Option<Self> {
        Some(Self { least: true, ..Self::most(what, measured, limit, unit)? })
    }

    fn is_met(&self) -> bool {
        if self.least { self.limit <= self.measured } else { self.measured <= self.limit }
    }

    fn verdict(&self) -> String {
        let off = (self.measured - self.limit).abs();
        match (self.is_met(), self.unit) {
            (true, _) => "met".to_owned(),
            (false, _) if off.is_infinite() => "**missed**".to_owned(),
            (false, "×") => format!("**missed** by {:.0} %", off / self.limit * 100.0),
            (false, unit) => format!("**missed** by {} {unit}", short(off)),
        }
    }
}

/// Three digits that count.
fn short(value: f64) -> String {
    match value.abs() {
        size if size.is_infinite() => "∞".to_owned(),
        size if size < 10.0 => format!("{value:.2}"),
        size if size < 100.0 => format!("{value:.1}"),
        _ => format!("{value:.0}"),
    }
}

/// The table of verdicts, and how many bars are missed.
pub(crate) fn table(results: &Results, line: &Line) -> Result<String> {
    let bars = all(results, line);
    let mut table = "| bar | limit | measured | verdict |\n|---|---:|---:|---|\n".to_owned();
    for bar in &bars {
        let sign = if bar.least { "≥" } else { "≤" };
        let (limit, measured) = (short(bar.limit), short(bar.measured));
        let unit = bar.unit;
        writeln!(table, "| {} | {sign} {limit} {unit} | {measured} {unit} | {} |", bar.what, bar.verdict())?;
    }
    let met = bars.iter().filter(|bar| bar.is_met()).count();
    writeln!(table, "\n{met} of {} bars are met.", bars.len())?;
    Ok(table)
}

fn all(results: &Results, line: &Line) -> Vec<Bar> {
    let medians: BTreeMap<_, Row> = results.iter().map(|(key, rows)| (*key, median_row(rows))).collect();
    let mut bars = Vec::new();
    for ((screen, workload, product), row) in &medians {
        if *product != Product::Deskside {
            continue;
        }
        let name = |what: &str| {
            let size =
                if *screen == SCREENS[0] { String::new() } else { format!(", {}×{}", screen.0, screen.1) };
            format!("{}{size}: {what}", crate::trial::name(workload))
        };
        let peer = |peer: Product| medians.get(&(*screen, *workload, peer));
        let peers: Vec<&Row> = PEERS.into_iter().filter_map(peer).collect();
        bars.extend(beside_peers(*workload, line, row, &peers, peer(Product::Tigervnc), &name));
        bars.extend(alone(*workload, line, row, &name).into_iter().flatten());
        if let Some(rows) = results.get(&(*screen, *workload, *product)) {
            bars.extend(at_rest(rows, line, &name));
        }
        if *screen == SCREENS[1]
            && let Some(smaller) = medians.get(&(SCREENS[0], *workload, *product))
        {
            for (figure, what) in [(Figure::P50, "p50"), (Figure::P95, "p95")] {
                let what = name(&format!("{what} ÷ that at 1920×1080"));
                bars.extend(Bar::most(what, ratio(row, smaller, figure), 1.5, "×"));
            }
        }
    }
    bars
}

fn ratio(ours: &Row, theirs: &Row, figure: Figure) -> Option<f64> {
    Some(ours.get(&figure)? / theirs.get(&figure)?)
}

/// Against the lowest figure of some peers.
fn ratio_to_best(ours: &Row, peers: &[&Row], figure: Figure) -> Option<f64> {
    let best = peers.iter().filter_map(|peer| peer.get(&figure)).copied().min_by(f64::total_cmp)?;
    Some(ours.get(&figure)? / best)
}

fn beside_peers(
    workload: Workload,
    line: &Line,
    row: &Row,
    peers: &[&Row],
    tigervnc: Option<&Row>,
    name: &dyn Fn(&str) -> String,
) -> Vec<Bar> {
    if !SIX.contains(&workload) {
        return Vec::new();
    }
    let mut bars = Vec::new();
    // On a line that cannot carry what products would like to send, who shows less sends and computes less.
    if line.rate_mbit == 0.0 {
        let light = [Workload::Typing, Workload::Slides].contains(&workload);
        if workload == Workload::Slides {
            let is_exact = |peer: &&&Row| peer.get(&Figure::Rest).is_some_and(|psnr| psnr.is_infinite());
            let exact: Vec<&Row> = peers.iter().filter(is_exact).copied().collect();
            let what = name("bytes ÷ best exact peer's");
            bars.push(Bar::most(what, ratio_to_best(row, &exact, Figure::Down), 0.8, "×"));
        } else {
            if let Some(tigervnc) = tigervnc {
                let what = name("bytes ÷ TigerVNC's");
                bars.push(Bar::most(what, ratio(row, tigervnc, Figure::Down), 0.25, "×"));
            }
            let what = name("bytes ÷ best peer's");
            bars.push(Bar::most(what, ratio_to_best(row, peers, Figure::Down), 1.0, "×"));
        }
        if let Some(tigervnc) = tigervnc {
            let (what, limit) = (name("customer's CPU ÷ TigerVNC's"), if light { 1.0 } else { 0.7 });
            bars.push(Bar::most(what, ratio(row, tigervnc, Figure::CustomerCpu), limit, "×"));
        }
    }
    for (figure, what) in [(Figure::P50, "p50 ÷ best peer's"), (Figure::P95, "p95 ÷ best peer's")] {
        bars.push(Bar::most(name(what), ratio_to_best(row, peers, figure), 0.8, "×"));
    }
    bars.into_iter().flatten().collect()
}

fn alone(workload: Workload, line: &Line, row: &Row, name: &dyn Fn(&str) -> String) -> Vec<Option<Bar>> {
    let figure = |figure: Figure| row.get(&figure).copied();
    let mut bars = Vec::new();
    let round_trip = 2.0 * line.delay_ms;
    if workload == Workload::Typing {
        bars.push(Bar::most(
            name("p50, half a round trip + 12 ms"),
            figure(Figure::P50),
            line.delay_ms + 12.0,
            "ms",
        ));
    }
    if workload == Workload::TypingFilm {
        let what = name("p95, a round trip + 300 ms");
        bars.push(Bar::most(what, figure(Figure::P95), round_trip + 300.0, "ms"));
    }
    if workload == Workload::Film {
        bars.push(Bar::least(name("luma PSNR while it moves"), figure(Figure::FilmFidelity), 38.0, "dB"));
    }
    if workload == Workload::Idle {
        bars.push(Bar::most(name("customer's CPU"), figure(Figure::Idle), 0.2, "% of a core"));
    }
    if line.rate_mbit == NARROW && SIX.contains(&workload) {
        bars.push(Bar::most(name("p95"), figure(Figure::P95), 250.0, "ms"));
    }
    if line.rate_mbit == NARROW && workload == Workload::Slides {
        let known =
            figure(Figure::Recognisable).zip(figure(Figure::SlideExact)).map(|(known, exact)| known / exact);
        bars.push(Bar::most(name("recognisable ÷ exact"), known, 0.3, "×"));
    }
    bars
}

/// Every time, so the slowest one counts: two seconds, or what the picture needs on this line where that is
/// longer.
fn at_rest(rows: &[Row], line: &Line, name: &dyn Fn(&str) -> String) -> Option<Bar> {
    let limit = |row: &Row| {
        let needed = row.get(&Figure::Lossless).filter(|_| 0.0 < line.rate_mbit);
        // Kilobytes over megabits a second are eights of milliseconds.
        let needed = needed.map_or(0.0, |kilobytes| 1.3 * kilobytes * 8.0 / line.rate_mbit);
        needed.max(2000.0)
    };
    let slowest = rows
        .iter()
        .filter_map(|row| Some((*row.get(&Figure::Exact)?, limit(row))))
        .max_by(|a, b| (a.0 / a.1).total_cmp(&(b.0 / b.1)))?;
    Bar::most(name("exact after the last change, slowest"), Some(slowest.0), slowest.1, "ms")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(workload: Workload, product: Product) -> ((u32, u32), Workload, Product) {
        (SCREENS[0], workload, product)
    }

    fn find<'a>(bars: &'a [Bar], what: &str) -> &'a Bar {
        bars.iter().find(|bar| bar.what == what).unwrap_or_else(|| panic!("no {what}: {bars:?}"))
    }

    #[test]
    fn ratios_are_of_medians_against_the_best_peer() {
        let row = |down: f64, p50: f64| Row::from([(Figure::Down, down), (Figure::P50, p50)]);
        let results = Results::from([
            (
                key(Workload::Scroll, Product::Deskside),
                vec![row(20.0, 9.0), row(30.0, 40.0), row(40.0, 10.0)],
            ),
            (key(Workload::Scroll, Product::Tigervnc), vec![row(100.0, 20.0)]),
            (key(Workload::Scroll, Product::Freerdp), vec![row(60.0, 50.0)]),
        ]);
        let bars = all(&results, &Line::default());
        let bar = find(&bars, "scroll: bytes ÷ TigerVNC's");
        assert_eq!((bar.measured, bar.is_met()), (0.3, false));
        assert_eq!(bar.verdict(), "**missed** by 20 %");
        assert_eq!(find(&bars, "scroll: bytes ÷ best peer's").measured, 0.5);
        assert_eq!(find(&bars, "scroll: p50 ÷ best peer's").measured, 0.5);
        let never = Row::from([(Figure::P50, f64::INFINITY)]);
        let products = [Product::Deskside, Product::Freerdp].map(|product| key(Workload::Film, product));
        let lost = Results::from(products.map(|key| (key, vec![never.clone()])));
        assert_eq!(find(&all(&lost, &Line::default()), "film: p50 ÷ best peer's").verdict(), "**missed**");
        // Where a rate limits what can be sent, bytes say nothing.
        let narrow = Line { rate_mbit: 8.0, ..Line::default() };
        assert!(all(&results, &narrow).iter().all(|bar| !bar.what.contains("bytes")));
    }

    #[test]
    fn exact_at_rest_is_asked_of_every_run() {
        let row = |exact: f64| Row::from([(Figure::Exact, exact), (Figure::Lossless, 3000.0)]);
        let rows = vec![row(100.0), row(f64::INFINITY), row(200.0)];
        let results = Results::from([(key(Workload::Drag, Product::Deskside), rows)]);
        let bars = all(&results, &Line::default());
        let bar = find(&bars, "drag: exact after the last change, slowest");
        assert_eq!((bar.limit, bar.verdict().as_str()), (2000.0, "**missed**"));
        let narrow = Line { rate_mbit: 8.0, ..Line::default() };
        assert_eq!(find(&all(&results, &narrow), "drag: exact after the last change, slowest").limit, 3900.0);
    }

    #[test]
    fn fidelity_is_a_least() {
        let results = Results::from([(
            key(Workload::Film, Product::Deskside),
            vec![Row::from([(Figure::FilmFidelity, 36.5)])],
        )]);
        let bars = all(&results, &Line::default());
        assert_eq!(find(&bars, "film: luma PSNR while it moves").verdict(), "**missed** by 1.50 dB");
    }
}
