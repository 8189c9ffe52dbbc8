//! The journal: the hash-chained list of what was asked, answered and done in one session.
//!
//! The sharer's program appends and numbers; the other verifies and countersigns. An entry's hash is
//! SHA-256 over [`ENTRY_DOMAIN`] and the entry's exact bytes, which hold the hash before it.

use prost::{Message, Oneof};

use crate::error::{at_most, bounded, exactly, required};
use crate::shown::{ScopeNote, WireScope};
use crate::{DecodeError, GrantId, MAX_NAME, RequestId, SessionId};

/// What is hashed before an entry's bytes.
pub const ENTRY_DOMAIN: &[u8] = b"deskside journal entry v1\0";
/// What is signed before the hash of the last entry.
pub const SEAL_DOMAIN: &[u8] = b"deskside journal seal v1\0";
/// Longest entry, in bytes.
pub const MAX_ENTRY: usize = 4096;
/// Most entries of one session.
pub const MAX_ENTRIES: u32 = 100_000;

/// What a viewer may ask for. Unknown actions are refused when read, and so denied.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Action {
    /// See the whole screen.
    See,
    /// Use mouse and keyboard on what may be seen.
    Control,
    /// Point and draw on what may be seen, without touching it.
    Point,
    /// Show a screen of one's own in return.
    Demonstrate,
}

impl Action {
    /// Every action, in the order of their numbers on the wire (from 1).
    pub const ALL: [Self; 4] = [Self::See, Self::Control, Self::Point, Self::Demonstrate];

    /// Whether it reaches what may be seen and no more, so that it ends with seeing.
    #[must_use]
    pub fn rests_on_see(self) -> bool {
        match self {
            Self::Control | Self::Point => true,
            Self::See | Self::Demonstrate => false,
        }
    }

    /// Its number on the wire.
    #[must_use]
    pub fn number(self) -> u32 {
        match self {
            Self::See => 1,
            Self::Control => 2,
            Self::Point => 3,
            Self::Demonstrate => 4,
        }
    }

    pub(crate) fn from_number(number: u32, field: &'static str) -> Result<Self, DecodeError> {
        pick(&Self::ALL, number, field, "1 to 4")
    }
}

/// How a question ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Verdict {
    /// The customer's own hand allowed it; this is the grant.
    Allowed(GrantId),
    /// The customer said no.
    Denied,
    /// Nobody answered in time, which is a no.
    TimedOut,
    /// The operator took the request back.
    Withdrawn,
    /// It was asked too soon after several refusals, or cannot be done here.
    Unavailable,
}

/// Why a grant ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum GrantEnd {
    /// The customer pressed F11.
    F11,
    /// The customer took it back in the panel.
    Revoked,
    /// The operator gave it back.
    GivenBack,
    /// What it rests on ended: control ends with seeing.
    Narrowed,
    /// The session ended.
    SessionEnded,
    /// The time for which the customer gave it is over.
    Expired,
}

/// Why a session ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum SessionEnd {
    /// The customer pressed Stop or closed the panel.
    Customer,
    /// The operator ended it.
    Operator,
    /// The customer did not want this operator.
    Refused,
    /// The connection was lost for too long.
    ConnectionLost,
    /// The screen that was shown went away.
    DisplayLost,
    /// The other program broke the protocol.
    Protocol,
    /// The customer did not answer who is asking in time.
    TimedOut,
}

