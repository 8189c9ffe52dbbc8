//! Memory shared with the display's server, into which it copies pixels (MIT-SHM 1.2).

use std::fs::File;

use memmap2::{MmapMut, MmapOptions};
use x11rb::connection::Connection;
use x11rb::cookie::Cookie;
use x11rb::errors::{ConnectionError, ReplyError};
use x11rb::protocol::shm::{ConnectionExt as _, GetImageReply, Seg};
use x11rb::protocol::xproto::{Drawable, ImageFormat, ImageOrder, Setup};
use x11rb::rust_connection::RustConnection;

use deskside_codec::Rect;

use crate::PlatformError;

pub(super) const BYTES_PER_PIXEL: usize = 4;

/// Only this one form of pixels exists on displays of our time: 24 bits in 32, little-endian.
pub(super) fn check_pixel_format(setup: &Setup, depth: u8) -> Result<(), PlatformError> {
    let format = setup.pixmap_formats.iter().find(|format| format.depth == depth);
    let bits_per_pixel = format.map_or(0, |format| format.bits_per_pixel);
    let little_endian = setup.image_byte_order == ImageOrder::LSB_FIRST;
    if bits_per_pixel != 32 || !(depth == 24 || depth == 32) || !little_endian {
        return Err(PlatformError::PixelFormat { depth, bits_per_pixel });
    }
    Ok(())
}

/// A segment with room for a whole screen, and once more for pieces of it. The server makes it and passes it by file
/// descriptor, so no System V identifiers can be left behind or collide.
#[derive(Debug)]
pub(super) struct Segment {
    id: Seg,
    memory: MmapMut,
}

/// A place that the server was asked for.
struct Asked<'c> {
    cookie: Cookie<'c, RustConnection, GetImageReply>,
    /// Where it is and where it has to go, unless it is there already.
    piece: Option<(usize, Rect)>,
}

impl Segment {
    pub(super) fn new(connection: &RustConnection, width: u32, height: u32) -> Result<Self, PlatformError> {
        let length = 2 * width as usize * height as usize * BYTES_PER_PIXEL;
        let size = u32::try_from(length)
            .map_err(|_| PlatformError::Refused(format!("a screen of {width} × {height} is too large")))?;
        let id = connection.generate_id()?;
        let reply = connection.shm_create_segment(id, size, false)?.reply()?;
        let file = File::from(reply.shm_fd);
        // SAFETY: the server wrote the whole length (it created the file with it) and does not shorten
        // it while the segment is attached. It writes only while it carries out our ShmGetImage, whose
        // reply is awaited before anything is read.
        let memory = unsafe { MmapOptions::new().len(length).map_mut(&file)? };
        Ok(Self { id, memory })
    }

    /// Bytes that there is room for.
    pub(super) fn room(&self) -> usize {
        self.memory.len()
    }

    /// Asks for a place, which must lie within the drawable, to be copied to this byte of the segment, in
    /// rows without gaps. [`Segment::pixels`] has it once the cookie's reply is there.
    pub(super) fn ask<'c>(
        &self,
        connection: &'c RustConnection,
        drawable: Drawable,
        place: Rect,
        at: usize,
    ) -> Result<Cookie<'c, RustConnection, GetImageReply>, ConnectionError> {
        // A drawable reaches no further than the protocol's signed 16 bits, and the segment was asked for in
        // 32, so nothing is lost here.
        let (x, y) = (place.x as i16, place.y as i16);
        let (width, height) = (place.width as u16, place.height as u16);
        let format = ImageFormat::Z_PIXMAP.into();
        connection.shm_get_image(drawable, x, y, width, height, !0, format, self.id, at as u32)
    }

    /// What lies from this byte on, as far as that many bytes.
    pub(super) fn pixels(&self, at: usize, length: usize) -> &[u8] {
        &self.memory[at..at + length]
    }

    /// The frame that [`Segment::copy`] fills, at the segment's beginning.
    pub(super) fn frame(&self, area: Rect) -> &[u8] {
        &self.memory[..frame_length(area)]
    }

    /// Nothing is on the frame any more.
    pub(super) fn blank(&mut self, area: Rect) {
        self.memory[..frame_length(area)].fill(0);
    }

    /// Copies places of the frame, which must lie within it, from the root; `area` is where the frame lies on the root.
    ///
    /// Where a place is at least half as wide as the frame, the server puts whole rows where they belong: what is
    /// copied too much costs less than to copy it once more.
    pub(super) fn copy(
        &mut self,
        connection: &RustConnection,
        root: Drawable,
        area: Rect,
        places: &[Rect],
    ) -> Result<(), ReplyError> {
        let (stride, frame) = (area.width as usize * BYTES_PER_PIXEL, frame_length(area));
        let (mut asked, mut used) = (Vec::with_capacity(places.len()), frame);
        for place in places {
            let is_wide = area.width <= 2 * place.width;
            let length = place.width as usize * place.height as usize * BYTES_PER_PIXEL;
            if !is_wide && self.room() < used + length {
                self.settle(&mut asked, stride)?;
                used = frame;
            }
            let (from, at) = if is_wide {
                (Rect::new(0, place.y, area.width, place.height), place.y as usize * stride)
            } else {
                (*place, used)
            };
            let on_root = Rect::new(from.x + area.x, from.y + area.y, from.width, from.height);
            let cookie = self.ask(connection, root, on_root, at)?;
            let piece = (!is_wide).then_some((at, *place));
            used += if is_wide { 0 } else { length };
            asked.push(Asked { cookie, piece });
        }
        self.settle(&mut asked, stride)
    }

    /// Waits for all that was asked for, and puts pieces where they belong.
    fn settle(&mut self, asked: &mut Vec<Asked<'_>>, stride: usize) -> Result<(), ReplyError> {
        let mut outcome = Ok(());
        let mut pieces = Vec::with_capacity(asked.len());
        for Asked { cookie, piece } in asked.drain(..) {
            // All are awaited, so that the server writes nothing any more.
            match cookie.reply() {
                Ok(_) => pieces.extend(piece),
                Err(error) => outcome = Err(error),
            }
        }
        for (at, place) in pieces {
            let row = place.width as usize * BYTES_PER_PIXEL;
            let start = place.y as usize * stride + place.x as usize * BYTES_PER_PIXEL;
            for y in 0..place.height as usize {
                self.memory.copy_within(at + y * row..at + (y + 1) * row, start + y * stride);
            }
        }
        outcome
    }

    pub(super) fn detach(self, connection: &RustConnection) -> Result<(), PlatformError> {
        connection.shm_detach(self.id)?;
        Ok(())
    }
}

fn frame_length(area: Rect) -> usize {
    area.width as usize * area.height as usize * BYTES_PER_PIXEL
}
