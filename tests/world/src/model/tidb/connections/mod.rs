//! Private endpoint connections: the registrations of a VPC's endpoints with a Dedicated cluster.
//!
//! Sources: `dedicated.swagger.json` (the states of `endpointState`); docs.pingcap.com, "Connect to
//! a TiDB Cloud Dedicated Cluster via Private Endpoint with AWS".

mod create;
mod delete;
mod reads;

pub use create::CreatePrivateEndpointConnection;
pub use delete::{DeletePrivateEndpointConnection, DeletePrivateEndpointConnectionAnswer};
pub use reads::{
    GetPrivateEndpointConnection, ListPrivateEndpointConnections,
    ListPrivateEndpointConnectionsAnswer,
};

use std::collections::BTreeMap;

use serde::Serialize;

use crate::clock::{self, Moment};
use crate::model::Model;
use crate::model::endpoints::{Endpoint, Phase as EndpointPhase, State as EndpointState};

use super::dedicated::{DedicatedCluster, NodeGroup, labels};
use super::{REGION_ID, REGION_NAME};

/// An endpoint that somebody has registered.
#[derive(Debug, Clone)]
pub(crate) struct Registration {
    id: String,
    cluster_id: String,
    group_id: String,
    endpoint_id: String,
    phase: Phase,
}

/// What is happening to a registration; with the time, its state follows.
#[derive(Debug, Clone)]
enum Phase {
    /// TiDB Cloud has yet to look at the endpoint, or waits for it for ever.
    Pending,
    /// It has accepted the endpoint and checks what it can reach; then it is active.
    Checking { until: Moment },
    /// It waits for something that fails at that moment, for this reason.
    Failing { at: Moment, message: String },
    /// It is going.
    Deleting { until: Moment },
}

/// A private endpoint connection.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct PrivateEndpointConnection {
    /// Its name, as `tidbNodeGroups/1/privateEndpointConnections/2`.
    pub name: String,
    /// The node group's id.
    pub tidb_node_group_id: String,
    /// Its id; empty for one that is only discovered (not verified).
    pub private_endpoint_connection_id: String,
    /// The cluster's id.
    pub cluster_id: String,
    /// The cluster's name for people.
    pub cluster_display_name: String,
    /// Its labels; one names the project.
    pub labels: BTreeMap<String, String>,
    /// The EC2 endpoint's id.
    pub endpoint_id: String,
    /// For Azure only.
    pub private_ip_address: Option<String>,
    /// `PENDING`, `ACTIVE`, `DELETING`, `FAILED` or `DISCOVERED`.
    pub endpoint_state: String,
    /// Why it failed.
    pub message: String,
    /// Its Region.
    pub region_id: String,
    /// Its Region's name for people.
    pub region_display_name: String,
    /// Its provider.
    pub cloud_provider: String,
    /// The endpoint service.
    pub private_link_service_name: String,
    /// The endpoint service's state.
    pub private_link_service_state: String,
    /// The node group's name for people.
    pub tidb_node_group_display_name: String,
    /// For Google Cloud only.
    pub account_id: Option<String>,
    /// The host that leads to the node group.
    pub host: String,
    /// Its port.
    pub port: u16,
}

impl Registration {
    fn state(&self, now: Moment) -> &'static str {
        match &self.phase {
            Phase::Pending => "PENDING",
            Phase::Checking { until } if now < *until => "PENDING",
            Phase::Checking { .. } => "ACTIVE",
            Phase::Failing { at, .. } if now < *at => "PENDING",
            Phase::Failing { .. } => "FAILED",
            Phase::Deleting { .. } => "DELETING",
        }
    }

    fn message(&self, now: Moment) -> &str {
        match &self.phase {
            Phase::Failing { at, message } if *at <= now => message,
            Phase::Pending
            | Phase::Checking { .. }
            | Phase::Failing { .. }
            | Phase::Deleting { .. } => "",
        }
    }

    fn exists(&self, model: &Model) -> bool {
        if let Phase::Deleting { until } = self.phase {
            return model.now < until;
        }
        let Some(stays) = model.timing.tidb.outlives_endpoint else {
            return true;
        };
        match model.endpoints.latest(&self.endpoint_id).map(|e| &e.phase) {
            Some(EndpointPhase::Deleting { until }) => model.now < clock::after(*until, stays),
            Some(_) | None => true,
        }
    }

    fn is_of(&self, cluster: &DedicatedCluster, group: &NodeGroup) -> bool {
        self.cluster_id == cluster.id && self.group_id == group.id
    }
}

