//! Pictures of displays: kept as PNG, searched for colours, compared.

use std::path::Path;

use anyhow::{Context as _, Result, bail};
use image::codecs::png::{CompressionType, FilterType, PngEncoder};
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

/// How bright each pixel is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Luma {
    width: usize,
    levels: Vec<u8>,
}

impl Luma {
    /// Of rows of four bytes a pixel: blue, green, red, anything.
    #[must_use]
    pub fn of(width: u32, bgrx: &[u8]) -> Self {
        let levels = bgrx.chunks_exact(4).map(|pixel| level(pixel[2], pixel[1], pixel[0])).collect();
        Self { width: width as usize, levels }
    }

    /// Peak signal-to-noise ratio in dB against the part of a larger picture with its corner there; infinite
    /// for equal ones, `None` when that picture does not reach so far.
    #[must_use]
    pub fn psnr(&self, larger: &Self, (x, y): (u32, u32)) -> Option<f64> {
        let mut square = 0_u64;
        for (row, levels) in self.levels.chunks_exact(self.width).enumerate() {
            let start = (row + y as usize) * larger.width + x as usize;
            if larger.width < x as usize + self.width {
                return None;
            }
            let others = larger.levels.get(start..start + self.width)?;
            square += levels.iter().zip(others).map(|(a, b)| u64::from(a.abs_diff(*b)).pow(2)).sum::<u64>();
        }
        let mean = square as f64 / self.levels.len() as f64;
        Some(10.0 * (255.0 * 255.0 / mean).log10())
    }
}

/// BT.601, in whole numbers.
fn level(red: u8, green: u8, blue: u8) -> u8 {
    ((77 * u32::from(red) + 150 * u32::from(green) + 29 * u32::from(blue)) >> 8) as u8
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

    /// How bright it is.
    #[must_use]
    pub fn luma(&self) -> Luma {
        let levels = self.0.pixels().map(|Rgb([red, green, blue])| level(*red, *green, *blue)).collect();
        Luma { width: self.width() as usize, levels }
    }

    /// Makes a part black, so that it compares as equal.
    pub fn cover(&mut self, rect: Rect) {
        for y in rect.y..(rect.y + rect.height).min(self.height()) {
            for x in rect.x..(rect.x + rect.width).min(self.width()) {
                self.0.put_pixel(x, y, Rgb([0; 3]));
            }
        }
    }

    /// How many bytes it takes as a PNG file, which loses nothing.
    ///
    /// # Errors
    /// When it cannot be coded.
    pub fn lossless_size(&self) -> Result<usize> {
        let mut file = Vec::new();
        let coder = PngEncoder::new_with_quality(&mut file, CompressionType::Best, FilterType::Adaptive);
        self.0.write_with_encoder(coder).context("cannot code a picture")?;
        Ok(file.len())
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

    /// The smallest box around all pixels that another picture, of the same size, has differently.
    #[must_use]
    pub fn changed_since(&self, before: &Self) -> Option<Rect> {
        let mut around: Option<(u32, u32, u32, u32)> = None;
        for ((x, y, new), old) in self.0.enumerate_pixels().zip(before.0.pixels()) {
            if new != old {
                let (left, top, right, bottom) = around.unwrap_or((x, y, x, y));
                around = Some((left.min(x), top.min(y), right.max(x), bottom.max(y)));
            }
        }
        let (x, y, right, bottom) = around?;
        Some(Rect { x, y, width: right + 1 - x, height: bottom + 1 - y })
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
    fn a_part_of_a_larger_picture_is_known_again() {
        let part = page().crop(Rect { x: 30, y: 20, width: 80, height: 40 }).unwrap();
        assert_eq!(part.luma().psnr(&page().luma(), (30, 20)), Some(f64::INFINITY));
        assert!(part.luma().psnr(&page().luma(), (31, 20)).unwrap() < 40.0);
        assert_eq!(part.luma().psnr(&page().luma(), (130, 20)), None);
        assert_eq!(part.luma().psnr(&page().luma(), (30, 70)), None);
    }

    #[test]
    fn a_change_has_a_box() {
        let mut other = page();
        assert_eq!(page().changed_since(&other), None);
        other.cover(Rect { x: 20, y: 5, width: 40, height: 30 });
        assert_eq!(page().changed_since(&other), Some(Rect { x: 20, y: 5, width: 40, height: 30 }));
    }

    #[test]
    fn what_is_covered_is_equal() {
        let (mut one, mut other) = (page(), page());
        other.0.put_pixel(3, 4, Rgb([9; 3]));
        let pointer = Rect { x: 2, y: 2, width: 8, height: 8 };
        one.cover(pointer);
        other.cover(pointer);
        assert!(one == other && one != page());
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
