//! A key with its certificate, which signs but is never shown.

use std::fmt;
use std::sync::Arc;

use rustls::crypto::aws_lc_rs::sign::any_ecdsa_type;
use rustls::sign::CertifiedKey;
use rustls_pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};
use thiserror::Error;

use crate::crypto::SIGNATURE_SCHEME;

/// The key refused to sign, or is of another kind than our certificates have.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("the private key cannot make the signature")]
pub struct SignError;

/// The private key does not fit the certificate, or cannot be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("the private key does not belong to the certificate")]
pub struct KeyMismatch;

/// A private key on P-256 and its certificate.
#[derive(Clone)]
pub struct Signer {
    key: Arc<CertifiedKey>,
}

impl Signer {
    pub(crate) fn new(
        certificate: CertificateDer<'static>,
        key: &PrivatePkcs8KeyDer<'_>,
    ) -> Result<Self, KeyMismatch> {
        let borrowed = PrivatePkcs8KeyDer::from(key.secret_pkcs8_der());
        let key = any_ecdsa_type(&PrivateKeyDer::Pkcs8(borrowed)).map_err(|_| KeyMismatch)?;
        let key = CertifiedKey::new(vec![certificate], key);
        key.keys_match().map_err(|_| KeyMismatch)?;
        key.key.choose_scheme(&[SIGNATURE_SCHEME]).ok_or(KeyMismatch)?;
        Ok(Self { key: Arc::new(key) })
    }

    /// The certificate.
    #[must_use]
    pub fn certificate(&self) -> &CertificateDer<'static> {
        // INVARIANT: `new` puts exactly one certificate in.
        &self.key.cert[0]
    }

    /// Signs; the message begins with the purpose of the signature.
    pub(crate) fn sign(&self, message: &[u8]) -> Result<Vec<u8>, SignError> {
        let signer = self.key.key.choose_scheme(&[SIGNATURE_SCHEME]).ok_or(SignError)?;
        signer.sign(message).map_err(|_| SignError)
    }

    pub(crate) fn certified_key(&self) -> Arc<CertifiedKey> {
        Arc::clone(&self.key)
    }
}

impl AsRef<Self> for Signer {
    fn as_ref(&self) -> &Self {
        self
    }
}

impl fmt::Debug for Signer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Signer(••••••)")
    }
}
