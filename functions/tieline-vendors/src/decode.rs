//! Tolerance for what vendors write: `null` for a missing value, numbers as text, new states.
//!
//! A missing field becomes empty. A field of the wrong type is an error: read as empty, it could make a list of
//! registrations look as if there were none.

use std::num::ParseIntError;

use serde::Deserialize;
use serde_with::{As, DefaultOnNull};

/// Reads `null` like a missing field. A struct applies it to all its fields at once, so that none can be forgotten:
/// `#[apply(_ => #[serde(with = "Nullable")])]`.
pub(crate) type Nullable = As<DefaultOnNull>;

/// A port that grpc-gateway may write as a number or, as it does with 64 bits, as text.
///
/// A number that cannot be a port is read as 0, which stands for an unknown port.
#[derive(Default, Deserialize)]
#[serde(try_from = "Written")]
pub(crate) struct Port(pub(crate) u16);

#[derive(Deserialize)]
#[serde(untagged)]
enum Written {
    Number(i64),
    Text(String),
}

impl TryFrom<Written> for Port {
    type Error = ParseIntError;

    fn try_from(written: Written) -> Result<Self, Self::Error> {
        let number = match written {
            Written::Number(number) => number,
            Written::Text(text) if text.is_empty() => 0,
            Written::Text(text) => text.parse()?,
        };
        Ok(Self(u16::try_from(number).unwrap_or(0)))
    }
}
