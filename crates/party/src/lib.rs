//! What a party's program does in a session, whichever party it is: the operator's and the customer's
//! program have one copy of it.

#![forbid(unsafe_code)]

pub mod viewing;
