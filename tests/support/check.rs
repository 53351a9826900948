//! What a test looks at when all is over: past the gate, so that no fault or throttle hides anything.

use std::time::Duration;

use serde_json::{Value, json};
use world::World;
use world::gate::FaultKind;
use world::model::endpoints::{DescribeVpcEndpoints, VpcEndpoint};
use world::model::groups::{DescribeSecurityGroups, SecurityGroup};

use crate::simulated::Simulated;
use crate::stage::Ended;

/// Everything that can go wrong with a call.
pub const KINDS: [FaultKind; 8] = [
    FaultKind::Throttle,
    FaultKind::ErrorBeforeEffect,
    FaultKind::ErrorAfterEffect,
    FaultKind::LostAnswer,
    FaultKind::LateEffect { seconds: 20.0 },
    FaultKind::Hang,
    FaultKind::Malformed,
    FaultKind::AccessDenied,
];

/// How often a shipped client tries a call: a fault that lasts this long reaches the state machine.
pub const ATTEMPTS: u32 = 3;

/// Not a result: the execution goes on.
pub const AWAITING: &str = "Private Connection Awaiting Acceptance";

/// Everything in EC2 that matters here, as it is now.
#[derive(Debug)]
pub struct Seen {
    /// Every endpoint that is not dead.
    pub alive: Vec<VpcEndpoint>,
    /// Every security group.
    pub groups: Vec<SecurityGroup>,
}

impl Seen {
    /// Looks, once late effects and delays have passed.
    ///
    /// # Panics
    ///
    /// If the world refuses to be looked at.
    pub fn at_last(world: &mut World) -> Self {
        world.advance(Duration::from_secs(120));
        Self::now(world)
    }

    /// Looks at once.
    ///
    /// # Panics
    ///
    /// If the world refuses to be looked at.
    pub fn now(world: &mut World) -> Self {
        let groups = world
            .arrange(DescribeSecurityGroups::default())
            .expect("groups can be described");
        Self {
            groups: groups.security_groups,
            ..Self::endpoints(world)
        }
    }

    /// Looks at the endpoints only, at once.
    ///
    /// # Panics
    ///
    /// If the world refuses to be looked at.
    pub fn endpoints(world: &mut World) -> Self {
        let endpoints = world
            .arrange(DescribeVpcEndpoints::default())
            .expect("endpoints can be described");
        let dead = ["deleting", "deleted", "failed", "rejected", "expired"];
        let alive = endpoints
            .vpc_endpoints
            .into_iter()
            .filter(|one| !dead.contains(&one.state.as_str()));
        Self {
            alive: alive.collect(),
            groups: Vec::new(),
        }
    }

    /// The endpoints of ours.
    pub fn ours(&self) -> Vec<&VpcEndpoint> {
        self.alive
            .iter()
            .filter(|one| one.tags.iter().any(|tag| tag.key == "tieline:managed"))
            .collect()
    }

    /// The security groups of ours.
    pub fn own_groups(&self) -> Vec<&SecurityGroup> {
        self.groups
            .iter()
            .filter(|one| one.tags.iter().any(|tag| tag.key == "tieline:managed"))
            .collect()
    }

    /// Everything of ours, for an assertion that there is nothing.
    pub fn left(&self) -> Vec<&str> {
        let endpoints = self
            .ours()
            .into_iter()
            .map(|one| one.vpc_endpoint_id.as_str());
        endpoints
            .chain(
                self.own_groups()
                    .into_iter()
                    .map(|one| one.group_id.as_str()),
            )
            .collect()
    }
}

/// The detail of the one result event of an execution.
///
/// # Panics
///
/// If there is none or more than one.
pub fn detail(ended: &Ended) -> &Value {
    let is_result = |event: &&Value| event["DetailType"] != AWAITING;
    let results: Vec<&Value> = ended.events.iter().filter(is_result).collect();
    assert_eq!(results.len(), 1, "one result event: {:?}", ended.events);
    &results[0]["Detail"]
}

/// The details of what was announced on the way: that a person has to accept.
pub fn awaited(ended: &Ended) -> Vec<&Value> {
    let events = ended.events.iter();
    events
        .filter(|event| event["DetailType"] == AWAITING)
        .map(|event| &event["Detail"])
        .collect()
}

/// The reason code of that event.
///
/// # Panics
///
/// If there is none.
pub fn code(ended: &Ended) -> &str {
    detail(ended)["code"].as_str().expect("a code")
}

/// # Panics
///
/// If the request did not end as a connection; the text is what the result says.
pub fn assert_connected(ended: &Ended, what: &str) {
    assert_eq!(code(ended), "CONNECTED", "{what}: {}", detail(ended));
    assert_eq!(ended.status, "SUCCEEDED", "{what}");
}

/// The calls that wanted to change something.
pub fn writes(outside: &Simulated) -> Vec<String> {
    outside
        .world()
        .writes()
        .map(|call| call.action.clone())
        .collect()
}

/// A result without what differs from run to run: times, the execution, and what is named after it.
pub fn comparable(event: &Value) -> Value {
    let mut event = event.clone();
    for name in ["phases", "seconds", "execution", "resultId", "eventId"] {
        event["Detail"][name] = json!(null);
    }
    event
}
