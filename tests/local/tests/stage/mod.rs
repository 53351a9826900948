//! What tests on a whole stage share. Results have a limit of their own: [`Stage::outcome`] names what it waited for.

use std::time::Duration;

use local::{Settings, Stage};
use serde_json::Value;

use crate::limit::within;

/// The functions may have to be compiled first; each step of it has a limit of its own.
const START_LIMIT: Duration = Duration::from_secs(3600);

/// Every event of ours has started its execution within seconds.
const PUT_LIMIT: Duration = Duration::from_secs(120);

pub(crate) async fn start(settings: &Settings) -> Stage {
    let stage = within(START_LIMIT, "the stage to start", Stage::start(settings)).await;
    stage.expect("a stage")
}

/// Puts requests on the bus at once and returns their executions.
pub(crate) async fn put(stage: &Stage, requests: &[Value]) -> Vec<String> {
    let executions = within(PUT_LIMIT, "every execution to start", stage.put(requests)).await;
    executions.expect("the bus takes them")
}

pub(crate) fn request(name: &str) -> Value {
    let path = format!(
        "{}/../../events/requests/{name}.json",
        env!("CARGO_MANIFEST_DIR")
    );
    let text = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{path}: {error}"));
    serde_json::from_str(&text).expect("JSON")
}
