//! Sends each event of the network side where it belongs, on the network's own thread: grants to the
//! threads that use them, input straight to the injection, the rest to the model.

use std::convert::Infallible;
use std::path::PathBuf;
use std::sync::mpsc::Sender;
use std::sync::{Arc, OnceLock};

use deskside_net::PictureSink;
use deskside_net::customer::{CommandSender, Event};
use deskside_platform::PlatformError;
use deskside_platform::x11::{F11Reservation, X11};
use deskside_proto::input::InputEvent;
use deskside_proto::journal::Action;
use deskside_proto::marks::{Figure, MarkEvent, Place};
use deskside_session::{Control, Grant, Revoker, See};
use deskside_ui::Proxy;
use time::UtcOffset;

use super::injection::Injection;
use super::pointing::Pointing;
use super::showing::Showing;
use super::{News, offer};
use crate::journals;
use crate::model::{Offer, Told};

/// The network side's own ends, which exist only after the router does.
#[derive(Debug, Clone, Default)]
pub(super) struct Links(Arc<OnceLock<(CommandSender, PictureSink)>>);

impl Links {
    pub(super) fn connect(&self, network: CommandSender, picture: PictureSink) {
        // It is connected once, by the only caller.
        self.0.set((network, picture)).unwrap_or_default();
    }

    /// `None` only before [`Links::connect`], when there is no session yet either.
    pub(super) fn get(&self) -> Option<&(CommandSender, PictureSink)> {
        self.0.get()
    }
}

pub(super) struct Router {
    desktop: X11,
    windows: Proxy<News>,
    control: Arc<OnceLock<Revoker<Control>>>,
    links: Links,
    journals: PathBuf,
    offset: UtcOffset,
    injection: Injection,
    pointing: Pointing,
    showing: Showing,
    /// Dropped with the router, which is the sign that the network side has ended.
    _running: Sender<Infallible>,
    /// While control is granted, F11 is nobody's but ours.
    f11: Option<F11Reservation>,
}

impl Router {
    pub(super) fn new(
        desktop: X11,
        windows: Proxy<News>,
        control: Arc<OnceLock<Revoker<Control>>>,
        journals: PathBuf,
        offset: UtcOffset,
        running: Sender<Infallible>,
        showing: Showing,
    ) -> std::io::Result<Self> {
        let links = Links::default();
        let injection = Injection::start(desktop.clone(), links.clone(), windows.clone())?;
        let pointing = Pointing::start(desktop.clone(), links.clone())?;
        Ok(Self {
            desktop,
            windows,
            control,
            links,
            journals,
            offset,
            injection,
            pointing,
            showing,
            f11: None,
            _running: running,
        })
    }

    pub(super) fn links(&self) -> Links {
        self.links.clone()
    }

