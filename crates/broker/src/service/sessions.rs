//! Making, offering and cancelling sessions.

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use deskside_proto::api::{NewSessionReply, OfferRequest};
use deskside_proto::offer::{MAX_OFFER, OfferBody, SignedOffer};
use deskside_proto::{Code, Role, SessionId};
use deskside_trust::crypto;

use super::{Service, Token, locked, random};
use crate::connection::Connection;
use crate::core::code::code_from;
use crate::core::{DAY, MINUTE};
use crate::error::{Failure, Refusal};
use crate::store::{
    Drawn, Event, StoreError, Write, alive_of, commit, end_session, insert_session, prune_throttle,
    prune_tokens, set_offer, take_code,
};

/// How long a code waits for its customer, in milliseconds.
const CODE_LIFE: i64 = 10 * MINUTE;
/// How long a code is not drawn again after it ended, in milliseconds.
const QUARANTINE: i64 = DAY;
/// Codes that one operator may have alive.
const MAX_ALIVE: i64 = 2;
/// Draws before giving up. Even with nine codes of ten taken, all of these fail once in 10^11 times.
const MAX_DRAWS: usize = 250;

impl Service {
    /// Makes a session: a random free code, and the operator's tickets.
    pub(crate) async fn new_session(
        &self,
        connection: &Connection,
        token: Option<&Token>,
    ) -> Result<NewSessionReply, Refusal> {
        let account = self.account(connection, token).await?;
        let session = SessionId(random()?);
        let mut write = self.store.write().await?;
        let now = self.now();
        let expires_ms = now + CODE_LIFE;
        self.prune(&mut write, now).await?;
        if MAX_ALIVE <= alive_of(&mut write, &account, now).await? {
            return Err(Refusal::TooManySessions);
        }
        insert_session(&mut write, session, &account, now, expires_ms).await?;
        let code = self.draw_code(&mut write, session, now, expires_ms + QUARANTINE).await?;
        let relays = self.tickets(&self.relays, session, Role::Operator, expires_ms)?;
        let event = Event::SessionMade { account: &account, session };
        event.append(&mut write, Some(connection.peer.ip()), now).await?;
        commit(write).await?;
        tracing::info!(account, %session, "session made");
        Ok(NewSessionReply { session: session.to_string(), code: code.expose(), expires_ms, relays })
    }

    /// Stores the operator's offer; from now on the code works.
    ///
    /// The customer's program checks the offer against the certificate; here it is only kept from being
    /// useless: it must be this session's, end with its code, name relays of this broker, and carry the
    /// certificate of the connection.
    pub(crate) async fn offer(
        &self,
        connection: &Connection,
        token: Option<&Token>,
        session: &str,
        request: &OfferRequest,
    ) -> Result<(), Refusal> {
        let account = self.account(connection, token).await?;
        let session: SessionId = session.parse().map_err(|_| Refusal::NoSuchSession)?;
        let expires_ms = self.store.session_expiry(session, &account, self.now()).await?;
        let expires_ms = expires_ms.ok_or(Refusal::NoSuchSession)?;
        let offer = BASE64_STANDARD.decode(&request.offer);
        let offer = offer.map_err(|_| Refusal::BadRequest("the field 'offer' is not Base64".to_owned()))?;
        self.check_offer(connection, &offer, session, expires_ms)?;
        let mut write = self.store.write().await?;
        let now = self.now();
        if !set_offer(&mut write, session, &account, &offer, now).await? {
            return Err(Refusal::NoSuchSession);
        }
        let event = Event::Offered { account: &account, session };
        event.append(&mut write, Some(connection.peer.ip()), now).await?;
        commit(write).await?;
        Ok(())
    }

    /// Ends a session; its code no longer works.
    pub(crate) async fn cancel(
        &self,
        connection: &Connection,
        token: Option<&Token>,
        session: &str,
    ) -> Result<(), Refusal> {
        let account = self.account(connection, token).await?;
        let session: SessionId = session.parse().map_err(|_| Refusal::NoSuchSession)?;
        let mut write = self.store.write().await?;
        let now = self.now();
        if !end_session(&mut write, session, &account, now).await? {
            return Err(Refusal::NoSuchSession);
        }
        let event = Event::Cancelled { account: &account, session };
        event.append(&mut write, Some(connection.peer.ip()), now).await?;
        commit(write).await?;
        Ok(())
    }

    /// Draws codes until one is neither alive nor in quarantine: uniform over the free ones.
    async fn draw_code(
        &self,
        write: &mut Write,
        session: SessionId,
        now: i64,
        free_ms: i64,
    ) -> Result<Code, Refusal> {
        for _ in 0..MAX_DRAWS {
            let Some(code) = code_from(u32::from_le_bytes(random()?)) else { continue };
            if take_code(write, &self.code_mac(&code), session, now, free_ms).await? == Drawn::Taken {
                return Ok(code);
            }
        }
        Err(Failure::NoFreeCode.into())
    }

    fn check_offer(
        &self,
        connection: &Connection,
        offer: &[u8],
        session: SessionId,
        expires_ms: i64,
    ) -> Result<(), Refusal> {
        let bad = |what: &str| Refusal::BadRequest(format!("the offer {what}"));
        if MAX_OFFER < offer.len() {
            return Err(bad("is too long"));
        }
        let malformed = |error| Refusal::BadRequest(format!("the offer cannot be read: {error}"));
        let SignedOffer { body, certificate, signature: _ } =
            SignedOffer::decode(offer).map_err(malformed)?;
        let body = OfferBody::decode(&body).map_err(malformed)?;
        let shown = connection.certificates.first().map(|shown| crypto::sha256(&[shown]));
        if shown != Some(crypto::sha256(&[&certificate])) {
            return Err(bad("does not carry the certificate of this connection"));
        }
        if body.session != session {
            return Err(bad("belongs to another session"));
        }
        if body.expires_ms != expires_ms {
            return Err(bad("does not end when its code ends"));
        }
        if !body.relays.iter().all(|relay| self.relays.contains(relay)) {
            return Err(bad("names a relay that this broker does not know"));
        }
        Ok(())
    }

    /// Forgets what has ended. Done when a session is made: seldom enough to cost nothing, often enough.
    async fn prune(&self, write: &mut Write, now: i64) -> Result<(), StoreError> {
        locked(&self.joins).prune(now);
        locked(&self.logins).prune(now);
        prune_throttle(write, now).await?;
        prune_tokens(write, now).await
    }
}
