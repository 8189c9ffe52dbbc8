//! The life of a session, from the account to the customer's tickets.

use axum::http::{Method, StatusCode};
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use deskside_broker::Clock as _;
use deskside_proto::{Code, Role};
use deskside_trust::{Crl, Offer};
use serde_json::Value;

use crate::lab::{HOUR, Lab, MINUTE, PASSWORD, code_of, other_code};

#[tokio::test]
async fn a_whole_life() {
    let lab = Lab::new();
    let api = lab.open().await;
    api.add("ann").await;
    let ann = lab.operator("ann");
    let token = api.token(&ann, "ann").await;
    let made = api.session(&ann, &token).await;
    assert_eq!(made["expires_ms"].as_i64().unwrap(), lab.clock.now_ms() + 10 * MINUTE);
    let relays = made["relays"].as_array().unwrap();
    assert_eq!(relays.len(), 2);
    for relay in relays {
        let ticket = lab.ticket(relay["relay"].as_str().unwrap(), &relay["ticket"]);
        assert_eq!(ticket.role, Role::Operator);
        assert_eq!(ticket.session.to_string(), made["session"]);
    }
    let code = code_of(&made);
    assert_eq!(api.join(&code, "192.0.2.1").await.error(), "no_such_code", "no offer yet");
    let offer = ann.offer_with(&made, |_| ());
    assert_eq!(api.offer(&made, &offer, (&ann, &token)).await.status, StatusCode::NO_CONTENT);

    let reply = api.join(&format!("{} {}", &code[..3], &code[3..]), "192.0.2.1").await;
    assert_eq!(reply.status, StatusCode::OK, "{:?}", reply.json());
    let reply = reply.json();
    let crl = Crl::parse(&BASE64_STANDARD.decode(reply["crl"].as_str().unwrap()).unwrap()).unwrap();
    let bytes = BASE64_STANDARD.decode(reply["offer"].as_str().unwrap()).unwrap();
    let typed = Code::parse(&code).unwrap();
    let offer = Offer::verify(&bytes, &typed, &lab.packet, &crl, lab.clock.unix()).unwrap();
    assert_eq!(offer.identity().account, "ann");
    for (relay, address) in reply["relays"].as_array().unwrap().iter().zip(&offer.body().relays) {
        let ticket = lab.ticket(&address.relay, &relay["ticket"]);
        assert_eq!((ticket.role, ticket.session), (Role::Customer, offer.body().session));
        assert_eq!(relay["host"], address.host);
        assert_eq!(relay["port"], address.port);
    }
    assert_eq!(api.join(&code, "192.0.2.1").await.error(), "no_such_code", "a code works once");
    assert_eq!(api.cancel(&made, (&ann, &token)).await.status, StatusCode::NO_CONTENT);

    let logout = api.call(Method::POST, "/api/v1/logout", &Value::Null, (&ann, &token)).await;
    assert_eq!(logout.status, StatusCode::NO_CONTENT);
    let after = api.call(Method::POST, "/api/v1/sessions", &Value::Null, (&ann, &token)).await;
    assert_eq!(after.error(), "not_logged_in");
}

#[tokio::test]
async fn an_operator_has_two_codes_alive_at_most() {
    let lab = Lab::new();
    let api = lab.open().await;
    api.add("ann").await;
    let ann = lab.operator("ann");
    let token = api.token(&ann, "ann").await;
    let first = api.session(&ann, &token).await;
    let second = api.offered(&ann, &token).await;
    let ask = || api.call(Method::POST, "/api/v1/sessions", &Value::Null, (&ann, &token));
    let third = ask().await;
    assert_eq!((third.status, third.error()), (StatusCode::CONFLICT, "too_many_sessions".to_owned()));
    assert_eq!(api.cancel(&first, (&ann, &token)).await.status, StatusCode::NO_CONTENT);
    assert_eq!(api.cancel(&first, (&ann, &token)).await.error(), "no_such_session", "it has ended");
    assert_eq!(ask().await.status, StatusCode::OK, "a cancelled code makes room");
    assert_eq!(api.join(&code_of(&second), "192.0.2.1").await.status, StatusCode::OK);
    assert_eq!(ask().await.status, StatusCode::OK, "a used code makes room");
    lab.clock.advance(10 * MINUTE);
    assert_eq!(ask().await.status, StatusCode::OK, "an expired code makes room");
}

#[tokio::test]
async fn t48_sessions_of_others_do_not_exist() {
    let lab = Lab::new();
    let api = lab.open().await;
    api.add("ann").await;
    api.add("bob").await;
    let (ann, bob) = (lab.operator("ann"), lab.operator("bob"));
    let (anns, bobs) = (api.token(&ann, "ann").await, api.token(&bob, "bob").await);
    let made = api.session(&ann, &anns).await;
    let offer = bob.offer_with(&made, |_| ());
    let foreign = api.offer(&made, &offer, (&bob, &bobs)).await;
    let cancel = api.cancel(&made, (&bob, &bobs)).await;
    let path = "/api/v1/sessions/00000000000000000000000000000000";
    let missing = api.call(Method::DELETE, path, &Value::Null, (&bob, &bobs)).await;
    assert_eq!(missing.error(), "no_such_session");
    assert_eq!((&foreign.status, &foreign.body), (&missing.status, &missing.body));
    assert_eq!(cancel, missing, "no hint that it exists");
    let stolen = api.call(Method::DELETE, path, &Value::Null, (&bob, &anns)).await;
    assert_eq!(stolen.error(), "not_logged_in", "a token is good with its own certificate only");
}

