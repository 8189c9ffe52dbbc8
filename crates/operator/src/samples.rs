//! Journals for tests, as the customer's machine writes them.

use deskside_proto::control::Control;
use deskside_proto::frame::frame;
use deskside_proto::{PROTOCOL_VERSION, SessionId};
use deskside_session::{Journal, Now, Parties, Policy, Sharer, SharerConfig};
use deskside_trust::crypto::sha256;
use deskside_trust::{OperatorIdentity, SessionKey};

/// That of a session which has begun.
pub(crate) fn journal() -> Journal {
    let (customer, operator) = (SessionKey::generate().unwrap(), SessionKey::generate().unwrap());
    let identity = OperatorIdentity {
        name: "Anna Berg".into(),
        account: "anna".into(),
        organisation: "Nordlicht IT".into(),
        packet: "packet-1".into(),
        serial: "01".into(),
        certificate_hash: sha256(&[operator.certificate()]),
    };
    let parties = Parties {
        session: SessionId([0xab; 16]),
        operator: identity,
        operator_certificate: operator.certificate().clone(),
        customer_certificate: customer.certificate().clone(),
    };
    let signer = customer.signer().clone();
    let now = Now { monotonic: std::time::Duration::ZERO, wall_ms: 1_769_868_312_345 };
    let config = SharerConfig { parties, signer, policy: Policy::default(), product: String::new() };
    let mut sharer = Sharer::new(config, now);
    let hello = Control::Hello { version: PROTOCOL_VERSION, product: String::new() };
    sharer.receive(&frame(&hello.encode()).unwrap(), now);
    sharer.accept(true, now);
    sharer.journal().clone()
}

/// That of a session which never began.
pub(crate) fn empty_journal() -> Journal {
    Journal::decode(b"deskside journal 1\n\x12\x00\x1a\x00").unwrap()
}
