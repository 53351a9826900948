//! *Private Connection Degraded* and *Private Connection Recovered*: a connection that was announced is not any more what it was, or is
//! again. Each is told once for each change.

use schemars::JsonSchema;
use serde::Serialize;

use super::{ResultDetail, Run};
use crate::execution::{Execution, Progress};
use crate::ids::EndpointId;
use crate::outside::Endpoint;
use crate::problem::Code;
use crate::time::Time;

/// Which connection is meant.
#[derive(Debug, Clone, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Named {
    /// The request
    pub request_id: String,
    /// Its endpoint
    pub endpoint_id: EndpointId,
    /// The endpoint's VPC
    pub vpc_id: String,
    /// The endpoint service's full name
    pub service_name: String,
}

/// What is not any more as it was confirmed
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
struct Drift {
    /// What, as requests call it; state is that of the endpoint, and path the way to it from the verifier
    pub field: String,
    /// What it is now
    pub now: String,
}

/// A connection that was announced is not any more what it was
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Degraded {
    #[serde(flatten)]
    named: Named,
    /// The reason code
    #[schemars(with = "String", extend("const" = Code::Degraded))]
    code: Code,
    #[serde(flatten)]
    run: Run,
    /// What is not any more as it was confirmed
    drift: Vec<Drift>,
}

/// A connection is again what it was when it was announced
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Recovered {
    #[serde(flatten)]
    named: Named,
    /// The reason code
    #[schemars(with = "String", extend("const" = Code::Recovered))]
    code: Code,
    #[serde(flatten)]
    run: Run,
}

impl ResultDetail for Degraded {
    const DETAIL_TYPE: &'static str = "Private Connection Degraded";
    const SCHEMA_FILE: &'static str = "degraded.v1.json";
}

impl ResultDetail for Recovered {
    const DETAIL_TYPE: &'static str = "Private Connection Recovered";
    const SCHEMA_FILE: &'static str = "recovered.v1.json";
}

impl Named {
    pub fn of(request: &str, endpoint: &Endpoint) -> Self {
        Self {
            request_id: request.to_owned(),
            endpoint_id: endpoint.id.clone(),
            vpc_id: endpoint.vpc.clone(),
            service_name: endpoint.service.clone(),
        }
    }

    /// Both, as one name within a check.
    pub fn key(&self) -> String {
        format!("{}.{}", self.endpoint_id, self.request_id)
    }
}

impl Degraded {
    pub fn of(
        named: Named,
        drift: Vec<(&'static str, String)>,
        progress: &Progress,
        execution: &Execution,
        now: Time,
    ) -> Self {
        let drift: Vec<Drift> = drift
            .into_iter()
            .map(|(field, now)| Drift {
                field: field.to_owned(),
                now,
            })
            .collect();
        let said: Vec<&str> = drift.iter().map(|one| one.field.as_str()).collect();
        let message = format!(
            "the connection of {} through {} is not what was confirmed: {}",
            named.request_id,
            named.endpoint_id,
            said.join(", ")
        );
        let next_step = match said[..] {
            ["path"] => {
                "look at the network ACLs and at the groups' rules between the verifier and the endpoint, and ask the service's owner whether it runs"
            }
            _ => {
                "if it is meant so, send it as a change; if it is not, send the request as a change, which puts it back"
            }
        };
        let run = Run::of(message, next_step.to_owned(), progress, execution, now);
        Self {
            code: Code::Degraded,
            run: run.one_of_several(&named.key(), execution),
            named,
            drift,
        }
    }
}

impl Recovered {
    pub fn of(named: Named, progress: &Progress, execution: &Execution, now: Time) -> Self {
        let message = format!(
            "the connection of {} through {} is again what was confirmed",
            named.request_id, named.endpoint_id
        );
        let run = Run::of(message, "nothing".to_owned(), progress, execution, now);
        Self {
            code: Code::Recovered,
            run: run.one_of_several(&named.key(), execution),
            named,
        }
    }
}
