//! VPC endpoints: what they are, and how their state follows from the time.

mod acceptance;
mod addresses;
mod create;
mod delete;
mod describe;
mod modify;
mod policy;
mod shapes;

pub use acceptance::Decision;
pub use create::{CreateVpcEndpoint, CreateVpcEndpointAnswer, SubnetConfiguration};
pub use delete::{
    DeleteVpcEndpoints, DeleteVpcEndpointsAnswer, UnsuccessfulItem, UnsuccessfulItemError,
};
pub use describe::{DescribeVpcEndpoints, DescribeVpcEndpointsAnswer};
pub use modify::ModifyVpcEndpoint;
pub use shapes::{DnsEntry, DnsOptions, DnsOptionsSpecification, LastError, VpcEndpoint};

use std::time::Duration;

use crate::clock::{self, Moment};
use crate::failure::{missing, refuse};
use crate::{Failure, World};

use super::Model;
use super::addresses::{AddressType, RecordType};
use super::network::check_id;
use super::services::Kind;

/// An endpoint.
#[derive(Debug, Clone)]
pub struct Endpoint {
    pub(crate) id: String,
    pub(crate) kind: Kind,
    pub(crate) vpc_id: String,
    pub(crate) service_name: String,
    pub(crate) phase: Phase,
    pub(crate) policy: Option<String>,
    pub(crate) route_tables: Vec<String>,
    pub(crate) subnets: Vec<String>,
    pub(crate) groups: Vec<String>,
    pub(crate) interfaces: Vec<String>,
    /// Those that serve while it is being modified.
    pub(crate) serving: Vec<String>,
    pub(crate) private_dns: bool,
    /// `PrivateDnsOnlyForInboundResolverEndpoint`, where it means anything.
    pub(crate) inbound_only: Option<bool>,
    pub(crate) address_type: AddressType,
    pub(crate) dns_record_ip_type: RecordType,
    /// What makes its DNS names unguessable.
    pub(crate) hash: String,
    pub(crate) created: Moment,
    pub(crate) requester_managed: bool,
}

/// What is happening to an endpoint; with the time, its state follows.
#[derive(Debug, Clone)]
pub(crate) enum Phase {
    /// The service's owner has yet to accept.
    AwaitingAcceptance { expires: Moment },
    /// It is being built or modified, and then becomes something.
    Pending { until: Moment, then: Outlook },
    /// The service's owner has refused, or thrown it out later.
    Rejected,
    /// Nobody accepted in time.
    Expired,
    /// It is being deleted, and then is.
    Deleting { until: Moment },
}

/// What becomes of an endpoint that is being built.
#[derive(Debug, Clone, PartialEq)]
pub enum Outlook {
    /// It becomes available.
    Available,
    /// It fails.
    Fails {
        /// After how long.
        after: Duration,
        /// The last asynchronous error.
        last_error: LastError,
        /// Why it failed.
        reason: String,
    },
    /// It stays pending.
    NeverAvailable,
    /// The service's owner refuses it.
    Rejected,
    /// Its connection request expires.
    Expired,
    /// It ends in a state that the service model has and no page documents. Not verified: nobody says when.
    Partial,
}

/// An endpoint's state.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum State {
    PendingAcceptance,
    Pending,
    Available,
    Rejected,
    Expired,
    Failed,
    Partial,
    Deleting,
    Deleted,
}

impl State {
    /// EC2 API reference, `VpcEndpoint.State`: the wire has camel case, though the service model's
    /// enum has Pascal case (awslabs/aws-sdk-rust #619).
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            State::PendingAcceptance => "pendingAcceptance",
            State::Pending => "pending",
            State::Available => "available",
            State::Rejected => "rejected",
            State::Expired => "expired",
            State::Failed => "failed",
            State::Partial => "partial",
            State::Deleting => "deleting",
            State::Deleted => "deleted",
        }
    }
}

impl Endpoint {
    /// Whether one of its network interfaces takes connections. Not verified: that those which it had serve on while it is being
    /// modified, and that new ones are in its names only once they serve. AWS documents neither an interruption nor this.
    pub(crate) fn serves(&self, interface: &str, now: Moment) -> bool {
        match self.state(now) {
            State::Available => true,
            State::Pending => self.serving.iter().any(|id| id == interface),
            State::PendingAcceptance
            | State::Rejected
            | State::Expired
            | State::Failed
            | State::Partial
            | State::Deleting
            | State::Deleted => false,
        }
    }

