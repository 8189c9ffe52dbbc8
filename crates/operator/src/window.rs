//! The program around the model: hears window, network, keyboard and threads, and carries out effects.

#[cfg(test)]
mod tests;

use std::path::PathBuf;
use std::sync::mpsc::Sender;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use deskside_net::operator::{self, Handle, OperatorConfig};
use deskside_net::viewing;
use deskside_party::journals;
use deskside_party::sharing::{self, Desk};
use deskside_party::viewing::frame::{self, Order, Shared};
use deskside_party::viewing::{Cursor, CursorPlace, Mouse, Redraw, Ticker};
use deskside_platform::x11::KeyboardGrab;
use deskside_platform::{GrabEvent, x11};
use deskside_session::{Journal, Now};
use deskside_trust::{OperatorBundle, Secret};
use deskside_ui::winit::event::WindowEvent;
use deskside_ui::{App, Handling, Picture, Place, Proxy, Shell, WindowKey, WindowOptions, egui};
use time::UtcOffset;
use tracing::{error, info, warn};

use crate::bundle::BundleFile;
use crate::config::Settings;
use crate::demonstration::{Demonstration, Stage};
use crate::model::{Act, Effect, Keyboard, Model, Session};
use crate::passphrase;
use crate::view::{self, Forms};

/// The one window's title; tests and scripts find it by this.
pub const TITLE: &str = "Deskside Operator";
/// The one window.
pub const WINDOW: WindowKey = WindowKey(0);
/// Its size when it opens and the least that shows everything, in points.
pub const SIZE: ((f32, f32), (f32, f32)) = ((1120.0, 780.0), (860.0, 520.0));

/// What other threads tell the window loop.
pub enum Event {
    /// The bundle was opened, or why not.
    Opened(Result<OperatorBundle, String>),
    /// From the network.
    Net(operator::Event),
    /// The decoding thread has new pixels.
    Picture,
    /// From the grabbed keyboard.
    Keyboard(GrabEvent),
    /// A journal was kept, or why not.
    Kept(Result<PathBuf, String>),
    /// A moment that was asked for has come.
    Tick,
    /// The own screen was shown, and this is the journal of it.
    Shown(Journal),
    /// The own screen can be shown.
    Desk(Desk),
    /// From the threads that show it.
    Sharing(sharing::News),
}

/// The program.
pub struct Window {
    settings: Settings,
    /// For the journal's times; found out before there were threads.
    offset: UtcOffset,
    bundle: Option<BundleFile>,
    model: Model,
    forms: Forms,
    picture: Picture,
    shared: Shared,
    mouse: Mouse,
    cursor: Cursor,
    proxy: Proxy<Event>,
    began: Instant,
    network: Option<Handle>,
    keyboard: Option<KeyboardGrab>,
    /// The own screen, once it can be shown in this session.
    demonstration: Option<Demonstration>,
    /// No grant lasts longer than this.
    longest: Option<Duration>,
    ticker: Option<Ticker>,
    /// Threads that are waited for before the program ends.
    threads: Vec<JoinHandle<()>>,
}

impl Window {
    /// The program before its window is open. What is wrong with settings or bundle is shown in the window.
    #[must_use]
    pub fn new(settings: Result<Settings, String>, offset: UtcOffset, proxy: Proxy<Event>) -> Self {
        let begun = settings.and_then(|settings| {
            let bundle = BundleFile::read(&settings.bundle)?;
            Ok((settings, bundle))
        });
        let (settings, bundle, model) = match begun {
            Ok((settings, bundle)) => {
                let model = Model::new(bundle.identity().clone());
                (settings, Some(bundle), model)
            }
            Err(text) => {
                error!("{text}");
                (Settings::default(), None, Model::broken(text))
            }
        };
        let (picture, tick) = (Picture::new(), proxy.clone());
        let ticker = Ticker::start(move || tell(&tick, Event::Tick));
        let mut program = Self {
            settings,
            offset,
            bundle,
            model,
            forms: Forms::default(),
            shared: Shared::new(picture.canvas()),
            picture,
            mouse: Mouse::default(),
            cursor: Cursor::default(),
            ticker: None,
            proxy,
            began: Instant::now(),
            network: None,
            keyboard: None,
            demonstration: None,
            longest: None,
            threads: Vec::new(),
        };
        match ticker {
            Ok(ticker) => program.ticker = Some(ticker),
            Err(e) => program.model.trouble(format!("There can be no more threads: {e}.")),
        }
        program
    }

