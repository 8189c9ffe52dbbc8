//! Who takes part in a session, and who of them shows a screen: the customer, who is helped, or in a
//! demonstration the operator.

use deskside_proto::control::Control as Message;
use deskside_proto::frame::frame;
use deskside_proto::journal::{Event, SessionEnd};
use deskside_proto::{DecodeError, SessionId};
use deskside_trust::crypto::sha256;
use deskside_trust::{CertificateDer, OperatorIdentity};

/// A customer has a key, but no name that anybody vouches for.
pub(crate) const THE_CUSTOMER: &str = "the customer";

/// Both parties, as the handshake has proven them.
#[derive(Debug, Clone)]
pub struct Parties {
    /// The session.
    pub session: SessionId,
    /// The operator, from the verified certificate.
    pub operator: OperatorIdentity,
    /// That certificate.
    pub operator_certificate: CertificateDer<'static>,
    /// The certificate of the customer's session key.
    pub customer_certificate: CertificateDer<'static>,
}

/// The same two in one of the two directions in which a screen can be shown.
#[derive(Debug, Clone)]
pub(crate) struct Direction {
    parties: Parties,
    /// Of a demonstration: the entry of the session's journal that allowed it.
    follows: Option<[u8; 32]>,
}

impl Direction {
    /// The customer shows, the operator helps.
    pub(crate) fn help(parties: Parties) -> Self {
        Self { parties, follows: None }
    }

    /// The operator shows, allowed by the entry of this hash.
    pub(crate) fn demonstration(parties: Parties, follows: [u8; 32]) -> Self {
        Self { parties, follows: Some(follows) }
    }

    fn is_demonstration(&self) -> bool {
        self.follows.is_some()
    }

    pub(crate) fn operator(&self) -> &OperatorIdentity {
        &self.parties.operator
    }

    pub(crate) fn sharer_certificate(&self) -> &CertificateDer<'static> {
        if self.is_demonstration() {
            &self.parties.operator_certificate
        } else {
            &self.parties.customer_certificate
        }
    }

    pub(crate) fn viewer_certificate(&self) -> &CertificateDer<'static> {
        if self.is_demonstration() {
            &self.parties.customer_certificate
        } else {
            &self.parties.operator_certificate
        }
    }

    /// Who asks, in the words of a question.
    pub(crate) fn viewer_name(&self) -> &str {
        if self.is_demonstration() { THE_CUSTOMER } else { &self.parties.operator.name }
    }

    /// That the viewer wanted the end.
    pub(crate) fn ended_by_viewer(&self) -> SessionEnd {
        if self.is_demonstration() { SessionEnd::Customer } else { SessionEnd::Operator }
    }

    /// The first entry of the journal.
    pub(crate) fn started(&self) -> Event {
        let Parties { session, operator, customer_certificate, .. } = &self.parties;
        Event::Started {
            session: *session,
            operator: operator.name.clone(),
            organisation: operator.organisation.clone(),
            certificate: operator.certificate_hash,
            customer_certificate: sha256(&[customer_certificate]),
            follows: self.follows,
        }
    }

    /// A message as it travels on the one control stream that both directions share.
    pub(crate) fn framed(&self, message: &Message) -> Result<Vec<u8>, DecodeError> {
        let bytes = message.encode();
        frame(&if self.is_demonstration() { Message::Demonstration(bytes).encode() } else { bytes })
    }
}
