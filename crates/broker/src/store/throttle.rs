//! What is remembered about wrong codes and wrong passwords.

use super::{Store, StoreError, Write};
use crate::core::DAY;
use crate::core::bucket::{Entry, Row};

impl Store {
    /// The rows whose key begins with `prefix`.
    pub(crate) async fn throttle(&self, prefix: &str) -> Result<Vec<Row>, StoreError> {
        let rows: Vec<(String, i64, i64, i64)> =
            sqlx::query_as("SELECT key, full_ms, wrong_ms, failures FROM throttle")
                .fetch_all(&self.readers)
                .await?;
        let rows = rows.into_iter().filter(|row| row.0.starts_with(prefix));
        Ok(rows
            .map(|(key, full_ms, wrong_ms, failures)| (key, Entry { full_ms, wrong_ms, failures }))
            .collect())
    }
}

/// Stores rows.
pub(crate) async fn save_throttle(write: &mut Write, rows: &[Row]) -> Result<(), StoreError> {
    for (key, entry) in rows {
        sqlx::query(
            "INSERT INTO throttle (key, full_ms, wrong_ms, failures) VALUES ($1, $2, $3, $4) \
             ON CONFLICT (key) DO UPDATE SET full_ms = excluded.full_ms, wrong_ms = excluded.wrong_ms, \
             failures = excluded.failures",
        )
        .bind(key.as_str())
        .bind(entry.full_ms)
        .bind(entry.wrong_ms)
        .bind(entry.failures)
        .execute(&mut **write)
        .await?;
    }
    Ok(())
}

/// Deletes rows that no longer matter; the same rule as `Entry::is_spent`.
pub(crate) async fn prune_throttle(write: &mut Write, now: i64) -> Result<(), StoreError> {
    sqlx::query("DELETE FROM throttle WHERE full_ms <= $1 AND wrong_ms <= $1")
        .bind(now - DAY)
        .execute(&mut **write)
        .await?;
    Ok(())
}
