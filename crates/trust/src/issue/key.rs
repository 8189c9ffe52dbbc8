//! Private keys while they are being issued.

use pkcs8::EncryptedPrivateKeyInfo;
use pkcs8::der::Encode;
use pkcs8::der::asn1::OctetStringRef;
use pkcs8::pkcs5::{pbes2, scrypt};
use rcgen::{
    CertificateParams, DistinguishedName, DnType, KeyPair, PublicKeyData, SigningKey, date_time_ymd,
};
use rustls_pki_types::{CertificateDer, PrivatePkcs8KeyDer};
use zeroize::Zeroize;

use super::{IssueError, serial};
use crate::armour;
use crate::key_file::{BLOCK_SIZE, KEY_LABEL, KeyFileError, PARALLEL};
use crate::secret::Secret;
use crate::signer::Signer;

/// 2^17 blocks of 1 KiB: 128 MiB of memory and about half a second for each guess at a passphrase.
const LOG_N: u8 = 17;

/// A key pair on P-256 that is overwritten when dropped.
pub(super) struct Key(KeyPair);

impl Key {
    pub(super) fn generate() -> Result<Self, IssueError> {
        Ok(Self(KeyPair::generate_for(&rcgen::PKCS_ECDSA_P256_SHA256)?))
    }

    pub(super) fn from_pkcs8(der: &PrivatePkcs8KeyDer<'_>) -> Result<Self, IssueError> {
        Ok(Self(KeyPair::from_pkcs8_der_and_sign_algo(der, &rcgen::PKCS_ECDSA_P256_SHA256)?))
    }

    pub(super) fn pkcs8(&self) -> PrivatePkcs8KeyDer<'_> {
        PrivatePkcs8KeyDer::from(self.0.serialized_der())
    }

    /// The key's file, under a passphrase; see [`crate::KeyFileError`]'s module for the form.
    pub(super) fn encrypted_pem(&self, passphrase: &Secret) -> Result<String, KeyFileError> {
        let encrypted = self.encrypt(passphrase).ok_or(KeyFileError::Encrypt)?;
        Ok(armour::write(KEY_LABEL, &encrypted))
    }

    fn encrypt(&self, passphrase: &Secret) -> Option<Vec<u8>> {
        let mut salt = [0; 16];
        let mut nonce = [0; 12];
        aws_lc_rs::rand::fill(&mut salt).ok()?;
        aws_lc_rs::rand::fill(&mut nonce).ok()?;
        let cost = scrypt::Params::new(LOG_N, BLOCK_SIZE, PARALLEL).ok()?;
        let parameters = pbes2::Parameters::scrypt_aes256gcm(cost, &salt, nonce).ok()?;
        let encrypted = parameters.encrypt(passphrase.expose(), self.pkcs8().secret_pkcs8_der()).ok()?;
        let encrypted_data = OctetStringRef::new(&encrypted).ok()?;
        EncryptedPrivateKeyInfo { encryption_algorithm: parameters.into(), encrypted_data }.to_der().ok()
    }

    /// The key with its certificate, for signing messages.
    pub(super) fn signer(&self, certificate: CertificateDer<'static>) -> Result<Signer, IssueError> {
        Ok(Signer::new(certificate, &self.pkcs8())?)
    }
}

impl Drop for Key {
    fn drop(&mut self) {
        self.0.zeroize();
    }
}

impl PublicKeyData for Key {
    fn der_bytes(&self) -> &[u8] {
        self.0.der_bytes()
    }

    fn algorithm(&self) -> &'static rcgen::SignatureAlgorithm {
        self.0.algorithm()
    }
}

impl SigningKey for Key {
    fn sign(&self, message: &[u8]) -> Result<Vec<u8>, rcgen::Error> {
        self.0.sign(message)
    }
}

/// A fresh key with a self-signed certificate that names nobody and bears no telling date.
pub(crate) fn session_signer() -> Result<Signer, IssueError> {
    let key = Key::generate()?;
    let mut parameters = CertificateParams::default();
    parameters.not_before = date_time_ymd(2000, 1, 1);
    parameters.not_after = date_time_ymd(9999, 12, 31);
    parameters.serial_number = Some(serial()?);
    parameters.distinguished_name = DistinguishedName::new();
    parameters.distinguished_name.push(DnType::CommonName, "Deskside session");
    let certificate = parameters.self_signed(&key)?;
    key.signer(certificate.der().clone())
}
