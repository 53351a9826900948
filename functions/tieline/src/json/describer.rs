//! Describes an object's fields as JSON Schema.

use std::ops::RangeInclusive;
use std::str::FromStr;

use serde_json::{Map, Value, json};

use super::{Condition, Fields, Kind};
use crate::ids::Named;

/// One object that is being described.
#[derive(Debug)]
pub struct Describer(Object);

/// The schema of an object that has these fields and no others.
#[derive(Debug, Clone)]
pub struct Object {
    about: String,
    properties: Map<String, Value>,
    required: Vec<&'static str>,
    rules: Vec<Value>,
    definitions: Map<String, Value>,
}

impl Describer {
    /// Describes what a function reads.
    pub fn describe<T>(about: &str, read: impl FnOnce(&mut Self) -> Option<T>) -> Object {
        let mut describer = Self(Object::of(about));
        read(&mut describer);
        describer.0
    }

    fn field(&mut self, name: &'static str, schema: Value) {
        self.0.field(name, schema);
    }

    fn required_field(&mut self, name: &'static str, schema: Value) {
        self.0.required_field(name, schema);
    }
}

impl Object {
    pub fn of(about: &str) -> Self {
        Self {
            about: about.to_owned(),
            properties: Map::new(),
            required: Vec::new(),
            rules: Vec::new(),
            definitions: Map::new(),
        }
    }

    /// Adds a field that may be left out.
    pub fn field(&mut self, name: &'static str, schema: Value) {
        self.properties.insert(name.to_owned(), schema);
    }

    /// Adds a field that must be there.
    pub fn required_field(&mut self, name: &'static str, schema: Value) {
        self.required.push(name);
        self.field(name, schema);
    }

    /// Adds a rule: where `condition` holds, `then` holds too.
    pub fn rule(&mut self, condition: Value, then: Value) {
        self.rules.push(json!({"if": condition, "then": then}));
    }

    pub fn schema(self) -> Value {
        let mut schema = json!({
            "description": self.about,
            "type": "object",
            "properties": self.properties,
            "required": self.required,
            "additionalProperties": false,
        });
        if !self.rules.is_empty() {
            schema["allOf"] = json!(self.rules);
        }
        if !self.definitions.is_empty() {
            schema["$defs"] = Value::Object(self.definitions);
        }
        schema
    }
}

/// The schema of a name of this kind.
pub fn name_schema<T: Named>(about: &str) -> Value {
    let mut schema = Value::Object(T::shape().schema());
    schema["description"] = json!(match about {
        "" => T::EXPECTED.to_owned(),
        about => format!("{about} ({})", T::EXPECTED),
    });
    schema
}

fn port_schema(about: &str) -> Value {
    json!({"description": about, "type": "integer", "minimum": 1, "maximum": u16::MAX})
}

impl Fields for Describer {
    fn required<T: Named + FromStr<Err: ToString>>(
        &mut self,
        name: &'static str,
        about: &str,
    ) -> Option<T> {
        self.required_field(name, name_schema::<T>(about));
        None
    }

    fn optional<T: Named + FromStr<Err: ToString>>(
        &mut self,
        name: &'static str,
        about: &str,
    ) -> Option<T> {
        self.field(name, name_schema::<T>(about));
        None
    }

    fn names<T: Named + FromStr<Err: ToString> + Ord>(
        &mut self,
        name: &'static str,
        about: &str,
    ) -> Option<Vec<T>> {
        let schema = json!({
            "description": about,
            "type": "array",
            "items": name_schema::<T>(""),
            "minItems": 1,
            "uniqueItems": true,
        });
        self.field(name, schema);
        None
    }

    fn text(&mut self, name: &'static str, about: &str) -> Option<String> {
        self.field(name, json!({"description": about, "type": "string"}));
        None
    }

    fn flag(&mut self, name: &'static str, default: bool, about: &str) -> bool {
        let schema = json!({"description": about, "type": "boolean", "default": default});
        self.field(name, schema);
        default
    }

    fn flag_if_there(&mut self, name: &'static str, about: &str) -> Option<bool> {
        self.field(name, json!({"description": about, "type": "boolean"}));
        None
    }

    fn required_word(
        &mut self,
        name: &'static str,
        words: &[&'static str],
        about: &str,
    ) -> Option<&'static str> {
        self.required_field(name, json!({"description": about, "enum": words}));
        None
    }

