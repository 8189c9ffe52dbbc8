//! The cryptography that is allowed, and nothing beside it.
//!
//! Every certificate of an organisation has an ECDSA key on P-256 and is signed with SHA-256: one algorithm
//! that browsers, smart cards and our own programs all know. Sessions agree on keys with X25519MLKEM768
//! (draft-ietf-tls-ecdhe-mlkem), so that what is recorded today stays closed to a quantum computer.

use std::sync::Arc;

use aws_lc_rs::digest;
use rustls::SignatureScheme;
use rustls::crypto::aws_lc_rs::{cipher_suite, default_provider, kx_group};
use rustls::crypto::{CryptoProvider, WebPkiSupportedAlgorithms};
use rustls_pki_types::{CertificateDer, SignatureVerificationAlgorithm};

/// The one signature algorithm of certificates, offers, descriptors and seals.
pub(crate) static SIGNATURE_ALGORITHMS: &[&dyn SignatureVerificationAlgorithm] =
    &[webpki::aws_lc_rs::ECDSA_P256_SHA256];

/// The same algorithm as TLS names it.
pub(crate) const SIGNATURE_SCHEME: SignatureScheme = SignatureScheme::ECDSA_NISTP256_SHA256;

/// The same algorithm as rustls wants it.
pub(crate) static TLS_ALGORITHMS: WebPkiSupportedAlgorithms = WebPkiSupportedAlgorithms {
    all: SIGNATURE_ALGORITHMS,
    mapping: &[(SIGNATURE_SCHEME, SIGNATURE_ALGORITHMS)],
};

/// For the end-to-end connection: TLS_AES_256_GCM_SHA384 and X25519MLKEM768 only.
///
/// QUIC protects its first packets with another suite; see [`initial_suite`].
#[must_use]
pub fn session_provider() -> Arc<CryptoProvider> {
    Arc::new(CryptoProvider {
        cipher_suites: vec![cipher_suite::TLS13_AES_256_GCM_SHA384],
        kx_groups: vec![kx_group::X25519MLKEM768],
        signature_verification_algorithms: TLS_ALGORITHMS,
        ..default_provider()
    })
}

/// For the hop between a program or a browser and a server: AES-GCM, and X25519 beside X25519MLKEM768
/// because browsers of today may know no other.
#[must_use]
pub fn server_provider() -> Arc<CryptoProvider> {
    Arc::new(CryptoProvider {
        cipher_suites: vec![cipher_suite::TLS13_AES_256_GCM_SHA384, cipher_suite::TLS13_AES_128_GCM_SHA256],
        kx_groups: vec![kx_group::X25519MLKEM768, kx_group::X25519],
        ..default_provider()
    })
}

/// The suite of QUIC's Initial packets (RFC 9001 §5.2). It hides nothing from anybody, its keys are public;
/// the handshake then uses [`session_provider`]'s suite. `None` only if the provider lacked QUIC.
#[must_use]
pub fn initial_suite() -> Option<rustls::quic::Suite> {
    cipher_suite::TLS13_AES_128_GCM_SHA256.tls13()?.quic_suite()
}

/// SHA-256 over the parts, one after the other.
#[must_use]
pub fn sha256(parts: &[&[u8]]) -> [u8; 32] {
    let mut context = digest::Context::new(&digest::SHA256);
    for part in parts {
        context.update(part);
    }
    let mut hash = [0; 32];
    hash.copy_from_slice(context.finish().as_ref());
    hash
}

/// Whether the certificate's key made this signature.
pub(crate) fn signature_holds(certificate: &CertificateDer<'_>, message: &[u8], signature: &[u8]) -> bool {
    webpki::EndEntityCert::try_from(certificate).is_ok_and(|certificate| {
        SIGNATURE_ALGORITHMS
            .iter()
            .any(|algorithm| certificate.verify_signature(*algorithm, message, signature).is_ok())
    })
}

/// Bytes as lower-case hexadecimal digits.
pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
