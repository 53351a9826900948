//! What can be connected to: one module a kind, each of the same form.
//!
//! To add a kind, write its module (a type with `read` and [`TargetKind`], and a `schema`) and add one line to `targets!`.

pub mod aurora_dsql;
pub mod aurora_dsql_management;
pub mod aws_service;
pub mod dms_tidb_cloud;
pub mod endpoint_service;
pub mod tidb_cloud_dedicated;
pub mod tidb_cloud_serverless;
pub mod tidb_cloud_to_confluent;

mod dms_choice;
mod dms_network;
mod tidb;

use async_trait::async_trait;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::error::CallError;
use crate::fields::Fields;
use crate::ids::{Region, VpcId};
use crate::outside::Outside;
use crate::parts::Part;
use crate::problem::{Code, Problem};
use crate::request::Request;
use crate::schema::TargetSchema;

/// What a kind of target has to say for itself.
#[async_trait]
pub trait TargetKind: Send + Sync {
    /// What it is, for a sentence: "Aurora DSQL cluster abc".
    fn name(&self) -> String;

    /// Finds out whether the target can be connected to now, and what that takes. Only reads.
    async fn find(
        &self,
        outside: &Outside<'_>,
        asked: &FindContext<'_>,
    ) -> Result<Resolution, CallError>;

    /// How to connect, once everything works.
    fn connection(&self, path: &ConnectionContext<'_>) -> Connection;

    /// Where it is connected from, and how.
    fn connected_through(&self) -> ConnectedThrough {
        ConnectedThrough::Endpoint
    }

    /// Whether private DNS of the endpoint is possible with what the target says of names.
    fn takes_private_dns(&self) -> bool {
        self.connected_through() == ConnectedThrough::Endpoint
    }

    /// The ports that clients connect to, as far as they are known without asking anybody.
    fn ports(&self) -> Vec<u16> {
        Vec::new()
    }

    /// Which of its fields does not go together with the rest of the request, and why.
    fn clash(&self, _vpc: &VpcId, _private_dns: bool) -> Option<(&'static str, &'static str)> {
        None
    }

    /// The policy that `"policy": "restricted"` stands for, if there is one.
    fn restricted_policy(&self) -> Option<Value> {
        None
    }

    /// Whether private names are wanted for inbound Resolver endpoints only (S3 and its like).
    fn inbound_only(&self) -> bool {
        false
    }
}

/// Where a target is connected from, and how.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ConnectedThrough {
    /// From the request's VPC through an interface endpoint.
    Endpoint,
    /// From the request's VPC, through what is there already.
    Vpc,
    /// From somewhere else: the request names no VPC.
    Elsewhere,
}

/// Who asks for a target.
#[derive(Debug, Clone, Copy)]
pub struct FindContext<'a> {
    /// The request.
    pub request: &'a Request,
    /// The account that the functions run in.
    pub account: &'a str,
}

impl FindContext<'_> {
    /// The request's Region.
    pub fn region(&self) -> &Region {
        &self.request.region
    }
}

/// What was found out about a target.
#[derive(Debug, Clone, PartialEq)]
pub enum Resolution {
    /// It can be connected to.
    Resolved(Box<Resolved>),
    /// It will be there, but is not yet.
    NotYet(Problem),
    /// It cannot be connected to.
    Refused(Vec<Problem>),
}

impl Resolution {
    /// It can be connected to through an endpoint, and that is all.
    pub fn service(wanted: EndpointSpec) -> Self {
        Self::Resolved(Box::new(Resolved {
            wanted: Some(wanted),
            ..Resolved::default()
        }))
    }

    /// It cannot be connected to.
    pub fn refused(problem: Problem) -> Self {
        Self::Refused(vec![problem])
    }
}

/// What connecting to a target takes.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Resolved {
    /// The endpoint, for targets of [`ConnectedThrough::Endpoint`].
    pub wanted: Option<EndpointSpec>,
    /// What else is to be made, in order.
    pub parts: Vec<Part>,
    /// What the result repeats.
    pub about: Map<String, Value>,
}

