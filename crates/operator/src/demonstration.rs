//! The operator's own screen, shown to the customer: the sharing side of [`deskside_party`], with the panel and the
//! questions that it brings.

use std::sync::Arc;
use std::time::{Duration, Instant};

use deskside_net::sharing::{Answer, Command, CommandSender, Event};
use deskside_party::sharing::{Act, Desk, HandSign, News, Peer, Report, Router, Session, Told, Windows};
use deskside_platform::PlatformError;
use deskside_platform::x11::{self, HandWatch};
use deskside_proto::journal::Action;
use deskside_ui::{Shell, WindowKey, egui};

/// The panel and the question.
const PANEL: WindowKey = WindowKey(1);
const QUESTION: WindowKey = WindowKey(2);

/// The network's end: it brings grants to the threads that use them. A session has its own, from the first time on that
/// the customer wants to see something.
pub(crate) struct Stage {
    commands: CommandSender,
    /// Tells the window loop of the desk.
    began: Box<dyn Fn(Desk) + Send>,
    report: Report,
    running: Option<(Router, HandWatch)>,
}

impl Stage {
    pub(crate) fn new(commands: CommandSender, began: Box<dyn Fn(Desk) + Send>, report: Report) -> Self {
        Self { commands, began, report, running: None }
    }

    /// Takes an event of the own screen.
    pub(crate) fn route(&mut self, event: Event) {
        if let Event::Started { .. } = event {
            match self.begin() {
                Ok(running) => self.running = Some(running),
                Err(error) => {
                    tracing::error!(%error, "the own screen cannot be shown");
                    (self.report)(News::Told(Told::Trouble(format!(
                        "Your screen cannot be shown: {error}."
                    ))));
                }
            }
        }
        let is_over = matches!(event, Event::Ended { .. });
        match (&mut self.running, event) {
            (Some((router, _)), event) => router.route(event),
            // Where nothing can be shown, nothing is asked.
            (None, Event::Question { request, .. }) => {
                self.commands.send(Command::Answer { request, answer: Answer::Deny });
            }
            (None, _) => {}
        }
        if is_over {
            self.running = None;
        }
    }

    fn begin(&self) -> Result<(Router, HandWatch), PlatformError> {
        // Customers are not shown what is in the operator's windows: their own screen, codes, other people's names.
        let desk = Desk::new(x11::open(None)?, Arc::clone(&self.report)).hiding_itself();
        let router = desk.router()?;
        desk.connect(self.commands.clone());
        // The session ends with the display, and the program with its windows.
        let watch = desk.watch_hand(|| {})?;
        (self.began)(desk);
        Ok((router, watch))
    }
}

/// The window loop's end.
pub(crate) struct Demonstration {
    desk: Desk,
    windows: Windows,
    session: Session,
}

impl Demonstration {
    /// No grant lasts longer than `longest`, if there is such a rule.
    pub(crate) fn new(desk: Desk, longest: Option<Duration>) -> Self {
        let windows = Windows::new(desk.clone(), PANEL, QUESTION);
        // A customer has a key, but no name that anybody vouches for.
        Self { desk, windows, session: Session::new(Peer::described("the customer"), longest) }
    }

    /// Whether this is one of its windows.
    pub(crate) fn has(&self, window: WindowKey) -> bool {
        self.windows.has(window)
    }

    pub(crate) fn told(&mut self, told: Told, shell: &mut Shell<'_>) {
        self.session.told(told, Instant::now());
        self.arrange(shell);
    }

    /// The operator's own hand did something while a question was open.
    pub(crate) fn hand(&mut self, sign: HandSign, shell: &mut Shell<'_>) {
        let commands = self.session.hand(sign, Instant::now());
        commands.into_iter().for_each(|command| self.desk.send(command));
        self.arrange(shell);
    }

    /// Opens, closes and redraws its windows. The panel is there while anything is shown or asked.
    fn arrange(&mut self, shell: &mut Shell<'_>) {
        self.desk.listen(self.session.wants_hand());
        let is_used = self.session.is_used();
        let closes = !is_used && shell.is_open(PANEL);
        self.windows.arrange(Some(&self.session).filter(|_| is_used), shell);
        if closes {
            // Until it is seen again.
            self.desk.send(Command::PanelSeen(false));
        }
    }

    /// Draws one of its windows; gives whether the operator wants to stop.
    pub(crate) fn draw(&mut self, window: WindowKey, ui: &mut egui::Ui, shell: &mut Shell<'_>) -> bool {
        let now = Instant::now();
        if let Some(command) = self.session.tick(now) {
            self.desk.send(command);
            self.arrange(shell);
            return false;
        }
        let acts = self.windows.draw(window, &mut self.session, now, ui, shell);
        let stops = acts.contains(&Act::Stop);
        for act in acts {
            self.act(act, now, shell);
        }
        if let Some(look) = self.session.changes_in(now) {
            ui.ctx().request_repaint_after(look);
        }
        stops
    }

    /// One of its windows was closed; gives whether the operator wants to stop.
    pub(crate) fn close_requested(&mut self, window: WindowKey, shell: &mut Shell<'_>) -> bool {
        let act = self.windows.close_requested(window);
        let stops = act == Act::Stop;
        self.act(act, Instant::now(), shell);
        stops
    }

    fn act(&mut self, act: Act, now: Instant, shell: &mut Shell<'_>) {
        let commands = self.session.act(act, now);
        commands.into_iter().for_each(|command| self.desk.send(command));
        self.arrange(shell);
    }

    /// An assistive technology tried to say yes, which only the hand can.
    pub(crate) fn action_refused(&mut self, window: WindowKey, shell: &mut Shell<'_>) {
        self.session.assistive_yes();
        shell.redraw(window);
    }

    /// Nothing is shown any more, from this instant on.
    pub(crate) fn stop(&self) {
        self.desk.revoke_control();
        self.desk.send(Command::Revoke(Action::See));
    }

    /// The session is over.
    pub(crate) fn close(mut self, shell: &mut Shell<'_>) {
        self.desk.listen(false);
        self.windows.arrange(None, shell);
    }
}
