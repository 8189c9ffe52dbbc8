//! The remote picture: its pixels, where it lies in a window, and what of it changed.

use crate::scale::Scaler;

/// A rectangle in pixels.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PixelRect {
    /// From the left.
    pub x: u32,
    /// From the top.
    pub y: u32,
    /// Width.
    pub width: u32,
    /// Height.
    pub height: u32,
}

impl PixelRect {
    pub(crate) fn columns(&self) -> std::ops::Range<usize> {
        self.x as usize..(self.x + self.width) as usize
    }

    pub(crate) fn rows(&self) -> std::ops::Range<usize> {
        self.y as usize..(self.y + self.height) as usize
    }

    /// The part that both have, `None` if there is none.
    #[must_use]
    pub fn intersect(&self, other: &Self) -> Option<Self> {
        let (x, y) = (self.x.max(other.x), self.y.max(other.y));
        let right = self.x.saturating_add(self.width).min(other.x.saturating_add(other.width));
        let bottom = self.y.saturating_add(self.height).min(other.y.saturating_add(other.height));
        (x < right && y < bottom).then(|| Self { x, y, width: right - x, height: bottom - y })
    }
}

/// How big the picture is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Scaling {
    /// As large as its place allows, whole.
    #[default]
    Fit,
    /// One picture pixel on one screen pixel; what does not fit is reached by [`Picture::scroll_to_show`].
    OneToOne,
}

/// How a pointer looks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CursorImage {
    /// Width in pixels.
    pub width: u16,
    /// Height in pixels.
    pub height: u16,
    /// The point that points, from the left.
    pub hot_x: u16,
    /// The point that points, from the top.
    pub hot_y: u16,
    /// Premultiplied BGRA rows, 4 bytes a pixel.
    pub bgra: Vec<u8>,
}

/// Where the picture lies in the window, in pixels of the window.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct View {
    /// The place that the picture was given.
    area: PixelRect,
    /// The scaled picture's top left corner; left of or above the area when it is scrolled.
    left: i64,
    top: i64,
    /// The scaled picture's size.
    width: usize,
    height: usize,
}

/// A picture that lies beneath a window's widgets. It keeps its own pixels (0x00RRGGBB).
#[derive(Debug, Default)]
pub struct Picture {
    width: usize,
    height: usize,
    pixels: Vec<u32>,
    scaling: Scaling,
    scroll: (usize, usize),
    cursor: Option<CursorImage>,
    cursor_at: (u32, u32),
    view: Option<View>,
    scaler: Option<Scaler>,
    changed: Vec<PixelRect>,
    everything_changed: bool,
}

/// What lies around the picture.
const SURROUND: u32 = 0x0010_1318;

impl Picture {
    /// An empty picture.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Width and height in pixels.
    #[must_use]
    pub fn size(&self) -> (u32, u32) {
        (self.width as u32, self.height as u32)
    }

    /// Begins a picture of another size, black all over (as a decoder begins). The place in the window follows at the next
    /// [`Picture::show`], so [`crate::Shell::redraw`] belongs to it.
    pub fn reset(&mut self, width: u32, height: u32) {
        (self.width, self.height) = (width as usize, height as usize);
        self.pixels.clear();
        self.pixels.resize(self.width * self.height, 0);
        self.scroll = (0, 0);
        self.view = None;
        self.everything_changed = true;
    }

    /// Takes the changed rectangles over from `pixels`, which holds the whole picture row by row. Rectangles
    /// are clipped; a slice of another size changes nothing.
    pub fn update(&mut self, pixels: &[u32], changed: &[PixelRect]) {
        if pixels.len() != self.pixels.len() {
            return;
        }
        let whole = PixelRect { x: 0, y: 0, width: self.width as u32, height: self.height as u32 };
        for rect in changed.iter().filter_map(|rect| rect.intersect(&whole)) {
            for row in rect.rows() {
                let span = row * self.width + rect.columns().start..row * self.width + rect.columns().end;
                if let (Some(from), Some(to)) = (pixels.get(span.clone()), self.pixels.get_mut(span)) {
                    to.copy_from_slice(from);
                }
            }
            self.change(rect);
        }
    }

