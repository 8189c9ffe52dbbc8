//! The packet CA's list of revoked operator certificates (RFC 5280 §5).

use rustls_pki_types::UnixTime;
use thiserror::Error;
use webpki::{CertRevocationList, OwnedCertRevocationList};
use x509_parser::prelude::{CertificateRevocationList, FromDer};

use crate::crypto::{hex, signature_holds};
use crate::packet::Packet;

/// Longest list, in bytes: room for some 4,000 revocations.
pub const MAX_CRL: usize = 160 * 1024;
/// Longest time between a list and its successor, in hours. A hostile server can hide a revocation for as
/// long as an old list still counts.
pub const MAX_CRL_HOURS: u32 = 72;

/// Why a list cannot be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum CrlError {
    /// It is not a revocation list, or too long.
    #[error("the revocation list is damaged")]
    Malformed,
    /// It has no number, or a negative or huge one.
    #[error("the revocation list has no usable number")]
    Number,
    /// It says no, or too late, when its successor comes.
    #[error("the revocation list is made to last longer than {MAX_CRL_HOURS} hours")]
    Lifetime,
}

/// A revocation list. Its signature is checked where it is used, in [`crate::identify`].
#[derive(Debug)]
pub struct Crl {
    der: Vec<u8>,
    list: CertRevocationList<'static>,
    number: u64,
    this_update: u64,
    next_update: u64,
    revoked: Vec<Revocation>,
}

/// One certificate that was revoked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Revocation {
    /// The certificate's serial number, in hexadecimal digits.
    pub serial: String,
    /// When it was revoked.
    pub at: UnixTime,
}

impl Crl {
    /// Reads a list from DER.
    ///
    /// # Errors
    /// [`CrlError`] if it is malformed, without number, or made to last too long.
    pub fn parse(der: &[u8]) -> Result<Self, CrlError> {
        if MAX_CRL < der.len() {
            return Err(CrlError::Malformed);
        }
        let list = OwnedCertRevocationList::from_der(der).map_err(|_| CrlError::Malformed)?;
        let (rest, parsed) = CertificateRevocationList::from_der(der).map_err(|_| CrlError::Malformed)?;
        if !rest.is_empty() {
            return Err(CrlError::Malformed);
        }
        let number = parsed.crl_number().ok_or(CrlError::Number)?;
        let number = u64::try_from(number.clone()).map_err(|_| CrlError::Number)?;
        let seconds = |time: x509_parser::time::ASN1Time| {
            u64::try_from(time.timestamp()).map_err(|_| CrlError::Malformed)
        };
        let this_update = seconds(parsed.last_update())?;
        let next_update = seconds(parsed.next_update().ok_or(CrlError::Lifetime)?)?;
        // One hour more, because lists are dated back a little for clocks that are behind.
        if this_update + u64::from(MAX_CRL_HOURS + 1) * 3600 < next_update {
            return Err(CrlError::Lifetime);
        }
        let revoked = parsed
            .iter_revoked_certificates()
            .map(|entry| {
                let at = UnixTime::since_unix_epoch(std::time::Duration::from_secs(seconds(
                    entry.revocation_date,
                )?));
                Ok(Revocation { serial: hex(entry.raw_serial()), at })
            })
            .collect::<Result<_, _>>()?;
        Ok(Self { der: der.to_vec(), list: list.into(), number, this_update, next_update, revoked })
    }

    /// The list as it was read.
    #[must_use]
    pub fn der(&self) -> &[u8] {
        &self.der
    }

    /// The list's number; a later list has a higher one.
    #[must_use]
    pub fn number(&self) -> u64 {
        self.number
    }

    /// When it was made.
    #[must_use]
    pub fn this_update(&self) -> UnixTime {
        UnixTime::since_unix_epoch(std::time::Duration::from_secs(self.this_update))
    }

    /// When it ends.
    #[must_use]
    pub fn next_update(&self) -> UnixTime {
        UnixTime::since_unix_epoch(std::time::Duration::from_secs(self.next_update))
    }

    /// What it revokes.
    #[must_use]
    pub fn revoked(&self) -> &[Revocation] {
        &self.revoked
    }

    /// Whether the packet's CA signed it. Says nothing about its age, which [`crate::identify`] looks at.
    #[must_use]
    pub fn is_signed_by(&self, packet: &impl AsRef<Packet>) -> bool {
        let authority = packet.as_ref().authority();
        CertificateRevocationList::from_der(&self.der).is_ok_and(|(_, parsed)| {
            signature_holds(authority, parsed.tbs_cert_list.as_ref(), &parsed.signature_value.data)
        })
    }

    pub(crate) fn list(&self) -> &CertRevocationList<'static> {
        &self.list
    }
}
