//! Strings that other programs have run, printed or believed.

use std::io::Write;
use std::sync::{Arc, Mutex};

use axum::http::{Method, StatusCode, header};
use serde_json::{Value, json};

use crate::lab::{Lab, PASSWORD, code_of, json_request};

const STRINGS: [&str; 24] = [
    "' OR '1'='1",
    "'; DROP TABLE accounts; --",
    "\"; DELETE FROM sessions; --",
    "ann'--",
    "ann\0",
    "$(touch /tmp/owned)",
    "`id`",
    "; shutdown -h now",
    "| cat /etc/passwd",
    "../../../../etc/passwd",
    "*)(uid=*",
    "cn=admin,dc=example",
    "ann\r\nSet-Cookie: a=b",
    "\u{202e}nna",
    "<script>alert(1)</script>",
    "{{7*7}}",
    "${jndi:ldap://x}",
    "%s%s%s%n",
    "%00",
    "=1+1",
    "\u{feff}ann",
    "ａｎｎ",
    "$1",
    "",
];

/// What is logged in this thread.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Log {
    fn text(&self) -> String {
        String::from_utf8(self.0.lock().unwrap().clone()).unwrap()
    }
}

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

/// Case T40: every string in every field. Nothing is believed, nothing breaks, what is stored stays.
#[tokio::test]
async fn t40_strings_in_every_field_do_nothing() {
    let lab = Lab::new();
    let api = lab.open().await;
    api.add("ann").await;
    let ann = lab.operator("ann");
    let token = api.token(&ann, "ann").await;
    let made = api.offered(&ann, &token).await;
    let log = Log::default();
    let writer = log.clone();
    let subscriber = tracing_subscriber::fmt()
        .json()
        .with_max_level(tracing::Level::TRACE)
        .with_writer(move || writer.clone());
    let guard = tracing::subscriber::set_default(subscriber.finish());
    for text in STRINGS {
        let user = api.login(&ann, text, PASSWORD, "192.0.2.1").await;
        assert_eq!(user.error(), "wrong_certificate", "user {text:?}");
        let code = api.join(text, "192.0.2.2").await;
        assert_eq!(code.error(), "bad_request", "code {text:?}");
        let offer = api.offer(&made, &json!({ "offer": text }), (&ann, &token)).await;
        assert_eq!(offer.error(), "bad_request", "offer {text:?}");
        for body in [json!({ "code": "123456", text: 1 }), json!({ text: text }), json!(text), json!([text])]
        {
            let reply = api.post("/api/v1/join", &body, "192.0.2.3", Vec::new()).await;
            assert_eq!(reply.error(), "bad_request", "field {text:?}");
        }
        let id: String = text.bytes().map(|byte| format!("%{byte:02x}")).collect();
        let path = format!("/api/v1/sessions/{id}");
        let session = api.call(Method::DELETE, &path, &Value::Null, (&ann, &token)).await;
        assert_eq!(session.status, StatusCode::NOT_FOUND, "session {text:?}");
        let mut request = json_request(Method::POST, "/api/v1/sessions", &Value::Null, None);
        if let Ok(value) = header::HeaderValue::from_bytes(format!("Bearer {text}").as_bytes()) {
            request.headers_mut().insert(header::AUTHORIZATION, value);
        }
        let reply = api.send(request, "192.0.2.4".parse().unwrap(), ann.chain()).await;
        assert_eq!(reply.error(), "not_logged_in", "token {text:?}");
    }
    drop(guard);
    let text = log.text();
    assert!(text.contains("log-in with another's certificate"), "the log was listened to");
    for line in text.lines() {
        assert!(serde_json::from_str::<Value>(line).is_ok(), "one line, one entry: {line}");
        assert!(!line.contains('\u{202e}'), "{line}");
    }
    assert_eq!(api.broker.accounts().list().await.unwrap().len(), 1);
    assert_eq!(api.join(&code_of(&made), "192.0.2.9").await.status, StatusCode::OK, "the canary lives");
}

/// Case T40, passwords: whatever a password is made of, it is the password and nothing else is.
#[tokio::test]
async fn t40_strings_as_passwords_are_only_passwords() {
    let lab = Lab::new();
    let api = lab.open().await;
    api.add("ann").await;
    let ann = lab.operator("ann");
    for text in ["' OR '1'='1' --", "*)(uid=*))(|(uid=*", "", "\0\0\0\0\0\0\0\0\0\0"] {
        assert_eq!(api.login(&ann, "ann", text, "192.0.2.1").await.error(), "login_failed", "{text:?}");
        lab.clock.advance(3_600_000);
    }
    let odd = "'; DROP TABLE accounts; --\u{202e}";
    api.broker.accounts().passwd("ann", &deskside_broker::Secret::new(odd.into())).await.unwrap();
    assert_eq!(api.login(&ann, "ann", odd, "192.0.2.1").await.status, StatusCode::OK);
}

/// Case T53 for logs: at the chattiest level there is no password, token or code.
#[tokio::test]
async fn t53_logs_hold_no_secret() {
    let lab = Lab::new();
    let log = Log::default();
    let writer = log.clone();
    let subscriber = tracing_subscriber::fmt()
        .json()
        .with_max_level(tracing::Level::TRACE)
        .with_writer(move || writer.clone());
    let guard = tracing::subscriber::set_default(subscriber.finish());
    let api = lab.open().await;
    api.add("ann").await;
    let ann = lab.operator("ann");
    api.login(&ann, "ann", "a wrong password", "192.0.2.1").await;
    lab.clock.advance(1_000);
    let token = api.token(&ann, "ann").await;
    let made = api.offered(&ann, &token).await;
    let code = code_of(&made);
    let wrong = crate::lab::other_code(&code, 7);
    api.join(&wrong, "192.0.2.1").await;
    api.join(&code, "192.0.2.1").await;
    drop(guard);
    let text = log.text();
    assert!(text.contains("customer joined") && text.contains("wrong code"), "the log was listened to");
    for secret in [PASSWORD, "a wrong password", &token] {
        assert!(!text.contains(secret), "{secret}");
    }
    // Times and ids have digits too, so a code counts only where it stands alone.
    let words = |code: &str| text.split(|c: char| !c.is_ascii_alphanumeric()).any(|word| word == code);
    assert!(!words(&code) && !words(&wrong));
}
