//! `show`: what an organisation consists of.

use std::io::Write;

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
    writeln!(out, "  packet        {}", descriptor.packet_id())?;
    for broker in descriptor.brokers() {
        writeln!(out, "  server        {}, port {}", broker.host, broker.port)?;
    }
    let ended = if crl.next_update().as_secs() <= now.as_secs() { " (has ended: renew it)" } else { "" };
    let ends = moment::date(crl.next_update());
    writeln!(out, "  revocations   list number {}, valid until {ends}{ended}\n", crl.number())?;
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
