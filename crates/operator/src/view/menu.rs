//! The menu of how the picture is shown, with the keys that do the same.

use deskside_proto::journal::Action;
use deskside_proto::marks::Colour;
use deskside_ui::egui::{
    Align2, CornerRadius, Popup, PopupCloseBehavior, Response, Sense, Stroke, StrokeKind, Ui, Vec2,
    WidgetInfo, WidgetType,
};
use deskside_ui::theme::{CONTROL_HEIGHT, Palette, RADIUS, Type, UNIT};
use deskside_ui::widgets;

use super::words;
use crate::model::{Act, Permission, Session, Tool, Zoom};

/// What begins and ends the whole screen, also while the other keys go to the customer.
pub(super) const FULL_SCREEN_KEYS: &str = "Ctrl+Alt+Enter";
const WIDTH: f32 = 256.0;

/// The menu of this button; `shown` is how large the picture is now.
pub(super) fn show(button: &Response, session: &Session, shown: f32, acts: &mut Vec<Act>) {
    Popup::menu(button).close_behavior(PopupCloseBehavior::CloseOnClick).show(|ui| {
        ui.spacing_mut().item_spacing.y = 0.0;
        let mut zoom = |ui: &mut Ui, zoom: Zoom, keys: &str| {
            if entry(ui, &words::zoom_entry(zoom), keys, session.zoom == zoom) {
                acts.push(Act::Zoom(zoom));
            }
        };
        zoom(ui, Zoom::Fit, "Ctrl+0");
        for step in Zoom::STEPS {
            let zoom_to = Zoom::Percent(step);
            let keys = match () {
                () if step == 100 => "Ctrl+1",
                () if Zoom::next(true, shown) == Some(zoom_to) => "Ctrl +",
                () if Zoom::next(false, shown) == Some(zoom_to) => "Ctrl -",
                () => "",
            };
            zoom(ui, zoom_to, keys);
        }
        ui.add_space(UNIT / 2.0);
        ui.separator();
        ui.add_space(UNIT / 2.0);
        let (on, text) = words::full_screen(session.is_full_screen());
        if entry(ui, text, FULL_SCREEN_KEYS, false) {
            acts.push(Act::FullScreen(on));
        }
        if entry(ui, "Show details", "", session.details) {
            acts.push(Act::Details(!session.details));
        }
        demonstration(ui, session, acts);
    });
}

/// The menu of the own screen.
pub(super) fn own_screen(button: &Response, session: &Session, acts: &mut Vec<Act>) {
    Popup::menu(button).close_behavior(PopupCloseBehavior::CloseOnClick).show(|ui| {
        demonstration(ui, session, acts);
        if let Permission::Refused(refusal) = session.demonstrate {
            widgets::small(ui, words::not_shown(refusal));
        }
    });
}

/// The line of a menu that begins or ends showing the own screen.
fn demonstration(ui: &mut Ui, session: &Session, acts: &mut Vec<Act>) {
    let action = Action::Demonstrate;
    let (text, act) = match session.demonstrate {
        Permission::Asking(_) => ("Waiting for the customer… Withdraw", Act::Withdraw(action)),
        Permission::Allowed(_) => ("Stop showing my screen", Act::StopShowing),
        Permission::None | Permission::Refused(_) | Permission::Ended(_) => {
            ("Ask to show my screen", Act::Ask(action))
        }
    };
    if entry(ui, text, "", false) {
        acts.push(act);
    }
}

/// The menu of what can be drawn with.
pub(super) fn drawing(button: &Response, session: &Session, acts: &mut Vec<Act>) {
    Popup::menu(button).close_behavior(PopupCloseBehavior::CloseOnClick).show(|ui| {
        ui.spacing_mut().item_spacing.y = 0.0;
        if !session.point.is_allowed() {
            let is_asking = session.point.is_asking();
            let text =
                if is_asking { "Waiting for the customer… Withdraw" } else { "Ask whether you may draw" };
            if entry(ui, text, "", false) {
                let point = Action::Point;
                acts.push(if is_asking { Act::Withdraw(point) } else { Act::Ask(point) });
            }
            return;
        }
        let tool = session.drawing.tool;
        for other in Tool::ALL {
            if entry(ui, words::tool(other), "", tool == Some(other)) {
                acts.push(Act::Draw(Some(other)));
            }
        }
        if entry(ui, "Nothing: the mouse as before", "", tool.is_none()) {
            acts.push(Act::Draw(None));
        }
        ui.add_space(UNIT / 2.0);
        ui.separator();
        ui.add_space(UNIT / 2.0);
        for colour in Colour::ALL {
            if entry(ui, words::colour(colour), "", session.drawing.colour() == colour) {
                acts.push(Act::Colour(colour));
            }
        }
        ui.add_space(UNIT / 2.0);
        ui.separator();
        ui.add_space(UNIT / 2.0);
        if entry(ui, "Take everything away", "", false) {
            acts.push(Act::EraseAll);
        }
        if entry(ui, "Give drawing back", "", false) {
            acts.push(Act::GiveBack(Action::Point));
        }
    });
}

/// The menu of the customer's monitors.
pub(super) fn monitors(button: &Response, session: &Session, acts: &mut Vec<Act>) {
    Popup::menu(button).close_behavior(PopupCloseBehavior::CloseOnClick).show(|ui| {
        ui.spacing_mut().item_spacing.y = 0.0;
        let places = (0..).take(session.monitors.len()).map(Some);
        for monitor in std::iter::once(None).chain(places) {
            let is_chosen = session.monitor == monitor;
            if entry(ui, &monitor_name(session, monitor), "", is_chosen) && !is_chosen {
                acts.push(Act::Look(monitor));
            }
        }
    });
}

/// What a monitor is called; its size tells it from others.
pub(super) fn monitor_name(session: &Session, monitor: Option<u8>) -> String {
    match monitor.and_then(|place| session.monitors.get(usize::from(place))) {
        Some(monitor) => format!("{} ({} × {})", monitor.name, monitor.width, monitor.height),
        None => "All monitors".to_owned(),
    }
}

/// One line of the menu, with a mark if it is so already. Whether it was chosen.
fn entry(ui: &mut Ui, text: &str, keys: &str, chosen: bool) -> bool {
    let (rect, response) =
        ui.allocate_exact_size(Vec2::new(WIDTH, CONTROL_HEIGHT - 1.5 * UNIT), Sense::click());
    response.widget_info(|| WidgetInfo::selected(WidgetType::SelectableLabel, ui.is_enabled(), chosen, text));
    let palette = Palette::of(ui);
    let radius = CornerRadius::same(RADIUS / 2);
    if response.hovered() {
        ui.painter().rect_filled(rect, radius, palette.surface_hover);
    }
    if response.has_focus() {
        ui.painter().rect_stroke(rect, radius, Stroke::new(2.0, palette.accent), StrokeKind::Inside);
    }
    let (left, right) = (rect.left_center(), rect.right_center() - Vec2::new(UNIT, 0.0));
    if chosen {
        ui.painter().circle_filled(left + Vec2::new(1.5 * UNIT, 0.0), 3.0, palette.accent);
    }
    let at = left + Vec2::new(3.0 * UNIT, 0.0);
    ui.painter().text(at, Align2::LEFT_CENTER, text, Type::Body.font(), palette.text);
    ui.painter().text(right, Align2::RIGHT_CENTER, keys, Type::Small.font(), palette.text_muted);
    response.clicked()
}
