//! Offers and seals: signed by one, checked by the other.

use deskside_proto::Code;
use deskside_proto::offer::{OfferBody, SignedOffer};
use deskside_trust::{Offer, OfferError, SessionKey, seal};

use super::lab::{Lab, at, code, offer_body};

#[test]
fn offer_holds_for_its_code_and_time() {
    let lab = Lab::new();
    let signed = Offer::sign(&offer_body(), &lab.operator().signer().unwrap()).unwrap();
    let verify = |code, now| Offer::verify(&signed, &code, &lab.descriptor, &lab.crl, now);
    let offer = verify(code(), at(599)).unwrap();
    assert_eq!(offer.body(), &offer_body());
    assert_eq!(offer.identity().account, "anna");
    assert_eq!(verify(code(), at(600)), Err(OfferError::Expired));
    assert_eq!(verify(Code::parse("012346").unwrap(), at(0)), Err(OfferError::OtherCode));
}

#[test]
fn every_flipped_byte_of_an_offer_is_refused() {
    let lab = Lab::new();
    let signed = Offer::sign(&offer_body(), &lab.operator().signer().unwrap()).unwrap();
    for index in 0..signed.len() {
        let mut changed = signed.clone();
        changed[index] ^= 1;
        let verified = Offer::verify(&changed, &code(), &lab.descriptor, &lab.crl, at(0));
        assert!(verified.is_err(), "byte {index}");
    }
}

/// What a hostile broker would like: the relay swapped, or the password switched off, under a good signature.
#[test]
fn offer_with_another_body_is_refused() {
    let lab = Lab::new();
    let signed = Offer::sign(&offer_body(), &lab.operator().signer().unwrap()).unwrap();
    let mut offer = SignedOffer::decode(&signed).unwrap();
    offer.body = OfferBody { expires_ms: i64::MAX, ..offer_body() }.encode();
    let verified = Offer::verify(&offer.encode(), &code(), &lab.descriptor, &lab.crl, at(0));
    assert_eq!(verified, Err(OfferError::Signature));
}

#[test]
fn seal_holds_for_one_journal_and_one_party() {
    let lab = Lab::new();
    let customer = SessionKey::generate().unwrap();
    let operator = lab.operator().signer().unwrap();
    let signature = seal::sign(&customer, 42, &[5; 32]).unwrap();
    assert!(seal::verify(customer.certificate(), 42, &[5; 32], &signature).is_ok());
    assert!(seal::verify(customer.certificate(), 43, &[5; 32], &signature).is_err());
    assert!(seal::verify(customer.certificate(), 42, &[6; 32], &signature).is_err());
    assert!(seal::verify(operator.certificate(), 42, &[5; 32], &signature).is_err());
    let signature = seal::sign(&operator, 42, &[5; 32]).unwrap();
    assert!(seal::verify(operator.certificate(), 42, &[5; 32], &signature).is_ok());
}
