//! What the person at the sharer's screen does.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use deskside_proto::RequestId;
use deskside_proto::control::Control as Message;
use deskside_proto::journal::{Action, Event, GrantEnd, SessionEnd, Verdict};

use super::questions::Bundle;
use super::{BACK_OFF, Phase, QUESTION, REFUSALS, SEALING, Sharer, SharerOutput};
use crate::{Answer, Choice, Now};

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
        self.started(now);
    }

    pub(super) fn started(&mut self, now: Now) {
        self.write(self.direction.started(), now);
        self.outputs.push_back(SharerOutput::Started(self.grants.control_revoker()));
    }

    /// The person answered the open question. An answer to any other question is nothing.
    pub fn answer(&mut self, request: RequestId, answer: Answer, now: Now) {
        self.tick(now);
        if !matches!(self.phase, Phase::Active) {
            return;
        }
        let Some(question) = self.open.take_if(|open| open.request == request) else { return };
        match answer {
            Answer::Allow { actions, choice, lasting } => {
                self.allow(&question, &actions, choice, lasting, now);
            }
            Answer::Deny => self.deny(&question, now),
        }
        self.ask_next(now);
    }

    /// The person is busy with the open question, so that it waits for another while; not for ever.
    pub fn keep_open(&mut self, request: RequestId, now: Now) {
        if let Some(open) = self.open.as_mut().filter(|open| open.request == request) {
            open.deadline = (now.monotonic + QUESTION).min(open.latest);
        }
    }

    /// The person chooses what is shown, or has finished with it: the operator's input rests as at a question, and
    /// questions wait.
    pub fn choosing(&mut self, is_choosing: bool, now: Now) {
        // While a question is open, input rests already, and the question takes the chooser's place.
        if self.is_choosing == is_choosing || (is_choosing && self.open.is_some()) {
            return;
        }
        self.is_choosing = is_choosing;
        if is_choosing {
            self.rest.open_question();
        } else {
            self.rest.close_question(now.monotonic);
        }
        self.update_rest(now);
        self.ask_next(now);
    }

    /// A question that the operator asked in vain: who asks too often has to wait.
    pub(super) fn count_refusal(&mut self, now: Now) {
        self.refusals += 1;
        if self.refusals >= REFUSALS {
            self.not_before = now.monotonic + BACK_OFF;
            self.refusals = 0;
        }
    }

    fn deny(&mut self, question: &Bundle, now: Now) {
        self.count_refusal(now);
        self.close(question, &|_| Verdict::Denied, now);
    }

    fn allow(
        &mut self,
        question: &Bundle,
        actions: &BTreeSet<Action>,
        choice: Choice,
        lasting: Option<Duration>,
        now: Now,
    ) {
        let sees = self.grants.has(Action::See) || actions.contains(&Action::See);
        let is_allowed = |action: &Action| actions.contains(action) && (sees || !action.rests_on_see());
        let allowed: Vec<Action> = question.actions.iter().copied().filter(is_allowed).collect();
        if allowed.is_empty() {
            return self.deny(question, now);
        }
        self.refusals = 0;
        if allowed.contains(&Action::See) {
            self.grants.choose(choice);
        }
        let lasting = lasting.into_iter().chain(self.policy.longest).min();
        let until = lasting.map(|lasting| now.monotonic + lasting);
        let promised: BTreeMap<Action, Verdict> =
            allowed.iter().map(|action| (*action, self.grants.promise(*action, until))).collect();
        self.close(question, &|action| promised.get(&action).copied().unwrap_or(Verdict::Denied), now);
        for action in allowed {
            self.give(action, now);
        }
    }

    /// The person froze the picture or let it go on.
    pub fn pause(&mut self, paused: bool, now: Now) {
        if !matches!(self.phase, Phase::Active) || self.paused == paused {
            return;
        }
        self.paused = paused;
        self.rest.set_paused(paused);
        self.grants.suspend_picture(paused);
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
        self.end_grant(Action::Control, GrantEnd::F11, now);
        if let Some(open) = self.open.take_if(|open| open.actions.contains(&Action::Control)) {
            self.count_refusal(now);
            self.close(&open, &|_| Verdict::Denied, now);
            self.outputs.push_back(SharerOutput::CloseQuestion(open.request));
            self.ask_next(now);
        }
    }

    /// The panel is in sight, or cannot be brought there: then the operator's input rests.
    pub fn panel_seen(&mut self, is_seen: bool, now: Now) {
        let changes = self.rest.set_panel_hidden(!is_seen);
        if changes && matches!(self.phase, Phase::Active) && self.has_acts() && self.journal.has_room() {
            self.write(Event::PanelHidden(!is_seen), now);
        }
        self.update_rest(now);
    }

    /// The person's own hand moved the mouse or pressed a key: the operator's input rests for two seconds.
    pub fn hand_moved(&mut self, now: Now) {
        if self.grants.has(Action::Control) {
            if self.rest.hand_moved(now.monotonic) {
                self.write(Event::HandTookOver, now);
                self.outputs.push_back(SharerOutput::HandHasIt(true));
            }
            self.update_rest(now);
        }
        self.grants.hand_heard();
    }

    /// Ends the session for good.
    pub fn end(&mut self, reason: SessionEnd, now: Now) {
        match self.phase {
            Phase::Sealing { .. } | Phase::Over { .. } => return,
            Phase::Greeting { .. } | Phase::Introduced { .. } => {
                self.send(&Message::End { reason });
                return self.over(reason);
            }
            Phase::Active => {}
        }
        Action::ALL.into_iter().for_each(|action| self.grants.void(action));
        // Nothing is asked any more.
        self.queue.clear();
        if let Some(open) = self.open.take() {
            self.close(&open, &|_| Verdict::Denied, now);
            self.outputs.push_back(SharerOutput::CloseQuestion(open.request));
        }
        for action in [Action::See, Action::Demonstrate] {
            self.end_grant(action, GrantEnd::SessionEnded, now);
        }
        if self.refused_input > 0 {
            self.note_refused_input(now);
        }
        // Phase first: a journal that cannot take the last entry must not come back here.
        self.phase = Phase::Sealing { deadline: now.monotonic + SEALING, reason };
        self.write(Event::Ended { reason }, now);
        self.send(&Message::End { reason });
        if let Some((number, head, signature)) = self.journal.seal(&self.signer) {
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
