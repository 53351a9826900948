//! The log of calls.

use serde::Serialize;
use serde_json::Value;

use crate::clock::Moment;
use crate::world::Service;

/// One call that somebody made.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Call {
    /// The service called.
    pub service: Service,
    /// The operation, as the service names it.
    pub action: String,
    /// When, in virtual time.
    pub at: Moment,
    /// What it was called with, under the service's own names.
    pub parameters: Value,
    /// `ok`, the service's error code, or what happened to the answer.
    pub outcome: String,
    /// Whether the operation changes anything.
    pub write: bool,
}

/// Parameters that no log may show, whoever's they are.
const SECRET: [&str; 3] = ["SecretString", "SecretBinary", "Password"];

/// The parameters with every secret blotted out, however deep it lies.
pub(super) fn redacted(parameters: Value) -> Value {
    match parameters {
        Value::Object(fields) => fields
            .into_iter()
            .map(|(name, value)| {
                let secret = SECRET.contains(&name.as_str()) && !value.is_null();
                let value = if secret {
                    Value::from("(redacted)")
                } else {
                    redacted(value)
                };
                (name, value)
            })
            .collect(),
        Value::Array(items) => items.into_iter().map(redacted).collect(),
        scalar @ (Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_)) => scalar,
    }
}

/// The parameters without those that the caller did not give.
pub(super) fn without_absent(parameters: Value) -> Value {
    match parameters {
        Value::Object(fields) => fields
            .into_iter()
            .filter(|(_, value)| is_given(value))
            .collect(),
        scalar @ (Value::Null
        | Value::Bool(_)
        | Value::Number(_)
        | Value::String(_)
        | Value::Array(_)) => scalar,
    }
}

fn is_given(value: &Value) -> bool {
    !value.is_null() && value.as_array().is_none_or(|items| !items.is_empty())
}
