//! The result: one event, small and complete, that says what is there now or exactly why not.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::error::Rejection;
use crate::ids::RequestId;
use crate::outside::{Endpoint, Interface, Time};
use crate::plan::{Groups, Plan, REQUEST, Serving, Zone, requests};
use crate::problem::{Code, Problem};
use crate::progress::Progress;
use crate::step::Execution;
use crate::target::{Connection, Path};

/// Hours in an average month, as AWS counts them.
const HOURS: f64 = 730.0;

/// USD an hour for each zone of an interface endpoint (AWS PrivateLink pricing, us-east-1).
const ZONE_HOUR: f64 = 0.01;

/// How many problems an event lists; a malformed request can have thousands.
const MAX_PROBLEMS: usize = 50;

/// An event for the bus.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ResultEvent {
    /// The `detail-type`.
    pub detail_type: String,
    /// The `detail`.
    pub detail: Value,
}

/// The connection is there.
pub fn ready(
    plan: &Plan,
    progress: &Progress,
    execution: &Execution,
    endpoint: &Endpoint,
    interfaces: &[Interface],
    now: Time,
) -> ResultEvent {
    let zones: Vec<Value> = plan
        .zones
        .iter()
        .map(|zone| placed(zone, interfaces))
        .collect();
    let endpoint_name = endpoint.dns_names.first().map_or("", String::as_str);
    let private_host = plan.private_dns.as_ref().map(|dns| dns.host.as_str());
    let connection = plan.target.connection(&Path {
        region: &plan.region,
        endpoint_name,
        private_host,
    });
    event(
        "Private Connection Ready",
        plan,
        progress,
        execution,
        now,
        json!({
            "code": Code::Connected,
            "message": format!("{} is connected to {} through {}", plan.vpc_id, plan.target.name(), endpoint.id),
            "nextStep": next_step(&connection),
            "endpoint": {
                "id": endpoint.id,
                "serviceName": endpoint.service,
                "vpcId": endpoint.vpc,
                "adopted": plan.endpoint.is_adopted(),
                "dnsNames": endpoint.dns_names,
                "privateDnsNames": plan.private_dns.as_ref().map_or(&[][..], |dns| &dns.names),
                "zones": zones,
                "securityGroupIds": endpoint.group_ids,
                "policy": endpoint.policy.as_deref().and_then(|text| serde_json::from_str::<Value>(text).ok()),
                "tags": own_tags(plan, endpoint),
                "requests": requests(endpoint).map(|(request, _)| request).collect::<Vec<_>>(),
            },
            "connection": connection,
            "verified": {
                "endpoint": "available",
                "privateDns": if endpoint.private_dns { "on" } else { "off" },
                "subnets": "as planned",
                "securityGroups": match plan.groups {
                Groups::Named { .. } => "as asked for",
                Groups::Own { .. } | Groups::Kept => "as the endpoint has them",
            },
                "tags": if plan.endpoint.is_adopted() { "not ours" } else { "as planned" },
                "connection": "not tried: no packet was sent through the endpoint",
            },
            "cost": cost(plan),
        }),
    )
}

/// Everything was checked, nothing was written.
pub fn planned(plan: &Plan, progress: &Progress, execution: &Execution, now: Time) -> ResultEvent {
    let endpoint = match &plan.endpoint {
        Serving::New => "a new endpoint is created".to_owned(),
        Serving::Ours { id } => format!("the endpoint {id} of ours is shared, at no further cost"),
        Serving::Adopted { id } => {
            format!("the endpoint {id} is used as it is, at no further cost")
        }
    };
    event(
        "Private Connection Planned",
        plan,
        progress,
        execution,
        now,
        json!({
            "code": Code::Planned,
            "message": format!("{} can be connected to {}: {endpoint}", plan.vpc_id, plan.target.name()),
            "nextStep": "send the same event with \"dryRun\": false",
            "plan": {
                "endpoint": plan.endpoint,
                "serviceName": plan.service,
                "vpcId": plan.vpc_id,
                "port": plan.target.port(),
                "zones": plan.zones,
                "securityGroups": plan.groups,
                "privateDns": plan.private_dns,
                "policy": plan.policy,
                "tags": if plan.endpoint.is_adopted() { BTreeMap::new() } else { plan.all_tags() },
            },
            "cost": cost(plan),
        }),
    )
}

/// It does not work, and this is why.
pub fn failed(
    rejection: &Rejection,
    left_behind: &[String],
    request_id: Option<&RequestId>,
    progress: &Progress,
    execution: &Execution,
    now: Time,
) -> ResultEvent {
    let all = &rejection.problems;
    let first = all.first().cloned().unwrap_or_else(|| {
        Problem::new(
            Code::StepFailed,
            "a step gave no reason",
            "look at the execution and at the function's log",
        )
    });
    let others = all.len().saturating_sub(1);
    let more = if others == 0 {
        String::new()
    } else {
        format!(" (and {others} more)")
    };
    let detail = json!({
        "requestId": request_id,
        "code": first.code,
        "message": format!("{}{more}", first.message),
        "nextStep": first.fix,
        "problems": all.iter().take(MAX_PROBLEMS).collect::<Vec<_>>(),
        "leftBehind": left_behind,
        "phases": progress.spent,
        "seconds": now.since(execution.started()).as_secs(),
        "execution": { "id": execution.id, "url": execution.url() },
    });
    ResultEvent {
        detail_type: "Private Connection Failed".to_owned(),
        detail,
    }
}

fn event(
    detail_type: &str,
    plan: &Plan,
    progress: &Progress,
    execution: &Execution,
    now: Time,
    own: Value,
) -> ResultEvent {
    let mut detail = json!({
        "requestId": plan.request_id,
        "target": plan.target,
        "phases": progress.spent,
        "seconds": now.since(execution.started()).as_secs(),
        "execution": { "id": execution.id, "url": execution.url() },
    });
    if let (Value::Object(detail), Value::Object(own)) = (&mut detail, own) {
        detail.extend(own);
    }
    ResultEvent {
        detail_type: detail_type.to_owned(),
        detail,
    }
}

fn next_step(connection: &Connection) -> String {
    format!("connect from a host in the VPC: {}", connection.command)
}

fn placed(zone: &Zone, interfaces: &[Interface]) -> Value {
    let address = interfaces
        .iter()
        .find(|interface| interface.subnet_id == zone.subnet_id.as_str());
    let mut placed = json!(zone);
    placed["privateIp"] = json!(address.map(|interface| &interface.private_ip));
    placed
}

/// The endpoint's tags without those of other requests.
fn own_tags<'e>(plan: &Plan, endpoint: &'e Endpoint) -> BTreeMap<&'e str, &'e str> {
    let own = plan.request_tag();
    let tags = endpoint
        .tags
        .iter()
        .map(|(key, value)| (key.as_str(), value.as_str()));
    tags.filter(|(key, _)| !key.starts_with(REQUEST) || *key == own)
        .collect()
}

/// What the endpoint costs.
fn cost(plan: &Plan) -> Value {
    let zones = plan.zones.len();
    json!({
        "usdPerMonth": (zones as f64 * HOURS * ZONE_HOUR * 100.0).round() / 100.0,
        "basis": format!(
            "{zones} zones x {HOURS} h x {ZONE_HOUR} USD (AWS PrivateLink list price in us-east-1); data, at 0.01 USD per GB, is not in it"
        ),
    })
}
