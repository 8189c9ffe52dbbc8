//! A customer's code.

use std::net::IpAddr;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use deskside_proto::api::{JoinReply, JoinRequest};
use deskside_proto::offer::{OfferBody, RelayAddress, SignedOffer};
use deskside_proto::{Code, Role};

use super::{Service, locked, shown};
use crate::connection::Connection;
use crate::core::MINUTE;
use crate::error::{Failure, Refusal};
use crate::store::{Event, Joined, Write, commit, save_throttle, use_code};

/// How long a customer's tickets last, in milliseconds: one that is not used at once is of no use.
const TICKET_LIFE: i64 = 2 * MINUTE;

impl Service {
    /// Uses a code up and gives what it leads to.
    ///
    /// Joins take turns: the transaction is begun before the throttle is asked, and a wrong guess is counted
    /// before the transaction ends. So guesses at the same time cannot all slip through the last token, and a
    /// code is used once. What is counted and used is on the disk before the caller learns anything.
    pub(crate) async fn join(
        &self,
        connection: &Connection,
        request: &JoinRequest,
    ) -> Result<JoinReply, Refusal> {
        let code = Code::parse(&request.code)
            .map_err(|_| Refusal::BadRequest("the field 'code' must have six digits".to_owned()))?;
        let (mac, source) = (self.code_mac(&code), connection.peer.ip());
        // Asked twice: a source that is refused anyway does not make others wait for its turn.
        self.admit(source)?;
        let alive = self.store.alive(self.now()).await?;
        locked(&self.joins).set_alive(alive);
        let mut write = self.store.write().await?;
        self.admit(source)?;
        let now = self.now();
        match use_code(&mut write, &mac, now).await? {
            Some(joined) => self.accept(write, &joined, source, now).await,
            None => Err(self.refuse_join(write, source, now).await?),
        }
    }

    fn admit(&self, source: IpAddr) -> Result<(), Refusal> {
        let (mut joins, now) = (locked(&self.joins), self.now());
        joins.check(source, now).map_err(|wait| {
            if joins.is_news(source, now, wait) {
                let seconds = wait.div_euclid(1000) + 1;
                tracing::warn!(source = %shown(source), seconds, "too many wrong codes, so tries are refused");
            }
            Refusal::TooManyAttempts(wait)
        })
    }

    async fn accept(
        &self,
        mut write: Write,
        joined: &Joined,
        source: IpAddr,
        now: i64,
    ) -> Result<JoinReply, Refusal> {
        let session = joined.session;
        let body = SignedOffer::decode(&joined.offer).and_then(|offer| OfferBody::decode(&offer.body));
        let offered = body.map_err(Failure::Offer)?.relays;
        let known = |relay: &RelayAddress| self.relays.contains(relay);
        let relays: Vec<_> = offered.into_iter().filter(known).collect();
        let relays = self.tickets(&relays, session, Role::Customer, now + TICKET_LIFE)?;
        Event::Joined { session }.append(&mut write, Some(source), now).await?;
        commit(write).await?;
        tracing::info!(%session, "customer joined");
        let crl = self.crl.current(now);
        Ok(JoinReply {
            offer: BASE64_STANDARD.encode(&joined.offer),
            crl: BASE64_STANDARD.encode(crl.as_ref().map_or(&[][..], |crl| crl.der())),
            relays,
        })
    }

    async fn refuse_join(&self, mut write: Write, source: IpAddr, now: i64) -> Result<Refusal, Refusal> {
        let (rows, spent) = {
            let mut joins = locked(&self.joins);
            let rows = joins.charge(source, now);
            joins.apply(&rows);
            (rows, joins.spent_percent(now))
        };
        save_throttle(&mut write, &rows).await?;
        Event::JoinRefused.append(&mut write, Some(source), now).await?;
        commit(write).await?;
        tracing::warn!(source = %shown(source), budget_spent_percent = spent, "wrong code");
        Ok(Refusal::NoSuchCode)
    }
}
