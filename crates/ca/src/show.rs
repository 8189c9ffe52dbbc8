//! `show`: what an organisation consists of.

use std::io::Write;

use deskside_trust::UnixTime;

use crate::arguments::Show;
use crate::folder::Folder;
use crate::moment;

pub(crate) fn run(arguments: &Show, out: &mut Vec<u8>) -> anyhow::Result<()> {
    let now = moment::now()?;
    let folder = Folder::open(&arguments.organisation.dir)?;
    let descriptor = folder.descriptor(now)?;
    let crl = folder.crl(descriptor.packet())?;
    writeln!(out, "{}\n", descriptor.organisation())?;
    writeln!(out, "  fingerprint   {}", descriptor.fingerprint())?;
    let valid_until = |end: UnixTime| {
        let ended = if end.as_secs() <= now.as_secs() { " (has ended)" } else { "" };
        format!("valid until {}{ended}", moment::date(end))
    };
    writeln!(out, "  packet        {}, {}", descriptor.packet_id(), valid_until(folder.packet_ends()?))?;
    for broker in descriptor.brokers() {
        writeln!(out, "  server        {}, port {}", broker.host, broker.port)?;
    }
    match folder.server_ends()? {
        Some(end) => writeln!(out, "  certificate   the server's, {}", valid_until(end))?,
        None => {
            writeln!(out, "  certificate   the server's is not here; 'deskside-server check' tells its end")?;
        }
    }
    writeln!(out, "  revocations   list number {}, {}\n", crl.number(), valid_until(crl.next_update()))?;
    let issued = folder.issued()?;
    if issued.is_empty() {
        writeln!(out, "There are no operators yet; issue one with 'deskside-ca operator add'.")?;
    }
    for (_, one) in issued {
        let revoked = crl.revoked().iter().find(|revocation| revocation.serial == one.serial);
        let state = match revoked {
            Some(revocation) => format!("revoked on {}", moment::date(revocation.at)),
            None if one.not_after.as_secs() < now.as_secs() => {
                format!("expired on {}", moment::date(one.not_after))
            }
            None => format!("valid until {}", moment::date(one.not_after)),
        };
        let account = one.account.as_deref().unwrap_or("?");
        writeln!(out, "  {account:<20} {:<28} {state}\n  {:20} serial {}", one.name, "", one.serial)?;
    }
    Ok(())
}
