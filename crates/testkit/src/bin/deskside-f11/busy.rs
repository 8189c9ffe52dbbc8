//! Load: threads that only burn time.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};

use anyhow::{Context as _, Result};

/// Busy threads, until this is dropped.
pub(crate) struct Busy {
    over: Arc<AtomicBool>,
    threads: Vec<JoinHandle<()>>,
}

impl Busy {
    pub(crate) fn start(count: usize) -> Result<Self> {
        let mut busy = Self { over: Arc::default(), threads: Vec::new() };
        for _ in 0..count {
            let over = Arc::clone(&busy.over);
            let burn = move || {
                while !over.load(Ordering::Relaxed) {
                    std::hint::spin_loop();
                }
            };
            let thread = thread::Builder::new().name("busy".to_owned()).spawn(burn);
            busy.threads.push(thread.context("cannot start a busy thread")?);
        }
        Ok(busy)
    }
}

impl Drop for Busy {
    fn drop(&mut self) {
        self.over.store(true, Ordering::Relaxed);
        for thread in self.threads.drain(..) {
            // It cannot panic.
            thread.join().unwrap_or_default();
        }
    }
}
