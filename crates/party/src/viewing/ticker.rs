//! Wakes the window loop at a moment of its choice, without drawing anything.

use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::time::Instant;
use std::{io, thread};

/// A thread that waits for the earliest of the moments that it was given.
#[derive(Debug)]
pub struct Ticker(Sender<Instant>);

impl Ticker {
    /// Starts the thread; it calls `tick` and ends when the ticker is dropped.
    ///
    /// # Errors
    /// What the system said, if there can be no more threads.
    pub fn start(tick: impl Fn() + Send + 'static) -> io::Result<Self> {
        let (sender, moments) = channel::<Instant>();
        thread::Builder::new().name("ticker".into()).spawn(move || {
            let mut next: Option<Instant> = None;
            loop {
                let heard = match next {
                    None => moments.recv().map_err(|_| RecvTimeoutError::Disconnected),
                    Some(at) => moments.recv_timeout(at.saturating_duration_since(Instant::now())),
                };
                match heard {
                    Ok(moment) => next = Some(next.map_or(moment, |at| at.min(moment))),
                    Err(RecvTimeoutError::Timeout) => {
                        next = None;
                        tick();
                    }
                    Err(RecvTimeoutError::Disconnected) => return,
                }
            }
        })?;
        Ok(Self(sender))
    }

    /// Ticks at this moment or, if it has passed, at once. Of several moments the earliest counts; whoever
    /// still needs a later one says so again after the tick.
    pub fn at(&self, moment: Instant) {
        // The thread lives as long as this ticker; should it have died, clocks stand still and input goes on.
        self.0.send(moment).unwrap_or_default();
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn the_earliest_moment_ticks_once() {
        let (ticks, ticked) = channel();
        let ticker = Ticker::start(move || ticks.send(Instant::now()).unwrap()).unwrap();
        let start = Instant::now();
        ticker.at(start + Duration::from_secs(3600));
        ticker.at(start + Duration::from_millis(20));
        let at = ticked.recv_timeout(Duration::from_secs(10)).unwrap();
        assert!(at >= start + Duration::from_millis(20));
        ticker.at(start);
        ticked.recv_timeout(Duration::from_secs(10)).unwrap();
        drop(ticker);
        assert!(ticked.recv_timeout(Duration::from_secs(10)).is_err(), "it ended without the hour's tick");
    }
}
