//! What a party's program does in a session, whichever party it is: normally the customer shares and the operator
//! views, in a demonstration the other way round. Each program embeds the side that it needs just now.

#![forbid(unsafe_code)]

pub mod journals;
pub mod sharing;
pub mod viewing;
