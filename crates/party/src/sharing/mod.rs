//! The side whose screen is shown: what the person is asked, what the panel says, and the threads that capture,
//! inject, mark and listen, each with its grant.
//!
//! A program embeds it in four places:
//!
//! - **Start.** A [`Desk`] for each session; its [`Router`] on the network's thread, which gets each event of the
//!   sharer; then [`Desk::connect`] with the network's own ends and [`Desk::watch_hand`] for F11 and for whose hand it
//!   is. All of it reports [`News`] to the window loop.
//! - **Model.** A [`Session`] from [`News::Started`] on. [`Told`]s, [`HandSign`]s, [`Act`]s and time go in, [`Command`]s
//!   come out, which go to [`Desk::send`].
//! - **Windows.** [`Windows`] opens, draws, fits and closes the panel and the question, and keeps watch over the panel.
//!   What was pressed comes out as [`Act`]s. What [`Act::Stop`] means is the program's own business.
//! - **The second process.** [`let_go`], for the hidden option [`LET_GO`].

mod model;
mod net;
mod run;
pub mod view;
mod watchdog;
mod windows;

pub use model::{
    Act, DEAD_FOR, Edit, HandSign, Lasting, Line, News, Offer, OneMonitor, Peer, Press, Pressed, Program,
    Prompt, Reply, Session, Show, Told,
};
pub use net::{Answer, Choice, Command, CommandSender, Event, PictureSink, Quality, Question};
pub use run::{Desk, Report, Router};
pub use watchdog::{LET_GO, let_go};
pub use windows::Windows;
