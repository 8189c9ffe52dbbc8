//! Real desktops, servers and lines to test Deskside on. Never part of the product.
//!
//! | module | what it gives |
//! |---|---|
//! | [`process`] | programs in process groups of their own, which end with their guard |
//! | [`wait`] | waiting for a condition, with a deadline and a reason |
//! | [`display`] | X servers on free numbers: Xvfb, and Xephyr inside one |
//! | [`desktop`] | a display with window manager and session bus, for one person |
//! | [`hand`] | that person's mouse and keyboard, physical to the programs inside |
//! | [`picture`] | what is on a display, as pixels |
//! | [`clipboard`] | what a person's other programs copy and paste |
//! | [`accessibility`] | what is on a display, as a screen reader sees it |
//! | [`programs`] | the product's own programs, freshly built |
//! | [`photo`] | pictures as hard to code as photographs, without a file |
//! | [`canvas`] | pictures that an X server keeps and shows by itself |
//! | [`film`] | moving pictures, and what arrives of them |
//! | [`glass`] | how long a pixel takes from one display to another |
//! | [`link`] | a wide-area line between two network namespaces |
//! | [`oracle`] | what must hold of every decoder on any bytes |
//! | [`network`] | three machines and the lines between them |
//! | [`organisation`] | a certificate authority and a server, by the real programs |
//! | [`scenario`] | one whole support session, step by step |
#![forbid(unsafe_code)]

pub mod accessibility;
pub mod canvas;
pub mod clipboard;
pub mod desktop;
pub mod display;
pub mod film;
pub mod glass;
pub mod hand;
pub mod link;
pub mod network;
pub mod oracle;
pub mod organisation;
pub mod photo;
pub mod picture;
pub mod process;
pub mod programs;
pub mod scenario;
pub mod wait;
