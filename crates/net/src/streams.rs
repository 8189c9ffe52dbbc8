//! QUIC streams as queues: writers that never block the session's loop, readers that feed it.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use deskside_proto::frame::Deframer;
use deskside_proto::picture::{MAX_UPDATE, STREAM_INPUT, STREAM_PICTURE, UpdateHeader};
use quinn::{Connection, RecvStream, SendStream, VarInt};
use tokio::sync::{mpsc, watch};
use tokio::task::JoinHandle;

/// Streams of higher priority are packetised first.
pub(crate) const PRIORITY_CONTROL: i32 = 10;
/// Behind control and input.
const PRIORITY_PICTURE: i32 = 0;
/// A peer that leaves so many control bytes unread is stuck or hostile.
const MAX_UNSENT: usize = 4 * 1024 * 1024;
/// How long the last bytes may take to be written and acknowledged, whatever the peer does.
const LAST_BYTES: Duration = Duration::from_secs(2);
/// What a stream is reset with whose update is void.
const VOID: VarInt = VarInt::from_u32(1);
/// What arrived and waits for the loop.
pub(crate) const INCOMING_QUEUE: usize = 32;

/// What arrives on a connection.
#[derive(Debug)]
pub(crate) enum Incoming {
    /// Bytes of the control stream.
    Control(Vec<u8>),
    /// One message of the input stream.
    Input(Vec<u8>),
    /// One update of the picture.
    Update(UpdateHeader, Vec<u8>),
    /// The peer broke the rules of the streams.
    BadStream,
}

/// Writes in order, on a task of its own.
#[derive(Debug)]
pub(crate) struct Writer {
    queue: mpsc::UnboundedSender<Vec<u8>>,
    unsent: Arc<AtomicUsize>,
    task: JoinHandle<()>,
}

/// The peer does not read what is written.
#[derive(Debug)]
pub(crate) struct Stuck;

impl Writer {
    pub(crate) fn spawn(mut stream: SendStream) -> Self {
        let (queue, mut waiting) = mpsc::unbounded_channel::<Vec<u8>>();
        let unsent = Arc::new(AtomicUsize::new(0));
        let counter = Arc::clone(&unsent);
        let task = tokio::spawn(async move {
            while let Some(bytes) = waiting.recv().await {
                if stream.write_all(&bytes).await.is_err() {
                    // The connection is gone; its end is noticed where datagrams are.
                    return;
                }
                counter.fetch_sub(bytes.len(), Ordering::Relaxed);
            }
            if stream.finish().is_ok() {
                // Best effort: if the peer is gone, there is nobody to acknowledge.
                stream.stopped().await.ok();
            }
        });
        Self { queue, unsent, task }
    }

    pub(crate) fn send(&self, bytes: Vec<u8>) -> Result<(), Stuck> {
        let unsent = self.unsent.fetch_add(bytes.len(), Ordering::Relaxed) + bytes.len();
        if unsent > MAX_UNSENT { Err(Stuck) } else { self.queue.send(bytes).map_err(|_| Stuck) }
    }

    /// Sends what is queued, ends the stream, and waits a little for the acknowledgement. A peer that keeps
    /// the connection alive and reads nothing must not keep the program.
    pub(crate) async fn finish(mut self) {
        drop(self.queue);
        if tokio::time::timeout(LAST_BYTES, &mut self.task).await.is_err() {
            self.task.abort();
        }
    }
}

/// Sends updates in order, each on a stream of its own.
pub(crate) struct PictureWriter {
    queue: mpsc::UnboundedSender<(UpdateHeader, Vec<u8>)>,
    /// The oldest epoch whose updates may still travel.
    oldest: watch::Sender<u32>,
}

impl PictureWriter {
    /// `taken` is told how many bytes of updates do not wait here any more, `delivered` of each update that the peer's
    /// QUIC has, in whatever order that is.
    pub(crate) fn spawn(
        connection: Connection,
        taken: impl Fn(usize) + Send + 'static,
        delivered: impl Fn(UpdateHeader) + Clone + Send + 'static,
    ) -> Self {
        let (queue, mut waiting) = mpsc::unbounded_channel::<(UpdateHeader, Vec<u8>)>();
        let (oldest, void) = watch::channel(0);
        tokio::spawn(async move {
            while let Some((header, body)) = waiting.recv().await {
                let Ok(stream) = send_update(&connection, header, &body, void.clone()).await else { return };
                taken(body.len());
                if let Some(stream) = stream {
                    tokio::spawn(see_off(stream, header, delivered.clone(), void.clone()));
                }
            }
        });
        Self { queue, oldest }
    }

    /// The next update.
    pub(crate) fn send(&self, header: UpdateHeader, body: Vec<u8>) {
        // The writer is gone only when the connection is, which is noticed elsewhere.
        self.queue.send((header, body)).unwrap_or_default();
    }

    /// Nothing of epochs before this one is sent any more, nor sent again if it was lost.
    pub(crate) fn forget_before(&self, epoch: u32) {
        self.oldest.send_replace(epoch);
    }
}

