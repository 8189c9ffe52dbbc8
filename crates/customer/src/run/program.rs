//! The program as the window loop sees it: model in the middle, windows as the model's state wants them.

use std::collections::HashMap;
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use deskside_net::customer::{Command, CommandSender, Handle};
use deskside_platform::GuardEvent;
use deskside_platform::x11::{HandWatch, PanelGuard, X11};
use deskside_ui::egui::{self, Ui};
use deskside_ui::{App, Place, Proxy, Shell, WindowKey, WindowOptions};

use super::hand::{self, Ears};
use super::showing::Showing;
use super::{News, offer};
use crate::model::{Act, Effect, Model, State, Told};
use crate::view::{self, Drawn, MAIN_WIDTH, PANEL_LEAST, PANEL_WIDTH, QUESTION_WIDTH};

const MAIN: WindowKey = WindowKey(0);
const PANEL: WindowKey = WindowKey(1);
const QUESTION: WindowKey = WindowKey(2);
const WINDOWS: [WindowKey; 3] = [MAIN, PANEL, QUESTION];

/// What runs beside the windows.
pub(super) struct Running {
    pub(super) network: Handle,
    pub(super) watch: HandWatch,
    pub(super) windows: Proxy<News>,
}

/// A guard that is dead watches over nothing.
struct PanicWatch(CommandSender);

impl Drop for PanicWatch {
    fn drop(&mut self) {
        if std::thread::panicking() {
            self.0.send(Command::PanelSeen(false));
        }
    }
}

pub(super) struct Program {
    model: Model,
    running: Option<Running>,
    /// Why nothing could be started.
    failure: Option<String>,
    /// What this and the hand's thread share.
    ears: Ears,
    /// Where there is something to show.
    desktop: X11,
    showing: Showing,
    /// Keeps the panel in sight while there is one.
    guard: Option<PanelGuard>,
    /// The goodbye of the network side, which may take a moment.
    farewell: Option<JoinHandle<()>>,
    heights: HashMap<WindowKey, f32>,
}

impl Program {
    pub(super) fn new(
        model: Model,
        started: Result<Running, String>,
        ears: Ears,
        desktop: X11,
        showing: Showing,
    ) -> Self {
        let (running, failure) = match started {
            Ok(running) => (Some(running), None),
            Err(failure) => (None, Some(failure)),
        };
        Self {
            model,
            running,
            failure,
            ears,
            desktop,
            showing,
            guard: None,
            farewell: None,
            heights: HashMap::new(),
        }
    }

    /// Waits until nothing of the program runs any more; gives whether it could do its work.
    pub(super) fn finish(mut self) -> bool {
        self.let_go();
        if self.farewell.take().is_some_and(|farewell| farewell.join().is_err()) {
            tracing::error!("the network's goodbye panicked");
        }
        self.failure.is_none()
    }

    /// Ends everything but the windows.
    fn let_go(&mut self) {
        self.guard = None;
        if let Some(Running { network, watch, .. }) = self.running.take() {
            drop(watch);
            self.farewell = Some(std::thread::spawn(move || drop(network)));
        }
    }

    fn carry_out(&mut self, effects: Vec<Effect>, shell: &mut Shell<'_>) {
        for effect in effects {
            if effect.ends_control()
                && let Some(control) = self.ears.control.get()
            {
                control.revoke();
            }
            match effect {
                Effect::Net(command) => {
                    if let Some(running) = &self.running {
                        running.network.send(command);
                    }
                }
                Effect::Exit => shell.exit(),
            }
        }
        if self.model.is_over() {
            self.let_go();
        }
        hand::listen(&self.ears.listening, self.model.wants_hand());
        self.arrange(shell);
    }

    /// Begins to watch over the panel once it has a window.
    fn guard(&mut self, shell: &Shell<'_>) {
        let (None, Some(window), Some(running)) = (&self.guard, shell.x11_window(PANEL), &self.running)
        else {
            return;
        };
        let (network, windows) = (running.network.sender(), running.windows.clone());
        let watch = PanicWatch(network.clone());
        let callback = Box::new(move |event| {
            let _alive = &watch;
            let is_seen = event == GuardEvent::Visible(true);
            network.send(Command::PanelSeen(is_seen));
            // A loop that has ended shows nothing any more.
            let _ended = windows.send(News::Told(Told::PanelHidden(!is_seen)));
        });
        let scale = shell.scale_factor(PANEL) as f32;
        let least = ((PANEL_WIDTH * scale) as u16, (PANEL_LEAST * scale) as u16);
        match self.desktop.guard_panel(window, least, callback) {
            Ok(guard) => self.guard = Some(guard),
            Err(error) => {
                tracing::error!(%error, "the panel cannot be watched over, so nobody gets mouse and keyboard");
                running.network.send(Command::PanelSeen(false));
            }
        }
    }

