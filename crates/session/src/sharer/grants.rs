//! The grants of a session: at most one of each action, what each reaches, and how each ends.

use std::collections::BTreeMap;
use std::time::Duration;

use deskside_proto::GrantId;
use deskside_proto::control::{Control as Message, Suspension};
use deskside_proto::journal::{Action, Event, GrantEnd, Verdict};
use deskside_proto::shown::AreaNote;

use super::questions::Bundle;
use super::{Sharer, SharerOutput};
use crate::grant::Issuer;
use crate::{Choice, Control, Now, Point, Revoker, See};

/// A grant that was given and has not ended.
#[derive(Debug)]
struct Held {
    grant: GrantId,
    /// Grants that this one took the place of, which the other side may still believe in.
    former: Vec<GrantId>,
    until: Option<Duration>,
}

/// Makes grants, and knows which are valid.
#[derive(Debug)]
pub(super) struct Grants {
    see: Issuer<See>,
    control: Issuer<Control>,
    point: Issuer<Point>,
    held: BTreeMap<Action, Held>,
    /// What may be seen, as long as anything may.
    choice: Choice,
    last: u32,
}

impl Grants {
    pub(super) fn new() -> Self {
        Self {
            see: Issuer::new(),
            control: Issuer::new(),
            point: Issuer::new(),
            held: BTreeMap::new(),
            choice: Choice::screen(),
            last: 0,
        }
    }

    /// Whether the action is granted.
    pub(super) fn has(&self, action: Action) -> bool {
        self.held.contains_key(&action)
    }

    /// The valid grant of an action; `None` also when another thread revoked it.
    pub(super) fn valid(&self, action: Action) -> Option<GrantId> {
        match action {
            Action::See => self.see.current(),
            Action::Control => self.control.current(),
            Action::Point => self.point.current(),
            Action::Demonstrate => self.held.get(&action).map(|held| held.grant),
        }
    }

    /// For the thread that hears the hand.
    pub(super) fn control_revoker(&self) -> Revoker<Control> {
        self.control.revoker()
    }

    /// Voids whatever is valid of an action, at once, without telling anybody.
    pub(super) fn void(&self, action: Action) {
        match action {
            Action::See => self.see.revoke(),
            Action::Control => self.control.revoke(),
            Action::Point => self.point.revoke(),
            // No thread acts under it.
            Action::Demonstrate => {}
        }
    }

    /// Lets what the operator does rest, or not. Who points is not in the way of the customer's hand.
    pub(super) fn suspend_acts(&self, reason: Option<Suspension>) {
        self.control.suspend(reason.is_some());
        self.point.suspend(reason.is_some_and(|reason| reason != Suspension::Hand));
    }

    /// Lets the picture rest, or not.
    pub(super) fn suspend_picture(&self, suspended: bool) {
        self.see.suspend(suspended);
    }

    /// The machine has heard of the hand.
    pub(super) fn hand_heard(&self) {
        self.control.hand_heard();
    }

    /// When the first grant expires.
    pub(super) fn expiry(&self) -> Option<Duration> {
        self.held.values().filter_map(|held| held.until).min()
    }

    fn expired(&self, now: Duration) -> Option<Action> {
        let is_over = |held: &Held| held.until.is_some_and(|until| until <= now);
        self.held.iter().find(|(_, held)| is_over(held)).map(|(action, _)| *action)
    }

    /// The action that this grant is of, or was before another one took its place.
    fn action_of(&self, grant: GrantId) -> Option<Action> {
        let is_it = |held: &Held| held.grant == grant || held.former.contains(&grant);
        self.held.iter().find(|(_, held)| is_it(held)).map(|(action, _)| *action)
    }

    /// What may be seen at this time, if anything may.
    pub(super) fn shown(&self) -> Option<&AreaNote> {
        self.has(Action::See).then_some(&self.choice.note.area)
    }

    /// What may be seen from now on, before the grant for it is made.
    pub(super) fn choose(&mut self, choice: Choice) {
        self.choice = choice;
    }

    /// Numbers the grant that a yes makes; [`Sharer::give`] makes it.
    pub(super) fn promise(&mut self, action: Action, until: Option<Duration>) -> Verdict {
        let grant = self.number();
        self.held.insert(action, Held { grant, former: Vec::new(), until });
        Verdict::Allowed(grant)
    }

    fn number(&mut self) -> GrantId {
        self.last += 1;
        GrantId(self.last)
    }

