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

/// What the sums move towards is the floor of all symbols before, and all the rest behind the symbol that was seen. It
/// is this, from as many places before the middle on as the symbol has behind it, and the floors.
static ABOVE: [i16; 2 * SYMBOLS] = {
    let mut above = [0; 2 * SYMBOLS];
    let mut i = SYMBOLS;
    while i < 2 * SYMBOLS {
        above[i] = TOTAL - FLOOR * SYMBOLS as i16;
        i += 1;
    }
    above
};
static FLOORS: [i16; SYMBOLS] = {
    let mut floors = [0; SYMBOLS];
    let mut i = 0;
    while i < SYMBOLS {
        floors[i] = FLOOR * i as i16;
        i += 1;
    }
    floors
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
        let above = &ABOVE[SYMBOLS - 1 - symbol % SYMBOLS..][..SYMBOLS];
        for ((sum, above), floor) in self.0.iter_mut().zip(above).zip(&FLOORS) {
            *sum += (above + floor - *sum) >> RATE;
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
    low: u32,
    range: u32,
    /// What was written, and behind it what has been overwritten since or will be.
    bytes: Vec<u8>,
    length: usize,
}

/// Most bytes that one symbol or one group of bits adds: the range keeps 9 of its 32 bits at least.
const MOST_ADDED: usize = 2;

impl RangeEncoder {
    pub(crate) fn new() -> Self {
        Self { low: 0, range: u32::MAX, bytes: Vec::new(), length: 0 }
    }

    /// Bytes that [`RangeEncoder::finish`] would give now.
    pub(crate) fn length(&self) -> usize {
        self.length + TAIL
    }

    /// Makes room for so many symbols and groups of bits, which must be made before they are written.
    #[inline(always)]
    pub(crate) fn reserve(&mut self, count: usize) {
        let needed = self.length + count * MOST_ADDED + TAIL;
        if self.bytes.len() < needed {
            self.bytes.resize(needed.max(2 * self.bytes.len()), 0);
        }
    }

    #[inline(always)]
    pub(crate) fn symbol(&mut self, model: &mut Model, symbol: usize) {
        let (first, parts) = model.parts(symbol);
        let part = self.range >> TOTAL_LOG;
        let range = if symbol == SYMBOLS - 1 { self.range - part * first } else { part * parts };
        self.add(part * first, range);
        model.learn(symbol);
    }

    /// Up to 15 bits that no model knows.
    #[inline(always)]
    pub(crate) fn bits(&mut self, value: u32, bits: u32) {
        let range = self.range >> bits;
        self.add(range * value, range);
    }

    #[inline(always)]
    fn add(&mut self, by: u32, range: u32) {
        let (low, carries) = self.low.overflowing_add(by);
        if carries {
            self.carry();
        }
        (self.low, self.range) = (low, range);
        if range < BOTTOM {
            self.shift();
        }
    }

    #[inline(always)]
    fn shift(&mut self) {
        // All four bytes are written; those count that no longer change but by a carry.
        if let Some(bytes) = self.bytes.get_mut(self.length..).and_then(<[u8]>::first_chunk_mut) {
            *bytes = self.low.to_be_bytes();
        }
        let count = 1 + u32::from(self.range < BOTTOM >> 8);
        self.length += count as usize;
        self.low <<= 8 * count;
        self.range <<= 8 * count;
    }

    #[cold]
    fn carry(&mut self) {
        for byte in self.bytes[..self.length].iter_mut().rev() {
            *byte = byte.wrapping_add(1);
            if *byte != 0 {
                break;
            }
        }
    }

    /// All bytes.
    pub(crate) fn finish(mut self) -> Vec<u8> {
        self.bytes.truncate(self.length);
        self.bytes.extend_from_slice(&self.low.to_be_bytes());
        self.bytes
    }
}

/// Reads symbols.
#[derive(Debug)]
pub(crate) struct RangeDecoder<'a> {
    code: u32,
    range: u32,
    bytes: &'a [u8],
    /// Bytes that were read, with those that are not there.
    read: usize,
}

impl<'a> RangeDecoder<'a> {
    pub(crate) fn new(bytes: &'a [u8]) -> Self {
        let mut decoder = Self { code: 0, range: u32::MAX, bytes, read: 0 };
        decoder.code = decoder.ahead();
        decoder.read = TAIL;
        decoder
    }

    /// The next bytes; 0 where there are none.
    #[inline(always)]
    fn ahead(&self) -> u32 {
        match self.bytes.get(self.read..).and_then(<[u8]>::first_chunk) {
            Some(bytes) => u32::from_be_bytes(*bytes),
            None => self.last_ahead(),
        }
    }

    #[cold]
    fn last_ahead(&self) -> u32 {
        (0..TAIL).fold(0, |ahead, i| {
            ahead << 8 | u32::from(self.bytes.get(self.read + i).copied().unwrap_or_default())
        })
    }

    #[inline(always)]
    pub(crate) fn symbol(&mut self, model: &mut Model) -> usize {
        let part = self.range >> TOTAL_LOG;
        let symbol = model.symbol((self.code / part).min(TOTAL as u32 - 1) as i16);
        let (first, parts) = model.parts(symbol);
        let range = if symbol == SYMBOLS - 1 { self.range - part * first } else { part * parts };
        self.take(part * first, range);
        model.learn(symbol);
        symbol
    }

    /// Up to 15 bits that no model knows.
    #[inline(always)]
    pub(crate) fn bits(&mut self, bits: u32) -> u32 {
        let range = self.range >> bits;
        let value = (self.code / range).min((1 << bits) - 1);
        self.take(range * value, range);
        value
    }

    #[inline(always)]
    fn take(&mut self, by: u32, range: u32) {
        (self.code, self.range) = (self.code - by, range);
        if range < BOTTOM {
            let count = 1 + u32::from(range < BOTTOM >> 8);
            self.code = self.code << (8 * count) | self.ahead() >> (u32::BITS - 8 * count);
            self.range <<= 8 * count;
            self.read += count as usize;
        }
    }

    /// Bytes that were not needed, or `None` if there were too few.
    pub(crate) fn left(&self) -> Option<usize> {
        self.bytes.len().checked_sub(self.read)
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
                encoder.reserve(2);
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
        encoder.reserve(10_000);
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
