//! Pictures of the cursor: small, with transparency, each compressed for itself.

use crate::compress;
use crate::expand::Expander;
use crate::{DecodeError, EncodeError};

/// Longest side, in pixels.
pub const MAX_SIDE: u32 = 256;
/// Longest compressed cursor, in bytes.
pub const MAX_COMPRESSED: usize = 48 * 1024;

/// Version of the form.
const VERSION: u8 = 1;

/// Bytes of a cursor's pixels, or `None` if a side is above [`MAX_SIDE`].
fn length(width: u32, height: u32) -> Option<usize> {
    (width <= MAX_SIDE && height <= MAX_SIDE).then_some(4 * width as usize * height as usize)
}

/// Compresses premultiplied BGRA pixels, rows without gaps. A cursor without pixels gives no bytes.
///
/// # Errors
/// [`EncodeError::Size`] if a side is above [`MAX_SIDE`], [`EncodeError::Layout`] if `pixels` is not as
/// long as the size says, [`EncodeError::CursorTooLong`] if it needs more than [`MAX_COMPRESSED`] bytes
/// ([`halve`] makes it smaller), [`EncodeError::Compressor`] if memory is short.
pub fn compress(pixels: &[u8], width: u32, height: u32) -> Result<Vec<u8>, EncodeError> {
    let length = length(width, height).ok_or(EncodeError::Size { width, height })?;
    if pixels.len() != length {
        let stride = 4 * width as usize;
        return Err(EncodeError::Layout { width, height, stride, length: pixels.len() });
    }
    if pixels.is_empty() {
        return Ok(Vec::new());
    }
    let mut planes = Vec::with_capacity(length);
    for channel in 0..4 {
        let mut left = 0;
        planes.extend(pixels.iter().skip(channel).step_by(4).map(|value| {
            let residual = value.wrapping_sub(left);
            left = *value;
            residual
        }));
    }
    let mut compressed = vec![VERSION];
    compress::once(&planes, planes.len(), &mut compressed)?;
    match compressed.len() {
        length if length > MAX_COMPRESSED => Err(EncodeError::CursorTooLong { length }),
        _ => Ok(compressed),
    }
}

/// Expands what [`compress`] made to premultiplied BGRA pixels, rows without gaps.
///
/// # Errors
/// [`DecodeError`] says what is wrong; nothing above the size that was asked for is allocated.
pub fn decompress(compressed: &[u8], width: u32, height: u32) -> Result<Vec<u8>, DecodeError> {
    let length = length(width, height).ok_or(DecodeError::Size { width, height })?;
    if compressed.len() > MAX_COMPRESSED {
        let (field, maximum) = ("cursor", MAX_COMPRESSED);
        return Err(DecodeError::TooLong { field, length: compressed.len(), maximum });
    }
    if length == 0 {
        let empty = compressed.is_empty();
        return if empty { Ok(Vec::new()) } else { Err(DecodeError::Trailing(compressed.len())) };
    }
    let (version, blocks) = compressed.split_first().ok_or(DecodeError::Truncated { field: "version" })?;
    if *version != VERSION {
        return Err(DecodeError::Unknown { field: "version", value: *version });
    }
    let mut expander = Expander::new();
    let planes = expander.expand(blocks, &[], length, 0)?;
    let mut pixels = vec![0; length];
    for (channel, plane) in planes.chunks_exact(length / 4).enumerate() {
        let mut value = 0u8;
        for (pixel, residual) in pixels.iter_mut().skip(channel).step_by(4).zip(plane) {
            value = value.wrapping_add(*residual);
            *pixel = value;
        }
    }
    Ok(pixels)
}

/// A cursor of half the width and height, rounded up: each pixel is the mean of the four that it stands
/// for, which is right for premultiplied colours. Gives the pixels and their width and height; the hot spot
/// halves with them. `pixels` has four bytes a pixel; what is missing counts as transparent.
#[must_use]
pub fn halve(pixels: &[u8], width: u32, height: u32) -> (Vec<u8>, u32, u32) {
    let (half_width, half_height) = (width.div_ceil(2), height.div_ceil(2));
    let at = |x: u32, y: u32, channel: usize| {
        let (x, y) = (x.min(width - 1) as usize, y.min(height - 1) as usize);
        u16::from(pixels.get((y * width as usize + x) * 4 + channel).copied().unwrap_or(0))
    };
    let mut half = Vec::with_capacity(4 * half_width as usize * half_height as usize);
    for y in (0..half_height).map(|y| 2 * y) {
        for x in (0..half_width).map(|x| 2 * x) {
            for channel in 0..4 {
                let four = [(x, y), (x + 1, y), (x, y + 1), (x + 1, y + 1)];
                let sum: u16 = four.iter().map(|(x, y)| at(*x, *y, channel)).sum();
                half.push((sum / 4).to_le_bytes()[0]);
            }
        }
    }
    (half, half_width, half_height)
}

#[cfg(test)]
mod tests {
    use super::{MAX_COMPRESSED, compress, decompress, halve};
    use crate::{DecodeError, EncodeError};

    fn noise(length: usize) -> Vec<u8> {
        let mut state = 7u32;
        let next = || {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            state.to_be_bytes()[0]
        };
        std::iter::repeat_with(next).take(length).collect()
    }

    #[test]
    fn cursors_come_back_as_they_were() {
        for (width, height) in [(0, 0), (1, 1), (24, 24), (3, 200), (96, 96)] {
            let pixels = noise((4 * width * height) as usize);
            let compressed = compress(&pixels, width, height).unwrap();
            assert_eq!(decompress(&compressed, width, height).unwrap(), pixels);
        }
        let blank = vec![0; 4 * 256 * 256];
        let compressed = compress(&blank, 256, 256).unwrap();
        assert!(compressed.len() < 100, "{}", compressed.len());
        assert_eq!(decompress(&compressed, 256, 256).unwrap(), blank);
    }

    #[test]
    fn what_does_not_fit_is_refused_and_can_be_halved_until_it_does() {
        let mut cursor = (noise(4 * 256 * 255), 256, 255);
        assert!(matches!(compress(&cursor.0, 256, 255), Err(EncodeError::CursorTooLong { .. })));
        cursor = halve(&cursor.0, cursor.1, cursor.2);
        assert_eq!((cursor.1, cursor.2), (128, 128));
        cursor = halve(&cursor.0, cursor.1, cursor.2);
        assert!(compress(&cursor.0, cursor.1, cursor.2).unwrap().len() <= MAX_COMPRESSED);
        assert_eq!(halve(&[8, 4, 0, 255], 1, 1), (vec![8, 4, 0, 255], 1, 1));
    }

    #[test]
    fn sizes_and_lengths_are_checked() {
        assert!(matches!(compress(&[], 257, 0), Err(EncodeError::Size { .. })));
        assert!(matches!(compress(&[0; 7], 1, 2), Err(EncodeError::Layout { .. })));
        assert!(matches!(decompress(&[], 65_535, 65_535), Err(DecodeError::Size { .. })));
        assert!(matches!(decompress(&[1; MAX_COMPRESSED + 1], 9, 9), Err(DecodeError::TooLong { .. })));
        assert!(matches!(decompress(&[], 1, 1), Err(DecodeError::Truncated { .. })));
        assert!(matches!(decompress(&[2, 0], 1, 1), Err(DecodeError::Unknown { .. })));
        assert!(matches!(decompress(&[1], 0, 0), Err(DecodeError::Trailing(1))));
    }
}
