//! Conditions on an object's fields, for rules that say what follows from them.

use serde_json::{Map, Value, json};

/// What may be the case for an object's field. It can be asked of an object, and JSON Schema can say it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Condition {
    /// The field has this text.
    Is(&'static str, &'static str),
    /// The field is left out or has another value.
    IsNot(&'static str, &'static str),
    /// The field is there.
    Has(&'static str),
    /// The field is left out.
    Lacks(&'static str),
}

impl Condition {
    pub fn holds(self, object: &Map<String, Value>) -> bool {
        match self {
            Self::Is(name, value) => object.get(name).is_some_and(|there| there == value),
            Self::IsNot(name, value) => !Self::Is(name, value).holds(object),
            Self::Has(name) => object.contains_key(name),
            Self::Lacks(name) => !object.contains_key(name),
        }
    }

    pub fn schema(self) -> Value {
        match self {
            Self::Is(name, value) => {
                json!({"properties": {name: {"const": value}}, "required": [name]})
            }
            Self::IsNot(name, value) => json!({"not": Self::Is(name, value).schema()}),
            Self::Has(name) => json!({"required": [name]}),
            Self::Lacks(name) => json!({"not": {"required": [name]}}),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_condition_says_the_same_of_an_object_as_its_schema() {
        let conditions = [
            Condition::Is("dns", "none"),
            Condition::IsNot("dns", "none"),
            Condition::Has("dns"),
            Condition::Lacks("dns"),
        ];
        for object in [
            json!({}),
            json!({"dns": "none"}),
            json!({"dns": "endpoint"}),
            json!({"dns": 1}),
        ] {
            for condition in conditions {
                let valid = jsonschema::is_valid(&condition.schema(), &object);
                let Value::Object(fields) = &object else {
                    panic!("an object")
                };
                assert_eq!(condition.holds(fields), valid, "{condition:?} of {object}");
            }
        }
    }
}
