//! The certificate profile: what Deskside writes into certificates and reads out of them.
//!
//! | certificate | signed by | subject | URI names | extended key usage |
//! |---|---|---|---|---|
//! | root | itself | O = organisation | – | – |
//! | packet CA | root | O = organisation | `deskside:packet:<id>` | – |
//! | operator | packet CA | CN = name, O = organisation | `deskside:operator:<account>`, `deskside:packet:<id>` | [`OPERATOR_USAGE`] alone |
//! | server CA | itself | O = organisation | – | – |
//! | server | server CA | CN = host | – (DNS or IP name) | serverAuth alone |
//!
//! Every key is on P-256. The server CA is apart from the root, so that no key on a server can make or be
//! an operator.

use rustls_pki_types::{CertificateDer, UnixTime};
use x509_parser::extensions::GeneralName;
use x509_parser::prelude::{FromDer, X509Certificate, X509Name, X509Version};

use crate::crypto::signature_holds;

/// Longest certificate that is looked at, in bytes.
pub const MAX_CERTIFICATE: usize = 4096;
/// Longest name of a person or an organisation in a certificate, in bytes of UTF-8 (X.520 allows 64 characters).
pub const MAX_SUBJECT: usize = 64;
/// Longest account in a certificate, in bytes.
pub const MAX_ACCOUNT: usize = 64;
/// Longest packet id, in bytes.
pub const MAX_PACKET_ID: usize = 64;

/// The extended key usage of operators, 2.25.275973156832529199307911956339141653476 (a UUID arc, Rec. ITU-T
/// X.667), as the content of its DER object identifier. A certificate without it cannot act as an operator,
/// and a certificate with it alone can act as nothing else.
pub const OPERATOR_USAGE: &[u8] = &[
    0x69, 0x83, 0x9f, 0x9e, 0xbf, 0xc9, 0xa1, 0xcb, 0xe2, 0x9c, 0xc1, 0x9d, 0xa1, 0xcd, 0x94, 0xbe, 0xcc,
    0x80, 0xe7, 0x64,
];

pub(crate) const OPERATOR_URI: &str = "deskside:operator:";
pub(crate) const PACKET_URI: &str = "deskside:packet:";

/// Reads one certificate, nothing before and nothing behind it.
pub(crate) fn parse<'a>(der: &'a CertificateDer<'_>) -> Option<X509Certificate<'a>> {
    if MAX_CERTIFICATE < der.len() {
        return None;
    }
    let (rest, certificate) = X509Certificate::from_der(der).ok()?;
    (rest.is_empty() && certificate.version() == X509Version::V3).then_some(certificate)
}

/// The certificate's public key (SubjectPublicKeyInfo, DER).
pub(crate) fn public_key(der: &CertificateDer<'_>) -> Option<Vec<u8>> {
    parse(der).map(|certificate| certificate.public_key().raw.to_vec())
}

/// Whether `issuer` signed this certificate, and the names agree.
pub(crate) fn signed_by(certificate: &X509Certificate<'_>, issuer: &CertificateDer<'_>) -> bool {
    parse(issuer).is_some_and(|parsed| parsed.subject().as_raw() == certificate.issuer().as_raw())
        && signature_holds(issuer, certificate.tbs_certificate.as_ref(), &certificate.signature_value.data)
}

/// Whether it is a CA that may sign certificates.
pub(crate) fn is_authority(certificate: &X509Certificate<'_>) -> bool {
    let may_sign = certificate.key_usage().is_ok_and(|usage| usage.is_some_and(|u| u.value.key_cert_sign()));
    certificate.is_ca() && may_sign
}

/// Where a moment stands against a validity.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Moment {
    Before,
    Within,
    After,
}

/// Where `now` stands against the certificate's validity.
pub(crate) fn moment(certificate: &X509Certificate<'_>, now: UnixTime) -> Moment {
    let now = i64::try_from(now.as_secs()).unwrap_or(i64::MAX);
    let validity = certificate.validity();
    if now < validity.not_before.timestamp() {
        Moment::Before
    } else if validity.not_after.timestamp() < now {
        Moment::After
    } else {
        Moment::Within
    }
}

/// The one common name, fit to be shown.
pub(crate) fn common_name(name: &X509Name<'_>) -> Option<String> {
    only(name.iter_common_name().filter_map(|part| part.as_str().ok())).filter(|name| is_presentable(name))
}

/// The one organisation, fit to be shown.
pub(crate) fn organisation(name: &X509Name<'_>) -> Option<String> {
    only(name.iter_organization().filter_map(|part| part.as_str().ok())).filter(|name| is_presentable(name))
}

/// What stands behind `prefix` in the one URI name that begins with it.
pub(crate) fn uri(certificate: &X509Certificate<'_>, prefix: &str) -> Option<String> {
    let names = certificate.subject_alternative_name().ok()??;
    only(names.value.general_names.iter().filter_map(|name| match name {
        GeneralName::URI(uri) => uri.strip_prefix(prefix),
        _ => None,
    }))
    .filter(|value| is_identifier(value))
}

/// Whether it is made for servers.
pub(crate) fn is_for_servers(certificate: &X509Certificate<'_>) -> bool {
    certificate.extended_key_usage().is_ok_and(|usage| usage.is_some_and(|usage| usage.value.server_auth))
}

fn only<'a>(mut values: impl Iterator<Item = &'a str>) -> Option<String> {
    let first = values.next()?;
    values.next().is_none().then(|| first.to_owned())
}

/// Whether a name of a person or an organisation can be shown without misleading: not empty, not long, and
/// without characters that are invisible or that turn the direction of the text.
#[must_use]
pub fn is_presentable(name: &str) -> bool {
    let deceptive = |c: char| {
        c.is_control()
            || matches!(c, '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}'
                | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}'
                | '\u{3164}' | '\u{feff}' | '\u{ffa0}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e0fff}')
    };
    !name.is_empty() && name.len() <= MAX_SUBJECT && name.trim() == name && !name.contains(deceptive)
}

/// Whether it can be an account or a packet id: 1 to 64 of `a–z A–Z 0–9 . _ - @`, the first a letter or digit.
#[must_use]
pub fn is_identifier(text: &str) -> bool {
    let allowed = |b: u8| b.is_ascii_alphanumeric() || b"._-@".contains(&b);
    text.len() <= MAX_ACCOUNT.min(MAX_PACKET_ID)
        && text.bytes().next().is_some_and(|b| b.is_ascii_alphanumeric())
        && text.bytes().all(allowed)
}
