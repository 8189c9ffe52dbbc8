//! What the program makes, and what becomes of it.

use std::fs;

use deskside_trust::issue::read_certificate;
use deskside_trust::{Crl, Descriptor, IdentityError, OperatorBundle, Packet, identify};

use super::lab::{Lab, now, operator_passphrase};

#[test]
fn init_makes_what_everybody_needs_and_no_more() {
    let lab = Lab::with_organisation();
    let bundle =
        OperatorBundle::open(&lab.read("org/operators/anna.operator"), &operator_passphrase(), now())
            .unwrap();
    let serial = bundle.identity().serial.clone();
    let record = format!("org/ca/issued/{serial}.pem");
    let expected = [
        ("org/ca", 0o700_u32),
        ("org/ca/crl.der", 0o600),
        ("org/ca/issued", 0o700),
        (&record, 0o600),
        ("org/ca/packet-ca.key.pem", 0o600),
        ("org/ca/packet-ca.pem", 0o600),
        ("org/ca/packet.deskside", 0o600),
        ("org/ca/root.key.pem", 0o600),
        ("org/ca/root.pem", 0o600),
        ("org/ca/server-ca.key.pem", 0o600),
        ("org/ca/server-ca.pem", 0o600),
        ("org/customer", 0o700),
        ("org/customer/support.deskside", 0o644),
        ("org/operators", 0o700),
        ("org/operators/anna.operator", 0o600),
        ("org/server", 0o700),
        ("org/server/crl.der", 0o644),
        ("org/server/packet-ca.pem", 0o644),
        ("org/server/root.pem", 0o644),
        ("org/server/server.key.pem", 0o600),
        ("org/server/server.pem", 0o644),
        ("org/server/server.toml", 0o644),
    ];
    // A umask of the user may take more away, never give more.
    for ((name, mode), (found, found_mode)) in expected.iter().zip(lab.tree("org")) {
        assert_eq!(*name, found);
        assert_eq!(found_mode & !mode, 0, "{name} has mode {found_mode:o}");
    }
    assert_eq!(lab.tree("org").len(), expected.len());

    let descriptor = Descriptor::read(&lab.read("org/customer/support.deskside"), now()).unwrap();
    assert_eq!(descriptor.organisation(), "Example Ltd");
    assert!(descriptor.packet_id().starts_with("support-"));
    assert_eq!((descriptor.brokers()[0].host.as_str(), descriptor.brokers()[0].port), ("127.0.0.1", 8443));
    assert!(descriptor.acknowledgement().contains("Go on only if"));
    assert_eq!(bundle.descriptor(), &descriptor);
    assert_eq!((bundle.name(), bundle.account()), ("Anna Ødegård", "anna"));
}

/// T09: the server's folder holds one private key, the server's own, and that cannot act as an operator.
#[test]
fn t09_server_folder_holds_no_key_of_the_ca_or_of_an_operator() {
    let lab = Lab::with_organisation();
    for (name, _) in lab.tree("org/server") {
        let content = lab.read(&name);
        let text = String::from_utf8_lossy(&content);
        assert_eq!(text.contains("PRIVATE KEY"), name == "org/server/server.key.pem", "{name}");
    }
    let packet = server_packet(&lab);
    let crl = Crl::parse(&lab.read("org/server/crl.der")).unwrap();
    let chain = pem_certificates(&lab.read("org/server/server.pem"));
    assert_eq!(chain.len(), 2);
    assert_eq!(identify(&chain, &crl, &packet, now()), Err(IdentityError::ServerCertificate));
    let toml = String::from_utf8(lab.read("org/server/server.toml")).unwrap();
    for line in
        ["host = \"127.0.0.1\"", "listen = \"0.0.0.0:8443\"", "crl = \"crl.der\"", "key = \"server.key.pem\""]
    {
        assert!(toml.lines().any(|found| found == line), "{line} in {toml}");
    }
}

fn server_packet(lab: &Lab) -> Packet {
    let certificate = |name| read_certificate(&lab.read(name)).unwrap();
    Packet::new(&certificate("org/server/root.pem"), &certificate("org/server/packet-ca.pem"), now()).unwrap()
}

fn pem_certificates(file: &[u8]) -> Vec<deskside_trust::CertificateDer<'static>> {
    let text = std::str::from_utf8(file).unwrap();
    text.split_inclusive("-----END CERTIFICATE-----\n")
        .map(|one| read_certificate(one.as_bytes()).unwrap())
        .collect()
}

#[test]
fn revoked_operator_is_on_the_next_list() {
    let lab = Lab::with_organisation();
    let bundle =
        OperatorBundle::open(&lab.read("org/operators/anna.operator"), &operator_passphrase(), now())
            .unwrap();
    let packet = server_packet(&lab);
    let identity = |lab: &Lab| {
        let crl = Crl::parse(&lab.read("org/server/crl.der")).unwrap();
        (crl.number(), identify(bundle.chain(), &crl, &packet, now()).map(|identity| identity.account))
    };
    assert_eq!(identity(&lab), (1, Ok("anna".to_owned())));

    let revoke = ["operator", "revoke", "anna", "--dir", "org", "--passphrase-file", "ca.pass"];
    let run = lab.run(&revoke);
    assert!(run.ok, "{}", run.error);
    assert!(run.out.contains("Revoked: Anna Ødegård (anna)"), "{}", run.out);
    assert_eq!(identity(&lab), (2, Err(IdentityError::Revoked)));
    assert_eq!(lab.read("org/server/crl.der"), lab.read("org/ca/crl.der"));
    assert!(lab.run(&["show", "--dir", "org"]).out.contains("revoked on"));
    let verified = lab.run(&["verify", "org/operators/anna.operator", "--dir", "org"]);
    assert!(!verified.ok && verified.out.contains("withdrawn"), "{}", verified.out);

    let again = lab.run(&revoke);
    assert!(!again.ok && again.error.contains("already"), "{}", again.error);
    let run = lab.run(&["crl", "--dir", "org", "--passphrase-file", "ca.pass", "--valid-hours", "72"]);
    assert!(run.ok, "{}", run.error);
    assert_eq!(identity(&lab), (3, Err(IdentityError::Revoked)));
}

