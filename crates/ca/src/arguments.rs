//! The command line.

use std::num::NonZeroU16;
use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};
use deskside_proto::journal::Action;
use deskside_trust::PacketPolicy;
use deskside_trust::issue::CRL_HOURS;

/// The folder of an organisation unless another is named.
const FOLDER: &str = "deskside-organisation";

/// Keeper of an organisation's keys: makes its CAs, issues operators, revokes them, verifies files.
///
/// Run it on a computer of its own that is not a server. Everything lies in one folder; what a server, a
/// customer or an operator needs from it is in the sub-folder of that name.
#[derive(Debug, Parser)]
#[command(name = "deskside-ca", version)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Make a new organisation: keys, CAs, a packet, its operators and all that the server needs.
    Init(Init),
    /// Issue and revoke operators.
    #[command(subcommand)]
    Operator(OperatorCommand),
    /// Renew the revocation list; servers need a new one before the old one ends.
    Crl(Renew),
    /// Say what a packet, bundle, certificate or revocation list is, and whether it holds.
    Verify(Verify),
    /// List the organisation's packet, operators and revocation list.
    Show(Show),
}

#[derive(Debug, Subcommand)]
pub(crate) enum OperatorCommand {
    /// Issue a certificate and write the bundle for one more operator.
    Add(Add),
    /// Withdraw an operator's certificates, and renew the revocation list, which never ends sooner for that.
    Revoke(Revoke),
}

/// How passphrases come in: typed, or from a file that nobody else can read.
#[derive(Debug, Args)]
pub(crate) struct CaPassphrase {
    /// Read the passphrase of the CA keys from this file (mode 0600, yours) instead of asking.
    #[arg(long, value_name = "FILE")]
    pub(crate) passphrase_file: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(crate) struct OperatorPassphrase {
    /// Read the passphrase of new operator bundles from this file (mode 0600, yours) instead of asking.
    #[arg(long, value_name = "FILE")]
    pub(crate) operator_passphrase_file: Option<PathBuf>,
}

/// How long the revocation list that is made is to last.
#[derive(Debug, Args)]
pub(crate) struct ListLife {
    /// How long the revocation list is valid. A server that hides a revocation can do so for that long.
    #[arg(long, value_name = "HOURS", default_value_t = CRL_HOURS, value_parser = clap::value_parser!(u32).range(24..=72))]
    pub(crate) valid_hours: u32,
}

#[derive(Debug, Args)]
pub(crate) struct Organisation {
    /// The organisation's folder.
    #[arg(long, value_name = "DIR", default_value = FOLDER)]
    pub(crate) dir: PathBuf,
}

#[derive(Debug, Args)]
pub(crate) struct Init {
    /// Name or address under which programs reach the server; further ones are added to its certificate.
    #[arg(long, value_name = "NAME", required = true)]
    pub(crate) host: Vec<String>,
    /// TCP and UDP port of the server.
    #[arg(long, default_value_t = 443, value_parser = clap::value_parser!(u16).range(1..))]
    pub(crate) port: u16,
    /// The organisation's name, as customers are shown it [default: the host].
    #[arg(long, value_name = "NAME")]
    pub(crate) organisation: Option<String>,
    /// An operator: account at the server, a colon, the name that customers are shown. May be repeated.
    #[arg(long = "operator", value_name = "ACCOUNT:NAME")]
    pub(crate) operators: Vec<NewOperator>,
    /// Name of the packet, which is also the customer's file's.
    #[arg(long, value_name = "NAME", default_value = "support")]
    pub(crate) packet: String,
    /// Text that customers are shown before a session, from a file [default: a short warning].
    #[arg(long, value_name = "FILE")]
    pub(crate) acknowledgement_file: Option<PathBuf>,
    /// Something that operators may never ask for with this packet: control, point or demonstrate. May be repeated.
    #[arg(long, value_name = "ACTION", value_parser = parse_action)]
    pub(crate) forbid: Vec<Action>,
    /// The longest that a customer can allow anything in one go, in minutes [default: as long as the session].
    #[arg(long, value_name = "MINUTES")]
    pub(crate) longest_minutes: Option<NonZeroU16>,
    /// Folder to make; it must not exist.
    #[arg(long, value_name = "DIR", default_value = FOLDER)]
    pub(crate) out: PathBuf,
    #[command(flatten)]
    pub(crate) list: ListLife,
    #[command(flatten)]
    pub(crate) ca: CaPassphrase,
    #[command(flatten)]
    pub(crate) operator: OperatorPassphrase,
}

impl Init {
    /// What the packet forbids.
    pub(crate) fn policy(&self) -> PacketPolicy {
        PacketPolicy::new(self.forbid.iter().copied(), self.longest_minutes)
    }
}

fn parse_action(name: &str) -> Result<Action, String> {
    match name {
        "control" => Ok(Action::Control),
        "point" => Ok(Action::Point),
        "demonstrate" => Ok(Action::Demonstrate),
        _ => Err("an action that can be forbidden is control, point or demonstrate".to_owned()),
    }
}

#[derive(Debug, Args)]
pub(crate) struct Add {
    /// Account at the server, a colon, the name that customers are shown.
    #[arg(value_name = "ACCOUNT:NAME")]
    pub(crate) operator: NewOperator,
    #[command(flatten)]
    pub(crate) organisation: Organisation,
    #[command(flatten)]
    pub(crate) ca: CaPassphrase,
    #[command(flatten)]
    pub(crate) passphrase: OperatorPassphrase,
}

#[derive(Debug, Args)]
pub(crate) struct Revoke {
    /// The operator's account (all its certificates are withdrawn) or one certificate's serial number.
    #[arg(value_name = "ACCOUNT|SERIAL")]
    pub(crate) who: String,
    #[command(flatten)]
    pub(crate) list: ListLife,
    #[command(flatten)]
    pub(crate) organisation: Organisation,
    #[command(flatten)]
    pub(crate) ca: CaPassphrase,
}

#[derive(Debug, Args)]
pub(crate) struct Renew {
    #[command(flatten)]
    pub(crate) list: ListLife,
    #[command(flatten)]
    pub(crate) organisation: Organisation,
    #[command(flatten)]
    pub(crate) ca: CaPassphrase,
}

#[derive(Debug, Args)]
pub(crate) struct Verify {
    /// A packet (.deskside), bundle (.operator), certificate (.pem) or revocation list (.der).
    pub(crate) file: PathBuf,
    #[command(flatten)]
    pub(crate) organisation: Organisation,
}

#[derive(Debug, Args)]
pub(crate) struct Show {
    #[command(flatten)]
    pub(crate) organisation: Organisation,
}

/// `ACCOUNT:NAME`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct NewOperator {
    pub(crate) account: String,
    pub(crate) name: String,
}

impl std::str::FromStr for NewOperator {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (account, name) = text.split_once(':').ok_or("write ACCOUNT:NAME, as in anna:\"Anna Berg\"")?;
        let (account, name) = (account.trim().to_owned(), name.trim().to_owned());
        if !deskside_trust::is_identifier(&account) {
            return Err(format!(
                "'{account}' cannot be an account: use 1 to 64 of a-z A-Z 0-9 . _ - @, beginning with a letter or digit"
            ));
        }
        if !deskside_trust::is_presentable(&name) {
            return Err("the name must have 1 to 64 bytes and no invisible characters".to_owned());
        }
        Ok(Self { account, name })
    }
}
