//! Servers' certificates.

use std::fmt;
use std::net::IpAddr;

use rcgen::string::Ia5String;
use rcgen::{CertificateParams, ExtendedKeyUsagePurpose, IsCa, KeyUsagePurpose, SanType};
use rustls_pki_types::{CertificateDer, DnsName, PrivatePkcs8KeyDer};

use super::key::Key;
use super::{IssueError, Validity};
use crate::armour;
use crate::secret::Secret;

/// A server's certificate with its key.
pub struct ServerKey {
    pub(super) certificate: CertificateDer<'static>,
    pub(super) authority: CertificateDer<'static>,
    pub(super) key: Key,
}

impl ServerKey {
    /// The chain to send, DER: the server's certificate, then the server CA's.
    #[must_use]
    pub fn chain(&self) -> [CertificateDer<'static>; 2] {
        [self.certificate.clone(), self.authority.clone()]
    }

    /// The chain's file.
    #[must_use]
    pub fn chain_pem(&self) -> String {
        self.chain().iter().map(|certificate| armour::write("CERTIFICATE", certificate)).collect()
    }

    /// The private key, PKCS#8 without a passphrase: a service must be able to start alone.
    #[must_use]
    pub fn key(&self) -> PrivatePkcs8KeyDer<'static> {
        self.key.pkcs8().clone_key()
    }

    /// The private key's file, without a passphrase.
    #[must_use]
    pub fn key_pem(&self) -> Secret {
        Secret::new(armour::write("PRIVATE KEY", self.key.pkcs8().secret_pkcs8_der()))
    }
}

impl fmt::Debug for ServerKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ServerKey(••••••)")
    }
}

pub(super) fn parameters(hosts: &[String], validity: Validity) -> Result<CertificateParams, IssueError> {
    let first = hosts.first().ok_or_else(|| IssueError::Host(String::new()))?;
    // X.520 ends a common name at 64 characters; programs look at the alternative names only.
    let common_name: String = first.chars().take(64).collect();
    let mut parameters = super::parameters(&common_name, None, validity)?;
    parameters.is_ca = IsCa::ExplicitNoCa;
    parameters.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    parameters.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    parameters.subject_alt_names =
        hosts.iter().map(|host| alternative_name(host)).collect::<Result<_, _>>()?;
    Ok(parameters)
}

fn alternative_name(host: &str) -> Result<SanType, IssueError> {
    let wrong = || IssueError::Host(host.to_owned());
    if let Ok(address) = host.parse::<IpAddr>() {
        return Ok(SanType::IpAddress(address));
    }
    DnsName::try_from(host).map_err(|_| wrong())?;
    Ok(SanType::DnsName(Ia5String::try_from(host).map_err(|_| wrong())?))
}
