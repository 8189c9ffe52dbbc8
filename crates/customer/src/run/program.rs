//! The program as the window loop sees it: model in the middle, windows as the model's state wants them.

use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use deskside_net::customer::{self, Handle};
use deskside_party::sharing::{self, Desk, Windows};
use deskside_party::viewing::{Watching, Wish};
use deskside_platform::x11::HandWatch;
use deskside_ui::egui::{self, Ui};
use deskside_ui::winit::event::WindowEvent;
use deskside_ui::{App, Handling, Picture, Place, Shell, WindowKey, WindowOptions};

use super::News;
use crate::model::{Act, Effect, Model, State, Told};
use crate::view::{self, Drawn, MAIN_WIDTH};

const MAIN: WindowKey = WindowKey(0);
const PANEL: WindowKey = WindowKey(1);
const QUESTION: WindowKey = WindowKey(2);
/// The operator's screen, while it is shown.
pub(super) const WATCHING: WindowKey = WindowKey(3);

/// What runs beside the windows.
pub(super) struct Running {
    pub(super) network: Handle,
    pub(super) watch: HandWatch,
    pub(super) watching: Watching,
}

pub(super) struct Program {
    model: Model,
    running: Option<Running>,
    /// Why nothing could be started.
    failure: Option<String>,
    desk: Desk,
    /// The panel and the consent window.
    windows: Windows,
    /// The goodbye of the network side, which may take a moment.
    farewell: Option<JoinHandle<()>>,
    /// How high the main window's content is.
    height: Option<f32>,
}

impl Program {
    pub(super) fn new(model: Model, started: Result<Running, String>, desk: Desk) -> Self {
        let (running, failure) = match started {
            Ok(running) => (Some(running), None),
            Err(failure) => (None, Some(failure)),
        };
        let windows = Windows::new(desk.clone(), PANEL, QUESTION);
        Self { model, running, failure, desk, windows, farewell: None, height: None }
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
        self.windows.unguard();
        if let Some(Running { network, watch, watching }) = self.running.take() {
            drop((watch, watching));
            self.farewell = Some(std::thread::spawn(move || drop(network)));
        }
    }

    fn carry_out(&mut self, effects: Vec<Effect>, shell: &mut Shell<'_>) {
        for effect in effects {
            if effect.ends_control() {
                // This must not wait for the network side to hear of it.
                self.desk.revoke_control();
            }
            match effect {
                Effect::Net(command) => {
                    if let Some(running) = &self.running {
                        running.network.send(command);
                    }
                }
                Effect::Sharing(command) => self.desk.send(command),
                Effect::Exit => shell.exit(),
            }
        }
        if self.model.is_over() {
            self.let_go();
        }
        self.desk.listen(self.model.wants_hand());
        self.arrange(shell);
    }

    /// Opens and closes windows as the state wants them, and draws those that stay.
    fn arrange(&mut self, shell: &mut Shell<'_>) {
        let session = self.model.sharing();
        match (session.is_none(), shell.is_open(MAIN)) {
            (true, true) => shell.redraw(MAIN),
            (true, false) => {
                self.height = None;
                let place = Place::Centre;
                let options = WindowOptions::new("Deskside", (MAIN_WIDTH, 400.0));
                shell.open(MAIN, WindowOptions { min_size: None, place, ..options });
                shell.focus(MAIN);
            }
            (false, true) => shell.close(MAIN),
            (false, false) => {}
        }
        self.windows.arrange(session, shell);
        let Some(Running { watching, .. }) = &mut self.running else {
            if shell.is_open(WATCHING) {
                shell.close(WATCHING);
            }
            return;
        };
        match self.model.watches() {
            Some(name) => watching.open(name, shell),
            None if shell.is_open(WATCHING) => watching.close(shell),
            None => {}
        }
    }

    /// Carries out what the person wants of the operator's screen.
    fn grant(&mut self, wish: Option<Wish>, shell: &mut Shell<'_>) {
        match wish {
            Some(Wish::StopWatching) => {
                self.carry_out(vec![Effect::Net(customer::Command::StopWatching)], shell);
            }
            None => {}
        }
    }

