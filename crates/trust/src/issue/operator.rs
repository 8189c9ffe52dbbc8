//! Operators' certificates and bundles.

use std::fmt;

use rcgen::{CertificateParams, CustomExtension, ExtendedKeyUsagePurpose, IsCa, KeyUsagePurpose};
use rustls_pki_types::{CertificateDer, UnixTime};

use super::key::Key;
use super::{IssueError, OPERATOR_DAYS, Validity, parameters, presentable, uri};
use crate::armour;
use crate::bundle;
use crate::certificate::{OPERATOR_URI, OPERATOR_USAGE, PACKET_URI};
use crate::packet::Packet;
use crate::secret::Secret;
use crate::signer::Signer;

/// What a certificate may be used for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// Acting as an operator: [`OPERATOR_USAGE`] alone.
    Operator,
    /// Being a TLS server: refused as an operator's.
    Server,
    /// Being an ordinary TLS client: refused as an operator's.
    Client,
}

/// What goes into an operator's certificate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OperatorProfile {
    /// Account at the broker.
    pub account: String,
    /// The person's name, which customers are shown.
    pub name: String,
    /// The organisation's name.
    pub organisation: String,
    /// The packet's id.
    pub packet: String,
    /// From when to when.
    pub validity: Validity,
    /// For what.
    pub purpose: Purpose,
}

impl OperatorProfile {
    /// An operator of this packet for [`OPERATOR_DAYS`] days.
    #[must_use]
    pub fn new(packet: &impl AsRef<Packet>, account: &str, name: &str, now: UnixTime) -> Self {
        Self {
            account: account.to_owned(),
            name: name.to_owned(),
            organisation: packet.as_ref().organisation().to_owned(),
            packet: packet.as_ref().id().to_owned(),
            validity: Validity::days(now, OPERATOR_DAYS),
            purpose: Purpose::Operator,
        }
    }

    /// A certificate of this profile that its own key signs; nobody accepts it.
    ///
    /// # Errors
    /// [`IssueError`] if a name or account in the profile is not allowed.
    pub fn self_signed(&self) -> Result<OperatorKey, IssueError> {
        let key = Key::generate()?;
        let certificate = self.parameters()?.self_signed(&key)?.der().clone();
        Ok(OperatorKey { certificate, key })
    }

    pub(super) fn parameters(&self) -> Result<CertificateParams, IssueError> {
        let organisation = presentable(&self.organisation)?;
        let mut parameters = parameters(presentable(&self.name)?, Some(organisation), self.validity)?;
        parameters.is_ca = IsCa::ExplicitNoCa;
        parameters.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        parameters.subject_alt_names =
            vec![uri(OPERATOR_URI, &self.account)?, uri(PACKET_URI, &self.packet)?];
        match self.purpose {
            Purpose::Operator => parameters.custom_extensions.push(operator_usage()),
            Purpose::Server => parameters.extended_key_usages.push(ExtendedKeyUsagePurpose::ServerAuth),
            Purpose::Client => parameters.extended_key_usages.push(ExtendedKeyUsagePurpose::ClientAuth),
        }
        Ok(parameters)
    }
}

/// The extended key usage extension (RFC 5280 §4.2.1.12) with our one purpose: rcgen's own writes no
/// identifiers with parts above 64 bits.
fn operator_usage() -> CustomExtension {
    const SEQUENCE: u8 = 0x30;
    const OBJECT_IDENTIFIER: u8 = 0x06;
    const LENGTH: u8 = OPERATOR_USAGE.len() as u8;
    let header = [SEQUENCE, LENGTH + 2, OBJECT_IDENTIFIER, LENGTH];
    let mut extension =
        CustomExtension::from_oid_content(&[2, 5, 29, 37], [&header, OPERATOR_USAGE].concat());
    extension.set_criticality(true);
    extension
}

/// An operator's certificate with its key, not yet under a passphrase.
pub struct OperatorKey {
    pub(super) certificate: CertificateDer<'static>,
    pub(super) key: Key,
}

impl OperatorKey {
    /// The certificate.
    #[must_use]
    pub fn certificate(&self) -> &CertificateDer<'static> {
        &self.certificate
    }

    /// The certificate's file.
    #[must_use]
    pub fn certificate_pem(&self) -> String {
        armour::write("CERTIFICATE", &self.certificate)
    }

    /// The bundle file for the operator, with the packet's descriptor file and the key under a passphrase.
    ///
    /// # Errors
    /// [`IssueError::Key`] if the key cannot be encrypted.
    pub fn bundle(&self, descriptor_file: &[u8], passphrase: &Secret) -> Result<Vec<u8>, IssueError> {
        Ok(bundle::write(descriptor_file, &self.certificate, &self.key.encrypted_pem(passphrase)?))
    }

    /// The key for signing, without the way through a bundle.
    ///
    /// # Errors
    /// [`IssueError::KeyMismatch`], which would be a fault of the library.
    pub fn signer(&self) -> Result<Signer, IssueError> {
        self.key.signer(self.certificate.clone())
    }
}

impl fmt::Debug for OperatorKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("OperatorKey(••••••)")
    }
}