    /// Shows the sharer's pointer like this, or not at all.
    pub fn set_cursor(&mut self, cursor: Option<CursorImage>) {
        self.cursor_changed();
        self.cursor = cursor.filter(|c| c.bgra.len() == usize::from(c.width) * usize::from(c.height) * 4);
        self.cursor_changed();
    }

    /// Shows the sharer's pointer here, in pixels of the picture.
    pub fn move_cursor(&mut self, x: u32, y: u32) {
        self.cursor_changed();
        self.cursor_at = (x, y);
        self.cursor_changed();
    }

    /// How big the picture is shown.
    #[must_use]
    pub fn scaling(&self) -> Scaling {
        self.scaling
    }

    /// Changes how big the picture is shown; [`crate::Shell::redraw`] belongs to it.
    pub fn set_scaling(&mut self, scaling: Scaling) {
        self.scaling = scaling;
        self.everything_changed = true;
    }

    /// Gives the picture the rest of this ui's space. Widgets drawn afterwards lie above it.
    pub fn show(&mut self, ui: &mut egui::Ui) -> egui::Response {
        let rect = ui.available_rect_before_wrap();
        let response = ui.allocate_rect(rect, egui::Sense::hover());
        let scale = ui.ctx().pixels_per_point();
        let pixel = |points: f32| (points * scale).round().max(0.0) as u32;
        let (x, y) = (pixel(rect.min.x), pixel(rect.min.y));
        let area = PixelRect { x, y, width: pixel(rect.max.x) - x, height: pixel(rect.max.y) - y };
        self.place(area);
        response
    }

    fn place(&mut self, area: PixelRect) {
        let view = (self.width > 0 && self.height > 0 && area.width > 0 && area.height > 0).then(|| {
            let (room_x, room_y) = (area.width as usize, area.height as usize);
            let (width, height) = match self.scaling {
                Scaling::OneToOne => (self.width, self.height),
                Scaling::Fit if room_x * self.height <= room_y * self.width => {
                    (room_x, (self.height * room_x / self.width).max(1))
                }
                Scaling::Fit => ((self.width * room_y / self.height).max(1), room_y),
            };
            self.scroll.0 = self.scroll.0.min(width.saturating_sub(room_x));
            self.scroll.1 = self.scroll.1.min(height.saturating_sub(room_y));
            let margin = |room: usize, side: usize, scroll: usize| {
                if side < room { ((room - side) / 2) as i64 } else { -(scroll as i64) }
            };
            let left = i64::from(area.x) + margin(room_x, width, self.scroll.0);
            let top = i64::from(area.y) + margin(room_y, height, self.scroll.1);
            View { area, left, top, width, height }
        });
        if view != self.view {
            self.view = view;
            self.everything_changed = true;
        }
    }

    /// Scrolls a picture that is larger than its place by as little as makes this pixel visible, with some
    /// room around it. `true` if the place changed; [`crate::Shell::present`] then shows it.
    pub fn scroll_to_show(&mut self, x: u32, y: u32) -> bool {
        const ROOM: usize = 48;
        let Some(view) = self.view else { return false };
        let follow = |at: usize, scroll: usize, room: usize, side: usize| {
            let margin = ROOM.min(room.saturating_sub(1) / 2);
            let (low, high) = ((at + margin + 1).saturating_sub(room), at.saturating_sub(margin));
            scroll.clamp(low, high.max(low)).min(side.saturating_sub(room))
        };
        let scroll = (
            follow(x as usize, self.scroll.0, view.area.width as usize, view.width),
            follow(y as usize, self.scroll.1, view.area.height as usize, view.height),
        );
        let moved = self.scaling == Scaling::OneToOne && scroll != self.scroll;
        if moved {
            self.scroll = scroll;
            self.place(view.area);
        }
        moved
    }

