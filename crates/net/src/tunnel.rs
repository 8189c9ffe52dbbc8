//! A leg's tunnel: framed datagrams over one TLS connection to the relay.
//!
//! Outgoing bytes are bounded, so that QUIC above feels the line's speed instead of filling a queue.

use std::collections::VecDeque;
use std::io;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use deskside_proto::LegId;
use deskside_proto::tunnel::{Frame, Refusal};
use deskside_proto::udp::KEY_LENGTH;
use tokio::io::{AsyncReadExt, AsyncWriteExt, ReadHalf, WriteHalf};
use tokio::net::TcpStream;
use tokio::sync::{Notify, mpsc, watch};
use tokio_rustls::client::TlsStream;

use crate::lock::Lock;

/// Most bytes that wait for the TLS connection; above it QUIC is told to wait.
const MAX_OUT: usize = 128 * 1024;
/// Most bytes that wait for QUIC; above it the TLS connection is not read.
const MAX_IN: usize = 1024 * 1024;
/// How long the relay may take to answer a ticket.
const WELCOME: Duration = Duration::from_secs(10);

type Tls = TlsStream<TcpStream>;

/// What the relay tells a leg beside datagrams.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Notice {
    /// The other party's leg is there or is gone.
    Peer(bool),
    /// The relay closed the leg, or the connection to it broke.
    Closed,
}

/// An open leg at a relay.
pub(crate) struct OpenLeg {
    pub(crate) leg: LegId,
    pub(crate) key: [u8; KEY_LENGTH],
    pub(crate) tunnel: Arc<Tunnel>,
    pub(crate) notices: mpsc::UnboundedReceiver<Notice>,
}

/// Why a relay gave no leg.
#[derive(Debug, thiserror::Error)]
pub(crate) enum LegError {
    #[error("{0}")]
    Io(#[from] io::Error),
    #[error("the relay did not answer in time")]
    TimedOut,
    #[error("the relay did not accept the ticket")]
    Ticket,
    #[error("the session already has two parties or the ticket was used before")]
    Used,
    #[error("the relay has no room; try again in a minute")]
    Full,
    #[error("the relay does not follow the protocol")]
    Protocol,
}

/// Both directions of the tunnel, as seen by QUIC's socket.
#[derive(Debug, Default)]
pub(crate) struct Tunnel {
    out: Lock<Outgoing>,
    out_filled: Notify,
    incoming: Lock<Incoming>,
    in_drained: Notify,
    closed: watch::Sender<bool>,
}

#[derive(Debug, Default)]
struct Outgoing {
    bytes: Vec<u8>,
    wakers: Vec<Waker>,
    closed: bool,
}

#[derive(Debug, Default)]
struct Incoming {
    datagrams: VecDeque<Vec<u8>>,
    bytes: usize,
    waker: Option<Waker>,
}

/// Shows the ticket and, once the relay has welcomed the leg, keeps both directions going.
pub(crate) async fn open(mut tls: Tls, ticket: &[u8]) -> Result<OpenLeg, LegError> {
    let mut hello = Vec::new();
    Frame::Ticket(ticket).encode(&mut hello).map_err(|_| LegError::Ticket)?;
    tls.write_all(&hello).await?;
    tls.flush().await?;
    let (leg, key, rest) =
        tokio::time::timeout(WELCOME, welcome(&mut tls)).await.map_err(|_| LegError::TimedOut)??;
    let tunnel = Arc::new(Tunnel::default());
    let (notify, notices) = mpsc::unbounded_channel();
    let (reader, writer) = tokio::io::split(tls);
    tokio::spawn(write_loop(Arc::clone(&tunnel), writer));
    tokio::spawn(read_loop(Arc::clone(&tunnel), reader, rest, notify));
    Ok(OpenLeg { leg, key, tunnel, notices })
}

async fn welcome(tls: &mut Tls) -> Result<(LegId, [u8; KEY_LENGTH], Vec<u8>), LegError> {
    let mut buffer = Vec::new();
    loop {
        if let Some((answer, used)) = first_frame(&buffer)? {
            let (leg, key) = answer;
            return Ok((leg, key, buffer.split_off(used)));
        }
        if tls.read_buf(&mut buffer).await? == 0 {
            return Err(io::Error::from(io::ErrorKind::UnexpectedEof).into());
        }
    }
}

type Welcomed = (LegId, [u8; KEY_LENGTH]);

fn first_frame(buffer: &[u8]) -> Result<Option<(Welcomed, usize)>, LegError> {
    match Frame::decode(buffer).map_err(|_| LegError::Protocol)? {
        None => Ok(None),
        Some((Frame::Welcome { leg, key }, used)) => Ok(Some(((leg, key), used))),
        Some((Frame::Refused(refusal), _)) => Err(match refusal {
            Refusal::Ticket => LegError::Ticket,
            Refusal::Used => LegError::Used,
            Refusal::Full => LegError::Full,
            Refusal::Protocol => LegError::Protocol,
        }),
        Some((Frame::Datagram(_) | Frame::Ticket(_) | Frame::Peer(_), _)) => Err(LegError::Protocol),
    }
}

async fn write_loop(tunnel: Arc<Tunnel>, mut tls: WriteHalf<Tls>) {
    let mut closed = tunnel.closed.subscribe();
    let mut bytes = Vec::new();
    loop {
        let wakers = {
            let mut out = tunnel.out.lock();
            std::mem::swap(&mut bytes, &mut out.bytes);
            std::mem::take(&mut out.wakers)
        };
        wakers.into_iter().for_each(Waker::wake);
        if bytes.is_empty() {
            tokio::select! {
                () = tunnel.out_filled.notified() => {}
                _ = closed.wait_for(|closed| *closed) => break,
            }
            continue;
        }
        let sent = async {
            tls.write_all(&bytes).await?;
            tls.flush().await
        };
        if sent.await.is_err() {
            break;
        }
        bytes.clear();
    }
    tunnel.close();
    // The other end may be gone already; then there is nobody to say goodbye to.
    tls.shutdown().await.unwrap_or_default();
}

async fn read_loop(
    tunnel: Arc<Tunnel>,
    mut tls: ReadHalf<Tls>,
    mut buffer: Vec<u8>,
    notify: mpsc::UnboundedSender<Notice>,
) {
    let mut closed = tunnel.closed.subscribe();
    while let Some(used) = tunnel.take_in(&buffer, &notify) {
        buffer.drain(..used);
        if tunnel.incoming.lock().bytes > MAX_IN {
            tokio::select! {
                () = tunnel.in_drained.notified() => {}
                _ = closed.wait_for(|closed| *closed) => break,
            }
            continue;
        }
        tokio::select! {
            read = tls.read_buf(&mut buffer) => if !matches!(read, Ok(1..)) { break },
            _ = closed.wait_for(|closed| *closed) => break,
        }
    }
    tunnel.close();
    // Nobody listens any more when the session has already ended.
    notify.send(Notice::Closed).unwrap_or_default();
}

impl Tunnel {
    /// Queues what the whole frames of `buffer` bring; gives how many bytes they took, or `None` if the
    /// relay broke the protocol.
    fn take_in(&self, buffer: &[u8], notify: &mpsc::UnboundedSender<Notice>) -> Option<usize> {
        let mut used = 0;
        let mut incoming = self.incoming.lock();
        while let Some((frame, length)) = Frame::decode(&buffer[used..]).ok()? {
            match frame {
                Frame::Datagram(datagram) => {
                    incoming.bytes += datagram.len();
                    incoming.datagrams.push_back(datagram.to_vec());
                }
                // Nobody listens any more when the session has already ended.
                Frame::Peer(present) => notify.send(Notice::Peer(present)).unwrap_or_default(),
                Frame::Ticket(_) | Frame::Welcome { .. } | Frame::Refused(_) => return None,
            }
            used += length;
        }
        if !incoming.datagrams.is_empty()
            && let Some(waker) = incoming.waker.take()
        {
            waker.wake();
        }
        Some(used)
    }

