//! The result: one event, small and complete, that says what is there now or exactly why not. One file a result: a typed
//! struct, from which its schema is derived.

mod awaiting;
mod checked;
mod cost;
mod degraded;
mod failed;
mod planned;
mod ready;
mod removed;
mod status;

use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::endpoint::Change;
use crate::execution::{Execution, PhaseDuration, Progress};
use crate::ids::RequestId;
use crate::plan::Plan;
use crate::time::Time;

pub use awaiting::Awaiting;
pub use checked::{Beside, Checked, Connection, Thing, pages};
pub use cost::Cost;
pub use degraded::{Degraded, GONE, Named, Recovered};
pub use failed::{Failed, Left};
pub use planned::Planned;
pub use ready::{Built, Ready};
pub use removed::Removed;
pub use status::{Marked, Status, Working};

/// The detail of an event that says what came of a request.
pub trait ResultDetail: Serialize + JsonSchema {
    /// The event's `detail-type`.
    const DETAIL_TYPE: &'static str;
    /// The name of the file with its schema.
    const SCHEMA_FILE: &'static str;

    /// The detail as an event for the bus.
    fn event(&self) -> ResultEvent {
        ResultEvent {
            detail_type: Self::DETAIL_TYPE.to_owned(),
            detail: json!(self),
        }
    }
}

/// An event for the bus.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ResultEvent {
    pub detail_type: String,
    pub detail: Value,
}

/// What every result says that knows its plan.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct About {
    /// The request
    request_id: RequestId,
    /// What is connected to
    #[schemars(with = "OfAKind")]
    target: Value,
    #[serde(flatten)]
    run: Run,
}

/// Something of a kind; what else it says depends on the kind
#[derive(JsonSchema)]
#[expect(dead_code, reason = "it only describes what others serialize")]
struct OfAKind {
    /// The kind
    kind: String,
}

/// What every result says.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct Run {
    /// The same for every result of one event, and for every repetition of one: whoever has seen it may drop the next one
    result_id: String,
    /// The event that asked; null if an execution was started without one
    event_id: Option<String>,
    /// What happened, in a sentence
    message: String,
    /// What to do next: a command wherever there is one
    next_step: String,
    /// How long each phase took that is over
    phases: Vec<PhaseDuration>,
    /// How long the request took until now, in seconds
    seconds: u64,
    execution: ExecutionLink,
}

/// The execution of the state machine
#[derive(Debug, Clone, Serialize, JsonSchema)]
struct ExecutionLink {
    /// Its ARN
    id: String,
    /// Where the console shows it
    url: String,
}

impl ExecutionLink {
    fn of(execution: &Execution) -> Self {
        Self {
            id: execution.id.clone(),
            url: execution.url(),
        }
    }
}

impl About {
    fn of(plan: &Plan, run: Run) -> Self {
        Self {
            request_id: plan.owner.request_id.clone(),
            target: json!(plan.target),
            run,
        }
    }

    /// The same where nothing shows what it was.
    fn of_unknown(request: &RequestId, run: Run) -> Self {
        Self {
            request_id: request.clone(),
            target: json!({"kind": "unknown"}),
            run,
        }
    }
}

impl Run {
    fn of(
        message: String,
        next_step: String,
        progress: &Progress,
        execution: &Execution,
        now: Time,
    ) -> Self {
        let asked = progress
            .event_id
            .as_deref()
            .or(progress.asked_as.as_deref());
        Self {
            result_id: format!("{}.result", asked.unwrap_or(execution.name())),
            event_id: progress.event_id.clone(),
            message,
            next_step,
            phases: progress.spent.clone(),
            seconds: now.since(execution.started()).as_secs(),
            execution: ExecutionLink::of(execution),
        }
    }
}

/// What a change makes different, behind a sentence.
fn changed(change: &Change) -> String {
    let fields = change.differences.iter().map(|one| one.field.as_str());
    let fields: Vec<&str> = fields.collect();
    match fields[..] {
        [] => "; nothing was to change".to_owned(),
        _ => format!("; changed: {}", fields.join(", ")),
    }
}

impl Run {
    /// One of several results of an execution.
    fn one_of_several(self, which: &str, execution: &Execution) -> Self {
        Self {
            result_id: format!("{}.{which}.result", execution.name()),
            ..self
        }
    }

    /// The same result, whichever of several executions says it.
    fn of_any(self, which: &str) -> Self {
        Self {
            result_id: format!("{which}.result"),
            ..self
        }
    }
}

/// The schema of an object about which no more is said.
fn any_object(_: &mut SchemaGenerator) -> Schema {
    schemars::json_schema!({"type": "object"})
}
