//! Capture of what a scope reaches: from the screen itself where nothing has to be kept back, else composed of
//! windows. MIT-SHM brings the pixels, XFIXES the pointer.

use std::os::fd::{AsFd, OwnedFd};
use std::sync::Arc;
use std::time::{Duration, Instant};

use deskside_codec::{FrameView, Rect};
use deskside_session::{Area, Grant, MonitorId, Scope, See};
use rustix::event::{EventfdFlags, PollFd, PollFlags, Timespec};
use x11rb::connection::Connection;
use x11rb::errors::ReplyError;
use x11rb::protocol::Event;
use x11rb::protocol::damage::ConnectionExt as _;
use x11rb::protocol::randr::{ConnectionExt as _, NotifyMask};
use x11rb::protocol::xfixes::{ConnectionExt as _, CursorNotifyMask};
use x11rb::protocol::xinput::{ConnectionExt as _, Device, EventMask as XiEventMask, XIEventMask};
use x11rb::protocol::xproto::{ConnectionExt as _, Window};
use x11rb::rust_connection::RustConnection;

use super::composer::{Composer, pattern, place, places};
use super::cursor::Cursor;
use super::hold::Hold;
use super::monitors;
use super::plain::{Plain, at_most};
use super::region::Region;
use super::segment::{BYTES_PER_PIXEL, Segment, check_pixel_format};
use super::windows::Processes;
use crate::{PlatformError, Screen, ScreenEvent, Waker};

/// Beyond this many damaged places one box around them all is cheaper.
const MAX_PLACES: usize = 64;
/// So many times windows that change all the time are looked at again before a frame goes without them.
const PATIENCE: usize = 3;

/// How the picture is made.
#[derive(Debug)]
enum Mode {
    Plain(Plain),
    Composed(Box<Composer>),
}

/// What a scope reaches of the screen of an X display.
#[derive(Debug)]
pub struct X11Screen {
    // Shared with nobody else: so that the server can be held while events are taken in.
    connection: Arc<RustConnection>,
    root: Window,
    processes: Processes,
    scope: Scope,
    /// Of all that the scope reaches only this monitor is wanted.
    look: Option<MonitorId>,
    /// The picture's place on the root.
    area: Rect,
    segment: Segment,
    /// Of the root, for which the segment has room.
    room: (u32, u32),
    /// The composed picture; where nothing is to be kept back, the segment holds it.
    frame: Vec<u8>,
    mode: Mode,
    is_shielded: bool,
    wake: Arc<OwnedFd>,
    /// Damage that is to be reported although the server does not: the whole of a new picture.
    whole: bool,
    /// The picture may have another size or place.
    is_size_stale: bool,
    may_have_changed: bool,
    cursor: Cursor,
}

impl X11Screen {
    pub(super) fn new(
        connection: RustConnection,
        screen: usize,
        processes: Processes,
        scope: Scope,
        look: Option<MonitorId>,
    ) -> Result<Self, PlatformError> {
        let setup = &connection.setup().roots[screen];
        let (root, depth) = (setup.root, setup.root_depth);
        check_pixel_format(connection.setup(), depth)?;
        connection.damage_query_version(1, 1)?.reply()?;
        connection.xfixes_query_version(5, 0)?.reply()?;
        connection.randr_query_version(1, 5)?.reply()?;

        let heard = NotifyMask::SCREEN_CHANGE | NotifyMask::CRTC_CHANGE | NotifyMask::OUTPUT_CHANGE;
        connection.randr_select_input(root, heard)?.check()?;
        connection.xfixes_select_cursor_input(root, CursorNotifyMask::DISPLAY_CURSOR)?.check()?;
        let motion = XiEventMask { deviceid: Device::ALL_MASTER.into(), mask: vec![XIEventMask::RAW_MOTION] };
        connection.xinput_xi_select_events(root, &[motion])?.check()?;
        let mode = mode(&connection, root, &processes, &scope, false, Rect::default())?;

        // Only now, so that no change of the size can fall between asking and listening.
        let (room, area) = find(&connection, root, &scope, look)?;
        let segment = Segment::new(&connection, room.0, room.1)?;
        let wake = rustix::event::eventfd(0, EventfdFlags::CLOEXEC | EventfdFlags::NONBLOCK)
            .map_err(std::io::Error::from)?;
        let mut screen = Self {
            connection: Arc::new(connection),
            root,
            processes,
            scope,
            look,
            area,
            segment,
            room,
            frame: Vec::new(),
            mode,
            is_shielded: false,
            wake: Arc::new(wake),
            whole: true,
            is_size_stale: false,
            may_have_changed: true,
            cursor: Cursor::default(),
        };
        screen.begin_frame();
        Ok(screen)
    }

