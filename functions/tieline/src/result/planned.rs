//! *Private Connection Planned*: everything was checked, nothing was written.

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::Serialize;

use super::removed::next_step;
use super::{About, Cost, OfAKind, ResultDetail, Run, changed};
use crate::endpoint::{AvailabilityZone, Difference, Groups, PrivateDns, Serving};
use crate::execution::{Execution, Progress};
use crate::ids::{Addressing, Ports, RequestId, VpcId};
use crate::options::Policy;
use crate::outside::Tags;
use crate::parts::Part;
use crate::plan::Plan;
use crate::problem::{Code, Problem};
use crate::time::Time;

/// Everything was checked, nothing was written
#[derive(Debug, Serialize, JsonSchema)]
pub struct Planned {
    #[serde(flatten)]
    about: About,
    /// The reason code
    #[schemars(with = "String", extend("const" = Code::Planned))]
    code: Code,
    plan: Intent,
    cost: Cost,
    /// What may keep clients from it, and may be meant so
    warnings: Vec<Problem>,
    /// What a change would make different, where one is asked about
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Vec<Difference>")]
    changes: Option<Vec<Difference>>,
    /// What a removal would do, where one is asked about
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Foretold")]
    removal: Option<Foretold>,
}

/// What the same request without dryRun would make
#[derive(Debug, Serialize, JsonSchema)]
struct Intent {
    /// What it is made of beside the endpoint, in the order in which it is made
    #[schemars(with = "Vec<OfAKind>")]
    parts: Vec<Part>,
    /// The tags of what is made
    tags: Tags,
    #[serde(flatten)]
    endpoint: Option<Endpoint>,
}

/// What a removal would do
#[derive(Debug, Serialize, JsonSchema)]
struct Foretold {
    /// What would be removed, in this order
    goes: Vec<String>,
    /// What would stay, and for whom
    stays: Vec<String>,
}

/// The interface endpoint, for targets that have one.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct Endpoint {
    endpoint: Serving,
    /// The endpoint service's full name
    service_name: String,
    /// The VPC
    vpc_id: VpcId,
    /// The TCP port that clients connect to
    #[schemars(range(min = 1))]
    port: u16,
    /// Further TCP ports that they need, a range as a text
    #[schemars(schema_with = "ports")]
    further_ports: Vec<Ports>,
    /// Where the endpoint has a network interface, one a zone
    zones: Vec<AvailabilityZone>,
    /// Which addresses it has, and for which of them there are names; left out, IPv4
    #[serde(skip_serializing_if = "Addressing::is_usual")]
    #[schemars(default)]
    addressing: Addressing,
    security_groups: Groups,
    private_dns: Option<PrivateDns>,
    /// What may be done through it: "full", or an object with the document as a text
    #[schemars(with = "serde_json::Value", extend("type" = ["string", "object"]))]
    policy: Policy,
    /// How long the service's owner may take to accept it, in hours; null if nobody has to
    #[schemars(range(min = 1))]
    acceptance_hours: Option<u32>,
    /// How an adopted endpoint differs from what was asked for, in what the request can do without
    differs: Vec<String>,
}

impl ResultDetail for Planned {
    const DETAIL_TYPE: &'static str = "Private Connection Planned";
    const SCHEMA_FILE: &'static str = "planned.v1.json";
}

impl Planned {
    /// What a removal would do.
    pub fn of_removal(
        plan: &Plan,
        goes: Vec<String>,
        stays: Vec<String>,
        progress: &Progress,
        execution: &Execution,
        now: Time,
    ) -> Self {
        let id = &plan.owner.request_id;
        let message = match goes.as_slice() {
            [] => format!("{id}: there is nothing to remove"),
            goes => format!("{id}: {} would be removed", goes.join(", ")),
        };
        let next_step = match (goes.as_slice(), stays.as_slice()) {
            ([], []) => "nothing: the same event without dryRun would find nothing to remove",
            (_, _) => "send the same event with \"dryRun\": false",
        };
        let run = Run::of(message, next_step.to_owned(), progress, execution, now);
        Self::foretold(About::of(plan, run), goes, stays)
    }

    /// The same where nothing shows that could be removed; what was not looked at is said.
    pub fn of_no_removal(
        request: &RequestId,
        unseen: &str,
        progress: &Progress,
        execution: &Execution,
        now: Time,
    ) -> Self {
        let message = format!("{request}: there is nothing to remove: {unseen}");
        let removal = progress.removal.clone().unwrap_or_default();
        let next_step = next_step(&removal).to_owned();
        let run = Run::of(message, next_step, progress, execution, now);
        Self::foretold(About::of_unknown(request, run), Vec::new(), Vec::new())
    }

    fn foretold(about: About, goes: Vec<String>, stays: Vec<String>) -> Self {
        Self {
            about,
            code: Code::Planned,
            // It makes nothing.
            plan: Intent {
                parts: Vec::new(),
                tags: Tags::new(),
                endpoint: None,
            },
            cost: Cost::of_nothing(),
            warnings: Vec::new(),
            changes: None,
            removal: Some(Foretold { goes, stays }),
        }
    }

    pub fn of(plan: &Plan, progress: &Progress, execution: &Execution, now: Time) -> Self {
        let run = Run::of(
            message(plan),
            "send the same event with \"dryRun\": false".to_owned(),
            progress,
            execution,
            now,
        );
        let endpoint = plan.endpoint.clone().map(|wanted| Endpoint {
            endpoint: wanted.serving,
            service_name: wanted.service,
            vpc_id: wanted.vpc_id,
            port: wanted.port,
            further_ports: wanted.further_ports,
            zones: wanted.zones,
            addressing: wanted.addressing,
            security_groups: wanted.groups,
            private_dns: wanted.private_dns,
            policy: wanted.policy,
            acceptance_hours: wanted.acceptance_hours,
            differs: wanted.differs,
        });
        Self {
            about: About::of(plan, run),
            code: Code::Planned,
            plan: Intent {
                parts: plan.parts.clone(),
                tags: if plan.is_adopted() {
                    Tags::new()
                } else {
                    plan.owner.all_tags()
                },
                endpoint,
            },
            cost: Cost::of(plan),
            warnings: plan.warnings.clone(),
            changes: plan
                .change
                .as_ref()
                .map(|change| change.differences.clone()),
            removal: None,
        }
    }
}

fn ports(_: &mut SchemaGenerator) -> Schema {
    json_schema!({"type": "array", "items": Ports::schema("each")})
}

fn message(plan: &Plan) -> String {
    let target = plan.target.kind().name();
    let Some(wanted) = &plan.endpoint else {
        if let Some(change) = &plan.change {
            return format!("{target} would be changed in place{}", changed(change));
        }
        return format!("{target}: it can be connected");
    };
    if let (Some(change), Some(id)) = (&plan.change, plan.endpoint_id()) {
        return format!("{id} would be changed in place{}", changed(change));
    }
    let endpoint = match &wanted.serving {
        Serving::New => "a new endpoint is created".to_owned(),
        Serving::Ours { id } => {
            format!("the endpoint {id} of ours is shared, at no further cost")
        }
        Serving::Adopted { id } => {
            format!("the endpoint {id} is used as it is, at no further cost")
        }
    };
    format!("{} can be connected to {target}: {endpoint}", wanted.vpc_id)
}
