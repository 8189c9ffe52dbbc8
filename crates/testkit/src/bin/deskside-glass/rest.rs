//! Whether the operator's picture is the customer's, and since when.

use std::thread;
use std::time::{Duration, Instant};

use anyhow::Result;
use deskside_testkit::display::Looker;
use deskside_testkit::picture::{Difference, Picture, Rect};

/// A quick look takes every so manyth row.
const EVERY: u32 = 16;
/// How long to rest between two looks.
const PAUSE: Duration = Duration::from_millis(5);
/// From which luma PSNR on a picture can be recognised, in dB.
const RECOGNISABLE: f64 = 28.0;

/// The customer's screen, and where the operator sees it.
pub(crate) struct Glass {
    pub(crate) there: Looker,
    pub(crate) here: Looker,
    pub(crate) shown: Rect,
}

/// How the picture came to rest.
pub(crate) struct Rest {
    /// From the last change on the customer's screen to no wrong pixel on the operator's.
    pub(crate) exact: Option<Duration>,
    /// In the end.
    pub(crate) difference: Difference,
}

/// How a new picture arrived.
#[derive(Default)]
pub(crate) struct Arrival {
    pub(crate) recognisable: Option<Duration>,
    pub(crate) exact: Option<Duration>,
}

impl Glass {
    /// The customer's whole screen.
    fn screen(&self) -> Rect {
        Rect { x: 0, y: 0, width: self.shown.width, height: self.shown.height }
    }

    /// A quick look at one side, without the pointer, which some viewers draw and some do not.
    fn glance(&self, eye: &Looker, area: Rect) -> Result<Picture> {
        let mut rows = eye.rows(area, EVERY)?;
        let pointer = self.there.pointer_box()?;
        let height = pointer.height / EVERY + 2;
        rows.cover(Rect { y: pointer.y / EVERY, height, ..pointer });
        Ok(rows)
    }

    /// A whole look at both sides, without the pointer.
    fn difference(&self) -> Result<Difference> {
        let pointer = self.there.pointer_box()?;
        let (mut there, mut here) = (self.there.part(self.screen())?, self.here.part(self.shown)?);
        there.cover(pointer);
        here.cover(pointer);
        there.compare(&here)
    }

    fn is_exact(&self) -> Result<bool> {
        Ok(self.difference()?.psnr.is_infinite())
    }

    /// Looks until nothing is wrong, or the patience has come to its end. The work was over at `ended`.
    pub(crate) fn rest(&self, ended: Instant, patience: Duration) -> Result<Rest> {
        let mut last = self.glance(&self.there, self.screen())?;
        let mut changed = ended;
        // A screen that never rests never becomes exact.
        while changed.elapsed() < patience && ended.elapsed() < patience * 2 {
            let looked = Instant::now();
            let there = self.glance(&self.there, self.screen())?;
            if there != last {
                // What the work has set off, such as smooth scrolling, was not over yet.
                changed = looked;
                last = there;
            } else if self.glance(&self.here, self.shown)? == last && self.is_exact()? {
                return Ok(Rest { exact: Some(looked - changed), difference: self.difference()? });
            }
            thread::sleep(PAUSE);
        }
        Ok(Rest { exact: None, difference: self.difference()? })
    }

    /// Looks until a picture that has been on the customer's screen since `began` has arrived.
    pub(crate) fn arrival(&self, began: Instant, patience: Duration) -> Result<Arrival> {
        let wanted = self.glance(&self.there, self.screen())?;
        let luma = wanted.luma();
        let mut arrival = Arrival::default();
        while began.elapsed() < patience {
            let looked = Instant::now();
            let seen = self.glance(&self.here, self.shown)?;
            let psnr = seen.luma().psnr(&luma, (0, 0)).unwrap_or(0.0);
            if arrival.recognisable.is_none() && RECOGNISABLE <= psnr {
                arrival.recognisable = Some(looked - began);
            }
            if seen == wanted && self.is_exact()? {
                arrival.exact = Some(looked - began);
                break;
            }
            thread::sleep(PAUSE);
        }
        Ok(arrival)
    }
}

/// As a figure.
pub(crate) fn milliseconds(time: Duration) -> f64 {
    time.as_secs_f64() * 1000.0
}
