//! The customer's end of the end-to-end connection: it is the TLS client.

use std::sync::Arc;

use deskside_proto::ALPN_SESSION;
use rustls::client::Resumption;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::sign::SingleCertAndKey;
use rustls::time_provider::TimeProvider;
use rustls::{ClientConfig, DigitallySignedStruct, Error as TlsError, SignatureScheme};
use rustls_pki_types::{CertificateDer, ServerName, UnixTime};

use super::{Refusal, handshake_signature, refuse_tls12, schemes};
use crate::crl::Crl;
use crate::crypto::session_provider;
use crate::identity::{IdentityError, identify};
use crate::offer::Offer;
use crate::packet::Packet;
use crate::session_key::SessionKey;

/// The customer's configuration and where the reason of a refusal will stand.
#[derive(Debug)]
pub struct CustomerTls {
    /// For the connection to the operator.
    pub config: ClientConfig,
    /// Why the operator was refused, once that has happened.
    pub refusal: Refusal,
}

/// For the customer's program: accepts the operator who signed `offer`, proven again in the handshake by
/// chain, purpose, validity and revocation list at the time that `time` tells, and nobody else.
///
/// # Errors
/// [`TlsError`] if the provider refuses TLS 1.3, which would be a fault of the program.
pub fn customer_config(
    offer: &Offer,
    packet: &impl AsRef<Packet>,
    crl: Arc<Crl>,
    key: &SessionKey,
    time: Arc<dyn TimeProvider>,
) -> Result<CustomerTls, TlsError> {
    let refusal = Refusal::default();
    let verifier = OfferedOperator {
        certificate: offer.certificate().clone(),
        packet: packet.as_ref().clone(),
        crl,
        refusal: refusal.clone(),
    };
    let mut config = ClientConfig::builder_with_details(session_provider(), time)
        .with_protocol_versions(&[&rustls::version::TLS13])?
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(verifier))
        .with_client_cert_resolver(Arc::new(SingleCertAndKey::from(key.signer().certified_key())));
    config.alpn_protocols = vec![ALPN_SESSION.to_vec()];
    config.resumption = Resumption::disabled();
    config.enable_early_data = false;
    config.enable_sni = false;
    Ok(CustomerTls { config, refusal })
}

#[derive(Debug)]
struct OfferedOperator {
    certificate: CertificateDer<'static>,
    packet: Packet,
    crl: Arc<Crl>,
    refusal: Refusal,
}

impl ServerCertVerifier for OfferedOperator {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        _intermediates: &[CertificateDer<'_>],
        _server_name: &ServerName<'_>,
        _ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, TlsError> {
        identify(std::slice::from_ref(end_entity), &self.crl, &self.packet, now)
            .map_err(|reason| self.refusal.refuse(reason))?;
        if *end_entity != self.certificate {
            return Err(self.refusal.refuse(IdentityError::NotOffered));
        }
        Ok(ServerCertVerified::assertion())
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