    /// Ends what runs beside the window: says goodbye to the network, and waits until journals are kept. Gives
    /// whether the program could do its work.
    #[must_use]
    pub fn close(self) -> bool {
        drop(self.keyboard);
        drop(self.network);
        for thread in self.threads {
            if thread.join().is_err() {
                error!("a thread of the program panicked");
            }
        }
        self.bundle.is_some()
    }

    fn now(&self) -> Now {
        let wall = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        let wall_ms = i64::try_from(wall.as_millis()).unwrap_or(i64::MAX);
        Now { monotonic: self.began.elapsed(), wall_ms }
    }

    fn carry_out(&mut self, effects: Vec<Effect>, shell: &mut Shell<'_>) {
        for effect in effects {
            match effect {
                Effect::Unlock(passphrase) => self.unlock(passphrase, shell),
                Effect::Net(command) => {
                    if let Some(network) = &self.network {
                        network.send(command);
                    }
                }
                Effect::StopShowing => {
                    if let Some(demonstration) = &self.demonstration {
                        demonstration.stop();
                    }
                }
                Effect::Keyboard(true) => self.grab(shell),
                Effect::Keyboard(false) => {
                    if let Some(keyboard) = &self.keyboard {
                        keyboard.ungrab();
                    }
                }
                Effect::FullScreen(on) => {
                    shell.set_fullscreen(WINDOW, on);
                    shell.redraw(WINDOW);
                }
                Effect::ForgetPicture => {
                    self.picture.forget();
                    self.picture.set_cursor(None);
                    self.cursor.forget();
                }
                Effect::SaveJournal(journal) => self.keep(journal),
                Effect::Copy(code) => shell.copy(code.expose()),
                Effect::Quit => shell.exit(),
            }
        }
        if self.model.session().is_none()
            && let Some(demonstration) = self.demonstration.take()
        {
            demonstration.close(shell);
        }
        if let (Some(ticker), Some(at)) =
            (&self.ticker, self.model.wake_at().into_iter().chain(self.mouse.wake_at()).min())
        {
            ticker.at(self.began + at);
        }
        match self.mouse.take_redraw() {
            Some(Redraw::Picture) => shell.present(WINDOW),
            Some(Redraw::Window) => shell.redraw(WINDOW),
            None => {}
        }
        let place = self.model.session().map_or(CursorPlace::Nowhere, Session::cursor_place);
        self.cursor.dress(place, WINDOW, &mut self.picture, shell);
    }

    fn unlock(&mut self, passphrase: Secret, shell: &mut Shell<'_>) {
        let Some(bundle) = self.bundle.clone() else { return };
        let proxy = self.proxy.clone();
        let opening = thread::Builder::new()
            .name("unlock".into())
            .spawn(move || tell(&proxy, Event::Opened(bundle.open(&passphrase))));
        match opening {
            Ok(thread) => self.threads.push(thread),
            Err(e) => self.model.unlock_failed(format!("There can be no more threads: {e}.")),
        }
        shell.redraw(WINDOW);
    }

