//! Tolerance for what vendors write: `null` where a value is missing, numbers as text, states that are new.
//!
//! Fields that are not there become empty; a field of another kind than described is an error, for reading it as empty
//! could make a list of registrations look as if there were none.

use serde::{Deserialize, Deserializer, de::Error as _};

/// Reads `null` like a field that is not there.
pub(crate) fn nullable<'de, D, T>(from: D) -> Result<T, D::Error>
where
    D: Deserializer<'de>,
    T: Deserialize<'de> + Default,
{
    Ok(Option::<T>::deserialize(from)?.unwrap_or_default())
}

/// Reads a port that grpc-gateway may write as a number or, as it does with 64 bits, as text.
///
/// What no port can be is one that is not known, which is 0.
pub(crate) fn port<'de, D: Deserializer<'de>>(from: D) -> Result<u16, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Written {
        Number(i64),
        Text(String),
    }
    let number = match Option::<Written>::deserialize(from)? {
        None => return Ok(0),
        Some(Written::Number(number)) => number,
        Some(Written::Text(text)) if text.is_empty() => 0,
        Some(Written::Text(text)) => text.parse().map_err(D::Error::custom)?,
    };
    Ok(u16::try_from(number).unwrap_or(0))
}