    /// The picture's pixel beneath this place in the window (pixels, as winit reports them); `None` beside it.
    #[must_use]
    pub fn pixel_at(&self, x: f64, y: f64) -> Option<(u16, u16)> {
        let view = self.view?;
        let area = view.area;
        let inside_area = (f64::from(area.x)..f64::from(area.x + area.width)).contains(&x)
            && (f64::from(area.y)..f64::from(area.y + area.height)).contains(&y);
        let inside = (0.0..view.width as f64).contains(&(x - view.left as f64))
            && (0.0..view.height as f64).contains(&(y - view.top as f64));
        (inside_area && inside).then(|| self.nearest_pixel(x, y)).flatten()
    }

    /// The picture's pixel nearest to this place in the window, for drags that leave the picture.
    #[must_use]
    pub fn nearest_pixel(&self, x: f64, y: f64) -> Option<(u16, u16)> {
        let view = self.view?;
        let map = |at: f64, start: i64, shown: usize, side: usize| {
            let pixel = (at - start as f64) * side as f64 / shown as f64;
            pixel.clamp(0.0, (side - 1) as f64) as u16
        };
        Some((map(x, view.left, view.width, self.width), map(y, view.top, view.height, self.height)))
    }

    /// Screen pixels a picture pixel, 1.0 for one to one.
    #[must_use]
    pub fn zoom(&self) -> f32 {
        self.view.map_or(1.0, |view| view.width as f32 / self.width as f32)
    }

    /// What of the window changed since this was last asked, in pixels of the window.
    pub(crate) fn take_changes(&mut self) -> Vec<PixelRect> {
        let changed = std::mem::take(&mut self.changed);
        let Some(view) = self.view else { return Vec::new() };
        if std::mem::take(&mut self.everything_changed) {
            return vec![view.area];
        }
        changed
    }

    /// Draws the part of the place that `clip` covers into a window's pixels.
    pub(crate) fn paint(&mut self, target: &mut [u32], stride: usize, clip: PixelRect) {
        let Some(view) = self.view else { return };
        let Some(clip) = clip.intersect(&view.area) else { return };
        for row in clip.rows() {
            if let Some(line) =
                target.get_mut(row * stride + clip.columns().start..row * stride + clip.columns().end)
            {
                line.fill(SURROUND);
            }
        }
        let part = |range: std::ops::Range<usize>, start: i64, len: usize| {
            let from = (range.start as i64 - start).clamp(0, len as i64) as usize;
            from..(range.end as i64 - start).clamp(from as i64, len as i64) as usize
        };
        let columns = part(clip.columns(), view.left, view.width);
        let rows = part(clip.rows(), view.top, view.height);
        if columns.is_empty() || rows.is_empty() {
            return;
        }
        let left = (view.left + columns.start as i64) as usize;
        let mut put = |row: usize, line: &[u32]| {
            let at = (view.top + row as i64) as usize * stride + left;
            if let Some(target) = target.get_mut(at..at + line.len()) {
                target.copy_from_slice(line);
            }
        };
        if (view.width, view.height) == (self.width, self.height) {
            for row in rows {
                let at = row * self.width;
                put(row, self.pixels.get(at + columns.start..at + columns.end).unwrap_or_default());
            }
        } else {
            let (source, shown) = ((self.width, self.height), (view.width, view.height));
            let scaler = self.scaler.take().filter(|scaler| scaler.matches(source, shown));
            let scaler = self.scaler.insert(scaler.unwrap_or_else(|| Scaler::new(source, shown)));
            scaler.scale(&self.pixels, columns, rows, put);
        }
        self.paint_cursor(view, target, stride, clip);
    }

