//! A mutex whose critical sections cannot panic, so that poisoning is no case to handle everywhere.

use std::sync::{Mutex, MutexGuard, PoisonError};

/// A [`Mutex`] that is never poisoned. Never held across an await.
#[derive(Debug, Default)]
pub(crate) struct Lock<T>(Mutex<T>);

impl<T> Lock<T> {
    pub(crate) fn lock(&self) -> MutexGuard<'_, T> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
