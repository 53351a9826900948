//! What a connection is made of beside its interface endpoint: one module a kind of part, each of the same form.
//!
//! A target plans parts, the steps look at them, make them in order and remove them in the opposite order, and nobody
//! but the part knows which vendor or service it talks to. To add a kind, write its module (a type with
//! [`PartKind`]) and add one line to `kinds!`.

pub mod confluent_access;
pub mod dms_certificate;
pub mod dms_endpoint;
pub mod dms_instance;
pub mod dms_login;
pub mod dms_subnet_group;
pub mod private_zone;
pub mod tidb_domains;
pub mod tidb_link;
pub mod tidb_registration;

use async_trait::async_trait;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::error::CallError;
use crate::ids::EndpointId;
use crate::outside::{Endpoint, Outside};
use crate::plan::{MANAGED, Plan, REQUEST, is_ready};
use crate::problem::{Code, Problem};
use crate::step::NextState;

/// What a part of any kind can be asked for.
#[async_trait]
pub trait PartKind: Send + Sync {
    /// What it is, for a sentence: "the registration at TiDB Cloud".
    fn name(&self) -> String;

    /// The state that makes it, and so the function whose role may.
    fn made_by(&self) -> NextState {
        NextState::Create
    }

    /// How many times longer than other things it may take.
    fn slowness(&self) -> u32 {
        1
    }

    /// Looks at it once. Only reads.
    async fn look(&self, at: &PartContext<'_>) -> Result<Observation, CallError>;

    /// Makes it, or goes on with making it. May be repeated.
    async fn make(&self, at: &PartContext<'_>) -> Result<(), CallError>;

    /// Removes what is of this request's making. May be repeated.
    async fn remove(&self, at: &PartContext<'_>) -> Result<(), CallError>;

    /// What stands in the way of making it, before anything is made.
    async fn check(&self, at: &PartContext<'_>) -> Result<Vec<Problem>, CallError> {
        Ok(match self.look(at).await?.condition {
            Condition::Broken(problem) => vec![problem],
            Condition::Absent
            | Condition::Incomplete
            | Condition::Pending(_)
            | Condition::Ready
            | Condition::Going => Vec::new(),
        })
    }

    /// What it proves of the connection itself once it is ready, if it tries it.
    fn proof(&self) -> Option<&'static str> {
        None
    }

    /// Whether the request can be marked as ready on it. Connections without an endpoint need such a part.
    fn carries_mark(&self) -> bool {
        false
    }

    /// Marks the request as ready on it.
    async fn mark(&self, _: &PartContext<'_>) -> Result<(), CallError> {
        Ok(())
    }
}

/// Where a part is.
#[derive(Clone, Copy, Debug)]
pub struct PartContext<'a> {
    /// The world.
    pub outside: &'a Outside<'a>,
    /// The plan that it belongs to.
    pub plan: &'a Plan,
    /// The plan's endpoint as the last look showed it, if it has one.
    pub endpoint: Option<&'a Endpoint>,
    /// Its id, also when EC2 does not show it any more.
    pub endpoint_id: Option<&'a EndpointId>,
}

/// What a look at a part shows.
#[derive(Debug, Clone, PartialEq)]
pub struct Observation {
    /// How it is.
    pub condition: Condition,
    /// Whose it is.
    pub hold: Ownership,
    /// What the result tells of it.
    pub facts: Map<String, Value>,
}

/// How a part is.
#[derive(Debug, Clone, PartialEq)]
pub enum Condition {
    /// It is not there.
    Absent,
    /// A piece of it is there; making it goes on.
    Incomplete,
    /// It is being made; this is what is waited for.
    Pending(String),
    /// It works.
    Ready,
    /// It is being removed.
    Going,
    /// It will never work.
    Broken(Problem),
}

/// Whose a part is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ownership {
    /// Somebody else's, or others need it: it is never changed or removed by this request.
    Others,
    /// This request's, until it is announced.
    Ours,
    /// This request's, and marked as ready: only a removal takes it away.
    Confirmed,
}

impl Observation {
    /// It is not there.
    pub fn absent() -> Self {
        Self::of(Condition::Absent, Ownership::Ours)
    }

    /// It is there.
    pub fn of(condition: Condition, hold: Ownership) -> Self {
        Self {
            condition,
            hold,
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

/// Something of this request id is there, made for other parameters.
pub(crate) fn conflict(name: &str) -> Condition {
    Condition::Broken(
        Problem::new(
            Code::RequestConflict,
            format!("this requestId was used with other parameters: {name} is there"),
            "choose another requestId, or send the parameters of the first request",
        )
        .about("$.requestId"),
    )
}

/// Whose something is that carries our tags or not.
pub(crate) fn hold_of_tags(
    plan: &Plan,
    tags: &std::collections::BTreeMap<String, String>,
) -> Ownership {
    if tags.get(MANAGED).is_none_or(|value| value != "true") {
        return Ownership::Others;
    }
    match tags.get(&plan.request_tag()) {
        Some(value) if value.starts_with(&plan.fingerprint) && is_ready(value) => {
            Ownership::Confirmed
        }
        Some(value) if value.starts_with(&plan.fingerprint) => Ownership::Ours,
        Some(_) => Ownership::Others,
        None if tags.keys().any(|key| key.starts_with(REQUEST)) => Ownership::Others,
        None => Ownership::Ours,
    }
}

kinds! {
    /// A part of any kind.
    pub enum Part: PartKind {
        tidb_registration::TidbRegistration = "tidb-cloud-registration",
        confluent_access::ConfluentAccess = "confluent-private-link-access",
        tidb_link::TidbLink = "tidb-cloud-private-link-connection",
        tidb_domains::TidbDomains = "tidb-cloud-attached-domains",
        private_zone::PrivateZone = "private-zone",
        dms_subnet_group::DmsSubnetGroup = "dms-subnet-group",
        dms_instance::DmsInstance = "dms-replication-instance",
        dms_certificate::DmsCertificate = "dms-certificate",
        dms_endpoint::DmsEndpoint = "dms-endpoint",
        dms_login::DmsLogin = "dms-connection-test",
    }
}
