//! Describes an object's fields as JSON Schema.

use serde_json::{Map, Value, json};

use super::{Condition, Fields, Kind, Word};

/// One object that is being described: it has these fields and no others.
#[derive(Debug, Default)]
pub struct Describer {
    properties: Map<String, Value>,
    required: Vec<Word>,
    rules: Vec<Value>,
    definitions: Map<String, Value>,
}

impl Describer {
    /// The schema of what a function reads.
    pub fn describe<T>(about: &str, read: impl FnOnce(&mut Self) -> Option<T>) -> Value {
        let mut describer = Self::default();
        read(&mut describer);
        let mut schema = json!({
            "description": about,
            "type": "object",
            "properties": describer.properties,
            "required": describer.required,
            "additionalProperties": false,
        });
        if !describer.rules.is_empty() {
            schema["allOf"] = json!(describer.rules);
        }
        if !describer.definitions.is_empty() {
            schema["$defs"] = Value::Object(describer.definitions);
        }
        schema
    }
}

impl Fields for Describer {
    fn field(&mut self, name: Word, needed: bool, schema: impl FnOnce() -> Value) -> Option<Value> {
        if needed {
            self.required.push(name);
        }
        self.properties.insert(name.to_owned(), schema());
        None
    }

    fn nested<T>(
        &mut self,
        name: Word,
        needed: bool,
        about: &str,
        read: impl FnOnce(&mut Self) -> Option<T>,
    ) -> Option<T> {
        self.field(name, needed, || Self::describe(about, read));
        None
    }

    /// A chain of conditions has validators complain of the kind that is meant, where `oneOf` has them complain of all.
    fn variants<T>(
        &mut self,
        name: Word,
        tag: Word,
        kinds: &[Kind],
        about: &str,
        read: impl Fn(&mut Self, &str) -> Option<T>,
    ) -> Option<T> {
        let about_tag = format!("The kind of {name}");
        let mut cases = Vec::new();
        for kind in kinds {
            let definition = Self::describe(kind.about, |fields| {
                read(fields, kind.name);
                fields.field(
                    tag,
                    true,
                    || json!({"description": about_tag, "const": kind.name}),
                )
            });
            let place = format!("#/$defs/{}", kind.name);
            let is = Condition::Is(tag, kind.name).schema();
            cases.push(json!({"if": is, "then": {"$ref": place}}));
            self.definitions.insert(kind.name.to_owned(), definition);
        }
        let names: Vec<&str> = kinds.iter().map(|kind| kind.name).collect();
        self.field(name, true, || {
            json!({
                "description": about,
                "type": "object",
                "properties": {tag: {"description": about_tag, "enum": names}},
                "required": [tag],
                "allOf": cases,
            })
        });
        None
    }

    fn holds(&self, _: Condition) -> bool {
        false
    }

    fn rule(&mut self, rule: impl FnOnce() -> (Value, Value)) {
        let (condition, then) = rule();
        self.rules.push(json!({"if": condition, "then": then}));
    }

    fn wrong(&mut self, _: &str, _: impl Into<String>) {}
}
