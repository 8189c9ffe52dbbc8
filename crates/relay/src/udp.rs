//! The one UDP socket of all legs. Runs of equal datagrams go through the system's segmentation offload
//! (GSO, GRO) in one call where it has that, and one by one where it has not.

use std::io::{self, IoSliceMut};
use std::ops::Range;

use deskside_proto::LegId;
use deskside_proto::udp::{Datagram, LEG_PREFIX, Probe, decode};
use quinn_udp::{EcnCodepoint, RecvMeta, Transmit, UdpSocketState};
use tokio::io::Interest;
use tokio::net::UdpSocket;
use tracing::{debug, warn};

use crate::counters::Counters;
use crate::table::Route;
use crate::{Shared, UdpPath, monotonic};

/// Receive buffers per call. Each holds a whole batch of coalesced datagrams.
const BUFFERS: usize = 16;
/// Bytes of a receive buffer: the longest IP packet.
const BUFFER: usize = 64 * 1024;
/// Longest batch for one call: the longest UDP payload over IPv4.
const MAX_BATCH: usize = 65_507;
/// Longest datagram that is batched: what fits every Ethernet (1500, less IPv6 and UDP headers). The kernel
/// refuses a batch of datagrams that are too long for the next hop as if it knew no batches at all, and
/// quinn-udp would then give them up for everybody.
const MAX_STRIDE: usize = 1452;
/// What the socket's buffers are asked to be; the system may give less.
const SOCKET_BUFFER: usize = 4 * 1024 * 1024;

/// The socket, shared by all loops that send.
pub(crate) struct UdpPort {
    socket: UdpSocket,
    state: UdpSocketState,
}

pub(crate) async fn serve(shared: &Shared, socket: UdpSocket) -> io::Result<()> {
    let state = UdpSocketState::new((&socket).into())?;
    // The system's own maximum may be lower, and then it stays at that.
    for grown in [
        state.set_recv_buffer_size((&socket).into(), SOCKET_BUFFER),
        state.set_send_buffer_size((&socket).into(), SOCKET_BUFFER),
    ] {
        if let Err(error) = grown {
            warn!(%error, "the UDP socket keeps its small buffer");
        }
    }
    shared.udp.set(UdpPort { socket, state }).map_err(|_| io::ErrorKind::AlreadyExists)?;
    let port = shared.udp.get().ok_or(io::ErrorKind::NotFound)?;

    let mut storage = vec![0; BUFFERS * BUFFER];
    let mut metas = [RecvMeta::default(); BUFFERS];
    loop {
        let received = match port.receive(&mut storage, &mut metas).await {
            Ok(received) => received,
            // An ICMP answer to an earlier datagram; the next one may be for somebody else.
            Err(error) if is_answer(&error) => continue,
            Err(error) => return Err(error),
        };
        for (buffer, meta) in storage.chunks_exact_mut(BUFFER).zip(&metas[..received]) {
            take_apart(shared, port, buffer, meta).await;
        }
    }
}

fn is_answer(error: &io::Error) -> bool {
    use io::ErrorKind::{ConnectionRefused, ConnectionReset, HostUnreachable, NetworkUnreachable};
    matches!(error.kind(), ConnectionRefused | ConnectionReset | HostUnreachable | NetworkUnreachable)
}

/// Handles what one receive call put into one buffer: datagrams of one source, all of `meta.stride` bytes but
/// for the last.
async fn take_apart(shared: &Shared, port: &UdpPort, buffer: &mut [u8], meta: &RecvMeta) {
    let path = UdpPath { remote: meta.addr, local: meta.dst_ip };
    let mut start = 0;
    while start < meta.len {
        let end = (start + meta.stride).min(meta.len);
        match decode(&buffer[start..end]) {
            Ok(Datagram::Quic(leg, _)) => {
                let mut run = start..end;
                while run.end < meta.len && leg_of(&buffer[run.end..meta.len]) == Some(leg) {
                    run.end = (run.end + meta.stride).min(meta.len);
                }
                start = run.end;
                forward(shared, port, buffer, run, meta, leg).await;
                continue;
            }
            Ok(Datagram::Probe(probe)) => answer(shared, port, &probe, path).await,
            Err(_) => shared.counters.dropped.add(1),
        }
        start = end;
    }
}

/// The leg of the QUIC datagram that `bytes` begins with.
fn leg_of(bytes: &[u8]) -> Option<LegId> {
    match decode(bytes) {
        Ok(Datagram::Quic(leg, _)) => Some(leg),
        Ok(Datagram::Probe(_)) | Err(_) => None,
    }
}

