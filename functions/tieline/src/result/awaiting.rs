//! *Private Connection Awaiting Acceptance*: a person has to act.

use schemars::JsonSchema;
use serde::Serialize;

use super::{About, Cost, ResultDetail, Run};
use crate::endpoint::EndpointPlan;
use crate::execution::{Execution, Progress};
use crate::ids::EndpointId;
use crate::plan::Plan;
use crate::problem::Code;
use crate::time::Time;

/// A person has to act: the service's owner has to accept the connection
#[derive(Debug, Serialize, JsonSchema)]
pub struct Awaiting {
    #[serde(flatten)]
    about: About,
    /// The reason code
    #[schemars(with = "String", extend("const" = Code::AwaitingAcceptance))]
    code: Code,
    acceptance: Acceptance,
    cost: Cost,
}

/// Who has to accept the connection, and how
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct Acceptance {
    /// The endpoint that waits
    endpoint_id: EndpointId,
    /// The endpoint service's full name
    service_name: String,
    /// The account that owns the service
    owner: String,
    /// The command with which the owner accepts
    command: String,
    /// Since when it waits
    #[schemars(extend("format" = "date-time"))]
    since: String,
    /// When the request fails unless it was accepted
    #[schemars(extend("format" = "date-time"))]
    until: String,
}

impl ResultDetail for Awaiting {
    const DETAIL_TYPE: &'static str = "Private Connection Awaiting Acceptance";
    const SCHEMA_FILE: &'static str = "awaiting-acceptance.v1.json";
}

impl Awaiting {
    pub fn of(
        plan: &Plan,
        wanted: &EndpointPlan,
        progress: &Progress,
        execution: &Execution,
        endpoint: &EndpointId,
        now: Time,
    ) -> Self {
        let (owner, service) = (&wanted.service_owner, &wanted.service);
        let service_id = service.rsplit('.').next().unwrap_or_default();
        let hours = wanted.acceptance_hours.unwrap_or_default();
        let command = format!(
            "aws ec2 accept-vpc-endpoint-connections --region {} --service-id {service_id} --vpc-endpoint-ids {endpoint}",
            plan.owner.region
        );
        let mut run = Run::of(
            format!("{endpoint} waits for account {owner} to accept it"),
            format!(
                "have account {owner} accept it, in the VPC console under Endpoint services, {service_id}, Endpoint connections, or with: {command}"
            ),
            progress,
            execution,
            now,
        );
        // Not the result: that one still comes.
        run.result_id = run.result_id.replace(".result", ".awaiting");
        Self {
            about: About::of(plan, run),
            code: Code::AwaitingAcceptance,
            acceptance: Acceptance {
                endpoint_id: endpoint.clone(),
                service_name: service.clone(),
                owner: owner.clone(),
                command,
                since: now.to_rfc3339(),
                until: Time(now.0 + 3_600_000 * u64::from(hours)).to_rfc3339(),
            },
            cost: Cost::of(plan),
        }
    }
}
