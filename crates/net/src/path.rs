//! The socket under QUIC: a tunnel and, where it gets through, UDP. QUIC sees one constant peer and never
//! notices which of them carries its datagrams.

use std::fmt;
use std::future::Future;
use std::io::{self, IoSliceMut};
use std::net::{IpAddr, Ipv6Addr, SocketAddr};
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};
use std::task::{Context, Poll, Waker};

use quinn::udp::{RecvMeta, Transmit};
use quinn::{AsyncUdpSocket, UdpPoller};

use crate::lock::Lock;
use crate::tunnel::Tunnel;
use crate::udp::UdpLeg;

/// The address that QUIC believes its peer has. It never appears on any wire.
pub(crate) const PEER: SocketAddr =
    SocketAddr::new(IpAddr::V6(Ipv6Addr::new(0xfd00, 0, 0, 0, 0, 0, 0, 1)), 1);

/// Most datagrams that QUIC hands over at once.
const MAX_SEGMENTS: usize = 16;

/// The set of paths of one leg.
#[derive(Debug)]
pub(crate) struct Paths {
    tunnel: Arc<Tunnel>,
    udp: OnceLock<Arc<UdpLeg>>,
    over_udp: AtomicBool,
    /// Tasks of QUIC that wait for the path in use; woken when another is taken into use.
    waiting: Lock<Vec<Waker>>,
    receiver: Lock<Option<Waker>>,
}

impl Paths {
    pub(crate) fn new(tunnel: Arc<Tunnel>) -> Arc<Self> {
        let (udp, over_udp) = (OnceLock::new(), AtomicBool::new(false));
        Arc::new(Self { tunnel, udp, over_udp, waiting: Lock::default(), receiver: Lock::default() })
    }

    /// Adds the UDP side; its probes are heard from now on.
    pub(crate) fn add_udp(&self, udp: Arc<UdpLeg>) {
        // There is one UDP side a leg, added once.
        if self.udp.set(udp).is_ok()
            && let Some(waker) = self.receiver.lock().take()
        {
            waker.wake();
        }
    }

    /// Takes UDP or the tunnel into use; gives whether that is a change.
    pub(crate) fn use_udp(&self, udp: bool) -> bool {
        let changed = self.over_udp.swap(udp, Ordering::SeqCst) != udp;
        if changed {
            std::mem::take(&mut *self.waiting.lock()).into_iter().for_each(Waker::wake);
        }
        changed
    }

    pub(crate) fn is_over_udp(&self) -> bool {
        self.over_udp.load(Ordering::SeqCst)
    }

    fn wake_on_change(&self, cx: &Context<'_>) {
        let mut waiting = self.waiting.lock();
        if !waiting.iter().any(|waker| waker.will_wake(cx.waker())) {
            waiting.push(cx.waker().clone());
        }
    }

    fn udp_in_use(&self) -> Option<&Arc<UdpLeg>> {
        self.udp.get().filter(|_| self.is_over_udp())
    }
}

type Writable = Pin<Box<dyn Future<Output = io::Result<()>> + Send + Sync>>;

struct Poller {
    paths: Arc<Paths>,
    udp_writable: Option<Writable>,
}

impl fmt::Debug for Poller {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Poller")
    }
}

impl UdpPoller for Poller {
    fn poll_writable(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let Some(udp) = self.paths.udp_in_use().cloned() else {
            self.udp_writable = None;
            self.paths.wake_on_change(cx);
            return self.paths.tunnel.poll_writable(cx);
        };
        self.paths.wake_on_change(cx);
        let writable = self.udp_writable.get_or_insert_with(|| Box::pin(async move { udp.writable().await }));
        let polled = writable.as_mut().poll(cx);
        if polled.is_ready() {
            self.udp_writable = None;
        }
        polled
    }
}

impl AsyncUdpSocket for Paths {
    fn create_io_poller(self: Arc<Self>) -> Pin<Box<dyn UdpPoller>> {
        Box::pin(Poller { paths: self, udp_writable: None })
    }

    fn try_send(&self, transmit: &Transmit<'_>) -> io::Result<()> {
        match self.udp_in_use() {
            Some(udp) => udp.try_send(transmit),
            None => {
                let segment = transmit.segment_size.unwrap_or(transmit.contents.len()).max(1);
                self.tunnel.try_send(transmit.contents.chunks(segment))
            }
        }
    }

    fn poll_recv(
        &self,
        cx: &mut Context<'_>,
        buffers: &mut [IoSliceMut<'_>],
        meta: &mut [RecvMeta],
    ) -> Poll<io::Result<usize>> {
        let mut count = 0;
        while count < buffers.len().min(meta.len()) {
            let Poll::Ready(datagram) = self.tunnel.poll_recv(cx) else { break };
            let Some(buffer) = buffers[count].get_mut(..datagram.len()) else { continue };
            buffer.copy_from_slice(&datagram);
            let (len, stride) = (datagram.len(), datagram.len());
            meta[count] = RecvMeta { addr: PEER, len, stride, ecn: None, dst_ip: None };
            count += 1;
        }
        if count > 0 {
            return Poll::Ready(Ok(count));
        }
        if self.udp.get().is_none() {
            *self.receiver.lock() = Some(cx.waker().clone());
        }
        // Looked at after the waker is in place, so that a UDP side added meanwhile is not missed.
        let Some(udp) = self.udp.get() else { return Poll::Pending };
        loop {
            let count = std::task::ready!(udp.poll_recv(cx, buffers, meta))?;
            for meta in &mut meta[..count] {
                (meta.addr, meta.dst_ip) = (PEER, None);
            }
            // A batch of probes only holds nothing for QUIC: look again, which registers the waker.
            if meta[..count].iter().any(|meta| meta.len > 0) {
                return Poll::Ready(Ok(count));
            }
        }
    }

    fn local_addr(&self) -> io::Result<SocketAddr> {
        // QUIC only wants the family to be the peer's.
        Ok(PEER)
    }

    fn max_transmit_segments(&self) -> usize {
        self.udp_in_use().map_or(MAX_SEGMENTS, |udp| udp.max_transmit_segments().min(MAX_SEGMENTS))
    }

    fn max_receive_segments(&self) -> usize {
        self.udp.get().map_or(1, |udp| udp.max_receive_segments()).max(64)
    }

    fn may_fragment(&self) -> bool {
        // Neither path fragments, which lets QUIC look for the largest size that gets through.
        false
    }
}