/// Answers a genuine request with as many bytes; to all other probes nothing is sent at all.
async fn answer(shared: &Shared, port: &UdpPort, probe: &Probe, path: UdpPath) {
    let reply = shared.table().prove(probe, path, monotonic());
    match reply {
        Some(reply) => {
            shared.counters.probes.add(1);
            port.send(path, &reply.encode(), None, None).await;
        }
        None => shared.counters.probes_refused.add(1),
    }
}

/// Forwards a run of datagrams of one leg.
async fn forward(
    shared: &Shared,
    port: &UdpPort,
    buffer: &mut [u8],
    run: Range<usize>,
    meta: &RecvMeta,
    leg: LegId,
) {
    let batch = &mut buffer[run];
    let stride = meta.stride;
    let route = shared.table().route_udp(leg, meta.addr, monotonic());
    match route {
        Some(Route::Udp(path, peer)) => {
            for datagram in batch.chunks_mut(stride) {
                datagram[..LEG_PREFIX].copy_from_slice(&peer.0.to_be_bytes());
            }
            shared.counters.to_udp(batch.chunks(stride).map(|datagram| datagram.len() - LEG_PREFIX));
            port.send(path, batch, Some(stride), meta.ecn).await;
        }
        Some(Route::Tunnel(queue)) => {
            let datagrams = || batch.chunks(stride).map(|datagram| &datagram[LEG_PREFIX..]);
            shared.counters.to_tunnel(datagrams().map(<[u8]>::len));
            shared.counters.dropped.add(queue.push(datagrams()));
        }
        None => shared.counters.dropped.add(batch.chunks(stride).len()),
    }
}

impl UdpPort {
    async fn receive(&self, storage: &mut [u8], metas: &mut [RecvMeta; BUFFERS]) -> io::Result<usize> {
        self.socket
            .async_io(Interest::READABLE, || {
                let mut chunks = storage.chunks_exact_mut(BUFFER);
                let mut buffers: [IoSliceMut<'_>; BUFFERS] =
                    std::array::from_fn(|_| IoSliceMut::new(chunks.next().unwrap_or_default()));
                self.state.recv((&self.socket).into(), &mut buffers, metas)
            })
            .await
    }

    /// Sends datagrams that came through a tunnel to a leg's proven address, each behind the leg's id.
    pub(crate) async fn send_all(&self, counters: &Counters, path: UdpPath, leg: LegId, datagrams: &[&[u8]]) {
        counters.to_udp(datagrams.iter().map(|datagram| datagram.len()));
        let mut batch = Vec::new();
        let mut rest = datagrams;
        while let Some(first) = rest.first() {
            // All of one batch are as long as its first, but for the last, which may be shorter.
            let stride = LEG_PREFIX + first.len();
            let equal = rest.iter().take_while(|next| next.len() == first.len()).count();
            let shorter = usize::from(rest.get(equal).is_some_and(|next| next.len() < first.len()));
            let (run, behind) = rest.split_at(equal + shorter);
            rest = behind;
            batch.clear();
            for datagram in run {
                batch.extend_from_slice(&leg.0.to_be_bytes());
                batch.extend_from_slice(datagram);
            }
            self.send(path, &batch, Some(stride), None).await;
        }
    }

    /// Sends `contents` in datagrams of `stride` bytes (in one if there is no stride), with as few calls as
    /// the system allows.
    async fn send(&self, path: UdpPath, contents: &[u8], stride: Option<usize>, ecn: Option<EcnCodepoint>) {
        let stride = stride.unwrap_or(contents.len());
        let segments = match self.state.max_gso_segments() {
            most if stride <= MAX_STRIDE => most.min(MAX_BATCH / stride),
            _ => 1,
        };
        for batch in contents.chunks(segments * stride) {
            let transmit = Transmit {
                destination: path.remote,
                ecn,
                contents: batch,
                segment_size: (batch.len() > stride).then_some(stride),
                src_ip: path.local,
            };
            let sent = self
                .socket
                .async_io(Interest::WRITABLE, || self.state.try_send((&self.socket).into(), &transmit));
            // What cannot be sent is lost like any datagram: too long for the next hop, or no way there now.
            if let Err(error) = sent.await {
                debug!(remote = %path.remote, %error, "datagram not sent");
            }
        }
    }
}
