//! The text form of files: PEM blocks (RFC 7468), written in one way and read in that way only.
//!
//! Whatever is not byte for byte what [`write()`] makes is refused, so that no part of a file, not even a
//! line break, can be changed without notice.

use pem::{EncodeConfig, LineEnding, Pem};

/// One block: its label and what it holds.
#[derive(Debug)]
pub(crate) struct Block {
    pub(crate) label: String,
    pub(crate) content: Vec<u8>,
}

/// The block as text.
pub(crate) fn write(label: &str, content: &[u8]) -> String {
    pem::encode_config(&Pem::new(label, content), EncodeConfig::new().set_line_ending(LineEnding::LF))
}

/// All blocks of a file, or `None` if there is anything else in it.
pub(crate) fn read(bytes: &[u8]) -> Option<Vec<Block>> {
    let blocks: Vec<_> = pem::parse_many(bytes)
        .ok()?
        .into_iter()
        .map(|pem| Block { label: pem.tag().to_owned(), content: pem.into_contents() })
        .collect();
    let written: String = blocks.iter().map(|block| write(&block.label, &block.content)).collect();
    (written.as_bytes() == bytes).then_some(blocks)
}
