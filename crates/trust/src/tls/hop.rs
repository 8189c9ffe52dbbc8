//! The hop from a program to a server.

use std::sync::Arc;

use rustls::client::Resumption;
use rustls::sign::SingleCertAndKey;
use rustls::{ClientConfig, Error as TlsError, RootCertStore};
use rustls_pki_types::CertificateDer;

use crate::crypto::server_provider;
use crate::signer::Signer;

/// For a program's connection to a server: trusts the server CA alone, not the system's store. With `client`,
/// the operator's certificate is shown when the server asks.
///
/// # Errors
/// [`TlsError`] if the server CA's certificate cannot be an anchor.
pub fn hop_config(
    server_ca: &CertificateDer<'_>,
    alpn: &[u8],
    client: Option<&Signer>,
) -> Result<ClientConfig, TlsError> {
    let mut roots = RootCertStore::empty();
    roots.add(server_ca.clone().into_owned())?;
    let builder = ClientConfig::builder_with_provider(server_provider())
        .with_protocol_versions(&[&rustls::version::TLS13])?
        .with_root_certificates(roots);
    let mut config = match client {
        Some(signer) => {
            builder.with_client_cert_resolver(Arc::new(SingleCertAndKey::from(signer.certified_key())))
        }
        None => builder.with_no_client_auth(),
    };
    config.alpn_protocols = vec![alpn.to_vec()];
    config.resumption = Resumption::disabled();
    config.enable_early_data = false;
    Ok(config)
}
