//! The encoder: what the viewer has, what may differ from it, and the next update.

use std::time::Duration;

use crate::activity::{Activity, REST};
use crate::bitstream::{Content, Copy, Piece};
use crate::cache::{Lookup, MAX_TILES};
use crate::dirty::DirtyTiles;
use crate::grid::Grid;
use crate::history::History;
use crate::lossy::{self, Before, luma_error};
use crate::memory::Memory;
use crate::palette::Index;
use crate::picture::Picture;
use crate::plan::{Earlier, Treatment, plan};
use crate::rate::{Lossy, Rate};
use crate::rough::RoughTiles;
use crate::update::{Finished, Update};
use crate::{EncodeError, FrameView, Rect, TILE_SIDE, compress, moves};

/// An update has about so many pixels of film and photographs at most: a picture is sent, and shown, in parts while the
/// rest of it is still being coded.
const PART: u64 = 64 * (TILE_SIDE * TILE_SIDE) as u64;

/// Turns frames of one size into updates, for one epoch.
pub struct Encoder {
    grid: Grid,
    /// INVARIANT: equal to the decoder's picture after all updates so far.
    sent: Picture,
    dirty: DirtyTiles,
    history: History,
    palette: Index,
    cache: Lookup,
    memory: Memory,
    /// Room for the planes of the next update.
    planes: Vec<u8>,
    activity: Activity,
    /// Of the viewer, as it knows them.
    rough: RoughTiles,
    lossy: lossy::Writer,
    rate: Rate,
    earlier: Earlier,
    /// Of what was sent before this update, where a film plays.
    before: Option<Before>,
    now: Duration,
    /// Bytes that a picture may have.
    room: usize,
}

impl Encoder {
    /// An encoder whose viewer has a black picture of this size. Every pixel counts as marked.
    ///
    /// # Errors
    /// [`EncodeError::Size`] if a side is 0 or above [`crate::MAX_SIDE`], or the area is above
    /// [`crate::MAX_AREA`].
    pub fn new(width: u32, height: u32) -> Result<Self, EncodeError> {
        let grid = Grid::new(width, height).ok_or(EncodeError::Size { width, height })?;
        Ok(Self {
            grid,
            sent: Picture::black(&grid),
            dirty: DirtyTiles::all(&grid),
            history: History::default(),
            palette: Index::default(),
            cache: Lookup::new(&grid),
            memory: Memory::default(),
            planes: Vec::new(),
            activity: Activity::new(grid.tiles()),
            rough: RoughTiles::none(&grid),
            lossy: lossy::Writer::new(),
            rate: Rate::default(),
            earlier: Earlier::default(),
            before: None,
            now: Duration::ZERO,
            room: 0,
        })
    }

    /// These places may have changed in the next frame, or in one before it. What lies outside the picture does not matter.
    ///
    /// What changes without being marked, then or later, may not be sent.
    pub fn mark(&mut self, rects: &[Rect]) {
        for number in rects.iter().flat_map(|rect| self.grid.touched(rect)) {
            self.dirty.mark(number);
            self.activity.touch(number);
        }
    }

    /// True when the viewer has, or will have after the updates so far, everything that was marked, pixel for
    /// pixel.
    #[must_use]
    pub fn is_clean(&self) -> bool {
        self.dirty.is_empty() && self.activity.next_due().is_none() && self.rough.is_empty()
    }

    /// Says what time it is, counted from any moment on that stays the same; it stands still in between.
    pub fn at(&mut self, now: Duration) -> &mut Self {
        self.now = now;
        self
    }

    /// Says how many bytes of a moving picture the path carries until the next one; at least as much as the
    /// budget of an update is assumed. What is more becomes coarser.
    pub fn room(&mut self, bytes: usize) -> &mut Self {
        self.room = bytes;
        self
    }

    /// When there will be something to do if nothing is marked until then; `None` if there will be nothing.
    ///
    /// Film and photographs that were sent roughly are made exact when they have rested for a while.
    #[must_use]
    pub fn next_due(&self) -> Option<Duration> {
        if !self.dirty.is_empty() {
            return Some(self.now);
        }
        let to_tell = self.rough.tiles().filter(|tile| self.activity.rough(*tile).is_none());
        to_tell.map(|tile| self.cache.changed(tile) + REST).chain(self.activity.next_due()).min()
    }

    /// True when all that there is to do now is to make exact what rests: it can wait for anything else.
    #[must_use]
    pub fn only_refines(&self) -> bool {
        (self.dirty.numbers()).all(|number| self.activity.is_refined(number, self.now))
    }

