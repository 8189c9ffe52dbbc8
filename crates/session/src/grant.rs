//! Consent as a value: a [`Grant`] exists only because the customer's own hand allowed an action, cannot
//! be copied, and stops working the instant that anything revokes it.

use std::marker::PhantomData;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};

use deskside_proto::GrantId;
use deskside_proto::journal::Action;
use thiserror::Error;

use crate::Scope;

mod sealed {
    pub trait Sealed {}
}

/// An action as a type, so that a grant of one cannot be used for another. Sealed.
pub trait ActionKind: sealed::Sealed + Send + 'static {
    /// The action as a value.
    const ACTION: Action;
}

/// Seeing the screen.
#[derive(Debug)]
pub enum See {}
/// Using mouse and keyboard.
#[derive(Debug)]
pub enum Control {}

/// Pointing at and drawing on the screen.
#[derive(Debug)]
pub enum Point {}

impl sealed::Sealed for See {}
impl sealed::Sealed for Control {}
impl sealed::Sealed for Point {}
impl ActionKind for See {
    const ACTION: Action = Action::See;
}
impl ActionKind for Control {
    const ACTION: Action = Action::Control;
}
impl ActionKind for Point {
    const ACTION: Action = Action::Point;
}

/// Why a grant does not allow its action at this instant.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum Denied {
    /// The grant is void, for good.
    #[error("the grant has ended")]
    Ended,
    /// The action rests for now: a question is open, the customer's hand is on the mouse, or a pause.
    #[error("the action is suspended")]
    Suspended,
}

/// What all holders of one session's grants of one action look at. `current` is the id of the one grant
/// that is valid now, 0 for none, so that revoking is a single store seen by every thread.
#[derive(Debug, Default)]
struct Validity {
    current: AtomicU32,
    suspended: AtomicBool,
    /// The hand moved and the machine has not heard of it yet.
    hand: AtomicBool,
}

/// The customer's permission for one action. Only the sharer's accept transition makes one.
///
/// ```compile_fail
/// // There is no public constructor, so no other code can invent consent:
/// let grant: deskside_session::Grant<deskside_session::Control> = deskside_session::Grant::new();
/// ```
///
/// ```compile_fail
/// // It cannot be copied, so what is dropped is gone:
/// fn keep(grant: &deskside_session::Grant<deskside_session::See>) -> deskside_session::Grant<deskside_session::See> {
///     grant.clone()
/// }
/// ```
#[derive(Debug)]
pub struct Grant<A: ActionKind> {
    id: GrantId,
    scope: Scope,
    validity: Arc<Validity>,
    action: PhantomData<fn() -> A>,
}

impl<A: ActionKind> Grant<A> {
    /// The grant's number in the session's journal.
    #[must_use]
    pub fn id(&self) -> GrantId {
        self.id
    }

    /// What it reaches. Another scope takes another grant.
    #[must_use]
    pub fn scope(&self) -> &Scope {
        &self.scope
    }

    /// To be asked immediately before every use, on whatever thread that is.
    ///
    /// # Errors
    /// [`Denied`] if the grant has ended or is suspended; the use must then not happen.
    pub fn check(&self) -> Result<(), Denied> {
        if self.validity.current.load(Ordering::SeqCst) != self.id.0 {
            Err(Denied::Ended)
        } else if self.validity.suspended.load(Ordering::SeqCst) || self.validity.hand.load(Ordering::SeqCst)
        {
            Err(Denied::Suspended)
        } else {
            Ok(())
        }
    }
}

/// Takes consent away, from any thread, without waiting for anybody. It can make nothing.
#[derive(Debug)]
pub struct Revoker<A: ActionKind> {
    validity: Arc<Validity>,
    action: PhantomData<fn() -> A>,
}

// By hand: a derived one would demand that the action itself can be cloned.
impl<A: ActionKind> Clone for Revoker<A> {
    fn clone(&self) -> Self {
        Self { validity: Arc::clone(&self.validity), action: PhantomData }
    }
}

impl<A: ActionKind> Revoker<A> {
    /// Ends the grant of this action, if there is one. No use passes [`Grant::check`] afterwards.
    pub fn revoke(&self) {
        self.validity.current.store(0, Ordering::SeqCst);
    }

    /// Lets the action rest until the machine hears of it: [`crate::Sharer::hand_moved`] must follow.
    pub fn suspend(&self) {
        self.validity.hand.store(true, Ordering::SeqCst);
    }
}

/// The sharer's own end: makes grants and takes them away.
#[derive(Debug)]
pub(crate) struct Issuer<A: ActionKind>(Revoker<A>);

impl<A: ActionKind> Issuer<A> {
    pub(crate) fn new() -> Self {
        Self(Revoker { validity: Arc::default(), action: PhantomData })
    }

    pub(crate) fn revoker(&self) -> Revoker<A> {
        self.0.clone()
    }

    /// Makes the one valid grant of this action; an earlier one is void.
    pub(crate) fn issue(&self, id: GrantId, scope: Scope) -> Grant<A> {
        self.0.validity.current.store(id.0, Ordering::SeqCst);
        Grant { id, scope, validity: Arc::clone(&self.0.validity), action: PhantomData }
    }

    /// The valid grant's number; `None` also when somebody else revoked it.
    pub(crate) fn current(&self) -> Option<GrantId> {
        Some(self.0.validity.current.load(Ordering::SeqCst)).filter(|id| *id != 0).map(GrantId)
    }

    pub(crate) fn revoke(&self) {
        self.0.revoke();
    }

    /// The machine has heard of the hand and lets the action rest itself as long as it has to.
    pub(crate) fn hand_heard(&self) {
        self.0.validity.hand.store(false, Ordering::SeqCst);
    }

    pub(crate) fn suspend(&self, suspended: bool) {
        self.0.validity.suspended.store(suspended, Ordering::SeqCst);
    }
}