/// What happened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    /// The customer accepted this operator, or allowed a demonstration: the journal begins, with no grant.
    Started {
        /// The session.
        session: SessionId,
        /// Name in the operator's certificate.
        operator: String,
        /// Organisation in the operator's certificate.
        organisation: String,
        /// SHA-256 of the operator's certificate.
        certificate: [u8; 32],
        /// SHA-256 of the certificate of the customer's session key.
        customer_certificate: [u8; 32],
        /// In the journal of a demonstration, whose sharer is the operator: the hash of that entry of the
        /// session's own journal which allowed it.
        follows: Option<[u8; 32]>,
    },
    /// The operator asked, and the customer was shown this text.
    Asked {
        /// Number of the request.
        request: RequestId,
        /// For what.
        action: Action,
        /// SHA-256 of the exact text on the customer's screen.
        question: [u8; 32],
    },
    /// The question ended.
    Answered {
        /// Number of the request.
        request: RequestId,
        /// How.
        verdict: Verdict,
    },
    /// What a grant reaches: right after it was given, and whenever the customer changes it.
    Scoped {
        /// Which.
        grant: GrantId,
        /// The grant of the same action that ended with this change.
        replaces: Option<GrantId>,
        /// What it reaches.
        scope: ScopeNote,
    },
    /// A grant ended.
    GrantEnded {
        /// Which.
        grant: GrantId,
        /// Why.
        reason: GrantEnd,
    },
    /// The customer froze the picture.
    Paused,
    /// The customer let the picture go on.
    Resumed,
    /// The customer moved the mouse and had it alone for a while.
    HandTookOver,
    /// The sharer's panel could not be seen (`true`), so that input rested, or could again.
    PanelHidden(bool),
    /// Input that no grant covered was refused, so many events since the last entry.
    InputRefused {
        /// How many.
        events: u32,
    },
    /// The session ended.
    Ended {
        /// Why.
        reason: SessionEnd,
    },
}

/// One link of the chain.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// From 0 upwards, without gaps.
    pub number: u32,
    /// The sharer's clock, in milliseconds since 1970.
    pub at_ms: i64,
    /// Hash of the entry before, 32 zeros for the first.
    pub previous: [u8; 32],
    /// What happened.
    pub event: Event,
}

#[derive(Clone, PartialEq, Message)]
struct WireEntry {
    #[prost(uint32, tag = "1")]
    number: u32,
    #[prost(int64, tag = "2")]
    at_ms: i64,
    #[prost(bytes = "vec", tag = "3")]
    previous: Vec<u8>,
    #[prost(oneof = "WireEvent", tags = "10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20")]
    event: Option<WireEvent>,
}

#[derive(Clone, PartialEq, Oneof)]
enum WireEvent {
    #[prost(message, tag = "10")]
    Started(WireStarted),
    #[prost(message, tag = "11")]
    Asked(WireAsked),
    #[prost(message, tag = "12")]
    Answered(WireAnswered),
    #[prost(message, tag = "13")]
    GrantEnded(WireGrantEnded),
    #[prost(message, tag = "14")]
    Paused(()),
    #[prost(message, tag = "15")]
    Resumed(()),
    #[prost(message, tag = "16")]
    HandTookOver(()),
    #[prost(uint32, tag = "17")]
    InputRefused(u32),
    #[prost(uint32, tag = "18")]
    Ended(u32),
    #[prost(message, tag = "19")]
    Scoped(WireScoped),
    #[prost(bool, tag = "20")]
    PanelHidden(bool),
}

#[derive(Clone, PartialEq, Message)]
struct WireStarted {
    #[prost(bytes = "vec", tag = "1")]
    session: Vec<u8>,
    #[prost(string, tag = "2")]
    operator: String,
    #[prost(string, tag = "3")]
    organisation: String,
    #[prost(bytes = "vec", tag = "4")]
    certificate: Vec<u8>,
    #[prost(bytes = "vec", tag = "5")]
    customer_certificate: Vec<u8>,
    /// Empty where nothing is followed.
    #[prost(bytes = "vec", tag = "6")]
    follows: Vec<u8>,
}

#[derive(Clone, PartialEq, Message)]
struct WireAsked {
    #[prost(uint32, tag = "1")]
    request: u32,
    #[prost(uint32, tag = "2")]
    action: u32,
    #[prost(bytes = "vec", tag = "3")]
    question: Vec<u8>,
}

#[derive(Clone, Copy, PartialEq, Message)]
struct WireAnswered {
    #[prost(uint32, tag = "1")]
    request: u32,
    #[prost(message, optional, tag = "2")]
    verdict: Option<WireVerdict>,
}

#[derive(Clone, Copy, PartialEq, Message)]
struct WireGrantEnded {
    #[prost(uint32, tag = "1")]
    grant: u32,
    #[prost(uint32, tag = "2")]
    reason: u32,
}

