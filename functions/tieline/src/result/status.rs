//! *Private Connection Status*: how a request stands, to whoever asks.

use schemars::JsonSchema;
use serde::Serialize;

use super::{ExecutionLink, ResultDetail, Run};
use crate::execution::{Execution, Phase, Progress};
use crate::ids::RequestId;
use crate::problem::Code;
use crate::time::Time;

/// How a request stands; nothing was changed
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Status {
    /// The request
    request_id: RequestId,
    /// The reason code
    #[schemars(with = "String", extend("const" = Code::Status))]
    code: Code,
    #[serde(flatten)]
    run: Run,
    /// The executions that work on it
    running: Vec<Working>,
    /// The endpoints that carry its mark
    endpoints: Vec<Marked>,
}

/// An execution that works on a request
#[derive(Debug, Clone, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Working {
    execution: ExecutionLink,
    /// The state of the state machine that it entered last; none if that cannot be seen
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "String")]
    pub state: Option<String>,
    /// What is being done
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "String")]
    pub phase: Option<Phase>,
    /// How long that has lasted, in seconds
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "u64", range(min = 0))]
    pub phase_seconds: Option<u64>,
    /// What it waits for
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "String")]
    pub waiting_for: Option<String>,
    /// The endpoint, once its id is known
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "String")]
    pub endpoint_id: Option<String>,
    /// How long it has run, in seconds
    #[schemars(range(min = 0))]
    pub seconds: u64,
}

/// An endpoint that carries a request's mark
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Marked {
    /// Its id
    pub id: String,
    /// Its VPC
    pub vpc_id: String,
    /// The endpoint service's full name
    pub service_name: String,
    /// Its state, in EC2's word
    pub state: String,
    /// Whether the connection was confirmed: then it stands until it is removed
    pub confirmed: bool,
}

impl Working {
    /// The execution's ARN.
    pub fn arn(&self) -> &str {
        &self.execution.id
    }

    pub fn of(execution: &Execution, now: Time) -> Self {
        Self {
            execution: ExecutionLink::of(execution),
            state: None,
            phase: None,
            phase_seconds: None,
            waiting_for: None,
            endpoint_id: None,
            seconds: now.since(execution.started()).as_secs(),
        }
    }
}

impl ResultDetail for Status {
    const DETAIL_TYPE: &'static str = "Private Connection Status";
    const SCHEMA_FILE: &'static str = "status.v1.json";
}

impl Status {
    pub fn of(
        request_id: RequestId,
        running: Vec<Working>,
        endpoints: Vec<Marked>,
        progress: &Progress,
        execution: &Execution,
        now: Time,
    ) -> Self {
        let (message, next_step) = told(&request_id, &running, &endpoints);
        Self {
            request_id,
            code: Code::Status,
            run: Run::of(message, next_step, progress, execution, now),
            running,
            endpoints,
        }
    }
}

/// The same in a sentence, and what to do next.
fn told(id: &RequestId, running: &[Working], endpoints: &[Marked]) -> (String, String) {
    if let Some(first) = running.first() {
        let waits = first.waiting_for.as_deref();
        let message = format!(
            "{id} is being worked on since {} s{}",
            first.seconds,
            waits.map_or_else(String::new, |what| format!(", and waits for {what}"))
        );
        return (message, "wait for its result on the bus".to_owned());
    }
    let confirmed = endpoints.iter().find(|one| one.confirmed);
    match (confirmed, endpoints.first()) {
        (Some(one), _) => (
            format!("{id} is connected through {}", one.id),
            "send the request again to have everything read back, and the result once more"
                .to_owned(),
        ),
        (None, Some(one)) => (
            format!("{} carries the mark of {id}, and nothing works on it", one.id),
            "send the request again: it goes on with what is there".to_owned(),
        ),
        (None, None) => (
            format!("nothing is known of {id}"),
            "look for its result, or send the request; what has no endpoint in a VPC is seen only while it is worked on"
                .to_owned(),
        ),
    }
}
