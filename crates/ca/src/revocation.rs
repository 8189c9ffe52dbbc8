//! The revocation list: `crl`, and what `operator revoke` does with it.

use std::io::Write;

use anyhow::{Context, anyhow};
use deskside_trust::issue::Authority;
use deskside_trust::{Crl, MAX_CRL_HOURS, Revocation, UnixTime};

use crate::arguments::Renew;
use crate::folder::Folder;
use crate::host::{self, Reader};
use crate::{moment, operators};

pub(crate) fn renew(arguments: &Renew, out: &mut Vec<u8>) -> anyhow::Result<()> {
    let now = moment::now()?;
    let folder = Folder::open_to_change(&arguments.organisation.dir)?;
    let packet = folder.packet(now)?;
    let old = folder.crl(&packet)?;
    let passphrase = operators::ca_passphrase(arguments.ca.passphrase_file.as_deref())?;
    let packet_ca = folder.packet_ca(&passphrase)?;
    let new = publish(&folder, &packet_ca, &old, old.revoked(), now, arguments.list.valid_hours)?;
    announce(&folder, &new, out)
}

/// Signs the next list and puts it in place of the old one.
pub(crate) fn publish(
    folder: &Folder,
    packet_ca: &Authority,
    old: &Crl,
    revoked: &[Revocation],
    now: UnixTime,
    hours: u32,
) -> anyhow::Result<Crl> {
    let number =
        old.number().checked_add(1).ok_or_else(|| anyhow!("the revocation lists have run out of numbers"))?;
    let der = packet_ca.issue_crl(number, revoked, now, hours)?;
    let new = Crl::parse(&der).context("the new revocation list cannot be used")?;
    host::replace(&folder.path("ca/crl.der"), &der, Reader::Owner)?;
    // The server's folder may have been moved to the server.
    if folder.path("server").is_dir() {
        host::replace(&folder.path("server/crl.der"), &der, Reader::Anyone)?;
    }
    Ok(new)
}

/// So many hours, or as many as the old list still lasts, whichever is more.
pub(crate) fn no_sooner_than(old: &Crl, now: UnixTime, hours: u32) -> u32 {
    let left = old.next_update().as_secs().saturating_sub(now.as_secs()).div_ceil(3600);
    u32::try_from(left).unwrap_or(MAX_CRL_HOURS).clamp(hours, MAX_CRL_HOURS)
}

/// Says what the list is and where it must go.
pub(crate) fn announce(folder: &Folder, crl: &Crl, out: &mut Vec<u8>) -> anyhow::Result<()> {
    let ends = moment::date(crl.next_update());
    let count = crl.revoked().len();
    writeln!(out, "Revocation list number {}, {count} revoked, valid until {ends}.", crl.number())?;
    let file = if folder.path("server").is_dir() { "server/crl.der" } else { "ca/crl.der" };
    writeln!(out, "Copy {} to the server now, as crl.der.", folder.path(file).display())?;
    Ok(())
}
