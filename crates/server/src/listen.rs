//! The TCP port and the UDP port of the same number.

use std::io::{Error, ErrorKind};
use std::net::SocketAddr;

use anyhow::anyhow;
use tokio::net::{TcpListener, UdpSocket};

/// How often another free port is tried when any will do.
const TRIES: usize = 50;

pub(crate) struct Ports {
    pub(crate) tcp: TcpListener,
    pub(crate) udp: UdpSocket,
    /// What both are bound to.
    pub(crate) address: SocketAddr,
}

impl Ports {
    /// Opens both ports. Port 0 stands for any that is free for both.
    pub(crate) async fn open(listen: SocketAddr) -> anyhow::Result<Self> {
        let mut tries = if listen.port() == 0 { TRIES } else { 1 };
        loop {
            tries -= 1;
            let tcp = TcpListener::bind(listen).await.map_err(|error| advice(listen, "TCP", &error))?;
            let address = tcp.local_addr()?;
            match UdpSocket::bind(address).await {
                Ok(udp) => return Ok(Self { tcp, udp, address }),
                Err(error) if error.kind() == ErrorKind::AddrInUse && tries > 0 => {}
                Err(error) => return Err(advice(address, "UDP", &error)),
            }
        }
    }
}

fn advice(address: SocketAddr, protocol: &str, error: &Error) -> anyhow::Error {
    let port = address.port();
    match error.kind() {
        ErrorKind::AddrInUse => anyhow!(
            "Port {port} ({protocol}) on {} is in use by another program, perhaps another deskside-server. \
             `ss -lptu 'sport = :{port}'` shows which; stop it, or change \"listen\" in the configuration.",
            address.ip()
        ),
        ErrorKind::PermissionDenied => anyhow!(
            "This program's user may not open port {port} ({protocol}). Give the service the capability \
             CAP_NET_BIND_SERVICE, or choose a \"listen\" port from 1024 on in the configuration."
        ),
        ErrorKind::AddrNotAvailable => anyhow!(
            "This machine has no address {}. Correct \"listen\" in the configuration; 0.0.0.0 or [::] \
             stand for all of its addresses.",
            address.ip()
        ),
        _ => anyhow!(
            "{address} ({protocol}) cannot be opened: {error}. Check \"listen\" in the configuration."
        ),
    }
}
