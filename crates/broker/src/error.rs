//! What can go wrong, sorted by who is at fault.

use std::path::PathBuf;

use deskside_trust::{CrlError, PacketError};
use thiserror::Error;

pub use crate::core::names::NameError;
pub use crate::store::StoreError;

/// Why the broker does not open. The administrator can put it right.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum BrokerError {
    /// The database.
    #[error("the database cannot be opened")]
    Store(#[from] StoreError),
    /// Root or packet CA.
    #[error("the certificates of root and packet CA do not fit")]
    Packet(#[from] PacketError),
    /// No relay is configured.
    #[error("no relay is configured")]
    NoRelay,
    /// The machine's random number generator or the password hash failed.
    #[error("the machine cannot make keys")]
    Crypto,
}

/// Why an account was not changed. The administrator can put it right.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum AccountError {
    /// Name or password.
    #[error(transparent)]
    Name(#[from] NameError),
    /// The name, or one that differs in capital letters only, is in use.
    #[error("there is an account of this name already")]
    Exists,
    /// No such account.
    #[error("there is no account of this name")]
    Missing,
    /// The database.
    #[error("the database did not answer")]
    Store(#[from] StoreError),
    /// The password could not be hashed.
    #[error("the password could not be hashed")]
    Crypto,
}

/// Why a call of the API is refused: the caller's fault, except for [`Refusal::Unavailable`].
#[derive(Debug, Error)]
pub(crate) enum Refusal {
    #[error("{0}")]
    BadRequest(String),
    #[error("the body is too long")]
    TooLarge,
    #[error("user name or password is wrong")]
    LoginFailed,
    #[error("the certificate does not allow it: {0}")]
    WrongCertificate(String),
    #[error("not logged in")]
    NotLoggedIn,
    #[error("no code that works")]
    NoSuchCode,
    /// Milliseconds until it is worth trying again.
    #[error("too many attempts")]
    TooManyAttempts(i64),
    #[error("no such session")]
    NoSuchSession,
    #[error("too many sessions")]
    TooManySessions,
    #[error("no such address")]
    NotFound,
    #[error("no such method")]
    MethodNotAllowed,
    /// The broker's fault.
    #[error(transparent)]
    Unavailable(#[from] Failure),
}

impl From<StoreError> for Refusal {
    fn from(error: StoreError) -> Self {
        Self::Unavailable(error.into())
    }
}

/// Why the broker cannot serve: for its log, not for callers.
#[derive(Debug, Error)]
pub(crate) enum Failure {
    #[error("the database did not answer")]
    Store(#[from] StoreError),
    #[error("the machine gave no random numbers")]
    Random,
    #[error("a relay ticket could not be signed")]
    Ticket(#[from] deskside_ticket::SignError),
    #[error("a password could not be checked")]
    Password,
    #[error("the revocation list cannot be used: {0}")]
    RevocationList(String),
    #[error("a stored offer cannot be read")]
    Offer(#[from] deskside_proto::DecodeError),
    #[error("no free code was found")]
    NoFreeCode,
    #[error("the server did not say where a request comes from")]
    NoConnection,
    #[error("the request took too long")]
    Timeout,
}

/// Why a revocation list file cannot be used.
#[derive(Debug, Error)]
pub(crate) enum ListError {
    #[error("the revocation list {path} cannot be read: {error}")]
    Unreadable { path: PathBuf, error: std::io::Error },
    #[error("the revocation list {path} cannot be used: {error}")]
    Malformed { path: PathBuf, error: CrlError },
    #[error("the revocation list {path} has number {number}, older than {current}, which is kept")]
    Older { path: PathBuf, number: u64, current: u64 },
}
