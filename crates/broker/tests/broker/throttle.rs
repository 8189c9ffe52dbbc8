//! Wrong codes: who is still answered, and when.

use axum::body::Body;
use axum::http::{Method, StatusCode, header};
use serde_json::json;

use crate::lab::{Api, HOUR, Lab, MINUTE, Operator, code_of, json_request, other_code};

async fn with_code(lab: &Lab) -> (Api, Operator, String, String) {
    let api = lab.open().await;
    api.add("ann").await;
    let ann = lab.operator("ann");
    let token = api.token(&ann, "ann").await;
    let code = code_of(&api.offered(&ann, &token).await);
    (api, ann, token, code)
}

#[tokio::test]
async fn five_wrong_codes_and_the_source_waits_even_with_the_right_one() {
    let lab = Lab::new();
    let (api, _, _, code) = with_code(&lab).await;
    let wrong = other_code(&code, 1);
    for _ in 0..5 {
        assert_eq!(api.join(&wrong, "192.0.2.1").await.error(), "no_such_code");
    }
    let refused = api.join(&wrong, "192.0.2.1").await;
    assert_eq!(refused.status, StatusCode::TOO_MANY_REQUESTS);
    assert_eq!(refused.error(), "too_many_attempts");
    assert_eq!(refused.headers[header::RETRY_AFTER], "121");
    let right = api.join(&code, "192.0.2.1").await;
    assert_eq!((right.status, right.body), (refused.status, refused.body), "no hint that it is right");
    assert_eq!(api.join("12345", "192.0.2.1").await.error(), "bad_request", "not a guess, not a secret");
    lab.clock.advance(2 * MINUTE);
    assert_eq!(api.join(&code, "192.0.2.1").await.status, StatusCode::OK);
    assert_eq!(api.join(&wrong, "192.0.2.1").await.error(), "no_such_code");
    assert_eq!(api.join(&wrong, "192.0.2.1").await.error(), "too_many_attempts", "success clears nothing");
}

#[tokio::test]
async fn a_restart_forgives_no_wrong_code() {
    let lab = Lab::new();
    let (api, _, _, code) = with_code(&lab).await;
    let wrong = other_code(&code, 1);
    for _ in 0..5 {
        api.join(&wrong, "2001:db8:1:2::3").await;
    }
    api.broker.close().await;
    let again = lab.open().await;
    assert_eq!(again.join(&wrong, "2001:db8:1:2::4").await.error(), "too_many_attempts", "the same /64");
    assert_eq!(again.join(&code, "2001:db8:9::1").await.status, StatusCode::OK);
}

/// Case T07 over the API: more sources than the budget has tokens, each with one wrong code.
#[tokio::test]
async fn t07_customers_get_through_while_a_botnet_guesses() {
    let lab = Lab::new();
    let (api, _, _, code) = with_code(&lab).await;
    let wrong = other_code(&code, 1);
    let source = |number: u32| format!("10.{}.{}.1", number / 256, number % 256);
    for number in 0..80 {
        assert_eq!(api.join(&wrong, &source(number)).await.error(), "no_such_code", "fresh source {number}");
    }
    for number in 0..80 {
        let again = api.join(&wrong, &source(number)).await;
        assert_eq!(again.error(), "too_many_attempts", "source {number} has guessed wrong before");
        assert!(again.headers.contains_key(header::RETRY_AFTER));
    }
    assert_eq!(api.join(&code, "203.0.113.77").await.status, StatusCode::OK, "a customer");
    lab.clock.advance(HOUR);
    assert_eq!(api.join(&wrong, &source(1)).await.error(), "no_such_code", "the budget is back");
}

/// Case T49: only the connection says where a request comes from.
#[tokio::test]
async fn t49_headers_do_not_change_the_source() {
    let lab = Lab::new();
    let (api, _, _, code) = with_code(&lab).await;
    let mut last = String::new();
    for number in 0..6 {
        let body = json!({ "code": other_code(&code, 1) });
        let mut request = json_request(Method::POST, "/api/v1/join", &body, None);
        for name in ["X-Forwarded-For", "X-Real-IP", "Forwarded", "CF-Connecting-IP"] {
            let value = format!("198.51.100.{number}");
            request.headers_mut().insert(header::HeaderName::try_from(name).unwrap(), value.parse().unwrap());
        }
        last = api.send(request, "192.0.2.1".parse().unwrap(), Vec::new()).await.error();
    }
    assert_eq!(last, "too_many_attempts");
}

/// Guesses at the same time cannot all slip through the last token.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn concurrent_guesses_are_counted_one_by_one() {
    let lab = Lab::new();
    let (api, _, _, code) = with_code(&lab).await;
    let guesses = (0..40).map(|_| {
        let (api, wrong) = (api.clone(), other_code(&code, 1));
        tokio::spawn(async move { api.join(&wrong, "192.0.2.1").await.error() })
    });
    let mut answered = 0;
    for guess in guesses.collect::<Vec<_>>() {
        answered += usize::from(guess.await.unwrap() == "no_such_code");
    }
    assert_eq!(answered, 5);
}

#[tokio::test]
async fn a_request_without_a_connection_is_not_served() {
    let lab = Lab::new();
    let api = lab.open().await;
    let request = json_request(Method::POST, "/api/v1/join", &json!({ "code": "123456" }), None);
    let reply = tower::ServiceExt::<axum::http::Request<Body>>::oneshot(api.router.clone(), request).await;
    assert_eq!(reply.unwrap().status(), StatusCode::SERVICE_UNAVAILABLE);
}
