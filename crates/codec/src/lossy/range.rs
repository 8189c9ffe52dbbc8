//! A range coder for symbols of 16 kinds, whose probabilities both sides learn as they go.
//!
//! All arithmetic is of whole numbers and the same on every machine. A decoder of broken bytes gives
//! symbols without meaning, but always gives one: nothing here fails, and what was read too much is told at
//! the end.

/// Kinds of symbols.
pub(crate) const SYMBOLS: usize = 16;
/// log2 of the sum of all frequencies.
const TOTAL_LOG: u32 = 14;
const TOTAL: i16 = 1 << TOTAL_LOG;
/// The least frequency that a symbol is learned to have: none becomes impossible.
const FLOOR: i16 = 4;
/// A symbol that was seen moves every frequency by 1/32 of the way.
const RATE: u32 = 5;
/// The range never falls below this, so that a frequency is worth 1024 parts of it at least.
const BOTTOM: u32 = 1 << 24;
/// Bytes that end a stream, of which the decoder reads as many ahead.
const TAIL: usize = 4;

/// What frequencies move towards when a symbol is seen: all for it, the floor for all others.
const TARGETS: [[i16; SYMBOLS]; SYMBOLS] = {
    let mut targets = [[0; SYMBOLS]; SYMBOLS];
    let mut seen = 0;
    while seen < SYMBOLS {
        let mut i = 0;
        while i < SYMBOLS {
            let floors = FLOOR * i as i16;
            targets[seen][i] = if i <= seen { floors } else { TOTAL - FLOOR * (SYMBOLS - i) as i16 };
            i += 1;
        }
        seen += 1;
    }
    targets
};

/// How likely each symbol is: for each the sum of the frequencies of those before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Model([i16; SYMBOLS]);

impl Default for Model {
    /// All are as likely.
    fn default() -> Self {
        Self(std::array::from_fn(|i| i as i16 * (TOTAL / SYMBOLS as i16)))
    }
}

impl Model {
    /// First part and number of parts, of [`TOTAL`]. The last symbol also has what a division left over.
    #[inline(always)]
    fn parts(&self, symbol: usize) -> (u32, u32) {
        let first = self.0[symbol % SYMBOLS];
        let end = if symbol % SYMBOLS == SYMBOLS - 1 { TOTAL } else { self.0[(symbol + 1) % SYMBOLS] };
        (u32::from(first as u16), u32::from((end - first) as u16))
    }

    #[inline(always)]
    fn learn(&mut self, symbol: usize) {
        for (sum, target) in self.0.iter_mut().zip(&TARGETS[symbol % SYMBOLS]) {
            *sum += (target - *sum) >> RATE;
        }
    }

    /// The symbol that has this part.
    #[inline(always)]
    fn symbol(&self, part: i16) -> usize {
        let below = self.0.iter().fold(0i16, |n, sum| n + i16::from(*sum <= part));
        below as usize - 1
    }
}

/// Writes symbols.
#[derive(Debug)]
pub(crate) struct RangeEncoder {
    low: u64,
    range: u32,
    /// The last byte that a carry may still change, and the `0xFF` behind it that it would change as well.
    held: u8,
    full: usize,
    bytes: Vec<u8>,
}

impl RangeEncoder {
    pub(crate) fn new() -> Self {
        Self { low: 0, range: u32::MAX, held: 0, full: 0, bytes: Vec::new() }
    }

    /// Bytes that [`RangeEncoder::finish`] would give now.
    pub(crate) fn length(&self) -> usize {
        self.bytes.len() + self.full + TAIL
    }

    #[inline(always)]
    pub(crate) fn symbol(&mut self, model: &mut Model, symbol: usize) {
        let (first, parts) = model.parts(symbol);
        let part = self.range >> TOTAL_LOG;
        self.low += u64::from(part * first);
        self.range = if symbol == SYMBOLS - 1 { self.range - part * first } else { part * parts };
        self.normalise();
        model.learn(symbol);
    }

    /// Up to 15 bits that no model knows.
    #[inline(always)]
    pub(crate) fn bits(&mut self, value: u32, bits: u32) {
        self.range >>= bits;
        self.low += u64::from(self.range) * u64::from(value);
        self.normalise();
    }

    #[inline(always)]
    fn normalise(&mut self) {
        while self.range < BOTTOM {
            self.range <<= 8;
            self.shift();
        }
    }

    fn shift(&mut self) {
        if self.low < 0xFF00_0000 || self.low > u64::from(u32::MAX) {
            let carry = (self.low >> 32) as u8;
            self.bytes.push(self.held.wrapping_add(carry));
            self.bytes.extend(std::iter::repeat_n(0xFFu8.wrapping_add(carry), self.full));
            self.full = 0;
            self.held = (self.low >> 24) as u8;
        } else {
            self.full += 1;
        }
        self.low = (self.low << 8) & u64::from(u32::MAX);
    }

    /// All bytes.
    pub(crate) fn finish(mut self) -> Vec<u8> {
        for _ in 0..=TAIL {
            self.shift();
        }
        // The first byte that was held was none.
        self.bytes.drain(..1);
        self.bytes
    }
}