#[test]
fn revoking_never_shortens_the_list() {
    let lab = Lab::new();
    assert!(lab.init(&["--operator", "anna:Anna Ødegård", "--valid-hours", "72"]).ok);
    let end = |lab: &Lab| Crl::parse(&lab.read("org/server/crl.der")).unwrap().next_update().as_secs();
    let before = end(&lab);
    assert!(before > now().as_secs() + 71 * 3600);
    assert!(lab.run(&["operator", "revoke", "anna", "--dir", "org", "--passphrase-file", "ca.pass"]).ok);
    assert!(end(&lab) >= before, "not the usual 24 hours");

    let lab = Lab::with_organisation();
    let revoke = ["operator", "revoke", "anna", "--dir", "org", "--passphrase-file", "ca.pass"];
    assert!(lab.run(&[revoke.as_slice(), &["--valid-hours", "48"]].concat()).ok);
    assert!(end(&lab) > now().as_secs() + 47 * 3600);
}

#[test]
fn show_says_when_each_thing_ends() {
    let lab = Lab::with_organisation();
    let shown = lab.run(&["show", "--dir", "org"]).out;
    for line in ["packet", "certificate", "revocations"] {
        let found = shown.lines().find(|found| found.trim_start().starts_with(line));
        assert!(found.is_some_and(|found| found.contains("valid until 20")), "{line} in {shown}");
    }
    fs::remove_dir_all(lab.path("org/server")).unwrap();
    let shown = lab.run(&["show", "--dir", "org"]);
    assert!(shown.ok && shown.out.contains("deskside-server check"), "{}", shown.out);
}

#[test]
fn operator_is_added_and_renewed() {
    let lab = Lab::with_organisation();
    let add = |who| {
        let files = ["--passphrase-file", "ca.pass", "--operator-passphrase-file", "operator.pass"];
        lab.run(&[&["operator", "add", who, "--dir", "org"], files.as_slice()].concat())
    };
    let run = add("bo:Bo Berg");
    assert!(run.ok, "{}", run.error);
    let bundle =
        OperatorBundle::open(&lab.read("org/operators/bo.operator"), &operator_passphrase(), now()).unwrap();
    assert_eq!((bundle.name(), bundle.account()), ("Bo Berg", "bo"));
    let before = lab.tree("org");
    let run = add("bo:Bo Berg");
    assert!(!run.ok && run.error.contains("exists already"), "{}", run.error);
    assert_eq!(lab.tree("org"), before);
    fs::rename(lab.path("org/operators/bo.operator"), lab.path("old.operator")).unwrap();
    assert!(add("bo:Bo Berg").ok);
    // By serial number, only the old one goes.
    let serial = bundle.identity().serial.as_str();
    assert!(lab.run(&["operator", "revoke", serial, "--dir", "org", "--passphrase-file", "ca.pass"]).ok);
    assert!(!lab.run(&["verify", "old.operator", "--dir", "org"]).ok);
    assert!(lab.run(&["verify", "org/operators/bo.operator", "--dir", "org"]).ok);
}

#[test]
fn verify_knows_every_file() {
    let lab = Lab::with_organisation();
    for (file, what) in [
        ("org/customer/support.deskside", "a packet descriptor"),
        ("org/operators/anna.operator", "an operator bundle"),
        ("org/ca/root.pem", "a CA's certificate"),
        ("org/ca/packet-ca.pem", "a CA's certificate"),
        ("org/ca/server-ca.pem", "a CA's certificate"),
        ("org/server/crl.der", "a revocation list"),
    ] {
        let run = lab.run(&["verify", file, "--dir", "org"]);
        assert!(run.ok && run.out.contains(what) && run.out.contains("It holds"), "{file}: {}", run.out);
    }
    let run = lab.run(&["verify", "org/server/server.toml", "--dir", "org"]);
    assert!(!run.ok && run.out.contains("does NOT hold"), "{}", run.out);
    // Without the folder, the descriptor still proves itself.
    assert!(lab.run(&["verify", "org/customer/support.deskside"]).ok);
}

#[test]
fn t56_verify_refuses_changed_packets_and_bundles() {
    let lab = Lab::with_organisation();
    for name in ["org/customer/support.deskside", "org/operators/anna.operator"] {
        let file = lab.read(name);
        // The last block of a bundle is the key, which only its passphrase can check.
        let end = if name.ends_with("operator") { file.len() - 700 } else { file.len() };
        for index in (0..end).step_by(53) {
            let mut changed = file.clone();
            changed[index] ^= 1;
            fs::write(lab.path("changed"), changed).unwrap();
            let run = lab.run(&["verify", "changed", "--dir", "org"]);
            assert!(!run.ok && run.out.contains("does NOT hold"), "{name}, byte {index}: {}", run.out);
        }
    }
}
