//! Tickets made by a real signer and shown to a real verifier, good and spoilt.

use deskside_proto::ticket::{DOMAIN, SignedTicket};
use deskside_proto::{MAX_NAME, Role, SessionId};
use deskside_ticket::{
    KeyError, MAX_TICKET, SignError, TicketBody, TicketError, TicketSigner, TicketVerifier,
};
use proptest::prelude::{Strategy, any, proptest};

const RELAY: &str = "relay-1";
const NOW: i64 = 1_800_000_000_000;

fn body() -> TicketBody {
    TicketBody {
        relay: RELAY.to_owned(),
        session: SessionId([7; 16]),
        role: Role::Customer,
        serial: *b"sixteen byte no.",
        expires_ms: NOW + 60_000,
    }
}

fn verifier(signer: &TicketSigner) -> TicketVerifier {
    TicketVerifier::new(signer.public_key(), RELAY.to_owned())
}

#[test]
fn a_good_ticket_says_what_was_signed() {
    let signer = TicketSigner::generate().unwrap();
    let ticket = signer.sign(&body()).unwrap();
    assert!(ticket.len() <= MAX_TICKET);
    assert_eq!(verifier(&signer).verify(&ticket, NOW), Ok(body()));
}

#[test]
fn a_ticket_is_good_until_the_very_millisecond() {
    let signer = TicketSigner::generate().unwrap();
    let ticket = signer.sign(&body()).unwrap();
    let verifier = verifier(&signer);
    assert!(verifier.verify(&ticket, NOW + 59_999).is_ok());
    assert_eq!(verifier.verify(&ticket, NOW + 60_000), Err(TicketError::Expired { late_ms: 0 }));
    assert!(matches!(verifier.verify(&ticket, i64::MAX), Err(TicketError::Expired { .. })));
}

#[test]
fn another_relay_or_another_broker_does_not_honour_it() {
    let signer = TicketSigner::generate().unwrap();
    let ticket = signer.sign(&body()).unwrap();
    let other_relay = TicketVerifier::new(signer.public_key(), "relay-2".to_owned());
    assert_eq!(other_relay.verify(&ticket, NOW), Err(TicketError::OtherRelay));
    let other_broker = verifier(&TicketSigner::generate().unwrap());
    assert_eq!(other_broker.verify(&ticket, NOW), Err(TicketError::Signature));
}

#[test]
fn no_byte_can_be_changed() {
    let signer = TicketSigner::generate().unwrap();
    let ticket = signer.sign(&body()).unwrap();
    let verifier = verifier(&signer);
    for place in 0..ticket.len() {
        for mask in 1..=255u8 {
            let mut changed = ticket.clone();
            changed[place] ^= mask;
            assert!(verifier.verify(&changed, NOW).is_err(), "byte {place} xor {mask:#04x} was accepted");
        }
    }
}

#[test]
fn no_byte_can_be_cut_off_or_added() {
    let signer = TicketSigner::generate().unwrap();
    let ticket = signer.sign(&body()).unwrap();
    let verifier = verifier(&signer);
    for length in 0..ticket.len() {
        assert!(verifier.verify(&ticket[..length], NOW).is_err(), "the first {length} bytes were accepted");
    }
    for byte in 0..=255u8 {
        let mut longer = ticket.clone();
        longer.push(byte);
        assert!(verifier.verify(&longer, NOW).is_err(), "an added {byte:#04x} was accepted");
    }
    // An unknown protobuf field would be skipped by the parser: the canonical spelling forbids it.
    let mut padded = ticket.clone();
    padded.extend_from_slice(&[0x18, 0x00]);
    assert_eq!(verifier.verify(&padded, NOW), Err(TicketError::Spelling));
}

#[test]
fn nothing_and_too_much_are_refused() {
    let verifier = verifier(&TicketSigner::generate().unwrap());
    assert!(matches!(verifier.verify(&[], NOW), Err(TicketError::Form(_))));
    assert!(matches!(verifier.verify(&vec![0; MAX_TICKET + 1], NOW), Err(TicketError::Form(_))));
    assert!(matches!(verifier.verify(&vec![0xff; 1 << 20], NOW), Err(TicketError::Form(_))));
}

#[test]
fn a_signature_without_the_domain_is_worth_nothing() {
    use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair};
    let key = Ed25519KeyPair::generate().unwrap();
    let public = key.public_key().as_ref().try_into().unwrap();
    let verifier = TicketVerifier::new(public, RELAY.to_owned());
    let sign = |message: &[u8]| {
        let signature = key.sign(message).as_ref().try_into().unwrap();
        SignedTicket { body: body().encode(), signature }.encode()
    };
    assert_eq!(verifier.verify(&sign(&body().encode()), NOW), Err(TicketError::Signature));
    assert_eq!(verifier.verify(&sign(&[DOMAIN, &body().encode()].concat()), NOW), Ok(body()));
}

#[test]
fn the_key_survives_its_file_and_nothing_else_is_a_key() {
    let signer = TicketSigner::generate().unwrap();
    let der = signer.to_pkcs8().unwrap();
    let read = TicketSigner::from_pkcs8(&der).unwrap();
    assert_eq!(read.public_key(), signer.public_key());
    assert!(verifier(&signer).verify(&read.sign(&body()).unwrap(), NOW).is_ok());
    for wrong in [&b""[..], b"not a key", &der[..der.len() - 1]] {
        assert_eq!(TicketSigner::from_pkcs8(wrong).err(), Some(KeyError::NotAKey));
    }
}

#[test]
fn a_name_that_no_relay_would_read_is_not_signed() {
    let signer = TicketSigner::generate().unwrap();
    let fits = TicketBody { relay: "r".repeat(MAX_NAME), ..body() };
    assert!(signer.sign(&fits).is_ok());
    let too_long = TicketBody { relay: "r".repeat(MAX_TICKET), ..body() };
    assert!(matches!(signer.sign(&too_long), Err(SignError::TooLong { .. })));
}

proptest! {
    #[test]
    fn any_body_comes_back(
        session in any::<[u8; 16]>(),
        serial in any::<[u8; 16]>(),
        expires_ms in NOW + 1..i64::MAX,
        role in any::<bool>().prop_map(|operator| if operator { Role::Operator } else { Role::Customer }),
    ) {
        let signer = TicketSigner::generate().unwrap();
        let body = TicketBody { relay: RELAY.to_owned(), session: SessionId(session), role, serial, expires_ms };
        assert_eq!(verifier(&signer).verify(&signer.sign(&body).unwrap(), NOW), Ok(body));
    }

    #[test]
    fn random_bytes_are_no_ticket(bytes in proptest::collection::vec(any::<u8>(), 0..2 * MAX_TICKET)) {
        let verifier = verifier(&TicketSigner::generate().unwrap());
        assert!(verifier.verify(&bytes, NOW).is_err());
    }
}
