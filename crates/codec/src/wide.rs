//! Wide vectors where the processor has them.
//!
//! The programs run on any x86-64, so code is compiled for SSE2. What touches every pixel is compiled a second time
//! for AVX2, which most processors have, and chosen at run time. It is the same source and arithmetic of whole
//! numbers, so that both give the same.

#[cfg(target_arch = "x86_64")]
use fearless_simd::{Level, Simd, SimdInto, i16x8, x86::Avx2};

/// Does some work with wide vectors if there are any.
///
/// Only what is inlined gains: the closure and the functions that it calls are `#[inline(always)]`. To ask costs about
/// as much as a few pixels, so work is a tile or a row, not less.
#[inline(always)]
pub(crate) fn wide<R>(work: impl FnOnce() -> R) -> R {
    with_vectors(
        #[inline(always)]
        |_| work(),
    )
}

/// As [`wide`], for work that needs to know.
#[inline(always)]
pub(crate) fn with_vectors<R>(work: impl FnOnce(Vectors) -> R) -> R {
    #[cfg(test)]
    if tests::NARROW.get() {
        return work(Vectors::Narrow);
    }
    #[cfg(target_arch = "x86_64")]
    if let Level::Avx2(avx2) = Level::new() {
        return avx2.vectorize(
            #[inline(always)]
            || work(Vectors::Avx2(avx2)),
        );
    }
    work(Vectors::Narrow)
}

/// What the processor has, where the compiler does not find the best instructions by itself.
#[derive(Clone, Copy)]
pub(crate) enum Vectors {
    Narrow,
    #[cfg(target_arch = "x86_64")]
    Avx2(Avx2),
}

impl Vectors {
    /// The first halves of two rows, one value of each in turn, and the second halves.
    #[inline(always)]
    pub(crate) fn zip(self, a: [i16; 8], b: [i16; 8]) -> [[i16; 8]; 2] {
        match self {
            Self::Narrow => [0, 4].map(|half| {
                std::array::from_fn(|i| if i % 2 == 0 { a[half + i / 2] } else { b[half + i / 2] })
            }),
            #[cfg(target_arch = "x86_64")]
            Self::Avx2(avx2) => {
                let (a, b): (i16x8<Avx2>, i16x8<Avx2>) = (a.simd_into(avx2), b.simd_into(avx2));
                [avx2.zip_low_i16x8(a, b).val, avx2.zip_high_i16x8(a, b).val]
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;
    use std::time::Duration;

    use crate::{Decoder, Encoder, FrameView, Rect};

    thread_local! {
        /// True where no wide vectors are to be used.
        pub(super) static NARROW: Cell<bool> = const { Cell::new(false) };
    }

    const WIDTH: u32 = 333;
    const HEIGHT: u32 = 215;
    const ALL: Rect = Rect::new(0, 0, WIDTH, HEIGHT);

    fn mix(number: u32) -> u32 {
        let number = (number ^ number >> 16).wrapping_mul(0x7FEB_352D);
        let number = (number ^ number >> 15).wrapping_mul(0x846C_A68B);
        number ^ number >> 16
    }

    /// Text that scrolls, beside a film that pans with grain; then all rests.
    fn pixel(x: u32, y: u32, picture: u32) -> u32 {
        if x < 150 {
            let y = y + picture / 3 * 13;
            let ink = mix((x / 2) | (y / 3) << 16) & 3;
            return if y % 17 < 5 || x % 9 > 6 {
                0x00FF_FFFF
            } else {
                [0x00FF_FFFF, 0x0080_8080, 0x20, 0][ink as usize]
            };
        }
        let level = |across: u32, down: u32| {
            let wave = ((x * 2 + picture * 5) * across + y * down) >> 3 & 255;
            wave.min(255 - wave) + mix(x << 16 | y << 5 | picture) % 6 + 40
        };
        level(5, 3) << 16 | level(3, 7) << 8 | level(9, 4)
    }

    /// All updates of a session, and what is shown after each.
    fn session(is_narrow: bool) -> Vec<(Vec<u8>, Vec<u32>)> {
        NARROW.set(is_narrow);
        let (mut encoder, mut decoder) =
            (Encoder::new(WIDTH, HEIGHT).unwrap(), Decoder::new(WIDTH, HEIGHT).unwrap());
        let mut done = Vec::new();
        for step in 0..60 {
            let picture = if step < 30 { step } else { 30 };
            let data: Vec<u8> = (0..WIDTH * HEIGHT)
                .flat_map(|i| pixel(i % WIDTH, i / WIDTH, picture).to_le_bytes())
                .collect();
            let frame = FrameView::new(WIDTH, HEIGHT, WIDTH as usize * 4, &data).unwrap();
            if step < 30 {
                encoder.mark(&[ALL]);
            }
            let now = Duration::from_millis(40) * step;
            while let Some(update) = encoder.at(now).next_update(&frame, 20_000, None).unwrap() {
                decoder.apply(&update).unwrap();
                done.push((update, decoder.pixels().to_vec()));
            }
        }
        assert!(encoder.is_clean());
        NARROW.set(false);
        done
    }

    #[test]
    fn wide_vectors_give_the_same_bytes_and_pixels() {
        let (wide, narrow) = (session(false), session(true));
        assert!(wide.len() > 30);
        assert!(wide == narrow);
    }
}
