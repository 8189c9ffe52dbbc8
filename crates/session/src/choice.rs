//! What the person decides: the answer to a question, and how far a yes goes.

use std::collections::BTreeSet;
use std::time::Duration;

use deskside_proto::journal::Action;
use deskside_proto::shown::ScopeNote;
use deskside_trust::PacketPolicy;

use crate::Scope;

/// A scope together with its description for the journal and for the other side.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Choice {
    /// What may be seen.
    pub scope: Scope,
    /// The same in names, without any of what is kept back.
    pub note: ScopeNote,
}

impl Choice {
    /// Everything.
    #[must_use]
    pub fn screen() -> Self {
        Self { scope: Scope::screen(), note: ScopeNote::screen() }
    }
}

/// What the person said to a question.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answer {
    /// Yes.
    Allow {
        /// Which of the actions that were asked for; the others are denied.
        actions: BTreeSet<Action>,
        /// How far, if seeing is among them. The others reach what may be seen and no more.
        choice: Choice,
        /// For how long; `None` as long as the session lasts.
        lasting: Option<Duration>,
    },
    /// No, to everything.
    Deny,
}

impl Answer {
    /// Yes to everything that was asked, as far as this.
    #[must_use]
    pub fn allow(choice: Choice) -> Self {
        Self::Allow { actions: Action::ALL.into(), choice, lasting: None }
    }
}

/// What the organisation forbids, whatever the person would say. It can only take away.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Policy {
    /// These actions are refused without a question.
    pub forbidden: BTreeSet<Action>,
    /// No grant lasts longer than this.
    pub longest: Option<Duration>,
}

impl From<&PacketPolicy> for Policy {
    fn from(policy: &PacketPolicy) -> Self {
        Self { forbidden: policy.forbidden(), longest: policy.longest() }
    }
}
