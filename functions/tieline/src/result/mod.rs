//! The result: one event, small and complete, that says what is there now or exactly why not.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use crate::error::Rejection;
use crate::ids::{EndpointId, RequestId};
use crate::outside::{Endpoint, Interface, Time};
use crate::plan::{EndpointPlan, Groups, Plan, REQUEST, Serving, Zone, requests};
use crate::problem::{Code, Problem};
use crate::progress::Progress;
use crate::step::Execution;
use crate::targets::ConnectionContext;

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

/// An endpoint as it was read back.
#[derive(Debug, Clone, Copy)]
pub struct Built<'a> {
    /// What was planned.
    pub wanted: &'a EndpointPlan,
    /// What is there.
    pub endpoint: &'a Endpoint,
    /// Its network interfaces.
    pub interfaces: &'a [Interface],
}

/// The connection is there.
pub fn ready(
    plan: &Plan,
    progress: &Progress,
    execution: &Execution,
    built: Option<Built<'_>>,
    facts: Map<String, Value>,
    now: Time,
) -> ResultEvent {
    let name = |built: Built<'_>| built.endpoint.dns_names.first().cloned();
    let connection = plan.target.kind().connection(&ConnectionContext {
        region: &plan.region,
        port: built.map_or(0, |built| built.wanted.port),
        endpoint_name: &built.and_then(name).unwrap_or_default(),
        private_host: built.and_then(|built| built.wanted.host.as_deref()),
        about: &plan.about,
        facts: &facts,
    });
    let target = plan.target.kind().name();
    let message = match built {
        Some(Built {
            wanted, endpoint, ..
        }) => {
            format!(
                "{} is connected to {target} through {}",
                wanted.vpc_id, endpoint.id
            )
        }
        None => format!("{target}: the private connection works"),
    };
    let mut own = json!({
        "code": Code::Connected,
        "message": message,
        "nextStep": format!("connect: {}", connection.command),
        "connection": connection,
        "verified": verified(plan, built, &facts),
        "cost": cost(plan),
    });
    if let Some(built) = built {
        own["endpoint"] = endpoint_there(plan, built);
    }
    if !facts.is_empty() {
        own["parts"] = Value::Object(facts);
    }
    if !plan.about.is_empty() {
        own["about"] = json!(plan.about);
    }
    event(
        "Private Connection Ready",
        plan,
        progress,
        execution,
        now,
        own,
    )
}

fn endpoint_there(plan: &Plan, built: Built<'_>) -> Value {
    let Built {
        wanted,
        endpoint,
        interfaces,
    } = built;
    let zones: Vec<Value> = wanted
        .zones
        .iter()
        .map(|zone| placed(zone, interfaces))
        .collect();
    json!({
        "id": endpoint.id,
        "serviceName": endpoint.service,
        "vpcId": endpoint.vpc,
        "adopted": plan.is_adopted(),
        "dnsNames": endpoint.dns_names,
        "privateDnsNames": wanted.private_dns.as_ref().map_or(&[][..], |dns| &dns.names),
        "zones": zones,
        "securityGroupIds": endpoint.group_ids,
        "policy": endpoint.policy.as_deref().and_then(|text| serde_json::from_str::<Value>(text).ok()),
        "tags": own_tags(plan, endpoint),
        "requests": requests(endpoint).map(|(request, _)| request).collect::<Vec<_>>(),
    })
}

/// What was looked at, layer by layer, and what was not.
fn verified(plan: &Plan, built: Option<Built<'_>>, facts: &Map<String, Value>) -> Value {
    let mut layers = Map::new();
    if let Some(Built {
        wanted, endpoint, ..
    }) = built
    {
        let groups = match wanted.groups {
            Groups::Named { .. } => "as asked for",
            Groups::Own { .. } | Groups::Unchanged => "as the endpoint has them",
        };
        layers.extend([
            ("endpoint".to_owned(), json!("available")),
            (
                "privateDns".to_owned(),
                json!(if endpoint.private_dns { "on" } else { "off" }),
            ),
            ("subnets".to_owned(), json!("as planned")),
            ("securityGroups".to_owned(), json!(groups)),
            (
                "tags".to_owned(),
                json!(if plan.is_adopted() {
                    "not ours"
                } else {
                    "as planned"
                }),
            ),
        ]);
    }
    layers.extend(facts.keys().map(|kind| (kind.clone(), json!("ready"))));
    let proof = plan.parts.iter().find_map(|part| part.kind().proof());
    let connection =
        proof.unwrap_or("not tried: no packet of ours was sent through the connection");
    layers.insert("connection".to_owned(), json!(connection));
    Value::Object(layers)
}

