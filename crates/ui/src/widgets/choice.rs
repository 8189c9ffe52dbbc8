//! Boxes to tick and buttons of which one is chosen. They say that they were pressed and change nothing: what is
//! ticked is the model's business.

use egui::{CornerRadius, Response, Ui};

/// A box with words beside it.
pub fn tick(ui: &mut Ui, is_ticked: bool, words: &str) -> Response {
    ui.scope(|ui| {
        // Corners of the usual size would make a circle of it, which means something else.
        let widgets = &mut ui.visuals_mut().widgets;
        for look in
            [&mut widgets.inactive, &mut widgets.hovered, &mut widgets.active, &mut widgets.noninteractive]
        {
            look.corner_radius = CornerRadius::same(3);
        }
        let mut shown = is_ticked;
        ui.checkbox(&mut shown, words)
    })
    .inner
}

/// One of several of which one is chosen.
pub fn radio(ui: &mut Ui, is_chosen: bool, words: &str) -> Response {
    ui.radio(is_chosen, words)
}
