//! What account names and passwords may be.

use deskside_proto::api::MAX_PASSWORD;
use thiserror::Error;

/// Fewest characters of a password.
const MIN_PASSWORD: usize = 10;

/// Why an account name or a password is not accepted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum NameError {
    /// The name has other characters, or none.
    #[error(
        "an account name has 1 to 64 of the characters A-Z a-z 0-9 . _ @ - and begins with a letter or digit"
    )]
    Name,
    /// The password is too short.
    #[error("the password must have at least 10 characters")]
    PasswordTooShort,
    /// The password is too long.
    #[error("the password must have at most 1024 bytes")]
    PasswordTooLong,
    /// The password is the name.
    #[error("the password must not be the account name")]
    PasswordIsName,
}

/// Checks an account name: what can stand as account in an operator's certificate.
pub(crate) fn check_name(name: &str) -> Result<(), NameError> {
    if deskside_trust::is_identifier(name) { Ok(()) } else { Err(NameError::Name) }
}

/// Checks a new password for the account of this name.
pub(crate) fn check_password(name: &str, password: &str) -> Result<(), NameError> {
    if password.chars().count() < MIN_PASSWORD {
        Err(NameError::PasswordTooShort)
    } else if password.len() > MAX_PASSWORD {
        Err(NameError::PasswordTooLong)
    } else if password.to_lowercase() == name.to_lowercase() {
        Err(NameError::PasswordIsName)
    } else {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names() {
        for good in ["ann", "A", "7of9", "ann.smith-help@example.org", &"a".repeat(64)] {
            assert_eq!(check_name(good), Ok(()), "{good}");
        }
        for bad in ["", "-ann", ".x", "a b", "a\n", "ä", "a'--", "a\0", "a/b", "a:b", "a+b", &"a".repeat(65)]
        {
            assert_eq!(check_name(bad), Err(NameError::Name), "{bad:?}");
        }
    }

    #[test]
    fn passwords() {
        assert_eq!(check_password("ann", "correct horse"), Ok(()));
        assert_eq!(check_password("ann", "ninechars"), Err(NameError::PasswordTooShort));
        assert_eq!(
            check_password("ann", "äääääääää"),
            Err(NameError::PasswordTooShort),
            "characters, not bytes"
        );
        assert_eq!(check_password("ann", &"x".repeat(1025)), Err(NameError::PasswordTooLong));
        assert_eq!(check_password("ann.smith.help", "Ann.Smith.Help"), Err(NameError::PasswordIsName));
    }
}
