//! The loop of one leg's tunnel: ticket, welcome, then datagrams both ways.

use std::net::SocketAddr;
use std::pin::pin;
use std::time::Duration;

use deskside_proto::LegId;
use deskside_proto::ticket::MAX_TICKET;
use deskside_proto::tunnel::{Frame, MAX_FRAME, Refusal};
use thiserror::Error;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::time::timeout;
use tracing::{debug, warn};
use zeroize::Zeroizing;

use crate::table::{Admitted, Denied, Route};
use crate::{Shared, is_quic, monotonic, wall_clock_ms};

/// How long a connection may take to show its whole ticket.
pub const TICKET_DEADLINE: Duration = Duration::from_secs(10);
/// How long a refused connection gets to take its refusal.
const FAREWELL: Duration = Duration::from_secs(1);
/// How long a leg may leave its tunnel unread before it is closed: longer than any outage that a session
/// survives.
const STALLED: Duration = Duration::from_secs(150);
/// Bytes that are read from a tunnel at one time: one TLS record, and more than the longest frame.
const READ_BUFFER: usize = 16 * 1024;
const _: () = assert!(READ_BUFFER > 2 + MAX_FRAME);

/// Why a connection ended that was not simply closed by its program.
#[derive(Debug, Error)]
enum Ending {
    #[error("{0}")]
    Denied(#[from] Denied),
    #[error("too many connections without a ticket")]
    Crowded,
    #[error("no ticket within {} s", TICKET_DEADLINE.as_secs())]
    Late,
    #[error("not the frames of a tunnel: {0}")]
    Protocol(String),
    #[error("nothing was read for {} s", STALLED.as_secs())]
    Stalled,
    #[error(transparent)]
    Io(#[from] std::io::Error),
}

impl Ending {
    /// What the program is told, if its fault is such that it is told.
    fn refusal(&self) -> Option<Refusal> {
        match self {
            Self::Denied(denied) => Some(denied.refusal()),
            Self::Crowded => Some(Refusal::Full),
            Self::Late | Self::Protocol(_) => Some(Refusal::Protocol),
            Self::Stalled | Self::Io(_) => None,
        }
    }
}

pub(crate) async fn serve<S>(shared: &Shared, stream: S, peer: SocketAddr)
where
    S: AsyncRead + AsyncWrite + Send,
{
    let mut stream = pin!(stream);
    let Err(ending) = run(shared, &mut stream, peer).await else { return };
    let Some(refusal) = ending.refusal() else {
        debug!(%peer, reason = %ending, "leg lost");
        return;
    };
    shared.counters.refused.add(1);
    warn!(%peer, reason = %ending, "leg refused");
    let farewell = async {
        let mut bytes = Vec::new();
        Frame::Refused(refusal).encode(&mut bytes).map_err(std::io::Error::other)?;
        stream.write_all(&bytes).await?;
        stream.shutdown().await
    };
    match timeout(FAREWELL, farewell).await {
        Ok(Ok(())) => {}
        Ok(Err(error)) => debug!(%peer, %error, "refusal not delivered"),
        Err(_) => debug!(%peer, "refusal not taken"),
    }
}

/// Serves a connection; `Ok` if the program closed it.
async fn run<S>(shared: &Shared, stream: &mut S, peer: SocketAddr) -> Result<(), Ending>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let waiting = shared.waiting.enter(peer.ip()).ok_or(Ending::Crowded)?;
    let ticket = timeout(TICKET_DEADLINE, read_ticket(stream)).await.map_err(|_| Ending::Late)??;
    let now_ms = wall_clock_ms();
    let body = shared.verifier.verify(&ticket, now_ms).map_err(Denied::from)?;
    let Admitted { leg, key, queue } = shared.table().admit(&body, now_ms)?;
    // From here on the leg is in the table, and leaves it however this function ends.
    let leg = OpenLeg { shared, leg };
    drop(waiting);
    shared.counters.admitted.add(1);
    debug!(%peer, session = %body.session, role = ?body.role, "leg open");

    let (mut reader, mut writer) = tokio::io::split(stream);
    let outgoing = async {
        let mut welcome = Zeroizing::new(Vec::with_capacity(64));
        put(&Frame::Welcome { leg: leg.leg, key: *key }, &mut welcome)?;
        drop(key);
        write(&mut writer, &welcome).await?;
        drop(welcome);
        let mut bytes = Vec::new();
        loop {
            queue.take(&mut bytes).await;
            write(&mut writer, &bytes).await?;
            bytes.clear();
            bytes.shrink_to(4096);
        }
    };
    let incoming = read_datagrams(shared, leg.leg, &mut reader);
    tokio::select! {
        ended = outgoing => ended,
        ended = incoming => ended,
    }
}

/// A leg in the table; dropping it takes it out.
struct OpenLeg<'a> {
    shared: &'a Shared,
    leg: LegId,
}

