//! TLS end to end and to servers, in memory: what is agreed on, and who is turned away.

use std::sync::Arc;
use std::time::Duration;

use deskside_proto::{ALPN_API, ALPN_SESSION};
use deskside_trust::crypto::{initial_suite, server_provider, session_provider};
use deskside_trust::issue::{OperatorKey, Validity};
use deskside_trust::tls::{customer_config, hop_config, operator_config, peer_key_hash};
use deskside_trust::{SessionKey, UnixTime};
use rustls::crypto::CryptoProvider;
use rustls::crypto::aws_lc_rs::{cipher_suite, default_provider, kx_group};
use rustls::{
    AlertDescription, CipherSuite, ClientConfig, Error as TlsError, HandshakeKind, NamedGroup, ServerConfig,
    ServerConnection,
};

use super::lab::{Clock, DAY, Lab, Pair, at, handshake};

fn customer(lab: &Lab, operator: &OperatorKey, key: &SessionKey) -> ClientConfig {
    let offer = lab.offer(operator);
    let clock = Arc::new(Clock(at(60)));
    customer_config(&offer, &lab.descriptor, Arc::clone(&lab.crl), key, clock).unwrap().config
}

fn operator(operator: &OperatorKey) -> ServerConfig {
    operator_config(&operator.signer().unwrap()).unwrap()
}

#[test]
fn both_ends_agree_on_the_one_suite_and_group() {
    let lab = Lab::new();
    let anna = lab.operator();
    let key = SessionKey::generate().unwrap();
    let (client, server) = (Arc::new(customer(&lab, &anna, &key)), Arc::new(operator(&anna)));
    // A second connection with the same configurations must be a whole handshake again.
    for _ in 0..2 {
        let Pair { client, server } = handshake(Arc::clone(&client), Arc::clone(&server)).ok().unwrap();
        assert_eq!(client.negotiated_key_exchange_group().unwrap().name(), NamedGroup::X25519MLKEM768);
        assert_eq!(client.negotiated_cipher_suite().unwrap().suite(), CipherSuite::TLS13_AES_256_GCM_SHA384);
        assert_eq!(client.alpn_protocol(), Some(ALPN_SESSION));
        assert_eq!(server.alpn_protocol(), Some(ALPN_SESSION));
        assert_eq!(client.handshake_kind(), Some(HandshakeKind::Full));
        assert_eq!(client.tls13_tickets_received(), 0);
        assert_eq!(client.peer_certificates().unwrap(), [anna.certificate().clone()]);
        let shown = &server.peer_certificates().unwrap()[0];
        assert_eq!(peer_key_hash(shown), Some(key.public_key_hash()));
    }
}

fn narrowed(narrow: impl FnOnce(&mut CryptoProvider)) -> Arc<CryptoProvider> {
    let mut provider = default_provider();
    narrow(&mut provider);
    Arc::new(provider)
}

/// A customer's program that offers something else; its other settings are the right ones.
fn check_downgraded_client(provider: Arc<CryptoProvider>) {
    let lab = Lab::new();
    let anna = lab.operator();
    let right = customer(&lab, &anna, &SessionKey::generate().unwrap());
    let mut client = ClientConfig::builder_with_provider(provider)
        .with_protocol_versions(&[&rustls::version::TLS13])
        .unwrap()
        .with_root_certificates(rustls::RootCertStore::empty())
        .with_client_cert_resolver(Arc::clone(&right.client_auth_cert_resolver));
    client.alpn_protocols = right.alpn_protocols.clone();
    let (_, server_error) = *handshake(Arc::new(client), Arc::new(operator(&anna))).err().unwrap();
    assert!(matches!(server_error, Some(TlsError::PeerIncompatible(_))), "{server_error:?}");
}

/// An operator's program that offers something else.
fn check_downgraded_server(provider: Arc<CryptoProvider>) {
    let lab = Lab::new();
    let anna = lab.operator();
    let right = operator(&anna);
    let mut server = ServerConfig::builder_with_provider(provider)
        .with_protocol_versions(&[&rustls::version::TLS13])
        .unwrap()
        .with_no_client_auth()
        .with_cert_resolver(Arc::clone(&right.cert_resolver));
    server.alpn_protocols = right.alpn_protocols.clone();
    let client = customer(&lab, &anna, &SessionKey::generate().unwrap());
    let (client_error, _) = *handshake(Arc::new(client), Arc::new(server)).err().unwrap();
    assert!(
        matches!(client_error, Some(TlsError::AlertReceived(AlertDescription::HandshakeFailure))),
        "{client_error:?}"
    );
}

#[test]
fn t04_peer_without_the_post_quantum_group_is_refused() {
    let x25519_only = || narrowed(|provider| provider.kx_groups = vec![kx_group::X25519]);
    check_downgraded_client(x25519_only());
    check_downgraded_server(x25519_only());
}

#[test]
fn t04_peer_with_aes_128_only_is_refused() {
    let aes_128_only =
        || narrowed(|provider| provider.cipher_suites = vec![cipher_suite::TLS13_AES_128_GCM_SHA256]);
    check_downgraded_client(aes_128_only());
    check_downgraded_server(aes_128_only());
}

