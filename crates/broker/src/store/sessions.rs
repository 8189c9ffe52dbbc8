//! Sessions and their codes.

use deskside_proto::SessionId;

use super::{Store, StoreError, Write};

/// A code was asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Drawn {
    /// It belongs to the session now.
    Taken,
    /// It is alive or in quarantine; another one has to be drawn.
    Busy,
}

/// What a right code leads to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Joined {
    pub(crate) session: SessionId,
    pub(crate) offer: Vec<u8>,
}

impl Store {
    /// How many codes are alive.
    pub(crate) async fn alive(&self, now: i64) -> Result<i64, StoreError> {
        let alive = sqlx::query_scalar(
            "SELECT COUNT(*) FROM sessions WHERE expires_ms > $1 AND joined_ms IS NULL AND ended_ms IS NULL",
        );
        Ok(alive.bind(now).fetch_one(&self.readers).await?)
    }

    /// When the code of a session ends, if the session is this account's and waits for its customer.
    pub(crate) async fn session_expiry(
        &self,
        session: SessionId,
        account: &str,
        now: i64,
    ) -> Result<Option<i64>, StoreError> {
        let expiry = sqlx::query_scalar(
            "SELECT expires_ms FROM sessions WHERE id = $1 AND account = $2 AND expires_ms > $3 \
             AND joined_ms IS NULL AND ended_ms IS NULL",
        );
        let expiry = expiry.bind(session.to_string()).bind(account).bind(now);
        Ok(expiry.fetch_optional(&self.readers).await?)
    }
}

/// How many codes of an account are alive.
pub(crate) async fn alive_of(write: &mut Write, account: &str, now: i64) -> Result<i64, StoreError> {
    let alive = sqlx::query_scalar(
        "SELECT COUNT(*) FROM sessions WHERE expires_ms > $2 AND account = $1 \
         AND joined_ms IS NULL AND ended_ms IS NULL",
    );
    Ok(alive.bind(account).bind(now).fetch_one(&mut **write).await?)
}

/// Makes a session, without a code yet.
pub(crate) async fn insert_session(
    write: &mut Write,
    session: SessionId,
    account: &str,
    now: i64,
    expires_ms: i64,
) -> Result<(), StoreError> {
    sqlx::query("INSERT INTO sessions (id, account, made_ms, expires_ms) VALUES ($1, $2, $3, $4)")
        .bind(session.to_string())
        .bind(account)
        .bind(now)
        .bind(expires_ms)
        .execute(&mut **write)
        .await?;
    Ok(())
}

/// Gives a code to a session, unless the code is alive or in quarantine.
pub(crate) async fn take_code(
    write: &mut Write,
    mac: &[u8],
    session: SessionId,
    now: i64,
    free_ms: i64,
) -> Result<Drawn, StoreError> {
    let taken = sqlx::query(
        "INSERT INTO codes (mac, session, free_ms) VALUES ($1, $2, $3) \
         ON CONFLICT (mac) DO UPDATE SET session = excluded.session, free_ms = excluded.free_ms \
         WHERE codes.free_ms <= $4",
    );
    let taken =
        taken.bind(mac).bind(session.to_string()).bind(free_ms).bind(now).execute(&mut **write).await?;
    Ok(if taken.rows_affected() == 1 { Drawn::Taken } else { Drawn::Busy })
}

/// Stores the offer of a session that waits for its customer. False if the account has no such session.
pub(crate) async fn set_offer(
    write: &mut Write,
    session: SessionId,
    account: &str,
    offer: &[u8],
    now: i64,
) -> Result<bool, StoreError> {
    let done = sqlx::query(
        "UPDATE sessions SET offer = $3 WHERE id = $1 AND account = $2 AND expires_ms > $4 \
         AND joined_ms IS NULL AND ended_ms IS NULL",
    );
    let done =
        done.bind(session.to_string()).bind(account).bind(offer).bind(now).execute(&mut **write).await?;
    Ok(done.rows_affected() == 1)
}

/// Ends a session that has not ended. False if the account has no such session.
pub(crate) async fn end_session(
    write: &mut Write,
    session: SessionId,
    account: &str,
    now: i64,
) -> Result<bool, StoreError> {
    let done =
        sqlx::query("UPDATE sessions SET ended_ms = $3 WHERE id = $1 AND account = $2 AND ended_ms IS NULL");
    let done = done.bind(session.to_string()).bind(account).bind(now).execute(&mut **write).await?;
    Ok(done.rows_affected() == 1)
}

/// Uses a code up. Unknown, used, expired and cancelled codes, and codes without an offer, all take the same
/// one statement and find nothing.
pub(crate) async fn use_code(write: &mut Write, mac: &[u8], now: i64) -> Result<Option<Joined>, StoreError> {
    let used: Option<(String, Vec<u8>)> = sqlx::query_as(
        "UPDATE sessions SET joined_ms = $2 \
         WHERE id = (SELECT session FROM codes WHERE mac = $1) AND expires_ms > $2 \
         AND joined_ms IS NULL AND ended_ms IS NULL AND offer IS NOT NULL \
         RETURNING id, offer",
    )
    .bind(mac)
    .bind(now)
    .fetch_optional(&mut **write)
    .await?;
    let Some((id, offer)) = used else { return Ok(None) };
    let session = id.parse().map_err(|_| StoreError::Corrupt(format!("session id '{id}'")))?;
    Ok(Some(Joined { session, offer }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::{Database, commit, insert_account};

    /// A code belongs to nobody else until its quarantine is over, and then works for the new session only.
    #[tokio::test]
    async fn a_code_in_quarantine_is_not_given_away() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(&Database::Sqlite(folder.path().join("a.db"))).await.unwrap();
        let (first, second) = (SessionId([1; 16]), SessionId([2; 16]));
        let mut write = store.write().await.unwrap();
        assert!(insert_account(&mut write, "ann", "hash", 0).await.unwrap());
        insert_session(&mut write, first, "ann", 0, 600).await.unwrap();
        insert_session(&mut write, second, "ann", 1_000, 1_600).await.unwrap();
        assert_eq!(take_code(&mut write, b"mac", first, 0, 1_000).await.unwrap(), Drawn::Taken);
        assert_eq!(take_code(&mut write, b"mac", second, 999, 2_000).await.unwrap(), Drawn::Busy);
        assert!(set_offer(&mut write, second, "ann", b"offer", 1_000).await.unwrap());
        assert_eq!(use_code(&mut write, b"mac", 999).await.unwrap(), None);
        assert_eq!(take_code(&mut write, b"mac", second, 1_000, 2_000).await.unwrap(), Drawn::Taken);
        let joined = use_code(&mut write, b"mac", 1_001).await.unwrap();
        assert_eq!(joined, Some(Joined { session: second, offer: b"offer".to_vec() }));
        assert_eq!(use_code(&mut write, b"mac", 1_002).await.unwrap(), None);
        commit(write).await.unwrap();
    }

    /// A write that is given up half way leaves nothing behind.
    #[tokio::test]
    async fn what_is_not_committed_never_happened() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(&Database::Sqlite(folder.path().join("a.db"))).await.unwrap();
        let mut write = store.write().await.unwrap();
        assert!(insert_account(&mut write, "ann", "hash", 0).await.unwrap());
        drop(write);
        assert!(store.accounts().await.unwrap().is_empty());
        let mut write = store.write().await.unwrap();
        assert!(insert_account(&mut write, "ann", "hash", 0).await.unwrap(), "the next writer gets its turn");
        commit(write).await.unwrap();
    }
}
