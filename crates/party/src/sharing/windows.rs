//! The panel and the consent window, as the session wants them.

use std::collections::HashMap;
use std::time::Instant;

use deskside_platform::x11::PanelGuard;
use deskside_ui::egui::{self, Ui};
use deskside_ui::{Place, Shell, WindowKey, WindowOptions};

use super::view::{self, Drawn, PANEL_LEAST, PANEL_WIDTH, QUESTION_WIDTH};
use super::{Act, Desk, Reply, Session};

/// Two windows of a program; the other ones are its own.
pub struct Windows {
    desk: Desk,
    panel: WindowKey,
    question: WindowKey,
    /// Keeps the panel in sight while there is one.
    guard: Option<PanelGuard>,
    heights: HashMap<WindowKey, f32>,
}

impl Windows {
    /// Neither is open yet.
    #[must_use]
    pub fn new(desk: Desk, panel: WindowKey, question: WindowKey) -> Self {
        Self { desk, panel, question, guard: None, heights: HashMap::new() }
    }

    /// Whether this is one of the two.
    #[must_use]
    pub fn has(&self, window: WindowKey) -> bool {
        window == self.panel || window == self.question
    }

    /// Opens and closes them as the session wants, and draws those that stay. To be called after whatever may have
    /// changed the session, and with `None` once there is none.
    pub fn arrange(&mut self, session: Option<&Session>, shell: &mut Shell<'_>) {
        for window in [self.panel, self.question] {
            let wanted = session.filter(|session| window == self.panel || session.asks());
            match (wanted, shell.is_open(window)) {
                (Some(_), true) => shell.redraw(window),
                (Some(session), false) => self.open(window, session, shell),
                (None, true) => self.close(window, shell),
                (None, false) => {}
            }
        }
    }

    fn open(&mut self, window: WindowKey, session: &Session, shell: &mut Shell<'_>) {
        let name = session.peer().first();
        let (title, size, place) = if window == self.question {
            // Whatever opens it: it is never in the picture.
            self.desk.raise_shield();
            (format!("{name} asks – Deskside"), (QUESTION_WIDTH, 320.0), Place::Centre)
        } else {
            (format!("{name} – Deskside"), (PANEL_WIDTH, 200.0), Place::TopRight)
        };
        self.heights.remove(&window);
        let (min_size, decorations, on_top) = (None, true, true);
        shell.open(window, WindowOptions { title, size, min_size, decorations, on_top, place });
        if window == self.question {
            shell.focus(window);
        }
    }

    fn close(&mut self, window: WindowKey, shell: &mut Shell<'_>) {
        if window == self.panel {
            self.guard = None;
        }
        shell.close(window);
        if window == self.question {
            self.desk.lower_shield();
        }
    }

    /// Draws one of the two; gives what the person did.
    pub fn draw(
        &mut self,
        window: WindowKey,
        session: &mut Session,
        now: Instant,
        ui: &mut Ui,
        shell: &mut Shell<'_>,
    ) -> Vec<Act> {
        let locate = |rect: egui::Rect| shell.on_screen(window, rect);
        let (width, Drawn { acts, height }) = if window == self.panel {
            self.guard(shell);
            session.panel_seen(now);
            (PANEL_WIDTH, view::panel(ui, session, now, &|| self.desk.offer(), &locate))
        } else {
            session.question_seen(now);
            (QUESTION_WIDTH, view::question(ui, session, now, &locate))
        };
        // As high as its content.
        if self.heights.insert(window, height) != Some(height) {
            shell.resize(window, (width, height));
        }
        acts
    }

    /// Begins to watch over the panel once it has a window.
    fn guard(&mut self, shell: &Shell<'_>) {
        if self.guard.is_none()
            && let Some(window) = shell.x11_window(self.panel)
        {
            let scale = shell.scale_factor(self.panel) as f32;
            let least = ((PANEL_WIDTH * scale) as u16, (PANEL_LEAST * scale) as u16);
            self.guard = self.desk.guard_panel(window, least);
        }
    }

    /// No longer watches over the panel: the session is over.
    pub fn unguard(&mut self) {
        self.guard = None;
    }

    /// What it means that the person closed one of the two.
    #[must_use]
    pub fn close_requested(&self, window: WindowKey) -> Act {
        if window == self.question { Act::Reply(Reply::No) } else { Act::Stop }
    }
}
