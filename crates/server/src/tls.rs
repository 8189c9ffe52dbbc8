//! What is offered to whom. The client's ALPN (RFC 7301) decides, before the handshake goes on, whether a
//! certificate is asked for: browsers are never bothered, operators' programs always are.

use std::sync::Arc;

use deskside_broker::server_provider;
use deskside_proto::{ALPN_API, ALPN_HTTP, ALPN_TUNNEL};
use rustls::client::danger::HandshakeSignatureValid;
use rustls::crypto::{WebPkiSupportedAlgorithms, verify_tls13_signature};
use rustls::server::danger::{ClientCertVerified, ClientCertVerifier};
use rustls::server::{ClientHello, NoServerSessionStorage};
use rustls::sign::{CertifiedKey, SingleCertAndKey};
use rustls::{
    CertificateError, DigitallySignedStruct, DistinguishedName, Error, ServerConfig, SignatureScheme,
};
use rustls_pki_types::{CertificateDer, UnixTime};

/// Longest client certificate, and most certificates in a chain, that are handed on.
const MAX_CERTIFICATE: usize = 16 * 1024;
const MAX_INTERMEDIATES: usize = 3;

/// What a connection is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Service {
    /// A leg of the relay.
    Tunnel,
    /// The broker's API, with a client certificate.
    Api,
    /// The broker's API, without.
    Http,
}

/// The configurations of the three services.
pub(crate) struct TlsConfigs {
    tunnel: Arc<ServerConfig>,
    api: Arc<ServerConfig>,
    http: Arc<ServerConfig>,
}

impl TlsConfigs {
    pub(crate) fn new(identity: &Arc<CertifiedKey>) -> Result<Self, Error> {
        let config = |alpn: &[u8], asks: bool| -> Result<Arc<ServerConfig>, Error> {
            let provider = server_provider();
            let algorithms = provider.signature_verification_algorithms;
            let builder = ServerConfig::builder_with_provider(provider)
                .with_protocol_versions(&[&rustls::version::TLS13])?;
            let builder = if asks {
                builder.with_client_cert_verifier(Arc::new(KeyHolders { algorithms }))
            } else {
                builder.with_no_client_auth()
            };
            let resolver = SingleCertAndKey::from(Arc::clone(identity));
            let mut config = builder.with_cert_resolver(Arc::new(resolver));
            config.alpn_protocols = vec![alpn.to_vec()];
            // No resumption: every connection shows who it is.
            config.session_storage = Arc::new(NoServerSessionStorage {});
            config.send_tls13_tickets = 0;
            Ok(Arc::new(config))
        };
        Ok(Self {
            tunnel: config(ALPN_TUNNEL, false)?,
            api: config(ALPN_API, true)?,
            http: config(ALPN_HTTP, false)?,
        })
    }

    /// The service that the client asks for, and its configuration. A client whose protocols are all unknown
    /// gets the configuration of HTTP, which then refuses it as RFC 7301 §3.2 says.
    pub(crate) fn choose(&self, hello: &ClientHello<'_>) -> (Service, Arc<ServerConfig>) {
        let asks_for = |wanted: &[u8]| {
            hello.alpn().is_some_and(|mut protocols| protocols.any(|protocol| protocol == wanted))
        };
        if asks_for(ALPN_TUNNEL) {
            (Service::Tunnel, Arc::clone(&self.tunnel))
        } else if asks_for(ALPN_API) {
            (Service::Api, Arc::clone(&self.api))
        } else {
            (Service::Http, Arc::clone(&self.http))
        }
    }
}

/// Lets in whoever has the key of the certificate that it shows, and no connection without one. Whose
/// certificate it is, and whether it is revoked, the broker decides at every call: a connection may outlive
/// both, and the broker can say what is wrong, where TLS has an alert only.
#[derive(Debug)]
struct KeyHolders {
    algorithms: WebPkiSupportedAlgorithms,
}

impl ClientCertVerifier for KeyHolders {
    fn root_hint_subjects(&self) -> &[DistinguishedName] {
        &[]
    }

    fn verify_client_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        _now: UnixTime,
    ) -> Result<ClientCertVerified, Error> {
        let all = std::iter::once(end_entity).chain(intermediates);
        if intermediates.len() > MAX_INTERMEDIATES || all.clone().any(|der| der.len() > MAX_CERTIFICATE) {
            return Err(CertificateError::BadEncoding.into());
        }
        Ok(ClientCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        _message: &[u8],
        _cert: &CertificateDer<'_>,
        _dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        Err(CertificateError::BadSignature.into())
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls13_signature(message, cert, dss, &self.algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.algorithms.supported_schemes()
    }
}
