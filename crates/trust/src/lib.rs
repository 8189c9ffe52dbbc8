//! Who trusts whom: certificates, the packet descriptor, operator bundles, revocation, offers, the TLS
//! configurations of every connection, and the seals under a journal.
//!
//! ```text
//! root ──signs──► Descriptor ──pins──► packet CA ──signs──► operator certificate, revocation list
//!                     └───────pins──► server CA ──signs──► server certificate
//! ```
//!
//! A customer's program begins with [`Descriptor::read`] and from there trusts nothing that does not lead back
//! to it: [`Offer::verify`] for what the broker says, [`tls::customer_config`] for who answers. An operator's
//! program begins with [`OperatorBundle::open`]. A server, which has no descriptor, checks operators with
//! [`Packet`] and [`identify`].
//!
//! Nothing here reads a clock, a file or a socket; the time comes in. Making certificates ([`issue`]) stands
//! behind the feature `issue`.

#![forbid(unsafe_code)]

mod armour;
mod bundle;
mod certificate;
mod crl;
pub mod crypto;
mod descriptor;
mod identity;
#[cfg(feature = "issue")]
pub mod issue;
mod key_file;
mod offer;
mod packet;
mod packet_policy;
pub mod seal;
mod secret;
mod session_key;
mod signer;
pub mod tls;

pub use bundle::{BundleError, ClosedBundle, MAX_BUNDLE, OperatorBundle};
pub use certificate::{
    MAX_ACCOUNT, MAX_CERTIFICATE, MAX_PACKET_ID, MAX_SUBJECT, OPERATOR_USAGE, is_identifier, is_presentable,
};
pub use crl::{Crl, CrlError, MAX_CRL, MAX_CRL_HOURS, Revocation};
pub use descriptor::{
    BrokerAddress, DESCRIPTOR_DOMAIN, Descriptor, DescriptorBody, DescriptorError, MAX_ACKNOWLEDGEMENT,
    MAX_BROKERS, MAX_DESCRIPTOR,
};
pub use identity::{IdentityError, OperatorIdentity, identify};
pub use key_file::KeyFileError;
pub use offer::{Offer, OfferError, code_hash};
pub use packet::{Packet, PacketError};
pub use packet_policy::PacketPolicy;
pub use rustls_pki_types::{CertificateDer, UnixTime};
pub use secret::Secret;
pub use session_key::SessionKey;
pub use signer::{KeyMismatch, SignError, Signer};
