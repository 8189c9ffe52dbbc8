//! A child of the root, with all that lies within it.

use deskside_session::{ApplicationId, Scope};
use x11rb::protocol::xproto::{ConfigureNotifyEvent, Window};

use super::examine::Answer;
use super::owner::{Kind, Owner, Part, allows};
use crate::x11::region::{Place, Region};

/// Where a top-level window is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Geometry {
    /// Of the outer upper left corner, from that of the root.
    pub(crate) x: i32,
    pub(crate) y: i32,
    /// Without the border.
    pub(crate) width: u32,
    pub(crate) height: u32,
    pub(crate) border: u32,
}

impl Geometry {
    /// With the border.
    pub(crate) fn outer(&self) -> Place {
        let (width, height) = (self.width + 2 * self.border, self.height + 2 * self.border);
        Place { x: self.x, y: self.y, width, height }
    }
}

/// A window within a top-level window, or that itself.
#[derive(Debug, Clone)]
pub(crate) struct Inner {
    pub(crate) window: Window,
    /// Not a window that only takes input.
    pub(crate) draws: bool,
    /// Its border, from the top-level window's inner upper left corner.
    pub(crate) edge: Region,
    pub(super) part: Part,
    pub(super) is_override_redirect: bool,
    pub(super) transient_for: Option<ApplicationId>,
}

/// A child of the root.
#[derive(Debug, Clone)]
pub(crate) struct TopLevel {
    /// Another one than that of any window that had the same number before.
    pub(crate) born: u64,
    /// `None` until it is known.
    pub(crate) geometry: Option<Geometry>,
    pub(crate) is_mapped: bool,
    /// It is as it was when it was looked at. If not, it is nobody's, and what is below does not hold.
    pub(crate) is_known: bool,
    pub(crate) owner: Owner,
    pub(crate) kind: Kind,
    /// Bits of a pixel; 0 for a window that only takes input.
    pub(crate) depth: u8,
    /// If it is not a rectangle: its form from its inner upper left corner.
    pub(crate) shape: Option<Region>,
    /// Itself, and all windows within.
    pub(crate) inner: Vec<Inner>,
    /// Raised whenever the display gives it other memory for its pixels.
    pub(crate) storage: u64,
    /// Raised whenever something in it was moved.
    pub(crate) moved_within: u64,
}

impl TopLevel {
    pub(super) fn new(born: u64, geometry: Option<Geometry>) -> Self {
        Self {
            born,
            geometry,
            is_mapped: false,
            is_known: false,
            owner: Owner::Unknown,
            kind: Kind::Ordinary,
            depth: 0,
            shape: None,
            inner: Vec::new(),
            storage: 0,
            moved_within: 0,
        }
    }

    /// Whether it covers anything.
    pub(crate) fn is_seen(&self) -> bool {
        self.is_mapped && self.depth != 0
    }

    /// The pixels of the root that it covers, if it is seen.
    pub(crate) fn outline(&self) -> Region {
        let Some(geometry) = self.geometry else { return Region::default() };
        let outer = Region::of(geometry.outer());
        let Some(shape) = &self.shape else { return outer };
        let border = i32::try_from(geometry.border).unwrap_or(0);
        shape.clone().translate(geometry.x + border, geometry.y + border).intersect(&outer)
    }

    /// Whether a scope reaches it.
    pub(crate) fn is_within(&self, scope: &Scope) -> bool {
        // Whoever's window it is: a hidden application that draws in it hides it.
        let is_hidden = |inner: &Inner| {
            inner.part.application.is_some_and(|application| scope.hidden.contains(&application))
        };
        self.is_known && allows(scope, &self.owner, self.kind) && !self.inner.iter().any(is_hidden)
    }

    pub(super) fn configure(&mut self, geometry: Geometry) {
        let is_same_size = self.geometry.is_some_and(|before| {
            (before.width, before.height, before.border) == (geometry.width, geometry.height, geometry.border)
        });
        if !is_same_size {
            self.storage += 1;
        }
        self.geometry = Some(geometry);
    }
}

pub(super) fn inner(answer: &Answer, process: &impl Fn(Window) -> Option<ApplicationId>) -> Inner {
    let transient_for = answer.transient_for.and_then(process);
    let part = Part {
        application: process(answer.window),
        is_client: answer.is_client && answer.draws,
        kind: answer.kind,
        hinted: transient_for.or_else(|| answer.leader.and_then(process)),
    };
    let is_override_redirect = answer.is_override_redirect;
    let (window, draws, edge) = (answer.window, answer.draws, answer.edge.clone());
    Inner { window, draws, edge, part, is_override_redirect, transient_for }
}

pub(super) fn geometry_of(event: &ConfigureNotifyEvent) -> Geometry {
    Geometry {
        x: event.x.into(),
        y: event.y.into(),
        width: event.width.into(),
        height: event.height.into(),
        border: event.border_width.into(),
    }
}
