//! A borrowed frame as the operating system gives it.

use crate::{EncodeError, Rect};

/// Pixels in BGRX order: four bytes a pixel, a little-endian word of `0x??RRGGBB`. What the top byte holds
/// does not matter.
#[derive(Clone, Copy)]
pub struct FrameView<'a> {
    width: u32,
    height: u32,
    stride: usize,
    data: &'a [u8],
}

impl<'a> FrameView<'a> {
    /// A view of `height` rows, `stride` bytes from one to the next, with `width` pixels each.
    ///
    /// # Errors
    /// [`EncodeError::Layout`] if a row is longer than the stride or `data` is too short for the rows.
    pub fn new(width: u32, height: u32, stride: usize, data: &'a [u8]) -> Result<Self, EncodeError> {
        let error = EncodeError::Layout { width, height, stride, length: data.len() };
        let row = (width as usize).checked_mul(4).ok_or(error.clone())?;
        // The last row need not be padded to the stride.
        let needed = (height as usize)
            .saturating_sub(1)
            .checked_mul(stride)
            .and_then(|before| before.checked_add(row))
            .ok_or(error.clone())?;
        if row > stride || needed > data.len() {
            return Err(error);
        }
        Ok(Self { width, height, stride, data })
    }

    /// Pixels a row.
    #[must_use]
    pub fn width(&self) -> u32 {
        self.width
    }

    /// Rows.
    #[must_use]
    pub fn height(&self) -> u32 {
        self.height
    }

    /// The bytes of each row of a rectangle that lies inside the frame.
    pub(crate) fn rows(&self, rect: Rect) -> impl Iterator<Item = &'a [u8]> + use<'a> {
        let (data, stride) = (self.data, self.stride);
        let length = rect.width as usize * 4;
        (rect.y..rect.bottom()).map(move |y| {
            let start = y as usize * stride + rect.x as usize * 4;
            &data[start..start + length]
        })
    }

    /// The four bytes of each pixel of each row of a rectangle that lies inside the frame.
    pub(crate) fn words(&self, rect: Rect) -> impl Iterator<Item = &'a [[u8; 4]]> + use<'a> {
        self.rows(rect).map(|row| row.as_chunks::<4>().0)
    }

    /// The four bytes of each pixel of a row, from a column on; they lie inside the frame.
    #[inline]
    #[must_use]
    pub fn pixels(&self, x: u32, y: u32, width: u32) -> &'a [[u8; 4]] {
        let start = y as usize * self.stride + x as usize * 4;
        self.data[start..start + width as usize * 4].as_chunks::<4>().0
    }
}

impl std::fmt::Debug for FrameView<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "FrameView({}x{})", self.width, self.height)
    }
}

#[cfg(test)]
mod tests {
    use super::FrameView;

    #[test]
    fn a_frame_must_hold_all_its_rows() {
        let data = [0u8; 100];
        assert!(FrameView::new(5, 5, 20, &data).is_ok());
        assert!(FrameView::new(5, 5, 21, &data).is_err());
        assert!(FrameView::new(4, 5, 21, &data).is_ok(), "the last row needs no padding");
        assert!(FrameView::new(6, 4, 20, &data).is_err());
        assert!(FrameView::new(u32::MAX, u32::MAX, usize::MAX, &data).is_err());
    }
}
