//! What both desktop programs share beside the screen: settings, log, and keeping files. Nothing here knows
//! what a session is; a program gives what is to be kept as bytes and text.

pub mod files;
pub mod log;
pub mod settings;
