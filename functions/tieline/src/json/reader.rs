//! Reads an object's fields and keeps every problem.

use std::ops::RangeInclusive;
use std::str::FromStr;

use serde_json::{Map, Value};

use super::{Condition, Fields, Kind};
use crate::ids::Named;
use crate::problem::{Problem, short};

/// One JSON object that is being read.
#[derive(Debug)]
pub struct Reader {
    path: String,
    object: Map<String, Value>,
    known: Vec<&'static str>,
    problems: Vec<Problem>,
}

impl Reader {
    /// Reads `value`, which is an object or a problem, with everything that is wrong with it. Fields that nobody declared
    /// are wrong too: a misspelt one must not be ignored in silence.
    pub fn read<T>(
        path: &str,
        value: Value,
        read: impl FnOnce(&mut Self) -> Option<T>,
    ) -> (Option<T>, Vec<Problem>) {
        let Value::Object(object) = value else {
            let message = format!("expected an object, found {}", kind_of(&value));
            return (None, vec![Problem::at(path, message)]);
        };
        let mut reader = Self {
            path: path.to_owned(),
            object,
            known: Vec::new(),
            problems: Vec::new(),
        };
        let read = read(&mut reader);
        (read, reader.finish())
    }

    fn finish(mut self) -> Vec<Problem> {
        let known = self.known.join(", ");
        let is_unknown = |name: &&String| !self.known.contains(&name.as_str());
        for name in self.object.keys().filter(is_unknown) {
            let message = format!("unknown field {:?}; known here: {known}", short(name, 80));
            let path = format!("{}.{name}", self.path);
            self.problems.push(Problem::at(&path, message));
        }
        self.problems
    }

    fn take(&mut self, name: &'static str) -> Option<Value> {
        self.known.push(name);
        self.object.get(name).cloned()
    }

    fn take_required(&mut self, name: &'static str) -> Option<Value> {
        let value = self.take(name);
        if value.is_none() {
            self.wrong(name, format!("{name} is missing"));
        }
        value
    }

    fn at(&self, name: &str) -> String {
        format!("{}.{name}", self.path)
    }

    fn parse<T: FromStr<Err: ToString>>(&mut self, path: &str, value: &Value) -> Option<T> {
        let parsed = match value.as_str() {
            Some(text) => text.parse().map_err(|error: T::Err| error.to_string()),
            None => Err(format!("expected a text, found {}", kind_of(value))),
        };
        parsed
            .map_err(|message| self.problems.push(Problem::at(path, message)))
            .ok()
    }

    /// A list, at least one item and none twice; each wrong item is a problem of its own.
    fn list<T: Ord>(
        &mut self,
        name: &'static str,
        read: impl Fn(&mut Self, &str, &Value) -> Option<T>,
    ) -> Option<Vec<T>> {
        let Value::Array(values) = self.take_if(name, Value::is_array, "a list")? else {
            return None;
        };
        if values.is_empty() {
            self.wrong(
                name,
                format!("{name} is empty: name at least one, or leave it out"),
            );
        }
        let mut list = Vec::new();
        for (index, value) in values.iter().enumerate() {
            let path = format!("{}[{index}]", self.at(name));
            if let Some(item) = read(self, &path, value) {
                if list.contains(&item) {
                    let message = format!("{value} is named twice");
                    self.problems.push(Problem::at(&path, message));
                }
                list.push(item);
            }
        }
        list.sort();
        Some(list)
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
        self.wrong(
            name,
            format!("expected {expected}, found {}", kind_of(&value)),
        );
        None
    }

    fn as_port(&mut self, path: &str, value: &Value) -> Option<u16> {
        let port = value
            .as_u64()
            .and_then(|number| u16::try_from(number).ok())
            .filter(|port| *port > 0);
        if port.is_none() {
            let message = format!("expected a port from 1 to 65535, found {}", kind_of(value));
            self.problems.push(Problem::at(path, message));
        }
        port
    }

    fn one_of(
        &mut self,
        name: &'static str,
        value: &Value,
        words: &[&'static str],
    ) -> Option<&'static str> {
        let found = words.iter().find(|word| value.as_str() == Some(**word));
        if found.is_none() {
            let all: Vec<String> = words.iter().map(|word| format!("{word:?}")).collect();
            self.wrong(name, format!("expected {}", all.join(" or ")));
        }
        found.copied()
    }

    fn nested<T>(
        &mut self,
        name: &'static str,
        value: Value,
        read: impl FnOnce(&mut Self) -> Option<T>,
    ) -> Option<T> {
        let (read, problems) = Self::read(&self.at(name), value, read);
        self.problems.extend(problems);
        read
    }
}

impl Fields for Reader {
    fn required<T: Named + FromStr<Err: ToString>>(
        &mut self,
        name: &'static str,
        _: &str,
    ) -> Option<T> {
        let value = self.take_required(name)?;
        self.parse(&self.at(name), &value)
    }

    fn optional<T: Named + FromStr<Err: ToString>>(
        &mut self,
        name: &'static str,
        _: &str,
    ) -> Option<T> {
        let value = self.take(name)?;
        self.parse(&self.at(name), &value)
    }

    fn names<T: Named + FromStr<Err: ToString> + Ord>(
        &mut self,
        name: &'static str,
        _: &str,
    ) -> Option<Vec<T>> {
        self.list(name, Self::parse)
    }

