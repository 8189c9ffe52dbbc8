//! `run`: everything opened in order, then served until a signal.

use std::path::Path;
use std::sync::Arc;

use anyhow::Context;
use deskside_broker::{Broker, BrokerConfig, RelayAddress, SystemClock};
use deskside_relay::{Limits, Relay, RelayConfig};
use rustls_pki_types::UnixTime;
use tokio::signal::unix::{SignalKind, signal};
use tracing::info;

use crate::config::Config;
use crate::listen::Ports;
use crate::material::Material;
use crate::serve::Server;
use crate::tls::TlsConfigs;
use crate::{advice, logging, ticket_key};

/// Serves until SIGTERM or SIGINT.
pub(crate) async fn run(path: &Path) -> anyhow::Result<()> {
    let config = Config::read(path)?;
    logging::start(config.log)?;
    let material = Material::read(&config, UnixTime::now())?;
    let tls = TlsConfigs::new(&material.identity).context("TLS cannot be set up")?;
    let tickets = ticket_key::load_or_make(&config.ticket_key)?;
    let ports = Ports::open(config.listen).await?;
    let address = ports.address;

    let relay = Relay::new(RelayConfig {
        name: config.name.clone(),
        ticket_key: tickets.public_key(),
        limits: Limits::default(),
    })
    .context("the relay cannot draw its secret")?;
    let here = RelayAddress {
        relay: config.name,
        host: config.host.clone(),
        port: config.public_port.unwrap_or(address.port()),
    };
    let broker = Broker::open(BrokerConfig {
        database: config.database.clone(),
        packet_ca: material.packet_ca,
        root: material.root,
        crl: config.crl,
        relays: vec![here],
        tickets,
        clock: Arc::new(SystemClock),
    })
    .await
    .map_err(|error| advice::broker(&config.database, error))?;

    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    let stop = async {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
    };
    let version = env!("CARGO_PKG_VERSION");
    info!(%address, host = config.host, version, "listening");
    let served = Server::new(tls, relay.clone(), broker.router()).serve(ports, stop).await;
    broker.close().await;
    let stats = relay.stats();
    info!(legs = stats.admitted, bytes = stats.udp_bytes + stats.tunnel_bytes, "stopped");
    served
}