    /// Opens and closes windows as the state wants them, and draws those that stay.
    fn arrange(&mut self, shell: &mut Shell<'_>) {
        let wanted = |window| match (self.model.state(), window) {
            (State::Session(_), PANEL) => true,
            (State::Session(session), QUESTION) => session.question.is_some(),
            (State::Session(_), _) => false,
            (_, window) => window == MAIN,
        };
        for window in WINDOWS {
            match (wanted(window), shell.is_open(window)) {
                (true, true) => shell.redraw(window),
                (true, false) => {
                    if window == QUESTION {
                        // Whatever opens it: it is never in the picture.
                        self.showing.raise_shield(
                            self.running.as_ref().map(|running| running.network.sender()).as_ref(),
                        );
                    }
                    self.heights.remove(&window);
                    shell.open(window, self.options(window));
                    if window != PANEL {
                        shell.focus(window);
                    }
                }
                (false, true) => {
                    if window == PANEL {
                        self.guard = None;
                    }
                    shell.close(window);
                    if window == QUESTION {
                        self.showing.lower_shield();
                    }
                }
                (false, false) => {}
            }
        }
    }

    fn options(&self, window: WindowKey) -> WindowOptions {
        let name = self.model.operator().map_or("", |operator| &operator.name);
        let (title, size, on_top, place) = match window {
            PANEL => (format!("{name} – Deskside"), (PANEL_WIDTH, 200.0), true, Place::TopRight),
            QUESTION => (format!("{name} asks – Deskside"), (QUESTION_WIDTH, 320.0), true, Place::Centre),
            _ => ("Deskside".to_owned(), (MAIN_WIDTH, 400.0), false, Place::Centre),
        };
        WindowOptions { title, size, min_size: None, decorations: true, on_top, place }
    }

    /// Makes a window as high as its content.
    fn fit(&mut self, window: WindowKey, height: f32, shell: &mut Shell<'_>) {
        let width = match window {
            PANEL => PANEL_WIDTH,
            QUESTION => QUESTION_WIDTH,
            _ => MAIN_WIDTH,
        };
        if self.heights.insert(window, height) != Some(height) {
            shell.resize(window, (width, height));
        }
    }

    /// When the window is to be drawn again without an event.
    fn next_look(&mut self, now: Instant) -> Option<Duration> {
        let prompt = self.model.prompt_mut().map(|prompt| prompt.changes_in(now));
        let clock = match self.model.state() {
            State::Session(session) if session.news().is_none() => {
                session.minutes_left(now).map(|_| Duration::from_secs(10))
            }
            State::Ended { until: None, .. } => None,
            State::Session(_) | State::Stopping { .. } | State::Ended { .. } => {
                Some(Duration::from_millis(500))
            }
            _ => None,
        };
        prompt.into_iter().chain(clock).min()
    }
}

impl App for Program {
    type Event = News;

    fn start(&mut self, shell: &mut Shell<'_>) {
        self.arrange(shell);
    }

    fn event(&mut self, news: News, shell: &mut Shell<'_>) {
        let now = Instant::now();
        let effects = match news {
            News::Told(told @ Told::Quality(_)) => {
                // It comes every second and mostly says the same: nothing is drawn for that.
                let before = self.model.line();
                let effects = self.model.told(told, now);
                if self.model.line() == before {
                    return;
                }
                effects
            }
            News::Told(told) => self.model.told(told, now),
            News::Hand(sign) => self.model.hand(sign, now),
        };
        self.carry_out(effects, shell);
    }

    fn draw(&mut self, window: WindowKey, ui: &mut Ui, shell: &mut Shell<'_>) {
        let now = Instant::now();
        let ticked = self.model.tick(now);
        if !ticked.is_empty() {
            return self.carry_out(ticked, shell);
        }
        if window != PANEL
            && let Some(prompt) = self.model.prompt_mut()
        {
            prompt.seen(now);
        }
        if window == PANEL {
            self.guard(shell);
            self.model.panel_seen(now);
        }
        let Drawn { acts, height } = {
            let locate = |rect: egui::Rect| shell.on_screen(window, rect);
            match (self.model.state(), window) {
                _ if self.failure.is_some() => {
                    view::trouble::draw(ui, self.failure.as_deref().unwrap_or_default())
                }
                (State::Session(session), PANEL) => view::panel(
                    ui,
                    session,
                    self.model.trouble(),
                    now,
                    &|| offer::look(&self.desktop),
                    &locate,
                ),
                (State::Session(session), QUESTION) => view::question(ui, session, now, &locate),
                _ => view::main_window(ui, &mut self.model, now, &locate),
            }
        };
        self.fit(window, height, shell);
        for act in acts {
            let effects = self.model.act(act, now);
            self.carry_out(effects, shell);
        }
        if let Some(look) = self.next_look(now) {
            ui.ctx().request_repaint_after(look);
        }
    }

    fn close_requested(&mut self, window: WindowKey, shell: &mut Shell<'_>) {
        let act = if window == QUESTION { Act::No } else { Act::Stop };
        let effects = self.model.act(act, Instant::now());
        self.carry_out(effects, shell);
    }

    fn action_refused(&mut self, window: WindowKey, shell: &mut Shell<'_>) {
        self.model.assistive_yes();
        shell.redraw(window);
    }
}
