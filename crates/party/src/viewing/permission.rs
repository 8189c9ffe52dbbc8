//! One thing that the viewer may do, from not asked to allowed and back.

use deskside_proto::journal::{GrantEnd, Verdict};
use deskside_proto::{GrantId, RequestId};

/// How far the sharer's permission for one action has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Permission {
    /// Not asked for.
    #[default]
    None,
    /// The sharer is being asked; the number comes from the network side.
    Asking(Option<RequestId>),
    /// The sharer allowed it.
    Allowed(GrantId),
    /// The sharer did not allow it.
    Refused(Refusal),
    /// It was allowed and is no longer.
    Ended(GrantEnd),
}

/// How a question ended without a yes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refusal {
    /// The sharer said no.
    Denied,
    /// Nobody answered in time.
    TimedOut,
    /// Asked too soon after several refusals, or not possible there.
    Unavailable,
}

impl Permission {
    /// Whether the action is allowed now.
    #[must_use]
    pub fn is_allowed(self) -> bool {
        matches!(self, Self::Allowed(_))
    }

    /// Whether the sharer is being asked.
    #[must_use]
    pub fn is_asking(self) -> bool {
        matches!(self, Self::Asking(_))
    }

    /// The request got its number.
    pub fn asked(&mut self, request: RequestId) {
        if self.is_asking() {
            *self = Self::Asking(Some(request));
        }
    }

    /// A request ended. A yes always counts, even where the request was being taken back: the grant exists.
    pub fn answered(&mut self, verdict: Verdict) {
        let refusal = match verdict {
            Verdict::Allowed(grant) => {
                *self = Self::Allowed(grant);
                return;
            }
            Verdict::Denied => Self::Refused(Refusal::Denied),
            Verdict::TimedOut => Self::Refused(Refusal::TimedOut),
            Verdict::Unavailable => Self::Refused(Refusal::Unavailable),
            Verdict::Withdrawn => Self::None,
        };
        if self.is_asking() {
            *self = refusal;
        }
    }

    /// The grant has another number and reach.
    pub fn replaced(&mut self, grant: GrantId) {
        if self.is_allowed() {
            *self = Self::Allowed(grant);
        }
    }

    /// A grant ended; an older one than the present one changes nothing.
    pub fn ended(&mut self, grant: GrantId, reason: GrantEnd) {
        if *self == Self::Allowed(grant) {
            *self = if reason == GrantEnd::GivenBack { Self::None } else { Self::Ended(reason) };
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_counts_for_an_open_question_only_unless_it_is_a_yes() {
        let mut permission = Permission::Asking(None);
        permission.asked(RequestId(4));
        assert_eq!(permission, Permission::Asking(Some(RequestId(4))));
        permission.answered(Verdict::TimedOut);
        assert_eq!(permission, Permission::Refused(Refusal::TimedOut));
        permission.answered(Verdict::Denied);
        assert_eq!(permission, Permission::Refused(Refusal::TimedOut));
        permission.answered(Verdict::Allowed(GrantId(9)));
        assert!(permission.is_allowed());
        permission.asked(RequestId(5));
        assert!(permission.is_allowed());
    }

    #[test]
    fn only_the_present_grant_can_end() {
        let mut permission = Permission::Allowed(GrantId(2));
        permission.ended(GrantId(1), GrantEnd::F11);
        assert!(permission.is_allowed());
        permission.ended(GrantId(2), GrantEnd::F11);
        assert_eq!(permission, Permission::Ended(GrantEnd::F11));
        permission = Permission::Allowed(GrantId(3));
        permission.ended(GrantId(3), GrantEnd::GivenBack);
        assert_eq!(permission, Permission::None);
    }
}