    /// Takes in what the server has sent, without waiting.
    fn drain(&mut self) -> Result<(), PlatformError> {
        while let Some(event) = self.connection.poll_for_event()? {
            match &event {
                Event::ConfigureNotify(event) if event.window == self.root => self.is_size_stale = true,
                Event::RandrScreenChangeNotify(_) | Event::RandrNotify(_) => self.is_size_stale = true,
                Event::XfixesCursorNotify(_) => self.cursor.has_other_shape(),
                Event::XinputRawMotion(_) => self.cursor.may_have_moved(),
                Event::Error(error) => {
                    tracing::warn!(?error, "the display refused a request of the capture");
                }
                _ => {}
            }
            let concerns_picture = match &mut self.mode {
                Mode::Plain(plain) => plain.happened(&event),
                Mode::Composed(composer) => composer.happened(&event),
            };
            if concerns_picture {
                self.may_have_changed = true;
                // A program that draws often also moves the pointer, which alone makes no event.
                self.cursor.may_have_moved();
            }
        }
        Ok(())
    }

    /// Looks at what is stale and says what is new.
    fn report(&mut self) -> Result<Vec<ScreenEvent>, PlatformError> {
        let mut events = Vec::new();
        if self.is_size_stale && self.resize()? {
            events.push(ScreenEvent::Resized { width: self.area.width, height: self.area.height });
        }
        let is_stale = matches!(&self.mode, Mode::Composed(composer) if composer.is_stale());
        if std::mem::take(&mut self.may_have_changed) || is_stale {
            let changed = match &mut self.mode {
                Mode::Plain(plain) => plain.look(&self.connection)?,
                Mode::Composed(composer) => {
                    composer.read_background(&self.connection, &self.segment)?;
                    composer.look(&self.connection)?
                }
            };
            let places = at_most(places(&changed, self.area), MAX_PLACES);
            if !places.is_empty() && !self.whole {
                events.push(ScreenEvent::Damage(places));
            }
        }
        if std::mem::take(&mut self.whole) {
            let whole = Rect::new(0, 0, self.area.width, self.area.height);
            events.push(ScreenEvent::Damage(vec![whole]));
        }
        if self.cursor.is_stale() {
            events.extend(self.report_cursor()?);
        }
        Ok(events)
    }

    fn report_cursor(&mut self) -> Result<Vec<ScreenEvent>, PlatformError> {
        let connection = Arc::clone(&self.connection);
        if let Mode::Plain(_) = self.mode {
            let area = self.area;
            return self.cursor.report(&connection, self.root, area, |_, _| true);
        }
        // Windows must not change between the question where the pointer is and the answer what it is on.
        let hold = Hold::new(&connection)?;
        let look = self.cursor.look(&connection, self.root)?;
        drop(hold);
        self.drain()?;
        let Mode::Composed(composer) = &self.mode else { return Ok(Vec::new()) };
        if composer.is_stale() {
            // It is looked at again when it is known what it is on.
            return Ok(Vec::new());
        }
        Ok(self.cursor.tell(look, self.area, |x, y| composer.shows(x, y)))
    }

