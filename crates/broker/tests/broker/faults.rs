//! A database that is locked, damaged, too new or missing.

use std::path::Path;
use std::time::{Duration, Instant};

use axum::http::{Method, StatusCode};
use deskside_broker::{BrokerError, StoreError};
use serde_json::Value;
use sqlx::any::AnyPoolOptions;
use sqlx::{AnyPool, Executor as _};

use crate::lab::{Lab, code_of};

/// Another program with the same database open.
async fn other_program(path: &Path) -> AnyPool {
    sqlx::any::install_default_drivers();
    let url = format!("sqlite://{}", path.display());
    AnyPoolOptions::new().max_connections(1).connect(&url).await.unwrap()
}

/// Case T61, lock: the answer comes soon after the waiting time, and all is well once the lock is gone.
#[tokio::test]
async fn t61_a_locked_database_is_unavailable_and_recovers() {
    let lab = Lab::new();
    let api = lab.open().await;
    api.add("ann").await;
    let ann = lab.operator("ann");
    let token = api.token(&ann, "ann").await;
    let made = api.offered(&ann, &token).await;
    let other = other_program(&lab.database()).await;
    let mut lock = other.acquire().await.unwrap();
    lock.execute("BEGIN EXCLUSIVE").await.unwrap();
    let begin = Instant::now();
    let code = code_of(&made);
    let (join, session) = tokio::join!(
        api.join(&code, "192.0.2.1"),
        api.call(Method::POST, "/api/v1/sessions", &Value::Null, (&ann, &token)),
    );
    assert!(begin.elapsed() < Duration::from_secs(12), "{:?}", begin.elapsed());
    for reply in [join, session] {
        assert_eq!(reply.status, StatusCode::SERVICE_UNAVAILABLE);
        assert_eq!(reply.error(), "unavailable");
    }
    lock.execute("ROLLBACK").await.unwrap();
    assert_eq!(api.join(&code, "192.0.2.1").await.status, StatusCode::OK, "the code was not used up");
}

#[tokio::test]
async fn a_file_that_is_no_database_is_named_at_open() {
    let lab = Lab::new();
    std::fs::write(lab.database(), "this is not a database, whatever its name says. ".repeat(100)).unwrap();
    let error = lab.try_open().await.err().unwrap();
    assert!(matches!(error, BrokerError::Store(StoreError::Corrupt(_))), "{error:?}");
}

#[tokio::test]
async fn a_damaged_database_is_named_at_open() {
    let lab = Lab::new();
    let api = lab.open().await;
    for number in 0..8 {
        api.add(&format!("operator-{number}")).await;
    }
    api.broker.close().await;
    let mut bytes = std::fs::read(lab.database()).unwrap();
    // Past the first page: the header stays good, the trees do not.
    bytes[4096..].iter_mut().for_each(|byte| *byte = 0xa5);
    std::fs::write(lab.database(), bytes).unwrap();
    let error = lab.try_open().await.err().unwrap();
    assert!(matches!(error, BrokerError::Store(StoreError::Corrupt(_))), "{error:?}");
}

#[tokio::test]
async fn a_database_of_a_newer_version_is_left_alone() {
    let lab = Lab::new();
    lab.open().await.broker.close().await;
    let other = other_program(&lab.database()).await;
    let newer = "INSERT INTO _sqlx_migrations (version, description, success, checksum, execution_time) \
                 VALUES (9999, 'later', 1, x'00', 0)";
    other.execute(newer).await.unwrap();
    other.close().await;
    let error = lab.try_open().await.err().unwrap();
    assert!(matches!(error, BrokerError::Store(StoreError::NewerSchema(9999))), "{error:?}");
}

#[tokio::test]
async fn a_folder_that_is_missing_is_named_at_open() {
    let lab = Lab::new();
    let folder = lab.folder.path().join("missing");
    let database = deskside_broker::Database::Sqlite(folder.join("deskside.db"));
    let clock = std::sync::Arc::clone(&lab.clock) as std::sync::Arc<dyn deskside_broker::Clock>;
    let error = deskside_broker::Accounts::open(&database, clock).await.err().unwrap();
    assert!(matches!(error, BrokerError::Store(StoreError::Create(_))), "{error:?}");
    assert!(!folder.exists(), "nothing partial is left");
}

#[tokio::test]
async fn certificates_of_two_organisations_do_not_open() {
    let (mut lab, other) = (Lab::new(), Lab::new());
    lab.root = other.root;
    assert!(matches!(lab.try_open().await, Err(BrokerError::Packet(_))));
}
