//! Wide vectors where the processor has them.
//!
//! The programs run on any x86-64, so code is compiled for SSE2. What touches every pixel is compiled a second time
//! for AVX2, which most processors have, and chosen at run time. It is the same source and arithmetic of whole
//! numbers, so that both give the same.

#[cfg(target_arch = "x86_64")]
use fearless_simd::{Level, Simd};

/// Does some work with wide vectors if there are any.
///
/// Only what is inlined gains: the closure and the functions that it calls are `#[inline(always)]`. To ask costs about
/// as much as a few pixels, so work is a tile or a row, not less.
#[inline(always)]
pub(crate) fn wide<R>(work: impl FnOnce() -> R) -> R {
    #[cfg(target_arch = "x86_64")]
    if let Level::Avx2(avx2) = Level::new() {
        return avx2.vectorize(work);
    }
    work()
}
