//! Puts a window's pixels together: background, picture, and the widgets that lie above both.

use std::ops::Range;

use crate::picture::{Picture, PixelRect, over};

/// The widgets of a window as premultiplied 0xAARRGGBB, kept so that the picture beneath can change alone.
#[derive(Debug, Default)]
pub(crate) struct Overlay {
    pixels: Vec<u32>,
    width: usize,
    /// Where each row holds anything, found out when it is first needed.
    spans: Vec<Range<usize>>,
}

impl Overlay {
    /// Clears it, in the given size, and gives its memory to a rasteriser as BGRA.
    pub(crate) fn clear(&mut self, width: usize, height: usize) -> &mut [[u8; 4]] {
        self.pixels.clear();
        self.pixels.resize(width * height, 0);
        self.width = width;
        self.spans.clear();
        bytemuck::cast_slice_mut(&mut self.pixels)
    }

    /// Draws one part of the window. Between two calls of [`Self::clear`] most of the widgets are looked
    /// through only once, as a picture changes far more often than what lies above it.
    pub(crate) fn compose(
        &mut self,
        target: &mut [u32],
        background: u32,
        picture: Option<&mut Picture>,
        part: PixelRect,
    ) {
        if self.spans.is_empty() {
            self.spans.extend(self.pixels.chunks_exact(self.width.max(1)).map(span));
        }
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
        overlay.clear(4, 3);
        overlay.compose(&mut window, 7, None, whole);
        assert_eq!(window, [7; 12]);
        overlay.clear(4, 3)[5] = [3, 2, 1, 255];
        window.fill(9);
        overlay.compose(&mut window, 7, None, PixelRect { x: 1, y: 0, width: 2, height: 3 });
        assert_eq!(window, [9, 7, 7, 9, 9, 0x0001_0203, 7, 9, 9, 7, 7, 9]);
    }
}
