//! The threads of the sharing side: they capture, inject, mark and listen.

mod desk;
mod hand;
mod injection;
mod links;
mod offer;
mod pace;
mod picture;
mod pointing;
mod router;
mod showing;

pub use desk::{Desk, Report};
pub use router::Router;
