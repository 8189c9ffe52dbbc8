//! Sets of pixels as bands of rectangles, with the arithmetic that shapes and stacking need.

use std::ops::Range;

use x11rb::protocol::xproto::Rectangle;

/// Rows that look the same: pairs of first column and the column behind the last, in order, apart.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Band {
    rows: Range<i32>,
    spans: Vec<Range<i32>>,
}

/// A rectangle of pixels, which may lie beyond the screen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Place {
    pub(crate) x: i32,
    pub(crate) y: i32,
    pub(crate) width: u32,
    pub(crate) height: u32,
}

impl From<Rectangle> for Place {
    fn from(place: Rectangle) -> Self {
        let Rectangle { x, y, width, height } = place;
        Self { x: x.into(), y: y.into(), width: width.into(), height: height.into() }
    }
}

/// A set of pixels. Bands are in order from the top, do not overlap, and are as tall as they can be, so that
/// equal sets are equal values.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Region {
    bands: Vec<Band>,
}

impl Region {
    pub(crate) fn of(place: Place) -> Self {
        let (columns, rows) = (range(place.x, place.width), range(place.y, place.height));
        if columns.is_empty() || rows.is_empty() {
            return Self::default();
        }
        Self { bands: vec![Band { rows, spans: vec![columns] }] }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.bands.is_empty()
    }

    pub(crate) fn contains(&self, x: i32, y: i32) -> bool {
        let band = self.bands.iter().find(|band| band.rows.contains(&y));
        band.is_some_and(|band| band.spans.iter().any(|span| span.contains(&x)))
    }

    pub(crate) fn union(&self, other: &Self) -> Self {
        self.combine(other, |this, other| this || other)
    }

    pub(crate) fn intersect(&self, other: &Self) -> Self {
        self.combine(other, |this, other| this && other)
    }

    pub(crate) fn subtract(&self, other: &Self) -> Self {
        self.combine(other, |this, other| this && !other)
    }

    /// What is in one of the two alone.
    pub(crate) fn difference(&self, other: &Self) -> Self {
        self.combine(other, |this, other| this != other)
    }

    pub(crate) fn translate(mut self, x: i32, y: i32) -> Self {
        let shift = |range: &mut Range<i32>, by: i32| {
            *range = range.start.saturating_add(by)..range.end.saturating_add(by);
        };
        for band in &mut self.bands {
            shift(&mut band.rows, y);
            band.spans.iter_mut().for_each(|span| shift(span, x));
        }
        self
    }

    /// Rectangles that do not overlap, from the top.
    pub(crate) fn places(&self) -> impl Iterator<Item = Place> + '_ {
        self.bands.iter().flat_map(|band| {
            let (y, height) = (band.rows.start, length(&band.rows));
            band.spans.iter().map(move |span| Place { x: span.start, y, width: length(span), height })
        })
    }

    fn combine(&self, other: &Self, keep: fn(bool, bool) -> bool) -> Self {
        let mut edges: Vec<i32> = (self.bands.iter().chain(&other.bands))
            .flat_map(|band| [band.rows.start, band.rows.end])
            .collect();
        edges.sort_unstable();
        edges.dedup();
        let mut bands: Vec<Band> = Vec::with_capacity(edges.len());
        let (mut these, mut those) = (self.bands.as_slice(), other.bands.as_slice());
        for rows in edges.windows(2).map(|edge| edge[0]..edge[1]) {
            let spans =
                combine_spans(spans_at(&mut these, rows.start), spans_at(&mut those, rows.start), keep);
            match bands.last_mut() {
                _ if spans.is_empty() => {}
                Some(last) if last.rows.end == rows.start && last.spans == spans => last.rows.end = rows.end,
                _ => bands.push(Band { rows, spans }),
            }
        }
        Self { bands }
    }
}

impl FromIterator<Place> for Region {
    /// All pixels that are in any of the rectangles, which may overlap.
    fn from_iter<T: IntoIterator<Item = Place>>(places: T) -> Self {
        // In pairs, so that the cost of many is not the square of their number.
        let mut regions: Vec<Self> = places.into_iter().map(Self::of).collect();
        while 1 < regions.len() {
            regions = regions
                .chunks(2)
                .map(|pair| pair.iter().fold(Self::default(), |all, one| all.union(one)))
                .collect();
        }
        regions.pop().unwrap_or_default()
    }
}

fn range(start: i32, length: u32) -> Range<i32> {
    start..start.saturating_add(i32::try_from(length).unwrap_or(i32::MAX))
}

fn length(range: &Range<i32>) -> u32 {
    range.end.abs_diff(range.start)
}

