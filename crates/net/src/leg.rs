//! A party's side of a relay: tunnel opened, UDP probed, a QUIC endpoint on top.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use deskside_proto::tunnel::MAX_DATAGRAM;
use deskside_proto::udp::LEG_PREFIX;
use quinn::{
    AckFrequencyConfig, AsyncUdpSocket, Endpoint, EndpointConfig, IdleTimeout, TransportConfig, VarInt,
};
use rustls_pki_types::ServerName;
use tokio::net::{TcpSocket, TcpStream};
use tokio::sync::{mpsc, watch};
use tokio::task::JoinHandle;
use tokio_rustls::TlsConnector;

use crate::congestion::Congestion;
use crate::path::Paths;
use crate::tunnel::{self, LegError, Notice, Tunnel};
use crate::udp::{PROBE_EVERY, UdpLeg};
use crate::{PathChoice, Problem};

/// How long a TCP or TLS connection may take to come up.
const CONNECT: Duration = Duration::from_secs(10);
/// How long UDP may take to answer a probe when nothing else is allowed.
const UDP_ONLY: Duration = Duration::from_secs(5);
/// Small, so that the system's buffer under the tunnel adds little delay.
const TUNNEL_SEND_BUFFER: u32 = 256 * 1024;
/// Longer than the longest outage that a session may survive.
const IDLE: Duration = Duration::from_secs(130);
const KEEP_ALIVE: Duration = Duration::from_secs(5);
/// How long the peer may sit on an acknowledgement of pictures: a lost last packet is missed so much sooner.
pub(crate) const ACK_PICTURES: Duration = Duration::from_millis(5);
/// And of input and of what was shown: so long that it mostly goes along with the next picture, and costs the
/// customer's computer no packet and no waking of its own.
pub(crate) const ACK_INPUT: Duration = Duration::from_millis(40);
/// Windows decide how long input can wait behind pictures: what is in them can no longer be overtaken.
const STREAM_WINDOW: u32 = 2 * 1024 * 1024;
const CONNECTION_WINDOW: u32 = 3 * 1024 * 1024;
const SEND_WINDOW: u64 = 2 * 1024 * 1024;
/// Updates of the picture under way at once, each a stream.
const UPDATE_STREAMS: u32 = 256;
/// Ethernet's payload without IPv4 and UDP headers; the leg's id must fit in as well.
const LARGEST_PAYLOAD: u16 = 1452;

/// Connects to a server over TCP, with its addresses tried in turn.
pub(crate) async fn connect_tcp(host: &str, port: u16) -> io::Result<(TcpStream, SocketAddr)> {
    let addresses = tokio::time::timeout(CONNECT, tokio::net::lookup_host((host, port)))
        .await
        .map_err(|_| io::Error::new(io::ErrorKind::TimedOut, "its name was not found in time"))??;
    let mut last = io::Error::new(io::ErrorKind::NotFound, "its name has no address");
    for address in addresses {
        let socket = if address.is_ipv4() { TcpSocket::new_v4()? } else { TcpSocket::new_v6()? };
        socket.set_send_buffer_size(TUNNEL_SEND_BUFFER)?;
        match tokio::time::timeout(CONNECT, socket.connect(address)).await {
            Ok(Ok(stream)) => {
                stream.set_nodelay(true)?;
                return Ok((stream, address));
            }
            Ok(Err(error)) => last = error,
            Err(_) => last = io::Error::new(io::ErrorKind::TimedOut, "it did not answer in time"),
        }
    }
    Err(last)
}

/// Connects over TLS; tells an unreachable server from one that is not the organisation's.
pub(crate) async fn connect_tls(
    host: &str,
    port: u16,
    config: Arc<rustls::ClientConfig>,
) -> Result<(tokio_rustls::client::TlsStream<TcpStream>, SocketAddr), Problem> {
    let server = format!("{host}:{port}");
    let unreachable =
        |cause: io::Error| Problem::Unreachable { server: server.clone(), cause: cause.to_string() };
    let name = ServerName::try_from(host.to_owned())
        .map_err(|e| Problem::Internal(format!("the server's name {host} is not valid: {e}")))?;
    let (tcp, address) = connect_tcp(host, port).await.map_err(unreachable)?;
    let handshake = TlsConnector::from(config).connect(name, tcp);
    let tls = match tokio::time::timeout(CONNECT, handshake).await {
        Ok(Ok(tls)) => tls,
        Ok(Err(error)) => {
            let is_identity = error
                .get_ref()
                .and_then(|inner| inner.downcast_ref::<rustls::Error>())
                .is_some_and(|e| matches!(e, rustls::Error::InvalidCertificate(_)));
            let cause = error.to_string();
            return Err(if is_identity {
                Problem::WrongServer { server, cause }
            } else {
                Problem::Unreachable { server, cause }
            });
        }
        Err(_) => return Err(unreachable(io::ErrorKind::TimedOut.into())),
    };
    Ok((tls, address))
}

/// Where a leg is to be opened.
pub(crate) struct LegTarget<'a> {
    pub(crate) relay: &'a str,
    pub(crate) host: &'a str,
    pub(crate) port: u16,
    pub(crate) ticket: &'a [u8],
    pub(crate) path: PathChoice,
    pub(crate) tls: Arc<rustls::ClientConfig>,
}

