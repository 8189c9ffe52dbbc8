//! The broker as its callers see it: real requests against the real router over real database files.

#![cfg(test)]

mod codes;
mod faults;
mod http;
mod injection;
mod lab;
mod life;
mod login;
mod throttle;
mod timing;