/// A connection of this group, but for what only a registration has.
fn row(cluster: &DedicatedCluster, group: &NodeGroup, now: Moment) -> PrivateEndpointConnection {
    PrivateEndpointConnection {
        tidb_node_group_id: group.id.clone(),
        cluster_id: cluster.id.clone(),
        cluster_display_name: cluster.display_name.clone(),
        labels: labels(cluster.project),
        region_id: REGION_ID.to_owned(),
        region_display_name: REGION_NAME.to_owned(),
        cloud_provider: "aws".to_owned(),
        private_link_service_name: group.service_name.clone(),
        private_link_service_state: group.service_state(now).to_owned(),
        tidb_node_group_display_name: group.display_name.clone(),
        host: group.host.clone(),
        port: group.port,
        ..Default::default()
    }
}

impl Model {
    fn detail(
        &self,
        registration: &Registration,
        cluster: &DedicatedCluster,
        group: &NodeGroup,
    ) -> PrivateEndpointConnection {
        let id = &registration.id;
        PrivateEndpointConnection {
            name: format!(
                "tidbNodeGroups/{}/privateEndpointConnections/{id}",
                group.id
            ),
            private_endpoint_connection_id: id.clone(),
            endpoint_id: registration.endpoint_id.clone(),
            endpoint_state: registration.state(self.now).to_owned(),
            message: registration.message(self.now).to_owned(),
            ..row(cluster, group, self.now)
        }
    }

    /// All registrations with a group that still exist.
    fn registered(
        &self,
        cluster: &DedicatedCluster,
        group: &NodeGroup,
    ) -> Vec<PrivateEndpointConnection> {
        let registrations = self.tidb.registrations.values();
        registrations
            .filter(|registration| registration.is_of(cluster, group) && registration.exists(self))
            .map(|registration| self.detail(registration, cluster, group))
            .collect()
    }

    /// The endpoints that lead to a group and are not registered.
    fn discovered(
        &self,
        cluster: &DedicatedCluster,
        group: &NodeGroup,
    ) -> Vec<PrivateEndpointConnection> {
        let is_alive = |endpoint: &&Endpoint| {
            matches!(
                endpoint.state(self.now),
                EndpointState::PendingAcceptance
                    | EndpointState::Pending
                    | EndpointState::Available
            )
        };
        let endpoints = self
            .endpoints
            .all_latest()
            .filter(|endpoint| endpoint.service_name == group.service_name)
            .filter(is_alive)
            .filter(|endpoint| self.registration_of(&endpoint.id).is_none());
        endpoints
            .map(|endpoint| PrivateEndpointConnection {
                endpoint_id: endpoint.id.clone(),
                endpoint_state: "DISCOVERED".to_owned(),
                ..row(cluster, group, self.now)
            })
            .collect()
    }

    /// The registration that an endpoint has.
    fn registration_of(&self, endpoint_id: &str) -> Option<&Registration> {
        let mut registrations = self.tidb.registrations.values();
        registrations.find(|registration| {
            registration.endpoint_id == endpoint_id && registration.exists(self)
        })
    }

    /// All registrations that still exist, whoever owns them.
    pub(crate) fn all_registrations(&self) -> Vec<PrivateEndpointConnection> {
        let groups = self
            .tidb
            .clusters
            .values()
            .flat_map(|cluster| cluster.groups.iter().map(move |group| (cluster, group)));
        groups
            .flat_map(|(cluster, group)| self.registered(cluster, group))
            .collect()
    }
}
