//! The watch over the sharer's panel: what of it can be seen, from what lies above it and where it is; and
//! bringing it back. No event tells it (`VisibilityNotify` says nothing with a compositor), so it is computed.

use std::os::fd::AsFd as _;
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use deskside_codec::Rect;
use rustix::event::{PollFd, PollFlags, Timespec};
use x11rb::connection::Connection as _;
use x11rb::errors::ReplyError;
use x11rb::protocol::shape::{ConnectionExt as _, GetRectanglesReply, SK, SO};
use x11rb::protocol::xproto::{
    AtomEnum, ClientMessageEvent, ConfigureWindowAux, ConnectionExt as _, EventMask, MapState, StackMode,
    Window,
};
use x11rb::rust_connection::RustConnection;

use super::monitors;
use super::reach;
use super::region::{Place, Region};
use super::stop::Stop;
use super::windows::{Kind, Processes, TopLevel, Windows};
use crate::guard::{AT_MOST_EVERY, Vigil};
use crate::{GuardCallback, GuardEvent, PlatformError};

/// Of a hundred pixels as many must be seen.
const ENOUGH: u64 = 90;
/// As opaque a panel must be, of `u32::MAX`.
const OPAQUE: u32 = u32::MAX / 10 * 9;
/// All workspaces (Extended Window Manager Hints 1.5, `_NET_WM_DESKTOP`).
const EVERYWHERE: u32 = u32::MAX;
/// Says to a window manager that a person wants it, not a program of its own accord.
const A_PERSON: u32 = 2;
/// How often what changes meanwhile is looked at again.
const LOOKS: usize = 3;
/// Between the panel that is brought back and the monitor's edge: room for the frame.
const MARGIN: u32 = 32;

x11rb::atom_manager! {
    /// What is asked of a window manager.
    Wishes:
    WishesCookie {
        _NET_RESTACK_WINDOW,
        _NET_WM_DESKTOP,
        _NET_WM_STATE,
        _NET_WM_STATE_ABOVE,
        _NET_WM_STATE_BELOW,
        _NET_WM_STATE_HIDDEN,
        _NET_WM_STATE_SHADED,
        _NET_WM_STATE_STICKY,
        _NET_WM_WINDOW_OPACITY,
    }
}

/// The watch; it ends when dropped.
#[derive(Debug)]
pub struct PanelGuard {
    connection: Arc<RustConnection>,
    stop: Stop,
    thread: Option<JoinHandle<()>>,
}

impl PanelGuard {
    pub(super) fn new(
        connection: RustConnection,
        screen: usize,
        processes: Processes,
        panel: Window,
        least: (u16, u16),
        callback: GuardCallback,
    ) -> Result<Self, PlatformError> {
        let root = connection.setup().roots[screen].root;
        let stop = Stop::new(&connection, screen)?;
        let windows = Windows::new(&connection, root, processes)?;
        let wishes = Wishes::new(&connection)?.reply()?;
        let connection = Arc::new(connection);
        let watch =
            Watch { connection: Arc::clone(&connection), root, windows, wishes, panel, least, callback };
        let ear = stop.clone();
        let thread = std::thread::Builder::new().name("panel".to_owned()).spawn(move || watch.run(&ear))?;
        Ok(Self { connection, stop, thread: Some(thread) })
    }
}

impl Drop for PanelGuard {
    fn drop(&mut self) {
        self.stop.stop(&self.connection);
        if self.thread.take().is_some_and(|thread| thread.join().is_err()) {
            tracing::error!("the thread that watches the panel panicked");
        }
    }
}

struct Watch {
    connection: Arc<RustConnection>,
    root: Window,
    windows: Windows,
    wishes: Wishes,
    panel: Window,
    least: (u16, u16),
    callback: GuardCallback,
}

/// What has come since the last time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum News {
    None,
    Some,
    /// The watch is over.
    End,
}

/// What is known of the panel at a look.
#[derive(Default)]
struct Sight {
    is_visible: bool,
    /// Something of the window was cut away, or does not feel the mouse.
    is_shaped: bool,
    /// Another program has taken it into a window of its own.
    is_captive: bool,
    /// What lies above it.
    covers: Vec<Window>,
    /// Where it would have to be, if it is not on the screen or too small.
    moved: Option<Place>,
}

