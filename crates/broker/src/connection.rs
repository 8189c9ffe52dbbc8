//! Where a request comes from; the server program says so.

use std::net::SocketAddr;

use deskside_trust::CertificateDer;

/// The connection that a request came in on. The server program puts it into each request's extensions;
/// headers such as `X-Forwarded-For` are never looked at.
#[derive(Debug, Clone)]
pub struct Connection {
    /// The other side's address.
    pub peer: SocketAddr,
    /// The client's certificate chain, its own first; empty if none was shown. TLS has proven that the
    /// client has the key; the broker checks everything else.
    pub certificates: Vec<CertificateDer<'static>>,
}
