//! An organisation's folder.
//!
//! ```text
//! ca/          root, packet-ca, server-ca (.pem and encrypted .key.pem), crl.der, packet.deskside,
//!              issued/<serial>.pem: every operator's certificate           stays where it is
//! server/      server.toml, server.pem, server.key.pem, packet-ca.pem,
//!              root.pem, crl.der                                            goes to the server
//! customer/    <packet>.deskside                                            goes beside deskside-customer
//! operators/   <account>.operator                                           goes to that operator
//! ```
//!
//! Nothing but signed files is kept: what was issued is the certificates, what was revoked is the list.

use std::ffi::OsString;
use std::fs::{self, File, TryLockError};
use std::path::{Path, PathBuf};

use anyhow::{Context, anyhow, bail};
use deskside_trust::issue::{Authority, Description, IssueError, read_certificate, read_chain};
use deskside_trust::{
    CertificateDer, Crl, Descriptor, KeyFileError, MAX_CERTIFICATE, MAX_CRL, MAX_DESCRIPTOR, Packet, Secret,
    UnixTime,
};

use crate::host::{self, Reader};

/// Longest certificate or key file, in bytes: PEM is a third longer than what it holds.
pub(crate) const MAX_PEM: usize = 2 * MAX_CERTIFICATE;

/// The folder of an organisation that exists.
pub(crate) struct Folder {
    path: PathBuf,
    /// Held as long as this lives, so that two runs never number the same list.
    _lock: File,
}

impl Folder {
    /// Opens a folder that [`Staging`] made, to read it.
    pub(crate) fn open(path: &Path) -> anyhow::Result<Self> {
        Self::locked(path, File::try_lock_shared)
    }

    /// Opens a folder that [`Staging`] made, to change it.
    pub(crate) fn open_to_change(path: &Path) -> anyhow::Result<Self> {
        Self::locked(path, File::try_lock)
    }

    fn locked(path: &Path, lock: fn(&File) -> Result<(), TryLockError>) -> anyhow::Result<Self> {
        let shown = path.display();
        let root = File::open(path.join("ca/root.pem")).with_context(|| {
            format!(
                "{shown} is not an organisation's folder; name it with --dir or make one with 'deskside-ca init'"
            )
        })?;
        match lock(&root) {
            Ok(()) => Ok(Self { path: path.to_owned(), _lock: root }),
            Err(TryLockError::WouldBlock) => {
                bail!("another deskside-ca is at work in {shown}; wait until it is done")
            }
            Err(TryLockError::Error(error)) => {
                Err(error).with_context(|| format!("the folder {shown} cannot be locked"))
            }
        }
    }