    /// Makes the grant of an action again, with the reach of now: the one before, and the new one.
    fn replace(&mut self, action: Action) -> Option<(GrantId, GrantId, SharerOutput)> {
        if action == Action::Demonstrate {
            return None;
        }
        let grant = self.number();
        let scope = self.choice.scope.clone();
        let held = self.held.get_mut(&action)?;
        let granted = match action {
            Action::See => SharerOutput::SeeGranted(self.see.replace(held.grant, grant, scope)?),
            Action::Control => SharerOutput::ControlGranted(self.control.replace(held.grant, grant, scope)?),
            Action::Point => SharerOutput::PointGranted(self.point.replace(held.grant, grant, scope)?),
            Action::Demonstrate => return None,
        };
        let replaced = std::mem::replace(&mut held.grant, grant);
        held.former.push(replaced);
        Some((replaced, grant, granted))
    }

    fn issue(&self, action: Action, grant: GrantId, follows: [u8; 32]) -> SharerOutput {
        let scope = self.choice.scope.clone();
        match action {
            Action::See => SharerOutput::SeeGranted(self.see.issue(grant, scope)),
            Action::Control => SharerOutput::ControlGranted(self.control.issue(grant, scope)),
            Action::Point => SharerOutput::PointGranted(self.point.issue(grant, scope)),
            Action::Demonstrate => SharerOutput::DemonstrationGranted { grant, follows },
        }
    }
}

impl Sharer {
    /// Makes the promised grant and says what it reaches.
    pub(super) fn give(&mut self, action: Action, now: Now) {
        let Some(Held { grant, .. }) = self.grants.held.get(&action) else { return };
        let grant = *grant;
        // A demonstration reaches nothing here.
        if action != Action::Demonstrate {
            self.note_scope(grant, None, now);
        }
        let follows = self.demonstration.unwrap_or_default();
        self.outputs.push_back(self.grants.issue(action, grant, follows));
    }

    /// The person chose anew what may be seen, by their own hand: every grant is made again with the new reach, but
    /// control and pointing end if it reaches further than before.
    /// What was captured or sent under the old ones is void.
    pub fn rescope(&mut self, choice: Choice, now: Now) {
        if !self.grants.has(Action::See) || self.grants.choice == choice {
            return;
        }
        if !choice.scope.is_within(&self.grants.choice.scope) {
            // The person was not asked whether more may be used or drawn on.
            self.end_what_rests_on_see(GrantEnd::Narrowed, now);
        }
        self.grants.choice = choice;
        self.outputs.push_back(SharerOutput::ReleaseAll);
        for action in Action::ALL {
            // What another thread has revoked is not made again; the machine hears of that next.
            if let Some((replaced, grant, granted)) = self.grants.replace(action) {
                self.note_scope(grant, Some(replaced), now);
                self.outputs.push_back(granted);
            }
        }
    }

    fn note_scope(&mut self, grant: GrantId, replaces: Option<GrantId>, now: Now) {
        let scope = self.grants.choice.note.clone();
        self.write(Event::Scoped { grant, replaces, scope }, now);
    }

    /// Whether the other side can do anything that the panel must be seen for.
    pub(super) fn has_acts(&self) -> bool {
        [Action::Control, Action::Point].into_iter().any(|action| self.grants.has(action))
    }

    pub(super) fn given_back(&mut self, grant: GrantId, now: Now) {
        // Otherwise it had ended while the message was under way.
        if let Some(action) = self.grants.action_of(grant) {
            self.end_grant(action, GrantEnd::GivenBack, now);
        }
    }

    pub(super) fn end_expired(&mut self, now: Now) {
        while let Some(action) = self.grants.expired(now.monotonic) {
            self.end_grant(action, GrantEnd::Expired, now);
        }
    }

    pub(super) fn end_grant(&mut self, action: Action, reason: GrantEnd, now: Now) {
        self.grants.void(action);
        let ended = self.grants.held.remove(&action);
        if action == Action::See {
            self.end_what_rests_on_see(reason, now);
        }
        let Some(Held { grant, .. }) = ended else { return };
        if action == Action::Control {
            self.outputs.push_back(SharerOutput::ReleaseAll);
        }
        self.write(Event::GrantEnded { grant, reason }, now);
        self.send(&Message::GrantEnded { grant, reason });
        self.outputs.push_back(SharerOutput::GrantEnded { action, grant, reason });
    }

    /// Nothing reaches further than seeing, and nothing else is asked for without it.
    fn end_what_rests_on_see(&mut self, reason: GrantEnd, now: Now) {
        let reason = if reason == GrantEnd::SessionEnded { reason } else { GrantEnd::Narrowed };
        for action in Action::ALL.into_iter().filter(|action| action.rests_on_see()) {
            self.end_grant(action, reason, now);
        }
        let rests = |open: &mut Bundle| {
            !open.actions.contains(&Action::See) && open.actions.iter().any(|action| action.rests_on_see())
        };
        if let Some(open) = self.open.take_if(rests) {
            self.outputs.push_back(SharerOutput::CloseQuestion(open.request));
            self.close(&open, &|_| Verdict::Unavailable, now);
            self.ask_next(now);
        }
    }
}
