//! The session itself: sans-IO state machines of both ends. Bytes, a person's acts and [`Now`] go in;
//! messages, effects and questions come out. No clock, file, socket or thread lives here.
//!
//! [`Sharer`] is the end whose screen is shown: it alone makes grants, asks the person and writes the [`Journal`].
//! [`Viewer`] is the other end: it can ask, and verifies what is written. In a session the customer's program is the
//! sharer; in a demonstration the operator's is, so that [`CustomerEnd`] and [`OperatorEnd`] hold one of each. A
//! [`Grant`] is a value that capture and injection must hold.

#![forbid(unsafe_code)]

mod allowance;
mod choice;
mod customer;
mod grant;
mod journal;
mod journal_file;
mod journal_text;
mod now;
mod operator;
mod order;
mod parties;
mod question;
mod scope;
mod sharer;
mod suspension;
mod viewer;
mod witness;

pub use choice::{Answer, Choice, Policy};
pub use customer::{CustomerEnd, CustomerOutput};
pub use grant::{ActionKind, Control, Denied, Grant, Point, Revoker, See};
pub use journal::{Journal, JournalError};
pub use journal_file::MAX_JOURNAL_FILE;
pub use now::Now;
pub use operator::{OperatorEnd, OperatorOutput};
pub use order::{OrderError, PictureOrder};
pub use parties::Parties;
pub use question::Question;
pub use scope::{ApplicationId, Area, MonitorId, Scope};
pub use sharer::{Sharer, SharerConfig, SharerOutput};
pub use viewer::{Viewer, ViewerConfig, ViewerOutput};
