//! Private keys at rest: PKCS#8 under a passphrase (RFC 5958, RFC 8018), scrypt (RFC 7914) and AES-256-GCM.
//!
//! scrypt is chosen over Argon2id because PKCS#8 has an identifier for it: a key file that libraries and
//! tools know outlives a format of our own. GCM tells a wrong passphrase from a right one for certain.

use pkcs8::EncryptedPrivateKeyInfoRef;
use pkcs8::pkcs5::{EncryptionScheme, pbes2};
use rustls_pki_types::PrivatePkcs8KeyDer;
use thiserror::Error;
use zeroize::Zeroizing;

use crate::secret::Secret;

pub(crate) const KEY_LABEL: &str = "ENCRYPTED PRIVATE KEY";

/// scrypt's r: memory is N blocks of 128·r bytes.
pub(crate) const BLOCK_SIZE: u32 = 8;
/// scrypt's p.
pub(crate) const PARALLEL: u32 = 1;
/// What a file may ask for, so that a hostile one cannot take all memory: 512 MiB.
const MAX_COST: u64 = 1 << 19;
/// What a file must ask for, so that a weak one is noticed.
const MIN_COST: u64 = 1 << 15;

/// Why a private key cannot be read or written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum KeyFileError {
    /// It is not an encrypted PKCS#8 key.
    #[error("the private key is damaged")]
    Malformed,
    /// It is protected with something other than scrypt (strong enough, but not too much) and AES-256-GCM.
    #[error("the private key is protected in a way that is not accepted")]
    Protection,
    /// The passphrase does not open it.
    #[error("the passphrase is wrong")]
    WrongPassphrase,
    /// It could not be encrypted.
    #[error("the private key could not be encrypted")]
    Encrypt,
}

/// The key that is under the passphrase.
pub(crate) fn decrypt(
    der: &[u8],
    passphrase: &Secret,
) -> Result<Zeroizing<PrivatePkcs8KeyDer<'static>>, KeyFileError> {
    let encrypted = EncryptedPrivateKeyInfoRef::try_from(der).map_err(|_| KeyFileError::Malformed)?;
    if !is_accepted(&encrypted.encryption_algorithm) {
        return Err(KeyFileError::Protection);
    }
    let key = encrypted.decrypt(passphrase.expose()).map_err(|_| KeyFileError::WrongPassphrase)?;
    Ok(Zeroizing::new(PrivatePkcs8KeyDer::from(key.as_bytes().to_vec())))
}

fn is_accepted(scheme: &EncryptionScheme) -> bool {
    let EncryptionScheme::Pbes2(parameters) = scheme else { return false };
    let cost_is_accepted = parameters.kdf.scrypt().is_some_and(|scrypt| {
        (MIN_COST..=MAX_COST).contains(&scrypt.cost_parameter)
            && u32::from(scrypt.block_size) == BLOCK_SIZE
            && u32::from(scrypt.parallelization) == PARALLEL
    });
    cost_is_accepted && matches!(parameters.encryption, pbes2::EncryptionScheme::Aes256Gcm { .. })
}