/// An open leg with its QUIC endpoint. Dropping it closes the leg.
pub(crate) struct Leg {
    pub(crate) endpoint: Endpoint,
    pub(crate) notices: mpsc::UnboundedReceiver<Notice>,
    pub(crate) paths: Arc<Paths>,
    tunnel: Arc<Tunnel>,
    watcher: Option<JoinHandle<()>>,
}

impl Drop for Leg {
    fn drop(&mut self) {
        if let Some(watcher) = &self.watcher {
            watcher.abort();
        }
        self.tunnel.close();
    }
}

impl Leg {
    /// Opens the tunnel, shows the ticket, and lets the chosen path come into use.
    pub(crate) async fn open(target: LegTarget<'_>) -> Result<Self, Problem> {
        let relay = target.relay.to_owned();
        let (tls, address) = connect_tls(target.host, target.port, target.tls).await?;
        let refused = |e: LegError| Problem::Relay { relay: relay.clone(), cause: e.to_string() };
        let open = tunnel::open(tls, target.ticket).await.map_err(refused)?;
        let paths = Paths::new(Arc::clone(&open.tunnel));
        let socket: Arc<dyn AsyncUdpSocket> = Arc::<Paths>::clone(&paths);
        let endpoint = Endpoint::new_with_abstract_socket(
            endpoint_config(),
            None,
            socket,
            Arc::new(quinn::TokioRuntime),
        )
        .map_err(|e| Problem::Internal(e.to_string()))?;
        let (paths, tunnel) = (paths, open.tunnel);
        let mut leg = Self { endpoint, notices: open.notices, paths, tunnel, watcher: None };
        if target.path != PathChoice::Tls {
            match UdpLeg::open(address, open.leg, &open.key).await {
                Ok(udp) => leg.start_udp(Arc::new(udp), target.path, relay).await?,
                Err(_) if target.path == PathChoice::Udp => return Err(Problem::NoUdp { relay }),
                Err(error) => tracing::debug!(%error, "no UDP socket; the tunnel carries everything"),
            }
        }
        Ok(leg)
    }

    async fn start_udp(
        &mut self,
        udp: Arc<UdpLeg>,
        choice: PathChoice,
        relay: String,
    ) -> Result<(), Problem> {
        self.paths.add_udp(Arc::clone(&udp));
        let (proven, mut is_proven) = watch::channel(false);
        let paths = Arc::clone(&self.paths);
        let endpoint = self.endpoint.clone();
        self.watcher = Some(tokio::spawn(async move {
            let mut probes = tokio::time::interval(PROBE_EVERY);
            loop {
                probes.tick().await;
                udp.probe();
                // Two round trips at first, then one: most relays have answered before the next probe is due.
                let just_now = tokio::time::timeout(PROBE_EVERY * 3 / 4, udp.proved()).await.is_ok();
                let carries = just_now || udp.is_proven();
                proven.send_replace(carries);
                let wanted = choice == PathChoice::Udp || carries;
                if paths.use_udp(wanted) {
                    tracing::debug!(udp = wanted, "path changed");
                    // QUIC would find out by its backed-off timer; this makes it ping at once.
                    if let Err(error) = endpoint.rebind_abstract(Arc::<Paths>::clone(&paths)) {
                        tracing::warn!(%error, "the connection could not be nudged");
                    }
                }
            }
        }));
        if choice == PathChoice::Udp {
            let wait = is_proven.wait_for(|proven| *proven);
            if !matches!(tokio::time::timeout(UDP_ONLY, wait).await, Ok(Ok(_))) {
                return Err(Problem::NoUdp { relay });
            }
        }
        Ok(())
    }
}

fn endpoint_config() -> EndpointConfig {
    let mut config = EndpointConfig::default();
    // The top bits of a datagram's first byte tell QUIC from probes, so they must not be greased.
    config.grease_quic_bit(false);
    debug_assert!(usize::from(LARGEST_PAYLOAD) <= MAX_DATAGRAM);
    config
}

/// The transport of an end that wants its packets acknowledged as late as this, at most.
pub(crate) fn transport(ack_delay: Duration) -> Arc<TransportConfig> {
    let mut mtu = quinn::MtuDiscoveryConfig::default();
    mtu.upper_bound(LARGEST_PAYLOAD - u16::try_from(LEG_PREFIX).unwrap_or(0));
    let mut acknowledgements = AckFrequencyConfig::default();
    acknowledgements.max_ack_delay(Some(ack_delay));
    let mut transport = TransportConfig::default();
    transport
        .max_idle_timeout(Some(IdleTimeout::try_from(IDLE).unwrap_or(VarInt::from_u32(130_000).into())))
        .keep_alive_interval(Some(KEEP_ALIVE))
        .stream_receive_window(VarInt::from_u32(STREAM_WINDOW))
        .receive_window(VarInt::from_u32(CONNECTION_WINDOW))
        .send_window(SEND_WINDOW)
        .max_concurrent_bidi_streams(VarInt::from_u32(1))
        .max_concurrent_uni_streams(VarInt::from_u32(UPDATE_STREAMS))
        .datagram_receive_buffer_size(None)
        // Updates one after the other: half of two is worth nothing.
        .send_fairness(false)
        .ack_frequency_config(Some(acknowledgements))
        .congestion_controller_factory(Arc::new(Congestion))
        .mtu_discovery_config(Some(mtu));
    Arc::new(transport)
}
