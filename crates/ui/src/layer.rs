//! The widgets of a window as pixels. Only what changed since they were last drawn is drawn anew: a clock in a
//! bar must not cost what a whole window costs while a picture beneath it moves.

use egui::epaint::{ClippedShape, Mesh, Primitive, Shape, textures::TexturesDelta};
use egui_software_backend::{BufferMutRef, ColorFieldOrder, EguiSoftwareRender};

use crate::compose::Overlay;
use crate::picture::PixelRect;

/// What a shape's pixels may lie outside of its bounds: soft edges, shadows, lines beneath a text. In points.
const MARGIN: f32 = 8.0;

/// The rasteriser draws what is larger less exactly, and from twice as much on not at all. In pixels.
const LARGEST: f32 = 4096.0;

/// Widgets, as they were last drawn.
pub(crate) struct Layer {
    renderer: EguiSoftwareRender,
    pub(crate) overlay: Overlay,
    shown: Vec<ClippedShape>,
    scale: f32,
}

impl Default for Layer {
    fn default() -> Self {
        // Without a cache it draws straight into the overlay, and only where it may.
        let renderer = EguiSoftwareRender::new(ColorFieldOrder::Bgra).with_caching(false);
        Self { renderer, overlay: Overlay::default(), shown: Vec::new(), scale: 0.0 }
    }
}

impl Layer {
    /// Draws what egui wants in a window of this many pixels. Gives the part of the window that may look
    /// different from before, if there is one.
    pub(crate) fn draw(
        &mut self,
        ctx: &egui::Context,
        (width, height): (u32, u32),
        shapes: Vec<ClippedShape>,
        textures: &TexturesDelta,
        scale: f32,
    ) -> Option<PixelRect> {
        let whole = PixelRect { x: 0, y: 0, width, height };
        // Glyphs are added to the font's texture, which changes nothing that was drawn. An image may change.
        let images = textures.set.iter().any(|(texture, _)| *texture != egui::TextureId::default());
        let part = if images || self.scale != scale || !self.overlay.is_sized(width, height) {
            Some(whole)
        } else {
            let changed = changed(&self.shown, &shapes);
            changed.and_then(|rect| PixelRect::around_points(rect, scale).intersect(&whole))
        };
        let clipped = shapes.iter().filter_map(|shape| clip(shape, part?, scale)).collect();
        let mut primitives = ctx.tessellate(clipped, scale);
        for primitive in &mut primitives {
            primitive.clip_rect = primitive.clip_rect.shrink(MARGIN);
            if let Primitive::Mesh(mesh) = &mut primitive.primitive
                && is_large(mesh.calc_bounds(), scale)
            {
                *mesh = cropped(mesh, primitive.clip_rect);
            }
        }
        self.overlay.redraw((width, height), part, |pixels| {
            let mut target = BufferMutRef::new(pixels, width as usize, height as usize);
            // The textures are the renderer's to keep, also when there is nothing to draw.
            self.renderer.render(&mut target, &primitives, textures, scale);
        });
        self.shown = shapes;
        self.scale = scale;
        part
    }
}

/// A shape as far as it lies in this part. It is clipped by whole pixels, as the renderer does. The tessellator leaves
/// out what it thinks to be outside, by bounds that have no margin, so it gets one with the clip.
fn clip(shape: &ClippedShape, part: PixelRect, scale: f32) -> Option<ClippedShape> {
    let pixels = PixelRect::around_points(shape.clip_rect, scale).intersect(&part)?;
    let clip_rect = pixels.in_points(scale).expand(MARGIN);
    let shape = clip_rect.intersects(bounds(shape)).then(|| shape.shape.clone())?;
    Some(ClippedShape { clip_rect, shape: short(shape, clip_rect, scale) })
}

/// Where the shapes of two lists differ, in points.
fn changed(before: &[ClippedShape], after: &[ClippedShape]) -> Option<egui::Rect> {
    let same = |pairs: &mut dyn Iterator<Item = (&ClippedShape, &ClippedShape)>| {
        pairs.take_while(|(before, after)| before == after).count()
    };
    let first = same(&mut before.iter().zip(after));
    let (before, after) = (before.get(first..)?, after.get(first..)?);
    let last = same(&mut before.iter().rev().zip(after.iter().rev()));
    let middle = |list: &[ClippedShape]| -> egui::Rect {
        let differing = list.iter().take(list.len() - last);
        differing.map(bounds).fold(egui::Rect::NOTHING, egui::Rect::union)
    };
    let rect = middle(before).union(middle(after));
    rect.is_positive().then_some(rect)
}

