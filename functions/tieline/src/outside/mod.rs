//! What Tieline asks of the world outside, in its own words: one narrow trait for each service.
//!
//! `tieline-aws` and `tieline-vendors` answer. No SDK type and no vendor's JSON comes any further than that.

pub mod confluent;
pub mod dms;
mod dsql;
mod ec2;
mod endpoint_state;
mod error;
mod executions;
mod quotas;
pub mod route53;
mod secrets;
pub mod tidb_cloud;

use std::collections::BTreeMap;
use std::fmt;

pub use confluent::Confluent;
pub use dms::Dms;
pub use dsql::{ClusterService, Dsql};
pub use ec2::{
    AclEntry, DnsAttributes, Ec2, Endpoint, EndpointChange, EndpointFilter, Group, Ingress,
    Interface, NetworkAcl, NewEndpoint, NewGroup, RouteTable, Service, Subnet, Vpc, is_ipv6,
};
pub use endpoint_state::State;
pub(crate) use error::made;
pub use error::{CallError, DESCRIBE_SECRET, READ_SECRET, Reply, chain};
pub use executions::{ENDED, ENDED_OTHERWISE, EndedRun, EnteredState, Executions, Run};
pub use quotas::Quotas;
pub use route53::Route53;
pub use secrets::Secrets;
pub use tidb_cloud::TidbCloud;

use crate::deployment::Deployment;
use crate::time::{Clock, Limits};

/// The tags of a thing.
pub type Tags = BTreeMap<String, String>;

/// Everything outside that a step may use.
#[derive(Clone, Copy)]
pub struct Outside<'a> {
    /// Amazon EC2 in this function's Region, as are the other services of AWS.
    pub ec2: &'a dyn Ec2,
    pub dsql: &'a dyn Dsql,
    pub quotas: &'a dyn Quotas,
    pub route53: &'a dyn Route53,
    pub dms: &'a dyn Dms,
    pub tidb_cloud: &'a dyn TidbCloud,
    pub confluent: &'a dyn Confluent,
    pub executions: &'a dyn Executions,
    pub secrets: &'a dyn Secrets,
    pub clock: &'a dyn Clock,
    pub limits: Limits,
    pub deployment: &'a Deployment,
}

impl fmt::Debug for Outside<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Outside").finish_non_exhaustive()
    }
}
