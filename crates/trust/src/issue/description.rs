//! What a certificate says, for the person who keeps the CA. Nothing of it is checked here.

use std::time::Duration;

use rustls_pki_types::{CertificateDer, UnixTime};

use crate::armour;
use crate::certificate::{self, OPERATOR_URI, PACKET_URI};
use crate::crypto::hex;

/// A certificate in words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Description {
    /// Common name of the subject.
    pub name: String,
    /// Organisation of the subject.
    pub organisation: Option<String>,
    /// Account, if it is an operator's.
    pub account: Option<String>,
    /// Packet id, if it is an operator's or a packet CA's.
    pub packet: Option<String>,
    /// Serial number, in hexadecimal digits.
    pub serial: String,
    /// The first second of its validity.
    pub not_before: UnixTime,
    /// The last second of its validity.
    pub not_after: UnixTime,
    /// Whether it is a CA's.
    pub is_authority: bool,
}

impl Description {
    /// Describes a certificate, or gives `None` if it cannot be read.
    #[must_use]
    pub fn read(certificate: &CertificateDer<'_>) -> Option<Self> {
        let parsed = certificate::parse(certificate)?;
        let moment = |time: x509_parser::time::ASN1Time| {
            let seconds = u64::try_from(time.timestamp()).ok()?;
            Some(UnixTime::since_unix_epoch(Duration::from_secs(seconds)))
        };
        Some(Self {
            name: certificate::common_name(parsed.subject())?,
            organisation: certificate::organisation(parsed.subject()),
            account: certificate::uri(&parsed, OPERATOR_URI),
            packet: certificate::uri(&parsed, PACKET_URI),
            serial: hex(parsed.raw_serial()),
            not_before: moment(parsed.validity().not_before)?,
            not_after: moment(parsed.validity().not_after)?,
            is_authority: certificate::is_authority(&parsed),
        })
    }
}

/// Reads a file with exactly one PEM certificate.
#[must_use]
pub fn read_certificate(file: &[u8]) -> Option<CertificateDer<'static>> {
    let mut chain = read_chain(file)?;
    chain.pop().filter(|_| chain.is_empty())
}

/// Reads a file of PEM certificates and of nothing else, in their order.
#[must_use]
pub fn read_chain(file: &[u8]) -> Option<Vec<CertificateDer<'static>>> {
    let certificate = |block: armour::Block| {
        let der = CertificateDer::from(block.content);
        (block.label == "CERTIFICATE" && certificate::parse(&der).is_some()).then_some(der)
    };
    armour::read(file)?.into_iter().map(certificate).collect()
}
