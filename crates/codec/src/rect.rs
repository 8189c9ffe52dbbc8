//! Rectangles of whole pixels.

/// A rectangle of pixels; the origin is the picture's upper left corner.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct Rect {
    /// First column.
    pub x: u32,
    /// First row.
    pub y: u32,
    /// Columns.
    pub width: u32,
    /// Rows.
    pub height: u32,
}

impl Rect {
    /// The rectangle with this upper left corner and size.
    #[must_use]
    pub const fn new(x: u32, y: u32, width: u32, height: u32) -> Self {
        Self { x, y, width, height }
    }

    /// The column behind the last one.
    #[must_use]
    pub const fn right(&self) -> u32 {
        self.x.saturating_add(self.width)
    }

    /// The row behind the last one.
    #[must_use]
    pub const fn bottom(&self) -> u32 {
        self.y.saturating_add(self.height)
    }

    /// True when the rectangle has no pixel.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.width == 0 || self.height == 0
    }

    /// Pixels in the rectangle.
    #[must_use]
    pub fn area(&self) -> u64 {
        u64::from(self.width) * u64::from(self.height)
    }

    /// The part that both rectangles cover, which may be empty.
    #[must_use]
    pub fn intersection(&self, other: &Self) -> Self {
        let (x, y) = (self.x.max(other.x), self.y.max(other.y));
        let width = self.right().min(other.right()).saturating_sub(x);
        let height = self.bottom().min(other.bottom()).saturating_sub(y);
        Self { x, y, width, height }
    }

    /// The smallest rectangle around both.
    pub(crate) fn around(&self, other: &Self) -> Self {
        let (x, y) = (self.x.min(other.x), self.y.min(other.y));
        Self {
            x,
            y,
            width: self.right().max(other.right()) - x,
            height: self.bottom().max(other.bottom()) - y,
        }
    }

    /// The part inside a picture of this size, which may be empty.
    #[must_use]
    pub fn clipped(&self, width: u32, height: u32) -> Self {
        self.intersection(&Self::new(0, 0, width, height))
    }

    /// True when every pixel of `other` is in this rectangle.
    #[must_use]
    pub fn contains(&self, other: &Self) -> bool {
        other.is_empty() || self.intersection(other) == *other
    }

    /// Pixels between a point and the nearest pixel of the rectangle, along the longer axis.
    #[must_use]
    pub fn distance(&self, (x, y): (u32, u32)) -> u32 {
        let along = |point: u32, start: u32, end: u32| {
            start.saturating_sub(point).max(point.saturating_sub(end.saturating_sub(1)))
        };
        along(x, self.x, self.right()).max(along(y, self.y, self.bottom()))
    }
}

#[cfg(test)]
mod tests {
    use super::Rect;

    #[test]
    fn clipping_never_leaves_the_picture_and_never_overflows() {
        assert_eq!(Rect::new(5, 6, 100, 100).clipped(10, 10), Rect::new(5, 6, 5, 4));
        assert!(Rect::new(10, 0, 5, 5).clipped(10, 10).is_empty());
        assert!(Rect::new(u32::MAX, u32::MAX, u32::MAX, u32::MAX).clipped(10, 10).is_empty());
        assert_eq!(Rect::new(0, 0, u32::MAX, u32::MAX).clipped(3, 4), Rect::new(0, 0, 3, 4));
    }

    #[test]
    fn distance_is_zero_inside_and_counts_from_the_nearest_edge_outside() {
        let rect = Rect::new(10, 20, 5, 5);
        assert_eq!(rect.distance((10, 24)), 0);
        assert_eq!(rect.distance((15, 20)), 1);
        assert_eq!(rect.distance((0, 0)), 20);
    }

    #[test]
    fn containing_means_every_pixel() {
        let rect = Rect::new(1, 1, 4, 4);
        assert!(rect.contains(&Rect::new(2, 2, 3, 3)));
        assert!(!rect.contains(&Rect::new(2, 2, 4, 3)));
        assert!(rect.contains(&Rect::new(9, 9, 0, 3)));
    }
}
