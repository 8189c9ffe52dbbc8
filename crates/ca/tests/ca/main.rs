//! The real `deskside-ca` in folders of its own.

#[cfg(test)]
mod faults;
#[cfg(test)]
mod lab;
#[cfg(test)]
mod organisation;
#[cfg(test)]
mod terminal;
