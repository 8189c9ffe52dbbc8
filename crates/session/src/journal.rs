//! The journal of one session: a chain of entries, each holding the hash of the one before, sealed by
//! both programs at the end.

use std::collections::BTreeSet;

use deskside_proto::journal::{Action, ENTRY_DOMAIN, Entry, Event, MAX_ENTRIES, Verdict};
use deskside_proto::{DecodeError, GrantId, RequestId};
use deskside_trust::crypto::sha256;
use deskside_trust::{CertificateDer, Signer, seal};
use thiserror::Error;

/// Entries kept free, so that however many came before, the journal tells how grants and session ended.
const KEPT_FOR_THE_END: usize = 64;

/// A party's certificate and, once it has sealed the journal, its signature.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Party {
    pub(crate) certificate: CertificateDer<'static>,
    /// Over the last entry's number and hash.
    pub(crate) seal: Option<Vec<u8>>,
}

/// Who of the two shows the screen, and who looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Roles {
    pub(crate) sharer: &'static str,
    pub(crate) viewer: &'static str,
    pub(crate) is_demonstration: bool,
}

/// What a journal numbers: what is told of one must not be told of another.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Number {
    Request(RequestId),
    Grant(GrantId),
}

impl Number {
    /// What an event gives a number to.
    fn given_by(event: &Event) -> Option<Self> {
        match event {
            Event::Asked { request, .. } => Some(Self::Request(*request)),
            Event::Answered { verdict: Verdict::Allowed(grant), .. }
            | Event::Scoped { grant, replaces: Some(_), .. } => Some(Self::Grant(*grant)),
            _ => None,
        }
    }
}

/// What was asked, answered and done. Can be kept, shown and verified by anybody.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Journal {
    pub(crate) entries: Vec<(Entry, Vec<u8>)>,
    numbers: BTreeSet<Number>,
    pub(crate) head: [u8; 32],
    pub(crate) sharer: Party,
    pub(crate) viewer: Party,
}

