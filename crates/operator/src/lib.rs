//! The operator's desktop program: unlock, log in, read out a code, see and help.
//!
//! [`model`] knows and decides, [`view`] draws and takes what the person does, [`window`] brings them together
//! with the network and the desktop, and [`config`] says from which settings. What looking at another's screen
//! needs in either program is [`deskside_party::viewing`].

#![forbid(unsafe_code)]

mod bundle;
pub mod config;
mod demonstration;
pub mod model;
mod passphrase;
#[cfg(test)]
mod samples;
pub mod view;
pub mod window;
