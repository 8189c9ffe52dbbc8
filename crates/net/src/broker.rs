//! The broker's HTTP API, as its clients use it.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use deskside_proto::api::{BASE, ErrorCode, ErrorReply, MAX_BODY};
use deskside_trust::BrokerAddress;
use http::{Method, Request, StatusCode, header};
use http_body_util::{BodyExt, Full, Limited};
use hyper_util::rt::TokioIo;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::Problem;
use crate::leg::connect_tls;

/// How long one call may take once connected.
const CALL: Duration = Duration::from_secs(20);

/// Makes calls, each over a connection of its own: calls are rare, and nothing is kept open.
pub(crate) struct Broker {
    addresses: Vec<BrokerAddress>,
    tls: Arc<rustls::ClientConfig>,
}

/// A call that did not give what was wanted.
#[derive(Debug)]
pub(crate) struct CallError {
    /// The broker's own reason, if it answered.
    pub(crate) code: Option<ErrorCode>,
    pub(crate) problem: Problem,
}

impl From<Problem> for CallError {
    fn from(problem: Problem) -> Self {
        Self { code: None, problem }
    }
}

impl Broker {
    pub(crate) fn new(addresses: Vec<BrokerAddress>, tls: Arc<rustls::ClientConfig>) -> Self {
        Self { addresses, tls }
    }

    /// Makes a call; brokers are tried in turn until one can be reached.
    pub(crate) async fn call<Q: Serialize, R: DeserializeOwned>(
        &self,
        method: Method,
        path: &str,
        token: Option<&str>,
        body: Option<&Q>,
    ) -> Result<R, CallError> {
        let body = match body {
            Some(body) => serde_json::to_vec(body).map_err(|e| Problem::Internal(e.to_string()))?,
            None => Vec::new(),
        };
        let body = Bytes::from(body);
        let mut last = Problem::Internal("the packet names no server".into());
        for address in &self.addresses {
            match connect_tls(&address.host, address.port, Arc::clone(&self.tls)).await {
                Ok((tls, _)) => {
                    let server = format!("{}:{}", address.host, address.port);
                    let request = request(&method, path, &server, token, body)?;
                    let call = tokio::time::timeout(CALL, exchange(tls, request));
                    let failed = |cause: String| Problem::Unreachable { server: server.clone(), cause };
                    let (status, reply) = call
                        .await
                        .map_err(|_| failed("it did not answer in time".into()))?
                        .map_err(failed)?;
                    return read_reply(status, &reply);
                }
                Err(problem) => last = problem,
            }
        }
        Err(last.into())
    }
}

fn request(
    method: &Method,
    path: &str,
    server: &str,
    token: Option<&str>,
    body: Bytes,
) -> Result<Request<Full<Bytes>>, Problem> {
    let mut request = Request::builder()
        .method(method)
        .uri(format!("{BASE}{path}"))
        .header(header::HOST, server)
        .header(header::CONTENT_TYPE, "application/json");
    if let Some(token) = token {
        request = request.header(header::AUTHORIZATION, format!("Bearer {token}"));
    }
    request.body(Full::new(body)).map_err(|e| Problem::Internal(e.to_string()))
}

async fn exchange(
    tls: tokio_rustls::client::TlsStream<tokio::net::TcpStream>,
    request: Request<Full<Bytes>>,
) -> Result<(StatusCode, Bytes), String> {
    let (mut sender, connection) =
        hyper::client::conn::http1::handshake(TokioIo::new(tls)).await.map_err(|e| e.to_string())?;
    let driver = tokio::spawn(connection);
    let exchanged = async {
        let reply = sender.send_request(request).await.map_err(|e| e.to_string())?;
        let status = reply.status();
        let body = Limited::new(reply.into_body(), MAX_BODY).collect().await.map_err(|e| e.to_string())?;
        Ok((status, body.to_bytes()))
    }
    .await;
    driver.abort();
    exchanged
}

fn read_reply<R: DeserializeOwned>(status: StatusCode, body: &[u8]) -> Result<R, CallError> {
    if status.is_success() {
        // A reply without a body is read as JSON's null, for calls that give nothing.
        let body = if body.is_empty() { b"null" } else { body };
        return serde_json::from_slice(body)
            // Not in serde's words, which repeat what the server wrote.
            .map_err(|e| {
                let (line, column) = (e.line(), e.column());
                let what = format!("the server's reply cannot be read (line {line}, column {column})");
                Problem::Internal(what).into()
            });
    }
    match serde_json::from_slice::<ErrorReply>(body) {
        Ok(reply) => Err(CallError { code: Some(reply.error), problem: Problem::Refused(reply.message) }),
        Err(_) => Err(Problem::Refused(format!(
            "The server answered with an error ({status}). Try again; if it happens again, tell whoever runs the server."
        ))
        .into()),
    }
}
