//! The server's check of operators' certificates, on the hop to its API.

use std::fmt;
use std::sync::Arc;

use rustls::client::danger::HandshakeSignatureValid;
use rustls::server::danger::{ClientCertVerified, ClientCertVerifier};
use rustls::{DigitallySignedStruct, DistinguishedName, Error as TlsError, SignatureScheme};
use rustls_pki_types::{CertificateDer, UnixTime};

use super::refusal::as_tls_error;
use super::{handshake_signature, refuse_tls12, schemes};
use crate::crl::Crl;
use crate::identity::identify;
use crate::packet::Packet;

/// Gives the packet CA's newest list; asked at every handshake, so that a revocation works at once.
pub type CurrentCrl = Box<dyn Fn() -> Arc<Crl> + Send + Sync>;

/// Lets in operators of a packet and nobody else. (rustls's own verifier does not know our key usage.)
pub struct OperatorClients {
    packet: Packet,
    crl: CurrentCrl,
}

impl OperatorClients {
    /// A verifier for `rustls::ServerConfig::with_client_cert_verifier`.
    #[must_use]
    pub fn new(packet: Packet, crl: CurrentCrl) -> Self {
        Self { packet, crl }
    }
}

impl fmt::Debug for OperatorClients {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OperatorClients").field("packet", &self.packet.id()).finish_non_exhaustive()
    }
}

impl ClientCertVerifier for OperatorClients {
    fn root_hint_subjects(&self) -> &[DistinguishedName] {
        &[]
    }

    fn verify_client_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        _intermediates: &[CertificateDer<'_>],
        now: UnixTime,
    ) -> Result<ClientCertVerified, TlsError> {
        identify(std::slice::from_ref(end_entity), &(self.crl)(), &self.packet, now)
            .map(|_| ClientCertVerified::assertion())
            .map_err(as_tls_error)
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
