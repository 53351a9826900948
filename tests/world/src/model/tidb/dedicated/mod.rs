//! TiDB Cloud Dedicated: clusters, their node groups, and the endpoint service of each group.
//!
//! Source: `dedicated.swagger.json`.

mod shapes;

pub use shapes::{
    ClusterAnswer, GroupEndpoint, PrivateLinkService, TidbNodeGroup, TidbNodeSetting,
    TikvNodeSetting,
};

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::clock::{self, Moment};
use crate::model::Model;
use crate::{Failure, Operation, Service};

use super::{Caller, REGION_ID, REGION_NAME, not_found};

/// The label that says which project something belongs to.
pub(super) const PROJECT_LABEL: &str = "tidb.cloud/project";

/// A cluster.
#[derive(Debug, Clone)]
pub(crate) struct DedicatedCluster {
    pub(crate) id: String,
    pub(crate) project: &'static str,
    pub(crate) display_name: String,
    pub(crate) phase: Phase,
    pub(crate) groups: Vec<NodeGroup>,
    pub(crate) created: Moment,
}

/// What is happening to a cluster; with the time, its state follows.
#[derive(Debug, Clone)]
pub(crate) enum Phase {
    Creating {
        until: Moment,
    },
    /// One of the states of the swagger's enum, for good.
    Stays(&'static str),
}

/// A group of a cluster's SQL nodes, with an endpoint service of its own.
#[derive(Debug, Clone)]
pub(crate) struct NodeGroup {
    pub(crate) id: String,
    pub(crate) display_name: String,
    pub(crate) is_default: bool,
    pub(crate) port: u16,
    pub(crate) host: String,
    pub(crate) service_name: String,
    /// When its endpoint service is active.
    pub(crate) service_ready: Moment,
}

/// Asks for a cluster.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct GetDedicatedCluster {
    /// Whose key it is.
    #[serde(skip)]
    pub caller: Caller,
    /// The cluster's id.
    pub cluster_id: String,
}

/// Asks for a node group's endpoint service.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct GetPrivateLinkService {
    /// Whose key it is.
    #[serde(skip)]
    pub caller: Caller,
    /// The cluster's id.
    pub cluster_id: String,
    /// The group's id.
    pub tidb_node_group_id: String,
}

impl Operation for GetDedicatedCluster {
    type Answer = ClusterAnswer;
    const SERVICE: Service = Service::TidbCloud;
    const ACTION: &'static str = "GetDedicatedCluster";
    const WRITE: bool = false;

    fn perform(self, model: &mut Model) -> Result<ClusterAnswer, Failure> {
        let cluster = model.dedicated_cluster(self.caller, &self.cluster_id)?;
        Ok(cluster.detail(model.now, self.caller))
    }
}

impl Operation for GetPrivateLinkService {
    type Answer = PrivateLinkService;
    const SERVICE: Service = Service::TidbCloud;
    const ACTION: &'static str = "GetPrivateLinkService";
    const WRITE: bool = false;

    fn perform(self, model: &mut Model) -> Result<PrivateLinkService, Failure> {
        let cluster = model.dedicated_cluster(self.caller, &self.cluster_id)?;
        let group = cluster.group(&self.tidb_node_group_id)?;
        let mut answer = PrivateLinkService {
            name: format!("tidbNodeGroups/{}/privateLinkService", group.id),
            tidb_node_group_id: group.id.clone(),
            state: group.service_state(model.now).to_owned(),
            region_id: REGION_ID.to_owned(),
            region_display_name: REGION_NAME.to_owned(),
            cloud_provider: "aws".to_owned(),
            ..Default::default()
        };
        // Not verified: that a service that is being created has no name yet.
        if group.service_is_ready(model.now) {
            answer.service_name = group.service_name.clone();
            answer.service_dns_name = group.host.clone();
            answer.available_zones = model.zones_of(&group.service_name);
        }
        Ok(answer)
    }
}

