//! Accounts, their known devices and their tokens.

use sqlx::FromRow;

use super::{Store, StoreError, Write};

/// An account as it is stored.
#[derive(Debug, Clone, FromRow)]
pub(crate) struct StoredAccount {
    pub(crate) name: String,
    pub(crate) enabled: i64,
    pub(crate) made_ms: i64,
}

impl Store {
    pub(crate) async fn accounts(&self) -> Result<Vec<StoredAccount>, StoreError> {
        let rows = sqlx::query_as("SELECT name, enabled, made_ms FROM accounts ORDER BY name");
        Ok(rows.fetch_all(&self.readers).await?)
    }

    /// Whether an enabled account of this name exists, and its password hash either way.
    pub(crate) async fn password(&self, account: &str) -> Result<Option<(String, bool)>, StoreError> {
        let row: Option<(String, i64)> =
            sqlx::query_as("SELECT password, enabled FROM accounts WHERE name = $1")
                .bind(account)
                .fetch_optional(&self.readers)
                .await?;
        Ok(row.map(|(password, enabled)| (password, enabled != 0)))
    }

    /// Whether the account has logged in with this certificate before.
    pub(crate) async fn knows_device(&self, account: &str, certificate: &[u8]) -> Result<bool, StoreError> {
        let found: Option<i64> =
            sqlx::query_scalar("SELECT first_ms FROM devices WHERE account = $1 AND certificate = $2")
                .bind(account)
                .bind(certificate)
                .fetch_optional(&self.readers)
                .await?;
        Ok(found.is_some())
    }

    /// The enabled account that a token belongs to, if token and certificate are good now.
    pub(crate) async fn token_account(
        &self,
        hash: &[u8],
        certificate: &[u8],
        now: i64,
    ) -> Result<Option<String>, StoreError> {
        let account = sqlx::query_scalar(
            "SELECT a.name FROM tokens t JOIN accounts a ON a.name = t.account \
             WHERE t.hash = $1 AND t.certificate = $2 AND t.expires_ms > $3 AND a.enabled = 1",
        );
        Ok(account.bind(hash).bind(certificate).bind(now).fetch_optional(&self.readers).await?)
    }
}

/// Adds an account. False if there is one of this name, or one that differs in capital letters only.
pub(crate) async fn insert_account(
    write: &mut Write,
    name: &str,
    password: &str,
    now: i64,
) -> Result<bool, StoreError> {
    let done = sqlx::query(
        "INSERT INTO accounts (name, password, enabled, made_ms) VALUES ($1, $2, 1, $3) ON CONFLICT DO NOTHING",
    );
    let done = done.bind(name).bind(password).bind(now).execute(&mut **write).await?;
    Ok(done.rows_affected() == 1)
}

/// Enables or disables an account. False if there is none.
pub(crate) async fn set_enabled(write: &mut Write, name: &str, enabled: bool) -> Result<bool, StoreError> {
    let done = sqlx::query("UPDATE accounts SET enabled = $2 WHERE name = $1");
    let done = done.bind(name).bind(i64::from(enabled)).execute(&mut **write).await?;
    Ok(done.rows_affected() == 1)
}

/// Replaces a password hash. False if there is no such account.
pub(crate) async fn set_password(write: &mut Write, name: &str, password: &str) -> Result<bool, StoreError> {
    let done = sqlx::query("UPDATE accounts SET password = $2 WHERE name = $1");
    let done = done.bind(name).bind(password).execute(&mut **write).await?;
    Ok(done.rows_affected() == 1)
}

/// Ends all tokens of an account.
pub(crate) async fn delete_tokens(write: &mut Write, account: &str) -> Result<(), StoreError> {
    sqlx::query("DELETE FROM tokens WHERE account = $1").bind(account).execute(&mut **write).await?;
    Ok(())
}

/// Ends one token.
pub(crate) async fn delete_token(write: &mut Write, hash: &[u8]) -> Result<(), StoreError> {
    sqlx::query("DELETE FROM tokens WHERE hash = $1").bind(hash).execute(&mut **write).await?;
    Ok(())
}

/// Deletes tokens that have ended.
pub(crate) async fn prune_tokens(write: &mut Write, now: i64) -> Result<(), StoreError> {
    sqlx::query("DELETE FROM tokens WHERE expires_ms <= $1").bind(now).execute(&mut **write).await?;
    Ok(())
}

/// Stores a token and remembers the certificate as a known device. False if the account was disabled
/// meanwhile.
pub(crate) async fn insert_token(
    write: &mut Write,
    account: &str,
    hash: &[u8],
    certificate: &[u8],
    now: i64,
    expires_ms: i64,
) -> Result<bool, StoreError> {
    let token = sqlx::query(
        "INSERT INTO tokens (hash, account, certificate, expires_ms) \
         SELECT $1, name, $3, $4 FROM accounts WHERE name = $2 AND enabled = 1",
    );
    let token = token.bind(hash).bind(account).bind(certificate).bind(expires_ms);
    if token.execute(&mut **write).await?.rows_affected() != 1 {
        return Ok(false);
    }
    let device = sqlx::query(
        "INSERT INTO devices (account, certificate, first_ms, last_ms) VALUES ($1, $2, $3, $3) \
         ON CONFLICT (account, certificate) DO UPDATE SET last_ms = excluded.last_ms",
    );
    device.bind(account).bind(certificate).bind(now).execute(&mut **write).await?;
    Ok(true)
}
