//! Features: stretches of a row that can be recognised where they turn up again.
//!
//! Which stretches count is decided by what is in them, so that both pictures choose the same, wherever they
//! lie. Only corners are looked at, where a row differs from the one above it and not everywhere by the same: flat
//! areas, lines and the stems of letters look alike in many rows and would tell nothing.

use crate::picture::COLOUR;
use crate::wide::wide;

/// Pixels of a row that a feature spans.
pub(crate) const SPAN: usize = 33;
/// One stretch in 32 counts, by these bits of its hash, which are 0 where all is flat.
const CHOSEN: u32 = 31;
/// How far apart the hashes lie that each step joins, and by how much the later one is turned: each doubles the
/// stretch, from the difference of two pixels to [`SPAN`].
const STEPS: [(usize, u32); 5] = [(1, 9), (2, 17), (4, 5), (8, 26), (16, 12)];

/// Hashes that are asked together whether one of them counts.
const GROUP: usize = 16;

/// A pixel of a frame or of a picture.
pub(crate) trait Pixel: Copy {
    /// As `0x00RRGGBB`.
    fn colour(self) -> u32;
}

impl Pixel for [u8; 4] {
    #[inline(always)]
    fn colour(self) -> u32 {
        u32::from_le_bytes(self) & COLOUR
    }
}

impl Pixel for u32 {
    #[inline(always)]
    fn colour(self) -> u32 {
        self
    }
}

/// Finds features; keeps its buffers from one row to the next.
#[derive(Default)]
pub(crate) struct Scanner {
    hashes: Vec<u32>,
    joined: Vec<u32>,
}

impl Scanner {
    /// Calls `found` with the hash and the first column of every feature of a row, given the row above it, too.
    pub(crate) fn scan(&mut self, above: &[impl Pixel], row: &[impl Pixel], mut found: impl FnMut(u32, u32)) {
        let Self { hashes, joined } = self;
        wide(
            #[inline(always)]
            || {
                if hash(above, row, hashes, joined) {
                    choose(hashes, &mut found);
                }
            },
        );
    }
}

/// Calls `found` with every hash that counts, and its column.
#[inline(always)]
fn choose(hashes: &[u32], mut found: impl FnMut(u32, u32)) {
    for (hashes, x) in hashes.chunks(GROUP).zip((0..).step_by(GROUP)) {
        let mut any = false;
        for hash in hashes {
            any |= hash & CHOSEN == CHOSEN;
        }
        if any {
            for (hash, x) in hashes.iter().zip(x..) {
                if hash & CHOSEN == CHOSEN {
                    found(*hash, x);
                }
            }
        }
    }
}

/// The hashes of all stretches of a row; false if there is none that could count.
#[inline(always)]
fn hash<A: Pixel, B: Pixel>(above: &[A], row: &[B], hashes: &mut Vec<u32>, joined: &mut Vec<u32>) -> bool {
    let length = above.len().min(row.len());
    joined.resize(length, 0);
    let mut differs = 0;
    for ((joined, above), row) in joined.iter_mut().zip(above).zip(row) {
        *joined = above.colour() ^ row.colour();
        differs |= *joined;
    }
    if length < SPAN || differs == 0 {
        return false;
    }
    hashes.resize(length - 1, 0);
    for ((hash, left), right) in hashes.iter_mut().zip(&*joined).zip(&joined[1..]) {
        *hash = left ^ right;
    }
    for (apart, turn) in STEPS {
        let left = hashes.len() - apart;
        joined.resize(left, 0);
        for ((joined, first), second) in joined.iter_mut().zip(&*hashes).zip(&hashes[apart..]) {
            *joined = first.wrapping_add(second.rotate_left(turn));
        }
        std::mem::swap(hashes, joined);
    }
    for hash in hashes.iter_mut() {
        *hash ^= *hash >> 15;
    }
    true
}

/// Most places of a feature that are remembered; what is seen more often tells nothing.
const MOST_PLACES: usize = 3;

/// Where features were seen.
pub(crate) struct Places {
    slots: Vec<Slot>,
    shift: u32,
}

/// A feature: how often it was seen, and where first.
#[derive(Clone, Copy, Default)]
struct Slot {
    hash: u32,
    seen: u8,
    places: [(u16, u16); MOST_PLACES],
}

impl Places {
    /// Room for about so many features.
    pub(crate) fn with_room(features: usize) -> Self {
        let slots = (2 * features).next_power_of_two().clamp(1 << 8, 1 << 15);
        Self { slots: vec![Slot::default(); slots], shift: u32::BITS - slots.ilog2() }
    }

    /// Remembers a place. Of different features that share a slot the first stays.
    pub(crate) fn insert(&mut self, hash: u32, x: u16, y: u16) {
        let slot = self.slot(hash);
        let slot = &mut self.slots[slot];
        if slot.seen > 0 && slot.hash != hash {
            return;
        }
        slot.hash = hash;
        if let Some(place) = slot.places.get_mut(usize::from(slot.seen)) {
            *place = (x, y);
        }
        slot.seen = slot.seen.saturating_add(1);
    }

    /// Where a feature was seen, unless it was seen too often.
    pub(crate) fn of(&self, hash: u32) -> &[(u16, u16)] {
        let slot = &self.slots[self.slot(hash)];
        let seen = if slot.hash == hash { usize::from(slot.seen) } else { 0 };
        slot.places.get(..seen).unwrap_or_default()
    }

    fn slot(&self, hash: u32) -> usize {
        // The low bits of all features are the same; the multiplication brings the others up.
        (hash.wrapping_mul(0x9E37_79B1) >> self.shift) as usize
    }
}

#[cfg(test)]
mod tests {
    use super::{Places, Scanner};

    fn features(row: &[u32]) -> Vec<(u32, u32)> {
        let mut found = Vec::new();
        let above = vec![0x00FF_FFFFu32; row.len()];
        Scanner::default().scan(&above, row, |hash, x| found.push((hash, x)));
        found
    }

    #[test]
    fn features_move_with_the_pixels_and_flat_rows_have_none() {
        let noise: Vec<u32> =
            (0..2000u32).map(|x| x.wrapping_mul(x).wrapping_mul(0x9E37_79B1) >> 8).collect();
        let found = features(&noise);
        assert!((30..120).contains(&found.len()), "{}", found.len());
        let later: Vec<_> = features(&noise[100..]).into_iter().map(|(hash, x)| (hash, x + 100)).collect();
        assert!(later.len() > 25 && later.iter().all(|feature| found.contains(feature)));
        assert!(features(&[0x00FF_FFFF; 2000]).is_empty());
        assert!(features(&noise[..20]).is_empty());
    }

    #[test]
    fn what_is_seen_too_often_has_no_place() {
        let mut places = Places::with_room(10);
        places.insert(31, 1, 2);
        assert_eq!(places.of(31), [(1, 2)]);
        (0..3).for_each(|x| places.insert(63, x, 4));
        assert_eq!(places.of(63), [(0, 4), (1, 4), (2, 4)]);
        (0..300).for_each(|x| places.insert(63, x, 4));
        assert_eq!(places.of(63), []);
        assert_eq!(places.of(95), []);
    }
}