/// What a row holds; rows are asked for from the top.
fn spans_at<'a>(bands: &mut &'a [Band], row: i32) -> &'a [Range<i32>] {
    while let Some((first, rest)) = bands.split_first().filter(|(first, _)| first.rows.end <= row) {
        debug_assert!(!first.rows.is_empty());
        *bands = rest;
    }
    bands.first().filter(|band| band.rows.start <= row).map_or(&[], |band| &band.spans)
}

fn combine_spans(
    these: &[Range<i32>],
    those: &[Range<i32>],
    keep: fn(bool, bool) -> bool,
) -> Vec<Range<i32>> {
    let mut edges: Vec<i32> = these.iter().chain(those).flat_map(|span| [span.start, span.end]).collect();
    edges.sort_unstable();
    edges.dedup();
    let within = |spans: &mut &[Range<i32>], column: i32| {
        while let Some((_, rest)) = spans.split_first().filter(|(first, _)| first.end <= column) {
            *spans = rest;
        }
        spans.first().is_some_and(|span| span.start <= column)
    };
    let (mut these, mut those) = (these, those);
    let mut spans: Vec<Range<i32>> = Vec::new();
    for span in edges.windows(2).map(|edge| edge[0]..edge[1]) {
        if !keep(within(&mut these, span.start), within(&mut those, span.start)) {
            continue;
        }
        match spans.last_mut() {
            Some(last) if last.end == span.start => last.end = span.end,
            _ => spans.push(span),
        }
    }
    spans
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{Place, Region};

    const SIDE: i32 = 24;

    fn bitmap(region: &Region) -> Vec<bool> {
        (0..SIDE * SIDE).map(|at| region.contains(at % SIDE - 4, at / SIDE - 4)).collect()
    }

    fn place() -> impl Strategy<Value = Place> {
        (-4..16i32, -4..16i32, 0..5u32, 0..5u32).prop_map(|(x, y, width, height)| Place {
            x,
            y,
            width,
            height,
        })
    }

    fn region() -> impl Strategy<Value = (Vec<Place>, Region)> {
        proptest::collection::vec(place(), 0..10)
            .prop_map(|places| (places.clone(), places.into_iter().collect()))
    }

    fn is_in(places: &[Place], x: i32, y: i32) -> bool {
        places.iter().any(|place| {
            (place.x..place.x + place.width as i32).contains(&x)
                && (place.y..place.y + place.height as i32).contains(&y)
        })
    }

    proptest! {
        #[test]
        fn arithmetic_is_that_of_sets_of_pixels((places, this) in region(), (_, that) in region()) {
            let pixels: Vec<bool> =
                (0..SIDE * SIDE).map(|at| is_in(&places, at % SIDE - 4, at / SIDE - 4)).collect();
            prop_assert_eq!(&bitmap(&this), &pixels);
            let others = bitmap(&that);
            let expect = |keep: fn(bool, bool) -> bool| -> Vec<bool> {
                pixels.iter().zip(&others).map(|(this, that)| keep(*this, *that)).collect()
            };
            prop_assert_eq!(bitmap(&this.union(&that)), expect(|this, that| this || that));
            prop_assert_eq!(bitmap(&this.intersect(&that)), expect(|this, that| this && that));
            prop_assert_eq!(bitmap(&this.subtract(&that)), expect(|this, that| this && !that));
            prop_assert_eq!(bitmap(&this.difference(&that)), expect(|this, that| this != that));
        }

        #[test]
        fn equal_sets_are_equal_values((_, this) in region(), (_, that) in region()) {
            prop_assert_eq!(this.union(&that), that.union(&this));
            prop_assert_eq!(this.subtract(&that).union(&this.intersect(&that)), this.clone());
            prop_assert_eq!(this.places().collect::<Region>(), this.clone());
            prop_assert_eq!(this.clone().translate(3, -2).translate(-3, 2), this);
        }

        #[test]
        fn its_rectangles_do_not_overlap((_, this) in region()) {
            let area: u32 = this.places().map(|place| place.width * place.height).sum();
            let pixels = bitmap(&this).into_iter().filter(|is_in| *is_in).count();
            prop_assert_eq!(area as usize, pixels);
        }
    }

    #[test]
    fn what_has_no_pixels_is_empty() {
        assert!(Region::of(Place { x: 3, y: 3, width: 0, height: 9 }).is_empty());
        assert!([].into_iter().collect::<Region>().is_empty());
        let one = Region::of(Place { x: 3, y: 3, width: 2, height: 9 });
        assert!(one.subtract(&one).is_empty());
    }
}
