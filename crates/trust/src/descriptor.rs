//! The packet descriptor: the one thing that a customer's program trusts.
//!
//! It is a file beside the unmodified program: one PEM block that holds a body and the root key's signature
//! over [`DESCRIPTOR_DOMAIN`] and the body. The signature shows that nothing was changed, not where the file
//! came from; a wholly replaced file names another root, which is why people are shown its fingerprint.

use deskside_proto::MAX_NAME;
use prost::Message;
use rustls_pki_types::{CertificateDer, UnixTime};
use thiserror::Error;

use crate::PacketPolicy;
use crate::armour;
use crate::certificate::MAX_CERTIFICATE;
use crate::crypto::signature_holds;
use crate::packet::{Packet, PacketError, authority_certificate};

/// Longest descriptor file, in bytes.
pub const MAX_DESCRIPTOR: usize = 32 * 1024;
/// Longest acknowledgement text, in bytes of UTF-8.
pub const MAX_ACKNOWLEDGEMENT: usize = 4096;
/// Most broker addresses.
pub const MAX_BROKERS: usize = 8;
/// What the signature covers before the body, so that it can stand for nothing else.
pub const DESCRIPTOR_DOMAIN: &[u8] = b"deskside packet descriptor v1\0";

pub(crate) const DESCRIPTOR_LABEL: &str = "DESKSIDE PACKET";

/// Why a descriptor was refused.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum DescriptorError {
    /// It is not a descriptor, or its form was changed.
    #[error("the file is not a packet descriptor or was changed")]
    Malformed,
    /// A field is missing, too long or out of range.
    #[error("the descriptor's {0} is missing or out of range")]
    Field(&'static str),
    /// The content was changed after signing.
    #[error("the descriptor's signature does not hold: the file was changed")]
    Signature,
    /// A certificate in it does not hold.
    #[error(transparent)]
    Packet(#[from] PacketError),
}

/// Where a broker listens.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BrokerAddress {
    /// Host name or address, as in the server's certificate.
    pub host: String,
    /// TCP port.
    pub port: u16,
}

/// A descriptor whose signature and certificates hold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Descriptor {
    packet: Packet,
    server_ca: CertificateDer<'static>,
    brokers: Vec<BrokerAddress>,
    acknowledgement: String,
    policy: PacketPolicy,
}

/// What a descriptor says beside the packet; see [`Descriptor`]'s methods of the same names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DescriptorBody {
    /// The organisation's root certificate.
    pub root: CertificateDer<'static>,
    /// The packet's issuing CA.
    pub packet_ca: CertificateDer<'static>,
    /// The CA of the organisation's servers.
    pub server_ca: CertificateDer<'static>,
    /// Brokers in order of preference.
    pub brokers: Vec<BrokerAddress>,
    /// What a customer acknowledges before a session.
    pub acknowledgement: String,
    /// What the organisation forbids.
    pub policy: PacketPolicy,
}

#[derive(Clone, PartialEq, Message)]
struct WireBroker {
    #[prost(string, tag = "1")]
    host: String,
    #[prost(uint32, tag = "2")]
    port: u32,
}

#[derive(Clone, PartialEq, Message)]
struct WireBody {
    #[prost(bytes = "vec", tag = "1")]
    root: Vec<u8>,
    #[prost(bytes = "vec", tag = "2")]
    packet_ca: Vec<u8>,
    #[prost(bytes = "vec", tag = "3")]
    server_ca: Vec<u8>,
    #[prost(message, repeated, tag = "4")]
    brokers: Vec<WireBroker>,
    #[prost(string, tag = "5")]
    acknowledgement: String,
    #[prost(uint32, repeated, tag = "6")]
    forbidden: Vec<u32>,
    #[prost(uint32, tag = "7")]
    longest_minutes: u32,
}

#[derive(Clone, PartialEq, Message)]
struct WireSigned {
    #[prost(bytes = "vec", tag = "1")]
    body: Vec<u8>,
    #[prost(bytes = "vec", tag = "2")]
    signature: Vec<u8>,
}

impl DescriptorBody {
    /// The bytes that are signed, behind [`DESCRIPTOR_DOMAIN`].
    fn encode(&self) -> Vec<u8> {
        let Self { root, packet_ca, server_ca, brokers, acknowledgement, policy } = self;
        let (forbidden, longest_minutes) = policy.encode();
        let brokers = brokers.iter();
        WireBody {
            root: root.to_vec(),
            packet_ca: packet_ca.to_vec(),
            server_ca: server_ca.to_vec(),
            brokers: brokers.map(|b| WireBroker { host: b.host.clone(), port: u32::from(b.port) }).collect(),
            acknowledgement: acknowledgement.clone(),
            forbidden,
            longest_minutes,
        }
        .encode_to_vec()
    }

