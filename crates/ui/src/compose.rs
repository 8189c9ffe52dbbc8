//! Puts a window's pixels together: background, picture, and the widgets that lie above both.

use std::ops::Range;

use crate::picture::{Picture, PixelRect, over};

/// The widgets of a window as premultiplied 0xAARRGGBB, kept so that the picture beneath can change alone.
#[derive(Debug, Default)]
pub(crate) struct Overlay {
    pixels: Vec<u32>,
    width: usize,
    /// Where each row holds anything: a picture changes far more often than what lies above it.
    spans: Vec<Range<usize>>,
}

impl Overlay {
    /// Whether it has this size.
    pub(crate) fn is_sized(&self, width: u32, height: u32) -> bool {
        (self.width, self.spans.len()) == (width as usize, height as usize)
    }

    /// Has `draw` fill this part of it anew, as BGRA; where it has another size until now, that is all of it.
    pub(crate) fn redraw(
        &mut self,
        (width, height): (u32, u32),
        part: Option<PixelRect>,
        draw: impl FnOnce(&mut [[u8; 4]]),
    ) {
        let part = if self.is_sized(width, height) {
            part
        } else {
            self.width = width as usize;
            self.pixels = vec![0; width as usize * height as usize];
            self.spans = vec![0..0; height as usize];
            Some(PixelRect { x: 0, y: 0, width, height })
        };
        let columns = part.map(|part| part.columns()).unwrap_or_default();
        let rows = || part.into_iter().flat_map(|part| part.rows());
        for row in rows() {
            let line = row * self.width + columns.start..row * self.width + columns.end;
            self.pixels.get_mut(line).unwrap_or_default().fill(0);
        }
        draw(bytemuck::cast_slice_mut(&mut self.pixels));
        for row in rows() {
            let line = self.pixels.get(row * self.width..(row + 1) * self.width);
            if let (Some(held), Some(line)) = (self.spans.get_mut(row), line) {
                *held = span(line);
            }
        }
    }

    /// Draws one part of the window.
    pub(crate) fn compose(
        &mut self,
        target: &mut [u32],
        background: u32,
        picture: Option<&mut Picture>,
        part: PixelRect,
    ) {
        if !picture.as_ref().is_some_and(|picture| picture.fills(part)) {
            for row in part.rows() {
                let span = row * self.width + part.columns().start..row * self.width + part.columns().end;
                target.get_mut(span).unwrap_or_default().fill(background);
            }
        }
        if let Some(picture) = picture {
            picture.paint(target, self.width, part);
        }
        for (row, held) in part.rows().zip(self.spans.get(part.rows()).unwrap_or_default()) {
            let columns = held.start.max(part.columns().start)..held.end.min(part.columns().end);
            if columns.is_empty() {
                continue;
            }
            let span = row * self.width + columns.start..row * self.width + columns.end;
            let (Some(line), Some(above)) = (target.get_mut(span.clone()), self.pixels.get(span)) else {
                continue;
            };
            for (pixel, above) in line.iter_mut().zip(above) {
                match above >> 24 {
                    0 if *above == 0 => {}
                    255 => *pixel = above & 0x00ff_ffff,
                    _ => *pixel = over(*above, *pixel),
                }
            }
        }
    }
}

/// From the first to the last pixel of a row that holds anything.
fn span(row: &[u32]) -> Range<usize> {
    let held = |pixel: &u32| *pixel != 0;
    match (row.iter().position(held), row.iter().rposition(held)) {
        (Some(first), Some(last)) => first..last + 1,
        _ => 0..0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn widgets_lie_above_their_ground_wherever_they_are_drawn_anew() {
        let mut overlay = Overlay::default();
        let whole = PixelRect { x: 0, y: 0, width: 4, height: 3 };
        let mut window = vec![9; 12];
        overlay.redraw((4, 3), None, |_| {});
        overlay.compose(&mut window, 7, None, whole);
        assert_eq!(window, [7; 12]);
        let part = PixelRect { x: 1, y: 0, width: 2, height: 3 };
        overlay.redraw((4, 3), Some(part), |pixels| pixels[5] = [3, 2, 1, 255]);
        window.fill(9);
        overlay.compose(&mut window, 7, None, part);
        assert_eq!(window, [9, 7, 7, 9, 9, 0x0001_0203, 7, 9, 9, 7, 7, 9]);
    }

    #[test]
    fn what_is_drawn_anew_is_cleared_before_and_the_rest_stays() {
        let mut overlay = Overlay::default();
        let mut window = vec![0; 6];
        overlay.redraw((3, 2), None, |pixels| pixels.fill([1, 0, 0, 255]));
        let part = PixelRect { x: 1, y: 0, width: 1, height: 2 };
        overlay.redraw((3, 2), Some(part), |pixels| pixels[4] = [2, 0, 0, 255]);
        overlay.compose(&mut window, 7, None, PixelRect { x: 0, y: 0, width: 3, height: 2 });
        assert_eq!(window, [1, 7, 1, 1, 2, 1]);
    }
}
