//! The packet file, which says whose program this is: found beside the program, read, and trusted or not.
//! An error's own words are for the customer; what is behind them, for the log, are its causes.

use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

use anyhow::{Context as _, anyhow};
use deskside_trust::{Descriptor, DescriptorError, PacketError, UnixTime};
use deskside_ui::program::settings::files_ending_in;

const EXTENSION: &str = "deskside";
/// Longest packet file that is read at all, in bytes; what a descriptor may have is checked after that.
const MAX_FILE: u64 = 1024 * 1024;

/// The one packet file in this folder. Several files of the same packet, as a browser makes them when
/// something is downloaded again, count as one, and files that are nobody's as none.
///
/// # Errors
/// There is none, or there are files of different packets.
pub(crate) fn only_one(folder: &Path) -> anyhow::Result<PathBuf> {
    let unreadable = || format!("The folder {} cannot be read.", folder.display());
    let mut files = files_ending_in(EXTENSION, folder).with_context(unreadable)?;
    // “support.deskside” before “support (1).deskside”.
    files.sort_by_key(|path| (path.as_os_str().len(), path.clone()));
    let first = files.first().cloned().ok_or_else(|| none(folder))?;
    if files.len() == 1 {
        return Ok(first);
    }
    let mut packets: Vec<(PathBuf, Descriptor)> = Vec::new();
    for path in files {
        let Ok(packet) = read(&path) else { continue };
        // The id alone proves nothing: whoever makes a packet chooses it.
        let key = |packet: &Descriptor| (packet.packet_id().to_owned(), packet.fingerprint());
        if packets.iter().all(|(_, other)| key(other) != key(&packet)) {
            packets.push((path, packet));
        }
    }
    match packets.as_slice() {
        // Reading it says what is wrong with it.
        [] => Ok(first),
        [(path, _)] => Ok(path.clone()),
        _ => Err(several(folder, &packets)),
    }
}

fn none(folder: &Path) -> anyhow::Error {
    anyhow!("there is no file *.{EXTENSION} in {}; --packet FILE names one", folder.display()).context(
        "The file that says which organisation helps you is missing beside this program. Download the program \
         again from the organisation's own page, and keep its files together.",
    )
}

fn several(folder: &Path, packets: &[(PathBuf, Descriptor)]) -> anyhow::Error {
    let file = |path: &Path| path.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let listed: Vec<_> = packets
        .iter()
        .map(|(path, packet)| format!("“{}” ({})", file(path), packet.organisation()))
        .collect();
    let organisation = packets[0].1.organisation();
    let of_one = packets.iter().all(|(_, packet)| packet.organisation() == organisation);
    let (count, rest) = match packets.len() {
        2 => ("Two".to_owned(), "the one that is not helping you"),
        more => (more.to_string(), "all but the one that is helping you"),
    };
    let (what, rest) =
        if of_one { ("different files", "all but the newest") } else { ("organisations' files", rest) };
    let (last, before) = listed
        .split_last()
        .map_or((String::new(), String::new()), |(last, before)| (last.clone(), before.join(", ")));
    let words = format!(
        "{count} {what} lie in the folder “{}”: {before} and {last}. Delete {rest}, then start again.",
        file(folder)
    );
    let folder = folder.display();
    anyhow!("{} packets lie in {folder}; --packet FILE names one of them", packets.len()).context(words)
}

/// Reads a packet file.
///
/// # Errors
/// It cannot be read, or not be trusted.
pub(crate) fn read(path: &Path) -> anyhow::Result<Descriptor> {
    let mut bytes = Vec::new();
    File::open(path)
        .and_then(|file| file.take(MAX_FILE + 1).read_to_end(&mut bytes))
        .with_context(|| format!("the packet file {} cannot be read", path.display()))
        .context(
            "The file that says which organisation helps you cannot be read. Download the program again from \
             the organisation's own page, and keep its files together.",
        )?;
    let since_1970 = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .context("The date of this computer is wrong. Set it, then start again.")?;
    Descriptor::read(&bytes, UnixTime::since_unix_epoch(since_1970)).map_err(|error| {
        let words = match &error {
            DescriptorError::Packet(PacketError::Expired(_)) => {
                "This download is too old, so nothing was started. Download it again from the organisation's own page."
            }
            DescriptorError::Packet(PacketError::NotYetValid(_)) => {
                "By the date of this computer, this download is from the future, so nothing was started. Set the \
                 date, then start again."
            }
            _ => {
                "This download is damaged or was changed, so nothing was started. Download it again from your \
                 organisation's own page."
            }
        };
        let path = path.display();
        anyhow!(error).context(format!("the packet file {path} cannot be trusted")).context(words)
    })
}

