//! The thread that captures the screen and codes it. It owns the grant, the screen and the encoder.

use std::sync::mpsc::{self, Receiver, RecvTimeoutError, Sender, SyncSender};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use deskside_codec::{EncodeError, Encoder, Rect, cursor};
use deskside_platform::x11::{Monitor, X11};
use deskside_platform::{CursorImage, PlatformError, Screen, ScreenEvent, Waker};
use deskside_proto::control::CursorShape;
use deskside_proto::journal::Action;
use deskside_proto::shown::{MAX_LABEL, MAX_MONITORS, MonitorNote};
use deskside_session::{Area, Denied, Grant, MonitorId, Scope, See};

use super::pace::Pace;
use super::showing::Shield;
use crate::sharing::net::{Command, CommandSender, PictureSink, Purpose, Readiness};

/// How long a wait for the network lasts before the screen is looked at again.
const NETWORK_WAIT: Duration = Duration::from_millis(15);
/// How long the screen is watched before the network is asked again whether something may be made exact.
const REFINING_WAIT: Duration = Duration::from_millis(6);
/// How long a wait for the screen lasts at most; orders end it earlier.
const IDLE_WAIT: Duration = Duration::from_secs(10);
/// More places than this are captured as one.
const MANY_PLACES: usize = 32;

/// How long the thread may take to keep this program's windows out of the picture.
const SHIELDED_WITHIN: Duration = Duration::from_secs(2);

enum Order {
    Freeze(bool),
    /// What is in the slot.
    Look,
    /// Answered once this program's windows are out of the picture.
    Shield(SyncSender<()>),
    Unshield(Instant),
}

/// What is captured.
pub(super) struct Source {
    desktop: X11,
    scope: Scope,
    /// Monitors that can be looked at one by one.
    monitors: Vec<Monitor>,
}

impl Source {
    pub(super) fn new(desktop: X11, scope: Scope) -> Self {
        Self { desktop, scope, monitors: Vec::new() }
    }

    fn open(&self, look: Option<MonitorId>) -> Result<Box<dyn Screen>, PlatformError> {
        Ok(Box::new(self.desktop.part_of_screen(&self.scope, look)?))
    }

    /// Looks which monitors there are to choose from: none if the person has chosen one.
    fn list_monitors(&mut self) -> Result<(), PlatformError> {
        self.monitors = match self.scope.area {
            Area::Monitor(_) => Vec::new(),
            Area::Screen | Area::Applications(_) => self.desktop.monitors()?,
        };
        if self.monitors.len() < 2 {
            self.monitors.clear();
        }
        self.monitors.truncate(MAX_MONITORS);
        Ok(())
    }
}

/// What the thread shares with those that give it orders.
#[derive(Clone)]
struct Shared {
    waker: Arc<Mutex<Waker>>,
    offset: Arc<Mutex<(u16, u16)>>,
    /// The monitor that is to be looked at next: however many are asked for, the last one counts.
    look: Arc<Mutex<Option<Option<u8>>>>,
}

/// The thread, as others see it. Dropping it ends the capture and the thread.
pub(super) struct Picture {
    orders: Option<Sender<Order>>,
    shared: Shared,
    thread: Option<JoinHandle<()>>,
}

impl Picture {
    pub(super) fn start(
        source: Source,
        grant: Grant<See>,
        sink: PictureSink,
        network: CommandSender,
        shield: Shield,
    ) -> Result<Self, PlatformError> {
        let (orders, queue) = mpsc::channel();
        let screen = source.open(None)?;
        let shared = Shared {
            waker: Arc::new(Mutex::new(screen.waker())),
            offset: Arc::default(),
            look: Arc::default(),
        };
        let worker = Worker {
            cursor: (0, 0),
            shape: None,
            screen,
            source,
            look: None,
            shield,
            is_shielded: false,
            shared: shared.clone(),
            sink,
            grant,
            encoder: None,
            pending: Vec::new(),
            is_frozen: false,
            began: Instant::now(),
            not_before: Instant::now(),
            pace: Pace::new(Instant::now()),
        };
        let capture = move || {
            let _watch = PanicWatch(network.clone());
            if let Err(failure) = worker.run(&queue) {
                tracing::error!(%failure, "the screen can no longer be captured");
                network.send(match failure {
                    Failure::Platform(PlatformError::DisplayLost) => Command::DisplayLost,
                    // The monitor that was shown is gone, for one.
                    Failure::Platform(_) | Failure::Encode(_) => Command::Revoke(Action::See),
                });
            }
        };
        let thread = std::thread::Builder::new().name("picture".into()).spawn(capture)?;
        Ok(Self { orders: Some(orders), shared, thread: Some(thread) })
    }

