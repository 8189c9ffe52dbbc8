//! The side that looks at the other's screen: the picture decoded and shown, the sharer's cursor in it, pointer
//! and keys brought to it. The parts serve the operator's and the customer's window alike; [`Watching`] is a
//! whole window for a person who is no expert.

mod cursor;
pub mod frame;
mod full_screen;
mod hand;
mod mouse;
pub mod net;
mod permission;
mod ticker;
mod watching;
mod zoom;

pub use cursor::{Cursor, CursorPlace};
pub use full_screen::{Bar, Chord, Whose};
pub use hand::Hand;
pub use mouse::{Mouse, Pointer, Redraw, Viewer};
pub use permission::{Permission, Refusal};
pub use ticker::Ticker;
pub use watching::{Feed, News, Orders, Watching, Wish, feed};
pub use zoom::Zoom;