#[cfg(test)]
mod tests {
    use std::fs;

    use deskside_trust::issue::{Authority, Validity};
    use deskside_trust::{BrokerAddress, DescriptorBody};

    use super::*;

    fn packet(organisation: &str, days: u32) -> Vec<u8> {
        let past = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs() - 10 * 86_400;
        let validity = Validity::days(UnixTime::since_unix_epoch(std::time::Duration::from_secs(past)), days);
        let root = Authority::new_root(organisation, validity).unwrap();
        let packet_ca = root.new_packet_ca("support-1", validity).unwrap();
        let server_ca = Authority::new_server_ca(organisation, validity).unwrap();
        root.sign_descriptor(&DescriptorBody {
            root: root.certificate().clone(),
            packet_ca: packet_ca.certificate().clone(),
            server_ca: server_ca.certificate().clone(),
            brokers: vec![BrokerAddress { host: "localhost".into(), port: 443 }],
            acknowledgement: String::new(),
            policy: deskside_trust::PacketPolicy::default(),
        })
        .unwrap()
    }

    /// A folder “dl” with these files.
    fn folder(files: &[(&str, &[u8])]) -> (tempfile::TempDir, PathBuf) {
        let home = tempfile::tempdir().unwrap();
        let folder = home.path().join("dl");
        fs::create_dir(&folder).unwrap();
        for (name, content) in files {
            fs::write(folder.join(name), content).unwrap();
        }
        (home, folder)
    }

    #[test]
    fn a_second_download_and_a_broken_one_do_not_matter() {
        let packet = packet("Example Help", 30);
        let (_home, folder) = folder(&[
            ("a.deskside", &packet[..200]),
            ("support (1).deskside", &packet),
            ("support.deskside", &packet),
            ("support.txt", b"x"),
        ]);
        assert_eq!(only_one(&folder).unwrap(), folder.join("support.deskside"));
    }

    /// Two packets of one name and id are two: only their roots tell them apart.
    #[test]
    fn files_of_two_organisations_are_named_in_plain_words() {
        let (ours, theirs) = (packet("Example Help", 30), packet("Nordlys Support", 30));
        let (_home, both) = folder(&[("support.deskside", &ours), ("other.deskside", &theirs)]);
        let error = only_one(&both).unwrap_err();
        let expected = "Two organisations' files lie in the folder “dl”: “other.deskside” (Nordlys Support) and \
            “support.deskside” (Example Help). Delete the one that is not helping you, then start again.";
        assert_eq!(error.to_string(), expected);
        assert!(format!("{error:#}").contains("--packet"), "for the log");
        let again = packet("Example Help", 30);
        let (_home, of_one) = folder(&[("a.deskside", &ours), ("b.deskside", &again)]);
        let error = only_one(&of_one).unwrap_err().to_string();
        assert!(error.contains("Two different files") && error.contains("all but the newest"), "{error}");
    }

    #[test]
    fn what_is_missing_damaged_or_old_is_told_without_names_of_files() {
        let genuine = packet("Example Help", 30);
        let missing = folder(&[]);
        let damaged = folder(&[("x.deskside", &genuine[..200]), ("y.deskside", b"")]);
        let old = folder(&[("x.deskside", &packet("Example Help", 5))]);
        for ((_, folder), words, details) in [
            (missing, "is missing beside this program", "*.deskside"),
            (damaged, "damaged or was changed, so nothing was started", "cannot be trusted"),
            (old, "too old", "has expired"),
        ] {
            let error = only_one(&folder).and_then(|path| read(&path)).unwrap_err();
            let said = error.to_string();
            assert!(said.contains(words) && !said.contains("deskside"), "{said}");
            assert!(format!("{error:#}").contains(details), "{error:#}");
        }
    }
}
