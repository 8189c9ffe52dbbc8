//! `check`: everything that can be seen to be wrong before a start, all at once.

use std::io::{Write, stdout};
use std::path::Path;
use std::sync::Arc;

use anyhow::{anyhow, bail};
use deskside_broker::{Accounts, Crl, Database, Packet, SystemClock};
use rustls_pki_types::UnixTime;
use time::OffsetDateTime;

use crate::config::Config;
use crate::{advice, material, ticket_key};

/// Says what is wrong, or that nothing is. Makes no file: the ticket key and the database may be missing.
pub(crate) async fn check(path: &Path) -> anyhow::Result<()> {
    let config = Config::read(path)?;
    let now = UnixTime::now();
    let mut problems = Vec::new();
    let identity = note(&mut problems, material::identity(&config, now));
    let mut list_ends = None;
    let root = note(&mut problems, material::authority("root", &config.root));
    let packet_ca = note(&mut problems, material::authority("packet_ca", &config.packet_ca));
    if let (Some(root), Some(packet_ca)) = (root, packet_ca) {
        let packet = Packet::new(&root, &packet_ca, now).map_err(|error| advice::packet(&error));
        let packet = note(&mut problems, packet);
        let list = note(&mut problems, material::read("crl", &config.crl));
        if let (Some(packet), Some(list)) = (packet, list) {
            list_ends = note(&mut problems, revocation_list(&list, &packet, &config.crl, now));
        }
    }
    if config.ticket_key.exists() {
        note(&mut problems, ticket_key::load(&config.ticket_key));
    }
    if matches!(&config.database, Database::Sqlite(path) if path.exists()) {
        let accounts = Accounts::open(&config.database, Arc::new(SystemClock)).await;
        note(&mut problems, accounts.map_err(|error| advice::broker(&config.database, error)));
    }
    if problems.is_empty() {
        writeln!(stdout(), "{}: everything is in order.", path.display())?;
        let ends =
            [("revocation list", list_ends), ("certificate", identity.as_ref().and_then(material::end))];
        for (what, end) in ends {
            if let Some(end) = end.and_then(moment) {
                writeln!(stdout(), "  the {what} is valid until {end}")?;
            }
        }
        return Ok(());
    }
    let listed: String = problems.iter().map(|problem| format!("\n  {problem:#}")).collect();
    bail!("{} of the things that {} names cannot be used:{listed}", problems.len(), path.display());
}

/// The value; its absence is one more problem.
fn note<T, E: Into<anyhow::Error>>(problems: &mut Vec<anyhow::Error>, found: Result<T, E>) -> Option<T> {
    found.map_err(|error| problems.push(error.into())).ok()
}

/// `2027-02-19 03:19 UTC`.
fn moment(moment: UnixTime) -> Option<String> {
    let moment = OffsetDateTime::from_unix_timestamp(i64::try_from(moment.as_secs()).ok()?).ok()?;
    Some(format!("{} {:02}:{:02} UTC", moment.date(), moment.hour(), moment.minute()))
}

/// When the list ends, if it can be used now.
fn revocation_list(der: &[u8], packet: &Packet, path: &Path, now: UnixTime) -> anyhow::Result<UnixTime> {
    let path = path.display();
    let list = Crl::parse(der).map_err(|error| {
        anyhow!("\"crl\": {path} cannot be used ({error}). Let deskside-ca issue a new list.")
    })?;
    if !list.is_signed_by(&packet) {
        bail!("\"crl\": {path} is the list of another CA. Copy the one beside \"packet_ca\".");
    }
    if now.as_secs() > list.next_update().as_secs() {
        bail!("\"crl\": {path} has ended; no operator can log in. Let deskside-ca issue a new list.");
    }
    Ok(list.next_update())
}
