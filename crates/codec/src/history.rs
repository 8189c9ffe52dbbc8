//! What both coders remember of the planes of earlier updates.

/// Most bytes that are remembered: ten whole tiles, or the letters of several minutes of typing.
pub(crate) const HISTORY: usize = 128 * 1024;
/// What is too old is thrown away when there is so much of it: to move the rest costs time.
const MOST_OLD: usize = 3 * HISTORY;

/// The last [`HISTORY`] bytes of planes; both sides hold the same.
#[derive(Default)]
pub(crate) struct History(Vec<u8>);

impl History {
    pub(crate) fn bytes(&self) -> &[u8] {
        self.with_last(0)
    }

    /// The last so many bytes, which were appended whole, and before them the history as it was.
    pub(crate) fn with_last(&self, length: usize) -> &[u8] {
        &self.0[self.0.len().saturating_sub(HISTORY + length)..]
    }

    /// Appends what counts of an update's planes and forgets what is too old.
    pub(crate) fn append(&mut self, planes: &[u8]) {
        self.append_whole(&planes[planes.len().saturating_sub(HISTORY)..]);
    }

    /// Appends all of an update's planes, so that they lie behind what they may refer to.
    pub(crate) fn append_whole(&mut self, planes: &[u8]) {
        if self.0.len() > HISTORY + MOST_OLD {
            self.0.drain(..self.0.len() - HISTORY);
        }
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
        short.append_whole(&all);
        assert_eq!(short.with_last(all.len()), [b"abcdef", all.as_slice()].concat());
        assert_eq!(short.bytes(), &all[all.len() - HISTORY..]);
    }
}
