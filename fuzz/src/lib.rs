//! The oracles of `testkit`, taken by path: with sanitizers, what else that crate needs would take a quarter
//! of an hour to build.
#![forbid(unsafe_code)]

#[path = "../../crates/testkit/src/oracle.rs"]
pub mod oracle;