#[tokio::test]
async fn an_offer_that_does_not_fit_is_refused_and_the_code_does_not_work() {
    let lab = Lab::new();
    let api = lab.open().await;
    api.add("ann").await;
    let (ann, twin) = (lab.operator("ann"), lab.operator("ann"));
    let token = api.token(&ann, "ann").await;
    let made = api.session(&ann, &token).await;
    let offers = [
        ("another session", ann.offer_with(&made, |body| body.session.0[0] ^= 1)),
        ("another expiry", ann.offer_with(&made, |body| body.expires_ms += 1)),
        ("another relay", ann.offer_with(&made, |body| body.relays[0].host = "evil.example".into())),
        ("another port", ann.offer_with(&made, |body| body.relays[1].port = 1)),
        ("another certificate", twin.offer_with(&made, |_| ())),
        ("not Base64", serde_json::json!({ "offer": "%%%" })),
        ("not an offer", serde_json::json!({ "offer": "AAAA" })),
        ("too long", serde_json::json!({ "offer": "A".repeat(64 * 1024) })),
    ];
    for (what, offer) in offers {
        let reply = api.offer(&made, &offer, (&ann, &token)).await;
        assert_eq!(
            (reply.status, reply.error().as_str()),
            (StatusCode::BAD_REQUEST, "bad_request"),
            "{what}"
        );
    }
    assert_eq!(api.join(&code_of(&made), "192.0.2.1").await.error(), "no_such_code");
    let good = ann.offer_with(&made, |_| ());
    lab.clock.advance(10 * MINUTE);
    assert_eq!(api.offer(&made, &good, (&ann, &token)).await.error(), "no_such_session", "too late");
}

/// Cases T05 and T09 for the database: no code, token or password lies in it.
#[tokio::test]
async fn t09_the_database_holds_no_secret_in_the_clear() {
    let lab = Lab::new();
    let api = lab.open().await;
    api.add("ann").await;
    let ann = lab.operator("ann");
    let token = api.token(&ann, "ann").await;
    let made = api.offered(&ann, &token).await;
    let wrong = other_code(&code_of(&made), 1);
    api.join(&wrong, "192.0.2.1").await;
    api.login(&ann, "ann", "a wrong password", "192.0.2.1").await;
    api.broker.close().await;
    let bytes = std::fs::read(lab.database()).unwrap();
    let holds = |text: &str| bytes.windows(text.len()).any(|window| window == text.as_bytes());
    assert!(holds("ann") && holds(made["session"].as_str().unwrap()), "the search finds what is there");
    for secret in [PASSWORD, "a wrong password", &token, &code_of(&made), &wrong] {
        assert!(!holds(secret), "{secret}");
    }
    let mode =
        std::os::unix::fs::PermissionsExt::mode(&std::fs::metadata(lab.database()).unwrap().permissions());
    assert_eq!(mode & 0o777, 0o600);
}

#[tokio::test]
async fn the_revocation_list_is_read_again_when_it_changes() {
    let lab = Lab::new();
    let api = lab.open().await;
    api.add("ann").await;
    let ann = lab.operator("ann");
    let token = api.token(&ann, "ann").await;
    let number = async || {
        let made = api.offered(&ann, &token).await;
        let reply = api.join(&code_of(&made), "192.0.2.1").await.json();
        let crl = BASE64_STANDARD.decode(reply["crl"].as_str().unwrap()).unwrap();
        Crl::parse(&crl).unwrap().number()
    };
    assert_eq!(number().await, 1);
    let old = std::fs::read(lab.crl()).unwrap();
    lab.clock.advance(HOUR);
    lab.write_crl(&[]);
    assert_eq!(number().await, 2);
    std::fs::write(lab.crl(), b"half a file").unwrap();
    assert_eq!(number().await, 2, "a damaged file does not replace a good list");
    std::fs::write(lab.crl(), old).unwrap();
    assert_eq!(number().await, 2, "an older list does not replace a newer one");
    lab.write_crl(&[]);
    assert_eq!(number().await, 3);
}

#[tokio::test]
async fn a_missing_list_stops_no_join_but_is_told() {
    let lab = Lab::new();
    let api = lab.open().await;
    api.add("ann").await;
    let ann = lab.operator("ann");
    let token = api.token(&ann, "ann").await;
    let made = api.offered(&ann, &token).await;
    std::fs::remove_file(lab.crl()).unwrap();
    api.broker.close().await;
    let again = lab.open().await;
    let health = again.call(Method::GET, "/api/v1/health", &Value::Null, (&ann, &token)).await;
    assert_eq!(health.status, StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(health.json()["status"], "the revocation list is missing");
    let joined = again.join(&code_of(&made), "192.0.2.1").await;
    assert_eq!(joined.status, StatusCode::OK, "the customer's program judges, not the broker");
    assert_eq!(joined.json()["crl"], "");
}
