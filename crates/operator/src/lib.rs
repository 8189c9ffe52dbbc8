//! The operator's desktop program: unlock, log in, read out a code, see and help.
//!
//! [`model`] knows and decides, [`view`] draws and takes what the person does, [`frame`] decodes the
//! customer's picture on a thread of its own, [`window`] brings them together with the network and the
//! desktop, and [`config`] says from which settings.

#![forbid(unsafe_code)]

mod bundle;
pub mod config;
pub mod frame;
mod journals;
pub mod model;
mod passphrase;
mod ticker;
pub mod view;
pub mod window;
