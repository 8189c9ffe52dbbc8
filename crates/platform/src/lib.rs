//! What Deskside needs of the desktop it runs on, behind traits: the picture of the screen
//! ([`Screen`]), mouse and keyboard for the operator ([`Injector`]), marks that he draws ([`Overlay`]), the
//! customer's own hand ([`HandEvent`]), whether the customer's panel is in sight ([`GuardEvent`]), and the
//! operator's keyboard as a whole ([`GrabEvent`]).
//!
//! [`x11`] is the real thing, [`fake`] the one for models and tests. This is the only crate that holds
//! `unsafe` code or knows which operating system it runs on. Capture and injection take a
//! [`deskside_session::Grant`] and ask it immediately before every single use.

mod drawing;
mod error;
pub mod fake;
mod guard;
mod hand;
mod injector;
mod keyboard;
pub mod marks;
mod overlay;
mod screen;
pub mod watchdog;
pub mod x11;

pub use error::{InjectError, PlatformError};
pub use guard::{GuardCallback, GuardEvent};
pub use hand::{HandCallback, HandEvent};
pub use injector::{Injector, LOOK_OUTSIDE};
pub use keyboard::{GrabCallback, GrabEvent, GrabRefused};
pub use overlay::{MARKS_REFRESH, Overlay};
pub use screen::{CursorImage, Screen, ScreenEvent, Waker};
