//! Reads a JSON object field by field and keeps every problem, so that a caller hears of all of them at once.
//!
//! Serde stops at the first error; rule 11 wants every offending path. The leaves are still read by serde.

use std::collections::BTreeMap;
use std::str::FromStr;

use serde_json::{Map, Value};

use crate::problem::{Problem, short};

/// The fields of one JSON object that were not read yet.
#[derive(Debug)]
pub struct Fields<'p> {
    path: String,
    left: Map<String, Value>,
    known: Vec<&'static str>,
    problems: &'p mut Vec<Problem>,
}

impl<'p> Fields<'p> {
    /// Opens `value`, which is an object or a problem.
    pub fn open(path: &str, value: Value, problems: &'p mut Vec<Problem>) -> Option<Self> {
        if let Value::Object(left) = value {
            return Some(Self {
                path: path.to_owned(),
                left,
                known: Vec::new(),
                problems,
            });
        }
        let message = format!("expected an object, found {}", kind(&value));
        problems.push(Problem::at(path, message));
        None
    }

    /// A text that must be there and of the shape `T` wants.
    pub fn required<T: FromStr<Err: ToString>>(&mut self, name: &'static str) -> Option<T> {
        match self.take(name) {
            Some(value) => self.parse(&self.at(name), &value),
            None => {
                let path = self.at(name);
                self.problems
                    .push(Problem::at(&path, format!("{name} is missing")));
                None
            }
        }
    }

    /// A text that may be left out.
    pub fn optional<T: FromStr<Err: ToString>>(&mut self, name: &'static str) -> Option<T> {
        let value = self.take(name)?;
        self.parse(&self.at(name), &value)
    }

    /// A list of texts; each wrong element is a problem of its own. Left out: `None`.
    pub fn list<T: FromStr<Err: ToString> + PartialEq>(
        &mut self,
        name: &'static str,
    ) -> Option<Vec<T>> {
        self.list_of(name, Self::parse)
    }

    fn list_of<T: PartialEq>(
        &mut self,
        name: &'static str,
        read: impl Fn(&mut Self, &str, &Value) -> Option<T>,
    ) -> Option<Vec<T>> {
        let path = self.at(name);
        let Value::Array(values) = self.take_if(name, Value::is_array, "a list")? else {
            return None;
        };
        if values.is_empty() {
            self.problems.push(Problem::at(
                &path,
                format!("{name} is empty: name at least one, or leave it out"),
            ));
        }
        let mut list = Vec::new();
        for (index, value) in values.iter().enumerate() {
            let path = format!("{path}[{index}]");
            if let Some(item) = read(self, &path, value) {
                if list.contains(&item) {
                    self.problems
                        .push(Problem::at(&path, format!("{value} is named twice")));
                }
                list.push(item);
            }
        }
        Some(list)
    }

    /// A flag, with what it is when left out.
    pub fn flag(&mut self, name: &'static str, default: bool) -> bool {
        self.take_if(name, Value::is_boolean, "true or false")
            .and_then(|value| value.as_bool())
            .unwrap_or(default)
    }

    /// A TCP port that may be left out.
    pub fn port(&mut self, name: &'static str) -> Option<u16> {
        let path = self.at(name);
        let value = self.take(name)?;
        self.as_port(&path, &value)
    }

    /// A list of TCP ports, none of them twice; left out, it is empty.
    pub fn ports(&mut self, name: &'static str) -> Vec<u16> {
        self.list_of(name, Self::as_port).unwrap_or_default()
    }

    fn as_port(&mut self, path: &str, value: &Value) -> Option<u16> {
        let port = value
            .as_u64()
            .and_then(|number| u16::try_from(number).ok())
            .filter(|port| *port > 0);
        if port.is_none() {
            self.problems.push(Problem::at(
                path,
                format!("expected a port from 1 to 65535, found {}", kind(value)),
            ));
        }
        port
    }

    /// A map from text to text; left out, it is empty.
    pub fn texts(&mut self, name: &'static str) -> BTreeMap<String, String> {
        let path = self.at(name);
        let Some(Value::Object(entries)) =
            self.take_if(name, Value::is_object, "an object of texts")
        else {
            return BTreeMap::new();
        };
        let mut texts = BTreeMap::new();
        for (key, value) in entries {
            if let Value::String(text) = value {
                texts.insert(key, text);
            } else {
                let path = format!("{path}[{key:?}]");
                let message = format!("expected a text, found {}", kind(&value));
                self.problems.push(Problem::at(&path, message));
            }
        }
        texts
    }

