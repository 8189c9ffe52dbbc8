//! From "new session" to a customer's program on the line.

use std::sync::Arc;
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use deskside_proto::api::NewSessionReply;
use deskside_proto::offer::{OfferBody, RelayAddress};
use deskside_proto::{ALPN_TUNNEL, Code, SessionId};
use deskside_trust::{Offer, OperatorBundle, code_hash, tls};
use quinn::{Connection, RecvStream, SendStream};

use super::account::Account;
use crate::broker::CallError;
use crate::leg::{Leg, LegTarget};
use crate::tunnel::Notice;
use crate::{PathChoice, Problem, end_to_end};

/// How long the customer's program may take from its first datagram to the control stream.
const HANDSHAKE: Duration = Duration::from_secs(20);

/// A code that works and a leg that waits.
pub(super) struct Waiting {
    pub(super) session: SessionId,
    pub(super) code: Code,
    pub(super) expires_ms: i64,
    leg: Leg,
}

/// A customer's program is connected.
pub(super) struct Arrived {
    pub(super) session: SessionId,
    pub(super) connection: Connection,
    pub(super) control: (SendStream, RecvStream),
    pub(super) leg: Leg,
}

/// Gets a code and opens a leg; only then hands the offer to the broker, so that a customer who types the
/// code at once finds somebody.
pub(super) async fn open(
    account: &Account,
    bundle: &OperatorBundle,
    path: PathChoice,
) -> Result<Waiting, CallError> {
    let reply = account.new_session().await?;
    let session: SessionId = reply.session.parse().map_err(|_| unreadable())?;
    let opened = open_session(account, bundle, path, session, &reply).await;
    if opened.is_err() {
        account.cancel(session).await;
    }
    opened
}

async fn open_session(
    account: &Account,
    bundle: &OperatorBundle,
    path: PathChoice,
    session: SessionId,
    reply: &NewSessionReply,
) -> Result<Waiting, CallError> {
    let code = Code::parse(&reply.code).map_err(|_| unreadable())?;
    let first = reply.relays.first().ok_or_else(unreadable)?;
    let ticket = STANDARD.decode(&first.ticket).map_err(|_| unreadable())?;
    let internal = |e: rustls::Error| Problem::Internal(e.to_string());
    let hop = tls::hop_config(bundle.descriptor().server_ca(), ALPN_TUNNEL, None).map_err(internal)?;
    let target = LegTarget {
        relay: &first.relay,
        host: &first.host,
        port: first.port,
        ticket: &ticket,
        path,
        tls: Arc::new(hop),
    };
    let leg = Leg::open(target).await?;
    let config = tls::operator_config(bundle).map_err(internal)?;
    leg.endpoint.set_server_config(Some(end_to_end::server(config)?));

    let relays = reply.relays.iter().map(|relay| RelayAddress {
        relay: relay.relay.clone(),
        host: relay.host.clone(),
        port: relay.port,
    });
    let body = OfferBody {
        session,
        code_hash: code_hash(session, &code),
        relays: relays.collect(),
        password_required: false,
        expires_ms: reply.expires_ms,
    };
    let offer = Offer::sign(&body, bundle).map_err(|e| Problem::Internal(e.to_string()))?;
    account.put_offer(session, &offer).await?;
    Ok(Waiting { session, code, expires_ms: reply.expires_ms, leg })
}

impl Waiting {
    /// Waits for the one program that the customer's ticket lets in.
    pub(super) async fn arrive(mut self) -> Result<Arrived, Problem> {
        loop {
            tokio::select! {
                incoming = self.leg.endpoint.accept() => {
                    let Some(incoming) = incoming else { return Err(lost()) };
                    let handshake = async {
                        let connection = incoming.await?;
                        let control = connection.accept_bi().await?;
                        Ok::<_, quinn::ConnectionError>((connection, control))
                    };
                    match tokio::time::timeout(HANDSHAKE, handshake).await {
                        Ok(Ok((connection, control))) => {
                            // Exactly two parties: nobody else gets in any more.
                            self.leg.endpoint.set_server_config(None);
                            let Self { session, leg, .. } = self;
                            return Ok(Arrived { session, connection, control, leg });
                        }
                        Ok(Err(error)) => {
                            tracing::debug!(?error, "the customer's program did not finish its handshake");
                            return Err(gave_up());
                        }
                        Err(_) => return Err(gave_up()),
                    }
                }
                notice = self.leg.notices.recv() => match notice {
                    // Before the handshake a customer's leg may come and go.
                    Some(Notice::Peer(_)) => {}
                    Some(Notice::Closed) | None => return Err(lost()),
                },
            }
        }
    }
}

fn gave_up() -> Problem {
    Problem::Peer(
        "The customer's program could not connect or gave up. Make a new code and try again.".into(),
    )
}

fn lost() -> Problem {
    Problem::Peer("The connection to the relay was lost while waiting. Make a new code and try again.".into())
}

fn unreadable() -> Problem {
    Problem::Refused("The server's answer cannot be read. Tell whoever runs the server.".into())
}