impl Watch {
    fn run(mut self, stop: &Stop) {
        if let Err(error) = self.watch(stop) {
            tracing::info!(%error, "the panel is no longer watched");
            (self.callback)(GuardEvent::Lost);
        }
    }

    fn watch(&mut self, stop: &Stop) -> Result<(), PlatformError> {
        let begun = Instant::now();
        let mut vigil = Vigil::default();
        while self.refresh(stop)? != News::End {
            let looked = begun.elapsed();
            let sight = self.look()?;
            let measures = vigil.look(sight.is_visible, looked);
            if measures.recover {
                self.bring_back(&sight)?;
            }
            if let Some(is_visible) = measures.tell {
                (self.callback)(GuardEvent::Visible(is_visible));
            }
            // All that happens until then is looked at at once.
            std::thread::sleep(AT_MOST_EVERY);
            // What came with answers is in no queue of the system's any more.
            match self.take_in(stop)? {
                News::End => break,
                News::Some => {}
                News::None => self.wait(vigil.next_look(looked).saturating_sub(begun.elapsed()))?,
            }
        }
        Ok(())
    }

    fn wait(&self, timeout: Duration) -> Result<(), PlatformError> {
        let timeout = Timespec::try_from(timeout).ok();
        let mut polled = [PollFd::from_borrowed_fd(self.connection.stream().as_fd(), PollFlags::IN)];
        match rustix::event::poll(&mut polled, timeout.as_ref()) {
            Ok(_) | Err(rustix::io::Errno::INTR) => Ok(()),
            Err(error) => Err(std::io::Error::from(error).into()),
        }
    }

    fn take_in(&mut self, stop: &Stop) -> Result<News, PlatformError> {
        let mut news = News::None;
        while let Some(event) = self.connection.poll_for_event()? {
            if stop.is(&event) {
                return Ok(News::End);
            }
            self.windows.happened(&event);
            news = News::Some;
        }
        Ok(news)
    }

    /// Takes in what has come, and looks at what has changed.
    fn refresh(&mut self, stop: &Stop) -> Result<News, PlatformError> {
        for _ in 0..LOOKS {
            if self.take_in(stop)? == News::End {
                return Ok(News::End);
            }
            if !self.windows.is_stale() {
                break;
            }
            self.windows.refresh(&self.connection)?;
        }
        Ok(News::None)
    }

    /// Looks at the panel. One that is gone is not visible.
    fn look(&self) -> Result<Sight, PlatformError> {
        let (connection, panel) = (&self.connection, self.panel);
        let attributes = connection.get_window_attributes(panel)?;
        let geometry = connection.get_geometry(panel)?;
        let corner = connection.translate_coordinates(panel, self.root, 0, 0)?;
        let shape = connection.shape_get_rectangles(panel, SK::BOUNDING)?;
        let feeling = connection.shape_get_rectangles(panel, SK::INPUT)?;
        let opacity = self.opacity(panel)?;
        let (attributes, geometry) = (still(attributes.reply())?, still(geometry.reply())?);
        let (corner, shape, feeling) =
            (still(corner.reply())?, still(shape.reply())?, still(feeling.reply())?);
        let (Some(attributes), Some(geometry), Some(corner), Some(shape), Some(feeling)) =
            (attributes, geometry, corner, shape, feeling)
        else {
            return Ok(Sight::default());
        };
        let (x, y) = (i32::from(corner.dst_x), i32::from(corner.dst_y));
        let place = Place { x, y, width: geometry.width.into(), height: geometry.height.into() };
        let whole = Region::of(place);
        let region = |shape: GetRectanglesReply| {
            shape.rectangles.into_iter().map(Place::from).collect::<Region>().translate(x, y)
        };
        let shape = region(shape).intersect(&region(feeling));
        let monitors: Vec<Rect> =
            monitors::list(connection, self.root)?.into_iter().map(|monitor| monitor.place).collect();
        let seen = self.uncovered(&whole.intersect(&shape), &monitors);
        let screens: Region = monitors.iter().map(|monitor| reach::place(*monitor)).collect();
        let full = area(&whole).max(u64::from(self.least.0) * u64::from(self.least.1));
        let is_enough = |region: &Region| full * ENOUGH <= area(region) * 100;
        let is_viewable = attributes.map_state == MapState::VIEWABLE && opacity;
        Ok(Sight {
            is_visible: is_viewable && is_enough(&seen.intersect(&screens)),
            is_shaped: !is_enough(&whole.intersect(&shape)),
            is_captive: self.is_captive(),
            covers: self.covers(&monitors),
            moved: (!is_enough(&whole.intersect(&screens)))
                .then(|| home(place, self.least, &monitors))
                .flatten(),
        })
    }

