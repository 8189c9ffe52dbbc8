//! The organisation's CAs: root, packet CA, server CA.

use std::fmt;

use rcgen::{
    BasicConstraints, CertificateParams, CertificateRevocationListParams, IsCa, Issuer, KeyIdMethod,
    KeyUsagePurpose, RevokedCertParams, SerialNumber,
};
use rustls_pki_types::{CertificateDer, UnixTime};

use super::key::Key;
use super::{
    IssueError, OperatorKey, OperatorProfile, ServerKey, Validity, calendar, parameters, presentable, uri,
};
use crate::armour;
use crate::certificate::{self, PACKET_URI};
use crate::crl::{MAX_CRL_HOURS, Revocation};
use crate::descriptor::DescriptorBody;
use crate::key_file::{self, KEY_LABEL};
use crate::secret::Secret;

/// A CA with its private key.
pub struct Authority {
    certificate: CertificateDer<'static>,
    key: Key,
}

impl Authority {
    /// An organisation's root, which signs packet CAs and descriptors.
    ///
    /// # Errors
    /// [`IssueError::Name`] if the organisation's name cannot be shown to people.
    pub fn new_root(organisation: &str, validity: Validity) -> Result<Self, IssueError> {
        let parameters = parameters("Deskside root CA", Some(presentable(organisation)?), validity)?;
        Self::self_signed(&as_authority(parameters, 1))
    }

    /// The CA of an organisation's servers. The root has no part in it.
    ///
    /// # Errors
    /// [`IssueError::Name`] if the organisation's name cannot be shown to people.
    pub fn new_server_ca(organisation: &str, validity: Validity) -> Result<Self, IssueError> {
        let parameters = parameters("Deskside server CA", Some(presentable(organisation)?), validity)?;
        Self::self_signed(&as_authority(parameters, 0))
    }

    fn self_signed(parameters: &CertificateParams) -> Result<Self, IssueError> {
        let key = Key::generate()?;
        let certificate = parameters.self_signed(&key)?.der().clone();
        Ok(Self { certificate, key })
    }

    /// As the root: a packet's issuing CA. The id must be unique in the organisation.
    ///
    /// # Errors
    /// [`IssueError::Identifier`] if the id has characters that are not allowed.
    pub fn new_packet_ca(&self, id: &str, validity: Validity) -> Result<Self, IssueError> {
        let organisation = self.organisation()?;
        let mut parameters = parameters(&format!("Deskside packet CA {id}"), Some(&organisation), validity)?;
        parameters.subject_alt_names = vec![uri(PACKET_URI, id)?];
        let key = Key::generate()?;
        let certificate = as_authority(parameters, 0).signed_by(&key, &self.issuer()?)?.der().clone();
        Ok(Self { certificate, key })
    }

    /// A CA from its two files: certificate and encrypted key, both PEM.
    ///
    /// # Errors
    /// [`IssueError::Key`] with [`crate::KeyFileError::WrongPassphrase`]; [`IssueError::Authority`] if a file
    /// is damaged; [`IssueError::KeyMismatch`] if they do not belong together.
    pub fn open(certificate: &[u8], key: &[u8], passphrase: &Secret) -> Result<Self, IssueError> {
        let certificate = super::read_certificate(certificate).ok_or(IssueError::Authority("certificate"))?;
        let encrypted = read_block(key, KEY_LABEL).ok_or(IssueError::Authority("private key"))?;
        let key = key_file::decrypt(&encrypted, passphrase)?;
        let key = Key::from_pkcs8(&key)?;
        key.signer(certificate.clone())?;
        Ok(Self { certificate, key })
    }

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

    /// The private key's file, under a passphrase.
    ///
    /// # Errors
    /// [`IssueError::Key`] if it cannot be encrypted.
    pub fn key_pem(&self, passphrase: &Secret) -> Result<String, IssueError> {
        Ok(self.key.encrypted_pem(passphrase)?)
    }

    /// As a packet CA: an operator's certificate with a fresh key.
    ///
    /// # Errors
    /// [`IssueError`] if a name or account in the profile is not allowed.
    pub fn issue_operator(&self, profile: &OperatorProfile) -> Result<OperatorKey, IssueError> {
        let key = Key::generate()?;
        let certificate = profile.parameters()?.signed_by(&key, &self.issuer()?)?.der().clone();
        Ok(OperatorKey { certificate, key })
    }

