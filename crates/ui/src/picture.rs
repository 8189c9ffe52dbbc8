//! The remote picture: its pixels, where it lies in a window, and what of it changed.

mod canvas;
mod place;

use std::ops::Range;

pub use canvas::Canvas;
pub use place::Scaling;

use crate::scale::Scaler;
use place::Place;

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
    pub(crate) fn columns(&self) -> Range<usize> {
        self.x as usize..(self.x + self.width) as usize
    }

    pub(crate) fn rows(&self) -> Range<usize> {
        self.y as usize..(self.y + self.height) as usize
    }

    fn contains(&self, x: f64, y: f64) -> bool {
        (f64::from(self.x)..f64::from(self.x + self.width)).contains(&x)
            && (f64::from(self.y)..f64::from(self.y + self.height)).contains(&y)
    }

    /// The smallest one that holds both.
    pub(crate) fn around(self, other: Self) -> Self {
        let (x, y) = (self.x.min(other.x), self.y.min(other.y));
        let right = (self.x + self.width).max(other.x + other.width);
        let bottom = (self.y + self.height).max(other.y + other.height);
        Self { x, y, width: right - x, height: bottom - y }
    }

    /// A rectangle of egui's at so many pixels a point.
    fn of(rect: egui::Rect, scale: f32) -> Self {
        let pixel = |points: f32| (points * scale).round().max(0.0) as u32;
        let (x, y) = (pixel(rect.min.x), pixel(rect.min.y));
        let (right, bottom) = (pixel(rect.max.x), pixel(rect.max.y));
        Self { x, y, width: right.saturating_sub(x), height: bottom.saturating_sub(y) }
    }

    /// The pixels that a rectangle of egui's touches, however little.
    pub(crate) fn around_points(rect: egui::Rect, scale: f32) -> Self {
        let (min, max) = (rect.min * scale, rect.max * scale);
        let (x, y) = (min.x.floor().max(0.0) as u32, min.y.floor().max(0.0) as u32);
        let (right, bottom) = (max.x.ceil().max(0.0) as u32, max.y.ceil().max(0.0) as u32);
        Self { x, y, width: right.saturating_sub(x), height: bottom.saturating_sub(y) }
    }

    /// A rectangle of egui's that touches these pixels and, whatever it is rounded to, no other ones.
    pub(crate) fn in_points(&self, scale: f32) -> egui::Rect {
        let (x, y) = (self.x as f32, self.y as f32);
        let (right, bottom) = (x + self.width as f32, y + self.height as f32);
        let rect = egui::Rect::from_min_max(egui::pos2(x, y), egui::pos2(right, bottom));
        rect.shrink(0.25) / scale
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

/// A picture that lies beneath a window's widgets.
#[derive(Debug, Default)]
pub struct Picture {
    canvas: Canvas,
    /// As the canvas was when the window last looked.
    width: usize,
    height: usize,
    scaling: Scaling,
    scroll: (usize, usize),
    cursor: Option<CursorImage>,
    cursor_at: (u32, u32),
    view: Option<Place>,
    /// What lies above it and takes the pointer.
    covered: Option<PixelRect>,
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

    /// Where its pixels are written.
    #[must_use]
    pub fn canvas(&self) -> Canvas {
        self.canvas.clone()
    }

    /// Finds out what was written to the canvas; [`crate::Shell::present`] then shows it. `true` if another
    /// picture began: its place follows at the next [`Picture::show`], so [`crate::Shell::redraw`] belongs to
    /// it.
    pub fn refresh(&mut self) -> bool {
        let mut sheet = self.canvas.lock();
        sheet.announced = false;
        let changed = std::mem::take(&mut sheet.changed);
        let renewed = std::mem::take(&mut sheet.renewed);
        let size = (sheet.width, sheet.height);
        drop(sheet);
        if renewed {
            self.begin(size);
        } else if size == (self.width, self.height) {
            for rect in changed {
                self.change(rect);
            }
        }
        renewed
    }

    /// Shows what is on the canvas from its beginning, also after [`Picture::forget`].
    pub fn renew(&mut self) {
        self.canvas.lock().renewed = true;
        self.refresh();
    }

    /// Shows nothing until another picture begins.
    pub fn forget(&mut self) {
        self.begin((0, 0));
    }

    fn begin(&mut self, size: (usize, usize)) {
        (self.width, self.height) = size;
        self.scroll = (0, 0);
        self.view = None;
        self.everything_changed = true;
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

    /// Changes how big the picture is shown; [`crate::Shell::redraw`] belongs to it. What lies at this place in
    /// the window (pixels), or in the middle without one, stays there as far as there is something to scroll.
    pub fn set_scaling(&mut self, scaling: Scaling, at: Option<(f64, f64)>) {
        self.scaling = scaling;
        let Some(before) = self.view else { return };
        let middle = |start: u32, side: u32| f64::from(start) + f64::from(side) / 2.0;
        let area = before.area;
        let (x, y) = at.unwrap_or((middle(area.x, area.width), middle(area.y, area.height)));
        let part = before.part_at(x, y);
        self.place(area);
        if let Some(view) = self.view {
            self.scroll = view.scroll_to(part, (x, y));
            self.place(area);
        }
    }

    /// Gives the picture the rest of this ui's space. Widgets drawn afterwards lie above it.
    pub fn show(&mut self, ui: &mut egui::Ui) -> egui::Response {
        let rect = ui.available_rect_before_wrap();
        let response = ui.allocate_rect(rect, egui::Sense::hover());
        self.place(PixelRect::of(rect, ui.ctx().pixels_per_point()));
        response
    }

    /// Something lies above this part of the window (points) and takes the pointer: there
    /// [`Picture::pixel_at`] finds nothing. To be called whenever the window is drawn.
    pub fn cover(&mut self, ui: &egui::Ui, rect: Option<egui::Rect>) {
        self.covered = rect.map(|rect| PixelRect::of(rect, ui.ctx().pixels_per_point()));
    }

    fn place(&mut self, area: PixelRect) {
        let view = Place::new(area, (self.width, self.height), self.scaling, &mut self.scroll);
        if view != self.view {
            self.view = view;
            self.everything_changed = true;
        }
    }

    /// Scrolls a picture that is larger than its place by as little as makes this pixel visible, with some
    /// room around it. `true` if the place changed; [`crate::Shell::present`] then shows it.
    pub fn scroll_to_show(&mut self, x: u32, y: u32) -> bool {
        self.view.is_some_and(|view| self.scroll_to(view.scroll_to_show(x, y, self.scroll)))
    }

    /// Moves a picture that is larger than its place by so many pixels of the window. `true` if the place
    /// changed; [`crate::Shell::present`] then shows it.
    pub fn pan(&mut self, right: i64, down: i64) -> bool {
        let Some(view) = self.view else { return false };
        let to = |scroll: usize, by: i64, most: usize| (scroll as i64 - by).clamp(0, most as i64) as usize;
        let (most_x, most_y) = view.overflow();
        self.scroll_to((to(self.scroll.0, right, most_x), to(self.scroll.1, down, most_y)))
    }

    fn scroll_to(&mut self, scroll: (usize, usize)) -> bool {
        let before = self.view;
        self.scroll = scroll;
        if let Some(view) = before {
            self.place(view.area);
        }
        self.view != before
    }

    /// Whether there is more of the picture than its place shows.
    #[must_use]
    pub fn overflows(&self) -> bool {
        self.view.is_some_and(|view| view.overflow() != (0, 0))
    }

    /// The picture's pixel beneath this place in the window (pixels, as winit reports them); `None` beside it
    /// and where it is covered.
    #[must_use]
    pub fn pixel_at(&self, x: f64, y: f64) -> Option<(u16, u16)> {
        let view = self.view.filter(|view| view.contains(x, y))?;
        let covered = self.covered.is_some_and(|covered| covered.contains(x, y));
        (!covered).then(|| view.nearest_pixel(x, y))
    }

    /// The picture's pixel nearest to this place in the window, for drags that leave the picture.
    #[must_use]
    pub fn nearest_pixel(&self, x: f64, y: f64) -> Option<(u16, u16)> {
        self.view.map(|view| view.nearest_pixel(x, y))
    }

    /// Screen pixels a picture pixel, 1.0 for one to one.
    #[must_use]
    pub fn zoom(&self) -> f32 {
        self.view.map_or(1.0, |view| view.width as f32 / self.width as f32)
    }

    /// Whether nothing but the picture and what surrounds it lies in this part of the window.
    pub(crate) fn fills(&self, part: PixelRect) -> bool {
        self.view.is_some_and(|view| part.intersect(&view.area) == Some(part))
    }

    /// Where in the window it lies, with what surrounds it; `None` while nothing of it is shown.
    pub(crate) fn area(&self) -> Option<PixelRect> {
        self.view.map(|view| view.area)
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
        let sheet = self.canvas.lock();
        if (sheet.width, sheet.height) != (self.width, self.height) {
            // Another picture has begun meanwhile; it comes with the next refresh.
            return surround(target, stride, clip, 0..0, 0..0);
        }
        let part = |range: Range<usize>, start: i64, len: usize| {
            let from = (range.start as i64 - start).clamp(0, len as i64);
            from as usize..(range.end as i64 - start).clamp(from, len as i64) as usize
        };
        let columns = part(clip.columns(), view.left, view.width);
        let rows = part(clip.rows(), view.top, view.height);
        let left = (view.left + columns.start as i64).max(0) as usize;
        let top = (view.top + rows.start as i64).max(0) as usize;
        surround(target, stride, clip, left..left + columns.len(), top..top + rows.len());
        if columns.is_empty() || rows.is_empty() {
            return;
        }
        let out = target.get_mut(top * stride + left..).unwrap_or_default();
        if view.is_one_to_one() {
            for (row, line) in rows.zip(out.chunks_mut(stride)) {
                let from = sheet.pixels.get(row * self.width + columns.start..row * self.width + columns.end);
                if let (Some(line), Some(from)) = (line.get_mut(..columns.len()), from) {
                    line.copy_from_slice(from);
                }
            }
        } else {
            let (source, shown) = ((self.width, self.height), (view.width, view.height));
            let scaler = self.scaler.take().filter(|scaler| scaler.matches(source, shown));
            let scaler = self.scaler.insert(scaler.unwrap_or_else(|| Scaler::new(source, shown)));
            scaler.scale(&sheet.pixels, columns, rows, out, stride);
        }
        drop(sheet);
        self.paint_cursor(view, target, stride, clip);
    }

    /// These pixels of the picture changed.
    fn change(&mut self, rect: PixelRect) {
        let Some(view) = self.view else { return };
        let shown = (view.width, view.height);
        let scaler = self.scaler.as_ref().filter(|scaler| scaler.matches((self.width, self.height), shown));
        let (columns, rows) = if view.is_one_to_one() {
            (rect.columns(), rect.rows())
        } else if let Some(scaler) = scaler {
            scaler.targets(rect.columns(), rect.rows())
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
    fn cursor_corner(&self, view: Place, cursor: &CursorImage) -> (i64, i64) {
        let (x, y) = view.of_pixel(self.cursor_at.0, self.cursor_at.1);
        (x - i64::from(cursor.hot_x), y - i64::from(cursor.hot_y))
    }

    fn cursor_changed(&mut self) {
        if let (Some(view), Some(cursor)) = (self.view, &self.cursor) {
            let (left, top) = self.cursor_corner(view, cursor);
            let (width, height) = (u32::from(cursor.width), u32::from(cursor.height));
            self.change_shown(left, top, width, height);
        }
    }

    fn paint_cursor(&self, view: Place, target: &mut [u32], stride: usize, clip: PixelRect) {
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

/// Fills what of `clip` lies around the picture, which is at these columns and rows of the window.
fn surround(target: &mut [u32], stride: usize, clip: PixelRect, columns: Range<usize>, rows: Range<usize>) {
    let clipped = clip.columns();
    for row in clip.rows() {
        let sides = if rows.contains(&row) {
            [clipped.start..columns.start, columns.end..clipped.end]
        } else {
            [clipped.clone(), 0..0]
        };
        for side in sides {
            let line = target.get_mut(row * stride + side.start..row * stride + side.end);
            line.unwrap_or_default().fill(SURROUND);
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
        picture.canvas().begin(width, height);
        let pixels: Vec<u32> = (0..width * height).collect();
        write(&mut picture, &pixels, &[PixelRect { x: 0, y: 0, width, height }]);
        picture.place(area);
        picture
    }

    fn write(picture: &mut Picture, pixels: &[u32], changed: &[PixelRect]) {
        let width = picture.canvas().look(|width, _, _| width);
        picture.canvas().write(width, pixels, changed.iter().copied());
        picture.refresh();
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
        picture.set_scaling(Scaling::Percent(100), Some((2.0, 4.0)));
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
        write(&mut picture, &vec![7; 256], &[rect, PixelRect { x: 16, y: 0, width: 5, height: 5 }]);
        assert_eq!(picture.take_changes(), [PixelRect { x: 5, y: 9, width: 2, height: 1 }]);
        write(&mut picture, &[7; 3], &[rect]);
        assert_eq!(picture.take_changes(), [], "pixels of another size are not taken");
        picture.forget();
        write(&mut picture, &vec![8; 256], &[rect]);
        assert_eq!(
            (picture.size(), picture.take_changes()),
            ((0, 0), vec![]),
            "what was forgotten stays away"
        );
        picture.renew();
        picture.place(AREA);
        assert_eq!(painted(&mut picture)[9 * WINDOW + 5], 8, "until it is shown anew");
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