/// Why a journal does not hold.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum JournalError {
    /// An entry cannot be read.
    #[error("entry {number} cannot be read: {cause}")]
    Unreadable {
        /// Which.
        number: usize,
        /// Why.
        cause: DecodeError,
    },
    /// The file around the entries cannot be read.
    #[error("this is not a whole journal: {0}")]
    File(DecodeError),
    /// An entry's number or the hash it holds does not continue the chain.
    #[error("entry {0} does not follow from the one before it")]
    Chain(usize),
    /// The first entry does not say who took part, or a later one says so again; or the number of a request or a grant
    /// is that of an earlier one.
    #[error("entry {0} is out of place")]
    Place(usize),
    /// The first entry names other certificates than those in the file.
    #[error("the journal names another {0} than the one that sealed it")]
    Party(&'static str),
    /// A seal does not verify.
    #[error("the {0}'s seal is not genuine")]
    Seal(&'static str),
    /// More entries than one session can have.
    #[error("the journal has more than {MAX_ENTRIES} entries")]
    TooMany,
}

impl Journal {
    pub(crate) fn new(
        sharer_certificate: CertificateDer<'static>,
        viewer_certificate: CertificateDer<'static>,
    ) -> Self {
        let party = |certificate| Party { certificate, seal: None };
        Self {
            entries: Vec::new(),
            numbers: BTreeSet::new(),
            head: [0; 32],
            sharer: party(sharer_certificate),
            viewer: party(viewer_certificate),
        }
    }

    /// Who the sharer is, as the first entry says.
    pub(crate) fn roles(&self) -> Roles {
        let first = self.entries().next().map(|entry| &entry.event);
        if matches!(first, Some(Event::Started { follows: Some(_), .. })) {
            Roles { sharer: "operator", viewer: "customer", is_demonstration: true }
        } else {
            Roles { sharer: "customer", viewer: "operator", is_demonstration: false }
        }
    }

    /// Whether this is the journal of a demonstration, which belongs to a session's own.
    #[must_use]
    pub fn is_demonstration(&self) -> bool {
        self.roles().is_demonstration
    }

    /// Whether this is the journal of a demonstration that the other one, the session's, has allowed: between the same
    /// parties, and by an answer that said yes to it.
    #[must_use]
    pub fn follows(&self, session: &Self) -> bool {
        let (Some(ours), Some(theirs)) = (self.entries().next(), session.entries().next()) else {
            return false;
        };
        let Event::Started { follows: Some(hash), .. } = &ours.event else { return false };
        let mut same = ours.event.clone();
        if let Event::Started { follows, .. } = &mut same {
            *follows = None;
        }
        let is_yes = |(entry, bytes): &(Entry, Vec<u8>)| match entry.event {
            Event::Answered { request, verdict: Verdict::Allowed(_) } => {
                sha256(&[ENTRY_DOMAIN, bytes]) == *hash && session.asked_to_demonstrate(request)
            }
            _ => false,
        };
        same == theirs.event && session.entries.iter().any(is_yes)
    }

    fn asked_to_demonstrate(&self, number: RequestId) -> bool {
        self.entries().any(|entry| {
            matches!(entry.event, Event::Asked { request, action: Action::Demonstrate, .. } if request == number)
        })
    }

    /// The entries in order.
    pub fn entries(&self) -> impl Iterator<Item = &Entry> {
        self.entries.iter().map(|(entry, _)| entry)
    }

    /// Whether the sharer's and the viewer's program have sealed the last entry. A missing seal means that
    /// the session ended for that side without a goodbye.
    #[must_use]
    pub fn sealed_by(&self) -> (bool, bool) {
        (self.sharer.seal.is_some(), self.viewer.seal.is_some())
    }

    /// Number and hash of the last entry, if there is one.
    pub(crate) fn head(&self) -> Option<(u32, [u8; 32])> {
        self.entries.last().map(|(entry, _)| (entry.number, self.head))
    }

    /// Whether there is room for more than the end of a session.
    pub(crate) fn has_room(&self) -> bool {
        self.entries.len() + KEPT_FOR_THE_END < MAX_ENTRIES as usize
    }

    /// The sharer's side: appends what happened and gives the entry's exact bytes for the other side.
    pub(crate) fn write(&mut self, at_ms: i64, event: Event) -> Result<Vec<u8>, JournalError> {
        let number = u32::try_from(self.entries.len()).unwrap_or(u32::MAX);
        let entry = Entry { number, at_ms, previous: self.head, event };
        let bytes = entry.encode();
        self.append(&bytes)?;
        Ok(bytes)
    }

    /// Either side: appends an entry if it continues the chain, and gives what happened.
    pub(crate) fn append(&mut self, bytes: &[u8]) -> Result<&Entry, JournalError> {
        let number = self.entries.len();
        if number >= MAX_ENTRIES as usize {
            return Err(JournalError::TooMany);
        }
        let entry = Entry::decode(bytes).map_err(|cause| JournalError::Unreadable { number, cause })?;
        if entry.number as usize != number || entry.previous != self.head {
            return Err(JournalError::Chain(number));
        }
        let is_start = matches!(entry.event, Event::Started { .. });
        let is_after_end = matches!(self.entries.last(), Some((Entry { event: Event::Ended { .. }, .. }, _)));
        let is_first = |given| !self.numbers.contains(&given);
        let given = Number::given_by(&entry.event);
        if is_start != (number == 0) || is_after_end || !given.is_none_or(is_first) {
            return Err(JournalError::Place(number));
        }
        self.numbers.extend(given);
        self.head = sha256(&[ENTRY_DOMAIN, bytes]);
        Ok(&self.entries.push_mut((entry, bytes.to_vec())).0)
    }

    /// Signs the last entry; gives its number, its hash and the signature. `None` if there is no entry or
    /// the key refuses, which leaves the journal one-sided.
    pub(crate) fn seal(&self, signer: &Signer) -> Option<(u32, [u8; 32], Vec<u8>)> {
        let (number, head) = self.head()?;
        let signature = seal::sign(signer, number, &head).ok()?;
        Some((number, head, signature))
    }

    /// Whether this is the party's genuine seal under the last entry.
    pub(crate) fn is_sealed(&self, party: &Party, number: u32, head: &[u8; 32], signature: &[u8]) -> bool {
        self.head() == Some((number, *head))
            && seal::verify(&party.certificate, number, head, signature).is_ok()
    }

    /// Checks everything that the journal claims: chain, parties and the seals that are there.
    ///
    /// # Errors
    /// [`JournalError`] names the first thing that does not hold.
    pub fn verify(&self) -> Result<(), JournalError> {
        let mut again = Self::new(self.sharer.certificate.clone(), self.viewer.certificate.clone());
        for (_, bytes) in &self.entries {
            again.append(bytes)?;
        }
        let Some((number, head)) = again.head() else { return Ok(()) };
        let Roles { sharer, viewer, is_demonstration } = again.roles();
        let parties = [(&self.sharer, sharer), (&self.viewer, viewer)];
        if let Some(Event::Started { certificate, customer_certificate, .. }) =
            again.entries().next().map(|entry| &entry.event)
        {
            let named = [customer_certificate, certificate];
            let named = if is_demonstration { [named[1], named[0]] } else { named };
            for ((party, name), expected) in parties.into_iter().zip(named) {
                if sha256(&[&party.certificate]) != *expected {
                    return Err(JournalError::Party(name));
                }
            }
        }
        for (party, name) in parties {
            if let Some(signature) = &party.seal {
                seal::verify(&party.certificate, number, &head, signature)
                    .map_err(|_| JournalError::Seal(name))?;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use deskside_proto::SessionId;
    use deskside_proto::journal::Action;
    use deskside_proto::shown::ScopeNote;

    use super::*;

    fn started(certificate: u8, follows: Option<[u8; 32]>) -> Event {
        Event::Started {
            session: SessionId([7; 16]),
            operator: "Olga".into(),
            organisation: "Help".into(),
            certificate: [certificate; 32],
            customer_certificate: [2; 32],
            follows,
        }
    }

    /// Row B4: only an answer that allowed a demonstration is followed, and only between the same parties.
    #[test]
    fn a_demonstration_follows_a_yes_to_it_and_no_other_entry() {
        let request = RequestId;
        let asked = |number, action| Event::Asked { request: request(number), action, question: [0; 32] };
        let answered = |number, verdict| Event::Answered { request: request(number), verdict };
        let yes = |grant| Verdict::Allowed(GrantId(grant));
        let events = [
            (started(1, None), false),
            (asked(1, Action::See), false),
            (answered(1, yes(1)), false),
            (asked(2, Action::Demonstrate), false),
            (answered(2, Verdict::Denied), false),
            (asked(3, Action::Demonstrate), false),
            (answered(3, yes(2)), true),
        ];
        let journal = |events: &[Event]| {
            let mut journal = Journal::new(vec![1].into(), vec![2].into());
            events.iter().for_each(|event| drop(journal.write(0, event.clone()).unwrap()));
            journal
        };
        let all: Vec<Event> = events.iter().map(|(event, _)| event.clone()).collect();
        let session = journal(&all);
        for (length, (event, expected)) in (1..).zip(&events) {
            let follows = Some(journal(&all[..length]).head);
            assert_eq!(journal(&[started(1, follows)]).follows(&session), *expected, "{event:?}");
            assert!(!journal(&[started(9, follows)]).follows(&session), "another operator");
        }
    }

    #[test]
    fn no_request_and_no_grant_has_the_number_of_an_earlier_one() {
        let certificate = |byte: u8| CertificateDer::from(vec![byte]);
        let asked = |number, action| Event::Asked { request: RequestId(number), action, question: [0; 32] };
        let allowed = |number, grant| Event::Answered {
            request: RequestId(number),
            verdict: Verdict::Allowed(GrantId(grant)),
        };
        let scoped = |grant, replaces: Option<u32>| Event::Scoped {
            grant: GrantId(grant),
            replaces: replaces.map(GrantId),
            scope: ScopeNote::screen(),
        };
        let mut journal = Journal::new(certificate(1), certificate(2));
        for event in [
            started(1, None),
            asked(1, Action::Control),
            asked(2, Action::Point),
            allowed(1, 1),
            scoped(1, None),
        ] {
            journal.write(0, event).unwrap();
        }
        for event in [asked(1, Action::Point), allowed(2, 1), scoped(1, Some(1))] {
            let refused = journal.write(0, event.clone());
            assert!(matches!(refused, Err(JournalError::Place(5))), "{event:?}: {refused:?}");
        }
        journal.write(0, scoped(2, Some(1))).unwrap();
    }
}