/// Where a shape is seen, in points.
fn bounds(shape: &ClippedShape) -> egui::Rect {
    if let Shape::Text(text) = &shape.shape
        && text.galley.is_empty()
    {
        return egui::Rect::NOTHING;
    }
    let seen = shape.shape.visual_bounding_rect().expand(MARGIN).intersect(shape.clip_rect);
    if seen.is_positive() { seen } else { egui::Rect::NOTHING }
}

fn is_large(rect: egui::Rect, scale: f32) -> bool {
    rect.size().max_elem() * scale > LARGEST
}

/// A frame that is far larger than what is seen of it ends a little outside of that.
fn short(mut shape: Shape, clip_rect: egui::Rect, scale: f32) -> Shape {
    if let Shape::Rect(frame) = &mut shape
        && is_large(frame.rect, scale)
        && frame.brush.is_none()
        && frame.angle == 0.0
    {
        let corner = frame.corner_radius;
        let corner = corner.nw.max(corner.ne).max(corner.sw).max(corner.se);
        let outside = f32::from(corner) + frame.stroke.width + frame.blur_width;
        frame.rect = frame.rect.intersect(clip_rect.expand(outside));
    }
    shape
}

/// What of a mesh is seen: a text that goes on for long beside what is seen of it would make it too large.
fn cropped(mesh: &Mesh, seen: egui::Rect) -> Mesh {
    let mut kept = Mesh::with_texture(mesh.texture_id);
    let vertex = |index: &u32| mesh.vertices.get(*index as usize).copied();
    for triangle in mesh.indices.as_chunks::<3>().0 {
        let corners: Vec<_> = triangle.iter().filter_map(vertex).collect();
        if egui::Rect::from_points(&corners.iter().map(|corner| corner.pos).collect::<Vec<_>>())
            .intersects(seen)
        {
            kept.indices.extend((kept.vertices.len() as u32..).take(corners.len()));
            kept.vertices.extend(corners);
        }
    }
    kept
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    const SIZE: (u32, u32) = (400, 300);

    /// A window whose widgets say how far something is.
    struct Desk {
        ctx: egui::Context,
        layer: Layer,
        scale: f32,
        time: f64,
    }

    impl Desk {
        fn new(scale: f32) -> Self {
            let ctx = egui::Context::default();
            crate::theme::apply(&ctx, crate::ThemeChoice::Light);
            Self { ctx, layer: Layer::default(), scale, time: 0.0 }
        }

        fn pass(&mut self, draw: impl FnMut(&mut egui::Ui)) -> egui::FullOutput {
            let size = egui::vec2(SIZE.0 as f32, SIZE.1 as f32) / self.scale;
            let mut input = egui::RawInput {
                screen_rect: Some(egui::Rect::from_min_size(egui::Pos2::ZERO, size)),
                time: Some(self.time),
                ..Default::default()
            };
            self.time += 1.0;
            let viewport = input.viewports.entry(egui::ViewportId::ROOT).or_default();
            viewport.native_pixels_per_point = Some(self.scale);
            self.ctx.run_ui(input, draw)
        }

        /// Draws it, and all of the same with another layer. Gives what part was drawn, and both layers' pixels.
        fn draw(&mut self, draw: impl FnMut(&mut egui::Ui)) -> (Option<PixelRect>, Vec<u32>, Vec<u32>) {
            let output = self.pass(draw);
            let textures = &output.textures_delta;
            let part = self.layer.draw(&self.ctx, SIZE, output.shapes.clone(), textures, self.scale);
            let seen = pixels(&mut self.layer);
            // What is drawn, as if nothing had been drawn before: the renderer has all textures.
            let kept = std::mem::take(&mut self.layer.overlay);
            self.layer.draw(&self.ctx, SIZE, output.shapes, &TexturesDelta::default(), self.scale);
            let whole = pixels(&mut self.layer);
            self.layer.overlay = kept;
            (part, seen, whole)
        }
    }

    fn pixels(layer: &mut Layer) -> Vec<u32> {
        let mut window = vec![0; (SIZE.0 * SIZE.1) as usize];
        let whole = PixelRect { x: 0, y: 0, width: SIZE.0, height: SIZE.1 };
        layer.overlay.compose(&mut window, 0x0012_3456, None, whole);
        window
    }

    /// A veil, a clock, a button, a link, a bar, and something that comes and goes.
    fn widgets(ui: &mut egui::Ui, tick: u32) {
        let veil = egui::Color32::from_black_alpha(100);
        ui.painter().rect_filled(ui.max_rect(), 0.0, veil);
        ui.horizontal(|ui| {
            ui.label(egui::RichText::new(format!("00:{tick:02}")).size(14.0));
            let _button = ui.button("Details");
        });
        ui.add_space(60.0);
        if tick % 3 == 1 {
            egui::Frame::popup(ui.style()).show(ui, |ui| ui.label("Good line, 34 ms"));
        }
        ui.horizontal(|ui| {
            let text = egui::RichText::new("deskside").underline().italics();
            ui.colored_label(egui::Color32::from_rgba_unmultiplied(200, 90, 10, 120), text);
            ui.add(egui::ProgressBar::new(tick as f32 / 12.0).desired_width(100.0));
        });
    }

    #[test]
    fn what_is_drawn_in_parts_looks_like_what_is_drawn_as_a_whole() {
        for scale in [1.0, 1.25, 1.5, 2.0] {
            let mut desk = Desk::new(scale);
            let mut last = Vec::new();
            for tick in 0..12 {
                let (_, seen, whole) = desk.draw(|ui| widgets(ui, tick));
                let wrong = seen.iter().zip(&whole).filter(|(seen, whole)| seen != whole).count();
                assert_eq!(wrong, 0, "at {scale}, pass {tick}");
                assert_ne!(seen, last, "at {scale}, pass {tick}: nothing changed");
                last = seen;
            }
        }
    }

    /// Edges between pixels, parts that scroll, and what is far larger than what is seen of it.
    #[test]
    fn what_is_scrolled_and_what_is_long_is_drawn_in_parts_as_well() {
        let long = "All work and no play. ".repeat(200);
        for scale in [1.0, 1.25, 1.5, 1.75, 2.0] {
            let mut desk = Desk::new(scale);
            for tick in 0..8_u16 {
                let offset = 8500.0 * f32::from(tick) / 7.0;
                let (_, seen, whole) = desk.draw(|ui| {
                    let veil = egui::Color32::from_black_alpha(100);
                    ui.painter().rect_filled(ui.max_rect(), 0.0, veil);
                    let above = egui::Frame::new().fill(egui::Color32::from_black_alpha(60));
                    above.show(ui, |ui| ui.label(format!("Question {tick}")));
                    let area = egui::ScrollArea::vertical().max_height(101.3).vertical_scroll_offset(offset);
                    area.show(ui, |ui| {
                        egui::Frame::popup(ui.style()).show(ui, |ui| {
                            ui.add_space(4500.0);
                            ui.label("Half");
                            ui.add_space(4500.0);
                        })
                    });
                    let mut text = format!("{tick}{long}");
                    ui.add(egui::TextEdit::singleline(&mut text).desired_width(90.0));
                });
                let wrong = seen.iter().zip(&whole).filter(|(seen, whole)| seen != whole).count();
                assert_eq!(wrong, 0, "at {scale}, pass {tick}");
                let pixel =
                    |x: f32, y: f32| whole[(y * scale) as usize * SIZE.0 as usize + (x * scale) as usize];
                let ground = pixel(190.0, 70.0);
                for y in [45.0, 70.0, 95.0] {
                    assert_ne!(pixel(20.0, y), ground, "the long frame at {scale}, pass {tick}");
                }
                let places = (132..150).flat_map(|y| (8..80).map(move |x| (x as f32, y as f32)));
                let colours: HashSet<u32> = places.map(|(x, y)| pixel(x, y)).collect();
                assert!(colours.len() > 20, "the long text at {scale}, pass {tick}: {}", colours.len());
            }
        }
    }

    #[test]
    fn no_more_is_drawn_than_what_changed() {
        let mut desk = Desk::new(1.0);
        let clock = |text: &'static str| {
            move |ui: &mut egui::Ui| {
                ui.add_space(100.0);
                ui.label(text);
                ui.label("below");
            }
        };
        let whole = PixelRect { x: 0, y: 0, width: SIZE.0, height: SIZE.1 };
        assert_eq!(desk.draw(clock("00:01")).0, Some(whole), "the first time");
        assert_eq!(desk.draw(clock("00:01")).0, None);
        let part = desk.draw(clock("00:02")).0.unwrap();
        assert!(part.y > 80 && part.height < 40 && part.width < 60, "{part:?}");
        desk.scale = 1.5;
        assert_eq!(desk.draw(clock("00:02")).0, Some(whole), "another scale");
    }
}
