//! The revocation list: a file that the CA replaces, read again whenever it changes.

use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::SystemTime;

use deskside_trust::Crl;

use crate::core::HOUR;
use crate::error::ListError;

/// How long before its end a list is worth a warning: half a working day to put it right.
const WARN_BEFORE: i64 = 6 * HOUR;

/// What tells one version of a file from another.
type Stamp = (Option<SystemTime>, u64, u64);

/// The file and what was last read from it.
#[derive(Debug)]
pub(crate) struct CrlFile {
    path: PathBuf,
    seen: Mutex<Seen>,
}

#[derive(Debug, Default)]
struct Seen {
    stamp: Option<Stamp>,
    list: Option<Arc<Crl>>,
    warned: Warned,
}

/// What the log was told about the current list, so that it is told once.
#[derive(Debug, Default, PartialEq, Eq, Clone, Copy)]
enum Warned {
    #[default]
    Nothing,
    EndsSoon,
    Ended,
    Missing,
}

impl CrlFile {
    pub(crate) fn new(path: PathBuf) -> Self {
        Self { path, seen: Mutex::default() }
    }

    /// The list as it is now, if there is one; it may have ended. A file that cannot be used leaves the list
    /// in force that was read before. Looks at the file's times and reads it only if they changed.
    pub(crate) fn current(&self, now: i64) -> Option<Arc<Crl>> {
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        if let Err(error) = self.refresh(&mut seen) {
            tracing::error!(%error, "revocation list not taken over");
        }
        let state = state(seen.list.as_deref(), now);
        if seen.warned != state {
            match state {
                Warned::Nothing => tracing::info!("revocation list is good"),
                Warned::EndsSoon => {
                    tracing::warn!("the revocation list ends soon; have the CA make a new one");
                }
                Warned::Ended => {
                    tracing::error!("the revocation list has ended: customers refuse every operator");
                }
                Warned::Missing => {
                    tracing::error!(path = %self.path.display(), "no revocation list: customers refuse every operator");
                }
            }
            seen.warned = state;
        }
        seen.list.clone()
    }

    /// What is wrong with the list now, for people.
    pub(crate) fn problem(&self, now: i64) -> Option<&'static str> {
        match state(self.current(now).as_deref(), now) {
            Warned::Nothing | Warned::EndsSoon => None,
            Warned::Ended => Some("the revocation list has ended"),
            Warned::Missing => Some("the revocation list is missing"),
        }
    }

    fn refresh(&self, seen: &mut Seen) -> Result<(), ListError> {
        let unreadable = |error| ListError::Unreadable { path: self.path.clone(), error };
        let stamp = match fs::metadata(&self.path) {
            Ok(data) => Some((data.modified().ok(), data.len(), data.ino())),
            Err(_) => None,
        };
        if stamp == seen.stamp {
            return Ok(());
        }
        // Remembered before the file is judged, so that a bad file is complained about once.
        seen.stamp = stamp;
        let der = fs::read(&self.path).map_err(unreadable)?;
        let fresh =
            Crl::parse(&der).map_err(|error| ListError::Malformed { path: self.path.clone(), error })?;
        let current = seen.list.as_ref().map_or(0, |list| list.number());
        if fresh.number() < current {
            return Err(ListError::Older { path: self.path.clone(), number: fresh.number(), current });
        }
        seen.list = Some(Arc::new(fresh));
        Ok(())
    }
}

fn state(list: Option<&Crl>, now: i64) -> Warned {
    let Some(list) = list else { return Warned::Missing };
    let ends = i64::try_from(list.next_update().as_secs()).unwrap_or(i64::MAX).saturating_mul(1000);
    if ends <= now {
        Warned::Ended
    } else if ends - WARN_BEFORE <= now {
        Warned::EndsSoon
    } else {
        Warned::Nothing
    }
}
