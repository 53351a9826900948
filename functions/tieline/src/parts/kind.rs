//! What every kind of part is asked for, and what it answers.

use async_trait::async_trait;
use serde_json::{Map, Value};

use crate::deployment::Bounds;
use crate::endpoint::EndpointPlan;
use crate::execution::Phase;
use crate::ids::{EndpointId, VpcId};
use crate::outside::{Endpoint, Outside, Reply, Tags};
use crate::ownership::{Owner, Ownership};
use crate::problem::Problem;
use crate::refusals;

#[async_trait]
pub trait PartKind: Send + Sync {
    /// What it is, for a sentence: "the registration at TiDB Cloud".
    fn name(&self) -> String;

    /// The phase that makes it, and so the function whose role may.
    fn made_in(&self) -> Phase {
        Phase::Create
    }

    /// How many times longer than other things it may take.
    fn slowness(&self) -> u32 {
        1
    }

    /// Looks at it once. Only reads.
    async fn look(&self, context: &PartContext<'_>) -> Reply<Observation>;

    /// Makes it, or goes on with making it. May be repeated.
    async fn make(&self, context: &PartContext<'_>) -> Reply<()>;

    /// Removes what is of this request's making. May be repeated.
    async fn remove(&self, context: &PartContext<'_>) -> Reply<()>;

    /// What stands in the way of making it, before anything is made.
    async fn check(&self, context: &PartContext<'_>) -> Reply<Vec<Problem>> {
        Ok(match self.look(context).await?.condition {
            Condition::Broken(problem) => vec![problem],
            Condition::Absent
            | Condition::Incomplete
            | Condition::Pending(_)
            | Condition::Ready
            | Condition::Going => Vec::new(),
        })
    }

    /// What of it will not be as it was asked for, and can be done without.
    fn warns(&self, _: &PartContext<'_>) -> Option<Problem> {
        None
    }

    /// What of it the deployment does not allow, for a service with these private names.
    fn exceeds(&self, _bounds: &Bounds, _service_names: &[String]) -> Vec<Problem> {
        Vec::new()
    }

    /// The names that it leads to the endpoint, each with the zone whose address it has; none for any of them.
    fn names(&self) -> Vec<(String, Option<String>)> {
        Vec::new()
    }

    /// Whether what it names has these names in a VPC.
    fn is_seen_in(&self, _vpc: &VpcId) -> bool {
        true
    }

    /// What a request that has it says of it in its mark on the endpoint.
    fn mark_on_endpoint(&self) -> Option<String> {
        None
    }

    /// What it proves of the connection itself once it is ready, if it tries it.
    fn proof(&self) -> Option<&'static str> {
        None
    }

    /// Whether it belongs to one endpoint and is of no use to another one.
    fn is_of_endpoint(&self) -> bool {
        false
    }

    /// Whether the request can be marked as ready on it. Connections without an endpoint need such a part.
    fn carries_mark(&self) -> bool {
        false
    }

    async fn mark(&self, _: &PartContext<'_>) -> Reply<()> {
        Ok(())
    }
}

/// What a part needs to know about the connection it belongs to.
#[derive(Clone, Copy, Debug)]
pub struct PartContext<'a> {
    pub outside: &'a Outside<'a>,
    pub owner: &'a Owner,
    /// The connection's endpoint as planned, if it has one.
    pub wanted: Option<&'a EndpointPlan>,
    /// The same as the last look showed it.
    pub endpoint: Option<&'a Endpoint>,
    /// Its id, also when EC2 does not show it any more.
    pub endpoint_id: Option<&'a EndpointId>,
    /// Whether a connection that clients use is removed.
    pub removes: bool,
}

impl PartContext<'_> {
    pub fn is_adopted(&self) -> bool {
        self.wanted
            .is_some_and(|wanted| wanted.serving.is_adopted())
    }

    /// Something of this name is there, and this request did not make it, or made it with other parameters.
    pub(crate) fn not_ours(&self, name: &str, tags: &Tags) -> Condition {
        Condition::Broken(if tags.contains_key(&self.owner.request_tag()) {
            refusals::conflict(name)
        } else {
            refusals::not_ours(name)
        })
    }
}

#[derive(Debug, Clone, PartialEq)]
pub struct Observation {
    pub condition: Condition,
    pub ownership: Ownership,
    pub facts: Map<String, Value>,
}

#[derive(Debug, Clone, PartialEq)]
pub enum Condition {
    Absent,
    /// A piece of it is there; making it goes on.
    Incomplete,
    /// It is being made; this is what is waited for.
    Pending(String),
    Ready,
    /// It is being removed.
    Going,
    /// It will never work.
    Broken(Problem),
}

impl Observation {
    pub fn absent() -> Self {
        Self::of(Condition::Absent, Ownership::Ours)
    }

    pub fn of(condition: Condition, ownership: Ownership) -> Self {
        Self {
            condition,
            ownership,
            facts: Map::new(),
        }
    }

    /// The same with something for the result to tell.
    #[must_use]
    pub fn with(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.facts.insert(name.to_owned(), value.into());
        self
    }
}