    /// Whether any of them does.
    pub(crate) fn takes_connections(&self, now: Moment) -> bool {
        let state = self.state(now);
        state == State::Available || (state == State::Pending && !self.serving.is_empty())
    }

    pub(crate) fn state(&self, now: Moment) -> State {
        match &self.phase {
            Phase::AwaitingAcceptance { expires } if now < *expires => State::PendingAcceptance,
            Phase::AwaitingAcceptance { .. } | Phase::Expired => State::Expired,
            Phase::Pending { until, .. } if now < *until => State::Pending,
            Phase::Pending {
                then: Outlook::Available,
                ..
            } => State::Available,
            Phase::Pending {
                then: Outlook::Fails { .. },
                ..
            } => State::Failed,
            Phase::Pending {
                then: Outlook::NeverAvailable,
                ..
            } => State::Pending,
            Phase::Pending {
                then: Outlook::Partial,
                ..
            } => State::Partial,
            Phase::Pending {
                then: Outlook::Expired,
                ..
            } => State::Expired,
            Phase::Pending {
                then: Outlook::Rejected,
                ..
            }
            | Phase::Rejected => State::Rejected,
            Phase::Deleting { until } if now < *until => State::Deleting,
            Phase::Deleting { .. } => State::Deleted,
        }
    }

    /// Whether it is deleted.
    pub(crate) fn is_gone(&self, now: Moment) -> bool {
        self.state(now) == State::Deleted
    }

    /// Whether it was deleted so long ago that EC2 no longer knows it (AWS `PrivateLink` guide:
    /// `deleted` endpoints stay visible for a while).
    pub(crate) fn is_forgotten(&self, model: &Model) -> bool {
        match self.phase {
            Phase::Deleting { until } => {
                clock::after(until, model.timing.deleted_stays) <= model.now
            }
            Phase::AwaitingAcceptance { .. }
            | Phase::Pending { .. }
            | Phase::Rejected
            | Phase::Expired => false,
        }
    }

    /// The error and the reason of one that failed.
    fn failure(&self, now: Moment) -> Option<(&LastError, &str)> {
        match &self.phase {
            Phase::Pending {
                until,
                then: Outlook::Fails {
                    last_error, reason, ..
                },
            } if *until <= now => Some((last_error, reason)),
            Phase::AwaitingAcceptance { .. }
            | Phase::Pending { .. }
            | Phase::Rejected
            | Phase::Expired
            | Phase::Deleting { .. } => None,
        }
    }
}

impl Model {
    /// The endpoint as a reader sees it now.
    pub(crate) fn seen_endpoint(&self, id: &str) -> Result<&Endpoint, Failure> {
        if id.is_empty() {
            return Err(missing("VpcEndpointId"));
        }
        check_id(id, "vpce", "InvalidVpcEndpointId.Malformed")?;
        let found = self
            .endpoints
            .seen(id, self.now)
            .filter(|endpoint| !endpoint.is_forgotten(self));
        found.ok_or_else(|| refuse("InvalidVpcEndpointId.NotFound", does_not_exist(id)))
    }

    /// Building begins now.
    fn building(&self) -> Phase {
        let wait = match &self.outlook {
            Outlook::Available
            | Outlook::NeverAvailable
            | Outlook::Rejected
            | Outlook::Expired
            | Outlook::Partial => self.timing.create,
            Outlook::Fails { after, .. } => *after,
        };
        Phase::Pending {
            until: clock::after(self.now, wait),
            then: self.outlook.clone(),
        }
    }
}

impl World {
    /// Makes an endpoint one that an AWS service manages, so that nobody else may delete it.
    pub fn hand_over_to_aws(&mut self, endpoint_id: &str) {
        let now = self.now();
        if let Some(mut endpoint) = self.model.endpoints.latest(endpoint_id).cloned() {
            endpoint.requester_managed = true;
            self.model.endpoints.put(endpoint_id, endpoint, now);
        }
    }
}

fn does_not_exist(id: &str) -> String {
    format!("The Vpc Endpoint Id '{id}' does not exist")
}
