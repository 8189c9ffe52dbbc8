//! A leg's way over UDP: every datagram behind the leg's id, probes to prove that it carries both ways.

use std::io::{self, IoSliceMut};
use std::net::SocketAddr;
use std::task::{Context, Poll, ready};
use std::time::{Duration, Instant};

use aws_lc_rs::{constant_time, hmac};
use deskside_proto::LegId;
use deskside_proto::udp::{Datagram, KEY_LENGTH, LEG_PREFIX, MAC_LENGTH, Probe, ProbeKind, decode};
use quinn::udp::{RecvMeta, Transmit, UdpSocketState};
use tokio::io::Interest;
use tokio::net::UdpSocket;
use tokio::sync::Notify;

use crate::lock::Lock;

/// How often a probe is sent.
pub(crate) const PROBE_EVERY: Duration = Duration::from_millis(1000);
/// UDP counts as carrying both ways for so long after the last probe that proved it.
const PROVEN_FOR: Duration = Duration::from_millis(3500);

/// The UDP side of a leg.
#[derive(Debug)]
pub(crate) struct UdpLeg {
    io: UdpSocket,
    state: UdpSocketState,
    relay: SocketAddr,
    leg: LegId,
    key: hmac::Key,
    probing: Lock<Probing>,
    proved: Notify,
    scratch: Lock<Vec<u8>>,
}

/// What was asked of the relay, and what it said.
#[derive(Debug, Default)]
struct Probing {
    /// The counter of the last request.
    sent: u64,
    /// The last challenge that the relay gave, 0 at first.
    challenge: u64,
    /// The counter of the first request that brings this challenge; the later ones do so as well.
    since: u64,
    /// The highest counter that was answered.
    answered: u64,
    /// Whether a new challenge may be brought before the next probe is due. Once a probe: an address that
    /// changes with every datagram must not make an endless exchange.
    may_hurry: bool,
    proven: Option<Instant>,
}

/// What follows from a reply.
#[derive(Debug, PartialEq, Eq)]
enum Verdict {
    /// UDP carries both ways: the request brought what the relay wants to see.
    Proven,
    /// The relay wants to see another challenge, and has not been shown it yet.
    AskAgain,
    /// Late, a duplicate, or nothing that was asked for.
    Nothing,
}

impl Probing {
    /// Counter and challenge of the next request.
    fn next(&mut self) -> (u64, u64) {
        self.sent += 1;
        (self.sent, self.challenge)
    }

    /// Takes a reply whose MAC is right.
    fn heard(&mut self, counter: u64, challenge: u64, now: Instant) -> Verdict {
        if counter > self.sent || counter <= self.answered {
            return Verdict::Nothing;
        }
        self.answered = counter;
        if challenge != self.challenge {
            (self.challenge, self.since) = (challenge, self.sent + 1);
            return if std::mem::take(&mut self.may_hurry) { Verdict::AskAgain } else { Verdict::Nothing };
        }
        if counter < self.since {
            return Verdict::Nothing;
        }
        self.proven = Some(now);
        Verdict::Proven
    }
}

impl UdpLeg {
    pub(crate) async fn open(relay: SocketAddr, leg: LegId, key: &[u8; KEY_LENGTH]) -> io::Result<Self> {
        let any: SocketAddr = if relay.is_ipv4() { ([0, 0, 0, 0], 0).into() } else { ([0u16; 8], 0).into() };
        let io = UdpSocket::bind(any).await?;
        // Connected, so that the system drops whatever does not come from the relay.
        io.connect(relay).await?;
        let state = UdpSocketState::new((&io).into())?;
        let key = hmac::Key::new(hmac::HMAC_SHA256, key);
        // Before that, the first probe would be lost to an empty readiness.
        io.writable().await?;
        let (probing, proved, scratch) = (Lock::default(), Notify::new(), Lock::default());
        Ok(Self { io, state, relay, leg, key, probing, proved, scratch })
    }

    /// Whether a probe proved lately that datagrams get to the relay and back.
    pub(crate) fn is_proven(&self) -> bool {
        self.probing.lock().proven.is_some_and(|at| at.elapsed() < PROVEN_FOR)
    }

    /// Returns when a probe proves it, or at once if one has since the last call.
    pub(crate) async fn proved(&self) {
        self.proved.notified().await;
    }

    /// Sends the probe that is due. It is followed by a second one as soon as the relay gives a new challenge.
    pub(crate) fn probe(&self) {
        self.probing.lock().may_hurry = true;
        self.request();
    }

    /// A full or broken socket is the same as a lost probe.
    fn request(&self) {
        let (counter, challenge) = self.probing.lock().next();
        let (leg, kind) = (self.leg, ProbeKind::Request);
        let probe = Probe { leg, kind, counter, challenge, mac: self.mac(kind, counter, challenge) };
        if let Err(error) = self.io.try_send(&probe.encode()) {
            tracing::debug!(%error, "a UDP probe could not be sent");
        }
    }

    fn mac(&self, kind: ProbeKind, counter: u64, challenge: u64) -> [u8; MAC_LENGTH] {
        let tag = hmac::sign(&self.key, &Probe::authenticated(self.leg, kind, counter, challenge));
        let mut mac = [0; MAC_LENGTH];
        mac.copy_from_slice(&tag.as_ref()[..MAC_LENGTH]);
        mac
    }

    fn answered(&self, probe: &Probe) {
        let Probe { kind, counter, challenge, .. } = *probe;
        let mac = self.mac(kind, counter, challenge);
        if kind != ProbeKind::Reply || constant_time::verify_slices_are_equal(&probe.mac, &mac).is_err() {
            return;
        }
        let verdict = self.probing.lock().heard(counter, challenge, Instant::now());
        match verdict {
            Verdict::Proven => self.proved.notify_one(),
            Verdict::AskAgain => self.request(),
            Verdict::Nothing => {}
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

#[cfg(test)]
mod tests;
