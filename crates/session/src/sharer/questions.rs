//! Requests of the operator: which become a question, in which order, and how each ends.

use std::time::Duration;

use deskside_proto::RequestId;
use deskside_proto::control::Control as Message;
use deskside_proto::journal::{Action, Event, GrantEnd, Verdict};

use super::{LONGEST_QUESTION, MAX_QUEUE, QUESTION, Sharer, SharerOutput};
use crate::Now;
use crate::question::Question;

/// What is or will be asked in one question.
#[derive(Debug, Clone)]
pub(super) struct Bundle {
    /// Number of the first request; the others follow, one an action.
    pub(super) request: RequestId,
    pub(super) actions: Vec<Action>,
    /// Numbers of the actions' requests, in the same order.
    numbers: Vec<RequestId>,
    /// Silence is a no after this, once it is open.
    pub(super) deadline: Duration,
    /// However busy the person is with it, it ends then.
    pub(super) latest: Duration,
}

impl Sharer {
    pub(super) fn asked(&mut self, request: RequestId, actions: &[Action], now: Now) {
        // After the last number there is none; a number that came round again would be that of another question.
        let numbers: Vec<RequestId> = (request.0..=u32::MAX).map(RequestId).take(actions.len()).collect();
        let Some(last) = numbers.last().filter(|_| numbers.len() == actions.len()) else {
            return self.broke_protocol(now);
        };
        // Who asks so often that the journal is full of it has no honest purpose.
        if request.0 <= self.last_request || !self.journal.has_room() {
            return self.broke_protocol(now);
        }
        self.last_request = last.0;
        let bundle = Bundle {
            request,
            actions: actions.to_vec(),
            numbers,
            deadline: Duration::ZERO,
            latest: Duration::ZERO,
        };
        let is_pending = |action: &Action| {
            self.open.iter().chain(&self.queue).any(|bundle| bundle.actions.contains(action))
        };
        if actions.iter().any(is_pending) || self.queue.len() == MAX_QUEUE {
            return self.refuse(&bundle, now);
        }
        self.queue.push_back(bundle);
        self.ask_next(now);
    }

    /// Opens the next question, if none is open.
    pub(super) fn ask_next(&mut self, now: Now) {
        while self.open.is_none() && !self.is_choosing {
            let Some(asked) = self.queue.pop_front() else { return };
            let (mut open, refused) = self.sort(&asked, now);
            if !refused.actions.is_empty() {
                self.refuse(&refused, now);
            }
            let Some(first) = open.numbers.first() else { continue };
            open.request = *first;
            open.deadline = now.monotonic + QUESTION;
            open.latest = now.monotonic + LONGEST_QUESTION;
            let question = self.question(&open);
            for (request, action) in open.requests() {
                self.write(Event::Asked { request, action, question: question.hash() }, now);
            }
            let (request, actions) = (open.request, open.actions.clone());
            self.open = Some(open);
            self.rest.open_question();
            self.update_rest(now);
            self.outputs.push_back(SharerOutput::Ask { request, actions, question });
        }
    }

    /// What of a bundle can be asked, and what not.
    fn sort(&self, bundle: &Bundle, now: Now) -> (Bundle, Bundle) {
        let too_soon = now.monotonic < self.not_before;
        let mut open = Bundle { actions: Vec::new(), numbers: Vec::new(), ..bundle.clone() };
        let mut refused = open.clone();
        for (request, action) in bundle.requests() {
            // Nothing reaches further than seeing, which comes first in every bundle.
            let sees = self.grants.has(Action::See) || open.actions.contains(&Action::See);
            let is_possible = !too_soon
                && !self.is_closed
                && !self.grants.has(action)
                && !self.policy.forbidden.contains(&action)
                && (sees || !action.rests_on_see());
            let part = if is_possible { &mut open } else { &mut refused };
            part.actions.push(action);
            part.numbers.push(request);
        }
        (open, refused)
    }

    fn question(&self, bundle: &Bundle) -> Question {
        Question::new(&bundle.actions, self.direction.viewer_name(), self.grants.shown())
    }

    fn refuse(&mut self, bundle: &Bundle, now: Now) {
        let question = self.question(bundle).hash();
        let verdict = Verdict::Unavailable;
        for (request, action) in bundle.requests() {
            self.write(Event::Asked { request, action, question }, now);
            self.write(Event::Answered { request, verdict }, now);
            self.send(&Message::Answer { request, verdict });
        }
    }

    /// Takes back the question that this request is part of.
    pub(super) fn withdrawn(&mut self, request: RequestId, now: Now) {
        if let Some(open) = self.open.take_if(|open| open.numbers.contains(&request)) {
            self.outputs.push_back(SharerOutput::CloseQuestion(open.request));
            self.count_refusal(now);
            self.close(&open, &|_| Verdict::Withdrawn, now);
            self.ask_next(now);
        } else if let Some(index) = self.queue.iter().position(|queued| queued.numbers.contains(&request)) {
            for (request, _) in self.queue.remove(index).iter().flat_map(Bundle::requests) {
                self.send(&Message::Answer { request, verdict: Verdict::Withdrawn });
            }
        }
        // Otherwise it was answered while the withdrawal was under way.
    }

    /// Whether nothing is seen, asked or waiting to be asked.
    pub(crate) fn is_idle(&self) -> bool {
        !self.grants.has(Action::See) && self.open.is_none() && self.queue.is_empty()
    }

    /// The other side may no longer look, nor ask: what that rested on is over.
    pub(crate) fn close_down(&mut self, now: Now) {
        self.is_closed = true;
        if let Some(open) = self.open.take() {
            self.outputs.push_back(SharerOutput::CloseQuestion(open.request));
            self.close(&open, &|_| Verdict::Unavailable, now);
        }
        // What waits is refused, one after the other.
        self.ask_next(now);
        self.end_grant(Action::See, GrantEnd::Narrowed, now);
    }

    /// The number of the last request that was made, whatever became of it.
    pub(crate) fn last_request(&self) -> u32 {
        self.last_request
    }

    /// The other side may ask again.
    pub(crate) fn open_up(&mut self) {
        self.is_closed = false;
    }

    /// A question is over, whatever the verdicts. What waits behind it is asked by the caller.
    pub(super) fn close(&mut self, bundle: &Bundle, verdict: &dyn Fn(Action) -> Verdict, now: Now) {
        self.rest.close_question(now.monotonic);
        for (request, action) in bundle.requests() {
            let verdict = verdict(action);
            self.write(Event::Answered { request, verdict }, now);
            if action == Action::Demonstrate && matches!(verdict, Verdict::Allowed(_)) {
                self.demonstration.get_or_insert(self.journal.head);
            }
            self.send(&Message::Answer { request, verdict });
        }
        self.update_rest(now);
    }
}

impl Bundle {
    fn requests(&self) -> impl Iterator<Item = (RequestId, Action)> + '_ {
        self.numbers.iter().copied().zip(self.actions.iter().copied())
    }
}
