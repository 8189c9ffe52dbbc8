//! Whether somebody is an operator of a packet, and who.

use rustls_pki_types::{CertificateDer, UnixTime};
use thiserror::Error;
use webpki::{
    EndEntityCert, Error as WebpkiError, ExpirationPolicy, KeyUsage, RevocationCheckDepth, RevocationOptions,
    RevocationOptionsBuilder, UnknownStatusPolicy, anchor_from_trusted_cert,
};
use x509_parser::certificate::X509Certificate;

use crate::certificate::{self, Moment, OPERATOR_URI, OPERATOR_USAGE, PACKET_URI};
use crate::crl::Crl;
use crate::crypto::{SIGNATURE_ALGORITHMS, hex, sha256};
use crate::packet::Packet;

/// An operator as the verified certificate names them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OperatorIdentity {
    /// The person's name.
    pub name: String,
    /// Their account at the broker.
    pub account: String,
    /// The organisation.
    pub organisation: String,
    /// The packet's unique id.
    pub packet: String,
    /// The certificate's serial number, in hexadecimal digits.
    pub serial: String,
    /// SHA-256 of the certificate.
    pub certificate_hash: [u8; 32],
}

/// Why somebody is not accepted as an operator. The text completes "This is not a trustworthy helper: …";
/// [`IdentityError::advice`] says what to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum IdentityError {
    /// There is no certificate, or it cannot be read.
    #[error("the proof of identity is missing or damaged")]
    Malformed,
    /// Another CA issued it.
    #[error("the proof of identity does not come from the organisation that this program belongs to")]
    OtherCa,
    /// Its own key signed it.
    #[error("the proof of identity was made by the helper and not by the organisation")]
    SelfSigned,
    /// It is a server's.
    #[error("the proof of identity belongs to a server and not to a person")]
    ServerCertificate,
    /// The packet CA issued it, but not for operators.
    #[error("the proof of identity was issued for another purpose than helping")]
    WrongUsage,
    /// Its validity is over.
    #[error("the helper's proof of identity has expired")]
    Expired,
    /// Its validity has not begun.
    #[error("the helper's proof of identity is not valid yet")]
    NotYetValid,
    /// It is on the revocation list.
    #[error("the organisation has withdrawn the helper's proof of identity")]
    Revoked,
    /// The revocation list has ended.
    #[error(
        "the organisation's list of withdrawn helpers is out of date, so nobody can tell whether the helper may still help"
    )]
    StaleList,
    /// The revocation list was made after now.
    #[error("the organisation's list of withdrawn helpers has a date in the future")]
    ListNotYetValid,
    /// The revocation list is not the packet CA's.
    #[error("the organisation's list of withdrawn helpers is damaged or comes from somebody else")]
    BadList,
    /// It names another packet.
    #[error("the helper belongs to another group of the organisation than this program")]
    WrongPacket,
    /// The packet CA itself has expired.
    #[error("this program's own registration with the organisation has expired")]
    PacketExpired,
    /// The packet CA itself is not valid yet.
    #[error("this program's own registration with the organisation is not valid yet")]
    PacketNotYetValid,
    /// It is a good certificate, but not the one that signed the offer.
    #[error("the helper who answered is not the one that the code belongs to")]
    NotOffered,
}

impl IdentityError {
    /// What the person at the screen should do, as a sentence.
    #[must_use]
    pub fn advice(self) -> &'static str {
        match self {
            Self::Malformed
            | Self::OtherCa
            | Self::SelfSigned
            | Self::ServerCertificate
            | Self::WrongUsage
            | Self::Revoked
            | Self::BadList
            | Self::NotOffered => {
                "Do not go on; call the organisation on a number that you know and tell them."
            }
            Self::Expired => {
                "Ask the organisation to renew the helper's certificate, then begin again with a new code."
            }
            Self::NotYetValid | Self::ListNotYetValid | Self::PacketNotYetValid => {
                "Check the date and time of this computer, then begin again with a new code."
            }
            Self::StaleList => {
                "Check the date and time of this computer; if they are right, tell the organisation that its list must be renewed."
            }
            Self::WrongPacket | Self::PacketExpired => {
                "Get the organisation's current program from the place where you got this one."
            }
        }
    }
}

