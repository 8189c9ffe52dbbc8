//! What a question asks for, and what the person would allow of it.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use deskside_proto::RequestId;
use deskside_proto::journal::Action;
use deskside_session::ApplicationId;

use super::{Choosing, Prompt, Show};
use crate::sharing::net::{Answer, Choice, Question};

/// For how long something is allowed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lasting {
    /// As long as the session.
    Session,
    /// So many minutes.
    Minutes(u16),
}

impl Lasting {
    /// What can be chosen.
    pub const ALL: [Self; 3] = [Self::Session, Self::Minutes(15), Self::Minutes(5)];

    pub(super) fn time(self) -> Option<Duration> {
        match self {
            Self::Session => None,
            Self::Minutes(minutes) => Some(Duration::from_secs(60 * u64::from(minutes))),
        }
    }
}

/// A change of what a yes would allow.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Edit {
    /// Which kind of thing to show.
    Show(Show),
    /// A program is ticked, or no longer.
    Program(ApplicationId),
    /// Something around programs (desktop, task bars, notifications) is ticked, or no longer.
    Surrounding(usize),
    /// One of several actions that are asked for is ticked, or no longer.
    Action(Action),
    /// For how long.
    Last(Lasting),
}

/// Something that the person decides in the consent window.
#[derive(Debug)]
pub(crate) struct OpenQuestion {
    /// Its number; `None` when the person opened it to show something else.
    pub(crate) request: Option<RequestId>,
    /// What is shown.
    pub(crate) text: Question,
    /// What is asked for.
    pub(crate) actions: Vec<Action>,
    /// Which of it the person would allow.
    pub(crate) ticked: BTreeSet<Action>,
    /// What would be shown, if that is the question.
    pub(crate) choosing: Option<Choosing>,
    /// For how long.
    pub(crate) lasting: Lasting,
    /// Who may answer it, and when.
    pub(crate) prompt: Prompt,
    /// When the network side was last told that the person is at it.
    pub(super) attended: Instant,
}

impl OpenQuestion {
    /// Whether a yes would allow anything.
    #[must_use]
    pub(crate) fn is_complete(&self) -> bool {
        let chooses = self.choosing.is_some() && (self.request.is_none() || self.allows(Action::See));
        let is_chosen = self.choosing.as_ref().is_none_or(|choosing| choosing.choice().is_some());
        (self.request.is_none() || !self.ticked.is_empty()) && (!chooses || is_chosen)
    }

    /// Whether this action would be allowed.
    #[must_use]
    pub(crate) fn allows(&self, action: Action) -> bool {
        self.ticked.contains(&action)
    }

    /// The person ticked or chose something.
    pub(super) fn edit(&mut self, edit: &Edit) {
        match (edit, &mut self.choosing) {
            (Edit::Show(show), Some(choosing)) => choosing.pick(*show),
            (Edit::Program(program), Some(choosing)) => choosing.tick(*program),
            (Edit::Surrounding(place), Some(choosing)) => {
                if let Some(is_shown) = choosing.surroundings.get_mut(*place) {
                    *is_shown = !*is_shown;
                }
            }
            (Edit::Action(action), _) => self.toggle(*action),
            (Edit::Last(lasting), _) => self.lasting = *lasting,
            (Edit::Show(_) | Edit::Program(_) | Edit::Surrounding(_), None) => {}
        }
    }

    /// Allows an action or not. Nothing is allowed without seeing if that is asked for as well.
    fn toggle(&mut self, action: Action) {
        if !self.ticked.remove(&action) {
            self.ticked.insert(action);
            self.ticked.extend(self.actions.iter().filter(|other| **other == Action::See));
        } else if action == Action::See {
            self.ticked.clear();
        }
    }

    pub(super) fn answer(&self) -> Option<Answer> {
        let choice = match &self.choosing {
            Some(choosing) if self.allows(Action::See) => choosing.choice()?,
            _ => Choice::screen(),
        };
        Some(Answer::Allow { actions: self.ticked.clone(), choice, lasting: self.lasting.time() })
    }
}
