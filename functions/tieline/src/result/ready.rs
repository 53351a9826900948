//! *Private Connection Ready*: the connection is there.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Serialize;
use serde_json::{Map, Value};

use super::{About, Cost, ResultDetail, Run, any_object, changed};
use crate::endpoint::{AvailabilityZone, Difference, EndpointPlan, Groups, has_other_policy};
use crate::execution::{Execution, Progress};
use crate::ids::EndpointId;
use crate::outside::Tags;
use crate::outside::{self, Interface};
use crate::ownership::{REQUEST, holders};
use crate::plan::{Plan, Verifier};
use crate::problem::{Code, Problem};
use crate::targets::{Connection, ConnectionContext};
use crate::time::Time;
use crate::trial::{Outcome, Tried};

/// The connection is there
#[derive(Debug, Serialize, JsonSchema)]
pub struct Ready {
    #[serde(flatten)]
    about: About,
    /// The reason code
    #[schemars(with = "String", extend("const" = Code::Connected))]
    code: Code,
    connection: Connect,
    verified: Verified,
    cost: Cost,
    /// What may keep clients from it, and may be meant so
    warnings: Vec<Problem>,
    /// What was made different, where a change was asked for
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Vec<Difference>")]
    changes: Option<Vec<Difference>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Endpoint")]
    endpoint: Option<Endpoint>,
    /// What else it is made of, by kind
    #[serde(skip_serializing_if = "Map::is_empty")]
    #[schemars(schema_with = "any_object", extend("additionalProperties" = {"type": "object"}))]
    parts: Map<String, Value>,
    /// What the target says of itself
    #[serde(rename = "about", skip_serializing_if = "Map::is_empty")]
    #[schemars(schema_with = "any_object")]
    said_by_target: Map<String, Value>,
}

/// What was looked at, layer by layer, and what was not
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(extend("additionalProperties" = {"type": "string"}))]
struct Verified {
    /// The way to the endpoint's network interfaces, tried from within the VPC before any name was switched on
    path: Tried,
    /// The names that are announced, resolved in the VPC
    names: Tried,
    /// What AWS and the vendor say
    #[serde(flatten)]
    #[schemars(with = "BTreeMap<String, String>")]
    said: BTreeMap<String, String>,
}

/// How to connect
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct Connect {
    /// The host name; none where it depends on the client
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "String")]
    host: Option<String>,
    /// What host names look like, where they depend on the client: the note says what to put in the place of <name>
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "String")]
    host_pattern: Option<String>,
    /// The TCP port
    #[schemars(range(min = 1))]
    port: u16,
    /// A command to paste into a shell
    command: String,
    /// What one has to know about it
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "String")]
    note: Option<String>,
}

/// The interface endpoint, as it was read back; none for targets without one
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct Endpoint {
    /// Its id
    id: EndpointId,
    /// The endpoint service's full name
    service_name: String,
    /// Its VPC
    vpc_id: String,
    /// Whether it is not Tieline's, and was only looked at
    adopted: bool,
    /// Its own DNS names
    dns_names: Vec<String>,
    /// The target's names that resolve to it
    private_dns_names: Vec<String>,
    /// Where it has a network interface
    zones: Vec<Placed>,
    /// Its security groups
    security_group_ids: Vec<String>,
    /// Its policy; null for full access
    #[schemars(with = "Option<Map<String, Value>>")]
    policy: Option<Value>,
    /// Its tags, without those of other requests
    tags: Tags,
    /// Every request that it serves
    requests: Vec<String>,
    /// How it differs from what was asked for, in what the request can do without
    differs: Vec<String>,
}

/// A zone with the endpoint's network interface
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct Placed {
    #[serde(flatten)]
    zone: AvailabilityZone,
    /// The private IPv4 address in it; null where it has none
    private_ip: Option<String>,
    /// The IPv6 address in it, where the endpoint has such
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "String")]
    ipv6: Option<String>,
}

/// An endpoint as it was read back.
#[derive(Debug, Clone, Copy)]
pub struct Built<'a> {
    /// What was planned.
    pub wanted: &'a EndpointPlan,
    /// What is there.
    pub endpoint: &'a outside::Endpoint,
    pub interfaces: &'a [Interface],
}

impl ResultDetail for Ready {
    const DETAIL_TYPE: &'static str = "Private Connection Ready";
    const SCHEMA_FILE: &'static str = "ready.v1.json";
}

impl Ready {
    /// `facts` is what the parts say of themselves, by the name of their kind.
    pub fn of(
        plan: &Plan,
        progress: &Progress,
        execution: &Execution,
        built: Option<Built<'_>>,
        facts: Map<String, Value>,
        now: Time,
    ) -> Self {
        let target = plan.target.kind();
        let endpoint_name = built.and_then(|built| built.endpoint.dns_names.first());
        let connection = target.connection(&ConnectionContext {
            region: &plan.owner.region,
            port: built.map_or(0, |built| built.wanted.port),
            endpoint_name: endpoint_name.map_or("", String::as_str),
            private_host: built.and_then(|built| built.wanted.host.as_deref()),
            about: &plan.about,
            facts: &facts,
        });
        let target = target.name();
        let changed = plan.change.as_ref().map(changed).unwrap_or_default();
        let message = match built {
            Some(Built {
                wanted, endpoint, ..
            }) => {
                let (vpc, id) = (&wanted.vpc_id, &endpoint.id);
                format!("{vpc} is connected to {target} through {id}{changed}")
            }
            None => format!("{target}: the private connection works{changed}"),
        };
        let connection = Connect::of(connection);
        let next_step = format!("connect: {}", connection.command);
        let run = Run::of(message, next_step, progress, execution, now);
        Self {
            about: About::of(plan, run),
            code: Code::Connected,
            verified: verified(plan, progress, built, &facts),
            cost: Cost::of(plan),
            warnings: plan.warnings.clone(),
            changes: plan
                .change
                .as_ref()
                .map(|change| change.differences.clone()),
            endpoint: built.map(|built| Endpoint::of(plan, built)),
            connection,
            parts: facts,
            said_by_target: plan.about.clone(),
        }
    }
}

