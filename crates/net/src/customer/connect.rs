//! From a typed code to a proven operator.

use std::sync::Arc;
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use deskside_proto::api::{ErrorCode, JoinReply, JoinRequest, RelayTicket};
use deskside_proto::{ALPN_HTTP, ALPN_TUNNEL, Code};
use deskside_trust::{Crl, Descriptor, IdentityError, Offer, OfferError, SessionKey, UnixTime, tls};
use http::Method;
use quinn::Connection;
use rustls::time_provider::DefaultTimeProvider;

use super::Stage;
use crate::broker::{Broker, CallError};
use crate::leg::{Leg, LegTarget};
use crate::path::PEER;
use crate::tunnel::Notice;
use crate::{PathChoice, Problem, end_to_end};

/// How long the operator's program may take to answer.
const HANDSHAKE: Duration = Duration::from_secs(20);
/// Never on the wire (there is no SNI); QUIC's interface wants a name.
const ANY_NAME: &str = "operator.invalid";

/// A connection to an operator who has been proven.
pub(super) struct Connected {
    pub(super) connection: Connection,
    pub(super) leg: Leg,
    pub(super) offer: Offer,
    pub(super) key: SessionKey,
}

/// Does everything between the code and the person's first question. Each failure ends the attempt.
pub(super) async fn connect(
    code: &Code,
    descriptor: &Descriptor,
    path: PathChoice,
    mut stage: impl FnMut(Stage),
) -> Result<Connected, Problem> {
    stage(Stage::LookingUp);
    let internal = |e: rustls::Error| Problem::Internal(e.to_string());
    let hop = |alpn| tls::hop_config(descriptor.server_ca(), alpn, None).map(Arc::new).map_err(internal);
    let broker = Broker::new(descriptor.brokers().to_vec(), hop(ALPN_HTTP)?);
    let request = JoinRequest { code: code.expose() };
    let reply: JoinReply =
        broker.call(Method::POST, "/join", None, Some(&request)).await.map_err(join_problem)?;

    let crl = Arc::new(read_crl(&reply)?);
    let offer = bytes(&reply.offer)?;
    let offer = Offer::verify(&offer, code, descriptor, &crl, UnixTime::now()).map_err(offer_problem)?;
    if offer.body().password_required {
        return Err(Problem::Peer(
            "The helper asks for a session password, which this version of the program does not know. Get the \
             organisation's current program from the place where you got this one."
                .into(),
        ));
    }

    stage(Stage::Connecting);
    let (relay, ticket) = choose_relay(&offer, &reply.relays)?;
    let target = LegTarget {
        relay: &relay.relay,
        host: &relay.host,
        port: relay.port,
        ticket: &ticket,
        path,
        tls: hop(ALPN_TUNNEL)?,
    };
    let mut leg = Leg::open(target).await?;

    stage(Stage::Securing);
    let key = SessionKey::generate().map_err(|e| Problem::Internal(e.to_string()))?;
    let tls = tls::customer_config(&offer, descriptor, crl, &key, Arc::new(DefaultTimeProvider))
        .map_err(internal)?;
    let connecting = leg
        .endpoint
        .connect_with(end_to_end::client(tls.config)?, PEER, ANY_NAME)
        .map_err(|e| Problem::Internal(e.to_string()))?;
    let handshake = tokio::time::timeout(HANDSHAKE, connecting);
    let connection = tokio::select! {
        connected = handshake => match connected {
            Ok(Ok(connection)) => connection,
            Ok(Err(error)) => return Err(match tls.refusal.reason() {
                Some(reason) => identity_problem(reason),
                None => Problem::Peer(format!(
                    "The secure connection to the helper failed: {}. Ask for a new code and try again.",
                    end_to_end::ending(&error)
                )),
            }),
            Err(_) => return Err(gone()),
        },
        () = peer_gone(&mut leg) => return Err(gone()),
    };
    Ok(Connected { connection, leg, offer, key })
}

async fn peer_gone(leg: &mut Leg) {
    while let Some(notice) = leg.notices.recv().await {
        if matches!(notice, Notice::Peer(false) | Notice::Closed) {
            return;
        }
    }
}

/// A refusal in the program's own words: a hostile server's must not speak to the customer in its place.
fn join_problem(error: CallError) -> Problem {
    let words = match error.code {
        None => return error.problem,
        Some(ErrorCode::NoSuchCode) => {
            "This code does not work. Check the six digits, or ask your helper for a new code."
        }
        Some(ErrorCode::TooManyAttempts) => {
            "Too many wrong codes came from here. Wait a few minutes and try again, or ask your helper for a new code."
        }
        Some(_) => {
            "The server cannot do this just now. Try again in a minute; if it stays so, tell the organisation \
             that gave you this program."
        }
    };
    Problem::Refused(words.into())
}

fn gone() -> Problem {
    Problem::Peer("The helper is not connected any more. Ask for a new code and try again.".into())
}

fn choose_relay<'a>(
    offer: &'a Offer,
    tickets: &[RelayTicket],
) -> Result<(&'a deskside_proto::offer::RelayAddress, Vec<u8>), Problem> {
    // The address is the one that the operator signed; the broker only adds the ticket.
    let mut relays = offer.body().relays.iter();
    let found = relays.find_map(|relay| {
        tickets.iter().find(|ticket| ticket.relay == relay.relay).map(|ticket| (relay, ticket))
    });
    let (relay, ticket) = found.ok_or_else(unreadable)?;
    Ok((relay, bytes(&ticket.ticket)?))
}

fn read_crl(reply: &JoinReply) -> Result<Crl, Problem> {
    Crl::parse(&bytes(&reply.crl)?).map_err(|_| identity_problem(IdentityError::BadList))
}

fn bytes(text: &str) -> Result<Vec<u8>, Problem> {
    STANDARD.decode(text).map_err(|_| unreadable())
}

fn unreadable() -> Problem {
    Problem::Refused(
        "The server's answer cannot be read. Tell the organisation that gave you this program.".into(),
    )
}

fn identity_problem(reason: IdentityError) -> Problem {
    Problem::Identity(format!("{reason}. {}", reason.advice()))
}

fn offer_problem(error: OfferError) -> Problem {
    match error {
        OfferError::Identity(reason) => identity_problem(reason),
        other => Problem::Identity(other.to_string()),
    }
}