/// A ClientHello of TLS 1.2 (RFC 5246 §7.4.1.2), written by hand because our rustls cannot speak it.
#[test]
fn t04_client_of_tls_1_2_is_refused() {
    let extensions: &[u8] = &[
        0, 10, 0, 4, 0, 2, 0, 29, // supported_groups: x25519
        0, 13, 0, 4, 0, 2, 4, 3, // signature_algorithms: ecdsa_secp256r1_sha256
    ];
    let mut body = vec![3, 3];
    body.extend([9; 32]);
    body.extend([0, 0, 2, 0xc0, 0x2c, 1, 0, 0, u8::try_from(extensions.len()).unwrap()]);
    body.extend(extensions);
    let length = u8::try_from(body.len()).unwrap();
    let record = [&[22, 3, 1, 0, length + 4, 1, 0, 0, length], body.as_slice()].concat();

    let lab = Lab::new();
    let mut server = ServerConnection::new(Arc::new(operator(&lab.operator()))).unwrap();
    server.read_tls(&mut record.as_slice()).unwrap();
    let error = server.process_new_packets().unwrap_err();
    assert!(matches!(error, TlsError::PeerIncompatible(_)), "{error:?}");
}

/// A ServerHello of TLS 1.2 in answer to the customer's program.
#[test]
fn t04_server_of_tls_1_2_is_refused() {
    let lab = Lab::new();
    let config = customer(&lab, &lab.operator(), &SessionKey::generate().unwrap());
    let mut client =
        rustls::ClientConnection::new(Arc::new(config), "operator.invalid".try_into().unwrap()).unwrap();
    client.write_tls(&mut Vec::new()).unwrap();
    let mut body = vec![3, 3];
    body.extend([9; 32]);
    body.extend([0, 0xc0, 0x2c, 0]);
    let length = u8::try_from(body.len()).unwrap();
    let record = [&[22, 3, 3, 0, length + 4, 2, 0, 0, length], body.as_slice()].concat();
    client.read_tls(&mut record.as_slice()).unwrap();
    let error = client.process_new_packets().unwrap_err();
    assert!(matches!(error, TlsError::PeerIncompatible(_) | TlsError::PeerMisbehaved(_)), "{error:?}");
}

#[test]
fn customer_without_a_certificate_is_refused() {
    let lab = Lab::new();
    let anna = lab.operator();
    let mut client = customer(&lab, &anna, &SessionKey::generate().unwrap());
    client.client_auth_cert_resolver = ClientConfig::builder_with_provider(session_provider())
        .with_protocol_versions(&[&rustls::version::TLS13])
        .unwrap()
        .with_root_certificates(rustls::RootCertStore::empty())
        .with_no_client_auth()
        .client_auth_cert_resolver;
    let (_, server_error) = *handshake(Arc::new(client), Arc::new(operator(&anna))).err().unwrap();
    assert_eq!(server_error, Some(TlsError::NoCertificatesPresented));
}

#[test]
fn customer_with_a_certificate_of_a_ca_is_refused() {
    let lab = Lab::new();
    let anna = lab.operator();
    let mut client = customer(&lab, &anna, &SessionKey::generate().unwrap());
    let other = hop_config(lab.descriptor.server_ca(), ALPN_API, Some(&lab.operator().signer().unwrap()));
    client.client_auth_cert_resolver = other.unwrap().client_auth_cert_resolver;
    let (_, server_error) = *handshake(Arc::new(client), Arc::new(operator(&anna))).err().unwrap();
    assert!(matches!(server_error, Some(TlsError::InvalidCertificate(_))), "{server_error:?}");
}

fn server_config(lab: &Lab, host: &str) -> Arc<ServerConfig> {
    // `hop_config` has the system's clock, whatever that says.
    let validity =
        Validity { not_before: UnixTime::since_unix_epoch(Duration::ZERO), not_after: at(100 * 365 * DAY) };
    let key = lab.server_ca.issue_server(&[host.to_owned()], validity).unwrap();
    let mut config = ServerConfig::builder_with_provider(server_provider())
        .with_protocol_versions(&[&rustls::version::TLS13])
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(key.chain().to_vec(), key.key().into())
        .unwrap();
    config.alpn_protocols = vec![ALPN_API.to_vec()];
    Arc::new(config)
}

#[test]
fn hop_trusts_the_server_ca_alone() {
    let (lab, other) = (Lab::new(), Lab::new());
    let hop = |ca| Arc::new(hop_config(ca, ALPN_API, None).unwrap());
    let server = server_config(&lab, "operator.invalid");
    let pair = handshake(hop(lab.descriptor.server_ca()), Arc::clone(&server)).ok().unwrap();
    assert_eq!(pair.client.alpn_protocol(), Some(ALPN_API));
    let wrong_name = server_config(&lab, "elsewhere.invalid");
    for (ca, server) in [(&other, server), (&lab, wrong_name)] {
        let (client_error, _) = *handshake(hop(ca.descriptor.server_ca()), server).err().unwrap();
        assert!(matches!(client_error, Some(TlsError::InvalidCertificate(_))), "{client_error:?}");
    }
}

/// Not even the organisation's own root or packet CA can stand in for a server.
#[test]
fn hop_refuses_an_operator_in_a_servers_place() {
    let lab = Lab::new();
    let hop = hop_config(lab.descriptor.server_ca(), ALPN_API, None).unwrap();
    let mut server = operator(&lab.operator());
    server.alpn_protocols = vec![ALPN_API.to_vec()];
    let (client_error, _) = *handshake(Arc::new(hop), Arc::new(server)).err().unwrap();
    assert!(matches!(client_error, Some(TlsError::InvalidCertificate(_))), "{client_error:?}");
}

#[test]
fn hop_shows_the_operators_certificate() {
    let lab = Lab::new();
    let anna = lab.operator();
    let hop = hop_config(lab.descriptor.server_ca(), ALPN_API, Some(&anna.signer().unwrap())).unwrap();
    let schemes = [rustls::SignatureScheme::ECDSA_NISTP256_SHA256];
    let shown = hop.client_auth_cert_resolver.resolve(&[], &schemes).unwrap();
    assert_eq!(shown.cert, [anna.certificate().clone()]);
}

#[test]
fn quic_has_its_initial_suite() {
    assert!(initial_suite().is_some());
}