    /// Has what only moved copied, and codes what still differs in the marked places, the smallest and nearest
    /// to `focus` first, until the update has about `budget` bytes; `None` when nothing differs.
    ///
    /// Film is coded roughly while it moves, and photographs when they do not fit the budget; both are made
    /// exact when they rest.
    ///
    /// An update holds one tile or copy at least, whatever the budget, and is never longer than
    /// [`crate::MAX_UPDATE`]. What did not fit stays marked. An update that was given out must be sent.
    ///
    /// # Errors
    /// [`EncodeError::OtherSize`] if the frame is not as large as the picture; nothing has changed then.
    /// After [`EncodeError::Compressor`] the encoder must not be used any more: start a new epoch.
    pub fn next_update(
        &mut self,
        frame: &FrameView<'_>,
        budget: usize,
        focus: Option<(u32, u32)>,
    ) -> Result<Option<Vec<u8>>, EncodeError> {
        self.check(frame)?;
        let copies = self.compare(frame, self.now);
        for copy in &copies {
            self.rough.copied(&self.grid, copy);
            if let Some(before) = &mut self.before {
                self.grid.touched(&copy.to).for_each(|number| before.touch(number, false));
            }
        }
        if self.next_due().is_none_or(|due| due > self.now) && copies.is_empty() {
            return Ok(None);
        }
        let room = self.room.max(budget);
        let known = (&self.dirty, &self.activity, &self.rate);
        let mut plan = plan(frame, known, (room, focus, self.now), self.earlier);
        if !plan.film.is_empty() {
            self.before.get_or_insert_with(|| Before::new(&self.grid)).keep(&self.sent, plan.film);
        }
        let planes = std::mem::take(&mut self.planes);
        let coded = (&mut self.lossy, &mut self.rough);
        let prefix = if plan.only_rests { &[] } else { self.history.bytes() };
        let mut update = Update::new(budget, copies, prefix, coded, planes);
        let mut lossy = Lossy::default();
        let (mut kept, mut film, mut has_refined) = (0, Vec::new(), false);
        for (number, bounds, treatment) in std::mem::take(&mut plan.tiles) {
            if !update.is_empty() && (update.is_full()? || PART <= lossy.pixels) {
                break;
            }
            let tile = self.grid.tile(number);
            let is_film = matches!(treatment, Treatment::Film(_));
            has_refined |= treatment == Treatment::Refined;
            if let Some(before) = &mut self.before {
                before.touch(number, !is_film);
            }
            let bounds = if is_film { nearly_all(bounds, tile) } else { bounds };
            let may_keep = kept < MAX_TILES && !is_film && self.activity.rough(number).is_none();
            let part = if may_keep { bounds } else { Rect::default() };
            let keep = self.cache.replace(number, &self.sent, tile, part, self.now);
            kept += usize::from(keep);
            let slot = if is_film { None } else { self.cache.find(frame, tile, bounds) };
            if let Some(slot) = slot {
                self.cache.restore(slot, &mut self.sent, tile);
                let content = Content::Cached(slot);
                update.put(&self.grid, Piece { tile: number, rect: tile, keep, content });
                self.activity.set_exact(number);
                self.dirty.clean(number);
                continue;
            }
            match treatment {
                Treatment::Exact | Treatment::Refined => {
                    self.sent.copy_from(frame, bounds);
                    update.push(&self.grid, (number, keep), bounds, &self.sent, &mut self.palette);
                    self.activity.set_exact(number);
                }
                Treatment::Film(quality) => {
                    if let Some(before) = &self.before {
                        let pictures = (frame, before, &self.sent);
                        update.push_film(&self.grid, number, bounds, pictures, quality);
                    }
                    film.push(bounds);
                    self.activity.set_rough(number, bounds);
                    lossy.pixels += bounds.area();
                }
                Treatment::Photo(quality) => {
                    let pictures = (frame, &mut self.sent);
                    let is_said = update.push_photo(&self.grid, (number, keep), bounds, pictures, quality);
                    if keep && !is_said {
                        // The viewer has to be told, at least, that the tile was kept.
                        self.sent.copy_from(frame, bounds);
                        update.push(&self.grid, (number, keep), bounds, &self.sent, &mut self.palette);
                    }
                    self.activity.set_rough(number, bounds);
                    lossy.pixels += bounds.area();
                }
            }
            self.dirty.clean(number);
        }
        update.settle(&mut self.sent);
        self.earlier = self.earlier.then(&plan, !film.is_empty(), has_refined);
        film.into_iter().for_each(|bounds| lossy.judge(luma_error(frame, &self.sent, bounds)));
        let (dirty, activity, cache, now) = (&mut self.dirty, &self.activity, &self.cache, self.now);
        let is_known = |tile| !dirty.is_dirty(tile) && activity.rough(tile).is_none();
        update
            .tell_exact(&self.grid, &self.sent, |tile| is_known(tile) && cache.changed(tile) + REST <= now)?;
        dirty.wait();
        lossy.bytes = update.lossy_length() as u64;
        self.rate.learn(lossy, plan.lossy_pixels, room);
        if update.is_empty() {
            return Ok(None);
        }
        let Finished { mut bytes, planes, lacks_planes } = update.finish()?;
        if lacks_planes {
            self.history.append_whole(&planes);
            compress::once(self.history.with_last(planes.len()), planes.len(), &mut bytes)?;
        } else {
            self.history.append(&planes);
        }
        self.planes = planes;
        Ok(Some(bytes))
    }

