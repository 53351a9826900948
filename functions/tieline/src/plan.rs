//! The plan: what preflight made of a request. Later steps follow it and decide nothing again.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::endpoint::{Change, EndpointPlan, Form, Serving};
use crate::execution::Phase;
use crate::ids::{EndpointId, FunctionArn, GroupId};
use crate::options::OnFailure;
use crate::outside::Endpoint;
use crate::ownership::{Owner, zone_marks};
use crate::parts::Part;
use crate::problem::Problem;
use crate::targets::Target;
use crate::time::Limits;

/// A request, resolved.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Plan {
    /// The request, and what marks whatever is made for it.
    #[serde(flatten)]
    pub owner: Owner,
    pub target: Target,
    /// The interface endpoint, if the connection has one.
    pub endpoint: Option<EndpointPlan>,
    /// What else it is made of, in the order in which it is made.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub parts: Vec<Part>,
    /// What the target said of itself that the result repeats.
    #[serde(default, skip_serializing_if = "Map::is_empty")]
    pub about: Map<String, Value>,
    /// What may keep clients from the connection, and may be meant so.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub warnings: Vec<Problem>,
    pub on_failure: OnFailure,
    /// What becomes different of what is there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub change: Option<Change>,
    /// Who tries the connection.
    #[serde(default)]
    pub verifier: Verifier,
}

/// Who tries the connection from within its VPC.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "is", rename_all = "kebab-case")]
pub enum Verifier {
    /// A function; where it must prove the connection, there is none without it.
    Function {
        arn: FunctionArn,
        must: bool,
        /// Whether the groups let in only a part of the VPC: the verifier may be meant not to get through.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        doubtful: bool,
    },
    /// Nobody, and why.
    Nobody { why: String },
}

/// Plans of before say nothing of it.
impl Default for Verifier {
    fn default() -> Self {
        Self::Nobody {
            why: "the request was planned by a version that tried no connections".to_owned(),
        }
    }
}

impl Verifier {
    /// Nobody tries a connection that the request does not want tried.
    pub fn nobody(why: impl Into<String>) -> Self {
        Self::Nobody { why: why.into() }
    }
}

impl Plan {
    /// How long a phase may take: with the slowest of the parts in it, or as long as a person has.
    pub fn phase_limit(&self, phase: Phase, limits: &Limits) -> Duration {
        let slowness = self.parts.iter().map(|part| part.kind().slowness()).max();
        let limit = limits.phase * slowness.unwrap_or(1);
        let hours = self
            .endpoint
            .as_ref()
            .and_then(|wanted| wanted.acceptance_hours);
        // Whoever lets go of an endpoint waits for that long before it deletes it, and for each zone twice before that.
        let zones = self.zone_marks().count();
        let zones = u32::try_from(zones).unwrap_or(u32::MAX);
        match (phase, hours) {
            (Phase::RollBack, _) if zones > 0 => limit + (1 + 2 * zones) * limits.settle,
            (Phase::RollBack, _) => limit + limits.settle,
            (Phase::Accept, Some(hours)) => limit.max(Duration::from_secs(3600 * u64::from(hours))),
            _ => limit,
        }
    }

    /// Where what is there is changed: its form, and the one that it shall have. The latter is none while there is no group of our
    /// own and it is to have that.
    pub fn forms(
        &self,
        own_group: Option<&GroupId>,
        endpoint: &Endpoint,
    ) -> Option<(&Change, Form, Option<Form>)> {
        let (change, wanted) = (self.change.as_ref()?, self.endpoint.as_ref()?);
        let there = Form::of(endpoint);
        let wanted = wanted.form(own_group.map(GroupId::as_str), &there);
        Some((change, there, wanted))
    }

    /// Has the request's marks on the endpoint say what else it holds through them.
    pub fn complete_marks(&mut self) {
        let marks: Vec<String> = self.zone_marks().collect();
        self.owner.zone = zone_marks(&marks);
    }

    fn zone_marks(&self) -> impl Iterator<Item = String> {
        let parts = self.parts.iter();
        parts.filter_map(|part| part.kind().mark_on_endpoint())
    }

    /// Whether the endpoint is not ours and stays as it is.
    pub fn is_adopted(&self) -> bool {
        self.adopted().is_some()
    }

    /// The endpoint that is not ours and stays as it is.
    pub fn adopted(&self) -> Option<&EndpointId> {
        match &self.endpoint.as_ref()?.serving {
            Serving::Adopted { id } => Some(id),
            Serving::Ours { .. } | Serving::New => None,
        }
    }

    /// The endpoint that was there when it was planned.
    pub fn endpoint_id(&self) -> Option<&EndpointId> {
        match &self.endpoint.as_ref()?.serving {
            Serving::Adopted { id } | Serving::Ours { id } => Some(id),
            Serving::New => None,
        }
    }
}
