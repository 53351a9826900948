//! The contract: a JSON Schema of the detail of every event, generated from the code.
//!
//! The schemas are kept in `schemas/` at the top of the project, and a test compares them with what comes out here.
//! Within version 1 a change may only add optional fields to a request and fields to a result, so that every request
//! that was ever good stays good, and whoever reads results finds what was there before. Everything else is version 2:
//! new files beside the old ones.
//!
//! A target says in its own module what it takes; nothing in here knows a kind by name.

mod object;
mod request;
mod results;
mod shape;

use serde_json::{Value, json};

use crate::targets::ConnectedThrough;

pub(crate) use object::{
    Object, each, flag, has, name, names, number, port, ports, text, when, without, word,
};
pub use shape::{Named, Shape};

/// The schema of the detail of one kind of event.
#[derive(Debug, Clone, PartialEq)]
pub struct EventSchema {
    /// The name of its file.
    pub file: &'static str,
    /// The `detail-type` of the event.
    pub detail_type: &'static str,
    /// The schema.
    pub schema: Value,
}

/// Every schema of the contract.
pub fn all() -> Vec<EventSchema> {
    let mut all = vec![request::schema()];
    all.extend(results::schemas());
    all
}

/// What a kind of target takes in a request.
#[derive(Debug, Clone)]
pub(crate) struct TargetSchema {
    /// Its fields, without `kind`.
    fields: Object,
    /// Where it is connected from: whether it wants a network, and takes a policy.
    way: ConnectedThrough,
    /// Whether `"policy": "restricted"` means something.
    restricted_policy: bool,
    /// What of its fields keeps the endpoint's private DNS off.
    no_private_dns: Option<Value>,
}

impl TargetSchema {
    /// A target with these fields that is connected through an endpoint.
    pub(crate) fn of(fields: Object) -> Self {
        Self {
            fields,
            way: ConnectedThrough::Endpoint,
            restricted_policy: false,
            no_private_dns: None,
        }
    }

    /// The same, connected in another way.
    pub(crate) fn by(self, way: ConnectedThrough) -> Self {
        Self { way, ..self }
    }

    /// The same with a restricted policy of its own.
    pub(crate) fn with_restricted_policy(self) -> Self {
        Self {
            restricted_policy: true,
            ..self
        }
    }

    /// The same, where private DNS of the endpoint stays off under this condition on the target's fields.
    pub(crate) fn without_private_dns(self, condition: Value) -> Self {
        Self {
            no_private_dns: Some(condition),
            ..self
        }
    }
}

/// The head of an event's schema, with the schema of its detail.
fn event(file: &'static str, detail_type: &'static str, detail: Object) -> EventSchema {
    let id = format!("urn:tieline:schema:{}", file.trim_end_matches(".json"));
    let mut schema = detail.build();
    schema["$schema"] = json!("https://json-schema.org/draft/2020-12/schema");
    schema["$id"] = json!(id);
    schema["title"] = json!(detail_type);
    EventSchema {
        file,
        detail_type,
        schema,
    }
}
