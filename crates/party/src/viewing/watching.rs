//! The window in which a person who is no expert watches the other's screen, for a program to embed: model and
//! view, and the wiring to the window loop, the network and the decoding thread.

mod keys;
mod model;
#[cfg(test)]
mod tests;
mod view;
mod words;

use std::io;
use std::sync::mpsc::{Receiver, Sender};
use std::time::Instant;

use deskside_ui::winit::event::{KeyEvent, WindowEvent};
use deskside_ui::{Handling, Picture, Place, Shell, WindowKey, WindowOptions, egui};

use super::frame::{self, Order, Shared};
use super::net::{Command, Event};
use super::{Cursor, Mouse, Redraw, Ticker, Viewer as _};
use keys::{Keys, Stroke};
use model::{Act, Effect, Model};

/// The window's size when it opens, which leaves the panel free on a small screen, and the least that shows
/// everything, in points.
const SIZE: ((f32, f32), (f32, f32)) = ((880.0, 680.0), (720.0, 440.0));

/// What other threads tell the window; the program brings it from its own events to [`Watching::event`].
#[derive(Debug)]
pub enum News {
    /// From the network.
    Net(Event),
    /// The decoding thread has new pixels.
    Picture,
    /// A moment that was asked for has come.
    Tick,
}

/// What the person wants that only the program can do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wish {
    /// No longer to watch; the window was closed or its button pressed. What is done in the window reaches
    /// nobody from now on. The program decides what else ends, and closes the window by [`Watching::close`].
    StopWatching,
}

/// Takes the events of the network's viewing side on the network's thread.
#[derive(Debug, Clone)]
pub struct Feed(Sender<Order>);

/// The other end of a [`Feed`], for [`Watching::start`].
#[derive(Debug)]
pub struct Orders(Receiver<Order>);

/// A feed, to be made before the network is started.
#[must_use]
pub fn feed() -> (Feed, Orders) {
    let (sender, receiver) = frame::orders();
    (Feed(sender), Orders(receiver))
}

impl Feed {
    /// Sends pictures to the decoding thread, and by `tell` the rest to the window.
    pub fn take(&self, event: Event, tell: impl FnOnce(News)) {
        frame::route(event, &self.0, |event| tell(News::Net(event)));
    }

    /// Nothing of the sharer's screen is kept: the session has ended.
    pub fn forget(&self) {
        // A decoder that has ended keeps nothing.
        self.0.send(Order::Forget).unwrap_or_default();
    }
}

/// Watches the other's screen for as long as a session lasts, in a window that may open and close meanwhile.
pub struct Watching {
    window: WindowKey,
    name: String,
    model: Model,
    picture: Picture,
    mouse: Mouse,
    keys: Keys,
    cursor: Cursor,
    send: Box<dyn Fn(Command)>,
    ticker: Ticker,
    began: Instant,
    /// What the person wants and the program was not yet told.
    wish: Option<Wish>,
}

impl Watching {
    /// Starts the decoding thread, which ends with the last [`Feed`], and the window's clock. `send` brings
    /// commands to the network's viewing side, `tell` brings news to the window loop.
    ///
    /// # Errors
    /// What the system said, if there can be no more threads.
    pub fn start(
        window: WindowKey,
        orders: Orders,
        send: impl Fn(Command) + Clone + Send + 'static,
        tell: impl Fn(News) + Clone + Send + 'static,
    ) -> io::Result<Self> {
        let (picture, tick) = (Picture::new(), tell.clone());
        let shared = Shared::new(picture.canvas());
        // It ends by itself when nothing feeds it any more, and holds nothing that anybody waits for.
        let _thread = frame::decode(orders.0, shared, send.clone(), move || tell(News::Picture))?;
        Ok(Self {
            window,
            name: String::new(),
            model: Model::default(),
            picture,
            mouse: Mouse::default(),
            keys: Keys::default(),
            cursor: Cursor::default(),
            send: Box::new(send),
            ticker: Ticker::start(move || tick(News::Tick))?,
            began: Instant::now(),
            wish: None,
        })
    }

    /// Whether the sharer shows something now: reason enough to open the window.
    #[must_use]
    pub fn may_see(&self) -> bool {
        self.model.may_see()
    }

    /// Opens the window; `name` is whose screen it is, as the program knows it.
    pub fn open(&mut self, name: &str, shell: &mut Shell<'_>) {
        if shell.is_open(self.window) {
            return;
        }
        self.name = words::name(name);
        self.wish = None;
        self.model.open();
        (self.mouse, self.keys) = (Mouse::default(), Keys::default());
        // What came while there was no window.
        self.picture.renew();
        let (size, least) = SIZE;
        let options = WindowOptions::new(words::title(&self.name), size);
        shell.open(self.window, WindowOptions { min_size: Some(least), place: Place::TopLeft, ..options });
        shell.focus(self.window);
    }

    /// Closes the window. What is held on the sharer's computer is let go of.
    pub fn close(&mut self, shell: &mut Shell<'_>) {
        let effects = self.model.act(Act::Stop, self.began.elapsed());
        self.carry_out(effects, shell);
        self.wish = None;
        self.picture.forget();
        shell.close(self.window);
    }

    /// F11 was pressed: mouse and keyboard of the sharer's screen are given back. For programs that hear that key
    /// before their windows do.
    pub fn give_back(&mut self, shell: &mut Shell<'_>) {
        self.act(Act::GiveBack, shell);
    }

