//! Who calls: certificate and token.

use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use deskside_trust::{IdentityError, OperatorIdentity, crypto, identify};
use zeroize::Zeroizing;

use super::{Service, random, shown};
use crate::connection::Connection;
use crate::core::text::escape;
use crate::error::{Failure, Refusal};

/// 32 random bytes that stand for a log-in. Only their hash is stored.
pub(crate) struct Token(Zeroizing<[u8; 32]>);

impl Token {
    pub(super) fn fresh() -> Result<Self, Failure> {
        Ok(Self(Zeroizing::new(random()?)))
    }

    /// Reads a token as it travels; `None` if it is not one.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let bytes = Zeroizing::new(BASE64_URL_SAFE_NO_PAD.decode(text).ok()?);
        bytes.as_slice().try_into().ok().map(|bytes| Self(Zeroizing::new(bytes)))
    }

    /// The token as it travels, to its owner only.
    pub(super) fn expose(&self) -> String {
        BASE64_URL_SAFE_NO_PAD.encode(self.0.as_slice())
    }

    /// How it is stored and looked up: what a lookup's timing tells about a hash is no help in finding the
    /// token.
    pub(super) fn hash(&self) -> [u8; 32] {
        crypto::sha256(&[self.0.as_slice()])
    }
}

impl Service {
    /// The operator that the connection's certificate names.
    pub(super) fn identity(&self, connection: &Connection) -> Result<OperatorIdentity, Refusal> {
        if connection.certificates.is_empty() {
            return Err(Refusal::WrongCertificate("the connection shows no certificate".to_owned()));
        }
        let Some(list) = self.crl.current(self.now()) else {
            return Err(Failure::RevocationList("it is missing".to_owned()).into());
        };
        identify(&connection.certificates, &list, &self.packet, self.unix_now()).map_err(
            |error| match error {
                // Not the caller's fault: nobody can be told apart from a revoked operator now.
                IdentityError::StaleList | IdentityError::BadList | IdentityError::ListNotYetValid => {
                    Failure::RevocationList(error.to_string()).into()
                }
                error => {
                    let source = shown(connection.peer.ip());
                    tracing::warn!(%source, %error, "certificate refused");
                    Refusal::WrongCertificate(error.to_string())
                }
            },
        )
    }

    /// The account of a call that needs a log-in. Certificate, revocation and account are looked at each
    /// time, so that a revoked operator's token is worth nothing at once.
    pub(super) async fn account(
        &self,
        connection: &Connection,
        token: Option<&Token>,
    ) -> Result<String, Refusal> {
        let identity = self.identity(connection)?;
        let token = token.ok_or(Refusal::NotLoggedIn)?;
        let hash = token.hash();
        match self.store.token_account(&hash, &identity.certificate_hash, self.now()).await? {
            Some(account) if account == identity.account => Ok(account),
            _ => {
                let account = escape(&identity.account);
                tracing::debug!(source = %shown(connection.peer.ip()), account, "token refused");
                Err(Refusal::NotLoggedIn)
            }
        }
    }
}