    /// Follows the picture's size and place; whether they have changed.
    fn resize(&mut self) -> Result<bool, PlatformError> {
        // Stays stale, and nothing is captured any more, if there is no such monitor.
        let (room, area) = find(&self.connection, self.root, &self.scope, self.look)?;
        self.is_size_stale = false;
        if (room, area) == (self.room, self.area) {
            return Ok(false);
        }
        if room != self.room {
            let segment = Segment::new(&self.connection, room.0, room.1)?;
            std::mem::replace(&mut self.segment, segment).detach(&self.connection)?;
            self.room = room;
        }
        let is_other_size = (area.width, area.height) != (self.area.width, self.area.height);
        self.area = area;
        self.begin_frame();
        Ok(is_other_size)
    }

    /// Begins with a frame on which nothing is.
    fn begin_frame(&mut self) {
        match &mut self.mode {
            Mode::Plain(_) => {
                self.frame = Vec::new();
                self.segment.blank(self.area);
            }
            Mode::Composed(composer) => {
                let Rect { width, height, .. } = self.area;
                self.frame = vec![0; width as usize * height as usize * BYTES_PER_PIXEL];
                pattern(&mut self.frame, width, Rect::new(0, 0, width, height));
                composer.set_area(self.area);
            }
        }
        (self.whole, self.may_have_changed) = (true, true);
        self.cursor.forget();
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

    fn has_news(&self) -> bool {
        let is_stale = matches!(&self.mode, Mode::Composed(composer) if composer.is_stale());
        self.is_size_stale || self.may_have_changed || is_stale || self.cursor.is_stale()
    }

    fn copy(&mut self, grant: &Grant<See>, region: &[Rect]) -> Result<(), PlatformError> {
        let clipped = region.iter().map(|wanted| wanted.clipped(self.area.width, self.area.height));
        let places: Vec<Rect> = clipped.filter(|place| !place.is_empty()).collect();
        grant.check()?;
        match self.segment.copy(&self.connection, self.root, self.area, &places) {
            Ok(()) => {}
            // The screen has shrunk since `next` last looked; the next call will say so.
            Err(ReplyError::X11Error(_)) if self.has_other_size()? => self.is_size_stale = true,
            Err(error) => return Err(error.into()),
        }
        if matches!(self.scope.area, Area::Monitor(_)) {
            self.drain()?;
            if self.is_size_stale {
                // What was copied may have been of another monitor that is there now.
                self.segment.blank(self.area);
                self.whole = true;
            }
        }
        Ok(())
    }

    fn compose(&mut self, grant: &Grant<See>, region: &[Rect]) -> Result<(), PlatformError> {
        let connection = Arc::clone(&self.connection);
        let shift = |wanted: &Rect| {
            let wanted = wanted.clipped(self.area.width, self.area.height);
            place(Rect::new(wanted.x + self.area.x, wanted.y + self.area.y, wanted.width, wanted.height))
        };
        let region: Region = region.iter().map(shift).collect();
        for attempt in 1.. {
            self.drain()?;
            let Mode::Composed(composer) = &mut self.mode else { return Ok(()) };
            composer.refresh(&connection)?;
            let hold = Hold::new(&connection)?;
            let order = connection.query_tree(self.root)?.reply()?.children;
            self.drain()?;
            let Mode::Composed(composer) = &mut self.mode else { return Ok(()) };
            if composer.is_in_doubt() && attempt < PATIENCE {
                continue;
            }
            grant.check()?;
            if !self.is_size_stale {
                composer.compose(&connection, &self.segment, &mut self.frame, &region, &order)?;
            }
            drop(hold);
            break;
        }
        // The plan may be another one now.
        self.may_have_changed = true;
        self.cursor.may_have_moved();
        Ok(())
    }

    fn has_other_size(&self) -> Result<bool, PlatformError> {
        let geometry = self.connection.get_geometry(self.root)?.reply()?;
        Ok((u32::from(geometry.width), u32::from(geometry.height)) != self.room)
    }
}

/// How a scope's picture has to be made.
fn mode(
    connection: &RustConnection,
    root: Window,
    processes: &Processes,
    scope: &Scope,
    is_shielded: bool,
    area: Rect,
) -> Result<Mode, PlatformError> {
    if scope.is_unmasked() && !is_shielded {
        return Ok(Mode::Plain(Plain::new(connection, root)?));
    }
    let composer = Composer::new(connection, root, processes.clone(), scope.clone(), area)?;
    Ok(Mode::Composed(Box::new(composer)))
}

/// The root's size, and the place of the picture on it.
fn find(
    connection: &RustConnection,
    root: Window,
    scope: &Scope,
    look: Option<MonitorId>,
) -> Result<((u32, u32), Rect), PlatformError> {
    let geometry = connection.get_geometry(root)?.reply()?;
    let (width, height) = (u32::from(geometry.width), u32::from(geometry.height));
    let wanted = match scope.area {
        Area::Screen | Area::Applications(_) => look,
        Area::Monitor(granted) => Some(granted),
    };
    let area = match wanted {
        None => Rect::new(0, 0, width, height),
        Some(wanted) => {
            let mut monitors = monitors::list(connection, root)?.into_iter();
            let monitor = monitors.find(|monitor| monitor.id == wanted);
            monitor.ok_or(PlatformError::MonitorGone)?.place.clipped(width, height)
        }
    };
    if area.is_empty() {
        return Err(PlatformError::MonitorGone);
    }
    Ok(((width, height), area))
}

impl Screen for X11Screen {
    fn size(&self) -> (u32, u32) {
        (self.area.width, self.area.height)
    }

