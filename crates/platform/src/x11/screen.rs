//! Capture of the whole screen: DAMAGE says where to look, MIT-SHM brings the pixels, XFIXES the pointer.

use std::os::fd::{AsFd, OwnedFd};
use std::sync::Arc;
use std::time::{Duration, Instant};

use deskside_codec::{FrameView, Rect};
use deskside_session::{Grant, See};
use rustix::event::{EventfdFlags, PollFd, PollFlags, Timespec};
use x11rb::connection::Connection;
use x11rb::errors::ReplyError;
use x11rb::protocol::Event;
use x11rb::protocol::damage::{ConnectionExt as _, Damage, ReportLevel};
use x11rb::protocol::randr::{ConnectionExt as _, NotifyMask};
use x11rb::protocol::xfixes::{ConnectionExt as _, CursorNotifyMask, Region};
use x11rb::protocol::xinput::{ConnectionExt as _, Device, EventMask as XiEventMask, XIEventMask};
use x11rb::protocol::xproto::{ChangeWindowAttributesAux, ConnectionExt as _, EventMask, Window};
use x11rb::rust_connection::RustConnection;

use super::segment::{BYTES_PER_PIXEL, Segment, check_pixel_format};
use crate::{CursorImage, PlatformError, Screen, ScreenEvent, Waker};

/// Beyond this many damaged places one box around them all is cheaper: each costs the server a request.
const MAX_PLACES: usize = 64;

/// What to look at again before the next report.
#[derive(Debug, Default, Clone, Copy)]
struct Stale {
    picture: bool,
    size: bool,
    shape: bool,
    position: bool,
}

/// The screen of an X display.
#[derive(Debug)]
pub struct X11Screen {
    connection: RustConnection,
    root: Window,
    width: u32,
    height: u32,
    segment: Segment,
    frame: Vec<u8>,
    damage: Damage,
    region: Region,
    wake: Arc<OwnedFd>,
    /// Damage that is to be reported although the server does not: the whole of a new screen.
    whole: bool,
    stale: Stale,
    position: Option<(u32, u32)>,
}

impl X11Screen {
    pub(super) fn new(connection: RustConnection, screen: usize) -> Result<Self, PlatformError> {
        let setup = &connection.setup().roots[screen];
        let (root, depth) = (setup.root, setup.root_depth);
        check_pixel_format(connection.setup(), depth)?;
        connection.damage_query_version(1, 1)?.reply()?;
        connection.xfixes_query_version(5, 0)?.reply()?;
        connection.randr_query_version(1, 2)?.reply()?;

        let structure = ChangeWindowAttributesAux::new().event_mask(EventMask::STRUCTURE_NOTIFY);
        connection.change_window_attributes(root, &structure)?.check()?;
        connection.randr_select_input(root, NotifyMask::SCREEN_CHANGE)?.check()?;
        connection.xfixes_select_cursor_input(root, CursorNotifyMask::DISPLAY_CURSOR)?.check()?;
        let motion = XiEventMask { deviceid: Device::ALL_MASTER.into(), mask: vec![XIEventMask::RAW_MOTION] };
        connection.xinput_xi_select_events(root, &[motion])?.check()?;
        let damage = connection.generate_id()?;
        connection.damage_create(damage, root, ReportLevel::NON_EMPTY)?.check()?;
        let region = connection.generate_id()?;
        connection.xfixes_create_region(region, &[])?.check()?;

        // Only now, so that no change of the size can fall between asking and listening.
        let geometry = connection.get_geometry(root)?.reply()?;
        let (width, height) = (u32::from(geometry.width), u32::from(geometry.height));
        let segment = Segment::new(&connection, width, height)?;
        let wake = rustix::event::eventfd(0, EventfdFlags::CLOEXEC | EventfdFlags::NONBLOCK)
            .map_err(std::io::Error::from)?;
        Ok(Self {
            connection,
            root,
            width,
            height,
            segment,
            frame: vec![0; width as usize * height as usize * BYTES_PER_PIXEL],
            damage,
            region,
            wake: Arc::new(wake),
            whole: true,
            stale: Stale { picture: false, size: false, shape: true, position: true },
            position: None,
        })
    }

