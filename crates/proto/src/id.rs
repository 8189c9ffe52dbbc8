//! Identifiers, and the six-digit code.

use std::fmt;
use std::str::FromStr;

use thiserror::Error;
use zeroize::Zeroize;

/// Names one session at broker, relay and both ends; drawn at random by the broker. Not a secret.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct SessionId(pub [u8; 16]);

impl fmt::Display for SessionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for SessionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SessionId({self})")
    }
}

/// A session id is 32 hexadecimal digits when written as text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("a session id is 32 hexadecimal digits")]
pub struct SessionIdError;

impl FromStr for SessionId {
    type Err = SessionIdError;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if text.len() != 32 || !text.is_ascii() {
            return Err(SessionIdError);
        }
        let mut id = [0; 16];
        for (byte, pair) in id.iter_mut().zip(text.as_bytes().chunks(2)) {
            let pair = std::str::from_utf8(pair).map_err(|_| SessionIdError)?;
            *byte = u8::from_str_radix(pair, 16).map_err(|_| SessionIdError)?;
        }
        Ok(Self(id))
    }
}

/// Names one party's side of a relay; drawn at random by the relay, goes before every UDP datagram.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct LegId(pub u64);

/// Numbers a grant within its session, from 1 upwards.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct GrantId(pub u32);

/// Numbers a request of the operator within its session, from 1 upwards.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct RequestId(pub u32);

/// Which of the two parties of a session somebody is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Role {
    /// The person who helps.
    Operator,
    /// The person who is helped.
    Customer,
}

impl Role {
    /// The other party.
    #[must_use]
    pub fn peer(self) -> Self {
        match self {
            Self::Operator => Self::Customer,
            Self::Customer => Self::Operator,
        }
    }
}

/// Six digits that a customer types to reach one session. Shown to nobody but the two people: it has
/// no `Display`, and `Debug` hides it.
#[derive(Clone, PartialEq, Eq, Zeroize)]
#[zeroize(drop)]
pub struct Code(u32);

/// Why a text is not a code.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum CodeError {
    /// Something other than digits, spaces and dashes was typed.
    #[error("the code has digits only; '{0}' is not one")]
    NotADigit(char),
    /// Too few or too many digits.
    #[error("the code has six digits; {0} were typed")]
    Digits(usize),
}

impl Code {
    /// How many codes there are.
    pub const COUNT: u32 = 1_000_000;

    /// The code with this number, if it is below [`Code::COUNT`].
    #[must_use]
    pub fn from_number(number: u32) -> Option<Self> {
        (number < Self::COUNT).then_some(Self(number))
    }

    /// Reads what a person typed; spaces and dashes between digits do not matter.
    ///
    /// # Errors
    /// [`CodeError`] names the first character that is not a digit, or the wrong count.
    pub fn parse(text: &str) -> Result<Self, CodeError> {
        let mut number = 0u32;
        let mut digits = 0;
        for c in text.chars().filter(|c| !c.is_whitespace() && *c != '-') {
            let digit = c.to_digit(10).ok_or(CodeError::NotADigit(c))?;
            digits += 1;
            number = number.wrapping_mul(10).wrapping_add(digit);
        }
        if digits == 6 { Ok(Self(number)) } else { Err(CodeError::Digits(digits)) }
    }

    /// The six digits, to be hashed, sent to the broker or shown to their person, and for nothing else.
    #[must_use]
    pub fn expose(&self) -> String {
        format!("{:06}", self.0)
    }
}

impl fmt::Debug for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Code(••••••)")
    }
}