#[derive(Clone, PartialEq, Message)]
struct WireScoped {
    #[prost(uint32, tag = "1")]
    grant: u32,
    /// 0 for none.
    #[prost(uint32, tag = "2")]
    replaces: u32,
    #[prost(message, optional, tag = "3")]
    scope: Option<WireScope>,
}

/// A verdict on the wire: `kind` 1 to 5, and the grant's number with kind 1.
#[derive(Clone, Copy, PartialEq, Message)]
pub(crate) struct WireVerdict {
    #[prost(uint32, tag = "1")]
    kind: u32,
    #[prost(uint32, tag = "2")]
    grant: u32,
}

const GRANT_ENDS: [GrantEnd; 6] = [
    GrantEnd::F11,
    GrantEnd::Revoked,
    GrantEnd::GivenBack,
    GrantEnd::Narrowed,
    GrantEnd::SessionEnded,
    GrantEnd::Expired,
];
const SESSION_ENDS: [SessionEnd; 7] = [
    SessionEnd::Customer,
    SessionEnd::Operator,
    SessionEnd::Refused,
    SessionEnd::ConnectionLost,
    SessionEnd::DisplayLost,
    SessionEnd::Protocol,
    SessionEnd::TimedOut,
];

fn pick<T: Copy>(
    all: &[T],
    number: u32,
    field: &'static str,
    allowed: &'static str,
) -> Result<T, DecodeError> {
    let index = usize::try_from(number).ok().and_then(|number| number.checked_sub(1));
    let value = u64::from(number);
    index.and_then(|i| all.get(i)).copied().ok_or(DecodeError::OutOfRange { field, value, allowed })
}

fn number_of<T: PartialEq>(all: &[T], item: &T) -> u32 {
    all.iter().zip(1u32..).find(|(other, _)| *other == item).map_or(0, |(_, number)| number)
}

impl GrantEnd {
    pub(crate) fn number(self) -> u32 {
        number_of(&GRANT_ENDS, &self)
    }

    pub(crate) fn from_number(number: u32, field: &'static str) -> Result<Self, DecodeError> {
        pick(&GRANT_ENDS, number, field, "1 to 6")
    }
}

impl SessionEnd {
    pub(crate) fn number(self) -> u32 {
        number_of(&SESSION_ENDS, &self)
    }

    pub(crate) fn from_number(number: u32, field: &'static str) -> Result<Self, DecodeError> {
        pick(&SESSION_ENDS, number, field, "1 to 7")
    }
}

impl Verdict {
    pub(crate) fn encode(self) -> WireVerdict {
        match self {
            Self::Allowed(grant) => WireVerdict { kind: 1, grant: grant.0 },
            Self::Denied => WireVerdict { kind: 2, grant: 0 },
            Self::TimedOut => WireVerdict { kind: 3, grant: 0 },
            Self::Withdrawn => WireVerdict { kind: 4, grant: 0 },
            Self::Unavailable => WireVerdict { kind: 5, grant: 0 },
        }
    }

    pub(crate) fn decode(wire: WireVerdict) -> Result<Self, DecodeError> {
        match wire {
            WireVerdict { kind: 1, grant } if grant > 0 => Ok(Self::Allowed(GrantId(grant))),
            WireVerdict { kind: 1, .. } => Err(DecodeError::Missing { field: "Verdict.grant" }),
            WireVerdict { kind: 2, .. } => Ok(Self::Denied),
            WireVerdict { kind: 3, .. } => Ok(Self::TimedOut),
            WireVerdict { kind: 4, .. } => Ok(Self::Withdrawn),
            WireVerdict { kind: 5, .. } => Ok(Self::Unavailable),
            WireVerdict { kind, .. } => Err(DecodeError::OutOfRange {
                field: "Verdict.kind",
                value: u64::from(kind),
                allowed: "1 to 5",
            }),
        }
    }
}

impl Entry {
    /// The entry's exact bytes.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        WireEntry {
            number: self.number,
            at_ms: self.at_ms,
            previous: self.previous.to_vec(),
            event: Some(encode_event(&self.event)),
        }
        .encode_to_vec()
    }

    /// Reads an entry.
    ///
    /// # Errors
    /// [`DecodeError`] names the field that is wrong.
    pub fn decode(bytes: &[u8]) -> Result<Self, DecodeError> {
        let bytes = at_most(bytes, MAX_ENTRY, "Entry")?;
        let wire = WireEntry::decode(bytes).map_err(|e| DecodeError::malformed("Entry", &e))?;
        Ok(Self {
            number: bounded(wire.number, MAX_ENTRIES, "Entry.number", "at most 100000")?,
            at_ms: wire.at_ms,
            previous: exactly(&wire.previous, "Entry.previous")?,
            event: decode_event(required(wire.event, "Entry.event")?)?,
        })
    }
}

