//! The session itself: sans-IO state machines of both ends. Bytes, a person's acts and `now` go in;
//! messages, effects and questions come out. No clock, file, socket or thread lives here.

mod grant;

pub use grant::{ActionKind, Control, Denied, Grant, Revoker, See};
