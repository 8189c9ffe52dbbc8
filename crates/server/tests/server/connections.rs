//! Who is served what, by ALPN and certificate, and who is not served at all.

use std::time::{Duration, Instant};

use deskside_proto::{ALPN_API, ALPN_HTTP, ALPN_TUNNEL};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::client::{Said, Tunnel, call, connect, tcp_from};
use crate::lab::{Lab, Running};

const HEALTH: &str = "/api/v1/health";

async fn health(lab: &Lab, server: &Running, alpn: Option<&[u8]>) -> (u16, String) {
    let stream = connect(lab, server, alpn, None).await.unwrap();
    let (status, body) = call(stream, "GET", HEALTH, "", "").await.unwrap();
    (status, body["status"].as_str().unwrap_or_default().to_owned())
}

#[tokio::test]
async fn browsers_and_customers_are_served_without_certificate() {
    let lab = Lab::new();
    let server = lab.start();
    assert_eq!(health(&lab, &server, Some(ALPN_HTTP)).await, (200, "ok".to_owned()));
    assert_eq!(health(&lab, &server, None).await, (200, "ok".to_owned()));
}

#[tokio::test]
async fn the_operators_api_wants_a_certificate() {
    let lab = Lab::new();
    let server = lab.start();
    let operator = lab.operator("anna");
    let stream = connect(&lab, &server, Some(ALPN_API), Some(&operator)).await.unwrap();
    assert_eq!(call(stream, "GET", HEALTH, "", "").await.unwrap().0, 200);

    // In TLS 1.3 the client has finished when the server says that a certificate is missing.
    let refused = match connect(&lab, &server, Some(ALPN_API), None).await {
        Ok(stream) => call(stream, "GET", HEALTH, "", "").await.unwrap_err(),
        Err(error) => error,
    };
    assert!(refused.to_string().contains("CertificateRequired"), "{refused}");
}

#[tokio::test]
async fn an_operators_certificate_gives_nothing_where_none_is_asked_for() {
    let lab = Lab::new();
    let server = lab.start();
    let operator = lab.operator("anna");
    let login = r#"{"user": "anna", "password": "correct horse battery"}"#;
    assert!(lab.finish(&["user", "add", "anna"], "correct horse battery\n").status.success());
    let stream = connect(&lab, &server, Some(ALPN_HTTP), Some(&operator)).await.unwrap();
    let (status, body) = call(stream, "POST", "/api/v1/login", "", login).await.unwrap();
    assert!((400..500).contains(&status), "{status} {body}");
    let stream = connect(&lab, &server, Some(ALPN_API), Some(&operator)).await.unwrap();
    assert_eq!(call(stream, "POST", "/api/v1/login", "", login).await.unwrap().0, 200);
}

#[tokio::test]
async fn t04_unknown_protocols_and_clear_text_are_refused() {
    let lab = Lab::new();
    let server = lab.start();
    for alpn in [&b"h2"[..], b"deskside-tunnel/2", b"deskside/1", b"deskside-api/10"] {
        let refused = connect(&lab, &server, Some(alpn), None).await.unwrap_err();
        assert!(refused.to_string().contains("NoApplicationProtocol"), "{refused}");
    }
    let mut clear = TcpStream::connect(server.address).await.unwrap();
    clear.write_all(b"GET /api/v1/health HTTP/1.1\r\nhost: localhost\r\n\r\n").await.unwrap();
    let mut answer = Vec::new();
    clear.read_to_end(&mut answer).await.unwrap();
    assert!(answer.len() <= 16 && !answer.starts_with(b"HTTP"), "{answer:?}");
}

#[tokio::test]
async fn a_tunnel_without_a_good_ticket_is_refused() {
    let lab = Lab::new();
    let server = lab.start();
    let mut tunnel = Tunnel::open(&lab, &server, b"not a ticket").await;
    assert_eq!(tunnel.next().await, Some(Said::Refused(deskside_proto::tunnel::Refusal::Ticket)));
    assert_eq!(tunnel.next().await, None);
    let mut http = connect(&lab, &server, Some(ALPN_TUNNEL), None).await.unwrap();
    http.write_all(b"GET / HTTP/1.1\r\n\r\n").await.unwrap();
    let mut answer = Vec::new();
    http.read_to_end(&mut answer).await.unwrap();
    assert_eq!(answer, [0, 2, 3, 4], "a refusal for breaking the rules");
    let (_, log, _) = server.end_by("-TERM");
    assert_eq!(log.matches("leg refused").count(), 2, "{log}");
}

/// 500 silent connections of one source: all but its share are closed at once, the rest after ten seconds,
/// and others are served all the while.
#[tokio::test]
async fn t65_silent_connections_do_not_keep_others_out() {
    let lab = Lab::new();
    let server = lab.start();
    let started = Instant::now();
    let mut silent = Vec::new();
    for _ in 0..500 {
        silent.push(tcp_from([127, 0, 0, 2], server.address).await);
    }
    let mut slowest = Duration::ZERO;
    for _ in 0..20 {
        let asked = Instant::now();
        assert_eq!(health(&lab, &server, Some(ALPN_HTTP)).await.0, 200);
        slowest = slowest.max(asked.elapsed());
    }
    assert!(slowest < Duration::from_secs(2), "{slowest:?}");
    let mut at_once = 0;
    for mut connection in silent.into_iter().rev() {
        // A reset is an end as well.
        if let Ok(read) = connection.read(&mut [0; 64]).await {
            assert_eq!(read, 0, "nothing is said to the silent");
        }
        at_once += u32::from(started.elapsed() < Duration::from_secs(8));
    }
    let took = started.elapsed();
    assert!(took >= Duration::from_secs(8) && took < Duration::from_secs(20), "{took:?}");
    assert_eq!(at_once, 500 - 64, "all but one source's share are closed at once");
}