    /// Where something lies in the folder.
    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.path.join(name)
    }

    fn certificate(&self, name: &str) -> anyhow::Result<CertificateDer<'static>> {
        let path = self.path(name);
        read_certificate(&host::read(&path, MAX_PEM)?)
            .ok_or_else(|| anyhow!("the certificate {} is damaged", path.display()))
    }

    /// When the packet's CA ends.
    pub(crate) fn packet_ends(&self) -> anyhow::Result<UnixTime> {
        self.end(&self.certificate("ca/packet-ca.pem")?)
    }

    /// When the server's certificate ends; `None` when the server's folder has been moved to the server.
    pub(crate) fn server_ends(&self) -> anyhow::Result<Option<UnixTime>> {
        let path = self.path("server/server.pem");
        if !path.exists() {
            return Ok(None);
        }
        let chain = read_chain(&host::read(&path, 2 * MAX_PEM)?).unwrap_or_default();
        let leaf = chain.first().ok_or_else(|| anyhow!("the certificate {} is damaged", path.display()))?;
        self.end(leaf).map(Some)
    }

    fn end(&self, certificate: &CertificateDer<'_>) -> anyhow::Result<UnixTime> {
        Description::read(certificate)
            .map(|description| description.not_after)
            .ok_or_else(|| anyhow!("a certificate in {} cannot be read", self.path.display()))
    }

    /// The packet, if root and packet CA hold now.
    pub(crate) fn packet(&self, now: UnixTime) -> anyhow::Result<Packet> {
        let (root, authority) = (self.certificate("ca/root.pem")?, self.certificate("ca/packet-ca.pem")?);
        Packet::new(&root, &authority, now).context("the organisation's certificates do not hold")
    }

    /// The packet's descriptor as a file.
    pub(crate) fn descriptor_file(&self) -> anyhow::Result<Vec<u8>> {
        host::read(&self.path("ca/packet.deskside"), MAX_DESCRIPTOR)
    }

    /// The packet's descriptor, if it holds now.
    pub(crate) fn descriptor(&self, now: UnixTime) -> anyhow::Result<Descriptor> {
        Descriptor::read(&self.descriptor_file()?, now).context("the packet's descriptor does not hold")
    }

    /// The newest revocation list, if the packet CA signed it; it may have ended.
    pub(crate) fn crl(&self, packet: &Packet) -> anyhow::Result<Crl> {
        let path = self.path("ca/crl.der");
        let crl = Crl::parse(&host::read(&path, MAX_CRL)?)
            .with_context(|| format!("the file {} cannot be used", path.display()))?;
        if !crl.is_signed_by(packet) {
            bail!("the revocation list {} was not signed by this packet's CA", path.display());
        }
        Ok(crl)
    }

    /// Every operator's certificate that was ever issued, with what it says, the oldest first.
    pub(crate) fn issued(&self) -> anyhow::Result<Vec<(CertificateDer<'static>, Description)>> {
        let folder = self.path("ca/issued");
        let entries = fs::read_dir(&folder)
            .with_context(|| format!("the folder {} cannot be read", folder.display()))?;
        let mut issued = Vec::new();
        for entry in entries {
            let path = entry?.path();
            if path.extension().is_none_or(|extension| extension != "pem") {
                continue;
            }
            let certificate = read_certificate(&host::read(&path, MAX_PEM)?);
            let described = certificate.and_then(|certificate| {
                let description = Description::read(&certificate)?;
                Some((certificate, description))
            });
            issued.push(described.ok_or_else(|| anyhow!("the certificate {} is damaged", path.display()))?);
        }
        issued.sort_by_key(|(_, description)| (description.not_before.as_secs(), description.serial.clone()));
        Ok(issued)
    }

    /// The packet's CA with its key.
    pub(crate) fn packet_ca(&self, passphrase: &Secret) -> anyhow::Result<Authority> {
        let certificate = host::read(&self.path("ca/packet-ca.pem"), MAX_PEM)?;
        let key = host::read(&self.path("ca/packet-ca.key.pem"), MAX_PEM)?;
        Authority::open(&certificate, &key, passphrase).map_err(|error| match error {
            IssueError::Key(KeyFileError::WrongPassphrase) => {
                anyhow!(
                    "the passphrase does not open the key of the packet CA; nothing was changed, try again"
                )
            }
            other => anyhow!(other).context("the key of the packet CA cannot be used"),
        })
    }
}

/// A folder in the making: built under another name beside its place and put there whole, or removed.
pub(crate) struct Staging {
    building: Option<PathBuf>,
    place: PathBuf,
}

impl Staging {
    /// Refuses a place where there is something already.
    pub(crate) fn require_free(place: &Path) -> anyhow::Result<()> {
        if fs::symlink_metadata(place).is_ok() {
            bail!("{} exists already and is left as it is; name another folder with --out", place.display());
        }
        Ok(())
    }

    /// Begins a folder at `place`, which must not exist.
    pub(crate) fn begin(place: &Path) -> anyhow::Result<Self> {
        Self::require_free(place)?;
        let mut name = OsString::from(".");
        name.push(place.file_name().ok_or_else(|| anyhow!("{} cannot be a new folder", place.display()))?);
        name.push(format!(".{}.partial", std::process::id()));
        let building = place.with_file_name(name);
        host::create_folder(&building)?;
        Ok(Self { building: Some(building), place: place.to_owned() })
    }

    fn path(&self, name: &str) -> PathBuf {
        self.building.as_deref().unwrap_or(&self.place).join(name)
    }

    /// Makes a folder in it.
    pub(crate) fn folder(&self, name: &str) -> anyhow::Result<()> {
        host::create_folder(&self.path(name))
    }

    /// Makes a file in it.
    pub(crate) fn file(&self, name: &str, content: impl AsRef<[u8]>, reader: Reader) -> anyhow::Result<()> {
        host::create(&self.path(name), content.as_ref(), reader)
    }

    /// Puts the folder in its place.
    pub(crate) fn finish(mut self) -> anyhow::Result<()> {
        let Some(building) = self.building.take() else { return Ok(()) };
        fs::rename(&building, &self.place)
            .with_context(|| format!("the folder {} cannot be made", self.place.display()))
            .inspect_err(|_| self.building = Some(building))
    }
}

impl Drop for Staging {
    fn drop(&mut self) {
        if let Some(building) = &self.building {
            // What is left is a hidden folder of encrypted keys; the error that ends the run is the one to report.
            let _removed = fs::remove_dir_all(building);
        }
    }
}