    /// Draws the main window, as high as its content; gives what the person did.
    fn draw_main(&mut self, now: Instant, ui: &mut Ui, shell: &mut Shell<'_>) -> Vec<Act> {
        self.model.asking_seen(now);
        let locate = |rect: egui::Rect| shell.on_screen(MAIN, rect);
        let Drawn { acts, height } = match &self.failure {
            Some(failure) => view::trouble::draw(ui, failure),
            None => view::main_window(ui, &mut self.model, now, &locate),
        };
        if self.height.replace(height) != Some(height) {
            shell.resize(MAIN, (MAIN_WIDTH, height));
        }
        acts
    }

    /// When the window is to be drawn again without an event.
    fn next_look(&self, now: Instant) -> Option<Duration> {
        match self.model.state() {
            State::Asking { prompt, .. } => Some(prompt.changes_in(now)),
            State::Session { sharing, .. } => sharing.changes_in(now),
            State::Stopping { .. } | State::Ended { until: Some(_), .. } => Some(Duration::from_millis(500)),
            _ => None,
        }
    }
}

impl App for Program {
    type Event = News;

    fn start(&mut self, shell: &mut Shell<'_>) {
        self.arrange(shell);
    }

    fn event(&mut self, news: News, shell: &mut Shell<'_>) {
        let now = Instant::now();
        let told = match news {
            News::Told(told) => told,
            News::Watching(news) => {
                if let Some(running) = &mut self.running {
                    running.watching.event(news, shell);
                }
                return;
            }
            News::Sharing(sharing::News::Started) => Told::Started,
            News::Sharing(sharing::News::Told(told)) => Told::Sharing(told),
            // Here it stops the operator, there it gives back what the operator has lent.
            News::Sharing(sharing::News::F11) => {
                if let Some(running) = &mut self.running
                    && shell.is_open(WATCHING)
                {
                    running.watching.give_back(shell);
                }
                return;
            }
            News::Sharing(sharing::News::Hand(sign)) => {
                let effects = self.model.hand(sign, now);
                return self.carry_out(effects, shell);
            }
        };
        let measured = matches!(told, Told::Sharing(sharing::Told::Quality(_)));
        let before = self.model.line();
        let effects = self.model.told(told, now);
        // It is measured every second and mostly says the same: nothing is drawn for that.
        if !measured || self.model.line() != before {
            self.carry_out(effects, shell);
        }
    }

    fn draw(&mut self, window: WindowKey, ui: &mut Ui, shell: &mut Shell<'_>) {
        if window == WATCHING {
            let wish = self.running.as_mut().and_then(|running| running.watching.draw(ui, shell));
            return self.grant(wish, shell);
        }
        let now = Instant::now();
        let ticked = self.model.tick(now);
        if !ticked.is_empty() {
            return self.carry_out(ticked, shell);
        }
        let acts: Vec<Act> = match self.model.sharing_mut() {
            Some(session) if self.windows.has(window) => {
                let acts = self.windows.draw(window, session, now, ui, shell);
                acts.into_iter().map(Act::from).collect()
            }
            _ => self.draw_main(now, ui, shell),
        };
        for act in acts {
            let effects = self.model.act(act, now);
            self.carry_out(effects, shell);
        }
        if let Some(look) = self.next_look(now) {
            ui.ctx().request_repaint_after(look);
        }
    }

    fn close_requested(&mut self, window: WindowKey, shell: &mut Shell<'_>) {
        if window == WATCHING {
            let wish = self.running.as_mut().and_then(|running| running.watching.close_requested(shell));
            return self.grant(wish, shell);
        }
        let act =
            if self.windows.has(window) { self.windows.close_requested(window).into() } else { Act::Stop };
        let effects = self.model.act(act, Instant::now());
        self.carry_out(effects, shell);
    }

    fn input(&mut self, window: WindowKey, event: &WindowEvent, shell: &mut Shell<'_>) -> Handling {
        match &mut self.running {
            Some(running) if window == WATCHING => running.watching.input(event, shell),
            _ => Handling::Widgets,
        }
    }

    fn picture(&mut self, window: WindowKey) -> Option<&mut Picture> {
        self.running.as_mut().filter(|_| window == WATCHING).and_then(|running| running.watching.picture())
    }

    fn action_refused(&mut self, window: WindowKey, shell: &mut Shell<'_>) {
        self.model.assistive_yes();
        shell.redraw(window);
    }
}
