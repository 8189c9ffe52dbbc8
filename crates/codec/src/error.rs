//! What can go wrong, by who is at fault: the caller that encodes, or the peer whose bytes are decoded.

use thiserror::Error;

use crate::cursor;

/// Why nothing was encoded. The caller, or the machine, is at fault.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum EncodeError {
    /// The picture is empty or above [`crate::MAX_SIDE`] or [`crate::MAX_AREA`].
    #[error("a picture of {width}x{height} pixels cannot be encoded")]
    Size {
        /// Pixels a row.
        width: u32,
        /// Rows.
        height: u32,
    },
    /// The frame is not as large as the encoder's picture; a change of size needs a new epoch.
    #[error(
        "the frame has {width}x{height} pixels, the encoder was made for {expected_width}x{expected_height}"
    )]
    OtherSize {
        /// Pixels a row of the frame.
        width: u32,
        /// Rows of the frame.
        height: u32,
        /// Pixels a row of the encoder's picture.
        expected_width: u32,
        /// Rows of the encoder's picture.
        expected_height: u32,
    },
    /// Stride, size and length of the pixels do not fit together.
    #[error("{length} bytes cannot hold {height} rows of {stride} bytes with {width} pixels each")]
    Layout {
        /// Pixels a row.
        width: u32,
        /// Rows.
        height: u32,
        /// Bytes from one row to the next.
        stride: usize,
        /// Bytes there are.
        length: usize,
    },
    /// A cursor does not compress to [`cursor::MAX_COMPRESSED`] bytes; send it smaller.
    #[error("the cursor takes {length} bytes, at most {} are allowed", cursor::MAX_COMPRESSED)]
    CursorTooLong {
        /// Bytes that it takes.
        length: usize,
    },
    /// The compressor failed, which means that memory is short. The encoder must not be used any more.
    #[error("the compressor failed: {0}")]
    Compressor(&'static str),
}

/// Why bytes from the peer were refused; nothing has been changed by them.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum DecodeError {
    /// The picture is empty or above [`crate::MAX_SIDE`] or [`crate::MAX_AREA`].
    #[error("a picture of {width}x{height} pixels is refused")]
    Size {
        /// Pixels a row.
        width: u32,
        /// Rows.
        height: u32,
    },
    /// There are more bytes than the named maximum.
    #[error("{field} has {length} bytes, at most {maximum} are allowed")]
    TooLong {
        /// What is too long.
        field: &'static str,
        /// Its length.
        length: usize,
        /// The maximum.
        maximum: usize,
    },
    /// The bytes end before the field does.
    #[error("{field} ends early")]
    Truncated {
        /// What ends early.
        field: &'static str,
    },
    /// Bytes follow behind the end.
    #[error("{0} bytes follow behind the end")]
    Trailing(usize),
    /// A version or kind that this decoder does not know.
    #[error("{field} {value} is unknown")]
    Unknown {
        /// Which field.
        field: &'static str,
        /// What it holds.
        value: u8,
    },
    /// A copy is empty or lies outside the picture, or all together are too large.
    #[error("copy {copy} {problem}")]
    Copy {
        /// Number of the copy in the update, from 0.
        copy: usize,
        /// What is wrong with it.
        problem: &'static str,
    },
    /// A piece lies outside the picture or its tile, or its tile was there before.
    #[error("piece {piece} in tile {tile} {problem}")]
    Piece {
        /// Number of the piece in the update, from 0.
        piece: usize,
        /// Number of the tile.
        tile: u16,
        /// What is wrong with it.
        problem: &'static str,
    },
    /// The compressed blocks are broken, or expand to more or less than the pieces need.
    #[error("the compressed blocks are refused: {0}")]
    Blocks(String),
}
