//! Nothing to do but wait.

use deskside_net::customer::Stage;
use deskside_ui::egui::Ui;
use deskside_ui::theme::UNIT;
use deskside_ui::widgets::{self, Button, Kind};

use crate::model::Act;

pub(super) fn connecting(ui: &mut Ui, stage: Stage, acts: &mut Vec<Act>) {
    widgets::title(ui, "Connecting …");
    ui.add_space(UNIT);
    let current = match stage {
        Stage::LookingUp => 0,
        Stage::Connecting => 1,
        Stage::Securing => 2,
    };
    widgets::steps(
        ui,
        &[
            "Looking for the session that the code belongs to",
            "Connecting to your helper",
            "Checking who the helper is",
        ],
        current,
    );
    ui.add_space(UNIT);
    if ui.add(Button::new(Kind::Secondary, "Cancel")).clicked() {
        acts.push(Act::Stop);
    }
}

pub(super) fn plain(ui: &mut Ui, words: &str) {
    widgets::title(ui, words);
}
