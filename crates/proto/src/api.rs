//! The broker's HTTP API, `/api/v1`: what goes into and out of each call, as JSON.
//!
//! | call | ALPN | who | in → out |
//! |---|---|---|---|
//! | `POST /login` | api | operator | [`LoginRequest`] → [`LoginReply`] |
//! | `POST /logout` | api | operator, with token | – → 204 |
//! | `POST /sessions` | api | operator, with token | – → [`NewSessionReply`] |
//! | `PUT /sessions/{id}/offer` | api | operator, with token | [`OfferRequest`] → 204 |
//! | `DELETE /sessions/{id}` | api | operator, with token | – → 204 |
//! | `POST /join` | http | customer | [`JoinRequest`] → [`JoinReply`] |
//! | `GET /health` | any | anybody | – → [`HealthReply`] |
//!
//! The token travels as `Authorization: Bearer …`. Every refusal is an [`ErrorReply`].

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use zeroize::Zeroize;

/// Where the API begins.
pub const BASE: &str = "/api/v1";
/// Longest body of a request or reply, in bytes.
pub const MAX_BODY: usize = 256 * 1024;
/// Longest user name, in bytes.
pub const MAX_USER: usize = 128;
/// Longest password, in bytes.
pub const MAX_PASSWORD: usize = 1024;

/// An operator logs in.
#[derive(Clone, Serialize, Deserialize, ToSchema, Zeroize)]
#[serde(deny_unknown_fields)]
#[zeroize(drop)]
pub struct LoginRequest {
    /// Account; must be the one in the client certificate.
    pub user: String,
    /// Password.
    pub password: String,
}

/// An operator is logged in.
#[derive(Clone, Serialize, Deserialize, ToSchema)]
pub struct LoginReply {
    /// To be shown with every later call.
    pub token: String,
    /// When the token ends, in milliseconds since 1970.
    pub expires_ms: i64,
}

/// A relay and the permission to use it.
#[derive(Clone, Serialize, Deserialize, ToSchema)]
pub struct RelayTicket {
    /// The relay's name.
    pub relay: String,
    /// Host name or address.
    pub host: String,
    /// TCP and UDP port.
    pub port: u16,
    /// The signed ticket, Base64 (RFC 4648 §4).
    pub ticket: String,
}

/// A session was made; its code works once the offer is there.
#[derive(Clone, Serialize, Deserialize, ToSchema)]
pub struct NewSessionReply {
    /// The session, 32 hexadecimal digits.
    pub session: String,
    /// The six digits for the customer.
    pub code: String,
    /// When the code ends, in milliseconds since 1970.
    pub expires_ms: i64,
    /// Relays in order of preference.
    pub relays: Vec<RelayTicket>,
}

/// The operator's signed offer.
#[derive(Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct OfferRequest {
    /// [`crate::offer::SignedOffer`], Base64.
    pub offer: String,
}

/// A customer typed a code.
#[derive(Clone, Serialize, Deserialize, ToSchema, Zeroize)]
#[serde(deny_unknown_fields)]
#[zeroize(drop)]
pub struct JoinRequest {
    /// Six digits.
    pub code: String,
}

/// The code was right; it is used up now.
#[derive(Clone, Serialize, Deserialize, ToSchema)]
pub struct JoinReply {
    /// The operator's [`crate::offer::SignedOffer`], Base64.
    pub offer: String,
    /// The packet CA's revocation list, DER, Base64.
    pub crl: String,
    /// A ticket for each relay of the offer.
    pub relays: Vec<RelayTicket>,
}

/// Whether the broker can serve.
#[derive(Clone, Serialize, Deserialize, ToSchema)]
pub struct HealthReply {
    /// `ok`, or what is wrong.
    pub status: String,
    /// The broker's version.
    pub version: String,
}

/// Why a call was refused. Wrong, used and expired codes all give [`ErrorCode::NoSuchCode`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ErrorCode {
    /// The body or a field is not what the API asks for.
    BadRequest,
    /// User name or password is wrong, or the account may not log in.
    LoginFailed,
    /// The account is not the one in the certificate.
    WrongCertificate,
    /// The token is missing, wrong or has ended.
    NotLoggedIn,
    /// No code that works.
    NoSuchCode,
    /// Too many attempts; see `Retry-After`.
    TooManyAttempts,
    /// No such session of this operator.
    NoSuchSession,
    /// The operator has as many sessions as are allowed.
    TooManySessions,
    /// The broker cannot serve just now (its database does not answer).
    Unavailable,
    /// No such address.
    NotFound,
}

/// The body of every refusal.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct ErrorReply {
    /// For programs.
    pub error: ErrorCode,
    /// For people: what was wrong and what to do.
    pub message: String,
}
