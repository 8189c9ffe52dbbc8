//! Programs' ends of connections to the server.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use deskside_proto::tunnel::{Frame, Refusal};
use deskside_proto::{ALPN_TUNNEL, LegId, Role, SessionId};
use deskside_ticket::{TicketBody, TicketSigner};
use deskside_trust::Signer;
use deskside_trust::tls::hop_config;
use rustls_pki_types::ServerName;
use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpSocket, TcpStream};
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

use crate::lab::{Lab, Running};

pub(crate) type Stream = TlsStream<TcpStream>;

/// A TLS connection that offers one protocol, or none.
pub(crate) async fn connect(
    lab: &Lab,
    server: &Running,
    alpn: Option<&[u8]>,
    operator: Option<&Signer>,
) -> std::io::Result<Stream> {
    let mut config = hop_config(lab.anchor(), alpn.unwrap_or_default(), operator).unwrap();
    if alpn.is_none() {
        config.alpn_protocols.clear();
    }
    let tcp = TcpStream::connect(server.address).await?;
    let name = ServerName::try_from("localhost").unwrap();
    TlsConnector::from(Arc::new(config)).connect(name, tcp).await
}

/// A connection from another address of this machine.
pub(crate) async fn tcp_from(source: [u8; 4], server: SocketAddr) -> TcpStream {
    let socket = TcpSocket::new_v4().unwrap();
    socket.bind(SocketAddr::new(IpAddr::from(source), 0)).unwrap();
    socket.connect(server).await.unwrap()
}

/// One HTTP call; gives status and body, `Null` if that is no JSON.
pub(crate) async fn call(
    stream: Stream,
    method: &str,
    path: &str,
    token: &str,
    body: &str,
) -> std::io::Result<(u16, Value)> {
    let mut stream = stream;
    let request = format!(
        "{method} {path} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\
         content-type: application/json\r\nauthorization: Bearer {token}\r\ncontent-length: {}\r\n\r\n{body}",
        body.len()
    );
    stream.write_all(request.as_bytes()).await?;
    let mut reply = String::new();
    stream.read_to_string(&mut reply).await?;
    let status = reply.split(' ').nth(1).unwrap().parse().unwrap();
    let body = reply.split_once("\r\n\r\n").unwrap().1;
    Ok((status, serde_json::from_str(body).unwrap_or_default()))
}

/// What a relay said, owning its bytes.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Said {
    Datagram(Vec<u8>),
    Welcome(LegId, [u8; 32]),
    Refused(Refusal),
    Peer(bool),
}

/// A program's end of a tunnel.
pub(crate) struct Tunnel {
    stream: Stream,
    buffer: Vec<u8>,
}

impl Tunnel {
    pub(crate) async fn open(lab: &Lab, server: &Running, ticket: &[u8]) -> Self {
        let stream = connect(lab, server, Some(ALPN_TUNNEL), None).await.unwrap();
        let mut tunnel = Self { stream, buffer: Vec::new() };
        tunnel.say(&Frame::Ticket(ticket)).await;
        tunnel
    }

    pub(crate) async fn say(&mut self, frame: &Frame<'_>) {
        let mut bytes = Vec::new();
        frame.encode(&mut bytes).unwrap();
        self.stream.write_all(&bytes).await.unwrap();
        self.stream.flush().await.unwrap();
    }

    /// The next frame, or `None` at the end of the stream.
    pub(crate) async fn next(&mut self) -> Option<Said> {
        loop {
            if let Some((frame, used)) = Frame::decode(&self.buffer).unwrap() {
                let said = match frame {
                    Frame::Datagram(datagram) => Said::Datagram(datagram.to_vec()),
                    Frame::Welcome { leg, key } => Said::Welcome(leg, key),
                    Frame::Refused(refusal) => Said::Refused(refusal),
                    Frame::Peer(present) => Said::Peer(present),
                    Frame::Ticket(_) => panic!("a ticket from a relay"),
                };
                self.buffer.drain(..used);
                return Some(said);
            }
            if self.stream.read_buf(&mut self.buffer).await.unwrap() == 0 {
                return None;
            }
        }
    }

    pub(crate) async fn welcome(&mut self) -> (LegId, [u8; 32]) {
        match self.next().await {
            Some(Said::Welcome(leg, key)) => (leg, key),
            other => panic!("{other:?} instead of a welcome"),
        }
    }
}

/// A ticket signed with the server's own key, as its broker would.
pub(crate) fn ticket(lab: &Lab, role: Role, serial: u8) -> Vec<u8> {
    let key = std::fs::read(lab.path("ticket.key")).unwrap();
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_millis();
    let body = TicketBody {
        relay: "relay-1".to_owned(),
        session: SessionId([1; 16]),
        role,
        serial: [serial; 16],
        expires_ms: i64::try_from(now).unwrap() + 60_000,
    };
    TicketSigner::from_pkcs8(&key).unwrap().sign(&body).unwrap()
}
