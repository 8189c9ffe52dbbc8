//! Expanding what [`crate::compress`] made, in pure Rust, whoever sent it.

use std::io::Read;

use ruzstd::decoding::{BlockDecodingStrategy, Dictionary, FrameDecoder};

use crate::DecodeError;
use crate::compress::{FRAME_HEADER, WINDOW};

/// Any number will do: the header of every stream is ours and names no dictionary.
const PREFIX_ID: u32 = 1;
/// Bytes of output on which a compressor may spend one block of its own accord.
const BYTES_A_BLOCK: usize = 4096;

/// Expands streams of blocks; keeps its buffers from one to the next.
pub(crate) struct Expander {
    decoder: FrameDecoder,
    expanded: Vec<u8>,
}

impl Expander {
    pub(crate) fn new() -> Self {
        let mut decoder = FrameDecoder::new();
        decoder.set_max_window_size(WINDOW as u64);
        Self { decoder, expanded: Vec::new() }
    }

    /// Expands `blocks` against `prefix` to exactly `length` bytes.
    ///
    /// Memory stays below `length` and twice the window and the prefix. A stream may have one block a flush
    /// besides those that its length explains: building tables for many tiny blocks would cost time.
    pub(crate) fn expand(
        &mut self,
        blocks: &[u8],
        prefix: &[u8],
        length: usize,
        flushes: usize,
    ) -> Result<&[u8], DecodeError> {
        let broken = |problem: &dyn std::fmt::Display| DecodeError::Blocks(problem.to_string());
        let most_blocks = 2 + flushes + length / BYTES_A_BLOCK;
        let Self { decoder, expanded } = self;
        expanded.clear();
        expanded.reserve(length);
        decoder.reset(FRAME_HEADER.as_slice()).map_err(|e| broken(&e))?;
        let dictionary = Dictionary {
            id: PREFIX_ID,
            fse: Default::default(),
            huf: Default::default(),
            dict_content: prefix.to_vec(),
            offset_hist: [1, 4, 8],
        };
        decoder.add_dict(dictionary).map_err(|e| broken(&e))?;
        decoder.force_dict(PREFIX_ID).map_err(|e| broken(&e))?;

        let mut rest = blocks;
        while !decoder.is_finished() {
            if decoder.blocks_decoded() >= most_blocks {
                return Err(broken(&"too many blocks"));
            }
            decoder.decode_blocks(&mut rest, BlockDecodingStrategy::UptoBlocks(1)).map_err(|e| broken(&e))?;
            let ready = decoder.can_collect();
            let start = expanded.len();
            if ready > length - start {
                return Err(broken(&"they expand to more than the pieces need"));
            }
            expanded.resize(start + ready, 0);
            decoder.read_exact(&mut expanded[start..]).map_err(|e| broken(&e))?;
        }
        if expanded.len() < length {
            return Err(broken(&"they expand to less than the pieces need"));
        }
        if rest.is_empty() { Ok(expanded) } else { Err(DecodeError::Trailing(rest.len())) }
    }
}
