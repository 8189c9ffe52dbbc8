//! Two programs' network sides and the real server: whole sessions, and everything that can go wrong
//! between the code and the first question.

#![expect(clippy::result_large_err, reason = "an event that was not meant is handed back whole")]

#[cfg(test)]
mod blindness;
#[cfg(test)]
mod ends;
#[cfg(test)]
mod faults;
#[cfg(test)]
mod sessions;
