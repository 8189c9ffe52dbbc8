//! Words on a plate, in the font of the windows.

use deskside_codec::Rect;
use skrifa::instance::{LocationRef, Size};
use skrifa::outline::{DrawSettings, OutlinePen};
use skrifa::{FontRef, GlyphId, MetadataProvider as _};

use super::canvas::{BODY, Canvas, Palette, RIM, SHADES, Spot};

/// Pixels to the em.
const SIZE: f32 = 20.0;
/// From line to line.
const LINE_HEIGHT: f32 = 26.0;
/// Between the letters and the plate's edge.
const PADDING: f32 = 8.0;
/// Longest line.
const MAX_WIDTH: f32 = 420.0;
/// Rows and columns into which a pixel is cut to see how much of it a letter covers.
const FINE: i32 = 4;
/// Lines that a curve becomes.
const FACETS: u8 = 6;

/// The plate with its upper left here, moved so that it lies within the limits if it is not too large;
/// `None` if there is nothing to read.
pub(super) fn plate(at: Spot, text: &str, palette: Palette, limits: Rect) -> Option<Canvas> {
    let font = FontRef::new(epaint_default_fonts::UBUNTU_LIGHT).ok()?;
    let (size, location) = (Size::new(SIZE), LocationRef::default());
    let metrics = font.glyph_metrics(size, location);
    let charmap = font.charmap();
    let glyph = |character: char| charmap.map(character).unwrap_or(GlyphId::NOTDEF);
    let advance = |character: char| metrics.advance_width(glyph(character)).unwrap_or(SIZE / 2.0);
    let lines = lines(text, advance);
    let widest = lines.iter().map(|line| line.chars().map(advance).sum::<f32>()).fold(0.0, f32::max);
    if text.is_empty() || limits.width == 0 || limits.height == 0 {
        return None;
    }
    let width = (widest + 2.0 * PADDING).ceil() as u32;
    let height = (lines.len() as f32 * LINE_HEIGHT + 2.0 * PADDING).ceil() as u32;
    let fit = |at: f32, length: u32, start: u32, room: u32| {
        let last = (start + room).saturating_sub(length).max(start);
        ((at as u32).clamp(start, last), length.min(room))
    };
    let (x, width) = fit(at.0, width, limits.x, limits.width);
    let (y, height) = fit(at.1, height, limits.y, limits.height);
    let mut canvas = Canvas::new(Rect { x, y, width, height }, palette);
    for (inset, value) in [(0, RIM), (2, BODY)] {
        for row in inset..height.saturating_sub(inset) {
            let (from, to) = (x + inset, (x + width).saturating_sub(inset));
            canvas.fill_row((y + row).into(), from.into(), to.into(), |_| value);
        }
    }
    let mut letters = Outline::default();
    let outlines = font.outline_glyphs();
    let ascent = font.metrics(size, location).ascent;
    for (line, number) in lines.iter().zip(0u8..) {
        letters.origin = (x as f32 + PADDING, y as f32 + PADDING + ascent + f32::from(number) * LINE_HEIGHT);
        for character in line.chars() {
            if let Some(outline) = outlines.get(glyph(character)) {
                // A letter that the font cannot draw leaves a gap.
                let drawn = outline.draw(DrawSettings::unhinted(size, location), &mut letters);
                drawn
                    .inspect_err(|error| tracing::debug!(%error, "a letter cannot be drawn"))
                    .unwrap_or_default();
            }
            letters.origin.0 += advance(character);
        }
    }
    letters.fill(&mut canvas);
    Some(canvas)
}

/// The text in lines that are not too long, broken between words where there are any.
fn lines(text: &str, advance: impl Fn(char) -> f32) -> Vec<String> {
    let width = |text: &str| text.chars().map(&advance).sum::<f32>();
    let mut lines = vec![String::new()];
    for word in text.split_inclusive(' ') {
        let line = lines.last().map_or(0.0, |line| width(line));
        if line != 0.0 && MAX_WIDTH < line + width(word.trim_end()) {
            lines.push(String::new());
        }
        for character in word.chars() {
            let line = lines.last().map_or(0.0, |line| width(line));
            if line != 0.0 && MAX_WIDTH < line + advance(character) {
                lines.push(String::new());
            }
            if let Some(line) = lines.last_mut() {
                line.push(character);
            }
        }
    }
    lines
}