/// Checks that the chain's first certificate is an operator's of this packet, valid now and not revoked, and
/// says whose it is.
///
/// The packet CA, whose link to the root [`Packet`] has proven, is the only anchor: certificates behind the
/// first are not looked at, and no store of the system is consulted.
///
/// # Errors
/// [`IdentityError`], one variant a reason. Where a certificate comes from is judged first: what a foreign
/// certificate claims is not worth a look.
pub fn identify(
    chain: &[CertificateDer<'_>],
    crl: &Crl,
    packet: &impl AsRef<Packet>,
    now: UnixTime,
) -> Result<OperatorIdentity, IdentityError> {
    let crls = [crl.list()];
    let revocation = RevocationOptionsBuilder::new(&crls)
        .map_err(|_| IdentityError::BadList)?
        .with_depth(RevocationCheckDepth::Chain)
        .with_status_policy(UnknownStatusPolicy::Deny)
        .with_expiration_policy(ExpirationPolicy::Enforce)
        .build();
    let identity = check(chain, Some(revocation), packet.as_ref(), now)?;
    if now.as_secs() < crl.this_update().as_secs() {
        return Err(IdentityError::ListNotYetValid);
    }
    Ok(identity)
}

/// Checks a certificate without a revocation list: for its own holder, who is about to show it to others.
pub(crate) fn identify_own(
    certificate: &CertificateDer<'_>,
    packet: &Packet,
    now: UnixTime,
) -> Result<OperatorIdentity, IdentityError> {
    check(std::slice::from_ref(certificate), None, packet, now)
}

fn check(
    chain: &[CertificateDer<'_>],
    revocation: Option<RevocationOptions<'_>>,
    packet: &Packet,
    now: UnixTime,
) -> Result<OperatorIdentity, IdentityError> {
    let der = chain.first().ok_or(IdentityError::Malformed)?;
    let parsed = certificate::parse(der).ok_or(IdentityError::Malformed)?;
    let authority = certificate::parse(packet.authority()).ok_or(IdentityError::Malformed)?;
    // webpki takes an anchor's validity for granted.
    match certificate::moment(&authority, now) {
        Moment::Before => return Err(IdentityError::PacketNotYetValid),
        Moment::After => return Err(IdentityError::PacketExpired),
        Moment::Within => {}
    }
    if !certificate::signed_by(&parsed, packet.authority()) {
        return Err(origin(&parsed, der));
    }
    let anchors = [anchor_from_trusted_cert(packet.authority()).map_err(|_| IdentityError::Malformed)?];
    EndEntityCert::try_from(der)
        .and_then(|certificate| {
            let usage = KeyUsage::required(OPERATOR_USAGE);
            certificate
                .verify_for_usage(SIGNATURE_ALGORITHMS, &anchors, &[], now, usage, revocation, None)
                .map(|_| ())
        })
        .map_err(|error| reason(&error, &parsed))?;
    let identity = read(&parsed, der).ok_or(IdentityError::Malformed)?;
    if identity.packet != packet.id() {
        return Err(IdentityError::WrongPacket);
    }
    if identity.organisation != packet.organisation() {
        return Err(IdentityError::OtherCa);
    }
    Ok(identity)
}

fn read(parsed: &X509Certificate<'_>, der: &CertificateDer<'_>) -> Option<OperatorIdentity> {
    Some(OperatorIdentity {
        name: certificate::common_name(parsed.subject())?,
        account: certificate::uri(parsed, OPERATOR_URI)?,
        organisation: certificate::organisation(parsed.subject())?,
        packet: certificate::uri(parsed, PACKET_URI)?,
        serial: hex(parsed.raw_serial()),
        certificate_hash: sha256(&[der]),
    })
}

/// Where a certificate that the packet CA did not sign comes from.
fn origin(parsed: &X509Certificate<'_>, der: &CertificateDer<'_>) -> IdentityError {
    if certificate::signed_by(parsed, der) {
        IdentityError::SelfSigned
    } else if certificate::is_for_servers(parsed) {
        IdentityError::ServerCertificate
    } else {
        IdentityError::OtherCa
    }
}

fn reason(error: &WebpkiError, parsed: &X509Certificate<'_>) -> IdentityError {
    match error {
        WebpkiError::CertExpired { .. } | WebpkiError::InvalidCertValidity => IdentityError::Expired,
        WebpkiError::CertNotValidYet { .. } => IdentityError::NotYetValid,
        WebpkiError::CertRevoked => IdentityError::Revoked,
        WebpkiError::CrlExpired { .. } => IdentityError::StaleList,
        WebpkiError::RequiredEkuNotFoundContext(_) | WebpkiError::EmptyEkuExtension
            if certificate::is_for_servers(parsed) =>
        {
            IdentityError::ServerCertificate
        }
        WebpkiError::RequiredEkuNotFoundContext(_)
        | WebpkiError::EmptyEkuExtension
        | WebpkiError::CaUsedAsEndEntity => IdentityError::WrongUsage,
        WebpkiError::UnknownIssuer | WebpkiError::InvalidSignatureForPublicKey => IdentityError::OtherCa,
        WebpkiError::UnknownRevocationStatus
        | WebpkiError::InvalidCrlSignatureForPublicKey
        | WebpkiError::IssuerNotCrlSigner
        | WebpkiError::UnsupportedCrlSignatureAlgorithmContext(_)
        | WebpkiError::UnsupportedCrlSignatureAlgorithmForPublicKeyContext(_) => IdentityError::BadList,
        _ => IdentityError::Malformed,
    }
}
