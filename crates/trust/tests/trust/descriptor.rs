//! The packet descriptor: what it says, and that nothing in it can be changed.

use deskside_trust::issue::{Authority, Validity};
use deskside_trust::{
    BrokerAddress, Descriptor, DescriptorBody, DescriptorError, MAX_DESCRIPTOR, PacketError,
};

use super::lab::{DAY, Lab, at};

fn body(lab: &Lab) -> DescriptorBody {
    DescriptorBody {
        root: lab.root.certificate().clone(),
        packet_ca: lab.packet_ca.certificate().clone(),
        server_ca: lab.server_ca.certificate().clone(),
        brokers: lab.descriptor.brokers().to_vec(),
        acknowledgement: String::new(),
        policy: deskside_trust::PacketPolicy::default(),
    }
}

fn signed(lab: &Lab, body: &DescriptorBody) -> Result<Descriptor, DescriptorError> {
    Descriptor::read(&lab.root.sign_descriptor(body).unwrap(), at(0))
}

#[test]
fn descriptor_says_what_was_signed() {
    let lab = Lab::new();
    let descriptor = &lab.descriptor;
    assert_eq!(descriptor.organisation(), "Example Ltd");
    assert_eq!(descriptor.packet_id(), "support-1");
    assert_eq!(descriptor.brokers(), [BrokerAddress { host: "help.example.org".to_owned(), port: 443 }]);
    assert_eq!(descriptor.server_ca(), lab.server_ca.certificate());
    assert!(descriptor.acknowledgement().contains("who called you"));
    assert_eq!(descriptor.fingerprint().len(), 24, "{}", descriptor.fingerprint());
    assert_ne!(descriptor.fingerprint(), Lab::new().descriptor.fingerprint());
}

#[test]
fn t56_every_flipped_bit_is_refused() {
    let file = Lab::new().descriptor_file;
    for index in 0..file.len() {
        for bit in [0, 5, 7] {
            let mut changed = file.clone();
            changed[index] ^= 1 << bit;
            assert!(Descriptor::read(&changed, at(0)).is_err(), "byte {index}, bit {bit}");
        }
    }
}

#[test]
fn t56_appended_dropped_and_doubled_bytes_are_refused() {
    let file = Lab::new().descriptor_file;
    for index in 0..=file.len() {
        let mut longer = file.clone();
        longer.insert(index, b'\n');
        assert!(Descriptor::read(&longer, at(0)).is_err(), "line break at {index}");
        assert!(index == file.len() || Descriptor::read(&file[..index], at(0)).is_err(), "cut at {index}");
    }
    assert!(Descriptor::read(&[file.clone(), file.clone()].concat(), at(0)).is_err());
    assert_eq!(Descriptor::read(&vec![b'a'; MAX_DESCRIPTOR + 1], at(0)), Err(DescriptorError::Malformed));
}

#[test]
fn descriptor_signed_by_another_root_is_refused() {
    let (lab, other) = (Lab::new(), Lab::new());
    let forged = other.root.sign_descriptor(&body(&lab)).unwrap();
    assert_eq!(Descriptor::read(&forged, at(0)), Err(DescriptorError::Signature));
}

#[test]
fn packet_ca_of_another_root_is_refused() {
    let (lab, other) = (Lab::new(), Lab::new());
    let mixed = DescriptorBody { packet_ca: other.packet_ca.certificate().clone(), ..body(&lab) };
    assert_eq!(signed(&lab, &mixed), Err(PacketError::NotSigned("packet CA").into()));
    let operator = DescriptorBody { packet_ca: lab.operator().certificate().clone(), ..body(&lab) };
    assert_eq!(signed(&lab, &operator), Err(PacketError::NotAuthority("packet CA").into()));
}

#[test]
fn root_below_another_root_is_refused() {
    let lab = Lab::new();
    let middle = lab.root.new_packet_ca("middle", Validity::days(at(0), 30)).unwrap();
    let below = DescriptorBody { root: middle.certificate().clone(), ..body(&lab) };
    let file = middle.sign_descriptor(&below).unwrap();
    assert_eq!(Descriptor::read(&file, at(0)), Err(PacketError::NotSigned("root").into()));
}

#[test]
fn descriptor_has_its_time() {
    let lab = Lab::new();
    assert_eq!(
        Descriptor::read(&lab.descriptor_file, at(400 * DAY)),
        Err(PacketError::Expired("packet CA").into())
    );
    let later = Authority::new_server_ca("Example Ltd", Validity::days(at(DAY), 30)).unwrap();
    let body = DescriptorBody { server_ca: later.certificate().clone(), ..body(&lab) };
    assert_eq!(signed(&lab, &body), Err(PacketError::NotYetValid("server CA").into()));
}

#[test]
fn fields_have_limits() {
    let lab = Lab::new();
    let broker = |host: &str, port| BrokerAddress { host: host.to_owned(), port };
    let with = |brokers| signed(&lab, &DescriptorBody { brokers, ..body(&lab) });
    assert_eq!(with(vec![]), Err(DescriptorError::Field("list of brokers")));
    assert_eq!(with(vec![broker("a", 1); 9]), Err(DescriptorError::Field("list of brokers")));
    for wrong in
        [broker("", 1), broker("a b", 1), broker("a\n", 1), broker("a", 0), broker(&"a".repeat(257), 1)]
    {
        assert_eq!(with(vec![wrong]), Err(DescriptorError::Field("broker address")));
    }
    for wrong in ["\u{7}".to_owned(), "a".repeat(4097)] {
        let text = DescriptorBody { acknowledgement: wrong, ..body(&lab) };
        assert_eq!(signed(&lab, &text), Err(DescriptorError::Field("acknowledgement text")));
    }
    let huge = DescriptorBody { server_ca: vec![0; 4097].into(), ..body(&lab) };
    assert_eq!(signed(&lab, &huge), Err(DescriptorError::Field("server CA certificate")));
}