    /// Starts network and decoder with an opened bundle.
    fn connect(&mut self, bundle: OperatorBundle) -> Result<(), String> {
        let (orders, receiver) = frame::orders();
        self.longest = bundle.descriptor().policy().longest();
        let config = OperatorConfig {
            bundle,
            path: self.settings.path,
            product: concat!("deskside-operator ", env!("CARGO_PKG_VERSION")).to_owned(),
        };
        let (stage, back) = (Arc::new(Mutex::new(None)), self.proxy.clone());
        let (held, proxy) = (Arc::clone(&stage), self.proxy.clone());
        let network = operator::start(config, Box::new(move |event| dispatch(event, &orders, &proxy, &held)))
            .map_err(|problem| problem.to_string())?;
        let began = self.proxy.clone();
        *stage.lock().unwrap_or_else(PoisonError::into_inner) = Some(Stage::new(
            network.sender().part(operator::Command::Demonstration),
            Box::new(move |desk| tell(&began, Event::Desk(desk))),
            Arc::new(move |news| tell(&back, Event::Sharing(news))),
        ));
        let commands = network.sender().part(operator::Command::Help);
        let proxy = self.proxy.clone();
        let decoder = frame::decode(
            receiver,
            self.shared.clone(),
            move |command| commands.send(command),
            move || tell(&proxy, Event::Picture),
        )
        .map_err(|e| format!("There can be no more threads: {e}."))?;
        self.threads.push(decoder);
        self.network = Some(network);
        info!("unlocked");
        Ok(())
    }

    fn grab(&mut self, shell: &mut Shell<'_>) {
        let refused = self.try_grab(shell).err();
        if let Some(cause) = refused {
            warn!(%cause, "the keyboard could not be grabbed");
            let effects = self.model.keyboard_refused(&cause);
            self.carry_out(effects, shell);
        }
    }

    fn try_grab(&mut self, shell: &Shell<'_>) -> Result<(), String> {
        let window = shell.x11_window(WINDOW).ok_or("the window is not on an X display")?;
        let keyboard = match &mut self.keyboard {
            Some(keyboard) => keyboard,
            none => {
                let proxy = self.proxy.clone();
                let hear = Box::new(move |event| tell(&proxy, Event::Keyboard(event)));
                let opened = x11::open(None).and_then(|display| display.keyboard(&locale(), hear));
                none.insert(opened.map_err(|e| e.to_string())?)
            }
        };
        keyboard.grab(window).map_err(|e| e.to_string())
    }

    fn keep(&mut self, journal: Journal) {
        let (folder, offset, proxy) = (self.settings.journal_dir.clone(), self.offset, self.proxy.clone());
        let keeping = thread::Builder::new().name("journal".into()).spawn(move || {
            let kept = journals::keep(&journal, &folder, offset);
            if let Err(error) = &kept {
                error!(%error, folder = %folder.display(), "the journal was not kept");
            }
            // The window tells where the session's own is; the other is beside it.
            if journal.is_demonstration() && kept.is_ok() {
                return;
            }
            let never = || "the session never began".to_owned();
            tell(
                &proxy,
                Event::Kept(kept.map_err(|e| e.to_string()).and_then(|path| path.ok_or_else(never))),
            );
        });
        match keeping {
            Ok(thread) => self.threads.push(thread),
            Err(e) => self.model.trouble(format!("The journal could not be saved: {e}.")),
        }
        self.threads.retain(|thread| !thread.is_finished());
    }

    /// Takes over what the decoding thread has made.
    fn take_picture(&mut self, shell: &mut Shell<'_>) {
        let shown = self.shared.take_shown();
        self.model.shown(shown.updates, shown.exact);
        if self.picture.refresh() {
            shell.redraw(WINDOW);
        } else {
            shell.present(WINDOW);
        }
    }

    fn shared_news(&mut self, news: sharing::News, shell: &mut Shell<'_>) {
        let Some(demonstration) = &mut self.demonstration else {
            if let sharing::News::Told(sharing::Told::Trouble(text)) = news {
                self.model.trouble(text);
                shell.redraw(WINDOW);
            }
            return;
        };
        match news {
            sharing::News::Started | sharing::News::F11 => {}
            sharing::News::Told(told) => demonstration.told(told, shell),
            sharing::News::Hand(sign) => demonstration.hand(sign, shell),
        }
    }