impl Drop for OpenLeg<'_> {
    fn drop(&mut self) {
        self.shared.table().remove(self.leg);
    }
}

fn put(frame: &Frame<'_>, out: &mut Vec<u8>) -> Result<(), Ending> {
    frame.encode(out).map_err(|error| Ending::Protocol(error.to_string()))
}

async fn write<W: AsyncWrite + Unpin>(writer: &mut W, bytes: &[u8]) -> Result<(), Ending> {
    let written = timeout(STALLED, async {
        writer.write_all(bytes).await?;
        writer.flush().await
    });
    Ok(written.await.map_err(|_| Ending::Stalled)??)
}

/// Reads the first frame and nothing behind it, with room for a ticket and no more.
async fn read_ticket<R: AsyncRead + Unpin>(reader: &mut R) -> Result<Vec<u8>, Ending> {
    let mut frame = vec![0; 2];
    reader.read_exact(&mut frame).await?;
    let length = usize::from(u16::from_be_bytes([frame[0], frame[1]]));
    if length > 1 + MAX_TICKET {
        return Err(Ending::Protocol(format!("the first frame has {length} bytes, a ticket has fewer")));
    }
    frame.resize(2 + length, 0);
    reader.read_exact(&mut frame[2..]).await?;
    match Frame::decode(&frame) {
        Ok(Some((Frame::Ticket(ticket), _))) => Ok(ticket.to_vec()),
        Ok(_) => Err(Ending::Protocol("the first frame is no ticket".to_owned())),
        Err(error) => Err(Ending::Protocol(error.to_string())),
    }
}

/// Reads frames and forwards their datagrams until the program closes the stream.
async fn read_datagrams<R: AsyncRead + Unpin>(
    shared: &Shared,
    leg: LegId,
    reader: &mut R,
) -> Result<(), Ending> {
    let mut buffer = vec![0; READ_BUFFER];
    let mut filled = 0;
    loop {
        let read = reader.read(&mut buffer[filled..]).await?;
        if read == 0 {
            return Ok(());
        }
        filled += read;
        let (mut datagrams, used) = split(&buffer[..filled])?;
        let all = datagrams.len();
        datagrams.retain(|datagram| is_quic(datagram));
        shared.counters.dropped.add(all - datagrams.len());
        if !datagrams.is_empty() {
            forward(shared, leg, &datagrams).await;
        }
        buffer.copy_within(used..filled, 0);
        filled -= used;
    }
}

/// The datagrams of all whole frames, and how many bytes those frames take.
fn split(bytes: &[u8]) -> Result<(Vec<&[u8]>, usize), Ending> {
    let mut datagrams = Vec::new();
    let mut used = 0;
    loop {
        match Frame::decode(&bytes[used..]) {
            Ok(None) => return Ok((datagrams, used)),
            Ok(Some((Frame::Datagram(datagram), length))) => {
                datagrams.push(datagram);
                used += length;
            }
            Ok(Some((other, _))) => {
                return Err(Ending::Protocol(format!("{other:?} from a program with an open leg")));
            }
            Err(error) => return Err(Ending::Protocol(error.to_string())),
        }
    }
}

async fn forward(shared: &Shared, leg: LegId, datagrams: &[&[u8]]) {
    let route = shared.table().route(leg, monotonic());
    match (route, shared.udp.get()) {
        (Some(Route::Tunnel(queue)), _) => {
            shared.counters.to_tunnel(datagrams.iter().map(|datagram| datagram.len()));
            shared.counters.dropped.add(queue.push(datagrams.iter().copied()));
        }
        (Some(Route::Udp(path, peer)), Some(port)) => {
            port.send_all(&shared.counters, path, peer, datagrams).await;
        }
        (None, _) | (Some(Route::Udp(..)), None) => shared.counters.dropped.add(datagrams.len()),
    }
}
