//! Memory shared with the display's server, into which it copies pixels (MIT-SHM 1.2).

use std::fs::File;

use memmap2::{Mmap, MmapOptions};
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

/// A segment with room for a whole screen. The server makes it and passes it by file descriptor, so no
/// System V identifiers can be left behind or collide.
#[derive(Debug)]
pub(super) struct Segment {
    id: Seg,
    memory: Mmap,
}

impl Segment {
    pub(super) fn new(connection: &RustConnection, width: u32, height: u32) -> Result<Self, PlatformError> {
        let length = width as usize * height as usize * BYTES_PER_PIXEL;
        let size = u32::try_from(length)
            .map_err(|_| PlatformError::Refused(format!("a screen of {width} × {height} is too large")))?;
        let id = connection.generate_id()?;
        let reply = connection.shm_create_segment(id, size, false)?.reply()?;
        let file = File::from(reply.shm_fd);
        // SAFETY: the server wrote the whole length (it created the file with it) and does not shorten
        // it while the segment is attached. It writes only while it carries out our ShmGetImage, whose
        // reply is awaited before it is read.
        let memory = unsafe { MmapOptions::new().len(length).map(&file)? };
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

    /// Copies a place of the root, which must lie within it and, less `origin`, within the frame of `stride`
    /// bytes a row.
    pub(super) fn copy(
        &self,
        connection: &RustConnection,
        root: Drawable,
        place: Rect,
        origin: (u32, u32),
        frame: &mut [u8],
        stride: usize,
    ) -> Result<(), ReplyError> {
        self.ask(connection, root, place, 0)?.reply()?;
        let row = place.width as usize * BYTES_PER_PIXEL;
        let left = (place.x - origin.0) as usize * BYTES_PER_PIXEL;
        let targets = frame.chunks_exact_mut(stride).skip((place.y - origin.1) as usize);
        for (source, target) in self.memory.chunks_exact(row).take(place.height as usize).zip(targets) {
            target[left..left + row].copy_from_slice(source);
        }
        Ok(())
    }

    pub(super) fn detach(self, connection: &RustConnection) -> Result<(), PlatformError> {
        connection.shm_detach(self.id)?;
        Ok(())
    }
}