    /// These pixels of the picture changed.
    fn change(&mut self, rect: PixelRect) {
        let Some(view) = self.view else { return };
        let (columns, rows) = if (view.width, view.height) == (self.width, self.height) {
            (rect.columns(), rect.rows())
        } else if let Some(scaler) = &self.scaler {
            (scaler.x.targets(rect.columns()), scaler.y.targets(rect.rows()))
        } else {
            self.everything_changed = true;
            return;
        };
        let (width, height) = (columns.len() as u32, rows.len() as u32);
        self.change_shown(view.left + columns.start as i64, view.top + rows.start as i64, width, height);
    }

    /// These pixels of the window changed.
    fn change_shown(&mut self, left: i64, top: i64, width: u32, height: u32) {
        let Some(view) = self.view else { return };
        let right = u32::try_from(left + i64::from(width)).unwrap_or(0);
        let bottom = u32::try_from(top + i64::from(height)).unwrap_or(0);
        let (x, y) = (left.max(0) as u32, top.max(0) as u32);
        let shown = PixelRect { x, y, width: right.saturating_sub(x), height: bottom.saturating_sub(y) };
        self.changed.extend(shown.intersect(&view.area));
    }

    /// Where the pointer's picture lies in the window: its top left corner.
    fn cursor_corner(&self, view: View, cursor: &CursorImage) -> (i64, i64) {
        let map = |at: u32, shown: usize, side: usize| (u64::from(at) * shown as u64 / side as u64) as i64;
        (
            view.left + map(self.cursor_at.0, view.width, self.width) - i64::from(cursor.hot_x),
            view.top + map(self.cursor_at.1, view.height, self.height) - i64::from(cursor.hot_y),
        )
    }

    fn cursor_changed(&mut self) {
        if let (Some(view), Some(cursor)) = (self.view, &self.cursor) {
            let (left, top) = self.cursor_corner(view, cursor);
            let (width, height) = (u32::from(cursor.width), u32::from(cursor.height));
            self.change_shown(left, top, width, height);
        }
    }

    fn paint_cursor(&self, view: View, target: &mut [u32], stride: usize, clip: PixelRect) {
        let Some(cursor) = &self.cursor else { return };
        let (left, top) = self.cursor_corner(view, cursor);
        let (columns, rows) = (clip.columns(), clip.rows());
        for (row, line) in cursor.bgra.chunks_exact(usize::from(cursor.width).max(1) * 4).enumerate() {
            let Some(y) = usize::try_from(top + row as i64).ok().filter(|y| rows.contains(y)) else {
                continue;
            };
            for (column, pixel) in line.chunks_exact(4).enumerate() {
                let x = usize::try_from(left + column as i64).ok().filter(|x| columns.contains(x));
                let (Some(x), [b, g, r, a]) = (x, pixel) else { continue };
                if let Some(below) = target.get_mut(y * stride + x) {
                    *below = over(u32::from_le_bytes([*b, *g, *r, *a]), *below);
                }
            }
        }
    }
}

/// A premultiplied pixel (0xAARRGGBB) laid over an opaque one.
pub(crate) fn over(pixel: u32, below: u32) -> u32 {
    let rest = 255 - (pixel >> 24);
    let scale = |channels: u32| {
        let scaled = (channels & 0x00ff_00ff) * rest + 0x0080_0080;
        ((scaled + (scaled >> 8 & 0x00ff_00ff)) >> 8) & 0x00ff_00ff
    };
    let below = scale(below) | (scale(below >> 8 & 0xff) << 8);
    let add = |mask: u32| ((pixel & mask) + (below & mask)).min(mask) & mask;
    add(0xff) | add(0xff00) | add(0x00ff_0000)
}

#[cfg(test)]
mod tests {
    use super::*;

    const WINDOW: usize = 20;

    fn picture(width: u32, height: u32, area: PixelRect) -> Picture {
        let mut picture = Picture::new();
        picture.reset(width, height);
        let pixels: Vec<u32> = (0..width * height).collect();
        picture.update(&pixels, &[PixelRect { x: 0, y: 0, width, height }]);
        picture.place(area);
        picture
    }

