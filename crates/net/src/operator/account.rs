//! The operator's account at the broker: token, sessions, offers.

use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use deskside_proto::api::{ErrorCode, LoginReply, LoginRequest, NewSessionReply, OfferRequest};
use deskside_proto::{ALPN_API, SessionId};
use deskside_trust::{OperatorBundle, Secret, tls};
use http::Method;
use zeroize::Zeroizing;

use crate::Problem;
use crate::broker::{Broker, CallError};

/// Logged in or not.
pub(super) struct Account {
    broker: Broker,
    token: Option<Zeroizing<String>>,
}

impl Account {
    pub(super) fn new(bundle: &OperatorBundle) -> Result<Self, Problem> {
        let descriptor = bundle.descriptor();
        let tls = tls::hop_config(descriptor.server_ca(), ALPN_API, Some(bundle.signer()))
            .map_err(|e| Problem::Internal(e.to_string()))?;
        Ok(Self { broker: Broker::new(descriptor.brokers().to_vec(), Arc::new(tls)), token: None })
    }

    /// Gives when the token ends, in milliseconds since 1970.
    pub(super) async fn login(&mut self, user: &str, password: &Secret) -> Result<i64, Problem> {
        let request = LoginRequest { user: user.to_owned(), password: password.expose().to_owned() };
        let call = self.broker.call(Method::POST, "/login", None, Some(&request));
        let LoginReply { token, expires_ms } = call.await.map_err(|e| e.problem)?;
        self.token = Some(Zeroizing::new(token));
        Ok(expires_ms)
    }

    pub(super) async fn logout(&mut self) -> Result<(), Problem> {
        let done = self.call(Method::POST, "/logout", None::<&()>).await;
        self.token = None;
        done.map_err(|e| e.problem)
    }

    pub(super) async fn new_session(&self) -> Result<NewSessionReply, CallError> {
        self.call(Method::POST, "/sessions", None::<&()>).await
    }

    pub(super) async fn put_offer(&self, session: SessionId, offer: &[u8]) -> Result<(), CallError> {
        let request = OfferRequest { offer: STANDARD.encode(offer) };
        self.call(Method::PUT, &format!("/sessions/{session}/offer"), Some(&request)).await
    }

    /// Takes a code back. The broker forgets it in time anyway, so a failure is only logged.
    pub(super) async fn cancel(&self, session: SessionId) {
        let path = format!("/sessions/{session}");
        if let Err(error) = self.call::<(), ()>(Method::DELETE, &path, None).await {
            tracing::warn!(error = %error.problem, "the code could not be taken back");
        }
    }

    async fn call<Q: serde::Serialize, R: serde::de::DeserializeOwned>(
        &self,
        method: Method,
        path: &str,
        body: Option<&Q>,
    ) -> Result<R, CallError> {
        let Some(token) = &self.token else {
            let problem = Problem::Refused("Log in first.".into());
            return Err(CallError { code: Some(ErrorCode::NotLoggedIn), problem });
        };
        self.broker.call(method, path, Some(token.as_str()), body).await
    }
}
