//! What the viewer knows itself of what the journal says.
//!
//! The sharer's program alone writes the journal. A hostile one must not get the operator's seal under
//! requests that were never made, nor make the operator act on an answer that the journal does not have.

use std::collections::{BTreeMap, BTreeSet};

use deskside_proto::journal::{Action, Event, GrantEnd, SessionEnd, Verdict};
use deskside_proto::{GrantId, RequestId, SessionId};
use deskside_trust::OperatorIdentity;

use crate::question::Question;

/// A request that this end has made.
#[derive(Debug)]
struct Request {
    action: Action,
    is_withdrawn: bool,
    /// Whether the journal has it.
    is_asked: bool,
    /// How it ended, as the journal has it.
    verdict: Option<Verdict>,
}

/// Remembers what this end did and what the journal has of it. Grows only by what the operator does.
#[derive(Debug)]
pub(crate) struct Witness {
    session: SessionId,
    operator: OperatorIdentity,
    customer_certificate: [u8; 32],
    requests: BTreeMap<RequestId, Request>,
    /// Grants that the journal has and that have not ended in it.
    living: BTreeSet<GrantId>,
    given_back: BTreeSet<GrantId>,
    has_ended: bool,
}

impl Witness {
    pub(crate) fn new(
        session: SessionId,
        operator: OperatorIdentity,
        customer_certificate: [u8; 32],
    ) -> Self {
        Self {
            session,
            operator,
            customer_certificate,
            requests: BTreeMap::new(),
            living: BTreeSet::new(),
            given_back: BTreeSet::new(),
            has_ended: false,
        }
    }

    // ── what this end did ───────────────────────────────────────────────────────────────────────────

    pub(crate) fn asked(&mut self, request: RequestId, action: Action) {
        let made = Request { action, is_withdrawn: false, is_asked: false, verdict: None };
        self.requests.insert(request, made);
    }

    pub(crate) fn withdrew(&mut self, request: RequestId) {
        if let Some(request) = self.requests.get_mut(&request) {
            request.is_withdrawn = true;
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
            Event::Started { session, operator, organisation, certificate, customer_certificate } => {
                *session == self.session
                    && *operator == self.operator.name
                    && *organisation == self.operator.organisation
                    && *certificate == self.operator.certificate_hash
                    && *customer_certificate == self.customer_certificate
            }
            Event::Asked { request, action, question } => {
                let text = Question::new(*action, &self.operator.name).hash();
                self.requests
                    .get_mut(request)
                    .filter(|made| made.action == *action && *question == text)
                    .is_some_and(|made| !std::mem::replace(&mut made.is_asked, true))
            }
            Event::Answered { request, verdict } => self.confirms_answer(*request, *verdict),
            Event::GrantEnded { grant, reason } => {
                let is_known = self.living.remove(grant);
                is_known && (*reason != GrantEnd::GivenBack || self.given_back.contains(grant))
            }
            Event::Ended { reason } => *reason != SessionEnd::Operator || self.has_ended,
            Event::Paused | Event::Resumed | Event::HandTookOver | Event::InputRefused { .. } => true,
        }
    }

    fn confirms_answer(&mut self, request: RequestId, verdict: Verdict) -> bool {
        let Some(made) = self.requests.get_mut(&request) else { return false };
        let is_due = made.is_asked && made.verdict.is_none();
        if !is_due || (verdict == Verdict::Withdrawn && !made.is_withdrawn) {
            return false;
        }
        made.verdict = Some(verdict);
        match verdict {
            Verdict::Allowed(grant) => self.living.insert(grant),
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
        self.living.contains(&grant)
    }
}
