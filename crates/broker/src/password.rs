//! Passwords: Argon2id (RFC 9106), a few at a time.

use std::sync::Arc;

use argon2::password_hash::phc::PasswordHash;
use argon2::{Algorithm, Argon2, Params, PasswordHasher, PasswordVerifier, Version};
use deskside_trust::Secret;
use tokio::sync::Semaphore;
use tokio::task::spawn_blocking;

/// Memory of one hash, in KiB; with two passes this is OWASP's recommendation.
const MEMORY_KIB: u32 = 19 * 1024;
const PASSES: u32 = 2;
const LANES: u32 = 1;
/// Passwords checked at the same time, so that a flood of log-ins takes 76 MiB and no more.
const AT_ONCE: usize = 4;

/// A password could not be hashed or checked: no memory, no random numbers, or a damaged hash.
#[derive(Debug)]
pub(crate) struct PasswordError;

/// Hashes and checks passwords.
#[derive(Debug, Clone)]
pub(crate) struct Passwords {
    turns: Arc<Semaphore>,
    /// Hash of a password that nobody knows: checked when there is no such account, so that it takes as
    /// long as when there is one.
    nobody: Arc<str>,
}

impl Passwords {
    pub(crate) async fn new() -> Result<Self, PasswordError> {
        let mut unknown = [0; 32];
        aws_lc_rs::rand::fill(&mut unknown).map_err(|_| PasswordError)?;
        let unknown: String = unknown.iter().map(|byte| format!("{byte:02x}")).collect();
        let turns = Arc::new(Semaphore::new(AT_ONCE));
        let empty = Self { turns, nobody: "".into() };
        let nobody = empty.hash(Secret::new(unknown)).await?;
        Ok(Self { nobody: nobody.into(), ..empty })
    }

    /// The password's hash as a PHC string, with a fresh salt.
    pub(crate) async fn hash(&self, password: Secret) -> Result<String, PasswordError> {
        self.in_turn(move || {
            let hash = argon2()?.hash_password(password.expose().as_bytes()).map_err(|_| PasswordError)?;
            Ok(hash.to_string())
        })
        .await
    }

    /// Whether the password is right. Without a stored hash it does the same work and says no.
    pub(crate) async fn verify(
        &self,
        stored: Option<String>,
        password: Secret,
    ) -> Result<bool, PasswordError> {
        let (hash, exists) = stored.map_or_else(|| (self.nobody.to_string(), false), |hash| (hash, true));
        self.in_turn(move || {
            let hash = PasswordHash::new(&hash).map_err(|_| PasswordError)?;
            let right = argon2()?.verify_password(password.expose().as_bytes(), &hash).is_ok();
            Ok(right && exists)
        })
        .await
    }

    async fn in_turn<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> Result<T, PasswordError> + Send + 'static,
    ) -> Result<T, PasswordError> {
        // The permit goes with the work: a caller that gives up does not make room before the memory is free.
        let turn = Arc::clone(&self.turns).acquire_owned().await.map_err(|_| PasswordError)?;
        let work = spawn_blocking(move || {
            let result = work();
            drop(turn);
            result
        });
        work.await.map_err(|_| PasswordError)?
    }
}

fn argon2() -> Result<Argon2<'static>, PasswordError> {
    let params = Params::new(MEMORY_KIB, PASSES, LANES, None).map_err(|_| PasswordError)?;
    Ok(Argon2::new(Algorithm::Argon2id, Version::V0x13, params))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn secret(text: &str) -> Secret {
        Secret::new(text.to_owned())
    }

    #[tokio::test]
    async fn hashes_and_checks() {
        let passwords = Passwords::new().await.unwrap();
        let hash = passwords.hash(secret("correct horse")).await.unwrap();
        assert!(hash.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{hash}");
        assert_ne!(hash, passwords.hash(secret("correct horse")).await.unwrap(), "salted");
        assert!(passwords.verify(Some(hash.clone()), secret("correct horse")).await.unwrap());
        assert!(!passwords.verify(Some(hash), secret("correct Horse")).await.unwrap());
        assert!(!passwords.verify(None, secret("correct horse")).await.unwrap());
        assert!(passwords.verify(Some("nonsense".into()), secret("x")).await.is_err());
    }
}
