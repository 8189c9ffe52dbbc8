//! Logging in and out.

use deskside_proto::api::{LoginReply, LoginRequest, MAX_PASSWORD, MAX_USER};
use deskside_trust::Secret;

use super::{Service, Token, locked, shown};
use crate::connection::Connection;
use crate::core::HOUR;
use crate::core::login_throttle::{Attempt, Who};
use crate::core::text::escape;
use crate::error::{Failure, Refusal};
use crate::store::{Event, commit, delete_token, insert_token, save_throttle};

/// How long a token lasts, in milliseconds.
const TOKEN_LIFE: i64 = 12 * HOUR;

impl Service {
    /// Checks certificate and password. Nobody without a certificate for this very account gets so far as to
    /// have a password checked; unknown, disabled and mistyped look the same and take the same time.
    pub(crate) async fn login(
        &self,
        connection: &Connection,
        request: &LoginRequest,
    ) -> Result<LoginReply, Refusal> {
        if MAX_USER < request.user.len() || MAX_PASSWORD < request.password.len() {
            return Err(Refusal::BadRequest("user name or password is too long".to_owned()));
        }
        let identity = self.identity(connection)?;
        let account = identity.account;
        if request.user != account {
            let user = escape(&request.user);
            tracing::warn!(source = %shown(connection.peer.ip()), user, account, "log-in with another's certificate");
            return Err(Refusal::WrongCertificate("it was issued for another account".to_owned()));
        }
        let certificate = identity.certificate_hash;
        let known = self.store.knows_device(&account, &certificate).await?;
        let source = connection.peer.ip();
        let who = Who { account: &account, known_device: known.then_some(&certificate), source };
        let attempt = locked(&self.logins).begin(who, self.now()).map_err(|wait| {
            tracing::debug!(source = %shown(source), account, "log-in has to wait");
            Refusal::TooManyAttempts(wait)
        })?;
        let stored = self.store.password(&account).await?;
        let enabled = stored.as_ref().is_some_and(|(_, enabled)| *enabled);
        let password = Secret::new(request.password.clone());
        let checked = self.passwords.verify(stored.map(|(hash, _)| hash), password).await;
        if checked.map_err(|_| Failure::Password)? && enabled {
            self.log_in(connection, &account, &certificate, &attempt).await
        } else {
            Err(self.refuse_login(connection, &account, &attempt).await?)
        }
    }

    async fn log_in(
        &self,
        connection: &Connection,
        account: &str,
        certificate: &[u8; 32],
        attempt: &Attempt,
    ) -> Result<LoginReply, Refusal> {
        let (token, now) = (Token::fresh()?, self.now());
        let expires_ms = now + TOKEN_LIFE;
        let mut write = self.store.write().await?;
        if !insert_token(&mut write, account, &token.hash(), certificate, now, expires_ms).await? {
            drop(write);
            return Err(self.refuse_login(connection, account, attempt).await?);
        }
        let rows = {
            let mut logins = locked(&self.logins);
            logins.right(attempt);
            logins.rows(attempt)
        };
        save_throttle(&mut write, &rows).await?;
        let source = connection.peer.ip();
        Event::LoggedIn { account }.append(&mut write, Some(source), now).await?;
        commit(write).await?;
        tracing::info!(source = %shown(source), account, "operator logged in");
        Ok(LoginReply { token: token.expose(), expires_ms })
    }

    /// Stores a wrong attempt before the caller learns that it was one; gives what he is told.
    async fn refuse_login(
        &self,
        connection: &Connection,
        account: &str,
        attempt: &Attempt,
    ) -> Result<Refusal, Refusal> {
        let (source, now) = (connection.peer.ip(), self.now());
        let mut write = self.store.write().await?;
        let rows = locked(&self.logins).rows(attempt);
        save_throttle(&mut write, &rows).await?;
        Event::LoginRefused { account }.append(&mut write, Some(source), now).await?;
        commit(write).await?;
        tracing::warn!(source = %shown(source), account, "log-in refused");
        Ok(Refusal::LoginFailed)
    }

    /// Ends the token.
    pub(crate) async fn logout(&self, connection: &Connection, token: Option<&Token>) -> Result<(), Refusal> {
        let account = self.account(connection, token).await?;
        let token = token.ok_or(Refusal::NotLoggedIn)?;
        let mut write = self.store.write().await?;
        delete_token(&mut write, &token.hash()).await?;
        let event = Event::LoggedOut { account: &account };
        event.append(&mut write, Some(connection.peer.ip()), self.now()).await?;
        commit(write).await?;
        Ok(())
    }
}