    fn painted(picture: &mut Picture) -> Vec<u32> {
        let mut window = vec![1; WINDOW * WINDOW];
        for rect in picture.take_changes() {
            picture.paint(&mut window, WINDOW, rect);
        }
        window
    }

    const AREA: PixelRect = PixelRect { x: 2, y: 4, width: 16, height: 16 };

    #[test]
    fn a_small_picture_is_enlarged_whole_and_centred() {
        let mut picture = picture(8, 4, AREA);
        assert_eq!(picture.pixel_at(2.0, 3.9), None, "above its place");
        assert_eq!(picture.pixel_at(2.0, 7.9), None, "beside it in its place");
        assert_eq!(picture.pixel_at(2.0, 8.0), Some((0, 0)));
        assert_eq!(picture.pixel_at(17.9, 15.9), Some((7, 3)));
        assert_eq!(picture.nearest_pixel(-50.0, 500.0), Some((0, 3)));
        let window = painted(&mut picture);
        assert_eq!(window[4 * WINDOW + 2], SURROUND);
        assert_eq!(window[8 * WINDOW + 2], 0);
        assert_eq!(window[15 * WINDOW + 17], 31);
        assert_eq!(window[3 * WINDOW + 2], 1, "outside its place nothing is drawn");
    }

    #[test]
    fn one_to_one_scrolls_to_what_is_asked_for() {
        let mut picture = picture(300, 200, AREA);
        picture.set_scaling(Scaling::OneToOne);
        picture.place(AREA);
        assert_eq!(picture.pixel_at(2.0, 4.0), Some((0, 0)));
        assert!(picture.scroll_to_show(299, 199));
        assert_eq!(picture.pixel_at(17.0, 19.0), Some((299, 199)));
        assert!(!picture.scroll_to_show(299, 199));
        assert_eq!(painted(&mut picture)[19 * WINDOW + 17], 199 * 300 + 299);
    }

    #[test]
    fn only_what_changed_is_drawn_again() {
        let mut picture = picture(16, 16, AREA);
        assert_eq!(picture.take_changes(), [AREA]);
        assert_eq!(picture.take_changes(), []);
        let rect = PixelRect { x: 3, y: 5, width: 2, height: 1 };
        picture.update(&vec![7; 256], &[rect, PixelRect { x: 16, y: 0, width: 5, height: 5 }]);
        assert_eq!(picture.take_changes(), [PixelRect { x: 5, y: 9, width: 2, height: 1 }]);
        picture.update(&[7; 3], &[rect]);
        assert_eq!(picture.take_changes(), [], "pixels of another size are not taken");
    }

    #[test]
    fn a_moved_cursor_leaves_nothing_behind() {
        let mut picture = picture(16, 16, AREA);
        let before = painted(&mut picture);
        let bgra = [0, 0, 255, 255].repeat(4);
        picture.set_cursor(Some(CursorImage { width: 2, height: 2, hot_x: 1, hot_y: 1, bgra }));
        picture.move_cursor(0, 0);
        let mut window = before.clone();
        for rect in picture.take_changes() {
            picture.paint(&mut window, WINDOW, rect);
        }
        assert_eq!(window[4 * WINDOW + 2], 0x00ff_0000);
        picture.set_cursor(None);
        for rect in picture.take_changes() {
            picture.paint(&mut window, WINDOW, rect);
        }
        assert_eq!(window, before);
    }

    #[test]
    fn laying_over_is_exact_at_both_ends_and_rounds_between() {
        assert_eq!(over(0, 0x0012_3456), 0x0012_3456);
        assert_eq!(over(0xff65_4321, 0x0012_3456), 0x0065_4321);
        assert_eq!(over(0x8000_0000, 0x00ff_ffff), 0x007f_7f7f);
    }
}
