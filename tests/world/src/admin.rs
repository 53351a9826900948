//! The admin API under `/_world/`: it scripts time, acceptance and faults, and tells what was
//! called.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::World;
use crate::clock::Moment;
use crate::gate::Fault;
use crate::model::confluent::accesses::PrivateLinkAccess;
use crate::model::endpoints::{Decision, VpcEndpoint};
use crate::model::groups::SecurityGroup;
use crate::model::tidb::connections::PrivateEndpointConnection;
use crate::model::tidb::links::PrivateLinkConnection;
use crate::model::{dms, route53};
use crate::scenario::Scenario;
use crate::wire::{Request, Response};

/// Everything that exists, as it is and not as readers may still see it.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct State {
    /// The virtual time.
    pub now: Moment,
    /// The endpoints, deleted ones included as long as EC2 remembers them.
    pub endpoints: Vec<VpcEndpoint>,
    /// The security groups.
    pub groups: Vec<SecurityGroup>,
    /// The network interfaces, by id with the endpoint that each belongs to.
    pub interfaces: Vec<(String, String)>,
    /// Everything that DMS has.
    pub dms: dms::Inventory,
    /// The hosted zones, those of other accounts included.
    pub hosted_zones: Vec<route53::Inventory>,
    /// The names of the roles.
    pub roles: Vec<String>,
    /// The names of the secrets; never their values.
    pub secrets: Vec<String>,
    /// The endpoints that are registered with TiDB Cloud.
    pub registrations: Vec<PrivateEndpointConnection>,
    /// TiDB Cloud's private link connections, with their domains.
    pub link_connections: Vec<PrivateLinkConnection>,
    /// The accounts that have access to Confluent's networks.
    pub accesses: Vec<PrivateLinkAccess>,
}

impl World {
    /// Everything that exists, as it is: unlike a Describe call, this is never stale.
    #[must_use]
    pub fn state(&self) -> State {
        let model = &self.model;
        let endpoints = model
            .endpoints
            .all_latest()
            .filter(|endpoint| !endpoint.is_forgotten(model));
        let interfaces = model
            .interfaces
            .all_latest()
            .filter(|interface| interface.exists(model.now));
        State {
            now: model.now,
            endpoints: endpoints
                .map(|endpoint| VpcEndpoint {
                    tags: model.latest_tag_list(&endpoint.id),
                    ..endpoint.detail(model)
                })
                .collect(),
            groups: model
                .groups
                .all_latest()
                .map(|group| SecurityGroup {
                    tags: model.latest_tag_list(&group.id),
                    ..group.detail(model)
                })
                .collect(),
            interfaces: interfaces
                .map(|interface| (interface.id.clone(), interface.endpoint_id.clone()))
                .collect(),
            dms: model.dms_inventory(),
            hosted_zones: model.dns_inventory(),
            roles: model.roles.keys().cloned().collect(),
            secrets: model.secret_names(),
            registrations: model.all_registrations(),
            link_connections: model.all_links(),
            accesses: model.all_accesses(),
        }
    }
}

/// The path under which the admin API lies.
pub(crate) const PREFIX: &str = "/_world/";

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct NamedScenario {
    name: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Advance {
    seconds: f64,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct TimeScale {
    scale: f64,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Throttling {
    factor: Option<f64>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Acceptance {
    endpoint_id: String,
    decision: Decision,
}

/// Answers a request to the admin API. `time_scale` is the server's.
pub(crate) fn answer(world: &mut World, time_scale: &mut f64, request: &Request) -> Response {
    let action = request.path.strip_prefix(PREFIX).unwrap_or_default();
    match perform(world, time_scale, action, request) {
        Ok(body) => respond(200, &body),
        Err(problem) => respond(400, &json!({"error": problem})),
    }
}

fn perform(
    world: &mut World,
    time_scale: &mut f64,
    action: &str,
    request: &Request,
) -> Result<Value, String> {
    match (request.method.as_str(), action) {
        ("GET", "calls") => return Ok(calls(world, request.query.contains("writes=true"))),
        ("GET", "state") => return to_value(&world.state()),
        ("GET", "scenarios") => return Ok(scenarios()),
        ("DELETE", "calls") => world.clear_calls(),
        ("DELETE", "faults") => world.clear_faults(),
        ("POST", "services") => world.offer(read(request)?)?,
        ("POST", "faults") => world.add_fault(read::<Fault>(request)?),
        ("POST", "advance") => world.advance(seconds(read::<Advance>(request)?.seconds)?),
        ("POST", "time-scale") => {
            *time_scale = seconds(read::<TimeScale>(request)?.scale)?.as_secs_f64()
        }
        ("POST", "throttling") => world.scale_throttling(read::<Throttling>(request)?.factor),
        ("POST", "scenario") => {
            let name = read::<NamedScenario>(request)?.name;
            let scenario =
                Scenario::named(&name).ok_or_else(|| format!("there is no scenario {name}"))?;
            *world = scenario.world(world.now());
        }
        ("POST", "acceptance") => {
            let Acceptance {
                endpoint_id,
                decision,
            } = read(request)?;
            world.decide(&endpoint_id, decision)?;
        }
        (method, _) => return Err(format!("there is no {method} {}", request.path)),
    }
    Ok(json!({"now": world.now()}))
}

fn calls(world: &World, only_writes: bool) -> Value {
    let calls: Vec<_> = world
        .calls()
        .iter()
        .filter(|call| call.write || !only_writes)
        .collect();
    json!(calls)
}

fn scenarios() -> Value {
    Scenario::all()
        .iter()
        .map(|scenario| json!({"name": scenario.name, "about": scenario.about}))
        .collect()
}

fn read<'r, T: Deserialize<'r>>(request: &'r Request) -> Result<T, String> {
    serde_json::from_slice(&request.body).map_err(|error| error.to_string())
}

fn to_value(value: &impl Serialize) -> Result<Value, String> {
    serde_json::to_value(value).map_err(|error| error.to_string())
}

fn seconds(number: f64) -> Result<Duration, String> {
    Duration::try_from_secs_f64(number).map_err(|error| error.to_string())
}

fn respond(status: u16, body: &Value) -> Response {
    Response::written(status, "application/json", Vec::new(), body.to_string())
}
