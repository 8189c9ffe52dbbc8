//! What can go wrong on the way to a session, in words for the person at the screen.

use thiserror::Error;

/// What went wrong and what to do about it. `Display` is a whole text for a person, fit to be shown as it is.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum Problem {
    /// Nothing answers at the server's address.
    #[error("The server {server} cannot be reached ({cause}). Check the internet connection and try again.")]
    Unreachable {
        /// Host and port.
        server: String,
        /// What the system said.
        cause: String,
    },
    /// The server could not prove that it is the organisation's.
    #[error(
        "The server {server} is not the one that this program belongs to ({cause}). Nothing was sent to it. Tell the organisation that gave you this program."
    )]
    WrongServer {
        /// Host and port.
        server: String,
        /// What the certificate check said.
        cause: String,
    },
    /// The server answered with a refusal; its own words.
    #[error("{0}")]
    Refused(String),
    /// The operator's identity does not hold; the attempt has ended.
    #[error("This is not a trustworthy helper: {0}. The connection was ended and nothing was shown.")]
    Identity(String),
    /// The relay refused the leg or went away.
    #[error("The connection through {relay} failed ({cause}). Ask for a new code and try again.")]
    Relay {
        /// The relay's name.
        relay: String,
        /// Why.
        cause: String,
    },
    /// UDP was demanded and does not get through.
    #[error("UDP does not get through to {relay}. Use the setting path = \"auto\" or \"tls\".")]
    NoUdp {
        /// The relay's name.
        relay: String,
    },
    /// The other side's program never came or speaks another version.
    #[error("{0}")]
    Peer(String),
    /// Something that should not happen; the text is for whoever maintains the program.
    #[error("An internal error occurred: {0}. Please report it.")]
    Internal(String),
}
