//! HTTP itself: bodies, methods, addresses, headers.

use axum::body::Body;
use axum::http::{Method, Request, StatusCode, header};
use serde_json::{Value, json};

use crate::lab::{Api, Lab, Reply, json_request};

async fn raw(api: &Api, kind: &str, body: impl Into<Body>) -> Reply {
    let request = Request::post("/api/v1/join").header(header::CONTENT_TYPE, kind).body(body.into());
    api.send(request.unwrap(), "192.0.2.1".parse().unwrap(), Vec::new()).await
}

fn message(reply: &Reply) -> String {
    assert_eq!((reply.status, reply.error().as_str()), (StatusCode::BAD_REQUEST, "bad_request"));
    reply.json()["message"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn bodies_that_are_not_understood_are_told_why() {
    let lab = Lab::new();
    let api = lab.open().await;
    let post = async |body: &str| message(&raw(&api, "application/json", body.to_owned()).await);
    assert!(post(r#"{"code":"123456","extra":1}"#).await.contains("unknown field `extra`"));
    assert!(post(r#"{"kode":"123456"}"#).await.contains("unknown field `kode`"));
    assert!(post("{}").await.contains("missing field `code`"));
    assert!(post(r#"{"code":"1","code":"2"}"#).await.contains("duplicate field `code`"));
    assert!(post("{").await.contains("not JSON"));
    assert!(post("").await.contains("not JSON"));
    assert!(post(r#"{"code":"12345"}"#).await.contains("six digits"));
    assert!(post(r#"{"code":"12345a"}"#).await.contains("six digits"));
    let wrong_type = post(r#"{"code":987654}"#).await;
    assert!(wrong_type.contains("wrong type") && !wrong_type.contains("987654"), "{wrong_type}");
    let bidi = post("{\"\u{202e}edoc\\n\":1}").await;
    assert!(bidi.contains("\\u{202e}") && !bidi.contains('\u{202e}') && !bidi.contains('\n'), "{bidi}");
    assert!(message(&raw(&api, "text/plain", r#"{"code":"123456"}"#).await).contains("Content-Type"));
    let utf8 = raw(&api, "application/json; charset=utf-8", r#"{"code":"123456"}"#).await;
    assert_eq!(utf8.error(), "no_such_code");
    let invalid = raw(&api, "application/json", &b"{\"code\":\"\xff\xff\"}"[..]).await;
    assert_eq!(invalid.status, StatusCode::BAD_REQUEST);
}

#[tokio::test]
async fn too_long_bodies_are_refused() {
    let lab = Lab::new();
    let api = lab.open().await;
    let body = format!("{{\"code\":\"{}\"}}", "1".repeat(256 * 1024));
    let reply = raw(&api, "application/json", body).await;
    assert_eq!((reply.status, reply.error()), (StatusCode::PAYLOAD_TOO_LARGE, "bad_request".to_owned()));
    let nested = format!("{}{}", "[".repeat(100_000), "]".repeat(100_000));
    assert_eq!(raw(&api, "application/json", nested).await.status, StatusCode::BAD_REQUEST);
}

#[tokio::test]
async fn t39_other_addresses_and_methods_are_refused_as_json() {
    let lab = Lab::new();
    let api = lab.open().await;
    let get = async |method: Method, path: &str| {
        let request = json_request(method, path, &Value::Null, None);
        api.send(request, "192.0.2.1".parse().unwrap(), Vec::new()).await
    };
    let paths = [
        "/",
        "/api",
        "/api/v1",
        "/api/v1/",
        "/api/v1/login/",
        "/API/v1/login",
        "/api/v1//login",
        "/api/v2/login",
        "/api/v1/../v1/login",
        "/api/v1/%6cogin",
        "/api/v1/sessions/",
        "/api/v1/sessions/a/b",
        "/health",
        "/api/v1/login;x",
        "/api/v1/sessions/a/offer/",
        "/.env",
        "//api/v1/login",
    ];
    for path in paths {
        let reply = get(Method::POST, path).await;
        assert_eq!((reply.status, reply.error().as_str()), (StatusCode::NOT_FOUND, "not_found"), "{path}");
    }
    for (method, path) in [
        (Method::GET, "/api/v1/login"),
        (Method::DELETE, "/api/v1/join"),
        (Method::POST, "/api/v1/health"),
        (Method::PATCH, "/api/v1/sessions"),
    ] {
        let reply = get(method, path).await;
        assert_eq!((reply.status, reply.error().as_str()), (StatusCode::METHOD_NOT_ALLOWED, "bad_request"));
        assert!(reply.headers.contains_key(header::ALLOW), "{path}");
    }
    for path in ["/api/v1/logout", "/api/v1/sessions"] {
        let reply = get(Method::POST, path).await;
        assert_eq!(reply.error(), "wrong_certificate", "{path} without certificate and token");
    }
}

#[tokio::test]
async fn every_reply_has_the_headers() {
    let lab = Lab::new();
    let api = lab.open().await;
    for path in ["/api/v1/health", "/api/v1/openapi.json", "/nothing", "/api/v1/login"] {
        let request = json_request(Method::GET, path, &Value::Null, None);
        let reply = api.send(request, "192.0.2.1".parse().unwrap(), Vec::new()).await;
        assert_eq!(reply.headers[header::CACHE_CONTROL], "no-store", "{path}");
        assert_eq!(reply.headers[header::X_CONTENT_TYPE_OPTIONS], "nosniff");
        assert!(
            reply.headers[header::CONTENT_SECURITY_POLICY].to_str().unwrap().contains("default-src 'none'")
        );
        assert_eq!(reply.headers[header::CONTENT_TYPE], "application/json");
        if path.starts_with("/api/v1/") && path != "/api/v1/login" {
            assert_eq!(reply.status, StatusCode::OK, "{path}");
        }
    }
}

#[tokio::test]
async fn two_brokers_live_in_one_process() {
    let (one, two) = (Lab::new(), Lab::new());
    let (first, second) = (one.open().await, two.open().await);
    first.add("ann").await;
    assert_eq!(second.broker.accounts().list().await.unwrap(), []);
    let ann = one.operator("ann");
    let token = first.token(&ann, "ann").await;
    let made = first.offered(&ann, &token).await;
    assert_eq!(second.join(made["code"].as_str().unwrap(), "192.0.2.1").await.error(), "no_such_code");
    let body = json!({ "code": made["code"] });
    let joined = first.post("/api/v1/join", &body, "192.0.2.1", Vec::new()).await;
    assert_eq!(joined.status, StatusCode::OK);
}
