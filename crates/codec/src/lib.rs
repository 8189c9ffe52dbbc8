//! The screen codec: pictures in, bounded updates out, and the same pictures back.
//!
//! An [`Encoder`] holds an exact copy of what the viewer's [`Decoder`] shows. The operating system's
//! damage only *marks* places; the encoder compares them with that copy, has the viewer copy what only
//! moved, codes what then still differs, small changes near the focus first, until an update has about as many bytes as the path can take, or so much film that the viewer can
//! begin with it, and leaves the rest for the next one. What waits, waits as dirty tiles, never as bytes.
//!
//! Both sides keep state across updates, so updates are decoded in order and none may be left out; a new
//! epoch is a new `Encoder` and a new `Decoder`. The bytes are described in PROTOCOL.md (section 8).
//!
//! Nothing here does I/O or reads a clock. Decoding is Rust without `unsafe`, but for the ring buffers of the
//! library that expands Zstandard (`ruzstd`), and every length is checked against a named maximum before anything is
//! allocated for it.

#![forbid(unsafe_code)]

mod activity;
mod bitstream;
mod cache;
mod change;
mod class;
mod compress;
pub mod cursor;
mod decoder;
mod dirty;
mod encoder;
mod error;
mod expand;
mod features;
mod frame;
mod grid;
mod history;
mod lossy;
mod memory;
mod moves;
mod palette;
mod picture;
mod plan;
mod planar;
mod rate;
mod rect;
mod region;
mod rough;
mod update;
mod wide;

pub use decoder::Decoder;
pub use encoder::Encoder;
pub use error::{DecodeError, EncodeError};
pub use frame::FrameView;
pub use rect::Rect;

/// Longest side of a picture, in pixels.
pub const MAX_SIDE: u32 = 16_384;
/// Largest area of a picture, in pixels.
pub const MAX_AREA: u64 = 64 * 1024 * 1024;
/// Longest update, in bytes.
pub const MAX_UPDATE: usize = 1024 * 1024;
/// Most copies of one update.
pub const MAX_COPIES: usize = 64;
/// Most pixels that all copies of one update have together, which are not more than the picture has, either. Bounds
/// the decoder's time; screens of 5120 × 2880 have less.
pub const MAX_COPIED: u64 = 16 * 1024 * 1024;
/// Most bytes of planes that one update expands to; bounds the decoder's memory and time.
pub const MAX_PLANES: usize = 4 * 1024 * 1024;
/// Most pixels that the lossy pieces of an update have together; bounds the decoder's time.
pub const MAX_LOSSY_PIXELS: usize = 4 * 1024 * 1024;
/// Most coefficients of the lossy pieces of an update, give or take a tile's; bounds the decoder's memory and time.
pub const MAX_COEFFICIENTS: usize = 1024 * 1024;
/// Side of a tile, in pixels.
///
/// A tile is the least that an update carries. 64 × 64 pixels have 12 KiB of planes, which take under half
/// a second on 256 kbit/s even if they do not compress at all, and yet are wide enough that a piece's
/// header and the block boundaries cost little beside its content.
pub const TILE_SIDE: u32 = 64;
