//! A leg's way over UDP: every datagram behind the leg's id, probes to prove that it carries both ways.

use std::io::{self, IoSliceMut};
use std::net::SocketAddr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Poll, ready};
use std::time::{Duration, Instant};

use aws_lc_rs::{constant_time, hmac};
use deskside_proto::LegId;
use deskside_proto::udp::{Datagram, KEY_LENGTH, LEG_PREFIX, MAC_LENGTH, Probe, ProbeKind, decode};
use quinn::udp::{RecvMeta, Transmit, UdpSocketState};
use tokio::io::Interest;
use tokio::net::UdpSocket;

use crate::lock::Lock;

/// How often a probe is sent.
pub(crate) const PROBE_EVERY: Duration = Duration::from_millis(1000);
/// UDP counts as carrying both ways for so long after the last answered probe.
const PROVEN_FOR: Duration = Duration::from_millis(3500);

/// The UDP side of a leg.
#[derive(Debug)]
pub(crate) struct UdpLeg {
    io: UdpSocket,
    state: UdpSocketState,
    relay: SocketAddr,
    leg: LegId,
    key: hmac::Key,
    counter: AtomicU64,
    answered: Lock<Option<(u64, Instant)>>,
    scratch: Lock<Vec<u8>>,
}

impl UdpLeg {
    pub(crate) async fn open(relay: SocketAddr, leg: LegId, key: &[u8; KEY_LENGTH]) -> io::Result<Self> {
        let any: SocketAddr = if relay.is_ipv4() { ([0, 0, 0, 0], 0).into() } else { ([0u16; 8], 0).into() };
        let io = UdpSocket::bind(any).await?;
        // Connected, so that the system drops whatever does not come from the relay.
        io.connect(relay).await?;
        let state = UdpSocketState::new((&io).into())?;
        let key = hmac::Key::new(hmac::HMAC_SHA256, key);
        let (counter, answered, scratch) = (AtomicU64::new(0), Lock::default(), Lock::default());
        Ok(Self { io, state, relay, leg, key, counter, answered, scratch })
    }

    /// Whether a probe came back lately.
    pub(crate) fn is_proven(&self) -> bool {
        self.answered.lock().is_some_and(|(_, at)| at.elapsed() < PROVEN_FOR)
    }

    /// Sends one probe. A full or broken socket is the same as a lost probe.
    pub(crate) fn probe(&self) {
        let counter = self.counter.fetch_add(1, Ordering::Relaxed) + 1;
        let kind = ProbeKind::Request;
        let probe = Probe { leg: self.leg, kind, counter, mac: self.mac(kind, counter) };
        if let Err(error) = self.io.try_send(&probe.encode()) {
            tracing::debug!(%error, "a UDP probe could not be sent");
        }
    }

    fn mac(&self, kind: ProbeKind, counter: u64) -> [u8; MAC_LENGTH] {
        let tag = hmac::sign(&self.key, &Probe::authenticated(self.leg, kind, counter));
        let mut mac = [0; MAC_LENGTH];
        mac.copy_from_slice(&tag.as_ref()[..MAC_LENGTH]);
        mac
    }

    fn answered(&self, probe: &Probe) {
        let is_genuine = probe.kind == ProbeKind::Reply
            && probe.counter <= self.counter.load(Ordering::Relaxed)
            && constant_time::verify_slices_are_equal(&probe.mac, &self.mac(probe.kind, probe.counter))
                .is_ok();
        let mut answered = self.answered.lock();
        if is_genuine && answered.is_none_or(|(last, _)| probe.counter > last) {
            *answered = Some((probe.counter, Instant::now()));
        }
    }

    pub(crate) fn try_send(&self, transmit: &Transmit<'_>) -> io::Result<()> {
        let mut batch = self.scratch.lock();
        batch.clear();
        let segment = transmit.segment_size.unwrap_or(transmit.contents.len());
        for datagram in transmit.contents.chunks(segment.max(1)) {
            batch.extend_from_slice(&self.leg.0.to_be_bytes());
            batch.extend_from_slice(datagram);
        }
        let transmit = Transmit {
            destination: self.relay,
            ecn: transmit.ecn,
            contents: &batch,
            segment_size: transmit.segment_size.map(|size| size + LEG_PREFIX),
            src_ip: None,
        };
        self.io.try_io(Interest::WRITABLE, || self.state.send((&self.io).into(), &transmit))
    }

    pub(crate) async fn writable(&self) -> io::Result<()> {
        self.io.writable().await
    }

    /// Receives batches, takes probes out, and strips the leg's id from what is QUIC's.
    pub(crate) fn poll_recv(
        &self,
        cx: &mut Context<'_>,
        buffers: &mut [IoSliceMut<'_>],
        meta: &mut [RecvMeta],
    ) -> Poll<io::Result<usize>> {
        loop {
            ready!(self.io.poll_recv_ready(cx))?;
            let received =
                self.io.try_io(Interest::READABLE, || self.state.recv((&self.io).into(), buffers, meta));
            match received {
                Ok(count) => {
                    for (buffer, meta) in buffers.iter_mut().zip(meta.iter_mut()).take(count) {
                        self.unwrap(buffer, meta);
                    }
                    return Poll::Ready(Ok(count));
                }
                // Refused: nothing listens at the relay's UDP port just now. Probes will tell if it comes.
                Err(error) if error.kind() == io::ErrorKind::ConnectionRefused => {}
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                Err(error) => return Poll::Ready(Err(error)),
            }
        }
    }

    fn unwrap(&self, buffer: &mut [u8], meta: &mut RecvMeta) {
        let (mut read, mut written) = (0, 0);
        let stride = meta.stride.max(1);
        while read < meta.len {
            let end = (read + stride).min(meta.len);
            match decode(&buffer[read..end]) {
                Ok(Datagram::Quic(leg, datagram)) if leg == self.leg => {
                    let length = datagram.len();
                    buffer.copy_within(end - length..end, written);
                    written += length;
                }
                Ok(Datagram::Probe(probe)) if probe.leg == self.leg => self.answered(&probe),
                // Not for this leg or not of this protocol: a late datagram of an earlier leg, or noise.
                Ok(Datagram::Quic(..) | Datagram::Probe(_)) | Err(_) => {}
            }
            read = end;
        }
        meta.len = written;
        meta.stride = stride.saturating_sub(LEG_PREFIX).max(1);
    }

    pub(crate) fn max_transmit_segments(&self) -> usize {
        self.state.max_gso_segments()
    }

    pub(crate) fn max_receive_segments(&self) -> usize {
        self.state.gro_segments()
    }
}