    fn stop_showing(&mut self, shell: &mut Shell<'_>) {
        let effects = self.model.act(Act::StopShowing, self.now());
        self.carry_out(effects, shell);
        shell.redraw(WINDOW);
    }

    fn shows_bar(&self) -> bool {
        self.model.session().is_none_or(Session::shows_bar)
    }

    fn lacks_words(&self) -> bool {
        self.model.session().is_some_and(|session| session.drawing.lacks_words())
    }

    fn heard(&mut self, event: operator::Event, shell: &mut Shell<'_>) {
        let now = self.now();
        if let (operator::Event::Quality(quality), Some(demonstration)) = (&event, &mut self.demonstration) {
            demonstration.told(sharing::Told::Quality(*quality), shell);
        }
        match &event {
            // The cursor alone changes the picture and no widget.
            operator::Event::Help(viewing::Event::CursorMoved { x, y }) => {
                self.picture.move_cursor(u32::from(*x), u32::from(*y));
                shell.present(WINDOW);
            }
            operator::Event::Help(viewing::Event::Screen { .. }) => {
                // Its beginning may have come to the canvas before what ended the last one came here.
                self.picture.renew();
                shell.redraw(WINDOW);
            }
            operator::Event::Help(viewing::Event::CursorShape(shape)) => {
                self.cursor.shape(shape);
                shell.present(WINDOW);
            }
            _ => shell.redraw(WINDOW),
        }
        let effects = self.model.net(event, now);
        self.carry_out(effects, shell);
    }
}

impl App for Window {
    type Event = Event;

    fn start(&mut self, shell: &mut Shell<'_>) {
        let (size, least) = SIZE;
        let place = Place::Centre;
        shell.open(WINDOW, WindowOptions { min_size: Some(least), place, ..WindowOptions::new(TITLE, size) });
        let Some(path) = self.settings.passphrase_file.clone() else { return };
        match passphrase::read(&path) {
            Ok(passphrase) => {
                let effects = self.model.act(Act::Unlock(passphrase), self.now());
                self.carry_out(effects, shell);
            }
            Err(e) => self.model.trouble(format!("The passphrase has to be typed: {e}.")),
        }
    }

    fn event(&mut self, event: Event, shell: &mut Shell<'_>) {
        let now = self.now();
        let effects = match event {
            Event::Net(event) => return self.heard(event, shell),
            Event::Picture => return self.take_picture(shell),
            Event::Opened(opened) => {
                match opened.and_then(|bundle| self.connect(bundle)) {
                    Ok(()) => self.model.unlocked(),
                    Err(text) => self.model.unlock_failed(text),
                }
                Vec::new()
            }
            Event::Keyboard(GrabEvent::Input(event)) => {
                // Keys change nothing that is drawn here.
                let effects = self.model.key(event, now);
                return self.carry_out(effects, shell);
            }
            Event::Keyboard(GrabEvent::Escape) => self.model.act(Act::ReleaseKeyboard, now),
            Event::Keyboard(GrabEvent::Lost) => self.model.keyboard_lost(),
            Event::Kept(kept) => self.model.journal_saved(kept),
            Event::Shown(journal) => return self.keep(journal),
            Event::Desk(desk) => {
                self.demonstration = Some(Demonstration::new(desk, self.longest));
                return;
            }
            Event::Sharing(news) => return self.shared_news(news, shell),
            Event::Tick => {
                let bar = self.shows_bar();
                let mut effects = self.model.tick(now);
                if bar != self.shows_bar() {
                    shell.redraw(WINDOW);
                }
                effects.extend(self.mouse.tick(&mut self.model, &mut self.picture, now.monotonic));
                return self.carry_out(effects, shell);
            }
        };
        self.carry_out(effects, shell);
        shell.redraw(WINDOW);
    }

