//! What can be connected to: one module a kind, each of the same form.
//!
//! To add a kind, write its module (a type with `read` and [`Connectable`]) and add one line to `targets!`.

use async_trait::async_trait;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::error::CallError;
use crate::fields::Fields;
use crate::ids::Region;
use crate::outside::Outside;
use crate::problem::Problem;

/// What a kind of target has to say for itself.
#[async_trait]
pub trait Connectable: Send + Sync {
    /// What it is, for a sentence: "Aurora DSQL cluster abc".
    fn name(&self) -> String;

    /// The TCP port that clients connect to.
    fn port(&self) -> u16;

    /// Finds the endpoint service, and whether the target can be connected to now. Only reads.
    async fn find(&self, outside: &Outside<'_>, region: &Region) -> Result<Finding, CallError>;

    /// How to connect, once the endpoint works.
    fn connection(&self, path: &Path<'_>) -> Connection;

    /// The policy that `"policy": "restricted"` stands for, if there is one.
    fn restricted_policy(&self) -> Option<Value> {
        None
    }

    /// Whether private names are wanted for inbound Resolver endpoints only (S3 and its like).
    fn inbound_only(&self) -> bool {
        false
    }
}

/// What was found out about a target.
#[derive(Debug, Clone, PartialEq)]
pub enum Finding {
    /// It can be connected to.
    Service {
        /// The endpoint service's full name.
        name: String,
        /// The host name that clients use with private DNS; none stands for the service's first private name.
        host: Option<String>,
    },
    /// It will be there, but is not yet.
    NotYet(Problem),
    /// It cannot be connected to.
    Refused(Problem),
}

/// The way to a target, as far as it is built.
#[derive(Debug, Clone, Copy)]
pub struct Path<'a> {
    /// The Region.
    pub region: &'a Region,
    /// The endpoint's own Regional DNS name.
    pub endpoint_name: &'a str,
    /// The target's private host name, when private DNS is on.
    pub private_host: Option<&'a str>,
}

impl<'a> Path<'a> {
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
    /// A command to paste into a shell of a host in the VPC.
    pub command: String,
    /// What one has to know about it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
}

macro_rules! targets {
    ($($module:ident::$kind:ident = $name:literal,)+) => {
        $(pub mod $module;)+

        /// A target of any kind.
        #[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
        #[serde(tag = "kind")]
        pub enum Target {
            $(
                #[doc = concat!("`", $name, "`")]
                #[serde(rename = $name)]
                $kind($module::$kind),
            )+
        }

        impl Target {
            /// Every `kind` there is.
            pub const KINDS: &[&str] = &[$($name),+];

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

        impl std::ops::Deref for Target {
            type Target = dyn Connectable;

            fn deref(&self) -> &Self::Target {
                match self {
                    $(Self::$kind(target) => target,)+
                }
            }
        }
    };
}

targets! {
    aurora_dsql::AuroraDsql = "aurora-dsql",
    aurora_dsql_management::AuroraDsqlManagement = "aurora-dsql-management",
    aws_service::AwsService = "aws-service",
}
