//! The one error of every decoder in this crate.

use thiserror::Error;

/// Why bytes from another program were refused. The peer that sent them is at fault.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum DecodeError {
    /// The protobuf or fixed layout itself is broken.
    #[error("{message} is malformed: {problem}")]
    Malformed {
        /// Which message was being read.
        message: &'static str,
        /// What the parser said.
        problem: String,
    },
    /// A required field is absent.
    #[error("{field} is missing")]
    Missing {
        /// Field, as `Message.field`.
        field: &'static str,
    },
    /// A field holds a value outside its range.
    #[error("{field} is out of range: {value}, allowed {allowed}")]
    OutOfRange {
        /// Field, as `Message.field`.
        field: &'static str,
        /// What was received.
        value: u64,
        /// What would have been accepted.
        allowed: &'static str,
    },
    /// A length is above its named maximum, or is not the fixed length.
    #[error("{field} has {length} bytes, at most {maximum} are allowed")]
    TooLong {
        /// Field, as `Message.field`.
        field: &'static str,
        /// Claimed or actual length.
        length: usize,
        /// The maximum.
        maximum: usize,
    },
    /// The input ends before the field does.
    #[error("{field} ends early")]
    Truncated {
        /// Field, as `Message.field`.
        field: &'static str,
    },
}

impl DecodeError {
    pub(crate) fn malformed(message: &'static str, problem: &prost::DecodeError) -> Self {
        Self::Malformed { message, problem: problem.to_string() }
    }
}

/// The value, or an error that names the absent field.
pub(crate) fn required<T>(value: Option<T>, field: &'static str) -> Result<T, DecodeError> {
    value.ok_or(DecodeError::Missing { field })
}

/// The bytes as an array of exactly `N`.
pub(crate) fn exactly<const N: usize>(bytes: &[u8], field: &'static str) -> Result<[u8; N], DecodeError> {
    match bytes.try_into() {
        Ok(array) => Ok(array),
        Err(_) if bytes.len() < N => Err(DecodeError::Truncated { field }),
        Err(_) => Err(DecodeError::TooLong { field, length: bytes.len(), maximum: N }),
    }
}

/// The value, if its length is at most `maximum` bytes.
pub(crate) fn at_most<T: AsRef<[u8]>>(
    value: T,
    maximum: usize,
    field: &'static str,
) -> Result<T, DecodeError> {
    let length = value.as_ref().len();
    if length <= maximum { Ok(value) } else { Err(DecodeError::TooLong { field, length, maximum }) }
}

/// The value as the narrower integer, if it fits and is not above `maximum`.
pub(crate) fn bounded<T: TryFrom<u32>>(
    value: u32,
    maximum: u32,
    field: &'static str,
    allowed: &'static str,
) -> Result<T, DecodeError> {
    let out_of_range = || DecodeError::OutOfRange { field, value: u64::from(value), allowed };
    if value > maximum {
        return Err(out_of_range());
    }
    T::try_from(value).map_err(|_| out_of_range())
}
