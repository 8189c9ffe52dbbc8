//! Compressing: a stream of zstd blocks (RFC 8878) against a prefix, without the frame's header.

use zstd::zstd_safe::{CCtx, CParameter, ErrorCode, InBuffer, OutBuffer, compress_bound, get_error_name};

use crate::EncodeError;

/// log2 of the window: how far back within one update a match may reach.
const WINDOW_LOG: u8 = 20;
/// Bytes of the window; the decoder sets aside as many.
pub(crate) const WINDOW: usize = 1 << WINDOW_LOG;
/// The frame header that every stream has, and which is therefore not sent: magic number, no content
/// size, no checksum, no dictionary id, and the window's size.
pub(crate) const FRAME_HEADER: [u8; 6] = [0x28, 0xB5, 0x2F, 0xFD, 0, (WINDOW_LOG - 10) << 3];
/// Measured on screens: level 1 takes a third of the time of level 3, and the output is within 5 %.
const LEVEL: i32 = 1;
/// Fewest bytes of room in the output when the compressor is called.
const ROOM: usize = 64;

/// How much of what is remembered is offered for so many bytes to be compressed: to index it costs as much as to
/// compress it, and a letter is found again among the last letters.
const LEAST_PREFIX: usize = 16 * 1024;
const PREFIX_A_BYTE: usize = 16;

/// Parameters of every stream; what its matches may reach is said for each.
fn context<'prefix>() -> Result<CCtx<'prefix>, EncodeError> {
    let mut context = CCtx::try_create().ok_or(EncodeError::Compressor("no memory"))?;
    let parameters = [
        CParameter::CompressionLevel(LEVEL),
        CParameter::WindowLog(u32::from(WINDOW_LOG)),
        CParameter::ContentSizeFlag(false),
        CParameter::ChecksumFlag(false),
        CParameter::DictIdFlag(false),
    ];
    for parameter in parameters {
        context.set_parameter(parameter).map_err(failed)?;
    }
    Ok(context)
}

/// Compresses the last `length` bytes at once, and appends the blocks. Matches may also reach into what is before
/// them, which the decoder must have as well.
///
/// A stream would do the same, but has buffers as large as its window, and what lies in one piece is found faster.
pub(crate) fn once(bytes: &[u8], length: usize, blocks: &mut Vec<u8>) -> Result<(), EncodeError> {
    let (before, last) = bytes.split_at(bytes.len() - length);
    let prefix = before.len().min(LEAST_PREFIX.max(length.saturating_mul(PREFIX_A_BYTE)));
    let mut context = context()?;
    context.ref_prefix(&before[before.len() - prefix..]).map_err(failed)?;
    let mut frame: Vec<u8> = Vec::with_capacity(compress_bound(length) + ROOM);
    context.compress2(&mut frame, last).map_err(failed)?;
    // Knowing the length, the compressor names a window that is just large enough: all of it fits the decoder's.
    match frame.split_first_chunk() {
        Some((&[a, b, c, d, e, window], rest))
            if [a, b, c, d, e] == FRAME_HEADER[..5] && window <= FRAME_HEADER[5] =>
        {
            blocks.extend_from_slice(rest);
            Ok(())
        }
        _ => Err(EncodeError::Compressor("an unexpected frame header")),
    }
}

/// One stream of blocks being written.
pub(crate) struct Compressor<'prefix> {
    context: CCtx<'prefix>,
    output: Vec<u8>,
}

impl<'prefix> Compressor<'prefix> {
    /// A stream whose matches may also reach into `prefix`, which the decoder must have as well.
    pub(crate) fn new(prefix: &'prefix [u8]) -> Result<Self, EncodeError> {
        let mut context = context()?;
        context.ref_prefix(prefix).map_err(failed)?;
        Ok(Self { context, output: Vec::new() })
    }

    /// Writes all of `bytes` out as blocks; gives how long the stream is now.
    pub(crate) fn flush(&mut self, bytes: &[u8]) -> Result<usize, EncodeError> {
        self.feed(bytes)?;
        self.drive(CCtx::flush_stream)?;
        Ok(self.output.len())
    }

    /// Writes `bytes` and the end of the stream, and gives all blocks.
    pub(crate) fn finish(mut self, bytes: &[u8]) -> Result<Vec<u8>, EncodeError> {
        self.feed(bytes)?;
        self.drive(CCtx::end_stream)?;
        if !self.output.starts_with(&FRAME_HEADER) {
            return Err(EncodeError::Compressor("an unexpected frame header"));
        }
        self.output.drain(..FRAME_HEADER.len());
        Ok(self.output)
    }

    fn feed(&mut self, bytes: &[u8]) -> Result<(), EncodeError> {
        self.output.reserve(compress_bound(bytes.len()));
        let mut input = InBuffer::around(bytes);
        while input.pos() < bytes.len() {
            self.output.reserve(ROOM);
            let end = self.output.len();
            let mut output = OutBuffer::around_pos(&mut self.output, end);
            self.context.compress_stream(&mut output, &mut input).map_err(failed)?;
        }
        Ok(())
    }

    /// Calls a step until it says that nothing is left inside the compressor.
    fn drive(
        &mut self,
        step: impl Fn(&mut CCtx<'prefix>, &mut OutBuffer<'_, Vec<u8>>) -> Result<usize, ErrorCode>,
    ) -> Result<(), EncodeError> {
        loop {
            self.output.reserve(ROOM);
            let end = self.output.len();
            let mut output = OutBuffer::around_pos(&mut self.output, end);
            if step(&mut self.context, &mut output).map_err(failed)? == 0 {
                return Ok(());
            }
        }
    }
}

/// Most bytes that this many compress to, each in a stream of its own or flushed alone.
pub(crate) fn bound(bytes: usize) -> usize {
    compress_bound(bytes) + ROOM
}

fn failed(code: ErrorCode) -> EncodeError {
    EncodeError::Compressor(get_error_name(code))
}
