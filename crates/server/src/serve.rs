//! A connection from its first byte on: TLS, then whatever its ALPN asks for.

use std::future::Future;
use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context;
use axum::Router;
use axum::extract::Request;
use deskside_broker::{CertificateDer, Connection};
use deskside_relay::{Relay, SourceLimit, SourcePermit};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::{Service as _, service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use rustls::server::Acceptor;
use socket2::{SockRef, TcpKeepalive};
use tokio::net::TcpStream;
use tokio::sync::watch;
use tokio::task::{JoinError, JoinSet};
use tokio::time::{sleep, timeout};
use tokio_rustls::LazyConfigAcceptor;
use tokio_rustls::server::TlsStream;
use tracing::{debug, error, warn};

use crate::listen::Ports;
use crate::tls::{Service, TlsConfigs};

/// How long a TLS handshake may take.
const HANDSHAKE: Duration = Duration::from_secs(10);
/// How long an HTTP request's head may take, and how long a connection may wait for the next one.
const HTTP_HEAD: Duration = Duration::from_secs(10);
/// Longest HTTP request head, in bytes.
const MAX_HTTP_HEAD: usize = 16 * 1024;
/// Most HTTP header fields.
const MAX_HTTP_FIELDS: usize = 64;
/// How long requests that are being answered may take when the server stops.
const LAST_REQUESTS: Duration = Duration::from_secs(5);
/// How long nothing is accepted after the system refused a connection, mostly for want of descriptors.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);
/// When a silent connection is asked whether it still lives, and how often; dead ones are noticed in 30 s.
const KEEPALIVE: TcpKeepalive = TcpKeepalive::new()
    .with_time(Duration::from_secs(15))
    .with_interval(Duration::from_secs(5))
    .with_retries(3);

/// Everything that connections share.
pub(crate) struct Server {
    tls: TlsConfigs,
    relay: Relay,
    router: Router,
    /// Handshakes at one time.
    handshakes: SourceLimit,
    /// HTTP connections at one time.
    http: SourceLimit,
}

impl Server {
    pub(crate) fn new(tls: TlsConfigs, relay: Relay, router: Router) -> Self {
        Self {
            tls,
            relay,
            router,
            handshakes: SourceLimit::new(8_192, 64),
            http: SourceLimit::new(4_096, 256),
        }
    }

    /// Serves both ports until `stop` is ready, then lets HTTP requests that are being answered end.
    pub(crate) async fn serve(self, ports: Ports, stop: impl Future<Output = ()>) -> anyhow::Result<()> {
        let Ports { tcp, udp, address } = ports;
        let server = Arc::new(self);
        let (stopping, stopped) = watch::channel(());
        let mut connections = JoinSet::new();
        let relay = server.relay.clone();
        let mut udp_loop = tokio::spawn(async move { relay.serve_udp(udp).await });
        let mut stop = pin!(stop);
        let served = loop {
            tokio::select! {
                accepted = tcp.accept() => match accepted {
                    Ok((stream, peer)) => match server.handshakes.enter(peer.ip()) {
                        Some(place) => {
                            let server = Arc::clone(&server);
                            connections.spawn(server.connection(stream, peer, place, stopped.clone()));
                        }
                        None => debug!(%peer, "too many handshakes of one source"),
                    },
                    Err(error) => {
                        warn!(%error, "no connection accepted");
                        sleep(ACCEPT_PAUSE).await;
                    }
                },
                Some(ended) = connections.join_next(), if !connections.is_empty() => report(ended),
                ended = &mut udp_loop => {
                    break ended.map_err(anyhow::Error::from).and_then(|done| Ok(done?)).with_context(|| {
                        format!("The UDP port {address} has failed")
                    });
                }
                () = &mut stop => break Ok(()),
            }
        };
        drop(tcp);
        udp_loop.abort();
        drop(stopping);
        let last_requests = async {
            while let Some(ended) = connections.join_next().await {
                report(ended);
            }
        };
        if timeout(LAST_REQUESTS, last_requests).await.is_err() {
            warn!(connections = connections.len(), "stopped before all requests were answered");
        }
        served
    }

    /// Serves a connection that holds a place among the handshakes.
    async fn connection(
        self: Arc<Self>,
        tcp: TcpStream,
        peer: SocketAddr,
        place: SourcePermit,
        mut stopped: watch::Receiver<()>,
    ) {
        let socket = SockRef::from(&tcp);
        for set in [socket.set_tcp_nodelay(true), socket.set_tcp_keepalive(&KEEPALIVE)] {
            if let Err(error) = set {
                // The connection went already, or is slower and longer dead than it might be.
                debug!(%peer, %error, "socket option not set");
            }
        }
        let (service, stream) = tokio::select! {
            shaken = timeout(HANDSHAKE, self.handshake(tcp)) => match shaken {
                Ok(Ok(shaken)) => shaken,
                Ok(Err(error)) => return debug!(%peer, %error, "TLS handshake failed"),
                Err(_) => return debug!(%peer, "TLS handshake took too long"),
            },
            _ = stopped.changed() => return,
        };
        drop(place);
        match service {
            Service::Tunnel => tokio::select! {
                () = self.relay.serve_tunnel(stream, peer) => {}
                _ = stopped.changed() => {}
            },
            Service::Api | Service::Http => self.http(stream, peer, stopped).await,
        }
    }

    async fn handshake(&self, tcp: TcpStream) -> std::io::Result<(Service, TlsStream<TcpStream>)> {
        let start = LazyConfigAcceptor::new(Acceptor::default(), tcp).await?;
        let (service, config) = self.tls.choose(&start.client_hello());
        Ok((service, start.into_stream(config).await?))
    }

    async fn http(&self, stream: TlsStream<TcpStream>, peer: SocketAddr, mut stopped: watch::Receiver<()>) {
        let Some(_place) = self.http.enter(peer.ip()) else {
            debug!(%peer, "too many HTTP connections of one source");
            return;
        };
        let shown = stream.get_ref().1.peer_certificates().unwrap_or_default();
        let certificates = shown.iter().cloned().map(CertificateDer::into_owned).collect();
        let connection = Connection { peer, certificates };
        let service = service_fn(|mut request: Request<Incoming>| {
            request.extensions_mut().insert(connection.clone());
            TowerToHyperService::new(self.router.clone()).call(request)
        });
        let mut http = pin!(
            http1::Builder::new()
                .timer(TokioTimer::new())
                .header_read_timeout(HTTP_HEAD)
                .max_buf_size(MAX_HTTP_HEAD)
                .max_headers(MAX_HTTP_FIELDS)
                .serve_connection(TokioIo::new(stream), service)
        );
        let ended = tokio::select! {
            ended = http.as_mut() => ended,
            _ = stopped.changed() => {
                http.as_mut().graceful_shutdown();
                http.await
            }
        };
        if let Err(error) = ended {
            debug!(%peer, %error, "HTTP connection failed");
        }
    }
}

fn report(ended: Result<(), JoinError>) {
    if let Err(error) = ended {
        error!(%error, "a connection ended by a fault of this program");
    }
}
