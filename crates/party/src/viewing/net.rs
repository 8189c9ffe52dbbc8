//! The names of the network's viewing side: the one place that says where they come from.

pub use deskside_net::viewing::{Command, Event};
