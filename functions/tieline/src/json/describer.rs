//! Schemas of objects and of their fields, named like the parsers in [`crate::fields`].

use std::ops::RangeInclusive;

use serde_json::{Map, Value, json};

use super::Named;

/// The schema of an object, field by field.
#[derive(Debug, Clone)]
pub(crate) struct Object {
    about: String,
    properties: Map<String, Value>,
    required: Vec<&'static str>,
    rules: Vec<Value>,
    is_open: bool,
}

impl Object {
    /// An object that has these fields and no others.
    pub(crate) fn closed(about: &str) -> Self {
        Self {
            about: about.to_owned(),
            properties: Map::new(),
            required: Vec::new(),
            rules: Vec::new(),
            is_open: false,
        }
    }

    /// An object that will get further fields.
    pub(crate) fn open(about: &str) -> Self {
        Self {
            is_open: true,
            ..Self::closed(about)
        }
    }

    /// With a field that must be there.
    pub(crate) fn required(mut self, field: &'static str, schema: Value) -> Self {
        self.required.push(field);
        self.optional(field, schema)
    }

    /// With a field that may be left out.
    pub(crate) fn optional(mut self, field: &'static str, schema: Value) -> Self {
        self.properties.insert(field.to_owned(), schema);
        self
    }

    /// With a rule: where `condition` holds, `then` holds too.
    pub(crate) fn rule(mut self, condition: Value, then: Value) -> Self {
        self.rules.push(json!({"if": condition, "then": then}));
        self
    }

    /// The schema.
    pub(crate) fn build(self) -> Value {
        let mut schema = json!({
            "description": self.about,
            "type": "object",
            "properties": self.properties,
            "required": self.required,
        });
        if !self.is_open {
            schema["additionalProperties"] = json!(false);
        }
        if !self.rules.is_empty() {
            schema["allOf"] = json!(self.rules);
        }
        schema
    }
}

/// A name of a kind of its own.
pub(crate) fn name<T: Named>(about: &str) -> Value {
    let mut schema = each::<T>();
    schema["description"] = json!(format!("{about} ({})", T::EXPECTED));
    schema
}

/// A name in a list, of which there is nothing more to say.
pub(crate) fn each<T: Named>() -> Value {
    let shape = T::SHAPE;
    let mut schema = json!({
        "description": T::EXPECTED,
        "type": "string",
        "pattern": shape.pattern,
    });
    if let Some(most) = shape.most {
        schema["maxLength"] = json!(most);
    }
    if let Some(never) = shape.never {
        schema["not"] = json!({"pattern": never});
    }
    schema
}

/// A list of names: at least one, none twice.
pub(crate) fn names<T: Named>(about: &str) -> Value {
    json!({
        "description": about,
        "type": "array",
        "items": each::<T>(),
        "minItems": 1,
        "uniqueItems": true,
    })
}

/// Any text.
pub(crate) fn text(about: &str) -> Value {
    json!({"description": about, "type": "string"})
}

/// A flag, with what it is when left out.
pub(crate) fn flag(default: bool, about: &str) -> Value {
    json!({"description": about, "type": "boolean", "default": default})
}

/// One of a few words; left out, it is the first.
pub(crate) fn word(words: &[&str], about: &str) -> Value {
    json!({"description": about, "enum": words, "default": words.first()})
}

/// A whole number within bounds, with what it is when left out.
pub(crate) fn number(bounds: RangeInclusive<u32>, default: u32, about: &str) -> Value {
    json!({
        "description": about,
        "type": "integer",
        "minimum": bounds.start(),
        "maximum": bounds.end(),
        "default": default,
    })
}

/// A TCP port.
pub(crate) fn port(about: &str) -> Value {
    json!({"description": about, "type": "integer", "minimum": 1, "maximum": u16::MAX})
}

/// The condition that a field is there with this value.
pub(crate) fn when(field: &str, value: &str) -> Value {
    json!({"properties": {field: {"const": value}}, "required": [field]})
}

/// A list of TCP ports.
pub(crate) fn ports(most: usize, about: &str) -> Value {
    json!({
        "description": about,
        "type": "array",
        "items": port("each"),
        "minItems": 1,
        "maxItems": most,
        "uniqueItems": true,
    })
}

/// The condition, or the demand, that a field is there.
pub(crate) fn has(field: &str) -> Value {
    json!({"required": [field]})
}

/// The demand that fields are left out.
pub(crate) fn without(fields: &[&str]) -> Value {
    let nothing: Map<String, Value> = fields
        .iter()
        .map(|&field| (field.to_owned(), json!(false)))
        .collect();
    json!({"properties": nothing})
}
