//! The HTTP API: each handler parses, calls the service and replies; nothing is decided here.

mod body;
mod handlers;
mod openapi;
mod reply;

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::{DefaultBodyLimit, Request};
use axum::http::{HeaderName, HeaderValue, Method, header};
use axum::middleware::{Next, from_fn};
use axum::response::{IntoResponse, Response};
use axum::routing::{MethodRouter, delete, get, post, put};
use deskside_proto::api::{BASE, MAX_BODY};

use crate::error::{Failure, Refusal};
use crate::service::Service;

/// Longest time that a request may take: longer than the database waits for a lock.
const REQUEST_TIMEOUT: Duration = Duration::from_secs(15);

/// Headers of every reply. The API serves programs; a browser that is pointed at it shall do nothing with
/// what it gets.
const HEADERS: [(HeaderName, HeaderValue); 5] = [
    (header::CACHE_CONTROL, HeaderValue::from_static("no-store")),
    (header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
    (header::CONTENT_SECURITY_POLICY, HeaderValue::from_static("default-src 'none'; frame-ancestors 'none'")),
    (header::X_FRAME_OPTIONS, HeaderValue::from_static("DENY")),
    (header::REFERRER_POLICY, HeaderValue::from_static("no-referrer")),
];

/// One call: method, path behind [`BASE`], handler.
type Route = (Method, &'static str, MethodRouter<Arc<Service>>);

/// Every call there is. The description at `/openapi.json` is compared with this list by a test.
fn routes() -> Vec<Route> {
    vec![
        (Method::POST, "/login", post(handlers::login)),
        (Method::POST, "/logout", post(handlers::logout)),
        (Method::POST, "/sessions", post(handlers::new_session)),
        (Method::PUT, "/sessions/{id}/offer", put(handlers::offer)),
        (Method::DELETE, "/sessions/{id}", delete(handlers::cancel)),
        (Method::POST, "/join", post(handlers::join)),
        (Method::GET, "/health", get(handlers::health)),
        (Method::GET, "/openapi.json", get(openapi::openapi)),
    ]
}

/// The API over a service.
pub(crate) fn router(service: Arc<Service>) -> Router {
    let paths = routes()
        .into_iter()
        .fold(Router::new(), |router, (_, path, handler)| router.route(&format!("{BASE}{path}"), handler));
    paths
        .fallback(async || Refusal::NotFound)
        .method_not_allowed_fallback(async || Refusal::MethodNotAllowed)
        .layer(DefaultBodyLimit::max(MAX_BODY))
        .layer(from_fn(guard))
        .with_state(service)
}

/// Around every request: a time limit, and the headers.
async fn guard(request: Request, next: Next) -> Response {
    let reply = tokio::time::timeout(REQUEST_TIMEOUT, next.run(request)).await;
    let mut reply = reply.unwrap_or_else(|_| Refusal::from(Failure::Timeout).into_response());
    reply.headers_mut().extend(HEADERS);
    reply
}
