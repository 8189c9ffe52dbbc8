//! What both coders remember of the planes of earlier updates.

/// Most bytes that are remembered.
///
/// The encoder indexes the history anew for every update, about 50 µs for 128 KiB, which even a typed letter
/// has to pay; it holds ten whole tiles, or the letters of several minutes of typing.
pub(crate) const HISTORY: usize = 128 * 1024;

/// The last [`HISTORY`] bytes of planes; both sides hold the same.
#[derive(Default)]
pub(crate) struct History(Vec<u8>);

impl History {
    pub(crate) fn bytes(&self) -> &[u8] {
        &self.0
    }

    /// Appends an update's planes and forgets what is too old.
    pub(crate) fn append(&mut self, planes: &[u8]) {
        let planes = &planes[planes.len().saturating_sub(HISTORY)..];
        let excess = (self.0.len() + planes.len()).saturating_sub(HISTORY);
        self.0.drain(..excess);
        self.0.extend_from_slice(planes);
    }
}

#[cfg(test)]
mod tests {
    use super::{HISTORY, History};

    #[test]
    fn it_keeps_the_last_bytes_whatever_the_steps() {
        let all: Vec<u8> = (0..=250u8).cycle().take(3 * HISTORY + 17).collect();
        for step in [1000, HISTORY - 1, HISTORY, HISTORY + 1, all.len()] {
            let mut history = History::default();
            all.chunks(step).for_each(|chunk| history.append(chunk));
            assert_eq!(history.bytes(), &all[all.len() - HISTORY..], "step {step}");
        }
        let mut short = History::default();
        short.append(b"abc");
        short.append(b"def");
        assert_eq!(short.bytes(), b"abcdef");
    }
}
