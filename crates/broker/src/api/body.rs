//! What handlers take out of a request.

use axum::body::Bytes;
use axum::extract::rejection::BytesRejection;
use axum::extract::{FromRequest, FromRequestParts, Request};
use axum::http::request::Parts;
use axum::http::{StatusCode, header};
use axum::response::IntoResponse;
use serde::de::DeserializeOwned;

use crate::connection::Connection;
use crate::core::text::escape;
use crate::error::{Failure, Refusal};
use crate::service::Token;

/// A JSON body. Unknown and missing fields are refused by name; what a field holds is never repeated, since
/// it may be a password.
pub(crate) struct Body<T>(pub(crate) T);

impl<S: Send + Sync, T: DeserializeOwned> FromRequest<S> for Body<T> {
    type Rejection = Refusal;

    async fn from_request(request: Request, state: &S) -> Result<Self, Refusal> {
        // Also keeps web pages of others out: a browser sends this type only where it is allowed to.
        let kind = request.headers().get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok());
        let kind = kind.and_then(|kind| kind.split(';').next()).map(str::trim);
        if !kind.is_some_and(|kind| kind.eq_ignore_ascii_case("application/json")) {
            let what = "the body must be JSON, with 'Content-Type: application/json'";
            return Err(Refusal::BadRequest(what.to_owned()));
        }
        let bytes = Bytes::from_request(request, state).await.map_err(unread)?;
        serde_json::from_slice(&bytes).map(Body).map_err(|error| Refusal::BadRequest(explain(&error)))
    }
}

fn unread(rejection: BytesRejection) -> Refusal {
    if rejection.into_response().status() == StatusCode::PAYLOAD_TOO_LARGE {
        Refusal::TooLarge
    } else {
        Refusal::BadRequest("the body ends early".to_owned())
    }
}

fn explain(error: &serde_json::Error) -> String {
    let text = error.to_string();
    let names_a_field = ["unknown field", "missing field", "duplicate field"];
    if names_a_field.iter().any(|begin| text.starts_with(begin)) {
        return escape(&text);
    }
    let what = if error.is_data() { "a field has the wrong type" } else { "the body is not JSON" };
    format!("{what} (line {}, column {})", error.line(), error.column())
}

/// The connection that a request came in on.
pub(crate) struct Caller(pub(crate) Connection);

impl<S: Send + Sync> FromRequestParts<S> for Caller {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Refusal> {
        let connection = parts.extensions.get().cloned();
        connection.map(Self).ok_or_else(|| Failure::NoConnection.into())
    }
}

/// The token of a call, if it shows one.
pub(crate) struct Bearer(pub(crate) Option<Token>);

impl<S: Send + Sync> FromRequestParts<S> for Bearer {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Refusal> {
        let value = parts.headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
        let token = value.and_then(|value| value.split_once(' '));
        let token = token.filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer"));
        Ok(Self(token.and_then(|(_, token)| Token::parse(token))))
    }
}
