//! The plan: what preflight made of a request. Later steps follow it and decide nothing again.

mod endpoint;

use std::collections::BTreeMap;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::ids::{Region, RequestId};
use crate::outside::{Endpoint, Limits};
use crate::parts::Part;
use crate::progress::Phase;
use crate::request::OnFailure;
use crate::targets::Target;

pub use endpoint::{EndpointPlan, Groups, PrivateDns, Serving, Zone, differences, own_group_name};

/// The tag that everything of ours carries; roles may change and delete only what has it.
pub const MANAGED: &str = "tieline:managed";

/// Begins the key of the tag that a request holds on its endpoint: `tieline:request/<request id>`.
pub const REQUEST: &str = "tieline:request/";

/// Ends the value of that tag once the connection was announced as ready: from then on only a removal takes it away.
pub const READY: &str = ".ready";

/// A request, resolved.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Plan {
    /// The request's id.
    pub request_id: RequestId,
    /// What shapes the connection, as a short digest.
    pub fingerprint: String,
    /// The account that owns everything.
    pub account: String,
    /// The Region.
    pub region: Region,
    /// What to connect to.
    pub target: Target,
    /// The interface endpoint, if the connection has one.
    pub endpoint: Option<EndpointPlan>,
    /// What else it is made of, in the order in which it is made.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub parts: Vec<Part>,
    /// What the target said of itself that the result repeats.
    #[serde(default, skip_serializing_if = "Map::is_empty")]
    pub about: Map<String, Value>,
    /// The caller's tags and a name.
    pub tags: BTreeMap<String, String>,
    /// Whether what is not ours may serve the request, unchanged.
    pub adopt: bool,
    /// What to do when the request fails.
    pub on_failure: OnFailure,
}

impl Plan {
    /// The key of this request's tag.
    pub fn request_tag(&self) -> String {
        format!("{REQUEST}{}", self.request_id)
    }

    /// Every tag that what is made for this request carries before it is announced.
    pub fn all_tags(&self) -> BTreeMap<String, String> {
        let mut tags = self.tags.clone();
        tags.insert(MANAGED.to_owned(), "true".to_owned());
        tags.insert(self.request_tag(), self.fingerprint.clone());
        tags
    }

    /// The value of this request's tag once the connection is announced.
    pub fn ready_value(&self) -> String {
        format!("{}{READY}", self.fingerprint)
    }

    /// How long a phase may take: with the slowest of the parts in it, or as long as a person has.
    pub fn phase_limit(&self, phase: Phase, limits: &Limits) -> Duration {
        let slowness = self.parts.iter().map(|part| part.kind().slowness()).max();
        let limit = limits.phase * slowness.unwrap_or(1);
        let hours = self
            .endpoint
            .as_ref()
            .and_then(|wanted| wanted.acceptance_hours);
        match (phase, hours) {
            (Phase::Accept, Some(hours)) => limit.max(Duration::from_secs(3600 * u64::from(hours))),
            _ => limit,
        }
    }

    /// Whether the endpoint is not ours and stays as it is.
    pub fn is_adopted(&self) -> bool {
        self.endpoint
            .as_ref()
            .is_some_and(|endpoint| endpoint.serving.is_adopted())
    }
}

/// Whether an endpoint is ours.
pub fn is_ours(endpoint: &Endpoint) -> bool {
    endpoint
        .tags
        .get(MANAGED)
        .is_some_and(|value| value == "true")
}

/// The requests that an endpoint serves, with the values of their tags.
pub fn requests(endpoint: &Endpoint) -> impl Iterator<Item = (&str, &str)> {
    endpoint
        .tags
        .iter()
        .filter_map(|(key, value)| Some((key.strip_prefix(REQUEST)?, value.as_str())))
}

/// What an endpoint's tags say of a plan's request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Claim {
    /// It does not carry the request's tag.
    None,
    /// It carries it, for these parameters.
    Ours,
    /// It carries it, for other parameters.
    Other,
}

/// What an endpoint says of a plan's request.
pub fn claim(plan: &Plan, endpoint: &Endpoint) -> Claim {
    match endpoint.tags.get(&plan.request_tag()) {
        None => Claim::None,
        Some(value) if value.starts_with(&plan.fingerprint) => Claim::Ours,
        Some(_) => Claim::Other,
    }
}

/// Whether the value of a request's tag says that its connection was announced.
pub fn is_ready(value: &str) -> bool {
    value.ends_with(READY)
}
