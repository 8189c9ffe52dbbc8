//! What can be wrong with the database.

use sqlx::migrate::MigrateError;
use thiserror::Error;

/// Why the database did not do what it was asked. The machine or its administrator is at fault, never a
/// caller of the API.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum StoreError {
    /// Another program holds the database's lock.
    #[error("the database is locked by another program")]
    Locked(#[source] sqlx::Error),
    /// The file is not a database, or damaged.
    #[error("the database is damaged or is not a database: {0}")]
    Corrupt(String),
    /// The file cannot be opened, read or written.
    #[error("the database file cannot be read or written")]
    Unreadable(#[source] sqlx::Error),
    /// A later version of the program has changed the tables.
    #[error("the database was made by a newer version of this program (its schema is {0})")]
    NewerSchema(i64),
    /// The disk is full.
    #[error("the disk is full")]
    Full(#[source] sqlx::Error),
    /// The path of the database cannot be used.
    #[error("'{0}' is not a database address; write sqlite: and the path of a file")]
    Address(String),
    /// The file could not be made.
    #[error("the database file cannot be made")]
    Create(#[source] std::io::Error),
    /// Anything else that the database says.
    #[error("the database refused")]
    Refused(#[source] sqlx::Error),
}

impl From<sqlx::Error> for StoreError {
    fn from(error: sqlx::Error) -> Self {
        // SQLite's primary result codes, <https://sqlite.org/rescode.html>; extended codes keep them in the
        // lowest byte.
        let code = error.as_database_error().and_then(|e| e.code()?.parse::<u32>().ok());
        match code.map(|code| code & 0xff) {
            Some(5 | 6) => Self::Locked(error),
            Some(11 | 26) => Self::Corrupt(error.to_string()),
            Some(3 | 8 | 10 | 14 | 23) => Self::Unreadable(error),
            Some(13) => Self::Full(error),
            _ if matches!(error, sqlx::Error::PoolTimedOut) => Self::Locked(error),
            _ => Self::Refused(error),
        }
    }
}

impl From<MigrateError> for StoreError {
    fn from(error: MigrateError) -> Self {
        match error {
            MigrateError::VersionMissing(version) | MigrateError::VersionTooNew(version, _) => {
                Self::NewerSchema(version)
            }
            MigrateError::Execute(error) | MigrateError::ExecuteMigration(error, _) => error.into(),
            other => Self::Corrupt(other.to_string()),
        }
    }
}
