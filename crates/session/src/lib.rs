//! The session itself: sans-IO state machines of both ends. Bytes, a person's acts and [`Now`] go in;
//! messages, effects and questions come out. No clock, file, socket or thread lives here.
//!
//! [`Sharer`] is the end whose screen is shown (the customer's program): it alone makes grants, asks the
//! person and writes the [`Journal`]. [`Viewer`] is the other end (the operator's program): it can ask,
//! and verifies what is written. A [`Grant`] is a value that capture and injection must hold.

#![forbid(unsafe_code)]

mod grant;
mod journal;
mod journal_file;
mod journal_text;
mod now;
mod order;
mod question;
mod scope;
mod sharer;
mod suspension;
mod viewer;
mod witness;

pub use grant::{ActionKind, Control, Denied, Grant, Point, Revoker, See};
pub use journal::{Journal, JournalError};
pub use journal_file::MAX_JOURNAL_FILE;
pub use now::Now;
pub use order::{OrderError, PictureOrder};
pub use question::{Answer, Question};
pub use scope::{ApplicationId, Area, MonitorId, Scope};
pub use sharer::{Sharer, SharerConfig, SharerOutput};
pub use viewer::{Viewer, ViewerConfig, ViewerOutput};