    pub(super) fn route(&mut self, event: Event) {
        let told = match event {
            Event::Stage(stage) => Told::Stage(stage),
            Event::Failed(problem) => {
                tracing::warn!(%problem, "connecting failed");
                Told::Failed(problem)
            }
            Event::Operator(operator) => Told::Operator(operator),
            Event::Started { control } => {
                // There is one session a process, so this is the first and only one.
                self.control.set(control).unwrap_or_default();
                tracing::info!("the session began");
                // Until the panel's guard has seen it.
                if let Some((network, _)) = self.links.get() {
                    network.send(deskside_net::customer::Command::PanelSeen(false));
                }
                Told::Started
            }
            Event::Question { request, actions, text } => {
                self.showing.raise_shield(self.links.get().map(|(network, _)| network));
                let sees = actions.contains(&Action::See);
                let offer = if sees { offer::look(&self.desktop) } else { Offer::default() };
                Told::Question { request, actions, text, offer }
            }
            Event::QuestionClosed(request) => Told::QuestionClosed(request),
            Event::SeeGranted(grant) => match self.see(grant) {
                Ok(()) => {
                    tracing::info!("the screen may be seen");
                    Told::Granted(Action::See)
                }
                Err(error) => {
                    tracing::error!(%error, "the screen cannot be captured");
                    self.revoke(Action::See);
                    Told::Trouble(format!("Your screen cannot be shown to the helper: {error}."))
                }
            },
            Event::ControlGranted(grant) => self.allow_control(grant),
            Event::PointGranted(grant) => {
                self.pointing.begin(grant);
                Told::Granted(Action::Point)
            }
            Event::Marks(events) => {
                let offset = self.showing.offset();
                return self
                    .pointing
                    .mark(events.into_iter().map(|event| moved_mark(event, offset)).collect());
            }
            Event::Look(monitor) => return self.showing.look(monitor),
            Event::GrantEnded { action, grant: _, reason } => {
                tracing::info!(?action, ?reason, "a permission ended");
                match action {
                    Action::See => self.showing.end(),
                    Action::Control => self.end_control(),
                    Action::Point => self.pointing.end(),
                }
                Told::GrantEnded { action, reason }
            }
            Event::Input(events) => {
                let offset = self.showing.offset();
                return self.injection.input(events.into_iter().map(|event| moved(event, offset)).collect());
            }
            Event::ReleaseAll => return self.injection.release_all(),
            Event::Paused(paused) => {
                self.showing.freeze(paused);
                Told::Paused(paused)
            }
            Event::HandHasIt(has_it) => Told::HandHasIt(has_it),
            Event::Quality(quality) => Told::Quality(quality),
            Event::Ended { reason, journal } => {
                self.showing.end();
                self.end_control();
                self.pointing.end();
                tracing::info!(?reason, "the session is over");
                Told::Ended { reason, kept: journals::keep(&journal, &self.journals, self.offset) }
            }
        };
        // A loop that has ended shows nothing any more.
        let _ended = self.windows.send(News::Told(told));
    }

    fn see(&mut self, grant: Grant<See>) -> Result<(), PlatformError> {
        match self.links.get() {
            Some((network, sink)) => self.showing.begin(&self.desktop, grant, sink, network),
            None => Ok(()),
        }
    }

    fn allow_control(&mut self, grant: Grant<Control>) -> Told {
        self.injection.begin(grant);
        tracing::info!("mouse and keyboard may be used");
        match self.desktop.reserve_f11() {
            Ok(reservation) => self.f11 = Some(reservation),
            // The hand hears F11 all the same.
            Err(error) => tracing::warn!(%error, "F11 reaches applications too"),
        }
        Told::Granted(Action::Control)
    }

    fn end_control(&mut self) {
        self.injection.end();
        self.f11 = None;
    }

    fn revoke(&self, action: Action) {
        if let Some((network, _)) = self.links.get() {
            network.send(deskside_net::customer::Command::Revoke(action));
        }
    }
}

/// Input on the picture of one monitor, as it is on all of them.
fn moved(event: InputEvent, (left, top): (u16, u16)) -> InputEvent {
    match event {
        InputEvent::PointerMove { x, y } => {
            InputEvent::PointerMove { x: x.saturating_add(left), y: y.saturating_add(top) }
        }
        other => other,
    }
}

/// A mark on the picture of one monitor, as it is on all of them.
fn moved_mark(event: MarkEvent, (left, top): (u16, u16)) -> MarkEvent {
    let place = |Place { x, y }| Place { x: x.saturating_add(left), y: y.saturating_add(top) };
    match event {
        MarkEvent::Put { id, colour, figure } => {
            let figure = match figure {
                Figure::Pointer(at) => Figure::Pointer(place(at)),
                Figure::Arrow { from, to } => Figure::Arrow { from: place(from), to: place(to) },
                Figure::Rectangle { from, to } => Figure::Rectangle { from: place(from), to: place(to) },
                Figure::Freehand(places) => Figure::Freehand(places.into_iter().map(place).collect()),
                Figure::Text { at, text } => Figure::Text { at: place(at), text },
            };
            MarkEvent::Put { id, colour, figure }
        }
        MarkEvent::Extend { id, places } => {
            MarkEvent::Extend { id, places: places.into_iter().map(place).collect() }
        }
        other @ (MarkEvent::Erase(_) | MarkEvent::Clear) => other,
    }
}