    /// That a frame is as large as the picture.
    fn check(&self, frame: &FrameView<'_>) -> Result<(), EncodeError> {
        let Grid { width, height, .. } = self.grid;
        if (frame.width(), frame.height()) != (width, height) {
            return Err(EncodeError::OtherSize {
                width: frame.width(),
                height: frame.height(),
                expected_width: width,
                expected_height: height,
            });
        }
        Ok(())
    }

    /// Compares what is marked or is to be made exact, and again where copies were made.
    fn compare(&mut self, frame: &FrameView<'_>, now: Duration) -> Vec<Copy> {
        let Self { grid, sent, dirty, activity, cache, memory, .. } = self;
        for number in activity.due(now) {
            // What was compared and is not marked since differs as it did.
            if !dirty.is_dirty(number) {
                dirty.mark(number);
            }
        }
        // What the viewer has roughly is nowhere to be found again.
        let movable = |mut tiles: Vec<bool>| {
            (0..).zip(&mut tiles).for_each(|(number, tile)| *tile &= activity.rough(number).is_none());
            tiles
        };
        let mut moves = moves::go_on(grid, frame, sent, &movable(dirty.all_dirty()), (memory, now));
        if moves.copies.is_empty() && dirty.compare(grid, frame, sent) >= moves::LEAST_CHANGED {
            moves = moves::make(grid, frame, sent, &movable(dirty.differing()), (memory, now));
        }
        for tile in moves.copies.iter().flat_map(|copy| grid.touched(&copy.to)) {
            if moves.right.contains(&tile) {
                dirty.clean(tile);
            } else {
                dirty.mark(tile);
            }
            cache.touch(tile, now);
        }
        dirty.compare(grid, frame, sent);
        activity.compared(&dirty.differing(), now);
        moves.copies
    }
}

/// Up to the edges of the tile where a few pixels lie between: by chance a film's are as they were, and whole
/// macroblocks take less work.
fn nearly_all(bounds: Rect, tile: Rect) -> Rect {
    const FEW: u32 = 4;
    let start = |at: u32, edge: u32| if at - edge <= FEW { edge } else { at };
    let end = |at: u32, edge: u32| if edge - at <= FEW { edge } else { at };
    let (x, y) = (start(bounds.x, tile.x), start(bounds.y, tile.y));
    let (right, bottom) = (end(bounds.right(), tile.right()), end(bounds.bottom(), tile.bottom()));
    Rect::new(x, y, right - x, bottom - y)
}

impl std::fmt::Debug for Encoder {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Encoder({}x{})", self.grid.width, self.grid.height)
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use crate::{Decoder, Encoder, FrameView, Rect};

    const WIDTH: u32 = 400;
    const HEIGHT: u32 = 300;
    const ALL: Rect = Rect::new(0, 0, WIDTH, HEIGHT);

    /// A scene with grain that moves to the left and up; over it opens a grey window, somewhere else with each picture,
    /// where what moves on to the left and up was before.
    fn pixel(x: u32, y: u32, picture: u32, window: Rect) -> u32 {
        if window.contains(&Rect::new(x, y, 1, 1)) {
            return 0x0080_8080 + picture;
        }
        let at = |x: u32, across: f32, y: u32, down: f32| (x as f32 / across).sin() * (y as f32 / down).cos();
        let (x, y) = (x + 2 * picture, y + picture);
        let grain = (x * 31 + y * 17 + picture * 13).wrapping_mul(0x9E37_79B1) >> 30;
        let light = 110.0 + 20.0 * at(x, 2.3, y, 3.1) + 30.0 * at(x, 7.0, y, 5.0) + grain as f32;
        (light as u32) * 0x0001_0101
    }

    #[test]
    fn what_an_update_changes_at_once_is_nothing_that_its_film_refers_to() {
        let (mut encoder, mut decoder) =
            (Encoder::new(WIDTH, HEIGHT).unwrap(), Decoder::new(WIDTH, HEIGHT).unwrap());
        for picture in 0..40 {
            let (x, y) = (64 * (1 + picture % 4), 64 * (1 + picture / 4 % 3));
            let window = if picture < 8 { Rect::default() } else { Rect::new(x + 1, y + 1, 62, 62) };
            let places = (0..WIDTH * HEIGHT).map(|i| pixel(i % WIDTH, i / WIDTH, picture, window));
            let data: Vec<u8> = places.flat_map(u32::to_le_bytes).collect();
            let frame = FrameView::new(WIDTH, HEIGHT, WIDTH as usize * 4, &data).unwrap();
            encoder.mark(&[ALL]);
            // What is near the pointer is sent first.
            let (now, focus) = (Duration::from_millis(40) * picture, Some((x + 32, y + 32)));
            let update = encoder.at(now).next_update(&frame, 1 << 20, focus).unwrap().unwrap();
            decoder.apply(&update).unwrap();
            assert!(decoder.pixels() == encoder.sent.pixels(), "picture {picture}");
        }
    }
}
