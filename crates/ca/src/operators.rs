//! `operator add` and `operator revoke`.

use std::io::Write;

use anyhow::{anyhow, bail};
use deskside_trust::issue::{Authority, Description, OperatorKey, OperatorProfile};
use deskside_trust::{Packet, Revocation, Secret, UnixTime};

use crate::arguments::{Add, NewOperator, OperatorPassphrase, Revoke};
use crate::folder::Folder;
use crate::host::{self, Reader};
use crate::{moment, passphrase, revocation};

/// An operator's new certificate and where its files belong.
pub(crate) struct Issued {
    pub(crate) key: OperatorKey,
    pub(crate) description: Description,
    pub(crate) record: String,
    pub(crate) bundle: String,
}

/// Issues a certificate for an operator of the packet.
pub(crate) fn issue(
    packet_ca: &Authority,
    packet: &Packet,
    operator: &NewOperator,
    now: UnixTime,
) -> anyhow::Result<Issued> {
    let profile = OperatorProfile::new(packet, &operator.account, &operator.name, now);
    let key = packet_ca.issue_operator(&profile)?;
    let description =
        Description::read(key.certificate()).ok_or_else(|| anyhow!("the new certificate cannot be read"))?;
    let record = format!("ca/issued/{}.pem", description.serial);
    Ok(Issued { key, description, record, bundle: bundle_name(&operator.account) })
}

fn bundle_name(account: &str) -> String {
    format!("operators/{account}.operator")
}

/// A passphrase for an operator's new bundle.
pub(crate) fn choose_passphrase(
    operator: &NewOperator,
    arguments: &OperatorPassphrase,
) -> anyhow::Result<Secret> {
    let what = format!("the bundle of {} ({})", operator.name, operator.account);
    passphrase::choose(&what, arguments.operator_passphrase_file.as_deref(), "--operator-passphrase-file")
}

pub(crate) fn add(arguments: &Add, out: &mut Vec<u8>) -> anyhow::Result<()> {
    let now = moment::now()?;
    let folder = Folder::open_to_change(&arguments.organisation.dir)?;
    let operator = &arguments.operator;
    let bundle = folder.path(&bundle_name(&operator.account));
    if bundle.exists() {
        bail!(
            "{} exists already; revoke the account '{}' if its bundle must no longer work, move the file away, and try again",
            bundle.display(),
            operator.account
        );
    }
    let descriptor = folder.descriptor(now)?;
    let packet_ca = folder.packet_ca(&ca_passphrase(arguments.ca.passphrase_file.as_deref())?)?;
    let passphrase = choose_passphrase(operator, &arguments.passphrase)?;
    let issued = issue(&packet_ca, descriptor.packet(), operator, now)?;
    let content = issued.key.bundle(&folder.descriptor_file()?, &passphrase)?;
    // The record first: what is not recorded could not be revoked.
    host::create(&folder.path(&issued.record), issued.key.certificate_pem().as_bytes(), Reader::Owner)?;
    host::create(&bundle, &content, Reader::Owner)?;

    writeln!(
        out,
        "{} ({}) is an operator of {}.",
        operator.name,
        operator.account,
        descriptor.organisation()
    )?;
    writeln!(out, "\n  bundle        {}", bundle.display())?;
    writeln!(out, "  serial        {}", issued.description.serial)?;
    writeln!(out, "  valid until   {}", moment::date(issued.description.not_after))?;
    writeln!(
        out,
        "\nGive them the bundle, and its passphrase apart from it. Make their account on the server:"
    )?;
    writeln!(out, "  deskside-server user add --config server.toml {}", operator.account)?;
    Ok(())
}

pub(crate) fn revoke(arguments: &Revoke, out: &mut Vec<u8>) -> anyhow::Result<()> {
    let now = moment::now()?;
    let folder = Folder::open_to_change(&arguments.organisation.dir)?;
    let packet = folder.packet(now)?;
    let old = folder.crl(&packet)?;
    let who = arguments.who.as_str();
    let issued = folder.issued()?;
    let named: Vec<_> = issued
        .iter()
        .map(|(_, description)| description)
        .filter(|one| one.account.as_deref() == Some(who) || one.serial == who.to_ascii_lowercase())
        .collect();
    if named.is_empty() {
        bail!(
            "there is no operator with the account or serial number '{who}'; 'deskside-ca show' lists them"
        );
    }
    let is_revoked =
        |one: &Description| old.revoked().iter().any(|revocation| revocation.serial == one.serial);
    let fresh: Vec<_> = named.into_iter().filter(|one| !is_revoked(one)).collect();
    if fresh.is_empty() {
        bail!("'{who}' has been revoked already; nothing was changed");
    }
    let packet_ca = folder.packet_ca(&ca_passphrase(arguments.ca.passphrase_file.as_deref())?)?;
    let mut revoked = old.revoked().to_vec();
    revoked.extend(fresh.iter().map(|one| Revocation { serial: one.serial.clone(), at: now }));
    let hours = revocation::no_sooner_than(&old, now, arguments.list.valid_hours);
    let new = revocation::publish(&folder, &packet_ca, &old, &revoked, now, hours)?;

    for one in fresh {
        let account = one.account.as_deref().unwrap_or_default();
        writeln!(out, "Revoked: {} ({account}), serial {}.", one.name, one.serial)?;
    }
    revocation::announce(&folder, &new, out)
}

/// The passphrase of the CA keys.
pub(crate) fn ca_passphrase(file: Option<&std::path::Path>) -> anyhow::Result<Secret> {
    passphrase::existing("the keys of the organisation", file, "--passphrase-file")
}
