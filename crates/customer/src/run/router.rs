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
use deskside_proto::journal::Action;
use deskside_session::{Control, Grant, Revoker, See};
use deskside_ui::Proxy;
use time::UtcOffset;

use super::News;
use super::injection::Injection;
use super::picture::Picture;
use crate::journals;
use crate::model::Told;

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
    picture: Option<Picture>,
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
    ) -> std::io::Result<Self> {
        let links = Links::default();
        let injection = Injection::start(desktop.clone(), links.clone(), windows.clone())?;
        Ok(Self {
            desktop,
            windows,
            control,
            links,
            journals,
            offset,
            injection,
            picture: None,
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
                Told::Started
            }
            Event::Question { request, action: _, text } => Told::Question { request, text },
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
            Event::GrantEnded { action, grant: _, reason } => {
                tracing::info!(?action, ?reason, "a permission ended");
                match action {
                    Action::See => self.picture = None,
                    Action::Control => self.end_control(),
                }
                Told::GrantEnded { action, reason }
            }
            Event::Input(events) => return self.injection.input(events),
            Event::ReleaseAll => return self.injection.release_all(),
            Event::Paused(paused) => {
                if let Some(picture) = &self.picture {
                    picture.freeze(paused);
                }
                Told::Paused(paused)
            }
            Event::HandHasIt(has_it) => Told::HandHasIt(has_it),
            Event::Quality(quality) => Told::Quality(quality),
            Event::Ended { reason, journal } => {
                self.picture = None;
                self.end_control();
                tracing::info!(?reason, "the session is over");
                Told::Ended { reason, kept: journals::keep(&journal, &self.journals, self.offset) }
            }
        };
        // A loop that has ended shows nothing any more.
        let _ended = self.windows.send(News::Told(told));
    }

    fn see(&mut self, grant: Grant<See>) -> Result<(), PlatformError> {
        self.picture = None;
        if let Some((network, sink)) = self.links.get() {
            let screen = self.desktop.screen(grant.scope())?;
            self.picture = Some(Picture::start(Box::new(screen), grant, sink.clone(), network.clone())?);
        }
        Ok(())
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