/// Reads symbols.
#[derive(Debug)]
pub(crate) struct RangeDecoder<'a> {
    code: u32,
    range: u32,
    rest: std::slice::Iter<'a, u8>,
    /// More was read than there is.
    is_short: bool,
}

impl<'a> RangeDecoder<'a> {
    pub(crate) fn new(bytes: &'a [u8]) -> Self {
        let mut decoder = Self { code: 0, range: u32::MAX, rest: bytes.iter(), is_short: false };
        for _ in 0..TAIL {
            decoder.shift();
        }
        decoder
    }

    pub(crate) fn symbol(&mut self, model: &mut Model) -> usize {
        let part = self.range >> TOTAL_LOG;
        let symbol = model.symbol((self.code / part).min(TOTAL as u32 - 1) as i16);
        let (first, parts) = model.parts(symbol);
        self.code -= part * first;
        self.range = if symbol == SYMBOLS - 1 { self.range - part * first } else { part * parts };
        self.normalise();
        model.learn(symbol);
        symbol
    }

    /// Up to 15 bits that no model knows.
    pub(crate) fn bits(&mut self, bits: u32) -> u32 {
        self.range >>= bits;
        let value = (self.code / self.range).min((1 << bits) - 1);
        self.code -= self.range * value;
        self.normalise();
        value
    }

    fn normalise(&mut self) {
        while self.range < BOTTOM {
            self.range <<= 8;
            self.shift();
        }
    }

    fn shift(&mut self) {
        let byte = self.rest.next();
        self.is_short |= byte.is_none();
        self.code = self.code << 8 | u32::from(byte.copied().unwrap_or_default());
    }

    /// Bytes that were not needed, or `None` if there were too few.
    pub(crate) fn left(&self) -> Option<usize> {
        (!self.is_short).then_some(self.rest.len())
    }
}

#[cfg(test)]
mod tests {
    use super::{Model, RangeDecoder, RangeEncoder, SYMBOLS, TOTAL};

    /// Symbols of several likenesses and plain bits, one after another.
    fn sequence(length: u32, seed: u32) -> Vec<(usize, u32)> {
        let mut state = seed;
        (0..length)
            .map(|_| {
                state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                let symbol = (state >> 28).min(state >> 20 & 15).min(state >> 16 & seed & 15);
                (symbol as usize, state >> 7 & 0x7FFF)
            })
            .collect()
    }

    #[test]
    fn symbols_and_bits_come_back_and_every_byte_is_needed() {
        for (length, seed) in [(0, 1), (1, 2), (10, 3), (5_000, 15), (20_000, 8), (20_000, 0)] {
            let sequence = sequence(length, seed);
            let mut models = [Model::default(); 3];
            let mut encoder = RangeEncoder::new();
            for (i, (symbol, bits)) in sequence.iter().enumerate() {
                encoder.symbol(&mut models[i % 3], *symbol);
                encoder.bits(*bits >> (15 - i as u32 % 16).min(15), i as u32 % 16);
            }
            let foretold = encoder.length();
            let bytes = encoder.finish();
            assert_eq!(bytes.len(), foretold);

            let mut learned = [Model::default(); 3];
            let mut decoder = RangeDecoder::new(&bytes);
            for (i, (symbol, bits)) in sequence.iter().enumerate() {
                assert_eq!(decoder.symbol(&mut learned[i % 3]), *symbol, "{i}");
                assert_eq!(decoder.bits(i as u32 % 16), bits >> (15 - i as u32 % 16).min(15), "{i}");
            }
            assert_eq!(learned, models);
            assert_eq!(decoder.left(), Some(0), "{length} symbols");
            let mut short = RangeDecoder::new(&bytes[..bytes.len() - 1]);
            for i in 0..sequence.len() {
                short.symbol(&mut Model::default());
                short.bits(i as u32 % 16);
            }
        }
    }

    #[test]
    fn what_always_comes_costs_next_to_nothing() {
        let (mut encoder, mut model) = (RangeEncoder::new(), Model::default());
        (0..10_000).for_each(|_| encoder.symbol(&mut model, 3));
        assert!(encoder.finish().len() < 80);
    }

    #[test]
    fn no_symbol_becomes_impossible() {
        for seen in 0..SYMBOLS {
            let mut model = Model::default();
            (0..2_000).for_each(|_| model.learn(seen));
            for symbol in 0..SYMBOLS {
                let (first, parts) = model.parts(symbol);
                assert!(parts >= 4 && first + parts <= TOTAL as u32);
                assert_eq!(model.symbol(first as i16), symbol);
                assert_eq!(model.symbol((first + parts - 1) as i16), symbol);
            }
        }
    }

    #[test]
    fn rubbish_gives_symbols_and_is_known_to_be_short() {
        for rubbish in [&[][..], &[255; 3], &[255; 40], &[0; 40], &[0x80, 1, 2, 0xFF, 0xFF, 7]] {
            let (mut decoder, mut model) = (RangeDecoder::new(rubbish), Model::default());
            for i in 0..3_000 {
                assert!(decoder.symbol(&mut model) < SYMBOLS);
                assert!(decoder.bits(i % 16) < 1 << (i % 16));
            }
            assert_eq!(decoder.left(), None);
        }
    }
}
