//! T53: nothing secret can be printed.

use deskside_trust::issue::Validity;
use deskside_trust::{OperatorBundle, Secret, SessionKey};

use super::lab::{Lab, at};

const PASSPHRASE: &str = "canary-passphrase-7319";

#[test]
fn t53_debug_shows_no_secret() {
    let lab = Lab::new();
    let anna = lab.operator();
    let passphrase = Secret::new(PASSPHRASE.to_owned());
    let file = anna.bundle(&lab.descriptor_file, &passphrase).unwrap();
    let bundle = OperatorBundle::open(&file, &passphrase, at(60)).unwrap();
    let server = lab.server_ca.issue_server(&["localhost".to_owned()], Validity::days(at(0), 1)).unwrap();
    let private = server.key();
    let plain = server.key_pem();
    let session = SessionKey::generate().unwrap();
    let shown = format!(
        "{passphrase:?} {bundle:?} {session:?} {anna:?} {:?} {:?} {server:?} {plain:?}",
        lab.root,
        bundle.signer()
    );
    // The scalar of a PKCS#8 key on P-256 stands 36 bytes from its beginning.
    let scalar = &private.secret_pkcs8_der()[36..68];
    for canary in [PASSPHRASE.to_owned(), format!("{scalar:?}"), "PRIVATE KEY".to_owned()] {
        assert!(!shown.contains(&canary), "{canary}");
    }
    for mute in
        ["Secret(••••••)", "Signer(••••••)", "OperatorKey(••••••)", "Authority(••••••)", "ServerKey(••••••)"]
    {
        assert!(shown.contains(mute), "{mute} in {shown}");
    }
}
