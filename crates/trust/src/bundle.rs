//! The operator bundle: descriptor, certificate and encrypted key of one operator, in one file.
//!
//! Three PEM blocks in this order: the packet descriptor, the certificate, the private key (PKCS#8 under a
//! passphrase). Descriptor and certificate are public and checked by their signatures.

use rustls_pki_types::{CertificateDer, UnixTime};
use thiserror::Error;

use crate::armour;
use crate::certificate::MAX_CERTIFICATE;
use crate::descriptor::{DESCRIPTOR_LABEL, Descriptor, DescriptorError, MAX_DESCRIPTOR};
use crate::identity::{IdentityError, OperatorIdentity, identify_own};
use crate::key_file::{self, KEY_LABEL, KeyFileError};
use crate::secret::Secret;
use crate::signer::{KeyMismatch, Signer};

/// Longest bundle, in bytes.
pub const MAX_BUNDLE: usize = MAX_DESCRIPTOR + 16 * 1024;

const CERTIFICATE_LABEL: &str = "CERTIFICATE";

/// Why a bundle was refused.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum BundleError {
    /// It is not a bundle, or its form was changed.
    #[error("the file is not an operator bundle or was changed")]
    Malformed,
    /// Its packet descriptor does not hold.
    #[error(transparent)]
    Descriptor(#[from] DescriptorError),
    /// Its certificate does not hold.
    #[error(transparent)]
    Identity(#[from] IdentityError),
    /// Its key cannot be opened; see [`KeyFileError::WrongPassphrase`].
    #[error(transparent)]
    Key(#[from] KeyFileError),
    /// Its key is not the certificate's.
    #[error(transparent)]
    KeyMismatch(#[from] KeyMismatch),
}

/// An opened bundle: what makes a person an operator.
#[derive(Debug, Clone)]
pub struct OperatorBundle {
    descriptor: Descriptor,
    identity: OperatorIdentity,
    signer: Signer,
}

/// A bundle whose public part was checked and whose key is still closed.
#[derive(Debug)]
pub struct ClosedBundle {
    descriptor: Descriptor,
    identity: OperatorIdentity,
    certificate: CertificateDer<'static>,
    key: Vec<u8>,
}

impl ClosedBundle {
    /// Reads a bundle and checks what can be checked without the passphrase: descriptor and certificate.
    ///
    /// # Errors
    /// [`BundleError`] says what does not hold.
    pub fn read(bytes: &[u8], now: UnixTime) -> Result<Self, BundleError> {
        if MAX_BUNDLE < bytes.len() {
            return Err(BundleError::Malformed);
        }
        let blocks = armour::read(bytes).ok_or(BundleError::Malformed)?;
        let [descriptor, certificate, key] = blocks.as_slice() else { return Err(BundleError::Malformed) };
        let labels = [&descriptor.label, &certificate.label, &key.label];
        if labels != [DESCRIPTOR_LABEL, CERTIFICATE_LABEL, KEY_LABEL]
            || MAX_CERTIFICATE < certificate.content.len()
        {
            return Err(BundleError::Malformed);
        }
        let descriptor = Descriptor::from_signed(&descriptor.content, now)?;
        let certificate = CertificateDer::from(certificate.content.clone());
        let identity = identify_own(&certificate, descriptor.packet(), now)?;
        Ok(Self { descriptor, identity, certificate, key: key.content.clone() })
    }

    /// The operator.
    #[must_use]
    pub fn identity(&self) -> &OperatorIdentity {
        &self.identity
    }

    /// The packet.
    #[must_use]
    pub fn descriptor(&self) -> &Descriptor {
        &self.descriptor
    }

    /// The operator's certificate.
    #[must_use]
    pub fn certificate(&self) -> &CertificateDer<'static> {
        &self.certificate
    }

    /// Opens the key. Takes about half a second and 128 MiB of memory, on purpose.
    ///
    /// # Errors
    /// [`BundleError::Key`] with [`KeyFileError::WrongPassphrase`], or what else is wrong with the key.
    pub fn open(self, passphrase: &Secret) -> Result<OperatorBundle, BundleError> {
        let key = key_file::decrypt(&self.key, passphrase)?;
        let signer = Signer::new(self.certificate, &key)?;
        Ok(OperatorBundle { descriptor: self.descriptor, identity: self.identity, signer })
    }
}

impl OperatorBundle {
    /// Reads, checks and opens a bundle; see [`ClosedBundle::open`] for what that costs.
    ///
    /// # Errors
    /// [`BundleError`] says what does not hold.
    pub fn open(bytes: &[u8], passphrase: &Secret, now: UnixTime) -> Result<Self, BundleError> {
        ClosedBundle::read(bytes, now)?.open(passphrase)
    }

    /// The operator's name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.identity.name
    }

    /// The operator's account at the broker.
    #[must_use]
    pub fn account(&self) -> &str {
        &self.identity.account
    }

    /// The operator.
    #[must_use]
    pub fn identity(&self) -> &OperatorIdentity {
        &self.identity
    }

    /// The packet.
    #[must_use]
    pub fn descriptor(&self) -> &Descriptor {
        &self.descriptor
    }

    /// The certificates to show: the operator's own; who checks it has the packet CA's already.
    #[must_use]
    pub fn chain(&self) -> &[CertificateDer<'static>] {
        std::slice::from_ref(self.signer.certificate())
    }

    /// The key, for seals.
    #[must_use]
    pub fn signer(&self) -> &Signer {
        &self.signer
    }
}

impl AsRef<Signer> for OperatorBundle {
    fn as_ref(&self) -> &Signer {
        &self.signer
    }
}

/// Puts a bundle together from its public and its encrypted part.
#[cfg(feature = "issue")]
pub(crate) fn write(descriptor_file: &[u8], certificate: &CertificateDer<'_>, key_pem: &str) -> Vec<u8> {
    let certificate = armour::write(CERTIFICATE_LABEL, certificate);
    [descriptor_file, certificate.as_bytes(), key_pem.as_bytes()].concat()
}
