//! Certificates and the server's key, from their files, checked before anything is served.

use std::fs::{self, File};
use std::io::Read;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use deskside_broker::server_provider;
use rustls::client::verify_server_name;
use rustls::server::ParsedCertificate;
use rustls::sign::CertifiedKey;
use rustls_pki_types::pem::PemObject;
use rustls_pki_types::{CertificateDer, PrivateKeyDer, ServerName, UnixTime};
use thiserror::Error;
use time::OffsetDateTime;
use x509_parser::certificate::X509Certificate;
use x509_parser::prelude::FromDer;
use zeroize::Zeroizing;

use crate::config::Config;

/// Longest certificate or key file, in bytes.
const MAX_FILE: u64 = 256 * 1024;
/// What no key file may let others do: group write and execute, everything for everybody.
const TOO_OPEN: u32 = 0o037;

/// What the server shows and whom it believes.
pub(crate) struct Material {
    pub(crate) identity: Arc<CertifiedKey>,
    pub(crate) packet_ca: CertificateDer<'static>,
    pub(crate) root: CertificateDer<'static>,
}

/// Why a file cannot be used. Each text says which file, what is wrong and what to do.
#[derive(Debug, Error)]
pub(crate) enum MaterialError {
    #[error("\"{key}\": the file {} cannot be read ({error}). Check the path in the configuration and the file's owner.", path.display())]
    Unreadable { key: &'static str, path: PathBuf, error: std::io::Error },
    #[error("\"{key}\": the file {} holds no {what} in PEM form. Copy it from the folder that deskside-ca made.", path.display())]
    Form { key: &'static str, path: PathBuf, what: &'static str },
    #[error("\"{key}\": others than its owner may read the private key {} (mode {mode:03o}). Run: chmod 600 {}", path.display(), path.display())]
    TooOpen { key: &'static str, path: PathBuf, mode: u32 },
    #[error("\"key\": the private key {} is not the one of the certificate {}. Use the pair that deskside-ca made together.", key.display(), certificate.display())]
    Mismatch { key: PathBuf, certificate: PathBuf },
    #[error("\"certificate\": the certificate {} expired on {date}, so programs refuse it. deskside-ca cannot renew it yet; an organisation that deskside-ca init makes anew has a new one.", path.display())]
    Expired { path: PathBuf, date: String },
    #[error("\"certificate\": the certificate {} is valid from {date} on only. Check this machine's clock.", path.display())]
    NotYetValid { path: PathBuf, date: String },
    #[error("\"host\": the certificate {} is not for \"{host}\". Correct \"host\": it is one of the names that deskside-ca init was given with --host.", path.display())]
    OtherHost { path: PathBuf, host: String },
}

impl Material {
    /// Reads and checks all files.
    pub(crate) fn read(config: &Config, now: UnixTime) -> Result<Self, MaterialError> {
        let identity = identity(config, now)?;
        Ok(Self {
            identity: Arc::new(identity),
            packet_ca: authority("packet_ca", &config.packet_ca)?,
            root: authority("root", &config.root)?,
        })
    }
}

/// The server's certificate chain with its key: readable, in time, of one another, for the configured host.
pub(crate) fn identity(config: &Config, now: UnixTime) -> Result<CertifiedKey, MaterialError> {
    let path = &config.certificate;
    let malformed = || MaterialError::Form { key: "certificate", path: path.clone(), what: "certificate" };
    let pem = read("certificate", path)?;
    let chain: Vec<_> =
        CertificateDer::pem_slice_iter(&pem).collect::<Result<_, _>>().map_err(|_| malformed())?;
    let leaf = chain.first().ok_or_else(malformed)?;
    check_certificate(leaf, config, now, malformed)?;

    refuse_open_file("key", &config.key)?;
    let no_key =
        || MaterialError::Form { key: "key", path: config.key.clone(), what: "unencrypted private key" };
    let key = PrivateKeyDer::from_pem_slice(&read("key", &config.key)?).map_err(|_| no_key())?;
    CertifiedKey::from_der(chain, key, &server_provider()).map_err(|error| match error {
        rustls::Error::InconsistentKeys(_) => {
            MaterialError::Mismatch { key: config.key.clone(), certificate: path.clone() }
        }
        _ => no_key(),
    })
}

fn check_certificate(
    leaf: &CertificateDer<'_>,
    config: &Config,
    now: UnixTime,
    malformed: impl Fn() -> MaterialError,
) -> Result<(), MaterialError> {
    let path = config.certificate.clone();
    let (_, parsed) = X509Certificate::from_der(leaf).map_err(|_| malformed())?;
    let now = i64::try_from(now.as_secs()).unwrap_or(i64::MAX);
    let validity = parsed.validity();
    if now > validity.not_after.timestamp() {
        return Err(MaterialError::Expired { path, date: date(validity.not_after.to_datetime()) });
    }
    if now < validity.not_before.timestamp() {
        return Err(MaterialError::NotYetValid { path, date: date(validity.not_before.to_datetime()) });
    }
    let other_host = || MaterialError::OtherHost { path: path.clone(), host: config.host.clone() };
    let name = ServerName::try_from(config.host.as_str()).map_err(|_| other_host())?;
    let leaf = ParsedCertificate::try_from(leaf).map_err(|_| malformed())?;
    verify_server_name(&leaf, &name).map_err(|_| other_host())
}

/// When a server's own certificate ends.
pub(crate) fn end(identity: &CertifiedKey) -> Option<UnixTime> {
    let (_, leaf) = X509Certificate::from_der(identity.cert.first()?).ok()?;
    let seconds = u64::try_from(leaf.validity().not_after.timestamp()).ok()?;
    Some(UnixTime::since_unix_epoch(Duration::from_secs(seconds)))
}

fn date(moment: OffsetDateTime) -> String {
    moment.date().to_string()
}

/// One CA certificate.
pub(crate) fn authority(key: &'static str, path: &Path) -> Result<CertificateDer<'static>, MaterialError> {
    CertificateDer::from_pem_slice(&read(key, path)?).map_err(|_| MaterialError::Form {
        key,
        path: path.to_owned(),
        what: "certificate",
    })
}

/// A small file; what was read is zeroized, because some of them are keys.
pub(crate) fn read(key: &'static str, path: &Path) -> Result<Zeroizing<Vec<u8>>, MaterialError> {
    let unreadable = |error| MaterialError::Unreadable { key, path: path.to_owned(), error };
    let mut bytes = Zeroizing::new(Vec::new());
    File::open(path).and_then(|file| file.take(MAX_FILE).read_to_end(&mut bytes)).map_err(unreadable)?;
    Ok(bytes)
}

/// Refuses a private key that others than its owner, and at most its owner's group, may read.
pub(crate) fn refuse_open_file(key: &'static str, path: &Path) -> Result<(), MaterialError> {
    let unreadable = |error| MaterialError::Unreadable { key, path: path.to_owned(), error };
    let mode = fs::metadata(path).map_err(unreadable)?.mode() & 0o777;
    if mode & TOO_OPEN == 0 {
        Ok(())
    } else {
        Err(MaterialError::TooOpen { key, path: path.to_owned(), mode })
    }
}
