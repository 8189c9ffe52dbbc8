//! The customer's key for one session.

use rustls_pki_types::CertificateDer;

use crate::crypto::sha256;
use crate::signer::Signer;

/// A fresh key with a self-signed certificate. It names nobody; it only ties connection and journal together,
/// and is gone when the session is.
#[derive(Debug, Clone)]
pub struct SessionKey(Signer);

impl SessionKey {
    /// Draws a key. The certificate bears no date, so that it tells nothing about the computer's clock.
    ///
    /// # Errors
    /// [`crate::issue::IssueError`] if there is no randomness.
    #[cfg(feature = "issue")]
    pub fn generate() -> Result<Self, crate::issue::IssueError> {
        crate::issue::session_signer().map(Self)
    }

    /// The certificate.
    #[must_use]
    pub fn certificate(&self) -> &CertificateDer<'static> {
        self.0.certificate()
    }

    /// SHA-256 of the public key (SubjectPublicKeyInfo, DER).
    #[must_use]
    pub fn public_key_hash(&self) -> [u8; 32] {
        crate::certificate::public_key(self.certificate()).map_or([0; 32], |key| sha256(&[&key]))
    }

    /// The key, for seals.
    #[must_use]
    pub fn signer(&self) -> &Signer {
        &self.0
    }
}

impl AsRef<Signer> for SessionKey {
    fn as_ref(&self) -> &Signer {
        &self.0
    }
}
