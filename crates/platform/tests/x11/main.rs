//! The platform on real X servers: Xvfb, and Xephyr inside it, where what is done to the outer display
//! arrives as from real devices.

#[cfg(test)]
mod capture;
#[cfg(test)]
mod consent;
#[cfg(test)]
mod display;
#[cfg(test)]
mod f11;
#[cfg(test)]
mod hand;
#[cfg(test)]
mod keyboard;
#[cfg(test)]
mod killed;
#[cfg(test)]
mod outputs;
#[cfg(test)]
mod overlay;
#[cfg(test)]
mod panel;
#[cfg(test)]
mod pointer;
#[cfg(test)]
mod program;
#[cfg(test)]
mod refusals;
#[cfg(test)]
mod scope;
#[cfg(test)]
mod scoped;
#[cfg(test)]
mod scoped_pointer;
#[cfg(test)]
mod sparing;
#[cfg(test)]
mod terminal;
#[cfg(test)]
mod typing;
