//! Assistive technology: which widgets it may act on.
//!
//! The tree stays readable as a whole. But whoever controls a program of the same account can also drive
//! the accessibility bus, so widgets that give something away take the person's own hand only.

use std::collections::HashSet;

use egui::accesskit::NodeId;

type Guarded = HashSet<NodeId>;

fn slot() -> egui::Id {
    egui::Id::new("deskside own hand only")
}

/// Keeps assistive technology from acting on this widget (it can still read it). To be called whenever the
/// widget is drawn.
pub fn own_hand_only(response: &egui::Response) {
    let node = response.id.accesskit_id();
    response.ctx.data_mut(|data| data.get_temp_mut_or_default::<Guarded>(slot()).insert(node));
}

/// Forgets the widgets of the pass before.
pub(crate) fn begin_pass(ctx: &egui::Context) {
    ctx.data_mut(|data| data.remove::<Guarded>(slot()));
}

/// Whether this widget takes the person's own hand only.
pub(crate) fn is_guarded(ctx: &egui::Context, node: NodeId) -> bool {
    ctx.data(|data| data.get_temp::<Guarded>(slot())).is_some_and(|guarded| guarded.contains(&node))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_widgets_of_the_last_pass_are_guarded() {
        let ctx = egui::Context::default();
        let mut node = None;
        let mut pass = |guard: bool| {
            begin_pass(&ctx);
            let _output = ctx.run_ui(egui::RawInput::default(), |ui| {
                let allow = ui.button("Allow");
                node = Some(allow.id.accesskit_id());
                if guard {
                    own_hand_only(&allow);
                }
            });
            is_guarded(&ctx, node.unwrap())
        };
        assert!(pass(true));
        assert!(!pass(false));
    }
}
