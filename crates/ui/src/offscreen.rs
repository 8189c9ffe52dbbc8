//! Draws widgets into memory, exactly as a window would show them: for pictures of every state of a
//! program, in tests and in the documentation.

use crate::layer::Layer;
use crate::picture::{Picture, PixelRect};
use crate::{ThemeChoice, access, theme};

/// Draws a window of this size (in points) at this scale; gives width and height in pixels and the pixels
/// as 0x00RRGGBB. `draw` is called three times, so that what egui measures first is settled.
pub fn draw_offscreen(
    size: (f32, f32),
    scale: f32,
    choice: ThemeChoice,
    mut draw: impl FnMut(&mut egui::Ui),
) -> (u32, u32, Vec<u32>) {
    draw_offscreen_over(&mut Picture::new(), size, scale, choice, |ui, _| draw(ui))
}

/// The same for a window with a picture beneath its widgets.
pub fn draw_offscreen_over(
    picture: &mut Picture,
    (width, height): (f32, f32),
    scale: f32,
    choice: ThemeChoice,
    mut draw: impl FnMut(&mut egui::Ui, &mut Picture),
) -> (u32, u32, Vec<u32>) {
    let ctx = egui::Context::default();
    theme::apply(&ctx, choice);
    let mut layer = Layer::default();
    let (columns, rows) = ((width * scale).round().max(1.0) as u32, (height * scale).round().max(1.0) as u32);
    for pass in 0..3u8 {
        let mut input = egui::RawInput {
            screen_rect: Some(egui::Rect::from_min_size(egui::Pos2::ZERO, egui::vec2(width, height))),
            time: Some(f64::from(pass)),
            focused: true,
            ..Default::default()
        };
        input.viewports.entry(egui::ViewportId::ROOT).or_default().native_pixels_per_point = Some(scale);
        let output = ctx.run_ui(input, |ui| {
            access::begin_pass(ui.ctx());
            draw(ui, picture);
        });
        let scale = output.pixels_per_point;
        layer.draw(&ctx, (columns, rows), output.shapes, &output.textures_delta, scale);
    }
    let mut pixels = vec![0; columns as usize * rows as usize];
    let whole = PixelRect { x: 0, y: 0, width: columns, height: rows };
    layer.overlay.compose(&mut pixels, theme::background(&ctx), Some(picture), whole);
    (columns, rows, pixels)
}
