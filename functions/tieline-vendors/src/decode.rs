//! Tolerance for what vendors write: `null` where a value is missing, numbers as text, states that are new.
//!
//! Fields that are not there become empty; a field of another kind than described is an error, for reading it as empty
//! could make a list of registrations look as if there were none.

use std::num::ParseIntError;

use serde::Deserialize;
use serde_with::{As, DefaultOnNull};

/// Reads `null` like a field that is not there. A struct asks for it once, for all of its fields:
/// `#[apply(_ => #[serde(with = "Nullable")])]`.
pub(crate) type Nullable = As<DefaultOnNull>;

/// A port that grpc-gateway may write as a number or, as it does with 64 bits, as text.
///
/// What cannot be a port counts as unknown, which is 0.
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
