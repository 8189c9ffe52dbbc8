//! `user`: operators' accounts. Passwords come from the terminal or from standard input, never from the
//! command line or the environment, where other users of the machine can see them.

use std::fs::File;
use std::io::{IsTerminal, Read, Write, stdin, stdout};
use std::os::fd::AsFd;
use std::path::Path;
use std::sync::Arc;

use anyhow::{Context, bail};
use deskside_broker::{Account, AccountError, Accounts, Database, Secret, SystemClock};
use deskside_proto::api::MAX_PASSWORD;
use time::OffsetDateTime;
use zeroize::Zeroizing;

use crate::advice;
use crate::arguments::{UserAction, UserArguments};
use crate::config::Config;

pub(crate) async fn act(action: UserAction) -> anyhow::Result<()> {
    match action {
        UserAction::Add(UserArguments { name, config }) => {
            let (database, accounts) = open(&config).await?;
            let password = new_password()?;
            let added = accounts.add(&name, &password).await;
            told(&database, &name, added, "added")
        }
        UserAction::Passwd(UserArguments { name, config }) => {
            let (database, accounts) = open(&config).await?;
            let password = new_password()?;
            let changed = accounts.passwd(&name, &password).await;
            told(&database, &name, changed, "has a new password; its log-ins are ended")
        }
        UserAction::Disable(UserArguments { name, config }) => {
            let (database, accounts) = open(&config).await?;
            let disabled = accounts.disable(&name).await;
            told(&database, &name, disabled, "can no longer log in; its log-ins are ended")
        }
        UserAction::Enable(UserArguments { name, config }) => {
            let (database, accounts) = open(&config).await?;
            let enabled = accounts.enable(&name).await;
            told(&database, &name, enabled, "can log in again")
        }
        UserAction::List { config } => {
            let (database, accounts) = open(&config).await?;
            let all = accounts.list().await.map_err(|error| advice::account(&database, "", error))?;
            Ok(stdout().write_all(table(&all).as_bytes())?)
        }
    }
}

async fn open(config: &Path) -> anyhow::Result<(Database, Accounts)> {
    let database = Config::read(config)?.database;
    let accounts = Accounts::open(&database, Arc::new(SystemClock))
        .await
        .map_err(|error| advice::broker(&database, error))?;
    Ok((database, accounts))
}

fn told(database: &Database, name: &str, done: Result<(), AccountError>, what: &str) -> anyhow::Result<()> {
    done.map_err(|error| advice::account(database, name, error))?;
    Ok(writeln!(stdout(), "{name}: {what}")?)
}

fn table(accounts: &[Account]) -> String {
    let width = accounts.iter().map(|account| account.name.chars().count()).max().unwrap_or(0);
    accounts
        .iter()
        .map(|account| {
            let state = if account.enabled { "enabled" } else { "disabled" };
            let made = OffsetDateTime::from_unix_timestamp(account.made_ms / 1000)
                .map_or_else(|_| String::new(), |moment| moment.date().to_string());
            format!("{:width$}  {state:8}  {made}\n", account.name)
        })
        .collect()
}

/// A new password: typed twice at a terminal, or the first line of standard input.
fn new_password() -> anyhow::Result<Secret> {
    if !stdin().is_terminal() {
        return first_line(&mut File::from(stdin().as_fd().try_clone_to_owned()?));
    }
    let ask = |prompt| rpassword::prompt_password(prompt).map(Zeroizing::new);
    let first = ask("Password: ").context("The password could not be read from the terminal")?;
    let again = ask("Password again: ").context("The password could not be read from the terminal")?;
    if *first != *again {
        bail!("The two passwords differ. Nothing was changed; please try again.");
    }
    Ok(Secret::new(first.to_string()))
}

/// Reads byte by byte, so that no buffer keeps a copy and nothing behind the line is taken.
fn first_line(input: &mut impl Read) -> anyhow::Result<Secret> {
    let mut line = Zeroizing::new(Vec::with_capacity(MAX_PASSWORD + 1));
    let mut byte = [0];
    while line.len() <= MAX_PASSWORD && input.read(&mut byte)? == 1 && byte != *b"\n" {
        line.push(byte[0]);
    }
    if line.len() > MAX_PASSWORD {
        bail!("The password is longer than {MAX_PASSWORD} bytes. Please choose a shorter one.");
    }
    if line.ends_with(b"\r") {
        line.pop();
    }
    let text = std::str::from_utf8(&line).context("The password is not UTF-8 text")?;
    Ok(Secret::new(text.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_line_is_the_password_and_nothing_else_is_read() {
        for (input, password, rest) in [
            ("secret\nmore", "secret", "more"),
            ("secret\r\n", "secret", ""),
            ("secret", "secret", ""),
            ("", "", ""),
        ] {
            let mut reader = input.as_bytes();
            assert_eq!(first_line(&mut reader).expect("a password").expose(), password);
            assert_eq!(reader, rest.as_bytes());
        }
    }

    #[test]
    fn a_password_without_end_or_sense_is_refused() {
        let endless = first_line(&mut std::io::repeat(b'x'));
        assert!(endless.is_err_and(|error| error.to_string().contains("longer than 1024")));
        assert!(first_line(&mut &b"\xff\xfe\n"[..]).is_err());
        assert!(first_line(&mut "x".repeat(MAX_PASSWORD).as_bytes()).is_ok());
    }
}
