//! Where a verifier leaves the reason of a refused handshake.

use std::sync::{Arc, Mutex, PoisonError};

use rustls::{CertificateError, Error as TlsError, OtherError};

use crate::identity::IdentityError;

/// Remembers why the peer was refused. TLS and QUIC report little more than "bad certificate"; a person is
/// owed the reason.
#[derive(Debug, Clone, Default)]
pub struct Refusal(Arc<Mutex<Option<IdentityError>>>);

impl Refusal {
    /// Why the peer was refused, if it was.
    #[must_use]
    pub fn reason(&self) -> Option<IdentityError> {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn refuse(&self, reason: IdentityError) -> TlsError {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(reason);
        as_tls_error(reason)
    }
}

pub(super) fn as_tls_error(reason: IdentityError) -> TlsError {
    TlsError::InvalidCertificate(CertificateError::Other(OtherError(Arc::new(reason))))
}
