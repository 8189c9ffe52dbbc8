//! Who is an operator: T01's nine wrong certificates, and the list of revoked ones.

use std::sync::Arc;

use deskside_trust::issue::{Authority, OPERATOR_DAYS, OperatorKey, OperatorProfile, Purpose, Validity};
use deskside_trust::tls::{CustomerTls, customer_config, operator_config};
use deskside_trust::{
    CertificateDer, Crl, CrlError, IdentityError, Offer, OfferError, Packet, PacketError, Revocation,
    SessionKey, UnixTime, identify,
};

use super::lab::{Clock, DAY, Lab, at, code, handshake, offer_body};

/// A server that shows this certificate instead of the one that signed the offer: what the customer's
/// program says.
fn refusal(lab: &Lab, wrong: &OperatorKey, crl: Arc<Crl>, now: UnixTime) -> IdentityError {
    let offer = lab.offer(&lab.operator());
    let key = SessionKey::generate().unwrap();
    let CustomerTls { config, refusal } =
        customer_config(&offer, &lab.descriptor, crl, &key, Arc::new(Clock(now))).unwrap();
    let server = operator_config(&wrong.signer().unwrap()).unwrap();
    let (client_error, _) = *handshake(Arc::new(config), Arc::new(server)).err().unwrap();
    assert!(matches!(client_error, Some(rustls::Error::InvalidCertificate(_))), "{client_error:?}");
    refusal.reason().unwrap()
}

/// The certificate is refused with this reason: in the handshake, under an offer, and on its own.
fn check_wrong(lab: &Lab, wrong: &OperatorKey, expected: IdentityError) {
    assert_eq!(refusal(lab, wrong, Arc::clone(&lab.crl), at(60)), expected);
    let offer = Offer::sign(&offer_body(), &wrong.signer().unwrap()).unwrap();
    let refused = Offer::verify(&offer, &code(), &lab.descriptor, &lab.crl, at(60));
    assert_eq!(refused.unwrap_err(), OfferError::Identity(expected));
    assert_eq!(identify(&chain(wrong), &lab.crl, &lab.descriptor, at(60)).unwrap_err(), expected);
}

fn chain(operator: &OperatorKey) -> [CertificateDer<'static>; 1] {
    [operator.certificate().clone()]
}

#[test]
fn the_right_certificate_names_its_operator() {
    let lab = Lab::new();
    let identity = identify(&chain(&lab.operator()), &lab.crl, &lab.descriptor, at(60)).unwrap();
    assert_eq!(identity.name, "Anna Ødegård");
    assert_eq!(identity.account, "anna");
    assert_eq!(identity.organisation, "Example Ltd");
    assert_eq!(identity.packet, "support-1");
    assert_eq!(identity.serial.len(), 32);
}

#[test]
fn t01_certificate_of_another_ca() {
    let lab = Lab::new();
    // The other organisation bears the very same names; only its keys differ.
    check_wrong(&lab, &Lab::new().operator(), IdentityError::OtherCa);
}

/// A CA that the system trusts is one more foreign CA: no store of the system is ever opened, so its
/// certificate is refused like any other, even with the organisation's packet CA sent along behind it.
#[test]
fn t01_certificate_of_a_ca_that_the_system_trusts() {
    let lab = Lab::new();
    let public_ca = Authority::new_root("Public Trust Services", Validity::days(at(0), 10)).unwrap();
    let wrong = public_ca.issue_operator(&lab.profile()).unwrap();
    check_wrong(&lab, &wrong, IdentityError::OtherCa);
    let helped =
        [wrong.certificate().clone(), lab.packet_ca.certificate().clone(), public_ca.certificate().clone()];
    assert_eq!(identify(&helped, &lab.crl, &lab.descriptor, at(60)), Err(IdentityError::OtherCa));
}

