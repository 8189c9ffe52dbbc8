//! The end-to-end QUIC connection over a leg: the operator's program is the server, the customer's the
//! client. TLS 1.3 with one suite and one group; see `deskside_trust::tls`.

use std::sync::Arc;

use deskside_trust::{CertificateDer, crypto};
use quinn::crypto::rustls::{QuicClientConfig, QuicServerConfig};
use quinn::{ClientConfig, Connection, ConnectionError, ServerConfig};

use crate::{Problem, Quality, leg};

/// QUIC's first datagrams are protected, with a key that everybody can compute, by AES-128 (RFC 9001 §5.2),
/// which the session itself must not offer.
fn initial_suite() -> Result<rustls::quic::Suite, Problem> {
    crypto::initial_suite().ok_or_else(|| Problem::Internal("QUIC's initial suite is missing".into()))
}

pub(crate) fn client(config: rustls::ClientConfig) -> Result<ClientConfig, Problem> {
    let quic = QuicClientConfig::with_initial(Arc::new(config), initial_suite()?)
        .map_err(|e| Problem::Internal(e.to_string()))?;
    let mut config = ClientConfig::new(Arc::new(quic));
    config.transport_config(leg::transport(leg::ACK_PICTURES));
    Ok(config)
}

pub(crate) fn server(config: rustls::ServerConfig) -> Result<ServerConfig, Problem> {
    let quic = QuicServerConfig::with_initial(Arc::new(config), initial_suite()?)
        .map_err(|e| Problem::Internal(e.to_string()))?;
    let mut config = ServerConfig::with_crypto(Arc::new(quic));
    config.transport_config(leg::transport(leg::ACK_INPUT)).max_incoming(4);
    Ok(config)
}

/// The certificate that the peer proved to hold the key of.
pub(crate) fn peer_certificate(connection: &Connection) -> Option<CertificateDer<'static>> {
    let chain = connection.peer_identity()?.downcast::<Vec<CertificateDer<'static>>>().ok()?;
    chain.into_iter().next()
}

pub(crate) fn quality(connection: &Connection, udp: bool) -> Quality {
    let stats = connection.stats();
    Quality {
        rtt_ms: u32::try_from(stats.path.rtt.as_millis()).unwrap_or(u32::MAX),
        udp,
        received: stats.udp_rx.bytes,
        sent: stats.udp_tx.bytes,
    }
}

/// Why a connection ended, in our own words. QUIC's own text repeats what the peer wrote into its last
/// frame, and before the handshake is done a relay can write that as well: it is not shown to a person.
pub(crate) fn ending(error: &ConnectionError) -> &'static str {
    match error {
        ConnectionError::ConnectionClosed(_) | ConnectionError::ApplicationClosed(_) => {
            "the other side refused it"
        }
        ConnectionError::TimedOut => "the other side did not answer in time",
        ConnectionError::VersionMismatch => "the other side speaks another version",
        ConnectionError::TransportError(_) | ConnectionError::Reset | ConnectionError::CidsExhausted => {
            "what came from the other side could not be used"
        }
        ConnectionError::LocallyClosed => "it was closed here",
    }
}
