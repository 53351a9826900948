//! TCP ports: one, or a range of them.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize, Serializer};
use serde_json::{Value, json};

use super::Malformed;

/// TCP ports from a first to a last, which may be the same. In JSON a number, or `"8443-8451"`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(try_from = "Value")]
pub struct Ports {
    pub first: u16,
    pub last: u16,
}

impl Ports {
    const EXPECTED: &'static str =
        "a TCP port from 1 to 65535, or a range of them such as \"8443-8451\"";

    /// The port, where it is only one.
    pub fn single(self) -> Option<u16> {
        (self.first == self.last).then_some(self.first)
    }

    pub fn overlaps(self, other: Self) -> bool {
        self.first <= other.last && other.first <= self.last
    }

    /// The schema, with a sentence about it.
    pub fn schema(about: &str) -> Value {
        let port = json!({"type": "integer", "minimum": 1, "maximum": u16::MAX});
        let range = json!({"type": "string", "pattern": "^[1-9][0-9]{0,4}-[1-9][0-9]{0,4}$"});
        json!({"description": about, "anyOf": [port, range]})
    }
}

impl From<u16> for Ports {
    fn from(port: u16) -> Self {
        Self {
            first: port,
            last: port,
        }
    }
}

impl FromStr for Ports {
    type Err = Malformed;

    fn from_str(text: &str) -> Result<Self, Malformed> {
        let number = |text: &str| {
            let is_plain = text.starts_with(|c: char| ('1'..='9').contains(&c));
            is_plain.then(|| text.parse::<u16>().ok()).flatten()
        };
        let range = text
            .split_once('-')
            .and_then(|(first, last)| number(first).zip(number(last)));
        match range {
            Some((first, last)) if first < last => Ok(Self { first, last }),
            _ => Err(Malformed {
                text: text.chars().take(80).collect(),
                expected: Self::EXPECTED,
            }),
        }
    }
}

impl TryFrom<Value> for Ports {
    type Error = Malformed;

    fn try_from(value: Value) -> Result<Self, Malformed> {
        let port = value.as_u64().and_then(|port| u16::try_from(port).ok());
        match (port.filter(|port| *port > 0), value.as_str()) {
            (Some(port), _) => Ok(port.into()),
            (None, Some(text)) => text.parse(),
            (None, None) => value.to_string().parse(),
        }
    }
}

impl fmt::Display for Ports {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.first == self.last {
            true => write!(f, "{}", self.first),
            false => write!(f, "{}-{}", self.first, self.last),
        }
    }
}

impl Serialize for Ports {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.first == self.last {
            true => serializer.serialize_u16(self.first),
            false => serializer.collect_str(self),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_port_is_a_number_and_a_range_a_text() {
        for (value, read) in [
            (json!(443), Some((443, 443))),
            (json!("8443-8451"), Some((8443, 8451))),
            (json!("443"), None),
            (json!("443-443"), None),
            (json!("8451-8443"), None),
            (json!("+1-5"), None),
            (json!("1-65536"), None),
            (json!(0), None),
            (json!(65536), None),
            (json!(true), None),
        ] {
            let ports = Ports::try_from(value.clone()).ok();
            assert_eq!(ports.map(|one| (one.first, one.last)), read, "{value}");
            if let Some(ports) = ports {
                assert_eq!(json!(ports), value);
            }
        }
    }
}
