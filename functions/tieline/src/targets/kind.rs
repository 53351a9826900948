//! What every kind of target is asked for, and what it answers.

use async_trait::async_trait;
use serde_json::{Map, Value};

use super::Target;
use crate::ids::{Ports, Region, RequestId, SecretArn, VpcId};
use crate::json::Condition;
use crate::options::Network;
use crate::outside::dms::Instance;
use crate::outside::{CallError, Outside};
use crate::ownership::AtVendor;
use crate::parts::Part;
use crate::problem::Problem;
use crate::trial::Speech;

#[async_trait]
pub trait TargetKind: Send + Sync {
    /// What it is, for a sentence: "Aurora DSQL cluster abc".
    fn name(&self) -> String;

    /// Finds out whether the target can be connected to now, and what that takes. Only reads.
    async fn find(&self, context: &FindContext<'_>) -> Result<Resolved, Unresolved>;

    /// What belongs to a connection to it, also where it could not be connected to today: what a removal takes away. `service` is
    /// that of the endpoint which is there. Only reads.
    async fn made_of(
        &self,
        context: &FindContext<'_>,
        _service: Option<&str>,
    ) -> Result<Resolved, Unresolved> {
        self.find(context).await
    }

    /// How to connect, once everything works.
    fn connection(&self, context: &ConnectionContext<'_>) -> Connection;

    /// What the server behind its endpoint says, so that the connection can be tried.
    fn speech(&self, _context: &ConnectionContext<'_>) -> Speech {
        Speech::unknown()
    }

    /// The AWS services without whose endpoints this one is of little use, by their short names.
    fn companions(&self) -> &'static [&'static str] {
        &[]
    }

    /// The secrets that it names, each with its place in the request.
    fn secrets(&self) -> Vec<(&'static str, &SecretArn)> {
        Vec::new()
    }

    /// The ports that clients connect to, as far as they are known without asking anybody.
    fn ports(&self) -> Vec<Ports> {
        Vec::new()
    }

    /// Whether connections to it have parts beside the endpoint.
    fn has_parts(&self) -> bool {
        false
    }

    /// Who is asked by each check whether a confirmed connection to it, with these parts, still works.
    fn at_vendor(&self, _parts: &[Part]) -> Option<AtVendor> {
        None
    }

    /// Which of its fields does not go together with the rest of the request, and why.
    fn clash(&self, _vpc: &VpcId, _private_dns: bool) -> Option<(&'static str, &'static str)> {
        None
    }

    /// The same target with what of it changes in place as this replication instance has it; none of a kind without.
    fn as_it_is(&self, _: &Instance) -> Option<Target> {
        None
    }

    /// How a request calls what becomes different of a part.
    fn called(&self, field: &str) -> String {
        format!("target.{field}")
    }

    /// Whether private names are wanted for inbound Resolver endpoints only (S3 and its like).
    fn inbound_only(&self) -> bool {
        false
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ConnectedThrough {
    /// From the request's VPC through an interface endpoint.
    Endpoint,
    /// From the request's VPC, through what is there already.
    Vpc,
    /// From somewhere else: the request names no VPC.
    Elsewhere,
}

#[derive(Debug, Clone, Copy)]
pub struct KindFacts {
    pub about: &'static str,
    pub connected_through: ConnectedThrough,
    /// The policy that `"policy": "restricted"` stands for, if there is one.
    pub restricted_policy: Option<fn() -> Value>,
    /// What of its fields keeps the endpoint's private DNS off.
    pub no_private_dns: Option<Condition>,
}

impl KindFacts {
    /// A kind that is connected through an endpoint, and that is all.
    pub(super) const ENDPOINT: Self = Self {
        about: "",
        connected_through: ConnectedThrough::Endpoint,
        restricted_policy: None,
        no_private_dns: None,
    };
}

#[derive(Debug, Clone, Copy)]
pub struct FindContext<'a> {
    pub outside: &'a Outside<'a>,
    pub request_id: &'a RequestId,
    pub region: &'a Region,
    pub account: &'a str,
    pub network: Option<&'a Network>,
}

/// Why a target was not resolved.
#[derive(Debug, Clone, PartialEq)]
pub enum Unresolved {
    /// It will be there, but is not yet.
    NotYet(Problem),
    /// It cannot be connected to.
    Refused(Vec<Problem>),
    /// It could not be looked at.
    Failed(CallError),
}

impl From<Problem> for Unresolved {
    fn from(problem: Problem) -> Self {
        Self::Refused(vec![problem])
    }
}

impl From<CallError> for Unresolved {
    fn from(error: CallError) -> Self {
        Self::Failed(error)
    }
}

impl Unresolved {
    /// A vendor's refusal of a key is a problem of the request; every other error stays one.
    pub(super) fn by_vendor(error: CallError, key_path: &str) -> Self {
        match error.credentials_problem() {
            Some(problem) => problem.about(key_path).into(),
            None => error.into(),
        }
    }

    /// Refuses for these problems, if there are any.
    pub(super) fn if_any(problems: Vec<Problem>) -> Result<(), Self> {
        match problems.is_empty() {
            true => Ok(()),
            false => Err(Self::Refused(problems)),
        }
    }

    /// Both, or what stands in the way of them: every problem, and what is not there yet only if nothing else is wrong.
    pub(super) fn both<A, B>(one: Result<A, Self>, other: Result<B, Self>) -> Result<(A, B), Self> {
        match (one, other) {
            (Ok(one), Ok(other)) => Ok((one, other)),
            (Err(Self::Failed(error)), _) | (_, Err(Self::Failed(error))) => Err(error.into()),
            (Err(Self::Refused(mut problems)), Err(Self::Refused(more))) => {
                problems.extend(more);
                Err(Self::Refused(problems))
            }
            (Err(Self::Refused(problems)), _) | (_, Err(Self::Refused(problems))) => {
                Err(Self::Refused(problems))
            }
            (Err(one), _) | (_, Err(one)) => Err(one),
        }
    }
}

#[derive(Debug, Clone, Default, PartialEq)]
pub struct Resolved {
    /// The endpoint, for targets of [`ConnectedThrough::Endpoint`].
    pub endpoint: Option<EndpointSpec>,
    /// What else is to be made, in order.
    pub parts: Vec<Part>,
    /// What the result repeats.
    pub about: Map<String, Value>,
    /// What did not show that would say what else belongs to it: one look is not enough for a removal to go without.
    pub in_doubt: Option<String>,
}

impl From<EndpointSpec> for Resolved {
    fn from(endpoint: EndpointSpec) -> Self {
        Self {
            endpoint: Some(endpoint),
            ..Self::default()
        }
    }
}

#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct EndpointSpec {
    /// The service's full name.
    pub service: String,
    /// What it may be called instead: the first name that EC2 knows counts.
    pub or: Vec<String>,
    pub port: u16,
    pub further_ports: Vec<Ports>,
    /// The host name that clients use with private DNS; none stands for the service's first private name.
    pub host: Option<String>,
    /// Whether a private zone of ours leads that host to the endpoint, whatever EC2's private DNS does.
    pub named_by_zone: bool,
    /// How long a person may take to accept the connection, in hours; none if nobody has to.
    pub acceptance_hours: Option<u32>,
    /// Further VPCs that connect through the endpoint: a group of our own lets them in as well.
    pub also_from: Vec<VpcId>,
}

/// What is known once everything was made.
#[derive(Debug, Clone, Copy)]
pub struct ConnectionContext<'a> {
    pub region: &'a Region,
    pub port: u16,
    /// The endpoint's own Regional DNS name; empty without an endpoint.
    pub endpoint_name: &'a str,
    /// The target's private host name, when something leads it to the endpoint.
    pub private_host: Option<&'a str>,
    pub about: &'a Map<String, Value>,
    /// What the parts say of themselves, by the name of their kind.
    pub facts: &'a Map<String, Value>,
}

impl<'a> ConnectionContext<'a> {
    pub fn host(&self) -> &'a str {
        self.private_host.unwrap_or(self.endpoint_name)
    }
}

/// How to connect.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Connection {
    /// The host name, with a star for what depends on the client.
    pub host: String,
    /// The TCP port.
    pub port: u16,
    /// A command to paste into a shell.
    pub command: String,
    /// What one has to know about it.
    pub note: Option<String>,
}

/// What of `zoneVpcIds` clashes with the rest of a request: a VPC has a name from one of both only.
pub(super) fn zones_clash(
    zone_vpcs: &[VpcId],
    vpc: &VpcId,
    private_dns: bool,
) -> Option<(&'static str, &'static str)> {
    (private_dns && zone_vpcs.contains(vpc)).then_some((
        "zoneVpcIds",
        "the endpoint's private DNS serves its own VPC, so a private zone cannot: leave that VPC out, or send \"privateDns\": false",
    ))
}