#[test]
fn t01_expired_certificate() {
    let lab = Lab::new();
    let validity = Validity { not_before: at(0), not_after: at(59) };
    let wrong = lab.packet_ca.issue_operator(&OperatorProfile { validity, ..lab.profile() }).unwrap();
    check_wrong(&lab, &wrong, IdentityError::Expired);
}

#[test]
fn t01_certificate_that_is_not_yet_valid() {
    let lab = Lab::new();
    let validity = Validity { not_before: at(61), not_after: at(DAY) };
    let wrong = lab.packet_ca.issue_operator(&OperatorProfile { validity, ..lab.profile() }).unwrap();
    check_wrong(&lab, &wrong, IdentityError::NotYetValid);
}

#[test]
fn t01_certificate_for_another_use() {
    let lab = Lab::new();
    let profile = OperatorProfile { purpose: Purpose::Client, ..lab.profile() };
    check_wrong(&lab, &lab.packet_ca.issue_operator(&profile).unwrap(), IdentityError::WrongUsage);
}

#[test]
fn t01_certificate_of_a_server() {
    let lab = Lab::new();
    let profile = OperatorProfile { purpose: Purpose::Server, ..lab.profile() };
    // From the server CA, as it is; and even had the packet CA signed it.
    for authority in [&lab.server_ca, &lab.packet_ca] {
        check_wrong(&lab, &authority.issue_operator(&profile).unwrap(), IdentityError::ServerCertificate);
    }
    let server =
        lab.server_ca.issue_server(&["help.example.org".to_owned()], Validity::days(at(0), 30)).unwrap();
    assert_eq!(
        identify(&server.chain(), &lab.crl, &lab.descriptor, at(60)),
        Err(IdentityError::ServerCertificate)
    );
    // A stolen server CA cannot make operators either.
    check_wrong(&lab, &lab.server_ca.issue_operator(&lab.profile()).unwrap(), IdentityError::OtherCa);
    check_wrong(&lab, &lab.root.issue_operator(&lab.profile()).unwrap(), IdentityError::OtherCa);
}

#[test]
fn t01_revoked_certificate() {
    let lab = Lab::new();
    let operator = lab.operator();
    let crl = lab.revoking(&operator, at(30));
    assert_eq!(crl.number(), 2);
    assert_eq!(refusal(&lab, &operator, Arc::clone(&crl), at(60)), IdentityError::Revoked);
    assert_eq!(identify(&chain(&operator), &crl, &lab.descriptor, at(60)), Err(IdentityError::Revoked));
    assert!(identify(&chain(&lab.operator()), &crl, &lab.descriptor, at(60)).is_ok());
}

#[test]
fn t01_self_signed_certificate() {
    let lab = Lab::new();
    check_wrong(&lab, &lab.profile().self_signed().unwrap(), IdentityError::SelfSigned);
}

#[test]
fn t01_certificate_of_another_packet() {
    let lab = Lab::new();
    let profile = OperatorProfile { packet: "support-2".to_owned(), ..lab.profile() };
    check_wrong(&lab, &lab.packet_ca.issue_operator(&profile).unwrap(), IdentityError::WrongPacket);
}

#[test]
fn t01_good_certificate_that_did_not_sign_the_offer() {
    let lab = Lab::new();
    assert_eq!(refusal(&lab, &lab.operator(), Arc::clone(&lab.crl), at(60)), IdentityError::NotOffered);
}

#[test]
fn every_reason_has_words_and_advice() {
    for reason in [IdentityError::OtherCa, IdentityError::Revoked, IdentityError::StaleList] {
        assert!(!reason.to_string().ends_with('.'));
        assert!(reason.advice().ends_with('.'));
    }
}

/// A list that nobody renewed stops all operators rather than hiding a revocation.
#[test]
fn t55_list_older_than_a_day_is_refused() {
    let lab = Lab::new();
    let chain = chain(&lab.operator());
    assert!(identify(&chain, &lab.crl, &lab.descriptor, at(DAY - 1)).is_ok());
    assert_eq!(identify(&chain, &lab.crl, &lab.descriptor, at(DAY)), Err(IdentityError::StaleList));
}