    fn draw(&mut self, window: WindowKey, ui: &mut egui::Ui, shell: &mut Shell<'_>) {
        if let Some(demonstration) = self.demonstration.as_mut().filter(|own| own.has(window)) {
            if demonstration.draw(window, ui, shell) {
                self.stop_showing(shell);
            }
            return;
        }
        let now = self.now();
        let acts = view::show(ui, &self.model, &mut self.forms, &mut self.picture, now.monotonic);
        // Something may have come between pointer and picture, or gone.
        let effects = self.mouse.look(&mut self.model, &self.picture, now.monotonic);
        self.carry_out(effects, shell);
        for act in acts {
            let effects = self.model.act(act, now);
            self.carry_out(effects, shell);
            shell.redraw(WINDOW);
        }
    }

    fn input(&mut self, window: WindowKey, event: &WindowEvent, shell: &mut Shell<'_>) -> Handling {
        if window != WINDOW {
            return Handling::Widgets;
        }
        let now = self.now();
        let before = self.model.session().map(Session::keyboard);
        let (bar, lacks_words) = (self.shows_bar(), self.lacks_words());
        let (handling, effects) = match event {
            WindowEvent::Focused(focused) => (Handling::Widgets, self.model.focus(*focused)),
            // While the keyboard is grabbed its keys come from the platform; what winit still has is old.
            WindowEvent::KeyboardInput { .. } if before == Some(Keyboard::Customer) => {
                return Handling::Taken;
            }
            event => self.mouse.input(event, &mut self.model, &mut self.picture, now.monotonic),
        };
        self.carry_out(effects, shell);
        if before != self.model.session().map(Session::keyboard)
            || bar != self.shows_bar()
            || lacks_words != self.lacks_words()
        {
            shell.redraw(WINDOW);
        }
        handling
    }

    fn close_requested(&mut self, window: WindowKey, shell: &mut Shell<'_>) {
        if let Some(demonstration) = self.demonstration.as_mut().filter(|own| own.has(window)) {
            if demonstration.close_requested(window, shell) {
                self.stop_showing(shell);
            }
            return;
        }
        let effects = self.model.act(Act::Quit, self.now());
        self.carry_out(effects, shell);
        shell.redraw(WINDOW);
    }

    fn picture(&mut self, window: WindowKey) -> Option<&mut Picture> {
        (window == WINDOW && self.model.session().is_some()).then_some(&mut self.picture)
    }

    fn action_refused(&mut self, window: WindowKey, shell: &mut Shell<'_>) {
        if let Some(demonstration) = self.demonstration.as_mut().filter(|own| own.has(window)) {
            demonstration.action_refused(window, shell);
        }
    }
}

/// Sends the network's events where they belong. What ends the session ends the picture.
fn dispatch(
    event: operator::Event,
    orders: &Sender<Order>,
    proxy: &Proxy<Event>,
    stage: &Mutex<Option<Stage>>,
) {
    let event = match event {
        operator::Event::Help(event) => event,
        operator::Event::Demonstration(event) => {
            if let sharing::Event::Ended { journal, .. } = &event {
                tell(proxy, Event::Shown(journal.clone()));
            }
            if let Some(stage) = &mut *stage.lock().unwrap_or_else(PoisonError::into_inner) {
                stage.route(event);
            }
            return;
        }
        event => return tell(proxy, Event::Net(event)),
    };
    let ends = matches!(event, viewing::Event::Ended { .. });
    frame::route(event, orders, |event| tell(proxy, Event::Net(operator::Event::Help(event))));
    if ends {
        // The decoder ends after the network; what it no longer takes is no longer needed.
        orders.send(Order::Forget).unwrap_or_default();
    }
}

fn tell(proxy: &Proxy<Event>, event: Event) {
    if !proxy.send(event) {
        tracing::debug!("the window is closed already");
    }
}

/// Names the Compose table, by the environment variables of POSIX in their order.
fn locale() -> String {
    ["LC_ALL", "LC_CTYPE", "LANG"]
        .into_iter()
        .find_map(|name| std::env::var(name).ok().filter(|value| !value.is_empty()))
        .unwrap_or_else(|| "C".to_owned())
}
