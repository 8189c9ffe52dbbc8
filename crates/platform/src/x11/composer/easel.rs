//! Paints a frame from pieces that the server copies: asks for many at once, then lays them in order.

use deskside_codec::Rect;
use x11rb::cookie::Cookie;
use x11rb::errors::ReplyError;
use x11rb::protocol::shm::GetImageReply;
use x11rb::protocol::xproto::{Pixmap, Window};
use x11rb::rust_connection::RustConnection;

use super::paint::{self, Tile};
use crate::PlatformError;
use crate::x11::region::{Place, Region};
use crate::x11::segment::{BYTES_PER_PIXEL, Segment};

struct Stroke<'a> {
    /// In the frame.
    place: Rect,
    what: What<'a>,
}

enum What<'a> {
    Pattern,
    Tile(&'a Tile),
    Piece { cookie: Cookie<'a, RustConnection, GetImageReply>, at: usize, blends: bool, window: Window },
}

pub(super) struct Easel<'a> {
    pub(super) connection: &'a RustConnection,
    pub(super) segment: &'a Segment,
    pub(super) frame: &'a mut [u8],
    /// Where the frame lies on the root.
    pub(super) area: Rect,
    strokes: Vec<Stroke<'a>>,
    used: usize,
    /// Windows whose memory could not be read.
    failed: Vec<Window>,
}

impl<'a> Easel<'a> {
    pub(super) fn new(
        connection: &'a RustConnection,
        segment: &'a Segment,
        frame: &'a mut [u8],
        area: Rect,
    ) -> Self {
        Self { connection, segment, frame, area, strokes: Vec::new(), used: 0, failed: Vec::new() }
    }

    pub(super) fn pattern(&mut self, region: &Region) {
        for place in places(region, self.area) {
            self.strokes.push(Stroke { place, what: What::Pattern });
        }
    }

    pub(super) fn tile(&mut self, region: &Region, tile: &'a Tile) {
        for place in places(region, self.area) {
            self.strokes.push(Stroke { place, what: What::Tile(tile) });
        }
    }

    /// A region of the root from a window's memory, whose corner is at `origin` of the root.
    pub(super) fn window(
        &mut self,
        region: &Region,
        (window, pixmap): (Window, Pixmap),
        origin: (i32, i32),
        blends: bool,
    ) -> Result<(), PlatformError> {
        for place in places(region, self.area) {
            let length = place.width as usize * place.height as usize * BYTES_PER_PIXEL;
            if self.segment.room() < self.used + length {
                self.lay()?;
            }
            let inside =
                |at: u32, start: u32, origin: i32| u32::try_from(i64::from(at + start) - i64::from(origin));
            let (Ok(x), Ok(y)) =
                (inside(place.x, self.area.x, origin.0), inside(place.y, self.area.y, origin.1))
            else {
                continue;
            };
            let wanted = Rect::new(x, y, place.width, place.height);
            let at = self.used;
            let cookie = self.segment.ask(self.connection, pixmap, wanted, at)?;
            self.used += length;
            self.strokes.push(Stroke { place, what: What::Piece { cookie, at, blends, window } });
        }
        Ok(())
    }

    /// Lays everything; the windows whose memory could not be read, and where the pattern is now.
    pub(super) fn finish(mut self) -> Result<Vec<Window>, PlatformError> {
        self.lay()?;
        Ok(self.failed)
    }

    fn lay(&mut self) -> Result<(), PlatformError> {
        let (segment, width) = (self.segment, self.area.width);
        for Stroke { place, what } in self.strokes.drain(..) {
            match what {
                What::Pattern => paint::pattern(self.frame, width, place),
                What::Tile(tile) => tile.lay(self.frame, width, place, (self.area.x, self.area.y)),
                What::Piece { cookie, at, blends, window } => match cookie.reply() {
                    Ok(_) => {
                        let length = place.width as usize * place.height as usize * BYTES_PER_PIXEL;
                        let pixels = segment.pixels(at, length);
                        let lay = if blends { paint::blend } else { paint::copy };
                        lay(self.frame, width, place, pixels);
                    }
                    Err(ReplyError::X11Error(_)) => {
                        paint::pattern(self.frame, width, place);
                        self.failed.push(window);
                    }
                    Err(error) => return Err(error.into()),
                },
            }
        }
        self.used = 0;
        Ok(())
    }
}

/// A region of the root as rectangles of the frame.
pub(in crate::x11) fn places(region: &Region, area: Rect) -> Vec<Rect> {
    let clipped = region.intersect(&Region::of(place(area)));
    let inside = |at: i32, start: u32| u32::try_from(at).unwrap_or(0).saturating_sub(start);
    clipped
        .places()
        .map(|place| Rect::new(inside(place.x, area.x), inside(place.y, area.y), place.width, place.height))
        .collect()
}

/// A rectangle of the root. It reaches no further than the protocol's 16 bits.
pub(in crate::x11) fn place(rect: Rect) -> Place {
    let start = |at: u32| i32::try_from(at).unwrap_or(i32::MAX);
    Place { x: start(rect.x), y: start(rect.y), width: rect.width, height: rect.height }
}
