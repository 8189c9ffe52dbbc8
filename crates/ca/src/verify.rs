//! `verify`: what a file is, and whether it holds.

use std::io::Write;

use deskside_trust::issue::{Description, read_certificate};
use deskside_trust::{
    BundleError, CertificateDer, ClosedBundle, Crl, Descriptor, IdentityError, MAX_BUNDLE, MAX_CRL, UnixTime,
    identify,
};

use crate::arguments::Verify;
use crate::folder::Folder;
use crate::{host, moment};

/// What a file turned out to be.
struct Finding {
    /// One line: what it is.
    what: String,
    /// More lines: what it says.
    says: Vec<(&'static str, String)>,
    /// Whether it holds; otherwise why not.
    holds: Result<String, String>,
}

/// Says what the file is; `false` if it does not hold.
pub(crate) fn run(arguments: &Verify, out: &mut Vec<u8>) -> anyhow::Result<bool> {
    let now = moment::now()?;
    let file = host::read(&arguments.file, MAX_BUNDLE.max(MAX_CRL))?;
    let dir = &arguments.organisation.dir;
    // A descriptor proves itself. Operators and lists are measured against this organisation, if there is one.
    let organisation = if dir.join("ca/root.pem").exists() {
        let folder = Folder::open(dir)?;
        let descriptor = folder.descriptor(now)?;
        let crl = folder.crl(descriptor.packet())?;
        Some((descriptor, crl))
    } else {
        None
    };
    let finding = examine(&file, organisation.as_ref(), now);
    writeln!(out, "{}: {}", arguments.file.display(), finding.what)?;
    for (name, value) in &finding.says {
        writeln!(out, "  {name:<14}{value}")?;
    }
    match &finding.holds {
        Ok(why) => writeln!(out, "It holds: {why}.")?,
        Err(why) => writeln!(out, "It does NOT hold: {why}.")?,
    }
    Ok(finding.holds.is_ok())
}

fn examine(file: &[u8], organisation: Option<&(Descriptor, Crl)>, now: UnixTime) -> Finding {
    let has = |label: &str| {
        let begin = format!("-----BEGIN {label}-----");
        file.windows(begin.len()).any(|window| window == begin.as_bytes())
    };
    if has("DESKSIDE PACKET") && (has("ENCRYPTED PRIVATE KEY") || has("CERTIFICATE")) {
        bundle(file, organisation, now)
    } else if has("DESKSIDE PACKET") {
        descriptor(file, now)
    } else if let Some(certificate) = read_certificate(file) {
        certificate_of(&certificate, organisation, now)
    } else if let Ok(crl) = Crl::parse(file) {
        list(&crl, organisation, now)
    } else {
        Finding {
            what: "not a packet, bundle, certificate or revocation list".to_owned(),
            says: Vec::new(),
            holds: Err("it cannot be read as any of these, or it was changed".to_owned()),
        }
    }
}

fn descriptor(file: &[u8], now: UnixTime) -> Finding {
    let what = "a packet descriptor for customers".to_owned();
    match Descriptor::read(file, now) {
        Ok(descriptor) => Finding {
            what,
            says: describe_packet(&descriptor),
            holds: Ok("the root whose fingerprint stands above signed it. Compare the fingerprint".to_owned()),
        },
        Err(error) => Finding { what, says: Vec::new(), holds: Err(error.to_string()) },
    }
}

fn describe_packet(descriptor: &Descriptor) -> Vec<(&'static str, String)> {
    let mut says = vec![
        ("organisation", descriptor.organisation().to_owned()),
        ("fingerprint", descriptor.fingerprint()),
        ("packet", descriptor.packet_id().to_owned()),
    ];
    let brokers = descriptor.brokers().iter();
    says.extend(brokers.map(|broker| ("server", format!("{}, port {}", broker.host, broker.port))));
    says
}

fn bundle(file: &[u8], organisation: Option<&(Descriptor, Crl)>, now: UnixTime) -> Finding {
    let what = "an operator bundle".to_owned();
    let closed = match ClosedBundle::read(file, now) {
        Ok(closed) => closed,
        Err(error) => {
            let why = match error {
                BundleError::Identity(reason) => reason.to_string(),
                other => other.to_string(),
            };
            return Finding { what, says: Vec::new(), holds: Err(why) };
        }
    };
    let mut says = describe_packet(closed.descriptor());
    says.push(("operator", format!("{} ({})", closed.identity().name, closed.identity().account)));
    says.push(("serial", closed.identity().serial.clone()));
    let holds = match organisation {
        Some((ours, crl)) if ours.packet() == closed.descriptor().packet() => {
            judge(std::slice::from_ref(closed.certificate()), ours, crl, now)
        }
        _ => Ok("its packet's CA issued it; revocation was not looked at, for want of this packet's folder (--dir)".to_owned()),
    };
    Finding { what, says, holds }
}

fn certificate_of(
    certificate: &CertificateDer<'static>,
    organisation: Option<&(Descriptor, Crl)>,
    now: UnixTime,
) -> Finding {
    let Some(description) = Description::read(certificate) else {
        return Finding {
            what: "a certificate, but not of Deskside's form".to_owned(),
            says: Vec::new(),
            holds: Err("it has no name that can be shown".to_owned()),
        };
    };
    let is_operator = description.account.is_some();
    let what = match (&description.account, description.is_authority) {
        (Some(_), _) => "an operator's certificate",
        (None, true) => "a CA's certificate",
        (None, false) => "a server's or another certificate",
    };
    let mut says = vec![("name", description.name.clone())];
    says.extend(description.organisation.clone().map(|value| ("organisation", value)));
    says.extend(description.account.clone().map(|value| ("account", value)));
    says.extend(description.packet.clone().map(|value| ("packet", value)));
    says.push(("serial", description.serial.clone()));
    says.push(("valid from", moment::date(description.not_before)));
    says.push(("valid until", moment::date(description.not_after)));
    let holds = match organisation {
        Some((ours, crl)) if is_operator => judge(std::slice::from_ref(certificate), ours, crl, now),
        Some((ours, _)) if certificate == ours.packet().root() => {
            Ok("it is this organisation's root".to_owned())
        }
        Some((ours, _)) if certificate == ours.packet().authority() => {
            Ok("it is this packet's CA, and this organisation's root signed it".to_owned())
        }
        Some((ours, _)) if certificate == ours.server_ca() => {
            Ok("it is the CA of this organisation's servers".to_owned())
        }
        Some(_) => Err("it is none of the CAs of the folder's organisation".to_owned()),
        None => {
            Err("there is no organisation's folder to measure it against; name one with --dir".to_owned())
        }
    };
    Finding { what: what.to_owned(), says, holds }
}

fn list(crl: &Crl, organisation: Option<&(Descriptor, Crl)>, now: UnixTime) -> Finding {
    let says = vec![
        ("number", crl.number().to_string()),
        ("revoked", crl.revoked().len().to_string()),
        ("made", moment::date(crl.this_update())),
        ("valid until", moment::date(crl.next_update())),
    ];
    let holds = match organisation {
        None => {
            Err("there is no organisation's folder to measure it against; name one with --dir".to_owned())
        }
        Some((ours, _)) if !crl.is_signed_by(ours) => Err("this packet's CA did not sign it".to_owned()),
        Some(_) if crl.next_update().as_secs() <= now.as_secs() => {
            Err("it has ended; renew it with 'deskside-ca crl'".to_owned())
        }
        Some((_, newest)) if crl.number() < newest.number() => {
            Err(format!("there is a newer one, number {}; copy that to the server", newest.number()))
        }
        Some(_) => Ok("this packet's CA signed it, and it is the newest".to_owned()),
    };
    Finding { what: "a revocation list".to_owned(), says, holds }
}

fn judge(
    chain: &[CertificateDer<'static>],
    ours: &Descriptor,
    crl: &Crl,
    now: UnixTime,
) -> Result<String, String> {
    match identify(chain, crl, ours, now) {
        Ok(_) => Ok("this packet's CA issued it, and it is valid now and not revoked".to_owned()),
        Err(IdentityError::StaleList) => {
            Err("the folder's revocation list has ended; renew it with 'deskside-ca crl'".to_owned())
        }
        Err(reason) => Err(reason.to_string()),
    }
}
