//! What was measured of one product under one workload, as numbers with names.

use std::collections::BTreeMap;

/// A figure. The order is the table's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Figure {
    /// Median time from glass to glass, ms.
    P50,
    /// In how many ms 95 % of the changes were seen.
    P95,
    /// Changes that were not seen in three seconds, per cent.
    Unseen,
    /// Bytes to the operator while the work went on, kB.
    Down,
    /// Bytes from the operator, kB.
    Up,
    /// Bytes to the operator from the work's end until nothing was wrong any more, kB.
    After,
    /// CPU seconds of the product's own processes.
    CustomerCpu,
    OperatorCpu,
    ServerCpu,
    /// Pictures of a film that were shown, a second.
    FilmRate,
    /// Their luma PSNR, dB.
    FilmFidelity,
    /// Pixels that are wrong at rest, per cent.
    Wrong,
    /// PSNR at rest, dB; infinite is exact.
    Rest,
    /// From the last change on the customer's screen to no wrong pixel on the operator's, ms.
    Exact,
    /// The same for the first time that PSNR is above 28 dB, of a slide, ms.
    Recognisable,
    /// The same for a slide without a wrong pixel, ms.
    SlideExact,
    /// CPU of the customer's program while nothing changes, per cent of a core.
    Idle,
    /// Size of what changed as a PNG file, kB. Not in the table: a bar is measured by it.
    Lossless,
}

use Figure::{
    After, CustomerCpu, Down, Exact, FilmFidelity, FilmRate, Idle, Lossless, OperatorCpu, P50, P95,
    Recognisable, Rest, ServerCpu, SlideExact, Unseen, Up, Wrong,
};

impl Figure {
    /// What is in the table, in its order.
    pub(crate) const SHOWN: [Self; 17] = [
        P50,
        P95,
        Unseen,
        Down,
        Up,
        After,
        CustomerCpu,
        OperatorCpu,
        ServerCpu,
        FilmRate,
        FilmFidelity,
        Wrong,
        Rest,
        Exact,
        Recognisable,
        SlideExact,
        Idle,
    ];

    /// Head of its column.
    pub(crate) fn head(self) -> &'static str {
        match self {
            P50 => "p50 ms",
            P95 => "p95 ms",
            Unseen => "unseen %",
            Down => "kB down",
            Up => "kB up",
            After => "kB after",
            CustomerCpu => "CPU s customer",
            OperatorCpu => "CPU s operator",
            ServerCpu => "CPU s server",
            FilmRate => "film /s",
            FilmFidelity => "film dB",
            Wrong => "wrong at rest %",
            Rest => "at rest dB",
            Exact => "exact after ms",
            Recognisable => "slide known ms",
            SlideExact => "slide exact ms",
            Idle => "idle CPU %",
            Lossless => "lossless kB",
        }
    }

    /// As a cell says it.
    pub(crate) fn cell(self, value: Option<f64>) -> String {
        let Some(value) = value else { return String::new() };
        match self {
            Rest | FilmFidelity if value.is_infinite() => "exact".to_owned(),
            _ if value.is_infinite() => "never".to_owned(),
            Down | Up | After | Exact | Recognisable | SlideExact | Lossless => format!("{value:.0}"),
            P50 | P95 | Unseen | FilmRate | FilmFidelity | Rest => format!("{value:.1}"),
            CustomerCpu | OperatorCpu | ServerCpu | Idle => format!("{value:.2}"),
            Wrong => format!("{value:.3}"),
        }
    }
}

/// The figures of one run. One that never came about, such as a picture that did not become exact, is infinite.
pub(crate) type Row = BTreeMap<Figure, f64>;

/// A row whose every figure is the median of the runs'.
pub(crate) fn median_row(rows: &[Row]) -> Row {
    let mut all: BTreeMap<Figure, Vec<f64>> = BTreeMap::new();
    for (figure, value) in rows.iter().flatten() {
        all.entry(*figure).or_default().push(*value);
    }
    all.into_iter().filter_map(|(figure, values)| Some((figure, median(values)?))).collect()
}

/// The middle one; of an even number, the higher one of the two in the middle.
pub(crate) fn median(mut values: Vec<f64>) -> Option<f64> {
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_figure_has_a_median_of_its_own() {
        let rows = [
            Row::from([(P50, 3.0), (Down, 10.0)]),
            Row::from([(P50, 1.0), (Down, 30.0)]),
            Row::from([(P50, 2.0), (Exact, f64::INFINITY)]),
        ];
        let row = median_row(&rows);
        assert_eq!(row.get(&P50), Some(&2.0));
        assert_eq!(row.get(&Down), Some(&30.0));
        assert_eq!(Exact.cell(row.get(&Exact).copied()), "never");
        assert_eq!(Rest.cell(Some(f64::INFINITY)), "exact");
        assert_eq!(Idle.cell(None), "");
    }
}
