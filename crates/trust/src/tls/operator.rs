//! The operator's end of the end-to-end connection: it is the TLS server.

use std::sync::Arc;

use deskside_proto::ALPN_SESSION;
use rustls::client::danger::HandshakeSignatureValid;
use rustls::server::danger::{ClientCertVerified, ClientCertVerifier};
use rustls::server::{NoServerSessionStorage, ServerConfig};
use rustls::sign::SingleCertAndKey;
use rustls::{
    CertificateError, DigitallySignedStruct, DistinguishedName, Error as TlsError, SignatureScheme,
};
use rustls_pki_types::{CertificateDer, UnixTime};

use super::{handshake_signature, refuse_tls12, schemes};
use crate::certificate;
use crate::crypto::session_provider;
use crate::signer::Signer;

/// For the operator's program: shows the operator's certificate (from an [`crate::OperatorBundle`]) and demands a session key of the customer's
/// program, which is one self-signed certificate.
///
/// # Errors
/// [`TlsError`] if the provider refuses TLS 1.3, which would be a fault of the program.
pub fn operator_config(operator: &impl AsRef<Signer>) -> Result<ServerConfig, TlsError> {
    let mut config = ServerConfig::builder_with_provider(session_provider())
        .with_protocol_versions(&[&rustls::version::TLS13])?
        .with_client_cert_verifier(Arc::new(AnySessionKey))
        .with_cert_resolver(Arc::new(SingleCertAndKey::from(operator.as_ref().certified_key())));
    config.alpn_protocols = vec![ALPN_SESSION.to_vec()];
    config.session_storage = Arc::new(NoServerSessionStorage {});
    config.send_tls13_tickets = 0;
    config.max_early_data_size = 0;
    Ok(config)
}

/// Accepts whoever shows one self-signed certificate and proves to hold its key. Who that is, is not TLS's
/// question: the code and the two people settle it.
#[derive(Debug)]
struct AnySessionKey;

impl ClientCertVerifier for AnySessionKey {
    fn root_hint_subjects(&self) -> &[DistinguishedName] {
        &[]
    }

    fn verify_client_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        _now: UnixTime,
    ) -> Result<ClientCertVerified, TlsError> {
        let parsed = certificate::parse(end_entity)
            .ok_or(TlsError::InvalidCertificate(CertificateError::BadEncoding))?;
        if intermediates.is_empty() && certificate::signed_by(&parsed, end_entity) {
            Ok(ClientCertVerified::assertion())
        } else {
            Err(TlsError::InvalidCertificate(CertificateError::ApplicationVerificationFailure))
        }
    }

    fn verify_tls12_signature(
        &self,
        _message: &[u8],
        _certificate: &CertificateDer<'_>,
        _signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, TlsError> {
        refuse_tls12()
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, TlsError> {
        handshake_signature(message, certificate, signature)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        schemes()
    }
}