    /// An object that must be there, opened for reading.
    pub fn object(&mut self, name: &'static str) -> Option<Fields<'_>> {
        let path = self.at(name);
        match self.take(name) {
            Some(value) => Fields::open(&path, value, self.problems),
            None => {
                self.problems
                    .push(Problem::at(&path, format!("{name} is missing")));
                None
            }
        }
    }

    /// An object that may be left out, opened for reading.
    pub fn object_if_there(&mut self, name: &'static str) -> Option<Fields<'_>> {
        let path = self.at(name);
        let value = self.take(name)?;
        Fields::open(&path, value, self.problems)
    }

    /// One of a few words; left out, it is the first.
    pub fn word(&mut self, name: &'static str, words: &[&'static str]) -> Option<&'static str> {
        let Some(value) = self.take(name) else {
            return words.first().copied();
        };
        let found = words.iter().find(|word| value.as_str() == Some(**word));
        if found.is_none() {
            let all: Vec<String> = words.iter().map(|word| format!("{word:?}")).collect();
            self.wrong(name, format!("expected {}", all.join(" or ")));
        }
        found.copied()
    }

    /// A whole number within bounds, with what it is when left out.
    pub fn number(
        &mut self,
        name: &'static str,
        bounds: std::ops::RangeInclusive<u32>,
        default: u32,
    ) -> u32 {
        let Some(value) = self.take(name) else {
            return default;
        };
        let number = value.as_u64().and_then(|number| u32::try_from(number).ok());
        number
            .filter(|number| bounds.contains(number))
            .unwrap_or_else(|| {
                let message = format!(
                    "expected a whole number from {} to {}",
                    bounds.start(),
                    bounds.end()
                );
                self.wrong(name, message);
                default
            })
    }

    /// Any JSON that may be left out.
    pub fn take(&mut self, name: &'static str) -> Option<Value> {
        self.known.push(name);
        self.left.remove(name)
    }

    /// The path of a field of this object.
    pub fn at(&self, name: &str) -> String {
        format!("{}.{name}", self.path)
    }

    /// Notes a problem at a field of this object.
    pub fn wrong(&mut self, name: &str, message: impl Into<String>) {
        let path = self.at(name);
        self.problems.push(Problem::at(&path, message));
    }

    /// Refuses what nobody asked for: a misspelt field must not be ignored in silence.
    pub fn finish(self) {
        for name in self.left.keys() {
            let known = self.known.join(", ");
            let path = format!("{}.{name}", self.path);
            self.problems.push(Problem::at(
                &path,
                format!("unknown field {:?}; known here: {known}", short(name, 80)),
            ));
        }
    }

    fn take_if(
        &mut self,
        name: &'static str,
        fits: fn(&Value) -> bool,
        expected: &str,
    ) -> Option<Value> {
        let value = self.take(name)?;
        if fits(&value) {
            return Some(value);
        }
        self.wrong(name, format!("expected {expected}, found {}", kind(&value)));
        None
    }

    fn parse<T: FromStr<Err: ToString>>(&mut self, path: &str, value: &Value) -> Option<T> {
        let parsed = match value.as_str() {
            Some(text) => text.parse().map_err(|error: T::Err| error.to_string()),
            None => Err(format!("expected a text, found {}", kind(value))),
        };
        parsed
            .map_err(|message| self.problems.push(Problem::at(path, message)))
            .ok()
    }
}

/// What a JSON value is, for a sentence.
pub fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "true or false",
        Value::Number(_) => "a number",
        Value::String(_) => "a text",
        Value::Array(_) => "a list",
        Value::Object(_) => "an object",
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::ids::{SubnetId, VpcId};

    #[test]
    fn every_wrong_field_is_named_with_its_path() {
        let mut problems = Vec::new();
        let value = json!({"vpcId": 1, "subnetIds": ["subnet-x", "subnet-01234567", "subnet-01234567"], "vpc": 1});

        let mut fields = Fields::open("$.network", value, &mut problems).unwrap();
        fields.required::<VpcId>("vpcId");
        fields.list::<SubnetId>("subnetIds");
        fields.flag("missing", true);
        fields.finish();

        let paths: Vec<&str> = problems
            .iter()
            .filter_map(|problem| problem.path.as_deref())
            .collect();
        assert_eq!(
            paths,
            [
                "$.network.vpcId",
                "$.network.subnetIds[0]",
                "$.network.subnetIds[2]",
                "$.network.vpc"
            ]
        );
        assert!(
            problems[3]
                .message
                .contains("known here: vpcId, subnetIds, missing")
        );
    }
}
