//! Draws widgets into memory, exactly as a window would show them: for pictures of every state of a
//! program, in tests and in the documentation.

use egui_software_backend::{BufferMutRef, ColorFieldOrder, EguiSoftwareRender};

use crate::compose::Overlay;
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
    let mut renderer = EguiSoftwareRender::new(ColorFieldOrder::Bgra);
    let mut overlay = Overlay::default();
    let (columns, rows) =
        ((width * scale).round().max(1.0) as usize, (height * scale).round().max(1.0) as usize);
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
        let shapes = ctx.tessellate(output.shapes, output.pixels_per_point);
        let mut target = BufferMutRef::new(overlay.clear(columns, rows), columns, rows);
        renderer.render(&mut target, &shapes, &output.textures_delta, output.pixels_per_point);
    }
    let mut pixels = vec![0; columns * rows];
    let whole = PixelRect { x: 0, y: 0, width: columns as u32, height: rows as u32 };
    overlay.compose(&mut pixels, theme::background(&ctx), Some(picture), whole);
    (columns as u32, rows as u32, pixels)
}