    fn text(&mut self, name: &'static str, _: &str) -> Option<String> {
        let value = self.take(name)?;
        self.parse(&self.at(name), &value)
    }

    fn flag(&mut self, name: &'static str, default: bool, about: &str) -> bool {
        self.flag_if_there(name, about).unwrap_or(default)
    }

    fn flag_if_there(&mut self, name: &'static str, _: &str) -> Option<bool> {
        self.take_if(name, Value::is_boolean, "true or false")?
            .as_bool()
    }

    fn required_word(
        &mut self,
        name: &'static str,
        words: &[&'static str],
        _: &str,
    ) -> Option<&'static str> {
        let value = self.take_required(name)?;
        self.one_of(name, &value, words)
    }

    fn word(
        &mut self,
        name: &'static str,
        words: &[&'static str],
        about: &str,
    ) -> Option<&'static str> {
        self.word_or(name, words, words.first()?, about)
    }

    fn word_or(
        &mut self,
        name: &'static str,
        words: &[&'static str],
        default: &'static str,
        _: &str,
    ) -> Option<&'static str> {
        match self.take(name) {
            None => Some(default),
            Some(value) => self.one_of(name, &value, words),
        }
    }

    fn number(
        &mut self,
        name: &'static str,
        bounds: RangeInclusive<u32>,
        default: u32,
        _: &str,
    ) -> u32 {
        let Some(value) = self.take(name) else {
            return default;
        };
        let number = value.as_u64().and_then(|number| u32::try_from(number).ok());
        if let Some(number) = number.filter(|number| bounds.contains(number)) {
            return number;
        }
        let (least, most) = (bounds.start(), bounds.end());
        self.wrong(
            name,
            format!("expected a whole number from {least} to {most}"),
        );
        default
    }

    fn required_port(&mut self, name: &'static str, _: &str) -> Option<u16> {
        let value = self.take_required(name)?;
        self.as_port(&self.at(name), &value)
    }

    fn port(&mut self, name: &'static str, _: &str) -> Option<u16> {
        let value = self.take(name)?;
        self.as_port(&self.at(name), &value)
    }

    fn ports(&mut self, name: &'static str, at_most: usize, _: &str) -> Vec<u16> {
        let ports = self.list(name, Self::as_port).unwrap_or_default();
        if ports.len() > at_most {
            self.wrong(name, format!("expected at most {at_most} ports"));
        }
        ports
    }

    fn object<T>(
        &mut self,
        name: &'static str,
        _: &str,
        read: impl FnOnce(&mut Self) -> Option<T>,
    ) -> Option<T> {
        let value = self.take_required(name)?;
        self.nested(name, value, read)
    }

    fn object_if_there<T>(
        &mut self,
        name: &'static str,
        _: &str,
        read: impl FnOnce(&mut Self) -> Option<T>,
    ) -> Option<Option<T>> {
        match self.take(name) {
            None => Some(None),
            Some(value) => self.nested(name, value, read).map(Some),
        }
    }

    fn variants<T>(
        &mut self,
        name: &'static str,
        tag: &'static str,
        kinds: &[Kind],
        _: &str,
        read: impl Fn(&mut Self, &str) -> Option<T>,
    ) -> Option<T> {
        let value = self.take_required(name)?;
        self.nested(name, value, |fields| {
            let there = fields.take_required(tag);
            let kind = kinds
                .iter()
                .find(|kind| there.as_ref().is_some_and(|there| there == kind.name));
            if let Some(kind) = kind {
                return read(fields, kind.name);
            }
            if there.is_some() {
                let known: Vec<&str> = kinds.iter().map(|kind| kind.name).collect();
                fields.wrong(
                    tag,
                    format!("unknown {tag}; known are {}", known.join(", ")),
                );
            }
            // Nobody knows what belongs to it, so nothing of it is wrong.
            fields.object.clear();
            None
        })
    }

    fn json(&mut self, name: &'static str, _: impl FnOnce() -> Value) -> Option<Value> {
        self.take(name)
    }

    fn needs(&mut self, when: Condition, name: &'static str, why: &str) {
        if self.holds(when) && !self.object.contains_key(name) {
            self.wrong(name, why);
        }
    }

    fn refuses(&mut self, when: Condition, names: &[&'static str], why: &str) {
        if self.holds(when) {
            for name in names {
                if self.object.contains_key(*name) {
                    self.wrong(name, why);
                }
            }
        }
    }

    fn allows_only(&mut self, when: Condition, name: &'static str, value: &'static str, why: &str) {
        let other = self.object.get(name).is_some_and(|there| there != value);
        if self.holds(when) && other {
            self.wrong(name, why);
        }
    }

    fn holds(&self, when: Condition) -> bool {
        when.holds(&self.object)
    }

    fn rule(&mut self, _: impl FnOnce() -> (Value, Value)) {}

    fn wrong(&mut self, name: &str, message: impl Into<String>) {
        self.problems.push(Problem::at(&self.at(name), message));
    }
}

/// What a JSON value is, for a sentence.
pub fn kind_of(value: &Value) -> &'static str {
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
        let value = json!({"vpcId": 1, "subnetIds": ["subnet-x", "subnet-01234567", "subnet-01234567"], "vpc": 1});

        let (_, problems) = Reader::read("$.network", value, |fields| {
            fields.required::<VpcId>("vpcId", "");
            fields.names::<SubnetId>("subnetIds", "");
            Some(fields.flag("missing", true, ""))
        });

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
