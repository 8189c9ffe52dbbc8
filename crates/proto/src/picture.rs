//! The picture: one unidirectional QUIC stream an update.
//!
//! The stream opens with [`STREAM_PICTURE`], an [`UpdateHeader`], and then carries the codec's bytes to
//! its end. Updates are decoded in the order of their numbers, whatever order the streams arrive in.

use crate::DecodeError;

/// First byte of a unidirectional stream that carries one picture update, sharer to viewer.
pub const STREAM_PICTURE: u8 = 1;
/// First byte of the unidirectional stream that carries input, viewer to sharer.
pub const STREAM_INPUT: u8 = 2;

/// Longest body of an update, in bytes: the codec's output without the header.
pub const MAX_UPDATE: usize = 1024 * 1024;
/// Longest side of a shared picture, in pixels.
pub const MAX_SIDE: u32 = 16_384;
/// Largest area of a shared picture, in pixels.
pub const MAX_AREA: u64 = 64 * 1024 * 1024;

/// What goes before an update's body.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct UpdateHeader {
    /// Epoch of the view; an update of another epoch than the current one is refused.
    pub epoch: u32,
    /// Number of the update within its epoch, from 0 upwards.
    pub number: u32,
}

impl UpdateHeader {
    /// Bytes of an encoded header.
    pub const LENGTH: usize = 8;

    /// The header as it travels: epoch, number, both big-endian.
    #[must_use]
    pub fn encode(self) -> [u8; Self::LENGTH] {
        let mut bytes = [0; Self::LENGTH];
        bytes[..4].copy_from_slice(&self.epoch.to_be_bytes());
        bytes[4..].copy_from_slice(&self.number.to_be_bytes());
        bytes
    }

    /// Reads a header and gives back what follows it.
    ///
    /// # Errors
    /// [`DecodeError::Truncated`] if fewer than [`Self::LENGTH`] bytes are there.
    pub fn decode(bytes: &[u8]) -> Result<(Self, &[u8]), DecodeError> {
        let truncated = DecodeError::Truncated { field: "UpdateHeader" };
        let (epoch, rest) = bytes.split_first_chunk::<4>().ok_or(truncated.clone())?;
        let (number, rest) = rest.split_first_chunk::<4>().ok_or(truncated)?;
        Ok((Self { epoch: u32::from_be_bytes(*epoch), number: u32::from_be_bytes(*number) }, rest))
    }
}
