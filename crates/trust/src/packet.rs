//! The packet's issuing CA, which every operator of the packet is measured against.

use rustls_pki_types::{CertificateDer, UnixTime};
use thiserror::Error;

use crate::certificate::{self, Moment, PACKET_URI};
use crate::crypto::{hex, sha256};

/// Why the certificates of a packet cannot be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum PacketError {
    /// A certificate cannot be read.
    #[error("the {0} certificate is damaged")]
    Malformed(&'static str),
    /// A certificate is not a CA's.
    #[error("the {0} certificate is not a CA's")]
    NotAuthority(&'static str),
    /// The signature of the named certificate does not come from where it should.
    #[error("the {0} certificate was not signed by the organisation's root")]
    NotSigned(&'static str),
    /// Organisation or packet id are missing, or differ between the certificates.
    #[error("the certificates do not name one organisation and one packet")]
    Names,
    /// The named certificate is no longer valid.
    #[error("the {0} certificate has expired")]
    Expired(&'static str),
    /// The named certificate is not valid yet.
    #[error("the {0} certificate is not valid yet")]
    NotYetValid(&'static str),
}

/// A packet's issuing CA, proven to come from the organisation's root.
///
/// INVARIANT: the packet CA is signed by the root, both are CAs and name the same organisation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Packet {
    organisation: String,
    id: String,
    root: CertificateDer<'static>,
    authority: CertificateDer<'static>,
}

impl Packet {
    /// Checks that the root signed the packet CA and that both are valid now.
    ///
    /// # Errors
    /// [`PacketError`] names the certificate that is wrong.
    pub fn new(
        root: &CertificateDer<'_>,
        authority: &CertificateDer<'_>,
        now: UnixTime,
    ) -> Result<Self, PacketError> {
        let parsed_root = authority_certificate(root, "root", now)?;
        let parsed = authority_certificate(authority, "packet CA", now)?;
        if !certificate::signed_by(&parsed_root, root) {
            return Err(PacketError::NotSigned("root"));
        }
        if !certificate::signed_by(&parsed, root) {
            return Err(PacketError::NotSigned("packet CA"));
        }
        let organisation = certificate::organisation(parsed.subject()).ok_or(PacketError::Names)?;
        if certificate::organisation(parsed_root.subject()).as_ref() != Some(&organisation) {
            return Err(PacketError::Names);
        }
        let id = certificate::uri(&parsed, PACKET_URI).ok_or(PacketError::Names)?;
        Ok(Self {
            organisation,
            id,
            root: root.clone().into_owned(),
            authority: authority.clone().into_owned(),
        })
    }

    /// The organisation's name.
    #[must_use]
    pub fn organisation(&self) -> &str {
        &self.organisation
    }

    /// The packet's unique id.
    #[must_use]
    pub fn id(&self) -> &str {
        &self.id
    }

    /// The organisation's root certificate.
    #[must_use]
    pub fn root(&self) -> &CertificateDer<'static> {
        &self.root
    }

    /// The packet CA's certificate.
    #[must_use]
    pub fn authority(&self) -> &CertificateDer<'static> {
        &self.authority
    }

    /// The root's fingerprint for people to compare: the first 10 bytes of its SHA-256, in groups of four
    /// hexadecimal digits.
    #[must_use]
    pub fn fingerprint(&self) -> String {
        let hash = sha256(&[&self.root]);
        let groups: Vec<_> = hash[..10].chunks(2).map(|pair| hex(pair).to_uppercase()).collect();
        groups.join(" ")
    }
}

impl AsRef<Self> for Packet {
    fn as_ref(&self) -> &Self {
        self
    }
}

/// Reads a CA's certificate and checks that it is one, and valid now.
pub(crate) fn authority_certificate<'a>(
    der: &'a CertificateDer<'_>,
    which: &'static str,
    now: UnixTime,
) -> Result<x509_parser::certificate::X509Certificate<'a>, PacketError> {
    let parsed = certificate::parse(der).ok_or(PacketError::Malformed(which))?;
    if !certificate::is_authority(&parsed) {
        return Err(PacketError::NotAuthority(which));
    }
    match certificate::moment(&parsed, now) {
        Moment::Before => Err(PacketError::NotYetValid(which)),
        Moment::After => Err(PacketError::Expired(which)),
        Moment::Within => Ok(parsed),
    }
}