impl Connect {
    /// A wildcard is no host: the name without the star has no record, and only the client knows what stands for it.
    fn of(connection: Connection) -> Self {
        let Connection {
            host,
            port,
            command,
            note,
        } = connection;
        let Some(domain) = host.strip_prefix("*.") else {
            return Self {
                host: Some(host),
                host_pattern: None,
                port,
                command,
                note,
            };
        };
        let pattern = format!("<name>.{domain}");
        let said = format!(
            "put {} in the place of <name>; {domain} by itself resolves to nothing",
            stands_for(domain)
        );
        Self {
            command: command.replace(&host, &pattern),
            note: Some(note.map_or(said.clone(), |note| format!("{said}; {note}"))),
            host: None,
            host_pattern: Some(pattern),
            port,
        }
    }
}

/// What clients put before a service's domain.
fn stands_for(domain: &str) -> &'static str {
    let has = |part: &str| domain.split('.').any(|label| label == part);
    if domain.starts_with("vpce-") && has("s3") {
        // Amazon S3 User Guide, "AWS PrivateLink for Amazon S3".
        "bucket, accesspoint or control"
    } else if domain.starts_with("dsql-") {
        "the id of the cluster"
    } else if has("dkr") {
        "the account id of the registry"
    } else if has("execute-api") {
        "the id of the API"
    } else if has("s3") {
        "the name of the bucket"
    } else {
        "the name of what you connect to"
    }
}

impl Endpoint {
    fn of(plan: &Plan, built: Built<'_>) -> Self {
        let Built {
            wanted, endpoint, ..
        } = built;
        let read = |text: &str| serde_json::from_str(text).ok();
        let names = wanted.private_dns.as_ref().map(|dns| dns.names.clone());
        Self {
            id: endpoint.id.clone(),
            service_name: endpoint.service.clone(),
            vpc_id: endpoint.vpc.clone(),
            adopted: plan.is_adopted(),
            dns_names: endpoint.dns_names.clone(),
            private_dns_names: names.unwrap_or_default(),
            zones: wanted
                .zones
                .iter()
                .map(|zone| Placed::of(zone, built.interfaces))
                .collect(),
            security_group_ids: endpoint.group_ids.clone(),
            policy: endpoint.policy.as_deref().and_then(read),
            tags: own_tags(plan, &endpoint.tags),
            requests: holders(&endpoint.tags)
                .map(|(request, _)| request.to_owned())
                .collect(),
            differs: differs(wanted, endpoint),
        }
    }
}

fn differs(wanted: &EndpointPlan, endpoint: &outside::Endpoint) -> Vec<String> {
    let mut differs = wanted.differs.clone();
    if wanted.serving.is_new() && has_other_policy(wanted, endpoint) {
        differs.push("EC2 shows its policy in other words than it was sent".to_owned());
    }
    differs
}

impl Placed {
    fn of(zone: &AvailabilityZone, interfaces: &[Interface]) -> Self {
        let address = interfaces
            .iter()
            .find(|interface| interface.subnet_id == zone.subnet_id.as_str());
        Self {
            zone: zone.clone(),
            private_ip: address.and_then(|interface| interface.private_ip.clone()),
            ipv6: address.and_then(|interface| interface.ipv6.clone()),
        }
    }
}

/// The endpoint's tags without those of other requests.
fn own_tags(plan: &Plan, tags: &Tags) -> Tags {
    let own = plan.owner.request_tag();
    let mut tags = tags.clone();
    tags.retain(|key, _| !key.starts_with(REQUEST) || *key == own);
    tags
}

/// What was looked at, layer by layer, and what was not.
fn verified(
    plan: &Plan,
    progress: &Progress,
    built: Option<Built<'_>>,
    facts: &Map<String, Value>,
) -> Verified {
    let untried = || match &plan.verifier {
        Verifier::Nobody { why } => Tried::not_tried(why),
        Verifier::Function { .. } => Tried::not_tried("it was ready before this was tried"),
    };
    let path = progress.path.clone().unwrap_or_else(untried);
    let names = progress.names.clone().unwrap_or_else(untried);
    let mut layers = BTreeMap::new();
    let mut layer = |name: &str, seen: &str| layers.insert(name.to_owned(), seen.to_owned());
    if let Some(Built {
        wanted, endpoint, ..
    }) = built
    {
        layer("endpoint", "available");
        layer(
            "privateDns",
            if endpoint.private_dns { "on" } else { "off" },
        );
        layer("subnets", "as planned");
        layer(
            "securityGroups",
            match wanted.groups {
                Groups::Named { .. } => "as asked for",
                Groups::Own { .. } | Groups::Unchanged => "as the endpoint has them",
            },
        );
        layer(
            "tags",
            if plan.is_adopted() {
                "not ours"
            } else {
                "as planned"
            },
        );
    }
    for kind in facts.keys() {
        layer(kind, "ready");
    }
    let proof = plan.parts.iter().find_map(|part| part.kind().proof());
    let tried = match path.outcome {
        Outcome::Proven => "a client in the VPC got through to every network interface",
        Outcome::NotTried | Outcome::Failed => {
            "not tried: no packet of ours was sent through the connection"
        }
    };
    layer("connection", proof.unwrap_or(tried));
    Verified {
        path,
        names,
        said: layers,
    }
}