    fn word(
        &mut self,
        name: &'static str,
        words: &[&'static str],
        about: &str,
    ) -> Option<&'static str> {
        let schema = json!({"description": about, "enum": words, "default": words.first()});
        self.field(name, schema);
        None
    }

    fn word_or(
        &mut self,
        name: &'static str,
        words: &[&'static str],
        _: &'static str,
        about: &str,
    ) -> Option<&'static str> {
        self.field(name, json!({"description": about, "enum": words}));
        None
    }

    fn number(
        &mut self,
        name: &'static str,
        bounds: RangeInclusive<u32>,
        default: u32,
        about: &str,
    ) -> u32 {
        let schema = json!({
            "description": about,
            "type": "integer",
            "minimum": bounds.start(),
            "maximum": bounds.end(),
            "default": default,
        });
        self.field(name, schema);
        default
    }

    fn required_port(&mut self, name: &'static str, about: &str) -> Option<u16> {
        self.required_field(name, port_schema(about));
        None
    }

    fn port(&mut self, name: &'static str, about: &str) -> Option<u16> {
        self.field(name, port_schema(about));
        None
    }

    fn ports(&mut self, name: &'static str, at_most: usize, about: &str) -> Vec<u16> {
        let schema = json!({
            "description": about,
            "type": "array",
            "items": port_schema("each"),
            "minItems": 1,
            "maxItems": at_most,
            "uniqueItems": true,
        });
        self.field(name, schema);
        Vec::new()
    }

    fn object<T>(
        &mut self,
        name: &'static str,
        about: &str,
        read: impl FnOnce(&mut Self) -> Option<T>,
    ) -> Option<T> {
        self.required_field(name, Self::describe(about, read).schema());
        None
    }

    fn object_if_there<T>(
        &mut self,
        name: &'static str,
        about: &str,
        read: impl FnOnce(&mut Self) -> Option<T>,
    ) -> Option<Option<T>> {
        self.field(name, Self::describe(about, read).schema());
        None
    }

    /// A chain of conditions has validators complain of the kind that is meant, where `oneOf` has them complain of all.
    fn variants<T>(
        &mut self,
        name: &'static str,
        tag: &'static str,
        kinds: &[Kind],
        about: &str,
        read: impl Fn(&mut Self, &str) -> Option<T>,
    ) -> Option<T> {
        let mut cases = Vec::new();
        for kind in kinds {
            let mut definition = Self::describe(kind.about, |fields| read(fields, kind.name));
            let tagged = json!({"description": "The kind", "const": kind.name});
            definition.required_field(tag, tagged);
            let place = format!("#/$defs/{}", kind.name);
            cases.push(
                json!({"if": Condition::Is(tag, kind.name).schema(), "then": {"$ref": place}}),
            );
            self.0
                .definitions
                .insert(kind.name.to_owned(), definition.schema());
        }
        let names: Vec<&str> = kinds.iter().map(|kind| kind.name).collect();
        let schema = json!({
            "description": about,
            "type": "object",
            "properties": {tag: {"description": "The kind", "enum": names}},
            "required": [tag],
            "allOf": cases,
        });
        self.required_field(name, schema);
        None
    }

    fn json(&mut self, name: &'static str, schema: impl FnOnce() -> Value) -> Option<Value> {
        self.field(name, schema());
        None
    }

    fn needs(&mut self, when: Condition, name: &'static str, _: &str) {
        self.0.rule(when.schema(), json!({"required": [name]}));
    }

    fn refuses(&mut self, when: Condition, names: &[&'static str], _: &str) {
        self.0.rule(when.schema(), without(names));
    }

    fn allows_only(&mut self, when: Condition, name: &'static str, value: &'static str, _: &str) {
        let only = json!({"properties": {name: {"const": value}}});
        self.0.rule(when.schema(), only);
    }

    fn holds(&self, _: Condition) -> bool {
        false
    }

    fn rule(&mut self, rule: impl FnOnce() -> (Value, Value)) {
        let (condition, then) = rule();
        self.0.rule(condition, then);
    }

    fn wrong(&mut self, _: &str, _: impl Into<String>) {}
}

/// The demand that fields are left out.
pub(super) fn without(fields: &[&str]) -> Value {
    let nothing: Map<String, Value> = fields
        .iter()
        .map(|&field| (field.to_owned(), json!(false)))
        .collect();
    json!({"properties": nothing})
}
