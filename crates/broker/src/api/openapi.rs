//! The API's own description.

use axum::Json;
use deskside_proto::api::{
    ErrorCode, ErrorReply, HealthReply, JoinReply, JoinRequest, LoginReply, LoginRequest, NewSessionReply,
    OfferRequest, RelayTicket,
};
use utoipa::openapi::security::{HttpAuthScheme, HttpBuilder, SecurityScheme};
use utoipa::{Modify, OpenApi};

use super::handlers;

#[derive(OpenApi)]
#[openapi(
    info(
        title = "Deskside broker",
        description = "Accounts, codes and tickets. Every refusal is an ErrorReply.",
    ),
    paths(
        handlers::login,
        handlers::logout,
        handlers::new_session,
        handlers::offer,
        handlers::cancel,
        handlers::join,
        handlers::health,
        openapi,
    ),
    components(schemas(
        ErrorCode, ErrorReply, HealthReply, JoinReply, JoinRequest, LoginReply, LoginRequest,
        NewSessionReply, OfferRequest, RelayTicket,
    )),
    modifiers(&TokenScheme),
)]
struct Description;

/// `security(("token" = []))` of the handlers.
struct TokenScheme;

impl Modify for TokenScheme {
    fn modify(&self, openapi: &mut utoipa::openapi::OpenApi) {
        let scheme = HttpBuilder::new().scheme(HttpAuthScheme::Bearer).build();
        if let Some(components) = &mut openapi.components {
            components.add_security_scheme("token", SecurityScheme::Http(scheme));
        }
    }
}

/// Describes this API (OpenAPI 3.1).
#[utoipa::path(get, path = "/api/v1/openapi.json", responses(
    (status = 200, description = "an OpenAPI description", content_type = "application/json"),
))]
pub(super) async fn openapi() -> Json<utoipa::openapi::OpenApi> {
    Json(Description::openapi())
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use deskside_proto::api::BASE;

    use super::*;
    use crate::api::routes;

    #[test]
    fn every_route_is_described_and_every_description_is_a_route() {
        let json = serde_json::to_value(Description::openapi()).unwrap();
        let described: BTreeSet<String> = json["paths"]
            .as_object()
            .unwrap()
            .iter()
            .flat_map(|(path, calls)| {
                let methods = calls.as_object().unwrap().keys();
                methods.map(move |method| format!("{} {path}", method.to_uppercase()))
            })
            .collect();
        let routed: BTreeSet<String> =
            routes().iter().map(|(method, path, _)| format!("{method} {BASE}{path}")).collect();
        assert_eq!(described, routed);
        assert!(json["components"]["schemas"]["LoginRequest"]["properties"]["password"].is_object());
        assert!(json["components"]["securitySchemes"]["token"].is_object());
    }
}