/// A person has to act: the service's owner, who is named, has to accept the connection.
pub fn awaiting(
    plan: &Plan,
    wanted: &EndpointPlan,
    progress: &Progress,
    execution: &Execution,
    endpoint: &EndpointId,
    now: Time,
) -> ResultEvent {
    let (owner, service) = (&wanted.service_owner, &wanted.service);
    let service_id = service.rsplit('.').next().unwrap_or_default();
    let hours = wanted.acceptance_hours.unwrap_or_default();
    let until = Time(now.0 + 3_600_000 * u64::from(hours));
    let command = format!(
        "aws ec2 accept-vpc-endpoint-connections --region {} --service-id {service_id} --vpc-endpoint-ids {endpoint}",
        plan.region
    );
    event(
        "Private Connection Awaiting Acceptance",
        plan,
        progress,
        execution,
        now,
        json!({
            "code": Code::AwaitingAcceptance,
            "message": format!("{endpoint} waits for account {owner} to accept it"),
            "nextStep": format!("have account {owner} accept it, in the VPC console under Endpoint services, {service_id}, Endpoint connections, or with: {command}"),
            "acceptance": {
                "endpointId": endpoint,
                "serviceName": service,
                "owner": owner,
                "command": command,
                "since": now.to_rfc3339(),
                "until": until.to_rfc3339(),
            },
            "cost": cost(plan),
        }),
    )
}

/// Everything was checked, nothing was written.
pub fn planned(plan: &Plan, progress: &Progress, execution: &Execution, now: Time) -> ResultEvent {
    let target = plan.target.kind().name();
    let message = match &plan.endpoint {
        Some(wanted) => {
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
        None => format!("{target}: it can be connected"),
    };
    let mut planned = json!({
        "parts": plan.parts,
        "tags": if plan.is_adopted() { BTreeMap::new() } else { plan.all_tags() },
    });
    if let Some(wanted) = &plan.endpoint {
        let endpoint = json!({
            "endpoint": wanted.serving,
            "serviceName": wanted.service,
            "vpcId": wanted.vpc_id,
            "port": wanted.port,
            "furtherPorts": wanted.further_ports,
            "zones": wanted.zones,
            "securityGroups": wanted.groups,
            "privateDns": wanted.private_dns,
            "policy": wanted.policy,
            "acceptanceHours": wanted.acceptance_hours,
        });
        merge(&mut planned, endpoint);
    }
    event(
        "Private Connection Planned",
        plan,
        progress,
        execution,
        now,
        json!({
            "code": Code::Planned,
            "message": message,
            "nextStep": "send the same event with \"dryRun\": false",
            "plan": planned,
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
    merge(&mut detail, own);
    ResultEvent {
        detail_type: detail_type.to_owned(),
        detail,
    }
}

/// Adds the fields of one object to another.
fn merge(into: &mut Value, from: Value) {
    if let (Value::Object(into), Value::Object(from)) = (into, from) {
        into.extend(from);
    }
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

/// What it costs, as far as public price lists say.
fn cost(plan: &Plan) -> Value {
    let Some(wanted) = &plan.endpoint else {
        return json!({
            "usdPerMonth": null,
            "basis": "what is made of it at AWS DMS, TiDB Cloud or Confluent Cloud is billed there, by class and use",
        });
    };
    let zones = wanted.zones.len();
    json!({
        "usdPerMonth": (zones as f64 * HOURS * ZONE_HOUR * 100.0).round() / 100.0,
        "basis": format!(
            "{zones} zones x {HOURS} h x {ZONE_HOUR} USD (AWS PrivateLink list price in us-east-1), from the endpoint's creation on, also while it \
             waits for acceptance; data, at 0.01 USD per GB, is not in it"
        ),
    })
}
