//! Where a picture lies in a window: how large, how far scrolled, and which of its pixels is where.

use super::PixelRect;

/// How big the picture is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Scaling {
    /// Whole, as large as its place allows; where that is little more than a whole multiple, that multiple, so
    /// that every pixel stays sharp.
    #[default]
    Fit,
    /// So many screen pixels for a hundred picture pixels. What does not fit is reached by
    /// [`super::Picture::pan`] and [`super::Picture::scroll_to_show`].
    Percent(u16),
}

/// A shown picture, in pixels of the window.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Place {
    /// Where it may be seen.
    pub(super) area: PixelRect,
    /// The picture's own size.
    source: (usize, usize),
    /// The scaled picture's top left corner; left of or above the area when it is scrolled.
    pub(super) left: i64,
    pub(super) top: i64,
    /// The scaled picture's size.
    pub(super) width: usize,
    pub(super) height: usize,
}

impl Place {
    /// Places a picture, in the middle if it is smaller than the area. `scroll` is brought back to what there
    /// is to scroll. `None` without a picture or an area.
    pub(super) fn new(
        area: PixelRect,
        source: (usize, usize),
        scaling: Scaling,
        scroll: &mut (usize, usize),
    ) -> Option<Self> {
        let room = (area.width as usize, area.height as usize);
        if source.0 == 0 || source.1 == 0 || room.0 == 0 || room.1 == 0 {
            return None;
        }
        let (width, height) = match scaling {
            Scaling::Percent(percent) => {
                let scaled = |side: usize| ((side * usize::from(percent) + 50) / 100).max(1);
                (scaled(source.0), scaled(source.1))
            }
            Scaling::Fit => fit(room, source),
        };
        scroll.0 = scroll.0.min(width.saturating_sub(room.0));
        scroll.1 = scroll.1.min(height.saturating_sub(room.1));
        let margin = |room: usize, side: usize, scroll: usize| {
            if side < room { ((room - side) / 2) as i64 } else { -(scroll as i64) }
        };
        let left = i64::from(area.x) + margin(room.0, width, scroll.0);
        let top = i64::from(area.y) + margin(room.1, height, scroll.1);
        Some(Self { area, source, left, top, width, height })
    }

    /// Whether picture pixels are screen pixels.
    pub(super) fn is_one_to_one(&self) -> bool {
        (self.width, self.height) == self.source
    }

    /// How far the picture can be scrolled.
    pub(super) fn overflow(&self) -> (usize, usize) {
        let (room_x, room_y) = (self.area.width as usize, self.area.height as usize);
        (self.width.saturating_sub(room_x), self.height.saturating_sub(room_y))
    }

    /// Whether the picture is visible at this place in the window.
    pub(super) fn contains(&self, x: f64, y: f64) -> bool {
        let within = |at: f64, start: f64, side: f64| (start..start + side).contains(&at);
        self.area.contains(x, y)
            && within(x, self.left as f64, self.width as f64)
            && within(y, self.top as f64, self.height as f64)
    }

    /// The picture's pixel in the middle of the screen pixel at this place. The outermost screen pixels are the
    /// outermost of the picture too, so that corners and edges can be reached in a picture that was shrunk.
    pub(super) fn nearest_pixel(&self, x: f64, y: f64) -> (u16, u16) {
        let map = |at: f64, start: i64, shown: usize, side: usize| {
            let screen = (at - start as f64).clamp(0.0, (shown - 1) as f64) as usize;
            let pixel = match screen {
                0 => 0,
                screen if screen + 1 == shown => side - 1,
                screen => (2 * screen + 1) * side / (2 * shown),
            };
            pixel as u16
        };
        (map(x, self.left, self.width, self.source.0), map(y, self.top, self.height, self.source.1))
    }

    /// The screen pixel in the middle of this pixel of the picture.
    pub(super) fn of_pixel(&self, x: u32, y: u32) -> (i64, i64) {
        let map = |at: u32, start: i64, shown: usize, side: usize| {
            start + ((2 * u64::from(at) + 1) * shown as u64 / (2 * side as u64)) as i64
        };
        (map(x, self.left, self.width, self.source.0), map(y, self.top, self.height, self.source.1))
    }

    /// The point of the picture at this place, as parts of its sides.
    pub(super) fn part_at(&self, x: f64, y: f64) -> (f64, f64) {
        let part = |at: f64, start: i64, shown: usize| ((at - start as f64) / shown as f64).clamp(0.0, 1.0);
        (part(x, self.left, self.width), part(y, self.top, self.height))
    }

    /// How far to scroll so that this part of the picture lies at this place.
    pub(super) fn scroll_to(&self, part: (f64, f64), (x, y): (f64, f64)) -> (usize, usize) {
        let scroll = |part: f64, shown: usize, at: f64, area: u32| {
            (part * shown as f64 - (at - f64::from(area))).round().max(0.0) as usize
        };
        (scroll(part.0, self.width, x, self.area.x), scroll(part.1, self.height, y, self.area.y))
    }

