//! Hostile bytes: whatever is changed is refused, and nothing panics.

use std::cell::LazyCell;

use deskside_trust::{
    CertificateDer, ClosedBundle, Crl, Descriptor, Offer, Revocation, identify, is_identifier, is_presentable,
};
use proptest::prelude::{ProptestConfig, Strategy, any, prop};
use proptest::sample::Index;
use proptest::test_runner::TestRunner;
use proptest::{prop_assert, prop_assume};

use super::lab::{Lab, at, code, offer_body};

thread_local! {
    static LAB: LazyCell<Lab> = LazyCell::new(Lab::new);
}

/// What an attacker may do to a file.
#[derive(Debug, Clone)]
enum Change {
    Set(Index, u8),
    Remove(Index),
    Insert(Index, u8),
    Cut(Index),
}

fn changes() -> impl Strategy<Value = Vec<Change>> {
    let change = (0..4, any::<Index>(), any::<u8>()).prop_map(|(kind, index, byte)| match kind {
        0 => Change::Set(index, byte),
        1 => Change::Remove(index),
        2 => Change::Insert(index, byte),
        _ => Change::Cut(index),
    });
    prop::collection::vec(change, 1..4)
}

fn changed(original: &[u8], changes: &[Change]) -> Vec<u8> {
    let mut bytes = original.to_vec();
    for change in changes {
        if bytes.is_empty() {
            break;
        }
        match change {
            Change::Set(index, byte) => *index.get_mut(&mut bytes) = *byte,
            Change::Remove(index) => drop(bytes.remove(index.index(bytes.len()))),
            Change::Insert(index, byte) => bytes.insert(index.index(bytes.len()), *byte),
            Change::Cut(index) => bytes.truncate(index.index(bytes.len())),
        }
    }
    bytes
}

/// Changes the file in so many ways; `accepts` must refuse all of them.
fn check_changes(cases: u32, original: &[u8], accepts: impl Fn(&[u8]) -> bool) {
    assert!(accepts(original));
    let mut runner =
        TestRunner::new(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(cases) });
    let result = runner.run(&changes(), |changes| {
        let bytes = changed(original, &changes);
        prop_assume!(bytes != original);
        prop_assert!(!accepts(&bytes));
        Ok(())
    });
    result.unwrap();
}

#[test]
fn t56_ten_thousand_changes_of_a_descriptor_are_refused() {
    let file = Lab::new().descriptor_file;
    check_changes(10_000, &file, |bytes| Descriptor::read(bytes, at(60)).is_ok());
}

/// The signed part inside the armour, which the armour's own strictness would otherwise hide.
#[test]
fn t56_changes_under_a_descriptors_armour_are_refused() {
    let file = Lab::new().descriptor_file;
    let block = pem::parse(&file).unwrap();
    let config = pem::EncodeConfig::new().set_line_ending(pem::LineEnding::LF);
    check_changes(2_000, block.contents(), |bytes| {
        let file = pem::encode_config(&pem::Pem::new(block.tag(), bytes), config);
        Descriptor::read(file.as_bytes(), at(60)).is_ok()
    });
}

#[test]
fn changes_of_lists_certificates_and_offers_are_refused() {
    let lab = Lab::new();
    let anna = lab.operator();
    let signer = anna.signer().unwrap();
    let revoked = [Revocation { serial: "4a".to_owned(), at: at(0) }];
    let list = lab.packet_ca.issue_crl(3, &revoked, at(0), 24).unwrap();
    let who = [anna.certificate().clone()];
    check_changes(2_000, &list, |bytes| {
        Crl::parse(bytes).is_ok_and(|crl| identify(&who, &crl, &lab.descriptor, at(60)).is_ok())
    });
    check_changes(2_000, anna.certificate(), |bytes| {
        identify(&[CertificateDer::from(bytes)], &lab.crl, &lab.descriptor, at(60)).is_ok()
    });
    let offer = Offer::sign(&offer_body(), &signer).unwrap();
    check_changes(2_000, &offer, |bytes| {
        Offer::verify(bytes, &code(), &lab.descriptor, &lab.crl, at(60)).is_ok()
    });
}

proptest::proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(500) })]

    #[test]
    fn any_bytes_are_survived(bytes in prop::collection::vec(any::<u8>(), 0..600)) {
        LAB.with(|lab| {
            let accepted = [
                Descriptor::read(&bytes, at(60)).is_ok(),
                ClosedBundle::read(&bytes, at(60)).is_ok(),
                Crl::parse(&bytes).is_ok(),
                identify(&[CertificateDer::from(bytes.as_slice())], &lab.crl, &lab.descriptor, at(60)).is_ok(),
                Offer::verify(&bytes, &code(), &lab.descriptor, &lab.crl, at(60)).is_ok(),
            ];
            assert_eq!(accepted, [false; 5]);
        });
    }

    #[test]
    fn presentable_names_have_no_hidden_characters(name in ".{0,80}") {
        if is_presentable(&name) {
            let hidden = |c: char| c.is_control() || ('\u{200b}'..='\u{200f}').contains(&c) || ('\u{202a}'..='\u{202e}').contains(&c);
            prop_assert!(!name.is_empty() && name.len() <= 64 && !name.contains(hidden));
        }
        prop_assert!(!is_identifier(&(name + "/")));
    }
}

#[test]
fn names_that_mislead_are_not_presentable() {
    for name in ["", " Anna", "Anna ", "An\u{202e}na", "An\u{200b}na", "Anna\n", "\u{3164}", &"a".repeat(65)]
    {
        assert!(!is_presentable(name), "{name:?}");
    }
    for name in ["Anna Ødegård", "Ἀθηνᾶ", "山田 太郎", "O'Neill-Łukasz"] {
        assert!(is_presentable(name), "{name}");
    }
    for account in ["", ".anna", "-anna", "an na", "anna/", "ånna", &"a".repeat(65)] {
        assert!(!is_identifier(account), "{account:?}");
    }
    assert!(is_identifier("anna.berg@example-1_x"));
}
