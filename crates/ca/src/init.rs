//! `init`: a whole organisation in one folder.

use std::io::Write;

use anyhow::{Context, bail};
use deskside_trust::issue::{Authority, PACKET_DAYS, ROOT_DAYS, SERVER_DAYS, ServerKey, Validity};
use deskside_trust::{
    BrokerAddress, Descriptor, DescriptorBody, MAX_ACKNOWLEDGEMENT, Secret, UnixTime, crypto,
};

use crate::arguments::{Init, NewOperator};
use crate::folder::Staging;
use crate::host::{self, Reader};
use crate::{moment, operators, passphrase};

const ACKNOWLEDGEMENT: &str = "Go on only if you called them yourself, or know for certain who they are.\n\
    You are asked before anything is seen or done, can end everything at any time with Stop, and take control \
    back with F11.";

/// What the packet needs at every step.
struct Organisation {
    name: String,
    packet_id: String,
    root: Authority,
    packet_ca: Authority,
    server_ca: Authority,
    server: ServerKey,
    descriptor_file: Vec<u8>,
    descriptor: Descriptor,
}

pub(crate) fn run(arguments: &Init, out: &mut Vec<u8>) -> anyhow::Result<()> {
    let now = moment::now()?;
    check(arguments)?;
    let acknowledgement = acknowledgement(arguments)?;
    // Looked at and made before anything is asked, so that nobody types passphrases in vain.
    Staging::require_free(&arguments.out)?;
    let organisation = found(arguments, acknowledgement, now)?;
    let ca_passphrase = passphrase::choose(
        "the keys of the organisation",
        arguments.ca.passphrase_file.as_deref(),
        "--passphrase-file",
    )?;
    let bundles = arguments
        .operators
        .iter()
        .map(|operator| Ok((operator, operators::choose_passphrase(operator, &arguments.operator)?)))
        .collect::<anyhow::Result<Vec<_>>>()?;

    let staging = Staging::begin(&arguments.out)?;
    write_ca(&staging, &organisation, &ca_passphrase)?;
    write_list(&staging, &organisation, arguments, now)?;
    write_server(&staging, &organisation, arguments)?;
    staging.folder("customer")?;
    let customer = format!("customer/{}.deskside", arguments.packet);
    staging.file(&customer, &organisation.descriptor_file, Reader::Anyone)?;
    staging.folder("operators")?;
    for (operator, passphrase) in &bundles {
        write_operator(&staging, &organisation, operator, passphrase, now)?;
    }
    staging.finish()?;
    summary(arguments, &organisation, now, out)
}

fn check(arguments: &Init) -> anyhow::Result<()> {
    if !deskside_trust::is_identifier(&arguments.packet) || 48 < arguments.packet.len() {
        bail!("'{}' cannot be a packet's name; use up to 48 of a-z A-Z 0-9 . _ - @", arguments.packet);
    }
    for (index, operator) in arguments.operators.iter().enumerate() {
        if arguments.operators[..index].iter().any(|other| other.account == operator.account) {
            bail!("the account '{}' is given twice; every operator needs one of their own", operator.account);
        }
    }
    Ok(())
}

fn acknowledgement(arguments: &Init) -> anyhow::Result<String> {
    let Some(path) = &arguments.acknowledgement_file else { return Ok(ACKNOWLEDGEMENT.to_owned()) };
    let text = String::from_utf8(host::read(path, MAX_ACKNOWLEDGEMENT)?)
        .with_context(|| format!("the file {} is not UTF-8 text", path.display()))?;
    Ok(text.trim_end().to_owned())
}

fn found(arguments: &Init, acknowledgement: String, now: UnixTime) -> anyhow::Result<Organisation> {
    let host = &arguments.host[0];
    let name = arguments.organisation.clone().unwrap_or_else(|| host.clone());
    let root = Authority::new_root(&name, Validity::days(now, ROOT_DAYS))?;
    // The root's hash makes the id unique beyond this organisation.
    let hash = crypto::sha256(&[root.certificate()]);
    let unique: String = hash[..4].iter().map(|byte| format!("{byte:02x}")).collect();
    let packet_id = format!("{}-{unique}", arguments.packet);
    let packet_ca = root.new_packet_ca(&packet_id, Validity::days(now, PACKET_DAYS))?;
    let server_ca = Authority::new_server_ca(&name, Validity::days(now, ROOT_DAYS))?;
    let server = server_ca.issue_server(&arguments.host, Validity::days(now, SERVER_DAYS))?;
    let descriptor_file = root.sign_descriptor(&DescriptorBody {
        root: root.certificate().clone(),
        packet_ca: packet_ca.certificate().clone(),
        server_ca: server_ca.certificate().clone(),
        brokers: vec![BrokerAddress { host: host.clone(), port: arguments.port }],
        acknowledgement,
        policy: arguments.policy(),
    })?;
    let descriptor =
        Descriptor::read(&descriptor_file, now).context("the packet cannot be made like this")?;
    Ok(Organisation { name, packet_id, root, packet_ca, server_ca, server, descriptor_file, descriptor })
}