    /// As the server CA: a server's certificate with a fresh key. The first host is the certificate's name.
    ///
    /// # Errors
    /// [`IssueError::Host`] if one of the hosts is not a host name or address.
    pub fn issue_server(&self, hosts: &[String], validity: Validity) -> Result<ServerKey, IssueError> {
        let key = Key::generate()?;
        let parameters = super::server::parameters(hosts, validity)?;
        let certificate = parameters.signed_by(&key, &self.issuer()?)?.der().clone();
        Ok(ServerKey { certificate, authority: self.certificate.clone(), key })
    }

    /// As a packet CA: the list of revoked certificates. Each list needs a higher number than the last; it is
    /// valid from an hour before `now` for so many hours.
    ///
    /// # Errors
    /// [`IssueError::Validity`] unless `hours` is 1 to [`MAX_CRL_HOURS`].
    pub fn issue_crl(
        &self,
        number: u64,
        revoked: &[Revocation],
        now: UnixTime,
        hours: u32,
    ) -> Result<Vec<u8>, IssueError> {
        if !(1..=MAX_CRL_HOURS).contains(&hours) {
            return Err(IssueError::Validity);
        }
        self.sign_crl(number, revoked, Validity::hours(now, hours))
    }

    /// As a packet CA: a list of any validity, also one that [`crate::Crl::parse`] refuses.
    ///
    /// # Errors
    /// [`IssueError::Library`] if a serial number is not hexadecimal.
    pub fn sign_crl(
        &self,
        number: u64,
        revoked: &[Revocation],
        validity: Validity,
    ) -> Result<Vec<u8>, IssueError> {
        let revoked_certs = revoked
            .iter()
            .map(|revocation| {
                Ok(RevokedCertParams {
                    serial_number: SerialNumber::from_slice(&unhex(&revocation.serial)?),
                    revocation_time: calendar(revocation.at)?,
                    reason_code: None,
                    invalidity_date: None,
                })
            })
            .collect::<Result<_, IssueError>>()?;
        let parameters = CertificateRevocationListParams {
            this_update: calendar(validity.not_before)?,
            next_update: calendar(validity.not_after)?,
            crl_number: SerialNumber::from(number),
            issuing_distribution_point: None,
            revoked_certs,
            key_identifier_method: KeyIdMethod::Sha256,
        };
        Ok(parameters.signed_by(&self.issuer()?)?.der().to_vec())
    }

    /// As the root: a packet's signed descriptor file.
    ///
    /// # Errors
    /// [`IssueError::Sign`] if the key refuses.
    pub fn sign_descriptor(&self, body: &DescriptorBody) -> Result<Vec<u8>, IssueError> {
        let signer = self.key.signer(self.certificate.clone())?;
        Ok(body.write(|message| signer.sign(message))?)
    }

    fn organisation(&self) -> Result<String, IssueError> {
        certificate::parse(&self.certificate)
            .and_then(|parsed| certificate::organisation(parsed.subject()))
            .ok_or(IssueError::Authority("certificate"))
    }

    fn issuer(&self) -> Result<Issuer<'_, &Key>, IssueError> {
        Ok(Issuer::from_ca_cert_der(&self.certificate, &self.key)?)
    }
}

impl fmt::Debug for Authority {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Authority(••••••)")
    }
}

fn read_block(file: &[u8], label: &str) -> Option<Vec<u8>> {
    let mut blocks = armour::read(file)?;
    let block = blocks.pop()?;
    (blocks.is_empty() && block.label == label).then_some(block.content)
}

fn as_authority(mut parameters: CertificateParams, below: u8) -> CertificateParams {
    parameters.is_ca = IsCa::Ca(BasicConstraints::Constrained(below));
    parameters.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    if below != 0 {
        // The root also signs descriptors.
        parameters.key_usages.push(KeyUsagePurpose::DigitalSignature);
    }
    parameters
}

fn unhex(text: &str) -> Result<Vec<u8>, IssueError> {
    let wrong = || IssueError::Library(format!("'{text}' is not a serial number"));
    if text.is_empty() || !text.is_ascii() || !text.len().is_multiple_of(2) {
        return Err(wrong());
    }
    text.as_bytes()
        .chunks(2)
        .map(|pair| {
            let pair = std::str::from_utf8(pair).map_err(|_| wrong())?;
            u8::from_str_radix(pair, 16).map_err(|_| wrong())
        })
        .collect()
}
