//! Accounts, as the administrator handles them at the server machine.

use std::sync::Arc;

use deskside_trust::Secret;

use crate::clock::Clock;
use crate::core::names::{check_name, check_password};
use crate::error::{AccountError, BrokerError};
use crate::password::Passwords;
use crate::store::{
    Database, Event, Store, commit, delete_tokens, insert_account, set_enabled, set_password,
};

/// An account.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Account {
    /// Its name; the account in the operator's certificate.
    pub name: String,
    /// Whether it may log in.
    pub enabled: bool,
    /// When it was added, in milliseconds since 1970.
    pub made_ms: i64,
}

/// The accounts in a database. Works beside a running broker: what is changed here holds from its next
/// request on.
#[derive(Clone)]
pub struct Accounts {
    store: Store,
    passwords: Passwords,
    clock: Arc<dyn Clock>,
}

impl Accounts {
    /// Opens the database for its accounts alone.
    ///
    /// # Errors
    /// [`BrokerError::Store`] or [`BrokerError::Crypto`].
    pub async fn open(database: &Database, clock: Arc<dyn Clock>) -> Result<Self, BrokerError> {
        let store = Store::open(database).await?;
        let passwords = Passwords::new().await.map_err(|_| BrokerError::Crypto)?;
        Ok(Self::new(store, passwords, clock))
    }

    pub(crate) fn new(store: Store, passwords: Passwords, clock: Arc<dyn Clock>) -> Self {
        Self { store, passwords, clock }
    }

    /// Adds an enabled account.
    ///
    /// # Errors
    /// [`AccountError`] if name or password are not acceptable or the name is in use.
    pub async fn add(&self, name: &str, password: &Secret) -> Result<(), AccountError> {
        check_name(name)?;
        let hash = self.hash(name, password).await?;
        let now = self.clock.now_ms();
        let mut write = self.store.write().await?;
        if !insert_account(&mut write, name, &hash, now).await? {
            return Err(AccountError::Exists);
        }
        Event::AccountAdded { account: name }.append(&mut write, None, now).await?;
        Ok(commit(write).await?)
    }

    /// All accounts, by name.
    ///
    /// # Errors
    /// [`AccountError::Store`].
    pub async fn list(&self) -> Result<Vec<Account>, AccountError> {
        let stored = self.store.accounts().await?.into_iter();
        Ok(stored.map(|a| Account { name: a.name, enabled: a.enabled != 0, made_ms: a.made_ms }).collect())
    }

    /// Keeps an account from logging in and ends its log-ins.
    ///
    /// # Errors
    /// [`AccountError::Missing`] or [`AccountError::Store`].
    pub async fn disable(&self, name: &str) -> Result<(), AccountError> {
        let mut write = self.store.write().await?;
        if !set_enabled(&mut write, name, false).await? {
            return Err(AccountError::Missing);
        }
        delete_tokens(&mut write, name).await?;
        Event::AccountDisabled { account: name }.append(&mut write, None, self.clock.now_ms()).await?;
        Ok(commit(write).await?)
    }

    /// Lets an account log in again.
    ///
    /// # Errors
    /// [`AccountError::Missing`] or [`AccountError::Store`].
    pub async fn enable(&self, name: &str) -> Result<(), AccountError> {
        let mut write = self.store.write().await?;
        if !set_enabled(&mut write, name, true).await? {
            return Err(AccountError::Missing);
        }
        Event::AccountEnabled { account: name }.append(&mut write, None, self.clock.now_ms()).await?;
        Ok(commit(write).await?)
    }

    /// Changes an account's password and ends its log-ins.
    ///
    /// # Errors
    /// [`AccountError`] if the password is not acceptable or there is no such account.
    pub async fn passwd(&self, name: &str, password: &Secret) -> Result<(), AccountError> {
        let hash = self.hash(name, password).await?;
        let mut write = self.store.write().await?;
        if !set_password(&mut write, name, &hash).await? {
            return Err(AccountError::Missing);
        }
        delete_tokens(&mut write, name).await?;
        Event::PasswordChanged { account: name }.append(&mut write, None, self.clock.now_ms()).await?;
        Ok(commit(write).await?)
    }

    async fn hash(&self, name: &str, password: &Secret) -> Result<String, AccountError> {
        check_password(name, password.expose())?;
        self.passwords.hash(password.clone()).await.map_err(|_| AccountError::Crypto)
    }
}
