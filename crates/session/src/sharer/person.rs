//! What the person at the sharer's screen does.

use deskside_proto::control::Control as Message;
use deskside_proto::journal::{Action, Event, GrantEnd, SessionEnd, Verdict};
use deskside_proto::{GrantId, RequestId};
use deskside_trust::crypto::sha256;

use super::{BACK_OFF, Phase, REFUSALS, SEALING, Sharer, SharerOutput};
use crate::{Answer, Now};

impl Sharer {
    /// The person accepted or refused who is asking.
    pub fn accept(&mut self, accepted: bool, now: Now) {
        if !matches!(self.phase, Phase::Introduced { .. }) {
            return;
        }
        if !accepted {
            return self.end(SessionEnd::Refused, now);
        }
        self.phase = Phase::Active;
        self.send(&Message::Accepted);
        let started = Event::Started {
            session: self.config.session,
            operator: self.config.operator.name.clone(),
            organisation: self.config.operator.organisation.clone(),
            certificate: self.config.operator.certificate_hash,
            customer_certificate: sha256(&[self.config.signer.certificate()]),
        };
        self.write(started, now);
        self.outputs.push_back(SharerOutput::Started(self.control_issuer.revoker()));
    }

    /// The person answered the open question. An answer to any other question is nothing.
    pub fn answer(&mut self, request: RequestId, answer: Answer, now: Now) {
        self.tick(now);
        if !matches!(self.phase, Phase::Active) {
            return;
        }
        let Some(question) = self.open.take_if(|open| open.request == request) else { return };
        let Answer::Allow(scope) = answer else {
            self.refusals += 1;
            if self.refusals >= REFUSALS {
                self.not_before = now.monotonic + BACK_OFF;
                self.refusals = 0;
            }
            return self.close(question.request, Verdict::Denied, now);
        };
        self.refusals = 0;
        self.last_grant += 1;
        let grant = GrantId(self.last_grant);
        let granted = match question.action {
            Action::See => {
                self.see = Some(grant);
                self.scope = scope.clone();
                SharerOutput::SeeGranted(self.see_issuer.issue(grant, scope))
            }
            Action::Control => {
                self.control = Some(grant);
                SharerOutput::ControlGranted(self.control_issuer.issue(grant, self.scope.clone()))
            }
            Action::Point => {
                self.point = Some(grant);
                SharerOutput::PointGranted(self.point_issuer.issue(grant, self.scope.clone()))
            }
        };
        self.close(question.request, Verdict::Allowed(grant), now);
        self.outputs.push_back(granted);
    }

    /// The person froze the picture or let it go on.
    pub fn pause(&mut self, paused: bool, now: Now) {
        if !matches!(self.phase, Phase::Active) || self.paused == paused {
            return;
        }
        self.paused = paused;
        self.rest.set_paused(paused);
        self.see_issuer.suspend(paused);
        self.write(if paused { Event::Paused } else { Event::Resumed }, now);
        self.send(&Message::Paused(paused));
        self.outputs.push_back(SharerOutput::Paused(paused));
        self.update_rest(now);
    }

    /// The person took a grant back in the panel.
    pub fn revoke(&mut self, action: Action, now: Now) {
        self.end_grant(action, GrantEnd::Revoked, now);
    }

    /// F11 was pressed: all control is gone, and a question about control is answered with no.
    pub fn f11(&mut self, now: Now) {
        self.control_issuer.revoke();
        self.end_grant(Action::Control, GrantEnd::F11, now);
        if let Some(open) = self.open.take_if(|open| open.action == Action::Control) {
            self.close(open.request, Verdict::Denied, now);
            self.outputs.push_back(SharerOutput::CloseQuestion(open.request));
        }
    }

    /// The person's own hand moved the mouse or pressed a key: the operator's input rests for two seconds.
    pub fn hand_moved(&mut self, now: Now) {
        if self.control.is_some() {
            if self.rest.hand_moved(now.monotonic) {
                self.write(Event::HandTookOver, now);
                self.outputs.push_back(SharerOutput::HandHasIt(true));
            }
            self.update_rest(now);
        }
        self.control_issuer.hand_heard();
    }

    /// Ends the session for good.
    pub fn end(&mut self, reason: SessionEnd, now: Now) {
        match self.phase {
            Phase::Sealing { .. } | Phase::Over => return,
            Phase::Greeting { .. } | Phase::Introduced { .. } => {
                self.send(&Message::End { reason });
                return self.over(reason);
            }
            Phase::Active => {}
        }
        self.control_issuer.revoke();
        self.point_issuer.revoke();
        self.see_issuer.revoke();
        // Nothing is asked any more.
        self.queue.clear();
        if let Some(open) = self.open.take() {
            self.close(open.request, Verdict::Denied, now);
            self.outputs.push_back(SharerOutput::CloseQuestion(open.request));
        }
        self.end_grant(Action::Control, GrantEnd::SessionEnded, now);
        self.end_grant(Action::Point, GrantEnd::SessionEnded, now);
        self.end_grant(Action::See, GrantEnd::SessionEnded, now);
        if self.refused_input > 0 {
            self.note_refused_input(now);
        }
        // Phase first: a journal that cannot take the last entry must not come back here.
        self.phase = Phase::Sealing { deadline: now.monotonic + SEALING, reason };
        self.write(Event::Ended { reason }, now);
        self.send(&Message::End { reason });
        if let Some((number, head, signature)) = self.journal.seal(&self.config.signer) {
            self.journal.sharer.seal = Some(signature.clone());
            self.send(&Message::Seal { number, head, signature });
        }
    }

    /// The connection is gone: whatever is missing of the goodbye will not come.
    pub fn connection_lost(&mut self, now: Now) {
        self.end(SessionEnd::ConnectionLost, now);
        if let Phase::Sealing { reason, .. } = self.phase {
            self.over(reason);
        }
    }
}