async fn is_void(header: UpdateHeader, void: &mut watch::Receiver<u32>) {
    if void.wait_for(|oldest| header.epoch < *oldest).await.is_err() {
        // Nobody can void it any more.
        std::future::pending::<()>().await;
    }
}

/// Writes an update; `None` if it became void meanwhile.
async fn send_update(
    connection: &Connection,
    header: UpdateHeader,
    body: &[u8],
    mut void: watch::Receiver<u32>,
) -> Result<Option<SendStream>, quinn::WriteError> {
    // The peer says how many streams there may be, which is not to keep here what is void.
    let mut stream = tokio::select! {
        biased;
        () = is_void(header, &mut void) => return Ok(None),
        stream = connection.open_uni() => stream?,
    };
    // Fails only on a stream that is closed; this one was just opened.
    stream.set_priority(PRIORITY_PICTURE).unwrap_or_default();
    let head = [&[STREAM_PICTURE], &header.encode()[..]].concat();
    let write = async {
        stream.write_all(&head).await?;
        stream.write_all(body).await
    };
    tokio::select! {
        biased;
        () = is_void(header, &mut void) => {}
        written = write => {
            written?;
            stream.finish().unwrap_or_default();
            return Ok(Some(stream));
        }
    }
    stream.reset(VOID).unwrap_or_default();
    Ok(None)
}

/// Waits until the peer's QUIC has an update, or takes it back when it becomes void.
async fn see_off(
    mut stream: SendStream,
    header: UpdateHeader,
    delivered: impl Fn(UpdateHeader),
    mut void: watch::Receiver<u32>,
) {
    tokio::select! {
        biased;
        // Fails only when the connection is gone, which is noticed elsewhere.
        acknowledged = stream.stopped() => {
            if acknowledged.is_ok() {
                delivered(header);
            }
            return;
        }
        () = is_void(header, &mut void) => {}
    }
    // It may have arrived at this very moment.
    stream.reset(VOID).unwrap_or_default();
}

/// Reads the control stream to its end.
pub(crate) async fn read_control(mut stream: RecvStream, queue: mpsc::Sender<Incoming>) {
    while let Ok(Some(chunk)) = stream.read_chunk(64 * 1024, true).await {
        if queue.send(Incoming::Control(chunk.bytes.to_vec())).await.is_err() {
            return;
        }
    }
}

/// Takes the peer's unidirectional streams: the one with its input, and one for every update of its picture.
pub(crate) async fn read_streams(connection: Connection, queue: mpsc::Sender<Incoming>) {
    let has_input = Arc::new(AtomicBool::new(false));
    while let Ok(stream) = connection.accept_uni().await {
        tokio::spawn(read_stream(stream, Arc::clone(&has_input), queue.clone()));
    }
}

async fn read_stream(mut stream: RecvStream, has_input: Arc<AtomicBool>, queue: mpsc::Sender<Incoming>) {
    let mut kind = [0];
    match stream.read_exact(&mut kind).await {
        Ok(()) => {}
        // The connection ended, which is noticed elsewhere, or the stream was void before it began.
        Err(quinn::ReadExactError::ReadError(_)) => return,
        Err(quinn::ReadExactError::FinishedEarly(_)) => kind = [0],
    }
    let incoming = match kind {
        [STREAM_PICTURE] => read_update(stream).await,
        [STREAM_INPUT] if !has_input.swap(true, Ordering::Relaxed) => return read_input(stream, queue).await,
        _ => Some(Incoming::BadStream),
    };
    if let Some(incoming) = incoming {
        // Nobody listens any more when the session has already ended.
        queue.send(incoming).await.unwrap_or_default();
    }
}

async fn read_input(mut stream: RecvStream, queue: mpsc::Sender<Incoming>) {
    let mut deframer = Deframer::default();
    while let Ok(Some(chunk)) = stream.read_chunk(64 * 1024, true).await {
        deframer.push(&chunk.bytes);
        loop {
            let incoming = match deframer.next_message() {
                Ok(None) => break,
                Ok(Some(message)) => Incoming::Input(message.to_vec()),
                Err(_) => Incoming::BadStream,
            };
            let is_bad = matches!(incoming, Incoming::BadStream);
            if queue.send(incoming).await.is_err() || is_bad {
                return;
            }
        }
    }
}

/// Reads an update whole; nothing if the connection ended, which is noticed elsewhere.
async fn read_update(mut stream: RecvStream) -> Option<Incoming> {
    match stream.read_to_end(UpdateHeader::LENGTH + MAX_UPDATE).await {
        Ok(bytes) => Some(match UpdateHeader::decode(&bytes) {
            Ok((header, body)) => Incoming::Update(header, body.to_vec()),
            Err(_) => Incoming::BadStream,
        }),
        Err(quinn::ReadToEndError::TooLong) => Some(Incoming::BadStream),
        Err(quinn::ReadToEndError::Read(_)) => None,
    }
}

#[cfg(test)]
mod tests;