    /// Takes in what the server has sent, without waiting.
    fn drain(&mut self) -> Result<(), PlatformError> {
        while let Some(event) = self.connection.poll_for_event()? {
            match event {
                // A program that draws often also moves the pointer, which alone makes no event.
                Event::DamageNotify(_) => (self.stale.picture, self.stale.position) = (true, true),
                Event::ConfigureNotify(event) if event.window == self.root => self.stale.size = true,
                Event::RandrScreenChangeNotify(_) => self.stale.size = true,
                Event::XfixesCursorNotify(_) => (self.stale.shape, self.stale.position) = (true, true),
                Event::XinputRawMotion(_) => self.stale.position = true,
                Event::Error(error) => tracing::warn!(?error, "the display refused a request of the capture"),
                _ => {}
            }
        }
        Ok(())
    }

    /// Looks at what is stale and says what is new.
    fn report(&mut self) -> Result<Vec<ScreenEvent>, PlatformError> {
        let stale = std::mem::take(&mut self.stale);
        let mut events = Vec::new();
        if stale.size && self.resize()? {
            events.push(ScreenEvent::Resized { width: self.width, height: self.height });
        }
        if stale.picture {
            // Subtracting first: what is drawn from here on makes an event of its own.
            self.connection.damage_subtract(self.damage, x11rb::NONE, self.region)?;
            let places = self.connection.xfixes_fetch_region(self.region)?.reply()?;
            let one_box = std::slice::from_ref(&places.extents);
            let many = MAX_PLACES < places.rectangles.len();
            let places = if many { one_box } else { &places.rectangles };
            let places: Vec<Rect> = places.iter().filter_map(|place| self.on_screen(*place)).collect();
            if !places.is_empty() && !self.whole {
                events.push(ScreenEvent::Damage(places));
            }
        }
        if std::mem::take(&mut self.whole) {
            let whole = Rect { x: 0, y: 0, width: self.width, height: self.height };
            events.push(ScreenEvent::Damage(vec![whole]));
        }
        if stale.shape {
            events.push(ScreenEvent::CursorShape(self.cursor()?));
        }
        if stale.position {
            let pointer = self.connection.query_pointer(self.root)?.reply()?;
            let inside = |at: i16, side: u32| u32::try_from(at).unwrap_or(0).min(side.saturating_sub(1));
            let at = (inside(pointer.root_x, self.width), inside(pointer.root_y, self.height));
            if self.position.replace(at) != Some(at) {
                events.push(ScreenEvent::CursorMoved { x: at.0, y: at.1 });
            }
        }
        Ok(events)
    }

    /// Follows the screen's size; whether it has changed.
    fn resize(&mut self) -> Result<bool, PlatformError> {
        let geometry = self.connection.get_geometry(self.root)?.reply()?;
        let (width, height) = (u32::from(geometry.width), u32::from(geometry.height));
        if (width, height) == (self.width, self.height) {
            return Ok(false);
        }
        let segment = Segment::new(&self.connection, width, height)?;
        std::mem::replace(&mut self.segment, segment).detach(&self.connection)?;
        (self.width, self.height) = (width, height);
        self.frame = vec![0; width as usize * height as usize * BYTES_PER_PIXEL];
        self.whole = true;
        Ok(true)
    }

    fn cursor(&self) -> Result<CursorImage, PlatformError> {
        let cursor = self.connection.xfixes_get_cursor_image()?.reply()?;
        Ok(CursorImage {
            width: cursor.width,
            height: cursor.height,
            hot_x: cursor.xhot,
            hot_y: cursor.yhot,
            pixels: cursor.cursor_image.iter().flat_map(|pixel| pixel.to_le_bytes()).collect(),
        })
    }

