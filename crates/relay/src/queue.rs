//! What waits to be written to one leg's tunnel: bounded, oldest datagram dropped first.

use std::sync::{Mutex, MutexGuard, PoisonError};

use deskside_proto::tunnel::Frame;
use tokio::sync::Notify;

/// Most bytes that wait in a queue; QUIC sends again what was dropped. More would only add delay: this is a
/// second of a line of 1 Mbit/s already. With the batch that is being written, a slow leg keeps below 256 KiB.
const MAX_WAITING: usize = 128 * 1024;
/// How many dropped bytes may lie at the buffer's beginning before the rest is moved down.
const MAX_DEAD: usize = 32 * 1024;
/// Most bytes that are taken out at one time.
pub(crate) const MAX_BATCH: usize = 64 * 1024;

/// A leg's queue. Filled by whoever forwards to the leg, emptied by the loop of its tunnel.
#[derive(Default)]
pub(crate) struct Queue {
    state: Mutex<State>,
    filled: Notify,
}

#[derive(Default)]
struct State {
    /// Encoded frames, the oldest at `start`.
    frames: Vec<u8>,
    start: usize,
    /// The newest notice about the other party that has not been written yet; older ones no longer matter.
    peer: Option<bool>,
}

impl Queue {
    /// Puts datagrams in; gives the number of datagrams that were dropped to make room, or because a frame
    /// has no room for them.
    pub(crate) fn push<'a>(&self, datagrams: impl Iterator<Item = &'a [u8]>) -> usize {
        let mut dropped = 0;
        {
            let mut state = self.state();
            for datagram in datagrams {
                if Frame::Datagram(datagram).encode(&mut state.frames).is_err() {
                    dropped += 1;
                }
                while state.frames.len() - state.start > MAX_WAITING {
                    state.start = state.next_frame();
                    dropped += 1;
                }
            }
            state.compact();
        }
        self.filled.notify_one();
        dropped
    }

    /// Tells the leg whether the other party is here.
    pub(crate) fn set_peer(&self, present: bool) {
        self.state().peer = Some(present);
        self.filled.notify_one();
    }

    /// Waits until something is there, and moves it, at most about [`MAX_BATCH`] bytes of whole frames, to
    /// the end of `out`. Losing the race in a `select!` loses nothing.
    pub(crate) async fn take(&self, out: &mut Vec<u8>) {
        while !self.state().take(out) {
            self.filled.notified().await;
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    /// Where the frame after the one at `start` begins. Only whole frames are ever put in.
    fn next_frame(&self) -> usize {
        match Frame::decode(&self.frames[self.start..]) {
            Ok(Some((_, length))) => self.start + length,
            Ok(None) | Err(_) => self.frames.len(),
        }
    }

    fn take(&mut self, out: &mut Vec<u8>) -> bool {
        let before = out.len();
        if let Some(present) = self.peer.take() {
            let notice = Frame::Peer(present).encode(out);
            debug_assert!(notice.is_ok(), "a notice is shorter than any limit");
        }
        let first = self.start;
        if self.frames.len() - first <= MAX_BATCH {
            self.start = self.frames.len();
        }
        while self.start < self.frames.len() {
            let next = self.next_frame();
            if next - first > MAX_BATCH {
                break;
            }
            self.start = next;
        }
        out.extend_from_slice(&self.frames[first..self.start]);
        self.compact();
        out.len() > before
    }

    /// Gives room back: an empty queue holds no buffer, a full one little more than what waits.
    fn compact(&mut self) {
        if self.start == self.frames.len() {
            self.frames = Vec::new();
            self.start = 0;
        } else if self.start > MAX_DEAD {
            self.frames.drain(..self.start);
            self.start = 0;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use deskside_proto::tunnel::MAX_DATAGRAM;

    /// Everything in the queue now, decoded: datagrams by their first byte and length.
    fn drain(queue: &Queue) -> (Vec<(u8, usize)>, Vec<bool>) {
        let mut bytes = Vec::new();
        while queue.state().take(&mut bytes) {}
        let (mut datagrams, mut notices, mut rest) = (Vec::new(), Vec::new(), &bytes[..]);
        while let Some((frame, used)) = Frame::decode(rest).expect("whole frames") {
            match frame {
                Frame::Datagram(datagram) => datagrams.push((datagram[0], datagram.len())),
                Frame::Peer(present) => notices.push(present),
                other => panic!("{other:?} in a queue"),
            }
            rest = &rest[used..];
        }
        assert!(rest.is_empty());
        (datagrams, notices)
    }

    #[test]
    fn datagrams_come_out_as_they_went_in() {
        let queue = Queue::default();
        assert_eq!(queue.push([&[1u8; 10][..], &[2; 1200]].into_iter()), 0);
        queue.set_peer(false);
        queue.set_peer(true);
        assert_eq!(drain(&queue), (vec![(1, 10), (2, 1200)], vec![true]));
        assert_eq!(drain(&queue), (vec![], vec![]));
        assert_eq!(queue.state().frames.capacity(), 0, "an empty queue holds no buffer");
    }

    #[test]
    fn the_oldest_datagram_goes_first_when_there_is_no_room() {
        let queue = Queue::default();
        let dropped: usize = (0..=255u8).map(|n| queue.push([&[n; 1397][..]].into_iter())).sum();
        let (datagrams, _) = drain(&queue);
        assert_eq!(datagrams.len() + dropped, 256);
        assert_eq!(datagrams.len(), MAX_WAITING / 1400);
        assert_eq!(datagrams.last(), Some(&(255, 1397)));
        assert!(datagrams.windows(2).all(|pair| pair[1].0 == pair[0].0 + 1));
    }

    #[test]
    fn memory_is_bounded_whatever_is_pushed() {
        let queue = Queue::default();
        for n in 0..10_000u32 {
            queue.push([&[7u8; MAX_DATAGRAM][..n as usize % MAX_DATAGRAM + 1]].into_iter());
            assert!(queue.state().frames.capacity() <= 4 * MAX_WAITING);
        }
        assert_eq!(queue.push([&[7u8; MAX_DATAGRAM + 1][..]].into_iter()), 1, "too long for a frame");
    }

    #[test]
    fn a_batch_is_bounded_and_made_of_whole_frames() {
        let queue = Queue::default();
        assert_eq!(queue.push((0..90).map(|_| &[9u8; 1397][..])), 0);
        let mut batch = Vec::new();
        assert!(queue.state().take(&mut batch));
        assert!(batch.len() <= MAX_BATCH && batch.len() % 1400 == 0 && batch.len() > MAX_BATCH - 1400);
    }
}
