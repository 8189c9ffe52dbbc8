//! A screen in memory.

use std::ops::Range;
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::time::{Duration, Instant};

use deskside_codec::{FrameView, Rect};
use deskside_session::{Grant, See};

use crate::{CursorImage, PlatformError, Screen, ScreenEvent, Waker};

const BYTES_PER_PIXEL: usize = 4;

#[derive(Debug)]
struct Shown {
    width: u32,
    height: u32,
    /// BGRX, rows without gaps.
    pixels: Vec<u8>,
    events: Vec<ScreenEvent>,
    woken: bool,
    lost: bool,
}

#[derive(Debug)]
struct Shared {
    shown: Mutex<Shown>,
    changed: Condvar,
}

/// The desktop behind a [`FakeScreen`]: what is done to it shows on the screen.
#[derive(Debug, Clone)]
pub struct FakeDesktop(Arc<Shared>);

impl FakeDesktop {
    /// Fills a place, as far as it lies on the screen, with a colour `0x00RRGGBB`.
    pub fn fill(&self, place: Rect, colour: u32) {
        self.change(|shown| {
            let place = place.clipped(shown.width, shown.height);
            if place.is_empty() {
                return;
            }
            for row in rows(place, shown.width) {
                for pixel in shown.pixels[row].chunks_exact_mut(BYTES_PER_PIXEL) {
                    pixel.copy_from_slice(&colour.to_le_bytes());
                }
            }
            shown.events.push(ScreenEvent::Damage(vec![place]));
        });
    }

    /// Gives the screen another size; everything on it turns black.
    pub fn resize(&self, width: u32, height: u32) {
        self.change(|shown| {
            *shown = Shown { woken: shown.woken, lost: shown.lost, ..Shown::new(width, height) };
            shown.events.insert(0, ScreenEvent::Resized { width, height });
        });
    }

    /// Moves the pointer.
    pub fn move_cursor(&self, x: u32, y: u32) {
        self.change(|shown| shown.events.push(ScreenEvent::CursorMoved { x, y }));
    }

    /// Gives the pointer another look.
    pub fn set_cursor(&self, image: CursorImage) {
        self.change(|shown| shown.events.push(ScreenEvent::CursorShape(image)));
    }

    /// Takes the display away.
    pub fn lose(&self) {
        self.change(|shown| shown.lost = true);
    }

    fn change(&self, change: impl FnOnce(&mut Shown)) {
        change(&mut self.0.shown.lock().unwrap_or_else(PoisonError::into_inner));
        self.0.changed.notify_all();
    }
}

impl Shown {
    fn new(width: u32, height: u32) -> Self {
        let whole = Rect { x: 0, y: 0, width, height };
        Self {
            width,
            height,
            pixels: vec![0; width as usize * height as usize * BYTES_PER_PIXEL],
            events: vec![ScreenEvent::Damage(vec![whole])],
            woken: false,
            lost: false,
        }
    }
}

/// Where a place's rows lie in the bytes of a screen of this width.
fn rows(place: Rect, width: u32) -> impl Iterator<Item = Range<usize>> {
    (place.y..place.bottom()).map(move |y| {
        let start = (y as usize * width as usize + place.x as usize) * BYTES_PER_PIXEL;
        start..start + place.width as usize * BYTES_PER_PIXEL
    })
}

/// A [`Screen`] without a display.
#[derive(Debug)]
pub struct FakeScreen {
    desktop: FakeDesktop,
    width: u32,
    height: u32,
    frame: Vec<u8>,
}

impl FakeScreen {
    /// A black screen of this size, and the desktop behind it.
    #[must_use]
    pub fn new(width: u32, height: u32) -> (Self, FakeDesktop) {
        let shown = Shown::new(width, height);
        let frame = shown.pixels.clone();
        let desktop = FakeDesktop(Arc::new(Shared { shown: Mutex::new(shown), changed: Condvar::new() }));
        (Self { desktop: desktop.clone(), width, height, frame }, desktop)
    }
}

impl Screen for FakeScreen {
    fn size(&self) -> (u32, u32) {
        (self.width, self.height)
    }

    fn origin(&self) -> (u32, u32) {
        (0, 0)
    }

    fn next(&mut self, timeout: Duration) -> Result<Vec<ScreenEvent>, PlatformError> {
        let deadline = Instant::now() + timeout;
        let shared = Arc::clone(&self.desktop.0);
        let mut shown = shared.shown.lock().unwrap_or_else(PoisonError::into_inner);
        while shown.events.is_empty() && !shown.woken && !shown.lost {
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() {
                break;
            }
            shown = shared.changed.wait_timeout(shown, left).unwrap_or_else(PoisonError::into_inner).0;
        }
        if shown.lost {
            return Err(PlatformError::DisplayLost);
        }
        shown.woken = false;
        if (self.width, self.height) != (shown.width, shown.height) {
            (self.width, self.height) = (shown.width, shown.height);
            self.frame = vec![0; shown.pixels.len()];
        }
        Ok(std::mem::take(&mut shown.events))
    }

    fn grab(&mut self, grant: &Grant<See>, region: &[Rect]) -> Result<FrameView<'_>, PlatformError> {
        grant.check()?;
        let shown = self.desktop.0.shown.lock().unwrap_or_else(PoisonError::into_inner);
        if shown.lost {
            return Err(PlatformError::DisplayLost);
        }
        // A size that `next` has not yet reported is not shown yet either.
        if (self.width, self.height) == (shown.width, shown.height) {
            for place in region {
                for row in rows(place.clipped(self.width, self.height), self.width) {
                    self.frame[row.clone()].copy_from_slice(&shown.pixels[row]);
                }
            }
        }
        drop(shown);
        crate::screen::view(self.width, self.height, &self.frame)
    }

    /// Nobody has windows on it.
    fn shield(&mut self, _on: bool) -> Result<(), PlatformError> {
        Ok(())
    }

    fn waker(&self) -> Waker {
        let desktop = self.desktop.clone();
        Waker::new(move || desktop.change(|shown| shown.woken = true))
    }
}
