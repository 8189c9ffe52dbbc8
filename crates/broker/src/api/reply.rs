//! Refusals as HTTP: the one place where an error becomes a status and a text for people.

use axum::Json;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use deskside_proto::api::{ErrorCode, ErrorReply};

use crate::error::Refusal;

impl Refusal {
    fn parts(&self) -> (StatusCode, ErrorCode, String) {
        let (status, error, message) = match self {
            Self::BadRequest(what) => {
                let message = format!("The request is not understood: {what}.");
                return (StatusCode::BAD_REQUEST, ErrorCode::BadRequest, message);
            }
            Self::WrongCertificate(why) => {
                let message = format!("The certificate of this connection does not allow it: {why}.");
                return (StatusCode::FORBIDDEN, ErrorCode::WrongCertificate, message);
            }
            Self::TooLarge => (
                StatusCode::PAYLOAD_TOO_LARGE,
                ErrorCode::BadRequest,
                "The request is too long; at most 256 KiB are taken.",
            ),
            Self::LoginFailed => (
                StatusCode::UNAUTHORIZED,
                ErrorCode::LoginFailed,
                "User name or password is wrong, or the account may not log in. Check both and try again.",
            ),
            Self::NotLoggedIn => (
                StatusCode::UNAUTHORIZED,
                ErrorCode::NotLoggedIn,
                "You are not logged in, or your log-in has ended. Log in again.",
            ),
            Self::NoSuchCode => (
                StatusCode::NOT_FOUND,
                ErrorCode::NoSuchCode,
                "This code does not work. Check the six digits, or ask your helper for a new code.",
            ),
            Self::TooManyAttempts(_) => (
                StatusCode::TOO_MANY_REQUESTS,
                ErrorCode::TooManyAttempts,
                "There were too many wrong attempts. Wait a little and try again.",
            ),
            Self::NoSuchSession => (
                StatusCode::NOT_FOUND,
                ErrorCode::NoSuchSession,
                "There is no such session any more. Make a new one.",
            ),
            Self::TooManySessions => (
                StatusCode::CONFLICT,
                ErrorCode::TooManySessions,
                "Two codes of yours are waiting for customers already. Cancel one, or wait until it ends.",
            ),
            Self::NotFound => {
                (StatusCode::NOT_FOUND, ErrorCode::NotFound, "There is nothing at this address.")
            }
            Self::MethodNotAllowed => (
                StatusCode::METHOD_NOT_ALLOWED,
                ErrorCode::BadRequest,
                "This address does not take this method; the header Allow names those that it takes.",
            ),
            Self::Unavailable(_) => (
                StatusCode::SERVICE_UNAVAILABLE,
                ErrorCode::Unavailable,
                "The server cannot do this just now. Try again in a minute; if it stays so, tell the organisation.",
            ),
        };
        (status, error, message.to_owned())
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        if let Self::Unavailable(failure) = &self {
            let cause = std::error::Error::source(failure).map(source_chain);
            tracing::error!(error = %failure, cause, "request could not be served");
        }
        let (status, error, message) = self.parts();
        let mut reply = (status, Json(ErrorReply { error, message })).into_response();
        if let Self::TooManyAttempts(wait_ms) = self {
            let seconds = wait_ms.div_euclid(1000) + 1;
            reply.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        reply
    }
}

/// An error and what caused it, for the log.
fn source_chain(mut error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    while let Some(source) = error.source() {
        text = format!("{text}: {source}");
        error = source;
    }
    text
}