    /// Whether a compositor is told to show the window as good as opaque.
    fn opacity(&self, window: Window) -> Result<bool, PlatformError> {
        let top = self.windows.top_of(window).unwrap_or(window);
        for window in [window, top] {
            let (name, kind) = (self.wishes._NET_WM_WINDOW_OPACITY, AtomEnum::CARDINAL);
            let property = still(self.connection.get_property(false, window, name, kind, 0, 1)?.reply())?;
            let opacity = property.and_then(|property| property.value32()?.next());
            if opacity.is_some_and(|opacity| opacity < OPAQUE) {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// The panel with its frame.
    fn itself(&self) -> Option<&TopLevel> {
        self.windows.top_level(self.windows.top_of(self.panel)?)
    }

    fn is_captive(&self) -> bool {
        self.itself().is_some_and(|itself| itself.is_known && !self.windows.is_ours(itself))
    }

    /// What lies above the panel and may cover it: other programs' windows, and those of this one that fill a monitor.
    /// Its questions may lie above it, as input rests while they are open, and its marks, which let everything through.
    fn above<'w>(&'w self, monitors: &'w [Rect]) -> impl Iterator<Item = (Window, &'w TopLevel)> {
        let top = self.windows.top_of(self.panel);
        let above = self.windows.stacked().skip_while(move |(window, _)| Some(*window) != top).skip(1);
        above.filter(move |(_, other)| {
            let is_large = || other.kind != Kind::Dragged && fills_one(monitors, &other.outline());
            !self.windows.is_ours(other) || is_large()
        })
    }

    /// What of the panel is within its own frame and below nothing else. What a stranger's window holds may be below
    /// anything.
    fn uncovered(&self, panel: &Region, monitors: &[Rect]) -> Region {
        let Some(itself) = self.itself().filter(|itself| self.windows.is_ours(itself)) else {
            return Region::default();
        };
        let seen = panel.intersect(&itself.outline());
        self.above(monitors).fold(seen, |seen, (_, other)| seen.subtract(&other.outline()))
    }

    /// Windows above the panel that cover something of it, but for those that cover a whole monitor: a locked screen
    /// and a film are not to be pushed aside.
    fn covers(&self, monitors: &[Rect]) -> Vec<Window> {
        let Some(itself) = self.itself() else { return Vec::new() };
        let is_cover = |outline: &Region| {
            !outline.intersect(&itself.outline()).is_empty() && !fills_one(monitors, outline)
        };
        self.above(monitors)
            .filter(|(_, other)| is_cover(&other.outline()))
            .map(|(window, _)| window)
            .collect()
    }

    /// Undoes whatever may have hidden it. What one of the requests cannot do here, it does not do.
    fn bring_back(&self, sight: &Sight) -> Result<(), PlatformError> {
        let (connection, wishes, panel) = (&self.connection, &self.wishes, self.panel);
        let mut top = self.windows.top_of(panel).unwrap_or(panel);
        if sight.is_captive {
            let (x, y) = (MARGIN as i16, MARGIN as i16);
            connection.reparent_window(panel, self.root, x, y)?.ignore_error();
            top = panel;
        }
        connection.map_window(panel)?.ignore_error();
        let (remove, add, after_that) = (0, 1, A_PERSON);
        let state = wishes._NET_WM_STATE;
        self.wish(state, [remove, wishes._NET_WM_STATE_HIDDEN, wishes._NET_WM_STATE_SHADED, after_that, 0])?;
        self.wish(state, [remove, wishes._NET_WM_STATE_BELOW, 0, after_that, 0])?;
        self.wish(state, [add, wishes._NET_WM_STATE_ABOVE, wishes._NET_WM_STATE_STICKY, after_that, 0])?;
        self.wish(wishes._NET_WM_DESKTOP, [EVERYWHERE, A_PERSON, 0, 0, 0])?;
        for window in [panel, top] {
            connection.delete_property(window, wishes._NET_WM_WINDOW_OPACITY)?.ignore_error();
        }
        if sight.is_shaped {
            for kind in [SK::BOUNDING, SK::INPUT] {
                connection.shape_mask(SO::SET, kind, panel, 0, 0, x11rb::NONE)?.ignore_error();
            }
        }
        if let Some(place) = sight.moved {
            let there =
                ConfigureWindowAux::new().x(place.x).y(place.y).width(place.width).height(place.height);
            connection.configure_window(panel, &there)?.ignore_error();
        }
        let above = ConfigureWindowAux::new().stack_mode(StackMode::ABOVE);
        for window in [panel, top] {
            connection.configure_window(window, &above)?.ignore_error();
        }
        // A window manager keeps what it manages below what it does not; that can be moved by anybody.
        let below = ConfigureWindowAux::new().sibling(top).stack_mode(StackMode::BELOW);
        for window in &sight.covers {
            connection.configure_window(*window, &below)?.ignore_error();
        }
        self.wish(wishes._NET_RESTACK_WINDOW, [A_PERSON, x11rb::NONE, StackMode::ABOVE.into(), 0, 0])?;
        Ok(connection.flush()?)
    }

    /// Asks the window manager for something about the panel.
    fn wish(&self, what: u32, data: [u32; 5]) -> Result<(), PlatformError> {
        let message = ClientMessageEvent::new(32, self.panel, what, data);
        let who = EventMask::SUBSTRUCTURE_REDIRECT | EventMask::SUBSTRUCTURE_NOTIFY;
        self.connection.send_event(false, self.root, who, message)?.ignore_error();
        Ok(())
    }
}

/// An answer about a window, `None` if the window is gone.
fn still<T>(reply: Result<T, ReplyError>) -> Result<Option<T>, PlatformError> {
    match reply {
        Ok(reply) => Ok(Some(reply)),
        Err(ReplyError::X11Error(_)) => Ok(None),
        Err(error) => Err(error.into()),
    }
}

fn fills_one(monitors: &[Rect], outline: &Region) -> bool {
    monitors.iter().any(|monitor| Region::of(reach::place(*monitor)).subtract(outline).is_empty())
}

fn area(region: &Region) -> u64 {
    region.places().map(|place| u64::from(place.width) * u64::from(place.height)).sum()
}

/// The place on a monitor that is nearest to where the panel is, large enough.
fn home(place: Place, least: (u16, u16), monitors: &[Rect]) -> Option<Place> {
    let (width, height) = (place.width.max(least.0.into()), place.height.max(least.1.into()));
    let fit = |at: i32, length: u32, start: u32, room: u32| {
        let bound = |at: u32| i32::try_from(at).unwrap_or(i32::MAX);
        let last = bound((start + room).saturating_sub(length.saturating_add(MARGIN)));
        at.min(last).max(bound(start + MARGIN))
    };
    let homes = monitors.iter().map(|monitor| Place {
        x: fit(place.x, width, monitor.x, monitor.width),
        y: fit(place.y, height, monitor.y, monitor.height),
        width,
        height,
    });
    homes.min_by_key(|home| u64::from(home.x.abs_diff(place.x)) + u64::from(home.y.abs_diff(place.y)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_way_home_is_short_and_ends_within_a_monitor() {
        let monitors = [Rect::new(0, 0, 800, 600), Rect::new(800, 0, 1000, 600)];
        let home = |x, y, width, height| {
            let place = home(Place { x, y, width, height }, (200, 100), &monitors).unwrap();
            (place.x, place.y, place.width, place.height)
        };
        let margin = MARGIN as i32;
        assert_eq!(home(5000, 300, 200, 100), (1800 - 200 - margin, 300, 200, 100));
        assert_eq!(home(-900, -50, 200, 100), (margin, margin, 200, 100));
        assert_eq!(home(300, 300, 10, 10), (300, 300, 200, 100), "too small");
        assert!(super::home(Place { x: 0, y: 0, width: 1, height: 1 }, (1, 1), &[]).is_none());
    }
}
