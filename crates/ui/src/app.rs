//! The trait that a program with windows implements.

use winit::event::WindowEvent;

use crate::{Picture, Shell, WindowKey};

/// Who deals with a raw window event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Handling {
    /// The widgets see it as usual.
    Widgets,
    /// The program has used it; the widgets do not see it and nothing is redrawn for it.
    Taken,
}

/// A program with windows. All methods are called on the thread that called [`crate::run`] and must return
/// at once; whatever takes time belongs on other threads, which report by [`crate::Proxy::send`].
pub trait App {
    /// What other threads tell the program.
    type Event: Send + 'static;

    /// The loop runs: the place to open the first window. Called once.
    fn start(&mut self, shell: &mut Shell<'_>);

    /// Another thread sent this.
    fn event(&mut self, event: Self::Event, shell: &mut Shell<'_>);

    /// Draw this window. May be called twice for one picture on the screen, so acts must come from the
    /// responses of widgets only. `ui` covers the whole window and has no background of its own.
    fn draw(&mut self, window: WindowKey, ui: &mut egui::Ui, shell: &mut Shell<'_>);

    /// The person closed this window; it stays open unless the program closes it.
    fn close_requested(&mut self, window: WindowKey, shell: &mut Shell<'_>);

    /// A raw event of winit, before the widgets see it. Synthetic key presses (a focus change made by
    /// winit, not by a hand) never come here.
    fn input(&mut self, window: WindowKey, event: &WindowEvent, shell: &mut Shell<'_>) -> Handling {
        let (_, _, _) = (window, event, shell);
        Handling::Widgets
    }

    /// The picture beneath this window's widgets, if it has one. Its place is set by [`Picture::show`].
    fn picture(&mut self, window: WindowKey) -> Option<&mut Picture> {
        let _ = window;
        None
    }

    /// An assistive technology tried to act on a widget that takes the person's own hand only
    /// ([`crate::own_hand_only`]); nothing happened.
    fn action_refused(&mut self, window: WindowKey, shell: &mut Shell<'_>) {
        let (_, _) = (window, shell);
    }
}
