//! The thread that captures the screen and codes it. It owns the grant, the screen and the encoder.

use std::io;
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, Sender};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use deskside_codec::{EncodeError, Encoder, Rect, cursor};
use deskside_net::customer::{Command, CommandSender};
use deskside_net::{PictureSink, Readiness};
use deskside_platform::{CursorImage, PlatformError, Screen, ScreenEvent, Waker};
use deskside_proto::control::CursorShape;
use deskside_proto::journal::Action;
use deskside_session::{Denied, Grant, See};

/// Between two pictures at least; a screen shows no more than this many a second.
const BETWEEN_PICTURES: Duration = Duration::from_millis(12);
/// How long a wait for the network lasts before the screen is looked at again.
const NETWORK_WAIT: Duration = Duration::from_millis(15);
/// How long a wait for the screen lasts at most; orders end it earlier.
const IDLE_WAIT: Duration = Duration::from_secs(10);
/// More places than this are captured as one.
const MANY_PLACES: usize = 32;

enum Order {
    Freeze(bool),
}

/// The thread, as the router sees it. Dropping it ends the capture and the thread.
pub(super) struct Picture {
    orders: Option<Sender<Order>>,
    waker: Waker,
    thread: Option<JoinHandle<()>>,
}

impl Picture {
    pub(super) fn start(
        screen: Box<dyn Screen>,
        grant: Grant<See>,
        sink: PictureSink,
        network: CommandSender,
    ) -> io::Result<Self> {
        let (orders, queue) = mpsc::channel();
        let waker = screen.waker();
        let worker = Worker {
            cursor: (0, 0),
            shape: None,
            screen,
            grant,
            sink,
            encoder: None,
            pending: Vec::new(),
            is_frozen: false,
            began: Instant::now(),
            not_before: Instant::now(),
        };
        let capture = move || {
            let _watch = PanicWatch(network.clone());
            if let Err(failure) = worker.run(&queue) {
                tracing::error!(%failure, "the screen can no longer be captured");
                network.send(match failure {
                    Failure::Platform(PlatformError::DisplayLost) => Command::DisplayLost,
                    Failure::Platform(_) | Failure::Encode(_) => Command::Revoke(Action::See),
                });
            }
        };
        let thread = std::thread::Builder::new().name("picture".into()).spawn(capture)?;
        Ok(Self { orders: Some(orders), waker, thread: Some(thread) })
    }

    /// Lets the picture stand still, or go on from a fresh start.
    pub(super) fn freeze(&self, frozen: bool) {
        if let Some(orders) = &self.orders {
            // The thread may have ended with the grant.
            orders.send(Order::Freeze(frozen)).unwrap_or_default();
        }
        self.waker.wake();
    }
}

impl Drop for Picture {
    fn drop(&mut self) {
        self.orders = None;
        self.waker.wake();
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
}

impl Worker {
    /// Until the grant or the session ends, or the router drops its end.
    fn run(mut self, orders: &Receiver<Order>) -> Result<(), Failure> {
        self.begin_epoch()?;
        loop {
            for event in self.screen.next(self.rest())? {
                self.happened(event)?;
            }
            let pause = self.not_before.saturating_duration_since(Instant::now());
            let pause = if self.has_work() { pause } else { Duration::ZERO };
            match orders.recv_timeout(pause) {
                Ok(Order::Freeze(frozen)) => self.freeze(frozen)?,
                Err(RecvTimeoutError::Disconnected) => return Ok(()),
                Err(RecvTimeoutError::Timeout) => {}
            }
            if self.grant.check() == Err(Denied::Ended) {
                return Ok(());
            }
            if !self.has_work() {
                continue;
            }
            match self.sink.wait_ready(NETWORK_WAIT) {
                Readiness::Ready { budget, room } => {
                    // What has changed while the network was waited for goes along.
                    for event in self.screen.next(Duration::ZERO)? {
                        self.happened(event)?;
                    }
                    self.update(budget, room)?;
                }
                Readiness::NotYet => {}
                Readiness::Closed => return Ok(()),
            }
        }
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
        self.sink.screen(width, height);
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
                    self.not_before = Instant::now() + BETWEEN_PICTURES;
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
