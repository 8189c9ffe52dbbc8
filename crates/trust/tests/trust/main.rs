//! The crate as its users see it: an organisation is made, attacked, and checked.

#[cfg(test)]
mod bundle;
#[cfg(test)]
mod descriptor;
#[cfg(test)]
mod handshake;
#[cfg(test)]
mod identity;
#[cfg(test)]
mod lab;
#[cfg(test)]
mod mutation;
#[cfg(test)]
mod offer;
#[cfg(test)]
mod secrets;