fn write_ca(staging: &Staging, organisation: &Organisation, passphrase: &Secret) -> anyhow::Result<()> {
    staging.folder("ca")?;
    staging.folder("ca/issued")?;
    let Organisation { root, packet_ca, server_ca, .. } = organisation;
    for (name, authority) in [("root", root), ("packet-ca", packet_ca), ("server-ca", server_ca)] {
        staging.file(&format!("ca/{name}.pem"), authority.certificate_pem(), Reader::Owner)?;
        staging.file(&format!("ca/{name}.key.pem"), authority.key_pem(passphrase)?, Reader::Owner)?;
    }
    staging.file("ca/packet.deskside", &organisation.descriptor_file, Reader::Owner)
}

/// The first revocation list, to be renewed here and to be handed out by the server.
fn write_list(
    staging: &Staging,
    organisation: &Organisation,
    arguments: &Init,
    now: UnixTime,
) -> anyhow::Result<()> {
    let list = organisation.packet_ca.issue_crl(1, &[], now, arguments.list.valid_hours)?;
    staging.folder("server")?;
    staging.file("ca/crl.der", &list, Reader::Owner)?;
    staging.file("server/crl.der", &list, Reader::Anyone)
}

fn write_server(staging: &Staging, organisation: &Organisation, arguments: &Init) -> anyhow::Result<()> {
    let server = &organisation.server;
    staging.file("server/server.pem", server.chain_pem(), Reader::Anyone)?;
    staging.file("server/server.key.pem", server.key_pem().expose(), Reader::Owner)?;
    staging.file("server/root.pem", organisation.root.certificate_pem(), Reader::Anyone)?;
    staging.file("server/packet-ca.pem", organisation.packet_ca.certificate_pem(), Reader::Anyone)?;
    staging.file("server/server.toml", server_toml(&arguments.host[0], arguments.port), Reader::Anyone)
}

fn server_toml(host: &str, port: u16) -> String {
    format!(
        "# Settings of deskside-server; paths are relative to this file's folder.\n\
         # Start with: deskside-server run --config server.toml\n\
         # This relay's name in tickets.\n\
         name = \"relay-1\"\n\
         # Name in the certificate, by which programs reach the server.\n\
         host = \"{host}\"\n\
         # TCP and UDP.\n\
         listen = \"0.0.0.0:{port}\"\n\
         database = \"sqlite:deskside.db\"\n\
         certificate = \"server.pem\"\n\
         key = \"server.key.pem\"\n\
         packet_ca = \"packet-ca.pem\"\n\
         root = \"root.pem\"\n\
         crl = \"crl.der\"\n\
         # Made on first start.\n\
         ticket_key = \"ticket.key\"\n\
         # Or \"json\".\n\
         log = \"text\"\n"
    )
}

fn write_operator(
    staging: &Staging,
    organisation: &Organisation,
    operator: &NewOperator,
    passphrase: &Secret,
    now: UnixTime,
) -> anyhow::Result<()> {
    let issued = operators::issue(&organisation.packet_ca, organisation.descriptor.packet(), operator, now)?;
    staging.file(&issued.record, issued.key.certificate_pem(), Reader::Owner)?;
    let bundle = issued.key.bundle(&organisation.descriptor_file, passphrase)?;
    staging.file(&issued.bundle, bundle, Reader::Owner)
}

fn summary(
    arguments: &Init,
    organisation: &Organisation,
    now: UnixTime,
    out: &mut Vec<u8>,
) -> anyhow::Result<()> {
    let folder = arguments.out.display();
    let (host, port) = (&arguments.host[0], arguments.port);
    let list_ends = moment::date(Validity::hours(now, arguments.list.valid_hours).not_after);
    writeln!(out, "{} is founded, in {folder}.\n", organisation.name)?;
    writeln!(out, "  fingerprint   {}", organisation.descriptor.fingerprint())?;
    writeln!(out, "  packet        {}", organisation.packet_id)?;
    writeln!(out, "  server        {host}, port {port} (TCP and UDP)")?;
    for operator in &arguments.operators {
        writeln!(out, "  operator      {} ({})", operator.name, operator.account)?;
    }
    writeln!(out, "\nWhat to do next:\n")?;
    writeln!(out, "  1. Copy {folder}/server to the server. Make an account for every operator there:")?;
    for operator in &arguments.operators {
        writeln!(out, "       deskside-server user add --config server.toml {}", operator.account)?;
    }
    writeln!(out, "     and start it: deskside-server run --config server.toml")?;
    writeln!(out, "  2. Put {folder}/customer/{}.deskside beside deskside-customer,", arguments.packet)?;
    writeln!(out, "     where customers download it. Publish the fingerprint where they can compare it.")?;
    if arguments.operators.is_empty() {
        writeln!(out, "  3. Issue operators: deskside-ca operator add ACCOUNT:NAME --dir {folder}")?;
    } else {
        writeln!(
            out,
            "  3. Give every operator their file from {folder}/operators, and its passphrase apart from it."
        )?;
    }
    writeln!(
        out,
        "  4. Keep {folder}/ca on this computer only, with a backup. Who has it and its passphrase"
    )?;
    writeln!(out, "     can make operators.")?;
    writeln!(out, "  5. The revocation list ends on {list_ends}. Renew it every day before then:")?;
    writeln!(out, "       deskside-ca crl --dir {folder}")?;
    writeln!(out, "     and copy {folder}/server/crl.der to the server.")?;
    Ok(())
}
