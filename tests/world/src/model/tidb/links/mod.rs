//! Private link connections: TiDB Cloud as the consumer of somebody else's endpoint service.
//!
//! Sources: `privatelink.swagger.json`; docs.pingcap.com, "Connect to Confluent Cloud on AWS via a
//! Private Link Connection".

mod create;
mod domains;
mod reads;

pub use create::{
    CreatePrivateLinkConnection, DeletePrivateLinkConnection, NewAwsEndpointService,
    NewPrivateLinkConnection,
};
pub use domains::{AttachDomain, AttachDomains, DetachDomains, Domain, NewDomain};
pub use reads::{
    GetAvailabilityZones, GetAvailabilityZonesAnswer, GetPrivateLinkConnection,
    ListPrivateLinkConnections, ListPrivateLinkConnectionsAnswer,
};

use serde::Serialize;

use crate::Failure;
use crate::clock::{self, Moment};
use crate::model::Model;

use super::{Caller, LINK_ZONES, not_found};
use domains::Attached;

/// The one type of connection that is modelled.
pub(super) const AWS: &str = "AWS_ENDPOINT_SERVICE";

/// A private link connection.
#[derive(Debug, Clone)]
pub(crate) struct Link {
    id: String,
    cluster_id: String,
    display_name: String,
    service_name: String,
    region: Option<String>,
    phase: Phase,
    /// TiDB Cloud's own endpoint, once it has one.
    endpoint_id: Option<String>,
    attached: Vec<Attached>,
    created_by: &'static str,
    created: Moment,
}

/// What is happening to a connection; with the time, its state follows.
#[derive(Debug, Clone)]
enum Phase {
    /// TiDB Cloud is about to have its endpoint made.
    Creating,
    /// The provider has yet to accept; without a moment it never does.
    Accepting { until: Option<Moment> },
    /// It has failed, for this reason.
    Failed { message: String },
    /// It is going.
    Deleting { until: Moment },
}

/// A private link connection.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct PrivateLinkConnection {
    /// Its id.
    pub private_link_connection_id: String,
    /// The cluster's id.
    pub cluster_id: String,
    /// Its name for people.
    pub display_name: String,
    /// `CREATING`, `PENDING_ACCEPTANCE`, `ACTIVE`, `FAILED` or `DELETING`.
    pub state: String,
    /// Why it failed.
    pub message: String,
    /// Who created it.
    pub created_by: String,
    /// When it was created.
    pub create_time: String,
    /// When it was last changed.
    pub update_time: Option<String>,
    /// Its type.
    pub r#type: String,
    /// Its domains; only in the answer for a single connection.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub attached_domains: Option<Vec<AttachDomain>>,
    /// The endpoint service.
    pub aws_endpoint_service: AwsEndpointService,
}

/// The endpoint service that a connection leads to.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct AwsEndpointService {
    /// Its name.
    pub name: String,
    /// Its Region.
    pub region: String,
    /// TiDB Cloud's endpoint.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub endpoint_id: Option<String>,
    /// The zones that the endpoint lies in.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub availability_zone_ids: Vec<String>,
}

impl Link {
    fn state(&self, now: Moment) -> &'static str {
        match &self.phase {
            Phase::Creating => "CREATING",
            Phase::Accepting { until } if until.is_none_or(|until| now < until) => {
                "PENDING_ACCEPTANCE"
            }
            Phase::Accepting { .. } => "ACTIVE",
            Phase::Failed { .. } => "FAILED",
            Phase::Deleting { .. } => "DELETING",
        }
    }

    fn message(&self) -> &str {
        match &self.phase {
            Phase::Failed { message } => message,
            Phase::Creating | Phase::Accepting { .. } | Phase::Deleting { .. } => "",
        }
    }

    fn exists(&self, now: Moment) -> bool {
        match self.phase {
            Phase::Deleting { until } => now < until,
            Phase::Creating | Phase::Accepting { .. } | Phase::Failed { .. } => true,
        }
    }

    /// As it is listed, without its domains.
    fn summary(&self, model: &Model) -> PrivateLinkConnection {
        let zones = match self.endpoint_id {
            Some(_) => model.link_zones(&self.service_name),
            None => Vec::new(),
        };
        PrivateLinkConnection {
            private_link_connection_id: self.id.clone(),
            cluster_id: self.cluster_id.clone(),
            display_name: self.display_name.clone(),
            state: self.state(model.now).to_owned(),
            message: self.message().to_owned(),
            created_by: self.created_by.to_owned(),
            create_time: clock::iso8601(self.created),
            update_time: None,
            r#type: AWS.to_owned(),
            attached_domains: None,
            aws_endpoint_service: AwsEndpointService {
                name: self.service_name.clone(),
                region: self
                    .region
                    .clone()
                    .unwrap_or(crate::model::REGION.to_owned()),
                endpoint_id: self.endpoint_id.clone(),
                availability_zone_ids: zones,
            },
        }
    }

    /// As it is, with its domains.
    fn detail(&self, model: &Model) -> PrivateLinkConnection {
        PrivateLinkConnection {
            attached_domains: Some(self.domains(model.now)),
            ..self.summary(model)
        }
    }
}

impl Model {
    /// The connection of this id and cluster, if the caller may see it.
    fn link(&self, caller: Caller, cluster_id: &str, id: &str) -> Result<&Link, Failure> {
        self.serverless_cluster(caller, cluster_id)?;
        let found = self
            .tidb
            .links
            .get(id)
            .filter(|link| link.cluster_id == cluster_id && link.exists(self.now));
        found.ok_or_else(|| not_found(format!("private link connection {id} not found")))
    }

    /// The zones that an endpoint service and TiDB Cloud have in common.
    fn link_zones(&self, service_name: &str) -> Vec<String> {
        let mut zones = self.zones_of(service_name);
        zones.retain(|zone| LINK_ZONES.contains(&zone.as_str()));
        zones
    }

    /// All connections that still exist, with their domains.
    pub(crate) fn all_links(&self) -> Vec<PrivateLinkConnection> {
        let links = self.tidb.links.values();
        links
            .filter(|link| link.exists(self.now))
            .map(|link| link.detail(self))
            .collect()
    }
}
