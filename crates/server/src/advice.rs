//! What an administrator is told when the broker does not open or an account is not changed.

use std::path::Path;

use anyhow::anyhow;
use deskside_broker::{AccountError, BrokerError, Database, PacketError, StoreError};

/// Why the broker did not open, and what to do.
pub(crate) fn broker(database: &Database, error: BrokerError) -> anyhow::Error {
    match error {
        BrokerError::Store(error) => store(database, &error),
        BrokerError::Packet(error) => packet(&error),
        other => anyhow::Error::from(other).context("The broker cannot start"),
    }
}

/// Why root and packet CA cannot be used, and what to do.
pub(crate) fn packet(error: &PacketError) -> anyhow::Error {
    anyhow!(
        "The certificates under \"root\" and \"packet_ca\" cannot be used: {error}. Copy both from the folder \
         that deskside-ca made."
    )
}

/// Why an account was not changed, and what to do.
pub(crate) fn account(database: &Database, name: &str, error: AccountError) -> anyhow::Error {
    match error {
        AccountError::Exists => anyhow!(
            "There is an account \"{name}\" already, or one that differs in capital letters only. \
             `deskside-server user passwd {name}` gives it a new password."
        ),
        AccountError::Missing => {
            anyhow!("There is no account \"{name}\". `deskside-server user list` shows all of them.")
        }
        AccountError::Name(error) => anyhow!("The account was not changed: {error}."),
        AccountError::Store(error) => store(database, &error),
        other => anyhow::Error::from(other).context("The account was not changed"),
    }
}

fn store(database: &Database, error: &StoreError) -> anyhow::Error {
    let place = match database {
        Database::Sqlite(path) => path.as_path(),
        _ => Path::new("of the configuration"),
    };
    let place = place.display();
    match error {
        StoreError::Locked(_) => anyhow!(
            "The database {place} is locked by another program. End that program, perhaps another \
             deskside-server or a backup, and start again."
        ),
        StoreError::Corrupt(detail) => anyhow!(
            "The database {place} is damaged or is not a database ({detail}). Put a backup in its place; or \
             move it away, and the server makes an empty one, without accounts."
        ),
        StoreError::Unreadable(cause) => anyhow!(
            "The database {place} cannot be read or written ({cause}). Check the owner and mode of the file \
             and of its folder; this program's user must be able to write both."
        ),
        StoreError::NewerSchema(version) => anyhow!(
            "The database {place} was made by a newer deskside-server (its schema is {version}). Install \
             that version, or put back the backup from before it."
        ),
        StoreError::Full(_) => {
            anyhow!("The disk that the database {place} is on is full. Make room and start again.")
        }
        StoreError::Create(cause) => anyhow!(
            "The database {place} cannot be made ({cause}). Make its folder, and let this program's user \
             write to it."
        ),
        other => anyhow!("The database {place} cannot be used: {}.", chain(other)),
    }
}

fn chain(error: &dyn std::error::Error) -> String {
    let causes = std::iter::successors(Some(error), |error| error.source());
    causes.map(ToString::to_string).collect::<Vec<_>>().join(": ")
}
