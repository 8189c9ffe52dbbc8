//! The log of what happened, as the network saw it.

use std::net::IpAddr;

use deskside_proto::SessionId;

use super::{StoreError, Write};

/// Something that happened. Codes and passwords have no place in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Event<'a> {
    LoggedIn { account: &'a str },
    LoginRefused { account: &'a str },
    LoggedOut { account: &'a str },
    SessionMade { account: &'a str, session: SessionId },
    Offered { account: &'a str, session: SessionId },
    Cancelled { account: &'a str, session: SessionId },
    Joined { session: SessionId },
    JoinRefused,
    AccountAdded { account: &'a str },
    AccountEnabled { account: &'a str },
    AccountDisabled { account: &'a str },
    PasswordChanged { account: &'a str },
}

impl Event<'_> {
    fn kind(self) -> &'static str {
        match self {
            Self::LoggedIn { .. } => "logged_in",
            Self::LoginRefused { .. } => "login_refused",
            Self::LoggedOut { .. } => "logged_out",
            Self::SessionMade { .. } => "session_made",
            Self::Offered { .. } => "offered",
            Self::Cancelled { .. } => "cancelled",
            Self::Joined { .. } => "joined",
            Self::JoinRefused => "join_refused",
            Self::AccountAdded { .. } => "account_added",
            Self::AccountEnabled { .. } => "account_enabled",
            Self::AccountDisabled { .. } => "account_disabled",
            Self::PasswordChanged { .. } => "password_changed",
        }
    }

    fn account(&self) -> Option<&str> {
        match *self {
            Self::LoggedIn { account }
            | Self::LoginRefused { account }
            | Self::LoggedOut { account }
            | Self::SessionMade { account, .. }
            | Self::Offered { account, .. }
            | Self::Cancelled { account, .. }
            | Self::AccountAdded { account }
            | Self::AccountEnabled { account }
            | Self::AccountDisabled { account }
            | Self::PasswordChanged { account } => Some(account),
            Self::Joined { .. } | Self::JoinRefused => None,
        }
    }

    fn session(self) -> Option<SessionId> {
        match self {
            Self::SessionMade { session, .. }
            | Self::Offered { session, .. }
            | Self::Cancelled { session, .. }
            | Self::Joined { session } => Some(session),
            _ => None,
        }
    }

    /// Appends the event; `source` is `None` for what the administrator does at the machine.
    pub(crate) async fn append(
        self,
        write: &mut Write,
        source: Option<IpAddr>,
        now: i64,
    ) -> Result<(), StoreError> {
        sqlx::query("INSERT INTO events (at_ms, kind, account, session, source) VALUES ($1, $2, $3, $4, $5)")
            .bind(now)
            .bind(self.kind())
            .bind(self.account().map(str::to_owned))
            .bind(self.session().map(|session| session.to_string()))
            .bind(source.map(|source| source.to_canonical().to_string()))
            .execute(&mut **write)
            .await?;
        Ok(())
    }
}
