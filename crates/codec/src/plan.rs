//! What an update is to hold: which tiles, in what order, and which of them roughly.

use std::time::Duration;

use crate::activity::Activity;
use crate::dirty::DirtyTiles;
use crate::lossy::Quality;
use crate::rate::Rate;
use crate::{FrameView, Rect, TILE_SIDE, class};

/// How a tile is to be coded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Treatment {
    Exact,
    /// It rests, and becomes exact.
    Refined,
    Film(Quality),
    Photo(Quality),
}

/// The tiles of an update in their order, with their bounds, and how many pixels of them are to be coded roughly.
pub(crate) struct Plan {
    pub(crate) tiles: Vec<(u16, Rect, Treatment)>,
    pub(crate) lossy_pixels: u64,
    /// Around all of the film.
    pub(crate) film: Rect,
    /// Photographs are too many for being coded exactly at once, or were when the first of them came.
    pub(crate) is_much: bool,
    /// There is something that rests and is to be made exact, in this update or in one after it.
    pub(crate) has_rest: bool,
    /// And nothing else: film and photographs, of which nothing is found again among what was sent before.
    pub(crate) only_rests: bool,
}

/// More photograph than this, in pixels, is shown roughly before it is made exact, however much the path carries: the
/// coders would need too long for it.
const MUCH: u64 = 64 * (TILE_SIDE * TILE_SIDE) as u64;

/// What the update before was.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Earlier {
    /// Photographs are being shown roughly first.
    pub(crate) was_much: bool,
    /// It held something that rested.
    pub(crate) has_refined: bool,
    /// There was a film, and no room for any of it.
    pub(crate) lacked_film: bool,
    /// So many updates, one after the other, held nothing of what rests and is to be made exact.
    pub(crate) lacked_rest: u32,
}

impl Earlier {
    /// What the update of a plan was that held film and something that rested, or not.
    pub(crate) fn then(self, plan: &Plan, has_film: bool, has_refined: bool) -> Self {
        Self {
            was_much: plan.is_much,
            has_refined,
            lacked_film: !plan.film.is_empty() && !has_film,
            lacked_rest: if plan.has_rest && !has_refined { self.lacked_rest.saturating_add(1) } else { 0 },
        }
    }
}

/// So many updates may go without what rests while something else fills them. It is large, and a letter waits for it.
const REST_WAITS: u32 = 64;

/// What a changed place is taken for.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Class {
    Text,
    Photo,
    Film,
    /// It rests, and is to be made exact.
    Rest,
}

/// A tile that differs, and what it is taken for.
struct Sorted {
    number: u16,
    bounds: Rect,
    class: Class,
}

/// Film is always coded roughly while it moves; photographs are when not all of them fit the budget, or did not in the
/// update before. Film comes after what else changed, as that is what people read and press; what rests and is to be
/// made exact comes last. Nothing waits for ever: now and then an update begins with what would have to.
pub(crate) fn plan(
    frame: &FrameView<'_>,
    (dirty, activity, rate): (&DirtyTiles, &Activity, &Rate),
    (budget, focus, now): (usize, Option<(u32, u32)>, Duration),
    before: Earlier,
) -> Plan {
    let sorted = |(number, bounds)| {
        let class = class_of(frame, activity, number, bounds, now);
        Sorted { number, bounds, class }
    };
    let mut tiles: Vec<_> = dirty.order(focus).into_iter().map(sorted).collect();
    let pixels = |of: Class| -> u64 {
        tiles.iter().filter(|tile| tile.class == of).map(|tile| tile.bounds.area()).sum()
    };
    let films = tiles.iter().filter(|tile| tile.class == Class::Film).map(|tile| tile.bounds);
    let around = films.reduce(|around, bounds| around.around(&bounds)).unwrap_or_default();
    let (film, photo) = (pixels(Class::Film), pixels(Class::Photo));
    // Exactly, a photograph takes about a byte a pixel.
    let is_much = photo > MUCH.min(budget as u64) || before.was_much && photo > 0;
    let treatment = |class: Class| match class {
        Class::Film => Treatment::Film(rate.film()),
        Class::Photo if is_much => Treatment::Photo(rate.photo()),
        Class::Photo | Class::Text => Treatment::Exact,
        Class::Rest => Treatment::Refined,
    };
    let place = |class: Class| match class {
        Class::Rest if REST_WAITS <= before.lacked_rest => 0,
        Class::Film if before.lacked_film => 0,
        Class::Text | Class::Photo => 1,
        Class::Film => 2,
        Class::Rest => 3,
    };
    let is_rest = |tile: &Sorted| tile.class == Class::Rest;
    let only_rests = tiles.iter().all(is_rest);
    let has_rest = tiles.iter().any(is_rest);
    tiles.retain(|tile| only_rests || !before.has_refined || !is_rest(tile));
    // Stable: among equals it is as it was.
    tiles.sort_by_key(|tile| place(tile.class));
    let tiles = tiles.into_iter().map(|tile| (tile.number, tile.bounds, treatment(tile.class))).collect();
    Plan {
        tiles,
        lossy_pixels: film + if is_much { photo } else { 0 },
        film: around,
        is_much,
        has_rest,
        only_rests,
    }
}

fn class_of(frame: &FrameView<'_>, activity: &Activity, number: u16, bounds: Rect, now: Duration) -> Class {
    if activity.is_refined(number, now) {
        return Class::Rest;
    }
    let plays = activity.is_film(number) && activity.rough(number).is_some();
    let writes_beside = || activity.moving(number).is_some_and(|film| has_text_beside(frame, bounds, film));
    if !class::is_photo(frame, bounds, plays) || writes_beside() {
        Class::Text
    } else if activity.is_film(number) {
        Class::Film
    } else {
        Class::Photo
    }
}

/// True when letters have come to what differs in a tile beside the film that is in it.
fn has_text_beside(frame: &FrameView<'_>, bounds: Rect, film: Rect) -> bool {
    let Rect { x, y, width, height } = bounds;
    let above = Rect::new(x, y, width, film.y.saturating_sub(y));
    let below = Rect::new(x, film.bottom(), width, bounds.bottom().saturating_sub(film.bottom()));
    let left = Rect::new(x, y, film.x.saturating_sub(x), height);
    let right = Rect::new(film.right(), y, bounds.right().saturating_sub(film.right()), height);
    let mut strips = [above, below, left, right].into_iter().filter(|strip| !strip.is_empty());
    strips.any(|strip| class::is_text(frame, strip))
}
