//! Seals: signatures of both parties under a finished journal.

use deskside_proto::journal::SEAL_DOMAIN;
use rustls_pki_types::CertificateDer;
use thiserror::Error;

use crate::crypto::signature_holds;
use crate::signer::{SignError, Signer};

/// The seal was not made by this certificate's key over this journal.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("the seal under the journal does not hold")]
pub struct SealError;

fn message(number: u32, head: &[u8; 32]) -> Vec<u8> {
    [SEAL_DOMAIN, &number.to_be_bytes(), head].concat()
}

/// Signs a journal: the number and the hash of its last entry.
///
/// # Errors
/// [`SignError`] if the key refuses.
pub fn sign(signer: &impl AsRef<Signer>, number: u32, head: &[u8; 32]) -> Result<Vec<u8>, SignError> {
    signer.as_ref().sign(&message(number, head))
}

/// Checks a seal against the certificate of the party that should have made it.
///
/// # Errors
/// [`SealError`] if it does not hold.
pub fn verify(
    certificate: &CertificateDer<'_>,
    number: u32,
    head: &[u8; 32],
    signature: &[u8],
) -> Result<(), SealError> {
    if signature_holds(certificate, &message(number, head), signature) { Ok(()) } else { Err(SealError) }
}
