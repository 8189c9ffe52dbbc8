//! The pixels of a picture, between the thread that makes them and the window that shows them.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::PixelRect;

/// More changed places than this are handed over as one rectangle around them all.
const MOST_CHANGES: usize = 256;

/// The pixels of a [`super::Picture`] (0x00RRGGBB, row by row) for any thread. What is written here is painted
/// from here, so that it is copied once; the window's thread has to be told, and calls
/// [`super::Picture::refresh`].
#[derive(Debug, Clone, Default)]
pub struct Canvas(Arc<Mutex<Sheet>>);

#[derive(Debug, Default)]
pub(super) struct Sheet {
    pub(super) width: usize,
    pub(super) height: usize,
    pub(super) pixels: Vec<u32>,
    /// Where it changed since the window last looked.
    pub(super) changed: Vec<PixelRect>,
    /// Whether it began anew since then.
    pub(super) renewed: bool,
    /// Whether the window was told that there is something to look at.
    pub(super) announced: bool,
}

impl Canvas {
    pub(super) fn lock(&self) -> MutexGuard<'_, Sheet> {
        // Pixels have no invariant that a panic elsewhere could have broken.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Begins a picture of this size in pixels, black all over as decoders begin; 0 by 0 for none. Whether the
    /// window is to be told.
    pub fn begin(&self, width: u32, height: u32) -> bool {
        let mut sheet = self.lock();
        (sheet.width, sheet.height) = (width as usize, height as usize);
        let count = sheet.width * sheet.height;
        // A smaller picture does not keep the memory of a larger one.
        sheet.pixels = vec![0; count];
        sheet.changed.clear();
        sheet.renewed = true;
        !std::mem::replace(&mut sheet.announced, true)
    }

    /// Takes the changed rectangles over from `pixels`, which holds the whole picture of this width row by row.
    /// Rectangles are clipped; a slice of another size changes nothing. Whether the window is to be told.
    pub fn write(&self, width: u32, pixels: &[u32], changed: impl IntoIterator<Item = PixelRect>) -> bool {
        let mut sheet = self.lock();
        if width as usize != sheet.width || pixels.len() != sheet.pixels.len() {
            return false;
        }
        let whole = PixelRect { x: 0, y: 0, width, height: sheet.height as u32 };
        for rect in changed.into_iter().filter_map(|rect| rect.intersect(&whole)) {
            for row in rect.rows() {
                let span = row * whole.width as usize;
                let span = span + rect.columns().start..span + rect.columns().end;
                if let (Some(from), Some(to)) = (pixels.get(span.clone()), sheet.pixels.get_mut(span)) {
                    to.copy_from_slice(from);
                }
            }
            sheet.changed.push(rect);
        }
        if sheet.changed.len() > MOST_CHANGES {
            let around = sheet.changed.iter().copied().reduce(PixelRect::around);
            sheet.changed = around.into_iter().collect();
        }
        !std::mem::replace(&mut sheet.announced, true)
    }

    /// Shows width, height and pixels to `look`; whoever writes waits for as long as that takes.
    pub fn look<R>(&self, look: impl FnOnce(u32, u32, &[u32]) -> R) -> R {
        let sheet = self.lock();
        look(sheet.width as u32, sheet.height as u32, &sheet.pixels)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_window_is_told_once_until_it_looks() {
        let canvas = Canvas::default();
        assert!(canvas.begin(4, 4));
        let rect = PixelRect { x: 1, y: 1, width: 1, height: 1 };
        assert!(!canvas.write(4, &[7; 16], [rect]));
        canvas.lock().announced = false;
        assert!(canvas.write(4, &[7; 16], [rect]));
        assert!(!canvas.write(2, &[7; 16], [rect]) && !canvas.write(4, &[7; 15], [rect]), "another size");
        assert_eq!(canvas.look(|_, _, pixels| pixels.iter().filter(|pixel| **pixel == 7).count()), 1);
    }

    #[test]
    fn many_changes_become_one_rectangle_around_them() {
        let canvas = Canvas::default();
        canvas.begin(200, 100);
        let places = (0..=MOST_CHANGES as u32).map(|n| PixelRect {
            x: 3 + n % 190,
            y: 2 + n % 90,
            width: 2,
            height: 3,
        });
        canvas.write(200, &vec![0; 20_000], places);
        assert_eq!(canvas.lock().changed, [PixelRect { x: 3, y: 2, width: 191, height: 92 }]);
    }
}