/// Outlines of letters as lines from spot to spot.
#[derive(Default)]
struct Outline {
    origin: Spot,
    begun: Spot,
    pen: Spot,
    edges: Vec<(Spot, Spot)>,
}

impl Outline {
    fn spot(&self, x: f32, y: f32) -> Spot {
        (self.origin.0 + x, self.origin.1 - y)
    }

    fn edge_to(&mut self, to: Spot) {
        self.edges.push((self.pen, to));
        self.pen = to;
    }

    /// Fills what the outlines enclose (by the nonzero rule), with as much ink as a pixel is covered.
    fn fill(&self, canvas: &mut Canvas) {
        let full = FINE * FINE;
        let (left, width) = (i64::from(canvas.x), canvas.width as usize);
        for row in canvas.y..canvas.y + canvas.height {
            let mut covered = vec![0; width];
            for fine in 0..FINE {
                let y = row as f32 + (fine as f32 + 0.5) / FINE as f32;
                for (from, to) in self.inside(y) {
                    // In fine columns, whose centres are what counts.
                    let column = |x: f32| ((x - left as f32) * FINE as f32 - 0.5).ceil().max(0.0) as usize;
                    for at in column(from)..column(to).min(width * FINE as usize) {
                        covered[at / FINE as usize] += 1;
                    }
                }
            }
            for (column, covered) in (left..).zip(covered).filter(|(_, covered)| *covered != 0) {
                let shade = u8::try_from((covered * i32::from(SHADES) + full / 2) / full).unwrap_or(SHADES);
                canvas.fill_row(row.into(), column, column + 1, |below| {
                    if below == RIM { RIM } else { BODY + shade }
                });
            }
        }
    }

    /// From where to where a row lies within.
    fn inside(&self, y: f32) -> Vec<(f32, f32)> {
        let mut crossings: Vec<(f32, i32)> = (self.edges.iter())
            .filter(|((_, y0), (_, y1))| (*y0 <= y) != (*y1 <= y))
            .map(|((x0, y0), (x1, y1))| (x0 + (y - y0) / (y1 - y0) * (x1 - x0), if y0 < y1 { 1 } else { -1 }))
            .collect();
        crossings.sort_by(|one, other| one.0.total_cmp(&other.0));
        let mut winding = 0;
        let mut inside = Vec::new();
        for pair in crossings.windows(2) {
            winding += pair[0].1;
            if winding != 0 {
                inside.push((pair[0].0, pair[1].0));
            }
        }
        inside
    }
}

impl OutlinePen for Outline {
    fn move_to(&mut self, x: f32, y: f32) {
        self.begun = self.spot(x, y);
        self.pen = self.begun;
    }

    fn line_to(&mut self, x: f32, y: f32) {
        self.edge_to(self.spot(x, y));
    }

    fn quad_to(&mut self, cx: f32, cy: f32, x: f32, y: f32) {
        // The same curve as a cubic one.
        let (from, control, to) = (self.pen, self.spot(cx, cy), self.spot(x, y));
        let towards =
            |end: Spot| (end.0 + (control.0 - end.0) * 2.0 / 3.0, end.1 + (control.1 - end.1) * 2.0 / 3.0);
        self.cubic(towards(from), towards(to), to);
    }

    fn curve_to(&mut self, cx0: f32, cy0: f32, cx1: f32, cy1: f32, x: f32, y: f32) {
        self.cubic(self.spot(cx0, cy0), self.spot(cx1, cy1), self.spot(x, y));
    }

    fn close(&mut self) {
        self.edge_to(self.begun);
    }
}

impl Outline {
    fn cubic(&mut self, one: Spot, other: Spot, to: Spot) {
        let from = self.pen;
        for facet in 1..=FACETS {
            let t = f32::from(facet) / f32::from(FACETS);
            let u = 1.0 - t;
            let at = |from: f32, one: f32, other: f32, to: f32| {
                u * u * u * from + 3.0 * u * u * t * one + 3.0 * u * t * t * other + t * t * t * to
            };
            self.edge_to((at(from.0, one.0, other.0, to.0), at(from.1, one.1, other.1, to.1)));
        }
    }
}
