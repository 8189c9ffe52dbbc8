//! The database. Every line of SQL of the broker is in this module.
//!
//! One connection writes and a few read: SQLite has a single writer anyway, and waiting for that connection
//! makes writers take turns in the order in which they came, instead of racing for the lock. Every commit is
//! on the disk before it returns (WAL, `synchronous = FULL`), because a code that was answered must stay
//! used and a wrong guess must stay counted whatever happens to the machine.

mod accounts;
mod error;
mod events;
mod sessions;
mod throttle;

use std::fmt::Write as _;
use std::fs::OpenOptions;
use std::io::ErrorKind;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use sqlx::any::AnyPoolOptions;
use sqlx::migrate::Migrator;
use sqlx::{Any, AnyConnection, AnyPool, Connection, Executor, Transaction};
use zeroize::Zeroizing;

pub(crate) use accounts::{
    delete_token, delete_tokens, insert_account, insert_token, prune_tokens, set_enabled, set_password,
};
pub use error::StoreError;
pub(crate) use events::Event;
pub(crate) use sessions::{
    Drawn, Joined, alive_of, end_session, insert_session, set_offer, take_code, use_code,
};
pub(crate) use throttle::{prune_throttle, save_throttle};

static SQLITE: Migrator = sqlx::migrate!("migrations/sqlite");

/// How long the database waits for a lock that another program holds.
const LOCK_WAIT: Duration = Duration::from_secs(5);
/// Connections that read.
const READERS: u32 = 4;

/// Where the database is.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Database {
    /// A file of SQLite's; made with mode 0600 if it is missing.
    Sqlite(PathBuf),
}

impl Database {
    /// Reads an address such as `sqlite:deskside.db`; a relative path is taken from `folder`.
    ///
    /// # Errors
    /// [`StoreError::Address`] if it is not such an address.
    pub fn parse(address: &str, folder: &Path) -> Result<Self, StoreError> {
        match address.strip_prefix("sqlite:") {
            Some(path) if !path.is_empty() => Ok(Self::Sqlite(folder.join(path))),
            _ => Err(StoreError::Address(address.to_owned())),
        }
    }
}

/// A transaction that may write, to be ended by [`commit`]; nothing of it stays unless it is committed.
pub(crate) type Write = Transaction<'static, Any>;

/// Makes what was written stay, on the disk.
pub(crate) async fn commit(write: Write) -> Result<(), StoreError> {
    Ok(write.commit().await?)
}

/// The open database.
#[derive(Debug, Clone)]
pub(crate) struct Store {
    writer: AnyPool,
    readers: AnyPool,
}

impl Store {
    /// Opens the database, makes or updates its tables and checks that it is sound.
    pub(crate) async fn open(database: &Database) -> Result<Self, StoreError> {
        let Database::Sqlite(path) = database;
        create_private(path)?;
        let url = sqlite_url(path)?;
        // Registers SQLite with the generic driver. It is global to the process, but holds no state.
        sqlx::any::install_default_drivers();
        examine(&url).await?;
        let writer = connect(&url, 1).await?;
        SQLITE.run(&writer).await?;
        Ok(Self { readers: connect(&url, READERS).await?, writer })
    }

    /// Begins a transaction that may write; waits for the writers before it.
    pub(crate) async fn write(&self) -> Result<Write, StoreError> {
        Ok(self.writer.begin_with("BEGIN IMMEDIATE").await?)
    }

    /// Whether the database answers.
    pub(crate) async fn check(&self) -> Result<(), StoreError> {
        sqlx::query("SELECT 1 FROM secrets").fetch_optional(&self.readers).await?;
        Ok(())
    }

    /// The key of this name; `fresh` becomes it if there is none yet.
    pub(crate) async fn secret(&self, name: &str, fresh: &[u8]) -> Result<Zeroizing<Vec<u8>>, StoreError> {
        let mut write = self.write().await?;
        sqlx::query("INSERT INTO secrets (name, value) VALUES ($1, $2) ON CONFLICT (name) DO NOTHING")
            .bind(name)
            .bind(fresh)
            .execute(&mut *write)
            .await?;
        let value: Vec<u8> = sqlx::query_scalar("SELECT value FROM secrets WHERE name = $1")
            .bind(name)
            .fetch_one(&mut *write)
            .await?;
        write.commit().await?;
        Ok(Zeroizing::new(value))
    }

    /// Closes all connections and writes everything into the one file.
    pub(crate) async fn close(&self) {
        self.readers.close().await;
        self.writer.close().await;
    }
}

/// Checks that the file is a sound database. Not through a pool: that tries again and again to connect and
/// in the end tells only that it took too long.
async fn examine(url: &str) -> Result<(), StoreError> {
    let mut connection = AnyConnection::connect(url).await?;
    prepare(&mut connection).await?;
    let problem: String = sqlx::query_scalar("PRAGMA integrity_check(1)").fetch_one(&mut connection).await?;
    connection.close().await?;
    if problem == "ok" { Ok(()) } else { Err(StoreError::Corrupt(problem)) }
}

async fn connect(url: &str, connections: u32) -> Result<AnyPool, StoreError> {
    let pool = AnyPoolOptions::new()
        .max_connections(connections)
        .acquire_timeout(LOCK_WAIT)
        .after_connect(|connection, _| Box::pin(prepare(connection)));
    Ok(pool.connect(url).await?)
}

async fn prepare(connection: &mut AnyConnection) -> sqlx::Result<()> {
    let wait = LOCK_WAIT.as_millis();
    let settings = format!(
        "PRAGMA busy_timeout = {wait}; PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; \
         PRAGMA foreign_keys = ON; PRAGMA trusted_schema = OFF; PRAGMA secure_delete = ON"
    );
    connection.execute(sqlx::AssertSqlSafe(settings)).await?;
    Ok(())
}

/// Makes the file, if it is missing, so that nobody else on the machine can read it: it holds password
/// hashes and the server key. SQLite gives its side files the same mode.
fn create_private(path: &Path) -> Result<(), StoreError> {
    match OpenOptions::new().write(true).create_new(true).mode(0o600).open(path) {
        Ok(_) => Ok(()),
        Err(error) if error.kind() == ErrorKind::AlreadyExists => Ok(()),
        Err(error) => Err(StoreError::Create(error)),
    }
}

fn sqlite_url(path: &Path) -> Result<String, StoreError> {
    let text = path.to_str().ok_or_else(|| StoreError::Address(path.to_string_lossy().into_owned()))?;
    let mut url = "sqlite://".to_owned();
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"/._-".contains(&byte) {
            url.push(char::from(byte));
        } else {
            // Writing to a String cannot fail.
            write!(url, "%{byte:02X}").map_err(|_| StoreError::Address(text.to_owned()))?;
        }
    }
    Ok(url)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses() {
        let parse = |address| Database::parse(address, Path::new("/etc/deskside"));
        assert_eq!(parse("sqlite:a.db").unwrap(), Database::Sqlite("/etc/deskside/a.db".into()));
        assert_eq!(parse("sqlite:/var/a.db").unwrap(), Database::Sqlite("/var/a.db".into()));
        for bad in ["", "sqlite:", "postgres://x", "a.db"] {
            assert!(matches!(parse(bad), Err(StoreError::Address(_))), "{bad}");
        }
    }

    #[test]
    fn paths_with_odd_characters_are_escaped() {
        let url = sqlite_url(Path::new("/tmp/a b?c#d%.db")).unwrap();
        assert_eq!(url, "sqlite:///tmp/a%20b%3Fc%23d%25.db");
    }
}