    fn decode(bytes: &[u8]) -> Result<Self, DescriptorError> {
        let wire = WireBody::decode(bytes).map_err(|_| DescriptorError::Malformed)?;
        if wire.brokers.is_empty() || MAX_BROKERS < wire.brokers.len() {
            return Err(DescriptorError::Field("list of brokers"));
        }
        let readable = |c: char| c == '\n' || !c.is_control();
        if MAX_ACKNOWLEDGEMENT < wire.acknowledgement.len() || !wire.acknowledgement.chars().all(readable) {
            return Err(DescriptorError::Field("acknowledgement text"));
        }
        Ok(Self {
            root: bounded_certificate(wire.root, "root certificate")?,
            packet_ca: bounded_certificate(wire.packet_ca, "packet CA certificate")?,
            server_ca: bounded_certificate(wire.server_ca, "server CA certificate")?,
            brokers: wire.brokers.into_iter().map(decode_broker).collect::<Result<_, _>>()?,
            acknowledgement: wire.acknowledgement,
            policy: PacketPolicy::decode(wire.forbidden, wire.longest_minutes)?,
        })
    }

    /// The signed file; `sign` makes the root key's signature over the bytes that it is given.
    #[cfg(feature = "issue")]
    pub(crate) fn write<E>(&self, sign: impl FnOnce(&[u8]) -> Result<Vec<u8>, E>) -> Result<Vec<u8>, E> {
        let body = self.encode();
        let signature = sign(&[DESCRIPTOR_DOMAIN, &body].concat())?;
        Ok(armour::write(DESCRIPTOR_LABEL, &WireSigned { body, signature }.encode_to_vec()).into_bytes())
    }
}

fn bounded_certificate(
    der: Vec<u8>,
    field: &'static str,
) -> Result<CertificateDer<'static>, DescriptorError> {
    if der.is_empty() || MAX_CERTIFICATE < der.len() {
        return Err(DescriptorError::Field(field));
    }
    Ok(der.into())
}

fn decode_broker(wire: WireBroker) -> Result<BrokerAddress, DescriptorError> {
    let port = u16::try_from(wire.port).ok().filter(|port| *port != 0);
    let host = Some(wire.host).filter(|host| {
        !host.is_empty() && host.len() <= MAX_NAME && !host.contains(|c: char| c.is_control() || c == ' ')
    });
    match (host, port) {
        (Some(host), Some(port)) => Ok(BrokerAddress { host, port }),
        _ => Err(DescriptorError::Field("broker address")),
    }
}

impl Descriptor {
    /// Reads a descriptor file and checks all of it: form, signature, and certificates at `now`.
    ///
    /// # Errors
    /// [`DescriptorError`] says what does not hold; nothing of such a file may be used.
    pub fn read(bytes: &[u8], now: UnixTime) -> Result<Self, DescriptorError> {
        if MAX_DESCRIPTOR < bytes.len() {
            return Err(DescriptorError::Malformed);
        }
        let blocks = armour::read(bytes).ok_or(DescriptorError::Malformed)?;
        match blocks.as_slice() {
            [block] if block.label == DESCRIPTOR_LABEL => Self::from_signed(&block.content, now),
            _ => Err(DescriptorError::Malformed),
        }
    }

    pub(crate) fn from_signed(bytes: &[u8], now: UnixTime) -> Result<Self, DescriptorError> {
        let signed = WireSigned::decode(bytes).map_err(|_| DescriptorError::Malformed)?;
        if signed.encode_to_vec() != bytes {
            return Err(DescriptorError::Malformed);
        }
        let body = DescriptorBody::decode(&signed.body)?;
        if !signature_holds(&body.root, &[DESCRIPTOR_DOMAIN, &signed.body].concat(), &signed.signature) {
            return Err(DescriptorError::Signature);
        }
        if body.encode() != signed.body {
            return Err(DescriptorError::Malformed);
        }
        let DescriptorBody { root, packet_ca, server_ca, brokers, acknowledgement, policy } = body;
        authority_certificate(&server_ca, "server CA", now)?;
        let packet = Packet::new(&root, &packet_ca, now)?;
        Ok(Self { packet, server_ca, brokers, acknowledgement, policy })
    }

    /// The packet: organisation, id and issuing CA.
    #[must_use]
    pub fn packet(&self) -> &Packet {
        &self.packet
    }

    /// The organisation's name.
    #[must_use]
    pub fn organisation(&self) -> &str {
        self.packet.organisation()
    }

    /// The packet's unique id.
    #[must_use]
    pub fn packet_id(&self) -> &str {
        self.packet.id()
    }

    /// The root's fingerprint for people to compare.
    #[must_use]
    pub fn fingerprint(&self) -> String {
        self.packet.fingerprint()
    }

    /// The CA of the organisation's servers.
    #[must_use]
    pub fn server_ca(&self) -> &CertificateDer<'static> {
        &self.server_ca
    }

    /// Brokers in order of preference, at least one.
    #[must_use]
    pub fn brokers(&self) -> &[BrokerAddress] {
        &self.brokers
    }

    /// What a customer acknowledges before a session; may be empty.
    #[must_use]
    pub fn acknowledgement(&self) -> &str {
        &self.acknowledgement
    }

    /// What the organisation forbids.
    #[must_use]
    pub fn policy(&self) -> &PacketPolicy {
        &self.policy
    }
}

impl AsRef<Packet> for Descriptor {
    fn as_ref(&self) -> &Packet {
        &self.packet
    }
}