    fn order(&self, order: Order) {
        if let Some(orders) = &self.orders {
            // The thread may have ended with the grant.
            orders.send(order).unwrap_or_default();
        }
        self.wake();
    }

    fn wake(&self) {
        self.shared.waker.lock().unwrap_or_else(PoisonError::into_inner).wake();
    }

    /// Lets the picture stand still, or go on from a fresh start.
    pub(super) fn freeze(&self, frozen: bool) {
        self.order(Order::Freeze(frozen));
    }

    /// Shows this one of the monitors that were listed last, or all.
    pub(super) fn look(&self, monitor: Option<u8>) {
        let mut slot = self.shared.look.lock().unwrap_or_else(PoisonError::into_inner);
        if slot.replace(monitor).is_none() {
            drop(slot);
            self.order(Order::Look);
        }
    }

    /// Where the picture's first pixel is within what the grant reaches.
    pub(super) fn offset(&self) -> (u16, u16) {
        *self.shared.offset.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Keeps this program's windows out of the picture; whether that is certain.
    pub(super) fn raise_shield(&self) -> bool {
        let (done, shielded) = mpsc::sync_channel(1);
        self.order(Order::Shield(done));
        match shielded.recv_timeout(SHIELDED_WITHIN) {
            Ok(()) => true,
            // A thread that has ended shows nothing.
            Err(RecvTimeoutError::Disconnected) => true,
            Err(RecvTimeoutError::Timeout) => false,
        }
    }

    /// This program's windows may be seen again from then on.
    pub(super) fn lower_shield(&self, from: Instant) {
        self.order(Order::Unshield(from));
    }
}

impl Drop for Picture {
    fn drop(&mut self) {
        self.orders = None;
        self.wake();
        if self.thread.take().is_some_and(|thread| thread.join().is_err()) {
            tracing::error!("the thread that captures the screen panicked");
        }
    }
}

/// A picture that stands still because its thread is dead would look like one of a quiet screen: both people
/// are told that nothing is shown any more.
struct PanicWatch(CommandSender);

impl Drop for PanicWatch {
    fn drop(&mut self) {
        if std::thread::panicking() {
            self.0.send(Command::Revoke(Action::See));
        }
    }
}

#[derive(Debug, thiserror::Error)]
enum Failure {
    #[error(transparent)]
    Platform(#[from] PlatformError),
    #[error(transparent)]
    Encode(#[from] EncodeError),
}

struct Worker {
    screen: Box<dyn Screen>,
    source: Source,
    /// The monitor that is looked at; `None` for all.
    look: Option<MonitorId>,
    shield: Shield,
    /// Whether the screen keeps this program's windows back.
    is_shielded: bool,
    shared: Shared,
    grant: Grant<See>,
    sink: PictureSink,
    /// `None` until the first size is known, and after a coder failed.
    encoder: Option<Encoder>,
    /// What changed since it was last captured.
    pending: Vec<Rect>,
    cursor: (u32, u32),
    /// The last shape, to be sent again when a pause ends.
    shape: Option<CursorShape>,
    is_frozen: bool,
    /// Where the encoder's time begins.
    began: Instant,
    not_before: Instant,
    pace: Pace,
}

impl Worker {
    /// Until the grant or the session ends, or the router drops its end.
    fn run(mut self, orders: &Receiver<Order>) -> Result<(), Failure> {
        self.settle_shield()?;
        self.begin_epoch()?;
        loop {
            self.watch(self.rest())?;
            let pause = self.not_before.saturating_duration_since(Instant::now());
            let pause = if self.has_work() { pause } else { Duration::ZERO };
            match orders.recv_timeout(pause) {
                Ok(order) => self.obey(order)?,
                Err(RecvTimeoutError::Disconnected) => return Ok(()),
                Err(RecvTimeoutError::Timeout) => {}
            }
            if self.grant.check() == Err(Denied::Ended) {
                return Ok(());
            }
            if !self.has_work() {
                continue;
            }
            // What changes ends the wait of what is only made exact.
            let purpose = self.purpose();
            let is_refined = purpose == Purpose::Refinement;
            let wait = if is_refined { Duration::ZERO } else { NETWORK_WAIT };
            match self.sink.wait_ready(purpose, wait) {
                Readiness::Ready { budget, room } => {
                    // What has changed while the network was waited for goes along.
                    self.watch(Duration::ZERO)?;
                    self.update(budget, room)?;
                }
                Readiness::NotYet if is_refined => self.watch(REFINING_WAIT)?,
                Readiness::NotYet => {}
                Readiness::Closed => return Ok(()),
            }
        }
    }

    fn obey(&mut self, order: Order) -> Result<(), Failure> {
        match order {
            Order::Freeze(frozen) => self.freeze(frozen)?,
            Order::Look => {
                let wanted = self.shared.look.lock().unwrap_or_else(PoisonError::into_inner).take();
                let place = wanted.flatten();
                let monitor = place.and_then(|place| self.source.monitors.get(usize::from(place)));
                let monitor = monitor.map(|monitor| monitor.id);
                if monitor != self.look {
                    self.look_at(monitor)?;
                }
            }
            Order::Shield(done) => {
                self.shield = Shield::Up;
                self.settle_shield()?;
                // Whoever waited for it may have given up, and shows nothing any more.
                done.send(()).unwrap_or_default();
            }
            Order::Unshield(from) => self.shield = Shield::UpUntil(from),
        }
        Ok(())
    }

    /// Another part of what may be seen, on a screen of its own.
    fn look_at(&mut self, monitor: Option<MonitorId>) -> Result<(), Failure> {
        self.screen = self.source.open(monitor)?;
        (self.look, self.is_shielded) = (monitor, false);
        *self.shared.waker.lock().unwrap_or_else(PoisonError::into_inner) = self.screen.waker();
        self.settle_shield()?;
        if !self.is_frozen {
            self.begin_epoch()?;
        }
        Ok(())
    }

    fn settle_shield(&mut self) -> Result<(), Failure> {
        let is_up = self.shield.is_up(Instant::now());
        if self.is_shielded != is_up {
            self.screen.shield(is_up)?;
            self.is_shielded = is_up;
        }
        Ok(())
    }

    /// Waits for the screen at most so long, and takes in what happened on it.
    fn watch(&mut self, timeout: Duration) -> Result<(), Failure> {
        let timeout = match self.shield {
            Shield::UpUntil(until) if self.is_shielded => {
                timeout.min(until.saturating_duration_since(Instant::now()))
            }
            _ => timeout,
        };
        match self.screen.next(timeout) {
            Ok(events) => events.into_iter().try_for_each(|event| self.happened(event))?,
            // The one that was looked at; the others are still there.
            Err(PlatformError::MonitorGone) if self.look.is_some() => self.look_at(None)?,
            Err(error) => return Err(error.into()),
        }
        self.settle_shield()
    }

    /// How long nothing needs to be done, if nothing happens: what was sent roughly is made exact later.
    fn rest(&self) -> Duration {
        match &self.encoder {
            _ if self.is_frozen => IDLE_WAIT,
            None => Duration::ZERO,
            Some(encoder) => encoder
                .next_due()
                .map_or(IDLE_WAIT, |due| due.saturating_sub(self.began.elapsed()).min(IDLE_WAIT)),
        }
    }

    fn has_work(&self) -> bool {
        self.rest().is_zero()
    }

    fn purpose(&mut self) -> Purpose {
        let now = self.began.elapsed();
        let refines = self.encoder.as_mut().is_some_and(|encoder| encoder.at(now).only_refines());
        if refines { Purpose::Refinement } else { Purpose::Change }
    }

    fn freeze(&mut self, frozen: bool) -> Result<(), Failure> {
        self.is_frozen = frozen;
        if !frozen {
            self.begin_epoch()?;
            self.sink.cursor_moved(self.cursor.0 as u16, self.cursor.1 as u16);
            if let Some(shape) = &self.shape {
                self.sink.cursor_shape(shape.clone());
            }
        }
        Ok(())
    }

    /// A fresh encoder on this side is a fresh decoder on the other.
    fn begin_epoch(&mut self) -> Result<(), Failure> {
        let (width, height) = self.screen.size();
        self.encoder = Some(Encoder::new(width, height)?);
        self.pending = vec![Rect::new(0, 0, width, height)];
        self.tell_monitors()?;
        self.sink.screen(width, height);
        Ok(())
    }

    /// Which monitors there are, and where on them the picture begins.
    fn tell_monitors(&mut self) -> Result<(), Failure> {
        self.source.list_monitors()?;
        let (x, y) = if self.look.is_some() { self.screen.origin() } else { (0, 0) };
        *self.shared.offset.lock().unwrap_or_else(PoisonError::into_inner) = (short(x), short(y));
        self.sink.monitors(self.source.monitors.iter().map(note).collect());
        Ok(())
    }

    fn happened(&mut self, event: ScreenEvent) -> Result<(), Failure> {
        match event {
            ScreenEvent::Damage(places) => {
                if let Some(encoder) = &mut self.encoder {
                    encoder.mark(&places);
                }
                self.pending.extend(places);
                if MANY_PLACES < self.pending.len() {
                    self.pending = hull(&self.pending).into_iter().collect();
                }
            }
            ScreenEvent::Resized { .. } if self.is_frozen => self.encoder = None,
            ScreenEvent::Resized { .. } => self.begin_epoch()?,
            ScreenEvent::CursorMoved { x, y } => {
                self.cursor = (x.min(u16::MAX.into()), y.min(u16::MAX.into()));
                if !self.is_frozen {
                    self.sink.cursor_moved(self.cursor.0 as u16, self.cursor.1 as u16);
                }
            }
            // Until it is back, a picture without pixels.
            ScreenEvent::CursorHidden => {
                let image = CursorImage { width: 0, height: 0, hot_x: 0, hot_y: 0, pixels: Vec::new() };
                self.happened(ScreenEvent::CursorShape(image))?;
            }
            ScreenEvent::CursorShape(image) => {
                let shape = cursor_shape(image)?;
                if !self.is_frozen {
                    self.sink.cursor_shape(shape.clone());
                }
                self.shape = Some(shape);
            }
        }
        Ok(())
    }

    fn update(&mut self, budget: usize, room: usize) -> Result<(), Failure> {
        let Some(encoder) = &mut self.encoder else { return self.begin_epoch() };
        let captured = Instant::now();
        let frame = match self.screen.grab(&self.grant, &self.pending) {
            Ok(frame) => frame,
            // It rests; what changed stays noted.
            Err(PlatformError::Denied(_)) => {
                self.not_before = Instant::now() + NETWORK_WAIT;
                return Ok(());
            }
            Err(error) => return Err(error.into()),
        };
        self.pending.clear();
        match encoder.at(self.began.elapsed()).room(room).next_update(&frame, budget, Some(self.cursor)) {
            Ok(Some(body)) => {
                self.sink.send_update(body);
                // The rest of this picture, if it did not fit, goes as soon as the network takes it.
                if encoder.next_due().is_none_or(|due| self.began.elapsed() < due) {
                    self.not_before = self.pace.finished(captured);
                }
            }
            Ok(None) => {}
            // The screen changed its size between two looks; the next event says so.
            Err(EncodeError::OtherSize { .. }) => self.encoder = None,
            Err(error) => return Err(error.into()),
        }
        Ok(())
    }
}

fn note(monitor: &Monitor) -> MonitorNote {
    let mut name = monitor.name.clone();
    name.truncate(name.floor_char_boundary(MAX_LABEL));
    let Rect { x, y, width, height } = monitor.place;
    MonitorNote { name, x: short(x), y: short(y), width: short(width), height: short(height) }
}

/// A length on the screen, which has no longer ones.
fn short(length: u32) -> u16 {
    u16::try_from(length).unwrap_or(u16::MAX)
}

/// The smallest place that covers all.
fn hull(places: &[Rect]) -> Option<Rect> {
    let left = places.iter().map(|place| place.x).min()?;
    let top = places.iter().map(|place| place.y).min()?;
    let right = places.iter().map(Rect::right).max()?;
    let bottom = places.iter().map(Rect::bottom).max()?;
    Some(Rect::new(left, top, right - left, bottom - top))
}

/// The cursor as it travels; one that is too large for that is made smaller.
fn cursor_shape(image: CursorImage) -> Result<CursorShape, EncodeError> {
    let CursorImage { width, height, mut hot_x, mut hot_y, mut pixels } = image;
    let (mut width, mut height) = (u32::from(width), u32::from(height));
    loop {
        let too_large = cursor::MAX_SIDE < width.max(height);
        let compressed = if too_large { None } else { Some(cursor::compress(&pixels, width, height)) };
        match compressed {
            Some(Err(EncodeError::CursorTooLong { .. })) | None => {
                (pixels, width, height) = cursor::halve(&pixels, width, height);
                (hot_x, hot_y) = (hot_x / 2, hot_y / 2);
            }
            Some(compressed) => {
                let (width, height) = (width as u16, height as u16);
                return Ok(CursorShape { width, height, hot_x, hot_y, pixels: compressed? });
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hull_covers_all_places() {
        let places = [Rect::new(10, 20, 5, 5), Rect::new(2, 30, 1, 10)];
        assert_eq!(hull(&places), Some(Rect::new(2, 20, 13, 20)));
        assert_eq!(hull(&[]), None);
    }

    #[test]
    fn a_cursor_of_any_size_can_travel() {
        let pixels = vec![7; 600 * 300 * 4];
        let shape =
            cursor_shape(CursorImage { width: 600, height: 300, hot_x: 599, hot_y: 8, pixels }).unwrap();
        assert_eq!((shape.width, shape.height, shape.hot_x, shape.hot_y), (150, 75, 149, 2));
        let hidden = CursorImage { width: 0, height: 0, hot_x: 0, hot_y: 0, pixels: Vec::new() };
        assert!(cursor_shape(hidden).unwrap().pixels.is_empty());
    }
}
