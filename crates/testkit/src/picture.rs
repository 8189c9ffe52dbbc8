//! Pictures of displays: kept as PNG, searched for colours, compared.

use std::path::Path;

use anyhow::{Context as _, Result, bail};
use image::{Rgb, RgbImage};

/// A place on a display, in pixels.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rect {
    /// From the left.
    pub x: u32,
    /// From the top.
    pub y: u32,
    /// Pixels.
    pub width: u32,
    /// Pixels.
    pub height: u32,
}

impl Rect {
    /// The pixel in the middle.
    #[must_use]
    pub fn centre(&self) -> (i32, i32) {
        let middle = |start: u32, length: u32| i32::try_from(start + length / 2).unwrap_or(i32::MAX);
        (middle(self.x, self.width), middle(self.y, self.height))
    }
}

/// How one picture differs from another.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Difference {
    /// Pixels that are not the same, of all, in per cent.
    pub wrong_percent: f64,
    /// Peak signal-to-noise ratio in dB; infinite for equal pictures.
    pub psnr: f64,
}

/// What was on a display at one instant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Picture(RgbImage);

impl Picture {
    /// From rows of four bytes a pixel: blue, green, red, anything.
    ///
    /// # Errors
    /// When there are not exactly as many bytes as pixels need.
    pub fn from_bgrx(width: u32, height: u32, data: &[u8]) -> Result<Self> {
        let pixels = data.chunks_exact(4).flat_map(|pixel| [pixel[2], pixel[1], pixel[0]]).collect();
        RgbImage::from_raw(width, height, pixels).map(Self).context("a picture with missing pixels")
    }

    /// Width in pixels.
    #[must_use]
    pub fn width(&self) -> u32 {
        self.0.width()
    }

    /// Height in pixels.
    #[must_use]
    pub fn height(&self) -> u32 {
        self.0.height()
    }

    /// The pixel there as `0xRRGGBB`, or `None` outside.
    #[must_use]
    pub fn pixel(&self, x: u32, y: u32) -> Option<u32> {
        self.0.get_pixel_checked(x, y).map(|Rgb([r, g, b])| u32::from_be_bytes([0, *r, *g, *b]))
    }

    /// Keeps it as a PNG file.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn save(&self, path: &Path) -> Result<()> {
        self.0.save(path).with_context(|| format!("cannot write {}", path.display()))
    }

    /// A part of it.
    ///
    /// # Errors
    /// When the part reaches outside.
    pub fn crop(&self, rect: Rect) -> Result<Self> {
        if self.width() < rect.x + rect.width || self.height() < rect.y + rect.height {
            bail!("{rect:?} reaches outside a picture of {} × {}", self.width(), self.height());
        }
        Ok(Self(image::imageops::crop_imm(&self.0, rect.x, rect.y, rect.width, rect.height).to_image()))
    }

    /// The topmost place that is filled with one colour (`0xRRGGBB`), at least as large as asked for. Text
    /// inside does not break it: rows belong together while their first and last pixel of the colour do.
    #[must_use]
    pub fn find_colour(&self, colour: u32, width: u32, height: u32) -> Option<Rect> {
        let row = |y: u32| {
            let mut places = (0..self.width()).filter(|x| self.pixel(*x, y) == Some(colour));
            let first = places.next()?;
            Some((first, places.next_back().unwrap_or(first)))
        };
        let mut y = 0;
        while y < self.height() {
            if let Some((first, last)) = row(y)
                && width <= last - first + 1
            {
                let together = |other: u32| {
                    row(other).is_some_and(|(a, b)| a.abs_diff(first) <= 8 && b.abs_diff(last) <= 8)
                };
                let end = (y..self.height()).find(|other| !together(*other)).unwrap_or(self.height());
                if height <= end - y {
                    return Some(Rect { x: first, y, width: last - first + 1, height: end - y });
                }
                y = end.max(y + 1);
            } else {
                y += 1;
            }
        }
        None
    }

    /// How it differs from another of the same size.
    ///
    /// # Errors
    /// When the sizes are not the same.
    pub fn compare(&self, other: &Self) -> Result<Difference> {
        if self.0.dimensions() != other.0.dimensions() {
            bail!("pictures of {:?} and {:?}", self.0.dimensions(), other.0.dimensions());
        }
        let mut wrong = 0_u64;
        let mut square = 0_u64;
        for (a, b) in self.0.pixels().zip(other.0.pixels()) {
            let error: u64 = a.0.iter().zip(b.0).map(|(a, b)| u64::from(a.abs_diff(b)).pow(2)).sum();
            wrong += u64::from(error != 0);
            square += error;
        }
        let count = f64::from(self.width()) * f64::from(self.height());
        let mean = square as f64 / (count * 3.0);
        Ok(Difference {
            wrong_percent: wrong as f64 * 100.0 / count,
            psnr: 10.0 * (255.0 * 255.0 / mean).log10(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn page() -> Picture {
        let mut image = RgbImage::from_pixel(200, 100, Rgb([240, 240, 240]));
        for (x, y) in (40..=139).flat_map(|x| (30..=59).map(move |y| (x, y))) {
            let text = x % 7 == 3 && (40..50).contains(&y);
            image.put_pixel(x, y, if text { Rgb([255; 3]) } else { Rgb([10, 20, 200]) });
        }
        Picture(image)
    }

    #[test]
    fn a_button_is_found_by_its_colour_with_its_text_on_it() {
        let found = page().find_colour(0x0a_14_c8, 60, 20);
        assert_eq!(found, Some(Rect { x: 40, y: 30, width: 100, height: 30 }));
        assert_eq!(page().find_colour(0x0a_14_c8, 120, 20), None);
        assert_eq!(page().find_colour(0x0a_14_c9, 10, 10), None);
    }

    #[test]
    fn a_difference_is_counted() {
        let mut other = page();
        other.0.put_pixel(0, 0, Rgb([0, 240, 240]));
        let same = page().compare(&page()).unwrap();
        assert!(same.psnr.is_infinite() && same.wrong_percent == 0.0);
        let one = page().compare(&other).unwrap();
        assert!((one.wrong_percent - 100.0 / 20_000.0).abs() < 1e-9, "{one:?}");
    }
}
