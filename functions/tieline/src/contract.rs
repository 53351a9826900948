//! The contract: a JSON Schema of the detail of every event, generated from the types and from what reads requests.
//!
//! The schemas are kept in `schemas/` at the top of the project, and a test compares them with what comes out here.
//! Within version 1 a change may only add optional fields to a request and fields to a result, so that every request
//! that was ever good stays good, and whoever reads results finds what was there before. Everything else is version 2:
//! new files beside the old ones.

use schemars::generate::SchemaSettings;
use schemars::transform::RecursiveTransform;
use schemars::{JsonSchema, Schema};
use serde_json::{Value, json};

use crate::question::{self, STATUS_REQUESTED};
use crate::removal::{self, REMOVAL_REQUESTED};
use crate::request::{CHANGE_REQUESTED, REQUESTED, Request};
use crate::result::{
    Awaiting, Checked, Degraded, Failed, Planned, Ready, Recovered, Removed, ResultDetail, Status,
};

/// The schema of the detail of one kind of event.
#[derive(Debug, Clone, PartialEq)]
pub struct EventSchema {
    /// The name of its file.
    pub file: &'static str,
    pub detail_type: &'static str,
    pub schema: Value,
}

/// Every schema of the contract.
pub fn all() -> Vec<EventSchema> {
    vec![
        event("request.v1.json", REQUESTED, Request::schema()),
        event(
            "change-requested.v1.json",
            CHANGE_REQUESTED,
            Request::schema(),
        ),
        event(
            "status-requested.v1.json",
            STATUS_REQUESTED,
            question::schema(),
        ),
        event(
            "removal-requested.v1.json",
            REMOVAL_REQUESTED,
            removal::schema(),
        ),
        result::<Planned>(),
        result::<Ready>(),
        result::<Failed>(),
        result::<Awaiting>(),
        result::<Status>(),
        result::<Removed>(),
        result::<Degraded>(),
        result::<Recovered>(),
        result::<Checked>(),
    ]
}

fn result<T: ResultDetail>() -> EventSchema {
    event(T::SCHEMA_FILE, T::DETAIL_TYPE, derived::<T>())
}

/// The head of an event's schema, with the schema of its detail.
fn event(file: &'static str, detail_type: &'static str, mut schema: Value) -> EventSchema {
    let id = format!("urn:tieline:schema:{}", file.trim_end_matches(".json"));
    schema["$schema"] = json!("https://json-schema.org/draft/2020-12/schema");
    schema["$id"] = json!(id);
    schema["title"] = json!(detail_type);
    EventSchema {
        file,
        detail_type,
        schema,
    }
}

/// The schema of what a type is written as.
fn derived<T: JsonSchema>() -> Value {
    // JSON knows no sizes of numbers.
    let without_sizes = RecursiveTransform(|schema: &mut Schema| {
        let is_size = |format: &Value| {
            format
                .as_str()
                .is_some_and(|text| text.starts_with("uint") || text == "double")
        };
        if schema.get("format").is_some_and(is_size) {
            schema.remove("format");
        }
        // The schemas' own sentences have no full stop.
        if let Some(Value::String(about)) = schema.get_mut("description") {
            about.truncate(about.trim_end_matches('.').len());
        }
    });
    let settings = SchemaSettings::draft2020_12()
        .for_serialize()
        .with(|settings| settings.inline_subschemas = true)
        .with_transform(without_sizes);
    settings.into_generator().into_root_schema_for::<T>().into()
}
