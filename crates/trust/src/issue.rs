//! Making what the rest of the crate checks: CAs, operator and server certificates, revocation lists,
//! descriptors and bundles, and session keys.
//!
//! Nothing made here is believed for having been made here. Purpose and validity are the caller's to choose,
//! wrong ones included; the checks in [`crate::identify`] do not change.

mod authority;
mod description;
mod key;
mod operator;
mod server;

use std::time::Duration;

use rcgen::string::Ia5String;
use rcgen::{CertificateParams, DistinguishedName, DnType, SanType, SerialNumber};
use rustls_pki_types::UnixTime;
use thiserror::Error;
use time::OffsetDateTime;

pub use authority::Authority;
pub use description::{Description, read_certificate, read_chain};
pub(crate) use key::session_signer;
pub use operator::{OperatorKey, OperatorProfile, Purpose};
pub use server::ServerKey;

use crate::key_file::KeyFileError;
use crate::signer::{KeyMismatch, SignError};

/// How long the root and the server CA are valid, in days.
pub const ROOT_DAYS: u32 = 3653;
/// How long a packet CA is valid, in days.
pub const PACKET_DAYS: u32 = 366;
/// How long an operator's certificate is valid, in days.
pub const OPERATOR_DAYS: u32 = 90;
/// How long a server's certificate is valid, in days; browsers accept no longer ones.
pub const SERVER_DAYS: u32 = 397;
/// How long a revocation list lasts unless asked otherwise, in hours.
pub const CRL_HOURS: u32 = 24;

/// Certificates and lists begin so much before now, for clocks that are behind.
const BACKDATED: Duration = Duration::from_secs(3600);

/// Why something could not be issued.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum IssueError {
    /// A name that must be shown to people is empty, too long, or has invisible characters.
    #[error("'{0}' cannot be used as a name: 1 to 64 bytes, no invisible characters")]
    Name(String),
    /// An account or packet id has other characters than are allowed.
    #[error("'{0}' cannot be used here: 1 to 64 of a-z A-Z 0-9 . _ - @, beginning with a letter or digit")]
    Identifier(String),
    /// Not a host name or address.
    #[error("'{0}' is not a host name or an address")]
    Host(String),
    /// A point in time that certificates cannot express, or a lifetime that is not allowed.
    #[error("the validity is out of range")]
    Validity,
    /// A CA's certificate or key file cannot be used.
    #[error("the CA's {0} cannot be read")]
    Authority(&'static str),
    /// A private key cannot be opened or closed.
    #[error(transparent)]
    Key(#[from] KeyFileError),
    /// A key that is not the certificate's.
    #[error(transparent)]
    KeyMismatch(#[from] KeyMismatch),
    /// Signing failed.
    #[error(transparent)]
    Sign(#[from] SignError),
    /// The library refused.
    #[error("the certificate could not be made: {0}")]
    Library(String),
}

impl From<rcgen::Error> for IssueError {
    fn from(error: rcgen::Error) -> Self {
        Self::Library(error.to_string())
    }
}

/// From when to when something is valid.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Validity {
    /// The first second.
    pub not_before: UnixTime,
    /// The last second.
    pub not_after: UnixTime,
}

impl Validity {
    /// From an hour before `now`, for clocks that are behind, to so many days after.
    #[must_use]
    pub fn days(now: UnixTime, days: u32) -> Self {
        Self::seconds(now, u64::from(days) * 24 * 3600)
    }

    /// From an hour before `now` to so many hours after.
    #[must_use]
    pub fn hours(now: UnixTime, hours: u32) -> Self {
        Self::seconds(now, u64::from(hours) * 3600)
    }

    fn seconds(now: UnixTime, seconds: u64) -> Self {
        let since_epoch = Duration::from_secs(now.as_secs());
        Self {
            not_before: UnixTime::since_unix_epoch(since_epoch.saturating_sub(BACKDATED)),
            not_after: UnixTime::since_unix_epoch(since_epoch.saturating_add(Duration::from_secs(seconds))),
        }
    }
}

fn calendar(moment: UnixTime) -> Result<OffsetDateTime, IssueError> {
    let seconds = i64::try_from(moment.as_secs()).map_err(|_| IssueError::Validity)?;
    OffsetDateTime::from_unix_timestamp(seconds).map_err(|_| IssueError::Validity)
}

/// What all certificates have in common: subject, validity, a random serial number (RFC 5280 §4.1.2.2).
fn parameters(
    common_name: &str,
    organisation: Option<&str>,
    validity: Validity,
) -> Result<CertificateParams, IssueError> {
    let mut parameters = CertificateParams::default();
    parameters.not_before = calendar(validity.not_before)?;
    parameters.not_after = calendar(validity.not_after)?;
    parameters.serial_number = Some(serial()?);
    parameters.distinguished_name = DistinguishedName::new();
    parameters.distinguished_name.push(DnType::CommonName, common_name);
    if let Some(organisation) = organisation {
        parameters.distinguished_name.push(DnType::OrganizationName, organisation);
    }
    parameters.use_authority_key_identifier_extension = true;
    Ok(parameters)
}

/// 16 random bytes as a positive number of exactly that length.
fn serial() -> Result<SerialNumber, IssueError> {
    let mut bytes = [0; 16];
    aws_lc_rs::rand::fill(&mut bytes).map_err(|_| IssueError::Library("no randomness".to_owned()))?;
    bytes[0] = (bytes[0] & 0x7f) | 0x40;
    Ok(SerialNumber::from_slice(&bytes))
}

fn uri(prefix: &str, value: &str) -> Result<SanType, IssueError> {
    if !crate::is_identifier(value) {
        return Err(IssueError::Identifier(value.to_owned()));
    }
    let text = Ia5String::try_from(format!("{prefix}{value}"))
        .map_err(|_| IssueError::Identifier(value.to_owned()))?;
    Ok(SanType::URI(text))
}

fn presentable(name: &str) -> Result<&str, IssueError> {
    crate::is_presentable(name).then_some(name).ok_or_else(|| IssueError::Name(name.to_owned()))
}
