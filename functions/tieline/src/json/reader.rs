//! Reads an object's fields and keeps every problem.

use serde_json::{Map, Value};

use super::{Condition, Fields, Kind, Word};
use crate::problem::{Problem, short};

/// One JSON object that is being read.
#[derive(Debug)]
pub struct Reader {
    path: String,
    object: Map<String, Value>,
    known: Vec<Word>,
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

    fn take(&mut self, name: Word, needed: bool) -> Option<Value> {
        self.known.push(name);
        let value = self.object.get(name).cloned();
        if value.is_none() && needed {
            self.wrong(name, format!("{name} is missing"));
        }
        value
    }
}

impl Fields for Reader {
    fn field(&mut self, name: Word, needed: bool, _: impl FnOnce() -> Value) -> Option<Value> {
        self.take(name, needed)
    }

    fn nested<T>(
        &mut self,
        name: Word,
        needed: bool,
        _: &str,
        read: impl FnOnce(&mut Self) -> Option<T>,
    ) -> Option<T> {
        let value = self.take(name, needed)?;
        let path = format!("{}.{name}", self.path);
        let (read, problems) = Self::read(&path, value, read);
        self.problems.extend(problems);
        read
    }

    fn variants<T>(
        &mut self,
        name: Word,
        tag: Word,
        kinds: &[Kind],
        about: &str,
        read: impl Fn(&mut Self, &str) -> Option<T>,
    ) -> Option<T> {
        self.nested(name, true, about, |fields| {
            let there = fields.take(tag, true);
            let is = |kind: &&Kind| there.as_ref().is_some_and(|there| there == kind.name);
            if let Some(kind) = kinds.iter().find(is) {
                return read(fields, kind.name);
            }
            if there.is_some() {
                let known: Vec<&str> = kinds.iter().map(|kind| kind.name).collect();
                let message = format!("unknown {tag}; known are {}", known.join(", "));
                fields.wrong(tag, message);
            }
            // Of an unknown kind, no field can be called wrong.
            fields.object.clear();
            None
        })
    }

    fn holds(&self, when: Condition) -> bool {
        when.holds(&self.object)
    }

    fn rule(&mut self, _: impl FnOnce() -> (Value, Value)) {}

    fn wrong(&mut self, name: &str, message: impl Into<String>) {
        let path = format!("{}.{name}", self.path);
        self.problems.push(Problem::at(&path, message));
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