#[test]
fn list_of_another_ca_and_list_from_the_future_are_refused() {
    let lab = Lab::new();
    let chain = chain(&lab.operator());
    assert_eq!(identify(&chain, &Lab::new().crl, &lab.descriptor, at(60)), Err(IdentityError::BadList));
    let by_root = Crl::parse(&lab.root.issue_crl(1, &[], at(0), 24).unwrap()).unwrap();
    assert_eq!(identify(&chain, &by_root, &lab.descriptor, at(60)), Err(IdentityError::BadList));
    let later = Crl::parse(&lab.packet_ca.issue_crl(1, &[], at(7200), 24).unwrap()).unwrap();
    assert_eq!(identify(&chain, &later, &lab.descriptor, at(60)), Err(IdentityError::ListNotYetValid));
}

#[test]
fn list_made_to_last_is_refused() {
    let lab = Lab::new();
    assert!(lab.packet_ca.issue_crl(1, &[], at(0), 73).is_err());
    let validity = Validity { not_before: at(0), not_after: at(4 * DAY) };
    let der = lab.packet_ca.sign_crl(1, &[], validity).unwrap();
    assert_eq!(Crl::parse(&der).unwrap_err(), CrlError::Lifetime);
}

#[test]
fn every_flipped_byte_of_a_list_is_refused() {
    let lab = Lab::new();
    let operator = lab.operator();
    let revoked = [Revocation { serial: "4a".to_owned(), at: at(0) }];
    let der = lab.packet_ca.issue_crl(3, &revoked, at(0), 24).unwrap();
    for index in 0..der.len() {
        let mut changed = der.clone();
        changed[index] ^= 1;
        let accepted = Crl::parse(&changed)
            .is_ok_and(|crl| identify(&chain(&operator), &crl, &lab.descriptor, at(60)).is_ok());
        assert!(!accepted, "byte {index}");
    }
}

#[test]
fn every_flipped_byte_of_a_certificate_is_refused() {
    let lab = Lab::new();
    let der = lab.operator().certificate().to_vec();
    for index in 0..der.len() {
        let mut changed = der.clone();
        changed[index] ^= 1;
        let changed = [CertificateDer::from(changed)];
        assert!(identify(&changed, &lab.crl, &lab.descriptor, at(60)).is_err(), "byte {index}");
    }
}

#[test]
fn an_expired_packet_stops_its_operators() {
    let lab = Lab::new();
    let now = at(400 * DAY);
    let validity = Validity::days(now, OPERATOR_DAYS);
    let late = lab.packet_ca.issue_operator(&OperatorProfile { validity, ..lab.profile() }).unwrap();
    let crl = Crl::parse(&lab.packet_ca.issue_crl(9, &[], now, 24).unwrap()).unwrap();
    assert_eq!(identify(&chain(&late), &crl, &lab.descriptor, now), Err(IdentityError::PacketExpired));
}

/// A server has no descriptor, only the two CA certificates; it comes to the same answer.
#[test]
fn a_packet_from_its_certificates_is_the_descriptors() {
    let lab = Lab::new();
    let packet = Packet::new(lab.root.certificate(), lab.packet_ca.certificate(), at(0)).unwrap();
    assert_eq!(&packet, lab.descriptor.packet());
    assert!(identify(&chain(&lab.operator()), &lab.crl, &packet, at(60)).is_ok());
    let other = Lab::new();
    assert_eq!(
        Packet::new(other.root.certificate(), lab.packet_ca.certificate(), at(0)),
        Err(PacketError::NotSigned("packet CA"))
    );
    assert_eq!(
        Packet::new(lab.root.certificate(), lab.operator().certificate(), at(0)),
        Err(PacketError::NotAuthority("packet CA"))
    );
}
