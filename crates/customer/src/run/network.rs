//! What the network side says, on its own thread: to share is its own part, the rest is for the model.

use std::convert::Infallible;
use std::path::PathBuf;
use std::sync::mpsc::Sender;

use deskside_net::customer::Event;
use deskside_net::viewing;
use deskside_party::journals;
use deskside_party::sharing::{self, Router};
use deskside_party::viewing::Feed;
use deskside_session::Journal;
use deskside_ui::Proxy;
use time::UtcOffset;

use super::News;
use crate::model::{Kept, Told};

/// Hears every event.
pub(super) struct Events {
    pub(super) sharing: Router,
    pub(super) watching: Feed,
    pub(super) windows: Proxy<News>,
    /// Where journals are kept, and in which zone their times are told.
    pub(super) journals: (PathBuf, UtcOffset),
    /// Dropped with the rest, which is the sign that the network side has ended.
    pub(super) _running: Sender<Infallible>,
}

impl Events {
    pub(super) fn hear(&mut self, event: Event) {
        let told = match event {
            Event::Stage(stage) => Told::Stage(stage),
            Event::Failed(problem) => {
                tracing::warn!(%problem, "connecting failed");
                Told::Failed(problem)
            }
            Event::Operator(operator) => Told::Operator(operator),
            Event::Quality(quality) => Told::Sharing(sharing::Told::Quality(quality)),
            Event::Help(sharing::Event::Ended { reason, journal }) => {
                let kept = self.keep(&journal);
                self.sharing.route(sharing::Event::Ended { reason, journal });
                tracing::info!(?reason, "the session is over");
                Told::Ended { reason, kept }
            }
            Event::Help(event) => return self.sharing.route(event),
            Event::Demonstration(event) => {
                if let viewing::Event::Ended { journal, .. } = &event {
                    // The panel is gone by then; a failure is in the log.
                    let _kept = self.keep(journal);
                    self.watching.forget();
                }
                let windows = &self.windows;
                return self.watching.take(event, |news| {
                    // A loop that has ended shows nothing any more.
                    let _ended = windows.send(News::Watching(news));
                });
            }
        };
        // A loop that has ended shows nothing any more.
        let _ended = self.windows.send(News::Told(told));
    }

    fn keep(&self, journal: &Journal) -> Kept {
        let (folder, offset) = &self.journals;
        match journals::keep(journal, folder, *offset) {
            Ok(None) => Kept::Nothing,
            Ok(Some(path)) => Kept::At(path),
            Err(error) => {
                tracing::error!(%error, folder = %folder.display(), "the journal could not be saved");
                Kept::Failed(format!("{}: {error}", folder.display()))
            }
        }
    }
}
