//! What every kind of part is asked for, and what it answers.

use async_trait::async_trait;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use crate::deployment::Bounds;
use crate::endpoint::{Change, Difference, EndpointPlan};
use crate::execution::Phase;
use crate::ids::{EndpointId, VpcId};
use crate::outside::{Endpoint, Outside, Reply, Tags};
use crate::ownership::{Owner, Ownership};
use crate::problem::Problem;
use crate::refusals;
use crate::time::Time;

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

    /// What a change would make different of it, and what stands in the way of that. Only reads.
    async fn compare(&self, _: &PartContext<'_>) -> Reply<Compared> {
        Ok(Compared::default())
    }

    /// Takes away what a change leaves out, once everything else works. May be repeated, and is, until there is nothing more.
    async fn narrow(&self, _: &PartContext<'_>) -> Reply<Narrowed> {
        Ok(Narrowed::Nothing)
    }

    /// Whether something of a change is on it that would have to be put back. Only reads.
    async fn is_changed(&self, _: &PartContext<'_>) -> Reply<bool> {
        Ok(false)
    }

    /// Puts back what a change that failed has changed: what it took comes back before what it added goes. May be repeated, and
    /// is, until nothing of it is left.
    async fn put_back(&self, _: &PartContext<'_>) -> Reply<()> {
        Ok(())
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

    /// The tags of what is there of it, where these say the request's parameters.
    async fn tags(&self, _: &PartContext<'_>) -> Reply<Option<Tags>> {
        Ok(None)
    }

    /// Writes the mark, or has what carries none say what the mark says after a change.
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
    /// What becomes different, where what is there is changed.
    pub change: Option<&'a Change>,
}

impl<'a> PartContext<'a> {
    /// Of no endpoint, and to make what is planned.
    pub fn of(outside: &'a Outside<'a>, owner: &'a Owner) -> Self {
        Self {
            outside,
            owner,
            wanted: None,
            endpoint: None,
            endpoint_id: None,
            removes: false,
            change: None,
        }
    }

    pub fn is_adopted(&self) -> bool {
        self.wanted
            .is_some_and(|wanted| wanted.serving.is_adopted())
    }

    /// What a part of this name was before the change, if the change makes it different.
    pub(crate) fn before<T: DeserializeOwned>(&self, part: &str) -> Option<T> {
        let before = self.change?.parts.get(part)?;
        serde_json::from_value(before.clone()).ok()
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
    /// Whether it has something that a change leaves out.
    pub exceeds: bool,
    /// What of it goes with the request, where others keep the rest.
    pub goes: Option<Vec<String>>,
    /// Why it stays, where the request had a part in it and it does not go with it.
    pub stays: Option<Stays>,
    /// Where what others did may still have to show before it goes: from when on a look tells.
    pub settles: Option<Time>,
}

/// Why a part stays, in words that name it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Stays {
    /// Others hold it, or it was adopted.
    WithOthers(String),
    /// It leads to what goes, and nothing on it says that it is ours.
    LeftBehind(String),
}

/// What a change makes different of a part.
#[derive(Debug, Default)]
pub struct Compared {
    /// Each by the name of its field in the target.
    pub differences: Vec<Difference>,
    pub problems: Vec<Problem>,
    /// What clients may notice of it.
    pub warnings: Vec<Problem>,
    /// What it is put back to, in words of its own; none where nothing becomes different.
    pub before: Option<Value>,
}

/// What came of taking away what a change leaves out.
#[derive(Debug)]
pub enum Narrowed {
    /// There is nothing to take away.
    Nothing,
    /// It was ordered, and has to show.
    Ordered,
    /// Others would lose by it.
    Refused(Problem),
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
            exceeds: false,
            goes: None,
            stays: None,
            settles: None,
        }
    }

    /// The same of a part that stays with others, in words that name it.
    #[must_use]
    pub fn staying(mut self, with_others: Option<String>) -> Self {
        self.stays = with_others.map(Stays::WithOthers);
        self
    }

    /// The same with something for the result to tell.
    #[must_use]
    pub fn with(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.facts.insert(name.to_owned(), value.into());
        self
    }
}