    /// Queues datagrams for the relay, or tells QUIC to wait.
    pub(crate) fn try_send<'a>(&self, datagrams: impl Iterator<Item = &'a [u8]>) -> io::Result<()> {
        let mut out = self.out.lock();
        if out.closed {
            return Err(io::ErrorKind::BrokenPipe.into());
        }
        if out.bytes.len() >= MAX_OUT {
            return Err(io::ErrorKind::WouldBlock.into());
        }
        for datagram in datagrams {
            Frame::Datagram(datagram).encode(&mut out.bytes).map_err(io::Error::other)?;
        }
        drop(out);
        self.out_filled.notify_one();
        Ok(())
    }

    /// Ready when [`Tunnel::try_send`] may succeed.
    pub(crate) fn poll_writable(&self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let mut out = self.out.lock();
        if out.closed {
            return Poll::Ready(Err(io::ErrorKind::BrokenPipe.into()));
        }
        if out.bytes.len() < MAX_OUT {
            return Poll::Ready(Ok(()));
        }
        out.wakers.push(cx.waker().clone());
        Poll::Pending
    }

    /// The next datagram that arrived; registers the waker if there is none.
    pub(crate) fn poll_recv(&self, cx: &mut Context<'_>) -> Poll<Vec<u8>> {
        let mut incoming = self.incoming.lock();
        let Some(datagram) = incoming.datagrams.pop_front() else {
            incoming.waker = Some(cx.waker().clone());
            return Poll::Pending;
        };
        incoming.bytes -= datagram.len();
        drop(incoming);
        self.in_drained.notify_one();
        Poll::Ready(datagram)
    }

    /// Ends both directions.
    pub(crate) fn close(&self) {
        let wakers = {
            let mut out = self.out.lock();
            out.closed = true;
            std::mem::take(&mut out.wakers)
        };
        wakers.into_iter().for_each(Waker::wake);
        self.closed.send_replace(true);
    }
}
