//! `deskside-customer`: the customer's program. It shows who wants to help, asks the person about each
//! action, and leaves nothing running.

#![forbid(unsafe_code)]

mod config;
mod model;
mod packets;
mod roots;
mod run;
mod view;

use std::process::ExitCode;

fn main() -> ExitCode {
    run::main()
}
