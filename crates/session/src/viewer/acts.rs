//! What the person at the viewer's window does, and what the window's program reports.

use std::collections::BTreeSet;

use deskside_proto::control::{Control as Message, Suspension};
use deskside_proto::frame::frame;
use deskside_proto::input::{InputBatch, InputEvent, MAX_EVENTS};
use deskside_proto::journal::{Action, SessionEnd};
use deskside_proto::marks::{MAX_MARK_EVENTS, MarkBatch, MarkEvent};
use deskside_proto::picture::UpdateHeader;
use deskside_proto::{GrantId, RequestId};

use super::{Phase, SEALING, Viewer, ViewerOutput};
use crate::Now;

impl Viewer {
    /// Asks for actions in one question. Each is a request of its own, in the order of [`Action`]; gives the first
    /// one's number, or `None` if that cannot be asked now.
    pub fn ask(&mut self, actions: &BTreeSet<Action>) -> Option<RequestId> {
        let is_known = |action: &Action| {
            self.grants.contains_key(action) || self.pending.values().any(|pending| pending == action)
        };
        if !matches!(self.phase, Phase::Active) || actions.is_empty() || actions.iter().any(is_known) {
            return None;
        }
        self.lets_go = false;
        let first = RequestId(self.last_request + 1);
        for action in actions {
            self.last_request += 1;
            let request = RequestId(self.last_request);
            self.pending.insert(request, *action);
            self.witness.asked(request, *action, actions);
        }
        self.send(&Message::Ask { request: first, actions: actions.iter().copied().collect() });
        Some(first)
    }

    /// Asks for the picture of one monitor of the last list, or of all. It is no question to the customer: it
    /// only narrows what is sent.
    pub fn look(&mut self, monitor: Option<u8>) {
        if matches!(self.phase, Phase::Active) && self.grants.contains_key(&Action::See) {
            self.send(&Message::Look(monitor));
        }
    }

    /// Takes a request back; the answer says how it ended.
    pub fn withdraw(&mut self, request: RequestId) {
        if self.pending.contains_key(&request) {
            self.witness.withdrew(request);
            self.send(&Message::Withdraw { request });
        }
    }

    /// Lets go of everything that was asked for or allowed, until something is asked for again.
    pub(crate) fn let_go(&mut self) {
        self.lets_go = true;
        let pending: Vec<RequestId> = self.pending.keys().copied().collect();
        pending.into_iter().for_each(|request| self.withdraw(request));
        let grants: Vec<GrantId> = self.grants.values().copied().collect();
        grants.into_iter().for_each(|grant| self.give_back(grant));
    }

    /// Gives a grant back.
    pub fn give_back(&mut self, grant: GrantId) {
        let Some(action) = self.grants.iter().find(|(_, held)| **held == grant).map(|(action, _)| *action)
        else {
            return;
        };
        // Nothing is done under it from here on, whenever the other side says that it has ended.
        self.grants.remove(&action);
        self.returned.insert(grant, action);
        self.witness.gave_back(grant);
        self.send(&Message::GiveBack { grant });
    }

    /// Sends input, if control is granted and does not rest; gives whether it was sent.
    pub fn input(&mut self, events: &[InputEvent]) -> bool {
        let grant = self.grants.get(&Action::Control).copied();
        let (Phase::Active, Some(grant), None) = (&self.phase, grant, self.suspended) else { return false };
        for events in events.chunks(MAX_EVENTS) {
            let batch = InputBatch { grant, epoch: self.epoch, events: events.to_vec() };
            if let Ok(framed) = frame(&batch.encode()) {
                self.outputs.push_back(ViewerOutput::SendInput(framed));
            }
        }
        true
    }

    /// Draws on the sharer's screen, if that is granted and does not rest; gives whether it was sent.
    pub fn mark(&mut self, events: &[MarkEvent]) -> bool {
        let grant = self.grants.get(&Action::Point).copied();
        let rests = self.suspended.is_some_and(|reason| reason != Suspension::Hand);
        let (Phase::Active, Some(grant), false) = (&self.phase, grant, rests) else { return false };
        for events in events.chunks(MAX_MARK_EVENTS) {
            self.send(&Message::Marks(MarkBatch { grant, epoch: self.epoch, events: events.to_vec() }));
        }
        true
    }

    /// An update has been decoded.
    pub fn shown(&mut self, header: UpdateHeader) {
        let order = |header: UpdateHeader| (header.epoch, header.number);
        while let Some((_, bytes)) = self.unshown.pop_front_if(|(first, _)| order(*first) <= order(header)) {
            self.unshown_bytes -= bytes;
        }
        if matches!(self.phase, Phase::Active) && header.epoch == self.epoch {
            self.send(&Message::Shown { epoch: header.epoch, number: header.number });
        }
    }

    /// Ends the session; the sharer writes the last entry.
    pub fn end(&mut self, reason: SessionEnd, now: Now) {
        match self.phase {
            Phase::Sealing { .. } | Phase::Over { .. } => {}
            Phase::Greeting { .. } | Phase::Waiting => {
                self.send(&Message::End { reason });
                self.over(reason);
            }
            Phase::Active => {
                self.witness.ended();
                self.send(&Message::End { reason });
                self.phase = Phase::Sealing { deadline: now.monotonic + SEALING, reason };
            }
        }
    }

    /// The connection is gone: whatever is missing of the goodbye will not come.
    pub fn connection_lost(&mut self) {
        match self.phase {
            Phase::Sealing { reason, .. } => self.over(reason),
            Phase::Greeting { .. } | Phase::Waiting | Phase::Active => self.over(SessionEnd::ConnectionLost),
            Phase::Over { .. } => {}
        }
    }
}
