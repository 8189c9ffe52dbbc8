//! The mind of the sharing side, without windows, network or clock: reports and acts of the person go in, what the
//! network side has to do comes out, and views draw what it says.

mod choosing;
mod hand;
mod peer;
mod prompt;
mod question;
mod session;
#[cfg(test)]
pub(crate) mod tests;
mod told;

pub use choosing::{Offer, OneMonitor, Program, Show};
pub use hand::{HandSign, Press, Pressed};
pub use peer::Peer;
pub use prompt::{DEAD_FOR, Prompt, Reply};
pub use question::{Edit, Lasting};
pub use session::{Act, Line, Session};
pub use told::{News, Told};

pub(crate) use choosing::Choosing;
pub(crate) use question::OpenQuestion;