    /// Something was told.
    pub fn event(&mut self, news: News, shell: &mut Shell<'_>) {
        let now = self.began.elapsed();
        match news {
            News::Net(event) => self.heard(&event, shell),
            News::Picture => {
                if self.picture.refresh() {
                    shell.redraw(self.window);
                } else {
                    shell.present(self.window);
                }
            }
            News::Tick => {
                let bar = self.model.shows_bar();
                let mut effects = self.model.tick(now);
                effects.extend(self.mouse.tick(&mut self.model, &mut self.picture, now));
                self.carry_out(effects, shell);
                if bar != self.model.shows_bar() {
                    shell.redraw(self.window);
                }
            }
        }
    }

    fn heard(&mut self, event: &Event, shell: &mut Shell<'_>) {
        match event {
            // The cursor alone changes the picture and no widget.
            Event::CursorMoved { x, y } => {
                self.picture.move_cursor(u32::from(*x), u32::from(*y));
                shell.present(self.window);
            }
            Event::CursorShape(shape) => {
                self.cursor.shape(shape);
                shell.present(self.window);
            }
            // Its beginning may have come to the canvas before what ended the last one came here.
            Event::Screen { .. } => {
                self.picture.renew();
                shell.redraw(self.window);
            }
            _ => shell.redraw(self.window),
        }
        let effects = self.model.net(event, self.began.elapsed());
        self.carry_out(effects, shell);
    }

    /// Draws the window. What the person wants is to be carried out by the program.
    #[must_use]
    pub fn draw(&mut self, ui: &mut egui::Ui, shell: &mut Shell<'_>) -> Option<Wish> {
        let now = self.began.elapsed();
        let acts = view::show(ui, &self.model, &self.name, &mut self.picture);
        // Something may have come between pointer and picture, or gone.
        let effects = self.mouse.look(&mut self.model, &self.picture, now);
        self.carry_out(effects, shell);
        for act in acts {
            self.act(act, shell);
        }
        self.wish.take()
    }

    /// A raw event of the window, before its widgets see it.
    pub fn input(&mut self, event: &WindowEvent, shell: &mut Shell<'_>) -> Handling {
        let now = self.began.elapsed();
        let (keys, bar) = (self.model.takes_keys(), self.model.shows_bar());
        let (handling, effects) = match event {
            WindowEvent::Focused(focused) => (Handling::Widgets, self.model.focus(*focused)),
            WindowEvent::KeyboardInput { event, .. } => self.key(event),
            event => {
                if let WindowEvent::ModifiersChanged(modifiers) = event {
                    self.keys.set_modifiers(modifiers.state());
                }
                self.mouse.input(event, &mut self.model, &mut self.picture, now)
            }
        };
        self.carry_out(effects, shell);
        if (keys, bar) != (self.model.takes_keys(), self.model.shows_bar()) {
            shell.redraw(self.window);
        }
        handling
    }

    fn key(&mut self, event: &KeyEvent) -> (Handling, Vec<Effect>) {
        let (now, stroke) = (self.began.elapsed(), Stroke::from(event));
        if stroke.is_f11() && stroke.pressed {
            let effects = self.model.act(Act::GiveBack, now);
            if !effects.is_empty() {
                return (Handling::Taken, effects);
            }
        }
        if !self.model.takes_keys() {
            return (Handling::Widgets, Vec::new());
        }
        let Some(events) = self.keys.hear(stroke) else { return (Handling::Widgets, Vec::new()) };
        let effects = events.into_iter().flat_map(|event| self.model.key(event, now)).collect();
        (Handling::Taken, effects)
    }

    /// The person closed the window, which means what its button means.
    #[must_use]
    pub fn close_requested(&mut self, shell: &mut Shell<'_>) -> Option<Wish> {
        self.act(Act::Stop, shell);
        self.wish.take()
    }

    /// The picture beneath the window's widgets.
    pub fn picture(&mut self) -> Option<&mut Picture> {
        self.model.sees().then_some(&mut self.picture)
    }

    fn act(&mut self, act: Act, shell: &mut Shell<'_>) {
        let effects = self.model.act(act, self.began.elapsed());
        self.carry_out(effects, shell);
        shell.redraw(self.window);
    }

    fn carry_out(&mut self, effects: Vec<Effect>, shell: &mut Shell<'_>) {
        for effect in effects {
            match effect {
                Effect::Net(command) => (self.send)(command),
                Effect::FullScreen(on) => {
                    shell.set_fullscreen(self.window, on);
                    shell.redraw(self.window);
                }
                Effect::ForgetPicture => {
                    self.picture.forget();
                    self.picture.set_cursor(None);
                    self.cursor.forget();
                }
                Effect::Stop => self.wish = Some(Wish::StopWatching),
            }
        }
        if !(self.model.takes_keys() && self.model.reaches_sharer()) {
            // The hand has let go of everything.
            self.keys.reset();
        }
        let moments = self.model.wake_at().into_iter().chain(self.mouse.wake_at());
        if let Some(at) = moments.min() {
            self.ticker.at(self.began + at);
        }
        match self.mouse.take_redraw() {
            Some(Redraw::Picture) => shell.present(self.window),
            Some(Redraw::Window) => shell.redraw(self.window),
            None => {}
        }
        self.cursor.dress(self.model.cursor_place(), self.window, &mut self.picture, shell);
    }
}
