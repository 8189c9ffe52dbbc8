//! Puts a window's pixels together: background, picture, and the widgets that lie above both.

use crate::picture::{Picture, PixelRect, over};

/// The widgets of a window as premultiplied 0xAARRGGBB, kept so that the picture beneath can change alone.
#[derive(Debug, Default)]
pub(crate) struct Overlay {
    pixels: Vec<u32>,
    width: usize,
}

impl Overlay {
    /// Clears it, in the given size, and gives its memory to a rasteriser as BGRA.
    pub(crate) fn clear(&mut self, width: usize, height: usize) -> &mut [[u8; 4]] {
        self.pixels.clear();
        self.pixels.resize(width * height, 0);
        self.width = width;
        bytemuck::cast_slice_mut(&mut self.pixels)
    }

    /// Draws one part of the window.
    pub(crate) fn compose(
        &self,
        target: &mut [u32],
        background: u32,
        picture: Option<&mut Picture>,
        part: PixelRect,
    ) {
        for row in part.rows() {
            let span = row * self.width + part.columns().start..row * self.width + part.columns().end;
            if let Some(line) = target.get_mut(span) {
                line.fill(background);
            }
        }
        if let Some(picture) = picture {
            picture.paint(target, self.width, part);
        }
        for row in part.rows() {
            let span = row * self.width + part.columns().start..row * self.width + part.columns().end;
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
