//! The offer: what an operator signs, and a customer's program checks, before they meet.

use deskside_proto::offer::{CODE_HASH_DOMAIN, DOMAIN, OfferBody, SignedOffer};
use deskside_proto::{Code, DecodeError, SessionId};
use rustls_pki_types::{CertificateDer, UnixTime};
use thiserror::Error;

use crate::crl::Crl;
use crate::crypto::{sha256, signature_holds};
use crate::identity::{IdentityError, OperatorIdentity, identify};
use crate::packet::Packet;
use crate::signer::{SignError, Signer};

/// Why an offer was refused; nothing of it may be used.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum OfferError {
    /// It cannot be read.
    #[error("the invitation is damaged: {0}")]
    Malformed(#[from] DecodeError),
    /// Who signed it is not an operator of the packet.
    #[error(transparent)]
    Identity(#[from] IdentityError),
    /// It was changed after signing.
    #[error("the invitation was changed on its way")]
    Signature,
    /// It was signed for another code or session.
    #[error("the invitation belongs to another code")]
    OtherCode,
    /// Its time is over.
    #[error("the invitation has expired")]
    Expired,
}

/// An offer that holds: signed by an operator of the packet, for this code, and not over.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Offer {
    body: OfferBody,
    identity: OperatorIdentity,
    certificate: CertificateDer<'static>,
}

impl Offer {
    /// Signs an offer with the operator's key (an [`crate::OperatorBundle`]); the result is [`SignedOffer`]'s bytes.
    ///
    /// # Errors
    /// [`SignError`] if the key refuses.
    pub fn sign(body: &OfferBody, operator: &impl AsRef<Signer>) -> Result<Vec<u8>, SignError> {
        let signer = operator.as_ref();
        let body = body.encode();
        let signature = signer.sign(&[DOMAIN, &body].concat())?;
        let certificate = signer.certificate().to_vec();
        Ok(SignedOffer { body, certificate, signature }.encode())
    }

    /// Checks an offer that came from the broker, which is not trusted, against the code that was typed.
    ///
    /// # Errors
    /// [`OfferError`] says what does not hold.
    pub fn verify(
        bytes: &[u8],
        code: &Code,
        packet: &impl AsRef<Packet>,
        crl: &Crl,
        now: UnixTime,
    ) -> Result<Self, OfferError> {
        let signed = SignedOffer::decode(bytes)?;
        if signed.encode() != bytes {
            return Err(OfferError::Signature);
        }
        let SignedOffer { body, certificate, signature } = signed;
        let certificate = CertificateDer::from(certificate);
        let identity = identify(std::slice::from_ref(&certificate), crl, packet, now)?;
        if !signature_holds(&certificate, &[DOMAIN, &body].concat(), &signature) {
            return Err(OfferError::Signature);
        }
        let body = OfferBody::decode(&body)?;
        if code_hash(body.session, code) != body.code_hash {
            return Err(OfferError::OtherCode);
        }
        let ends_ms = u128::try_from(body.expires_ms).unwrap_or(0);
        if ends_ms <= u128::from(now.as_secs()) * 1000 {
            return Err(OfferError::Expired);
        }
        Ok(Self { body, identity, certificate })
    }

    /// What it says.
    #[must_use]
    pub fn body(&self) -> &OfferBody {
        &self.body
    }

    /// Who made it.
    #[must_use]
    pub fn identity(&self) -> &OperatorIdentity {
        &self.identity
    }

    /// The operator's certificate.
    #[must_use]
    pub fn certificate(&self) -> &CertificateDer<'static> {
        &self.certificate
    }
}

/// What ties an offer to its code: SHA-256 over [`CODE_HASH_DOMAIN`], the session id and the six digits.
///
/// A million codes are quickly tried, so this hides nothing; it only keeps a broker from answering one code
/// with the offer of another.
#[must_use]
pub fn code_hash(session: SessionId, code: &Code) -> [u8; 32] {
    let digits = zeroize::Zeroizing::new(code.expose());
    sha256(&[CODE_HASH_DOMAIN, &session.0, digits.as_bytes()])
}
