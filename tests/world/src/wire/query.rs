//! EC2's Query protocol: `SubnetId.1=…&TagSpecification.1.Tag.1.Key=…`.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::Failure;
use crate::failure::{invalid_value, refuse};

/// A request's parameters by name.
pub type Form = BTreeMap<String, String>;

/// Reads a form-encoded body.
pub fn parse(body: &[u8]) -> Form {
    form_urlencoded::parse(body).into_owned().collect()
}

/// The operation that the form describes. Names that the operation does not have are refused, as
/// EC2 does.
pub fn read<O: Serialize + DeserializeOwned>(form: &Form) -> Result<O, Failure> {
    let given: Form = form
        .iter()
        .filter(|(name, _)| !matches!(name.as_str(), "Action" | "Version"))
        .map(|(name, value)| (name.clone(), value.clone()))
        .collect();
    let operation: O =
        serde_json::from_value(tree(&given)).map_err(|error| invalid_value(error.to_string()))?;

    // What was understood, spelt out again, must cover what was given.
    let mut understood = BTreeSet::new();
    names(
        &serde_json::to_value(&operation).unwrap_or_default(),
        "",
        &mut understood,
    );
    match given
        .keys()
        .find(|name| !understood.contains(&name.to_lowercase()))
    {
        Some(unknown) => Err(refuse(
            "UnknownParameter",
            format!("The parameter {unknown} is not recognized"),
        )),
        None => Ok(operation),
    }
}

/// The parameters as nested objects, with lists where the names are numbers.
pub fn tree(form: &Form) -> Value {
    let mut branches: BTreeMap<&str, Form> = BTreeMap::new();
    let mut fields = serde_json::Map::new();
    for (name, value) in form {
        match name.split_once('.') {
            Some((branch, rest)) => {
                branches
                    .entry(branch)
                    .or_default()
                    .insert(rest.to_owned(), value.clone());
            }
            None => {
                fields.insert(name.clone(), Value::String(value.clone()));
            }
        }
    }
    fields.extend(
        branches
            .into_iter()
            .map(|(name, branch)| (name.to_owned(), tree(&branch))),
    );
    as_list(&fields).unwrap_or(Value::Object(fields))
}

/// `{"1": a, "2": b, "10": c}` is the list `[a, b, c]`.
fn as_list(fields: &serde_json::Map<String, Value>) -> Option<Value> {
    let mut items: Vec<(u32, &Value)> = fields
        .iter()
        .map(|(name, value)| Some((name.parse().ok()?, value)))
        .collect::<Option<_>>()?;
    items.sort_by_key(|(index, _)| *index);
    (!items.is_empty()).then(|| items.into_iter().map(|(_, value)| value.clone()).collect())
}

/// The names under which the Query protocol has a value's leaves, in lower case.
fn names(value: &Value, prefix: &str, found: &mut BTreeSet<String>) {
    let below = |name: &str| {
        if prefix.is_empty() {
            name.to_lowercase()
        } else {
            format!("{prefix}.{}", name.to_lowercase())
        }
    };
    match value {
        Value::Null => {}
        Value::Bool(_) | Value::Number(_) | Value::String(_) => {
            found.insert(prefix.to_owned());
        }
        Value::Array(items) => {
            (1..).zip(items).for_each(|(index, item): (usize, _)| {
                names(item, &below(&index.to_string()), found)
            });
        }
        Value::Object(fields) => fields
            .iter()
            .for_each(|(name, field)| names(field, &below(name), found)),
    }
}