/// The endpoint that a target wants.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct EndpointSpec {
    /// The endpoint service's full name.
    pub service: String,
    /// The TCP port that clients connect to.
    pub port: u16,
    /// Further TCP ports that they need.
    pub further_ports: Vec<u16>,
    /// The host name that clients use with private DNS; none stands for the service's first private name.
    pub host: Option<String>,
    /// Whether a private zone of ours leads that host to the endpoint, whatever EC2's private DNS does.
    pub named_by_zone: bool,
    /// How long a person may take to accept the connection, in hours; none if nobody has to.
    pub acceptance_hours: Option<u32>,
    /// Further VPCs that connect through the endpoint: a group of our own lets them in as well.
    pub also_from: Vec<VpcId>,
}

/// The way to a target, as far as it is built.
#[derive(Debug, Clone, Copy)]
pub struct ConnectionContext<'a> {
    /// The Region.
    pub region: &'a Region,
    /// The TCP port.
    pub port: u16,
    /// The endpoint's own Regional DNS name; empty without an endpoint.
    pub endpoint_name: &'a str,
    /// The target's private host name, when something leads it to the endpoint.
    pub private_host: Option<&'a str>,
    /// What the target said of itself.
    pub about: &'a Map<String, Value>,
    /// What the parts say of themselves, by the name of their kind.
    pub facts: &'a Map<String, Value>,
}

impl<'a> ConnectionContext<'a> {
    /// The name to connect to.
    pub fn host(&self) -> &'a str {
        self.private_host.unwrap_or(self.endpoint_name)
    }
}

/// How to connect.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Connection {
    /// The host name.
    pub host: String,
    /// The TCP port.
    pub port: u16,
    /// A command to paste into a shell.
    pub command: String,
    /// What one has to know about it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
}

/// Has a vendor's refusal of the key be a problem of the request, and lets every other error pass.
pub(crate) fn refusal_to_problem<T>(
    result: Result<T, CallError>,
    path: &str,
) -> Result<Result<T, Problem>, CallError> {
    match result {
        Ok(value) => Ok(Ok(value)),
        Err(error) => match error.credentials_problem() {
            Some(problem) => Ok(Err(problem.about(path))),
            None => Err(error),
        },
    }
}

/// A target that cannot be connected to in this way.
pub(crate) fn unsuitable(message: impl Into<String>, fix: impl Into<String>) -> Problem {
    Problem::new(Code::TargetUnsuitable, message, fix)
}

macro_rules! targets {
    ($($module:ident::$kind:ident = $name:literal,)+) => {
        kinds! {
            /// A target of any kind.
            pub enum Target: TargetKind {
                $($module::$kind = $name,)+
            }
        }

        impl Target {
            /// Every `kind` there is.
            pub const KINDS: &[&str] = &[$($name),+];

            /// Every `kind` with the schema of what a request says of it.
            pub(crate) fn schemas() -> Vec<(&'static str, TargetSchema)> {
                vec![$(($name, $module::schema())),+]
            }

            /// Reads the object that `target` is in a request.
            pub(crate) fn read(mut fields: Fields<'_>) -> Option<Self> {
                let kind: String = fields.required("kind")?;
                match kind.as_str() {
                    $($name => $module::$kind::read(fields).map(Self::$kind),)+
                    _ => {
                        let kinds = Self::KINDS.join(", ");
                        fields.wrong("kind", format!("unknown kind; known are {kinds}"));
                        None
                    }
                }
            }
        }
    };
}

targets! {
    aurora_dsql::AuroraDsql = "aurora-dsql",
    aurora_dsql_management::AuroraDsqlManagement = "aurora-dsql-management",
    aws_service::AwsService = "aws-service",
    tidb_cloud_dedicated::TidbCloudDedicated = "tidb-cloud-dedicated",
    tidb_cloud_serverless::TidbCloudServerless = "tidb-cloud-serverless",
    tidb_cloud_to_confluent::TidbCloudToConfluent = "tidb-cloud-to-confluent",
    dms_tidb_cloud::DmsTidbCloud = "dms-tidb-cloud",
    endpoint_service::EndpointService = "endpoint-service",
}