impl DedicatedCluster {
    pub(super) fn state(&self, now: Moment) -> &'static str {
        match self.phase {
            Phase::Creating { until } if now < until => "CREATING",
            Phase::Creating { .. } => "ACTIVE",
            Phase::Stays(state) => state,
        }
    }

    pub(super) fn group(&self, id: &str) -> Result<&NodeGroup, Failure> {
        let found = self.groups.iter().find(|group| group.id == id);
        found.ok_or_else(|| not_found(format!("tidb node group {id} not found")))
    }

    fn group_details(&self, now: Moment) -> Vec<TidbNodeGroup> {
        let details = self.groups.iter().map(|group| group.detail(self, now));
        details.collect()
    }

    fn detail(&self, now: Moment, caller: Caller) -> ClusterAnswer {
        let default = self.groups.iter().find(|group| group.is_default);
        ClusterAnswer {
            name: format!("clusters/{}", self.id),
            cluster_id: self.id.clone(),
            display_name: self.display_name.clone(),
            region_id: REGION_ID.to_owned(),
            labels: labels(self.project),
            tidb_node_setting: TidbNodeSetting {
                node_spec_key: "8C32G".to_owned(),
                tidb_node_groups: self.group_details(now),
            },
            tikv_node_setting: TikvNodeSetting {
                node_count: 3,
                node_spec_key: "8C32G".to_owned(),
                storage_size_gi: 500,
                storage_type: "Standard".to_owned(),
            },
            port: default.map_or(4000, |group| group.port),
            state: self.state(now).to_owned(),
            version: "8.5.2".to_owned(),
            created_by: caller.key.to_owned(),
            create_time: clock::iso8601(self.created),
            update_time: clock::iso8601(self.created),
            region_display_name: REGION_NAME.to_owned(),
            cloud_provider: "aws".to_owned(),
        }
    }
}

/// The labels of what belongs to a project.
pub(super) fn labels(project: &str) -> BTreeMap<String, String> {
    BTreeMap::from([(PROJECT_LABEL.to_owned(), project.to_owned())])
}

impl NodeGroup {
    pub(super) fn service_is_ready(&self, now: Moment) -> bool {
        self.service_ready <= now
    }

    pub(super) fn service_state(&self, now: Moment) -> &'static str {
        if self.service_is_ready(now) {
            "ACTIVE"
        } else {
            "CREATING"
        }
    }

    fn detail(&self, cluster: &DedicatedCluster, now: Moment) -> TidbNodeGroup {
        // Not verified: what a group says while its cluster is neither active nor paused.
        let state = match cluster.state(now) {
            "ACTIVE" => "ACTIVE",
            "PAUSED" => "PAUSED",
            _ => "MODIFYING",
        };
        let mut endpoints = vec![GroupEndpoint {
            host: self.host.replacen("privatelink", "private-tidb", 1),
            port: self.port,
            connection_type: "VPC_PEERING".to_owned(),
        }];
        if self.service_is_ready(now) {
            endpoints.push(GroupEndpoint {
                host: self.host.clone(),
                port: self.port,
                connection_type: "PRIVATE_ENDPOINT".to_owned(),
            });
        }
        TidbNodeGroup {
            name: format!("tidbNodeGroups/{}", self.id),
            tidb_node_group_id: self.id.clone(),
            cluster_id: cluster.id.clone(),
            display_name: self.display_name.clone(),
            node_count: 2,
            endpoints,
            node_spec_key: "8C32G".to_owned(),
            is_default_group: self.is_default,
            state: state.to_owned(),
        }
    }
}

impl Model {
    /// The cluster, if the caller may see it.
    pub(super) fn dedicated_cluster(
        &self,
        caller: Caller,
        id: &str,
    ) -> Result<&DedicatedCluster, Failure> {
        let found = self.tidb.clusters.get(id);
        let cluster = found.ok_or_else(|| not_found(format!("cluster {id} not found")))?;
        caller.check(cluster.project)?;
        Ok(cluster)
    }

    /// The zones of an endpoint service.
    pub(super) fn zones_of(&self, service_name: &str) -> Vec<String> {
        let found = self
            .services
            .iter()
            .find(|service| service.name == service_name);
        found.map_or_else(Vec::new, |service| service.zone_ids.clone())
    }
}