    /// How far to scroll, as little as possible, so that this pixel of the picture is visible with some room
    /// around it.
    pub(super) fn scroll_to_show(&self, x: u32, y: u32, scroll: (usize, usize)) -> (usize, usize) {
        const ROOM: usize = 48;
        let (at_x, at_y) = self.of_pixel(x, y);
        let follow = |at: i64, start: i64, scroll: usize, room: u32, overflow: usize| {
            let (at, room) = ((at - start) as usize, room as usize);
            let margin = ROOM.min(room.saturating_sub(1) / 2);
            let (low, high) = ((at + margin + 1).saturating_sub(room), at.saturating_sub(margin));
            scroll.clamp(low, high.max(low)).min(overflow)
        };
        let overflow = self.overflow();
        (
            follow(at_x, self.left, scroll.0, self.area.width, overflow.0),
            follow(at_y, self.top, scroll.1, self.area.height, overflow.1),
        )
    }
}

fn fit(room: (usize, usize), source: (usize, usize)) -> (usize, usize) {
    let times = (room.0 / source.0).min(room.1 / source.1);
    let whole = (source.0 * times, source.1 * times);
    if times > 0 && (room.0 * 10 < whole.0 * 11 || room.1 * 10 < whole.1 * 11) {
        return whole;
    }
    if room.0 * source.1 <= room.1 * source.0 {
        (room.0, (source.1 * room.0 / source.0).max(1))
    } else {
        ((source.0 * room.1 / source.1).max(1), room.1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const AREA: PixelRect = PixelRect { x: 10, y: 20, width: 640, height: 400 };

    fn place(source: (usize, usize), scaling: Scaling, mut scroll: (usize, usize)) -> Place {
        Place::new(AREA, source, scaling, &mut scroll).unwrap()
    }

    const ALL: [Scaling; 9] = [
        Scaling::Fit,
        Scaling::Percent(50),
        Scaling::Percent(75),
        Scaling::Percent(100),
        Scaling::Percent(125),
        Scaling::Percent(150),
        Scaling::Percent(200),
        Scaling::Percent(300),
        Scaling::Percent(400),
    ];

    #[test]
    fn every_screen_pixel_means_the_picture_pixel_that_is_shown_there() {
        for scaling in ALL {
            for source in [(1920, 1080), (800, 600), (331, 77)] {
                let place = place(source, scaling, (37, 11));
                for screen in 0..place.width.min(640) {
                    let x = (place.left.max(10) + screen as i64) as f64;
                    let (pixel, _) = place.nearest_pixel(x, 30.0);
                    assert_eq!(place.nearest_pixel(x + 0.99, 30.0).0, pixel, "anywhere on a screen pixel");
                    // Where the picture pixel begins and ends on the screen.
                    let column = x - place.left as f64;
                    let (begin, end) = (f64::from(pixel), f64::from(pixel) + 1.0);
                    let scale = place.width as f64 / source.0 as f64;
                    let apart = (begin * scale).max(column) - (end * scale).min(column + 1.0);
                    assert!(apart <= 0.0, "{scaling:?} {source:?}: {x} is not {pixel}");
                }
            }
        }
    }

    #[test]
    fn from_a_hundred_percent_on_every_pixel_can_be_reached_and_corners_always() {
        for scaling in ALL {
            let place = place((500, 300), scaling, (0, 0));
            let last =
                (place.left as f64 + place.width as f64 - 1.0, place.top as f64 + place.height as f64 - 1.0);
            assert_eq!(place.nearest_pixel(place.left as f64, place.top as f64), (0, 0), "{scaling:?}");
            assert_eq!(place.nearest_pixel(last.0, last.1), (499, 299), "{scaling:?}");
            if place.width >= 500 {
                for x in 0..500 {
                    let (at, _) = place.of_pixel(x, 0);
                    assert_eq!(u32::from(place.nearest_pixel(at as f64, 0.0).0), x, "{scaling:?}");
                }
            }
        }
    }

    #[test]
    fn fitting_prefers_sharp_pixels_to_a_little_more_size() {
        let fitted = |source| {
            let place = place(source, Scaling::Fit, (0, 0));
            (place.width, place.height)
        };
        assert_eq!(fitted((600, 380)), (600, 380), "and not 105 %");
        assert_eq!(fitted((310, 190)), (620, 380));
        assert_eq!(fitted((500, 300)), (640, 384));
        assert_eq!(fitted((640, 400)), (640, 400));
        assert_eq!(fitted((641, 400)), (640, 399));
        assert_eq!(fitted((64, 4000)), (6, 400));
    }

    #[test]
    fn what_is_beside_the_area_is_not_there_though_the_picture_goes_on() {
        let place = place((1920, 1080), Scaling::Percent(100), (100, 200));
        assert!(place.contains(10.0, 20.0) && !place.contains(9.9, 20.0) && !place.contains(10.0, 19.9));
        assert_eq!(place.nearest_pixel(10.0, 20.0), (100, 200));
        assert_eq!(place.nearest_pixel(-500.0, 1e9), (0, 1079));
    }
}