    fn on_screen(&self, place: x11rb::protocol::xproto::Rectangle) -> Option<Rect> {
        let (left, top) = (i64::from(place.x), i64::from(place.y));
        let right = (left + i64::from(place.width)).min(i64::from(self.width));
        let bottom = (top + i64::from(place.height)).min(i64::from(self.height));
        let (left, top) = (left.max(0), top.max(0));
        let side = |from: i64, to: i64| u32::try_from(to - from).ok().filter(|length| *length != 0);
        Some(Rect {
            x: u32::try_from(left).ok()?,
            y: u32::try_from(top).ok()?,
            width: side(left, right)?,
            height: side(top, bottom)?,
        })
    }

    /// Waits for the server or a waker; whether it was a waker.
    fn wait(&self, timeout: Duration) -> Result<bool, PlatformError> {
        let timeout = Timespec::try_from(timeout).ok();
        let stream = self.connection.stream().as_fd();
        let mut polled = [
            PollFd::from_borrowed_fd(stream, PollFlags::IN),
            PollFd::from_borrowed_fd(self.wake.as_fd(), PollFlags::IN),
        ];
        match rustix::event::poll(&mut polled, timeout.as_ref()) {
            Ok(_) | Err(rustix::io::Errno::INTR) => {}
            Err(error) => return Err(std::io::Error::from(error).into()),
        }
        let woken = !polled[1].revents().is_empty();
        if woken {
            let mut count = [0; 8];
            // Another clone of the waker may have been read with this one; then there is nothing to read.
            match rustix::io::read(&self.wake, &mut count) {
                Ok(_) | Err(rustix::io::Errno::AGAIN) => {}
                Err(error) => return Err(std::io::Error::from(error).into()),
            }
        }
        Ok(woken)
    }
}

impl Screen for X11Screen {
    fn size(&self) -> (u32, u32) {
        (self.width, self.height)
    }

    fn next(&mut self, timeout: Duration) -> Result<Vec<ScreenEvent>, PlatformError> {
        let deadline = Instant::now() + timeout;
        loop {
            self.drain()?;
            let events = self.report()?;
            // The reports' replies may have brought further events out of the socket into the queue.
            let quiet = events.is_empty() && {
                self.drain()?;
                let Stale { picture, size, shape, position } = self.stale;
                !(picture || size || shape || position)
            };
            if !events.is_empty() {
                return Ok(events);
            }
            if quiet {
                let left = deadline.saturating_duration_since(Instant::now());
                let woken = self.wait(left)?;
                if woken || left.is_zero() {
                    self.drain()?;
                    return self.report();
                }
            }
        }
    }

    fn grab(&mut self, grant: &Grant<See>, region: &[Rect]) -> Result<FrameView<'_>, PlatformError> {
        grant.check()?;
        let stride = self.width as usize * BYTES_PER_PIXEL;
        for place in region {
            let place = place.clipped(self.width, self.height);
            if place.is_empty() {
                continue;
            }
            grant.check()?;
            match self.segment.copy(&self.connection, self.root, place, &mut self.frame, stride) {
                Ok(()) => {}
                // The screen has shrunk since `next` last looked; the next call will say so.
                Err(ReplyError::X11Error(_)) if self.has_other_size()? => {
                    self.stale.size = true;
                    break;
                }
                Err(error) => return Err(error.into()),
            }
        }
        crate::screen::view(self.width, self.height, &self.frame)
    }

    fn waker(&self) -> Waker {
        let wake = Arc::clone(&self.wake);
        Waker::new(move || {
            // It fails only when the count is full, and then the wait ends anyway.
            let _full = rustix::io::write(&wake, &1u64.to_ne_bytes());
        })
    }
}

impl X11Screen {
    fn has_other_size(&self) -> Result<bool, PlatformError> {
        let geometry = self.connection.get_geometry(self.root)?.reply()?;
        Ok((u32::from(geometry.width), u32::from(geometry.height)) != (self.width, self.height))
    }
}
