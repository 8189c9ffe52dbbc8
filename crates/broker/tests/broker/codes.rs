//! Codes: used once, told apart by nobody, not drawn again too soon.

use std::collections::BTreeSet;

use axum::http::StatusCode;
use deskside_broker::Clock as _;

use crate::lab::{Lab, MINUTE, code_of, other_code};

/// Case T08, body and size: five kinds of codes that do not work look the same.
#[tokio::test]
async fn t08_codes_that_do_not_work_look_the_same() {
    let lab = Lab::new();
    let api = lab.open().await;
    api.add("ann").await;
    let ann = lab.operator("ann");
    let token = api.token(&ann, "ann").await;

    let expired = api.offered(&ann, &token).await;
    lab.clock.advance(10 * MINUTE);
    let used = api.offered(&ann, &token).await;
    assert_eq!(api.join(&code_of(&used), "192.0.2.1").await.status, StatusCode::OK);
    let cancelled = api.offered(&ann, &token).await;
    assert_eq!(api.cancel(&cancelled, (&ann, &token)).await.status, StatusCode::NO_CONTENT);
    let not_offered = api.session(&ann, &token).await;

    let known: BTreeSet<String> = [&expired, &used, &cancelled, &not_offered].map(code_of).into();
    assert_eq!(known.len(), 4, "a code in quarantine is not drawn");
    let unknown = (1..).map(|by| other_code(&code_of(&used), by)).find(|code| !known.contains(code)).unwrap();

    let reference = api.join(&unknown, "198.51.100.1").await;
    assert_eq!((reference.status, reference.error()), (StatusCode::NOT_FOUND, "no_such_code".to_owned()));
    for (host, code) in known.iter().enumerate() {
        let reply = api.join(code, &format!("198.51.{host}.2")).await;
        assert_eq!(reply, reference, "status, headers and body");
    }
}

/// Row N1: one session, one customer. Fifty people type the same code at the same time.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn one_of_fifty_concurrent_joins_wins() {
    let lab = Lab::new();
    let api = lab.open().await;
    api.add("ann").await;
    let ann = lab.operator("ann");
    let token = api.token(&ann, "ann").await;
    let code = code_of(&api.offered(&ann, &token).await);
    let joins = (0..50).map(|number| {
        let (api, code) = (api.clone(), code.clone());
        tokio::spawn(async move { api.join(&code, &format!("192.0.{number}.1")).await.status })
    });
    let mut answers = Vec::new();
    for join in joins.collect::<Vec<_>>() {
        answers.push(join.await.unwrap());
    }
    assert_eq!(answers.iter().filter(|status| **status == StatusCode::OK).count(), 1, "{answers:?}");
    let refused = [StatusCode::NOT_FOUND, StatusCode::TOO_MANY_REQUESTS];
    assert_eq!(answers.iter().filter(|status| refused.contains(status)).count(), 49, "{answers:?}");
}

/// Case T60 in its first form: the process ends right after the reply, without closing anything.
#[tokio::test]
async fn t60_a_used_code_stays_used_whatever_happens() {
    let lab = Lab::new();
    let api = lab.open().await;
    api.add("ann").await;
    let ann = lab.operator("ann");
    let token = api.token(&ann, "ann").await;
    let made = api.offered(&ann, &token).await;
    let waiting = api.offered(&ann, &token).await;
    assert_eq!(api.join(&code_of(&made), "192.0.2.1").await.status, StatusCode::OK);
    // What is on the disk at this instant, as a machine that lost its power would find it.
    let copy = lab.folder_copy();
    let after = copy.open().await;
    assert_eq!(after.join(&code_of(&made), "192.0.2.2").await.error(), "no_such_code");
    assert_eq!(after.join(&code_of(&waiting), "192.0.2.2").await.status, StatusCode::OK);
}

#[tokio::test]
async fn codes_differ_and_end_after_ten_minutes() {
    let lab = Lab::new();
    let api = lab.open().await;
    api.add("ann").await;
    let ann = lab.operator("ann");
    let token = api.token(&ann, "ann").await;
    let mut drawn = BTreeSet::new();
    for _ in 0..20 {
        let made = api.offered(&ann, &token).await;
        assert_eq!(made["expires_ms"].as_i64().unwrap() - lab.clock.now_ms(), 10 * MINUTE);
        drawn.insert(code_of(&made));
        lab.clock.advance(10 * MINUTE - 1);
        let last_moment = api.offered(&ann, &token).await;
        drawn.insert(code_of(&last_moment));
        let reply = api.join(&code_of(&made), "192.0.2.1").await;
        assert_eq!(reply.status, StatusCode::OK, "one millisecond before its end");
        lab.clock.advance(10 * MINUTE);
        assert_eq!(api.join(&code_of(&last_moment), "192.0.2.1").await.error(), "no_such_code");
    }
    assert_eq!(drawn.len(), 40);
}
