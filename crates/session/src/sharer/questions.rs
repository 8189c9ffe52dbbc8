//! Requests of the operator: which become a question, in which order, and how each ends.

use deskside_proto::RequestId;
use deskside_proto::control::Control as Message;
use deskside_proto::journal::{Action, Event, Verdict};

use super::{MAX_QUEUE, OpenQuestion, QUESTION, Sharer, SharerOutput};
use crate::Now;
use crate::question::Question;

impl Sharer {
    pub(super) fn asked(&mut self, request: RequestId, action: Action, now: Now) {
        // Who asks so often that the journal is full of it has no honest purpose.
        if request.0 <= self.last_request || !self.journal.has_room() {
            return self.broke_protocol(now);
        }
        self.last_request = request.0;
        let is_pending = self.open.as_ref().is_some_and(|open| open.action == action)
            || self.queue.iter().any(|(_, queued)| *queued == action);
        if is_pending || self.queue.len() == MAX_QUEUE {
            return self.refuse(request, action, now);
        }
        self.queue.push_back((request, action));
        self.ask_next(now);
    }

    /// Opens the next question, if none is open.
    fn ask_next(&mut self, now: Now) {
        while self.open.is_none() {
            let Some((request, action)) = self.queue.pop_front() else { return };
            let is_granted = match action {
                Action::See => self.see.is_some(),
                Action::Control => self.control.is_some(),
                Action::Point => self.point.is_some(),
            };
            // Nothing is wider than seeing.
            let lacks_see = action != Action::See && self.see.is_none();
            if is_granted || lacks_see || now.monotonic < self.not_before {
                self.refuse(request, action, now);
                continue;
            }
            let question = Question::new(action, &self.config.operator.name);
            self.write(Event::Asked { request, action, question: question.hash() }, now);
            self.open = Some(OpenQuestion { request, action, deadline: now.monotonic + QUESTION });
            self.rest.open_question();
            self.update_rest(now);
            self.outputs.push_back(SharerOutput::Ask { request, action, question });
        }
    }

    fn refuse(&mut self, request: RequestId, action: Action, now: Now) {
        let question = Question::new(action, &self.config.operator.name).hash();
        self.write(Event::Asked { request, action, question }, now);
        self.write(Event::Answered { request, verdict: Verdict::Unavailable }, now);
        self.send(&Message::Answer { request, verdict: Verdict::Unavailable });
    }

    pub(super) fn withdrawn(&mut self, request: RequestId, now: Now) {
        if let Some(open) = self.open.take_if(|open| open.request == request) {
            self.outputs.push_back(SharerOutput::CloseQuestion(open.request));
            self.close(open.request, Verdict::Withdrawn, now);
        } else if let Some(index) = self.queue.iter().position(|(queued, _)| *queued == request) {
            self.queue.remove(index);
            self.send(&Message::Answer { request, verdict: Verdict::Withdrawn });
        }
        // Otherwise it was answered while the withdrawal was under way.
    }

    /// A question is over, whatever the verdict.
    pub(super) fn close(&mut self, request: RequestId, verdict: Verdict, now: Now) {
        self.rest.close_question(now.monotonic);
        self.write(Event::Answered { request, verdict }, now);
        self.send(&Message::Answer { request, verdict });
        self.update_rest(now);
        self.ask_next(now);
    }
}