    fn origin(&self) -> (u32, u32) {
        (self.area.x, self.area.y)
    }

    fn next(&mut self, timeout: Duration) -> Result<Vec<ScreenEvent>, PlatformError> {
        let deadline = Instant::now() + timeout;
        loop {
            self.drain()?;
            let events = self.report()?;
            if !events.is_empty() {
                return Ok(events);
            }
            // The reports' replies may have brought further events out of the socket into the queue.
            self.drain()?;
            let left = deadline.saturating_duration_since(Instant::now());
            if self.has_news() && !left.is_zero() {
                continue;
            }
            let woken = self.wait(left)?;
            if woken || left.is_zero() {
                self.drain()?;
                return self.report();
            }
        }
    }

    fn grab(&mut self, grant: &Grant<See>, region: &[Rect]) -> Result<FrameView<'_>, PlatformError> {
        grant.check()?;
        if *grant.scope() != self.scope {
            return Err(PlatformError::OtherScope);
        }
        match self.mode {
            Mode::Plain(_) => self.copy(grant, region)?,
            Mode::Composed(_) => self.compose(grant, region)?,
        }
        let frame = match self.mode {
            Mode::Plain(_) => self.segment.frame(self.area),
            Mode::Composed(_) => &self.frame,
        };
        crate::screen::view(self.area.width, self.area.height, frame)
    }

    fn shield(&mut self, on: bool) -> Result<(), PlatformError> {
        if std::mem::replace(&mut self.is_shielded, on) == on || !self.scope.is_unmasked() {
            return Ok(());
        }
        let mode = mode(&self.connection, self.root, &self.processes, &self.scope, on, self.area)?;
        match std::mem::replace(&mut self.mode, mode) {
            Mode::Plain(plain) => plain.end(&self.connection)?,
            Mode::Composed(composer) => composer.end(&self.connection, self.root)?,
        }
        self.begin_frame();
        Ok(())
    }

    fn waker(&self) -> Waker {
        let wake = Arc::clone(&self.wake);
        Waker::new(move || {
            // It fails only when the count is full, and then the wait ends anyway.
            let _full = rustix::io::write(&wake, &1u64.to_ne_bytes());
        })
    }
}