fn encode_event(event: &Event) -> WireEvent {
    match event {
        Event::Started { session, operator, organisation, certificate, customer_certificate, follows } => {
            WireEvent::Started(WireStarted {
                session: session.0.to_vec(),
                operator: operator.clone(),
                organisation: organisation.clone(),
                certificate: certificate.to_vec(),
                customer_certificate: customer_certificate.to_vec(),
                follows: follows.map_or_else(Vec::new, |hash| hash.to_vec()),
            })
        }
        Event::Asked { request, action, question } => WireEvent::Asked(WireAsked {
            request: request.0,
            action: action.number(),
            question: question.to_vec(),
        }),
        Event::Answered { request, verdict } => {
            WireEvent::Answered(WireAnswered { request: request.0, verdict: Some(verdict.encode()) })
        }
        Event::Scoped { grant, replaces, scope } => WireEvent::Scoped(WireScoped {
            grant: grant.0,
            replaces: replaces.map_or(0, |grant| grant.0),
            scope: Some(scope.encode()),
        }),
        Event::GrantEnded { grant, reason } => {
            WireEvent::GrantEnded(WireGrantEnded { grant: grant.0, reason: reason.number() })
        }
        Event::Paused => WireEvent::Paused(()),
        Event::Resumed => WireEvent::Resumed(()),
        Event::HandTookOver => WireEvent::HandTookOver(()),
        Event::PanelHidden(hidden) => WireEvent::PanelHidden(*hidden),
        Event::InputRefused { events } => WireEvent::InputRefused(*events),
        Event::Ended { reason } => WireEvent::Ended(reason.number()),
    }
}

fn decode_event(wire: WireEvent) -> Result<Event, DecodeError> {
    Ok(match wire {
        WireEvent::Started(wire) => Event::Started {
            session: SessionId(exactly(&wire.session, "Started.session")?),
            operator: at_most(wire.operator, MAX_NAME, "Started.operator")?,
            organisation: at_most(wire.organisation, MAX_NAME, "Started.organisation")?,
            certificate: exactly(&wire.certificate, "Started.certificate")?,
            customer_certificate: exactly(&wire.customer_certificate, "Started.customer_certificate")?,
            follows: match wire.follows.as_slice() {
                [] => None,
                hash => Some(exactly(hash, "Started.follows")?),
            },
        },
        WireEvent::Asked(wire) => Event::Asked {
            request: RequestId(wire.request),
            action: Action::from_number(wire.action, "Asked.action")?,
            question: exactly(&wire.question, "Asked.question")?,
        },
        WireEvent::Answered(wire) => Event::Answered {
            request: RequestId(wire.request),
            verdict: Verdict::decode(required(wire.verdict, "Answered.verdict")?)?,
        },
        WireEvent::Scoped(wire) => Event::Scoped {
            grant: GrantId(wire.grant),
            replaces: Some(wire.replaces).filter(|grant| *grant != 0).map(GrantId),
            scope: ScopeNote::decode(required(wire.scope, "Scoped.scope")?)?,
        },
        WireEvent::GrantEnded(wire) => Event::GrantEnded {
            grant: GrantId(wire.grant),
            reason: GrantEnd::from_number(wire.reason, "GrantEnded.reason")?,
        },
        WireEvent::Paused(()) => Event::Paused,
        WireEvent::Resumed(()) => Event::Resumed,
        WireEvent::HandTookOver(()) => Event::HandTookOver,
        WireEvent::PanelHidden(hidden) => Event::PanelHidden(hidden),
        WireEvent::InputRefused(events) => Event::InputRefused { events },
        WireEvent::Ended(reason) => Event::Ended { reason: SessionEnd::from_number(reason, "Ended.reason")? },
    })
}
