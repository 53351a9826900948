//! An answer in words that nobody knows yet: a state that the API has learned since its clients were written, and a field.

use serde_json::{Value, json};

use super::Response;

/// A state that no API has.
const STATE: &str = "rearranging";

/// A field that no API has.
const FIELD: &str = "newField";

/// The fields that say a state, in XML and in JSON.
const STATES: [&str; 6] = [
    "state",
    "vpcEndpointState",
    "status",
    "Status",
    "phase",
    "ReplicationInstanceStatus",
];

/// The same answer in other words.
pub(super) fn in_other_words(response: Response) -> Response {
    let Response::Answer(answer) = response else {
        return response;
    };
    if !answer.status().is_success() {
        return Response::Answer(answer);
    }
    Response::Answer(answer.map(|body| match serde_json::from_str(&body) {
        Ok(value) => {
            let mut other = json(value);
            if let Some(fields) = other.as_object_mut() {
                fields.insert(FIELD.to_owned(), json!({"of": ["another", "version"]}));
            }
            other.to_string()
        }
        Err(_) => xml(body),
    }))
}

fn json(value: Value) -> Value {
    match value {
        Value::Object(fields) => fields
            .into_iter()
            .map(|(name, value)| {
                let is_state = STATES.contains(&name.as_str()) && value.is_string();
                let value = if is_state { json!(STATE) } else { json(value) };
                (name, value)
            })
            .collect(),
        Value::Array(items) => items.into_iter().map(json).collect(),
        scalar @ (Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_)) => scalar,
    }
}

fn xml(mut body: String) -> String {
    for name in STATES {
        let (begin, end) = (format!("<{name}>"), format!("</{name}>"));
        let mut pieces = body.split(&begin);
        let mut other = pieces.next().unwrap_or_default().to_owned();
        for piece in pieces {
            // An element that holds others, as a Route 53 change does its state, keeps them.
            let said = piece
                .split_once(&end)
                .filter(|(text, _)| !text.contains('<'));
            other += &begin;
            match said {
                Some((_, rest)) => other += &format!("{STATE}{end}{rest}"),
                None => other += piece,
            }
        }
        body = other;
    }
    if let Some(end) = body.rfind("</") {
        body.insert_str(end, &format!("<{FIELD}>of another version</{FIELD}>"));
    }
    body
}
