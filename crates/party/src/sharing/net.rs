//! The one place where sharing names the network side: what it says to it, and what it hears.

pub use deskside_net::sharing::{Answer, Choice, Command, CommandSender, Event, Question};
pub use deskside_net::{PictureSink, Quality};

pub(crate) use deskside_net::{Purpose, Readiness};
