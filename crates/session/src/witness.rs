//! What the viewer knows itself of what the journal says.
//!
//! The sharer's program alone writes the journal. A hostile one must not get the operator's seal under
//! requests that were never made, nor make the operator act on an answer that the journal does not have.

use std::collections::{BTreeMap, BTreeSet};

use deskside_proto::journal::{Action, Event, GrantEnd, SessionEnd, Verdict};
use deskside_proto::shown::{AreaNote, ScopeNote};
use deskside_proto::{GrantId, RequestId};

use crate::question::Question;

/// A request that this end has made.
#[derive(Debug)]
struct Request {
    action: Action,
    /// Everything that was asked for at once.
    bundle: BTreeSet<Action>,
    is_withdrawn: bool,
    /// Whether the journal has it.
    is_asked: bool,
    /// How it ended, as the journal has it.
    verdict: Option<Verdict>,
}

impl Request {
    /// Whether this is the hash of a question that the customer may have been shown for it: one for the whole
    /// bundle, or for what of it could be asked.
    fn could_read(&self, question: [u8; 32], name: &str, shown: Option<&AreaNote>) -> bool {
        let bundle: Vec<Action> = self.bundle.iter().copied().collect();
        (1u32..1 << bundle.len()).any(|part| {
            let is_in = |place: &usize| part & (1 << place) != 0;
            let actions: Vec<Action> = (0..bundle.len()).filter(is_in).map(|place| bundle[place]).collect();
            actions.contains(&self.action) && Question::new(&actions, name, shown).hash() == question
        })
    }
}

/// Remembers what this end did and what the journal has of it. Grows only by what the operator does.
#[derive(Debug)]
pub(crate) struct Witness {
    /// What the first entry says.
    started: Event,
    /// The name of this end in questions.
    name: String,
    /// The end of a session that only this end can have wanted.
    own_end: SessionEnd,
    requests: BTreeMap<RequestId, Request>,
    /// Grants that the journal has and that have not ended in it.
    living: BTreeMap<GrantId, Action>,
    last_grant: GrantId,
    /// Grants whose reach the journal has.
    scoped: BTreeSet<GrantId>,
    /// What may be seen, as the journal has it.
    shown: Option<ScopeNote>,
    given_back: BTreeSet<GrantId>,
    has_ended: bool,
}

impl Witness {
    pub(crate) fn new(started: Event, name: &str, own_end: SessionEnd) -> Self {
        Self {
            started,
            name: name.to_owned(),
            own_end,
            requests: BTreeMap::new(),
            living: BTreeMap::new(),
            last_grant: GrantId(0),
            scoped: BTreeSet::new(),
            shown: None,
            given_back: BTreeSet::new(),
            has_ended: false,
        }
    }

    // ── what this end did ───────────────────────────────────────────────────────────────────────────

    pub(crate) fn asked(&mut self, request: RequestId, action: Action, bundle: &BTreeSet<Action>) {
        let bundle = bundle.clone();
        let made = Request { action, bundle, is_withdrawn: false, is_asked: false, verdict: None };
        self.requests.insert(request, made);
    }

    pub(crate) fn withdrew(&mut self, request: RequestId) {
        // What was asked at once is taken back at once: neighbours of the same bundle, and not answered.
        let bundle = self.requests.get(&request).map(|made| made.bundle.clone());
        let number = i64::from(request.0);
        for (other, made) in &mut self.requests {
            let is_near = (i64::from(other.0) - number).unsigned_abs() < Action::ALL.len() as u64;
            if is_near && Some(&made.bundle) == bundle.as_ref() {
                made.is_withdrawn = true;
            }
        }
    }

    pub(crate) fn gave_back(&mut self, grant: GrantId) {
        self.given_back.insert(grant);
    }

    pub(crate) fn ended(&mut self) {
        self.has_ended = true;
    }

    // ── what the other end says ─────────────────────────────────────────────────────────────────────

    /// Whether the next entry of the journal may say this. What only the sharer can know is believed.
    pub(crate) fn confirms(&mut self, event: &Event) -> bool {
        match event {
            Event::Started { .. } => *event == self.started,
            Event::Asked { request, action, question } => {
                let (name, shown) = (&self.name, self.shown.as_ref().map(|shown| &shown.area));
                self.requests
                    .get_mut(request)
                    .filter(|made| made.action == *action && made.could_read(*question, name, shown))
                    .is_some_and(|made| !std::mem::replace(&mut made.is_asked, true))
            }
            Event::Answered { request, verdict } => self.confirms_answer(*request, *verdict),
            Event::Scoped { grant, replaces, scope } => self.confirms_scope(*grant, *replaces, scope),
            Event::GrantEnded { grant, reason } => {
                let ended = self.living.remove(grant);
                if ended == Some(Action::See) {
                    self.shown = None;
                }
                ended.is_some() && (*reason != GrantEnd::GivenBack || self.given_back.contains(grant))
            }
            Event::Ended { reason } => *reason != self.own_end || self.has_ended,
            Event::Paused
            | Event::Resumed
            | Event::HandTookOver
            | Event::PanelHidden(_)
            | Event::InputRefused { .. } => true,
        }
    }

    /// The reach of a grant that lives, or of a new one in the place of one that lived.
    fn confirms_scope(&mut self, grant: GrantId, replaces: Option<GrantId>, scope: &ScopeNote) -> bool {
        let action = match replaces {
            None => self.living.get(&grant).copied().filter(|_| !self.scoped.contains(&grant)),
            Some(former) => self.living.remove(&former).filter(|_| self.is_new(grant)),
        };
        // A demonstration reaches nothing.
        let Some(action) = action.filter(|action| *action != Action::Demonstrate) else { return false };
        // What rests on seeing reaches as far and no further.
        if action != Action::See && self.shown.as_ref() != Some(scope) {
            return false;
        }
        self.living.insert(grant, action);
        self.scoped.insert(grant);
        if replaces.is_some_and(|former| self.given_back.contains(&former)) {
            self.given_back.insert(grant);
        }
        if action == Action::See {
            self.shown = Some(scope.clone());
        }
        true
    }

    /// Numbers of grants only grow.
    fn is_new(&mut self, grant: GrantId) -> bool {
        let is_new = self.last_grant < grant;
        self.last_grant = self.last_grant.max(grant);
        is_new
    }

    fn confirms_answer(&mut self, request: RequestId, verdict: Verdict) -> bool {
        let Some(made) = self.requests.get_mut(&request) else { return false };
        let is_due = made.is_asked && made.verdict.is_none();
        if !is_due || (verdict == Verdict::Withdrawn && !made.is_withdrawn) {
            return false;
        }
        made.verdict = Some(verdict);
        match verdict {
            Verdict::Allowed(grant) => {
                let action = made.action;
                self.is_new(grant) && self.living.insert(grant, action).is_none()
            }
            Verdict::Denied | Verdict::TimedOut | Verdict::Withdrawn | Verdict::Unavailable => true,
        }
    }

    /// Whether an answer agrees with the journal. A request that was taken back before it became a question
    /// is not in it.
    pub(crate) fn agrees(&self, request: RequestId, verdict: Verdict) -> bool {
        self.requests.get(&request).is_some_and(|made| match made.verdict {
            Some(written) => written == verdict,
            None => verdict == Verdict::Withdrawn && made.is_withdrawn,
        })
    }

    /// Whether the journal has the grant and not its end.
    pub(crate) fn has_living(&self, grant: GrantId) -> bool {
        self.living.contains_key(&grant)
    }
}
