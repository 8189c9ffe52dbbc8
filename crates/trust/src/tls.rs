//! TLS configurations: end to end between operator and customer, and from a program to a server.
//!
//! All are TLS 1.3 only and remember nothing: a resumed connection would skip the certificate check, and
//! early data could be replayed.

mod customer;
mod hop;
mod operator;
mod refusal;

use rustls::client::danger::HandshakeSignatureValid;
use rustls::{CertificateError, DigitallySignedStruct, Error as TlsError, SignatureScheme};
use rustls_pki_types::CertificateDer;

pub use customer::{CustomerTls, customer_config};
pub use hop::hop_config;
pub use operator::operator_config;
pub use refusal::Refusal;

use crate::certificate::public_key;
use crate::crypto::{SIGNATURE_SCHEME, TLS_ALGORITHMS, sha256};

/// SHA-256 of a peer's public key (SubjectPublicKeyInfo, DER); `None` if the certificate cannot be read.
#[must_use]
pub fn peer_key_hash(certificate: &CertificateDer<'_>) -> Option<[u8; 32]> {
    public_key(certificate).map(|key| sha256(&[&key]))
}

/// TLS 1.2 never comes so far, since no configuration offers it.
fn refuse_tls12() -> Result<HandshakeSignatureValid, TlsError> {
    Err(TlsError::InvalidCertificate(CertificateError::BadSignature))
}

fn handshake_signature(
    message: &[u8],
    certificate: &CertificateDer<'_>,
    signature: &DigitallySignedStruct,
) -> Result<HandshakeSignatureValid, TlsError> {
    rustls::crypto::verify_tls13_signature(message, certificate, signature, &TLS_ALGORITHMS)
}

fn schemes() -> Vec<SignatureScheme> {
    vec![SIGNATURE_SCHEME]
}
