//! Sends each event of the sharer where it belongs, on the network's own thread: grants to the threads that use
//! them, input straight to the injection, the rest to the session's model.

use std::io;

use deskside_platform::PlatformError;
use deskside_platform::x11::F11Reservation;
use deskside_proto::input::InputEvent;
use deskside_proto::journal::Action;
use deskside_proto::marks::{Figure, MarkEvent, Place};
use deskside_session::{Control, Grant, See};

use super::Desk;
use super::injection::Injection;
use super::pointing::Pointing;
use crate::sharing::net::{Command, Event, PictureSink};
use crate::sharing::{News, Offer, Told};

/// Feeds the threads that carry out what was allowed. Dropping it ends those that inject and mark.
pub struct Router {
    desk: Desk,
    injection: Injection,
    pointing: Pointing,
    /// While control is granted, F11 is nobody's but ours.
    f11: Option<F11Reservation>,
}

impl Router {
    pub(super) fn new(desk: Desk) -> io::Result<Self> {
        let injection = Injection::start(
            desk.desktop.clone(),
            desk.hides_itself,
            desk.links.clone(),
            desk.report.clone(),
        )?;
        let pointing = Pointing::start(desk.desktop.clone(), desk.links.clone())?;
        Ok(Self { desk, injection, pointing, f11: None })
    }

    /// An event of the sharer's part.
    pub fn route(&mut self, event: Event) {
        let told = match event {
            Event::Started { control } => {
                self.desk.control.set(control);
                tracing::info!("the session began");
                // Until the panel's guard has seen it.
                self.desk.links.send(Command::PanelSeen(false));
                return (self.desk.report)(News::Started);
            }
            Event::Question { request, actions, text } => {
                self.desk.raise_shield();
                let sees = actions.contains(&Action::See);
                let offer = if sees { self.desk.offer() } else { Offer::default() };
                Told::Question { request, actions, text, offer }
            }
            Event::QuestionClosed(request) => Told::QuestionClosed(request),
            Event::SeeGranted { grant, picture } => match self.see(grant, picture) {
                Ok(()) => {
                    tracing::info!("the screen may be seen");
                    Told::Granted(Action::See)
                }
                Err(error) => {
                    tracing::error!(%error, "the screen cannot be captured");
                    self.desk.links.send(Command::Revoke(Action::See));
                    Told::Trouble(format!("Your screen cannot be shown: {error}."))
                }
            },
            Event::ControlGranted(grant) => self.allow_control(grant),
            Event::PointGranted(grant) => {
                self.pointing.begin(grant);
                Told::Granted(Action::Point)
            }
            Event::DemonstrationGranted => Told::Granted(Action::Demonstrate),
            Event::Marks(events) => {
                let offset = self.desk.showing.offset();
                return self
                    .pointing
                    .mark(events.into_iter().map(|event| moved_mark(event, offset)).collect());
            }
            Event::Look(monitor) => return self.desk.showing.look(monitor),
            Event::GrantEnded { action, grant: _, reason } => {
                tracing::info!(?action, ?reason, "a permission ended");
                match action {
                    Action::See => self.desk.showing.end(),
                    Action::Control => self.end_control(),
                    Action::Point => self.pointing.end(),
                    // Nothing here acts under it.
                    Action::Demonstrate => {}
                }
                Told::GrantEnded { action, reason }
            }
            Event::Input(events) => {
                let offset = self.desk.showing.offset();
                return self.injection.input(events.into_iter().map(|event| moved(event, offset)).collect());
            }
            Event::ReleaseAll => return self.injection.release_all(),
            Event::Paused(paused) => {
                self.desk.showing.freeze(paused);
                Told::Paused(paused)
            }
            Event::HandHasIt(has_it) => Told::HandHasIt(has_it),
            // The program's own business, which keeps the journal.
            Event::Ended { .. } => return self.end(),
        };
        (self.desk.report)(News::Told(told));
    }

    /// Sharing is over: nothing is shown, injected or marked any more.
    fn end(&mut self) {
        self.desk.showing.end();
        self.end_control();
        self.pointing.end();
    }

    fn see(&mut self, grant: Grant<See>, picture: PictureSink) -> Result<(), PlatformError> {
        let Desk { desktop, links, showing, .. } = &self.desk;
        match links.get() {
            Some(network) => showing.begin(desktop, grant, picture, network),
            None => Ok(()),
        }
    }

    fn allow_control(&mut self, grant: Grant<Control>) -> Told {
        self.injection.begin(grant);
        tracing::info!("mouse and keyboard may be used");
        match self.desk.desktop.reserve_f11() {
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
