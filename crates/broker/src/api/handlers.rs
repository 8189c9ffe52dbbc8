//! One handler a call.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use deskside_proto::api::{
    ErrorReply, HealthReply, JoinReply, JoinRequest, LoginReply, LoginRequest, NewSessionReply, OfferRequest,
};

use super::body::{Bearer, Body, Caller};
use crate::error::Refusal;
use crate::service::Service;

type Broker = State<Arc<Service>>;

/// Logs an operator in: a client certificate, and the password of the account that it names.
#[utoipa::path(post, path = "/api/v1/login", request_body = LoginRequest, responses(
    (status = 200, body = LoginReply),
    (status = 400, body = ErrorReply, description = "the body is not understood"),
    (status = 401, body = ErrorReply, description = "user name or password is wrong"),
    (status = 403, body = ErrorReply, description = "no certificate, or one that does not allow it"),
    (status = 429, body = ErrorReply, description = "too many wrong passwords; see Retry-After"),
    (status = 503, body = ErrorReply, description = "the broker cannot serve just now"),
))]
pub(super) async fn login(
    State(broker): Broker,
    Caller(connection): Caller,
    Body(request): Body<LoginRequest>,
) -> Result<Json<LoginReply>, Refusal> {
    broker.login(&connection, &request).await.map(Json)
}

/// Ends the token.
#[utoipa::path(post, path = "/api/v1/logout", security(("token" = [])), responses(
    (status = 204, description = "the token has ended"),
    (status = 401, body = ErrorReply, description = "not logged in"),
    (status = 403, body = ErrorReply, description = "no certificate, or one that does not allow it"),
    (status = 503, body = ErrorReply, description = "the broker cannot serve just now"),
))]
pub(super) async fn logout(
    State(broker): Broker,
    Caller(connection): Caller,
    Bearer(token): Bearer,
) -> Result<StatusCode, Refusal> {
    broker.logout(&connection, token.as_ref()).await.map(|()| StatusCode::NO_CONTENT)
}

/// Makes a session and draws its code.
#[utoipa::path(post, path = "/api/v1/sessions", security(("token" = [])), responses(
    (status = 200, body = NewSessionReply),
    (status = 401, body = ErrorReply, description = "not logged in"),
    (status = 403, body = ErrorReply, description = "no certificate, or one that does not allow it"),
    (status = 409, body = ErrorReply, description = "two codes are waiting already"),
    (status = 503, body = ErrorReply, description = "the broker cannot serve just now"),
))]
pub(super) async fn new_session(
    State(broker): Broker,
    Caller(connection): Caller,
    Bearer(token): Bearer,
) -> Result<Json<NewSessionReply>, Refusal> {
    broker.new_session(&connection, token.as_ref()).await.map(Json)
}

/// Stores the operator's signed offer; from then on the code works.
#[utoipa::path(put, path = "/api/v1/sessions/{id}/offer", security(("token" = [])),
    params(("id" = String, Path, description = "the session, 32 hexadecimal digits")),
    request_body = OfferRequest,
    responses(
        (status = 204, description = "the code works now"),
        (status = 400, body = ErrorReply, description = "the offer does not fit"),
        (status = 401, body = ErrorReply, description = "not logged in"),
        (status = 403, body = ErrorReply, description = "no certificate, or one that does not allow it"),
        (status = 404, body = ErrorReply, description = "no such session of this operator"),
        (status = 503, body = ErrorReply, description = "the broker cannot serve just now"),
    ))]
pub(super) async fn offer(
    State(broker): Broker,
    Caller(connection): Caller,
    Bearer(token): Bearer,
    Path(id): Path<String>,
    Body(request): Body<OfferRequest>,
) -> Result<StatusCode, Refusal> {
    broker.offer(&connection, token.as_ref(), &id, &request).await.map(|()| StatusCode::NO_CONTENT)
}

/// Ends a session; its code no longer works.
#[utoipa::path(delete, path = "/api/v1/sessions/{id}", security(("token" = [])),
    params(("id" = String, Path, description = "the session, 32 hexadecimal digits")),
    responses(
        (status = 204, description = "the session has ended"),
        (status = 401, body = ErrorReply, description = "not logged in"),
        (status = 403, body = ErrorReply, description = "no certificate, or one that does not allow it"),
        (status = 404, body = ErrorReply, description = "no such session of this operator"),
        (status = 503, body = ErrorReply, description = "the broker cannot serve just now"),
    ))]
pub(super) async fn cancel(
    State(broker): Broker,
    Caller(connection): Caller,
    Bearer(token): Bearer,
    Path(id): Path<String>,
) -> Result<StatusCode, Refusal> {
    broker.cancel(&connection, token.as_ref(), &id).await.map(|()| StatusCode::NO_CONTENT)
}

/// Uses a code up and gives the offer and tickets that it leads to. Wrong, used, expired and cancelled codes
/// cannot be told apart.
#[utoipa::path(post, path = "/api/v1/join", request_body = JoinRequest, responses(
    (status = 200, body = JoinReply),
    (status = 400, body = ErrorReply, description = "not six digits"),
    (status = 404, body = ErrorReply, description = "no code that works"),
    (status = 429, body = ErrorReply, description = "too many wrong codes; see Retry-After"),
    (status = 503, body = ErrorReply, description = "the broker cannot serve just now"),
))]
pub(super) async fn join(
    State(broker): Broker,
    Caller(connection): Caller,
    Body(request): Body<JoinRequest>,
) -> Result<Json<JoinReply>, Refusal> {
    broker.join(&connection, &request).await.map(Json)
}

/// Says whether the broker can serve.
#[utoipa::path(get, path = "/api/v1/health", responses(
    (status = 200, body = HealthReply, description = "all is well"),
    (status = 503, body = HealthReply, description = "something is wrong; `status` says what"),
))]
pub(super) async fn health(State(broker): Broker) -> (StatusCode, Json<HealthReply>) {
    let (code, status) = match broker.problem().await {
        None => (StatusCode::OK, "ok"),
        Some(problem) => (StatusCode::SERVICE_UNAVAILABLE, problem),
    };
    (code, Json(HealthReply { status: status.to_owned(), version: env!("CARGO_PKG_VERSION").to_owned() }))
}
