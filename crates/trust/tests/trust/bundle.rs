//! The operator bundle and keys at rest.

use deskside_trust::issue::{Authority, IssueError};
use deskside_trust::{BundleError, ClosedBundle, IdentityError, KeyFileError, OperatorBundle, Secret};

use super::lab::{DAY, Lab, at};

fn passphrase() -> Secret {
    Secret::new("korrekt häst batteri".to_owned())
}

#[test]
fn bundle_opens_with_its_passphrase_only() {
    let lab = Lab::new();
    let anna = lab.operator();
    let file = anna.bundle(&lab.descriptor_file, &passphrase()).unwrap();
    let bundle = OperatorBundle::open(&file, &passphrase(), at(60)).unwrap();
    assert_eq!((bundle.name(), bundle.account()), ("Anna Ødegård", "anna"));
    assert_eq!(bundle.chain(), [anna.certificate().clone()]);
    assert_eq!(bundle.descriptor(), &lab.descriptor);
    let refused = OperatorBundle::open(&file, &Secret::new("korrekt hast batteri".to_owned()), at(60));
    assert_eq!(refused.unwrap_err(), BundleError::Key(KeyFileError::WrongPassphrase));
}

#[test]
fn bundle_is_checked_before_its_passphrase_is_asked_for() {
    let (lab, other) = (Lab::new(), Lab::new());
    let file = lab.operator().bundle(&other.descriptor_file, &passphrase()).unwrap();
    assert_eq!(ClosedBundle::read(&file, at(60)).unwrap_err(), IdentityError::OtherCa.into());
    let file = lab.operator().bundle(&lab.descriptor_file, &passphrase()).unwrap();
    assert_eq!(ClosedBundle::read(&file, at(91 * DAY)).unwrap_err(), IdentityError::Expired.into());
    assert_eq!(ClosedBundle::read(&lab.descriptor_file, at(60)).unwrap_err(), BundleError::Malformed);
    assert_eq!(ClosedBundle::read(&[], at(60)).unwrap_err(), BundleError::Malformed);
    let identity = ClosedBundle::read(&file, at(60)).unwrap().identity().clone();
    assert_eq!(identity.account, "anna");
}

#[test]
fn bundle_with_the_key_of_another_is_refused() {
    let lab = Lab::new();
    let [one, two] = [lab.operator(), lab.operator()].map(|operator| {
        String::from_utf8(operator.bundle(&lab.descriptor_file, &passphrase()).unwrap()).unwrap()
    });
    let at_key = |text: &str| text.find("-----BEGIN ENCRYPTED").unwrap();
    let mixed = format!("{}{}", &one[..at_key(&one)], &two[at_key(&two)..]);
    let error = OperatorBundle::open(mixed.as_bytes(), &passphrase(), at(60)).unwrap_err();
    assert!(matches!(error, BundleError::KeyMismatch(_)), "{error:?}");
}

/// Every byte before the key is covered by a signature or the form; the key itself by GCM, which one
/// flipped byte shows (each try costs half a second).
#[test]
fn t56_flipped_bytes_of_a_bundle_are_refused() {
    let lab = Lab::new();
    let file = lab.operator().bundle(&lab.descriptor_file, &passphrase()).unwrap();
    let key = file.len() - 300;
    for index in (0..lab.descriptor_file.len() + 700).step_by(3) {
        let mut changed = file.clone();
        changed[index] ^= 1;
        assert!(ClosedBundle::read(&changed, at(60)).is_err(), "byte {index}");
    }
    let mut changed = file.clone();
    changed[key] = if changed[key] == b'A' { b'B' } else { b'A' };
    assert!(OperatorBundle::open(&changed, &passphrase(), at(60)).is_err());
}

/// The bytes that a library of its own would write: PBES2 with scrypt at 128 MiB, then AES-256-GCM.
#[test]
fn key_files_name_strong_parameters() {
    let lab = Lab::new();
    let pem = lab.root.key_pem(&passphrase()).unwrap();
    let der = pem::parse(&pem).unwrap().into_contents();
    let find = |needle: &[u8]| der.windows(needle.len()).any(|window| window == needle);
    assert!(find(&[6, 9, 43, 6, 1, 4, 1, 218, 71, 4, 11]), "scrypt");
    assert!(find(&[2, 3, 2, 0, 0, 2, 1, 8, 2, 1, 1]), "N = 2^17, r = 8, p = 1");
    assert!(find(&[6, 9, 96, 134, 72, 1, 101, 3, 4, 1, 46]), "AES-256-GCM");
}

/// A file may not make the program take gigabytes, nor pretend to protect.
#[test]
fn key_files_that_ask_for_too_much_or_too_little_are_refused_at_once() {
    let lab = Lab::new();
    let pem = pem::parse(lab.root.key_pem(&passphrase()).unwrap()).unwrap();
    let cost = [2, 3, 2, 0, 0, 2, 1, 8];
    let place = pem.contents().windows(cost.len()).position(|window| window == cost).unwrap();
    for other in [[2, 3, 64, 0, 0], [2, 3, 0, 64, 0]] {
        let mut der = pem.contents().to_vec();
        der[place..place + 5].copy_from_slice(&other);
        let config = pem::EncodeConfig::new().set_line_ending(pem::LineEnding::LF);
        let file = pem::encode_config(&pem::Pem::new(pem.tag(), der), config);
        let error = Authority::open(lab.root.certificate_pem().as_bytes(), file.as_bytes(), &passphrase());
        assert!(
            matches!(error.unwrap_err(), IssueError::Key(KeyFileError::Protection | KeyFileError::Malformed)),
            "{other:?}"
        );
    }
}

#[test]
fn authority_opens_with_its_passphrase_only() {
    let lab = Lab::new();
    let (certificate, key) = (lab.packet_ca.certificate_pem(), lab.packet_ca.key_pem(&passphrase()).unwrap());
    let opened = Authority::open(certificate.as_bytes(), key.as_bytes(), &passphrase()).unwrap();
    let operator = opened.issue_operator(&lab.profile()).unwrap();
    assert!(
        ClosedBundle::read(&operator.bundle(&lab.descriptor_file, &passphrase()).unwrap(), at(60)).is_ok()
    );
    let other = lab.root.certificate_pem();
    let error = Authority::open(other.as_bytes(), key.as_bytes(), &passphrase()).unwrap_err();
    assert!(matches!(error, IssueError::KeyMismatch(_)));
    let error =
        Authority::open(certificate.as_bytes(), key.as_bytes(), &Secret::new(String::new())).unwrap_err();
    assert_eq!(error, IssueError::Key(KeyFileError::WrongPassphrase));
}
