//! Length-prefixed messages on a reliable stream: four bytes of big-endian length, then the message.

use crate::DecodeError;

/// Longest message on the control or input stream, in bytes without its prefix.
pub const MAX_MESSAGE: usize = 64 * 1024;

/// Puts the length before a message.
///
/// # Errors
/// [`DecodeError::TooLong`] if the message is longer than [`MAX_MESSAGE`]; the caller is at fault.
pub fn frame(message: &[u8]) -> Result<Vec<u8>, DecodeError> {
    let message = crate::error::at_most(message, MAX_MESSAGE, "frame.message")?;
    let mut framed = Vec::with_capacity(4 + message.len());
    framed.extend_from_slice(&u32::try_from(message.len()).unwrap_or(u32::MAX).to_be_bytes());
    framed.extend_from_slice(message);
    Ok(framed)
}

/// Cuts a byte stream back into messages. Holds at most one message and what arrived with it.
#[derive(Debug, Default)]
pub struct Deframer {
    buffer: Vec<u8>,
    read: usize,
}

impl Deframer {
    /// Takes bytes as they arrived.
    pub fn push(&mut self, bytes: &[u8]) {
        if self.read > 0 {
            self.buffer.drain(..self.read);
            self.read = 0;
        }
        self.buffer.extend_from_slice(bytes);
    }

    /// The next whole message, or `None` until more bytes arrive.
    ///
    /// # Errors
    /// [`DecodeError::TooLong`] as soon as a prefix claims more than [`MAX_MESSAGE`].
    pub fn next_message(&mut self) -> Result<Option<&[u8]>, DecodeError> {
        let rest = &self.buffer[self.read..];
        let Some((prefix, body)) = rest.split_first_chunk::<4>() else { return Ok(None) };
        let length = u32::from_be_bytes(*prefix) as usize;
        if length > MAX_MESSAGE {
            return Err(DecodeError::TooLong { field: "frame.length", length, maximum: MAX_MESSAGE });
        }
        if body.len() < length {
            return Ok(None);
        }
        let start = self.read + 4;
        self.read = start + length;
        Ok(Some(&self.buffer[start..start + length]))
    }

    /// True when no part of a message is waiting for its rest.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.read == self.buffer.len()
    }
}
